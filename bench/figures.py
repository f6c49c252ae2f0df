"""A figure: what was measured, what it must be, and the line that tells it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`must` is the most it may be (the least, where `more` is better); None where nothing is asked of it."""

    name: str
    measured: float
    must: float | None = None
    unit: str = ""
    more: bool = False
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether it is as it must be."""
        return self.must is None or (self.measured >= self.must if self.more else self.measured <= self.must)


def ratio(
    name: str, ones: Sequence[float], others: Sequence[float], must: float | None = None, *, more: bool = False
) -> Figure:
    """How many times the other the one is: the median of the pairs."""
    found = [one / other for one, other in zip(ones, others, strict=True)]
    note = f"{statistics.median(ones):.2f} s to {statistics.median(others):.2f} s"
    return Figure(name, statistics.median(found), must, "x", more, note)


def show(figures: Iterable[Figure]) -> None:
    """A line each."""
    for one in figures:
        must = "" if one.must is None else f"{'>=' if one.more else '<='} {one.must:g}{one.unit}"
        print(
            f"{one.name:58} {one.measured:9.2f} {one.unit:5} {must:10} {'' if one.good else 'MISSED':6} {one.note}".rstrip(),
            flush=True,
        )
