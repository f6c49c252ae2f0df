"""Time that passes only while everybody waits, and what a system with a call limit sees in that time.

Several threads, or processes by way of a server, keep their own pace in it without any real waiting: a test over
minutes of calls ends in a second and does not depend on how fast the machine is.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta


class VirtualTime:
    """A clock for so many parties. It stands while one of them works, and moves to the earliest end when all sleep."""

    def __init__(self, start: datetime, parties: int) -> None:
        self._at = start
        self._parties = parties
        self._ends: list[datetime] = []
        self._moved = threading.Condition()

    def now(self) -> datetime:
        with self._moved:
            return self._at

    def sleep(self, seconds: float) -> None:
        with self._moved:
            end = self._at + timedelta(seconds=seconds)
            heapq.heappush(self._ends, end)
            self._move()
            while self._at < end:
                self._moved.wait()

    def leave(self) -> None:
        """One party works and sleeps no more."""
        with self._moved:
            self._parties -= 1
            self._move()

    def _move(self) -> None:
        """Pass on to the earliest end, and wake who waits for it: they are at work from this moment on."""
        if self._ends and len(self._ends) >= self._parties:
            self._at = self._ends[0]
            while self._ends and self._ends[0] <= self._at:
                heapq.heappop(self._ends)
            self._moved.notify_all()


def breaches(arrivals: Sequence[datetime], calls: int, seconds: float) -> int:
    """How many calls came when the system had had enough: in a rolling window, or in a fixed one wherever it begins."""
    at = [moment.timestamp() for moment in sorted(arrivals)]
    rolling = sum(late - early < seconds - 1e-6 for early, late in zip(at, at[calls:], strict=False))
    fixed = 0
    for phase in (0.0, 0.3 * seconds, 0.7 * seconds):
        windows = Counter((moment + phase) // seconds for moment in at)
        fixed += sum(max(0, count - calls) for count in windows.values())
    return rolling + fixed


def share_used(arrivals: Sequence[datetime], calls: int, seconds: float) -> float:
    """The part of `calls` a window that was used, from the first call to the last one that began a full window."""
    at = sorted(arrivals)
    windows = (len(at) - 1) // calls
    assert windows >= 3, "too few calls to tell"
    return windows * seconds / (at[windows * calls] - at[0]).total_seconds()
