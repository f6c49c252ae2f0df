"""Waiting for a job of a system's own: an export, a bulk operation."""

from __future__ import annotations

from collections.abc import Iterator


def pauses(first: float, *, fresh: bool, longest: float = 60.0, patience: float = 3600.0) -> Iterator[float]:
    """The seconds to wait before each look at a job, `patience` in all, from `first` to `longest` by halves more.

    There is no wait before the first look, unless the job is `fresh`: just ordered, it cannot be done.
    """
    pause, waited = (first if fresh else 0.0), 0.0
    while waited < patience:
        yield pause
        waited += pause
        pause = min(max(pause * 1.5, first), longest)
