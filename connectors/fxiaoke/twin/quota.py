"""Calls of each interface in a rolling window, and of all in a day of Beijing (sheet sections 8 and 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

from connectors.fxiaoke.twin.options import FxiaokeOptions
from hub.testing.people import ZONE
from hub.testing.twin_window import CallWindow


class Quota:
    """The calls made lately; an interface is a path."""

    def __init__(self, options: FxiaokeOptions, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._recent: dict[str, CallWindow] = {}
        self._days: Counter[date] = Counter()

    def refuses(self, path: str) -> int:
        """The code that a call is refused with, 0 when it may pass; a refused call counts nowhere."""
        now = self._now()
        own = self._options
        recent = self._recent.setdefault(path, CallWindow(own.calls, own.window, self._now))
        if recent.full:
            return self._options.limit_code
        today = now.astimezone(ZONE).date()  # the quota is new at 0:00 in Beijing
        if self._options.daily_calls is not None and self._days[today] >= self._options.daily_calls:
            return 30002
        recent.note()
        self._days[today] += 1
        return 0
