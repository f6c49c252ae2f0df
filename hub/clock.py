"""Time as a parameter: whoever needs the time or a pause is given a clock.

`KEHUB_CLOCK` fixes the clock of a process (`2026-03-01T08:00:00Z`): hub and twin then share one time and no test waits.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hub.errors import SettingsError


class Clock(Protocol):
    """What KeHub needs of time: an aware UTC now, and a pause in seconds."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Pause."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FixedClock:
    """A clock that stands at `start`, moves by `tick` at each look, and whose pauses pass at once."""

    def __init__(self, start: datetime, tick: timedelta = timedelta(0)) -> None:
        self._at = start.astimezone(UTC)
        self._tick = tick
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._at += self._tick
            return self._at

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        with self._lock:
            self._at += by


def system_clock() -> Clock:
    """The clock of this process: the machine's, or the one fixed by `KEHUB_CLOCK`."""
    fixed = os.environ.get("KEHUB_CLOCK", "")
    if not fixed:
        return RealClock()
    try:
        at = datetime.fromisoformat(fixed)
    except ValueError:
        raise SettingsError("not a time", where="KEHUB_CLOCK", remedy="write it as 2026-03-01T08:00:00Z") from None
    return FixedClock(at if at.tzinfo else at.replace(tzinfo=UTC))
