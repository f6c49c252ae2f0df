"""The calls of the last seconds, as a system counts them that allows so many in any window."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta


class CallWindow:
    """A rolling window of `seconds`; `most` calls fit into it, 0 for any number. `now` gives the twin's time."""

    def __init__(self, most: int, seconds: float, now: Callable[[], datetime]) -> None:
        self._most = most
        self._length = timedelta(seconds=seconds)
        self._now = now
        self._calls: deque[datetime] = deque()

    @property
    def left(self) -> int:
        """How many more calls fit into the window that ends now."""
        start = self._now() - self._length
        while self._calls and self._calls[0] <= start:
            self._calls.popleft()
        return max(0, self._most - len(self._calls))

    @property
    def full(self) -> bool:
        """Whether another call would be one too many."""
        return bool(self._most) and not self.left

    def note(self) -> None:
        """A call is made now."""
        self._calls.append(self._now())

    def takes(self) -> bool:
        """Whether another call fits in; it is counted then."""
        if self.full:
            return False
        self.note()
        return True
