"""The desk: one thread proves and writes, delivery by delivery, since a store has one writer and a connector one thread.

Who does not get his turn in time is told to come again. What was begun is finished all the same: the repetition is then
known to be one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hub.errors import QuotaExceeded, Transient
from hub.receiver.bodies import Unfit

T = TypeVar("T")
SOON, LATER = 5, 60
"""Seconds after which to come again: when the store is busy, when too much waits for a run."""


class Desk:
    """A queue of at most `places` callers, each of whom waits for at most `seconds`.

    `renew` is called in the desk's thread when something went wrong there: a connection to the database may be dead.
    """

    def __init__(self, places: int, seconds: float, renew: Callable[[], None]) -> None:
        self._renew = renew
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="receiver")
        self._places = places
        self._seconds = seconds
        self._waiting = 0

    async def turn(self, act: Callable[[], T]) -> T:
        """What `act` gives. Unfit: 503 when it cannot be done now, 429 when too much waits for a run."""
        if self._waiting >= self._places:
            raise Unfit(503, "busy", SOON)
        self._waiting += 1
        try:
            return await asyncio.wait_for(
                asyncio.get_running_loop().run_in_executor(self._pool, self._done, act), self._seconds
            )
        except TimeoutError:
            raise Unfit(503, "busy", SOON) from None
        except QuotaExceeded:
            raise Unfit(429, "backlog", LATER) from None
        except Transient:
            raise Unfit(503, "store", SOON) from None
        finally:
            self._waiting -= 1

    def _done(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except (Unfit, QuotaExceeded):
            raise
        except Exception:
            self._renew()
            raise

    def close(self) -> None:
        """Take nobody any more; what was begun is finished."""
        self._pool.shutdown(wait=True, cancel_futures=True)
