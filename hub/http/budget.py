"""How many calls a connection may still make, counted together by all processes.

The store counts; a process reserves a few calls at a time in one short transaction, spends them without asking, and
gives back what is left. A window is cut into slices, and a reservation is good within its slice only.

What has to hold is what the *system* sees: never more than `calls` in any of its windows, rolling or fixed, wherever it
starts. It counts a call somewhere between its leaving and its answer, and a slow call before a quick one narrows the
gap. So a call counts from its reservation until a whole window after the end of the slice in which its *answer* came:
one that is answered in a later slice than it was reserved in is moved there (`Budget.answered`). Of any `calls + 1` that
arrive within one window the last one reserved would have seen all others counted, and was not granted. No margin has to
be guessed, and none is paid where answers are quick; what is left open is a call under way for longer than a window,
and clocks of several hosts that differ.

The price: a call occupies its place for the window, the rest of its slice, and the time of its answer. A long run uses

    seconds / (seconds + 1 to 2 slices + answer)        of `calls` a window: at least 92 % at 20 s and answers of 0.5 s,

a burst of quick calls `SLICES / (SLICES + 1)`. More slices gain little and cost a row each a limit and reservation
(measured with SQLite, a limit: 8 slices 0.09 ms, 32 0.12 ms, 64 0.15 ms).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hub.clock import Clock
from hub.errors import HubError, QuotaExceeded

PATIENCE = 120.0
"""The longest pause, in seconds, that is slept through; a longer one ends the connection's work until then."""

SLICES = 32
_CHUNK = 100
"""The most calls that are reserved together: each reservation is a transaction, and empties the writer's page cache."""

_LOOK_EVERY = 2.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limit:
    """At most `calls` in any `seconds`, counted over the buckets that requests name.

    A request names one bucket and a cost (`door.request(..., bucket="search", cost=1)`); it must fit every limit that
    counts its bucket. `name` is unique within the connection.
    """

    name: str
    calls: int
    seconds: float
    counts: tuple[str, ...] = ("calls",)

    @property
    def slice(self) -> int:
        """The length of a slice in milliseconds, rounded up so that `SLICES` of them make no less than the window."""
        return math.ceil(self.seconds * 1000 / SLICES)

    def slice_at(self, now: int) -> int:
        """The start of the slice that holds `now` (both in milliseconds since 1970)."""
        return now - now % self.slice

    def free_at(self, start: int) -> int:
        """From when on the slice that began at `start` no longer counts: a window after its end."""
        return start + self.slice + math.ceil(self.seconds * 1000)


@dataclass(frozen=True)
class Grant:
    """What the store reserved: `calls` until `until` (ms); or none, and `until` says when to ask again.

    `starts` and `left` tell, by limit, in which slice they were counted and how many calls remain to others.
    """

    calls: int
    until: int
    starts: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


class BudgetStore(Protocol):
    """The counting that processes share; `hub.store.shared.Budgets` is the one."""

    def reserve(self, connection: str, limits: Sequence[Limit], need: int, wish: int) -> Grant:
        """Reserve up to `wish` calls, at least `need`, or none; smaller pieces when few are left."""

    def give_back(self, connection: str, limits: Sequence[Limit], grant: Grant, calls: int, late: int = 0) -> None:
        """Undo a reservation of `calls` as far as its slice still counts, and let `late` others count from now on."""

    def learn(self, connection: str, limit: Limit, remaining: int) -> None:
        """The system says that only `remaining` calls are left."""

    def block(self, connection: str, bucket: str, until: datetime) -> None:
        """Let every process rest until then."""

    def blocked(self, connection: str, bucket: str) -> datetime | None:
        """Until when processes rest; None when they need not."""


@dataclass
class _Chunk:
    """Reserved calls of one bucket; `calls` of them this process may still spend, until the grant's slice ends."""

    grant: Grant
    limits: tuple[Limit, ...]
    calls: int

    @property
    def spent(self) -> int:
        return self.grant.calls - self.calls

    def over(self, now: int) -> bool:
        return self.grant.until <= now


class Budget:
    """One connection's budget as one thread of this process sees it."""

    def __init__(self, connection: str, limits: Sequence[Limit], store: BudgetStore | None, clock: Clock) -> None:
        self._connection = connection
        self._limits = tuple(limits)
        self._store = store
        self._clock = clock
        self._chunks: dict[str, _Chunk] = {}
        self._wishes: dict[str, int] = {}
        self._looked: dict[str, float] = {}
        self._left: dict[str, int] = {}

    def spend(self, bucket: str, cost: int) -> None:
        """Spend `cost` calls; sleeps while the window is used up, QuotaExceeded when that would take too long."""
        if self._store is None:
            return
        self._rest(self._store, bucket)
        limits = tuple(limit for limit in self._limits if bucket in limit.counts)
        if limits and not self._spent_locally(bucket, cost):
            self._chunks[bucket] = self._reserved(self._store, bucket, limits, cost)

    def answered(self, bucket: str, cost: int) -> None:
        """The call last spent is over; when its slice is over too, it counts in the present one.

        Never raises: what a system answered must not be lost because a store that is out of order cannot count it.
        """
        chunk = self._chunks.get(bucket)
        if chunk is not None and chunk.over(self._now()):
            with suppress(HubError):
                self._return(bucket, late=min(cost, chunk.spent))

    def _rest(self, store: BudgetStore, bucket: str) -> None:
        """Wait while another process, or an earlier answer, has put this bucket to rest."""
        now = self._clock.now().timestamp()
        if now - self._looked.get(bucket, 0.0) < _LOOK_EVERY:
            return
        while (until := store.blocked(self._connection, bucket)) is not None:
            self.wait_until(until)
        self._looked[bucket] = self._clock.now().timestamp()

    def _spent_locally(self, bucket: str, cost: int) -> bool:
        chunk = self._chunks.get(bucket)
        if chunk is None:
            return False
        if chunk.calls < cost or chunk.over(self._now()):
            self._return(bucket)
            return False
        chunk.calls -= cost
        return True

    def _reserved(self, store: BudgetStore, bucket: str, limits: tuple[Limit, ...], cost: int) -> _Chunk:
        most = min(limit.calls for limit in limits)
        need = min(cost, most)  # a request dearer than the whole window passes when the window is empty
        wish = max(need, min(_CHUNK, most // 20, self._wishes.get(bucket, 1)))
        end = self._now() + int(PATIENCE * 1000)
        while True:
            grant = store.reserve(self._connection, limits, need, wish)
            if grant.calls:
                self._left.update(grant.left)
                return _Chunk(grant, limits, grant.calls - need)
            self.wait_until(_at(grant.until), end=_at(end))

    def wait_until(self, until: datetime, *, end: datetime | None = None) -> None:
        """Sleep until then; QuotaExceeded when that is more than `PATIENCE` away or past `end`."""
        now = self._clock.now()
        if until > (end or now + timedelta(seconds=PATIENCE)):
            raise QuotaExceeded("the call budget is used up", until=until, where=self._connection)
        self._clock.sleep(max(0.0, (until - now).total_seconds()))

    def learn(self, name: str, remaining: int) -> None:
        """Take over what the system says is left of a limit, where that is less than we believe."""
        for limit in self._limits:
            if self._store is not None and limit.name == name and remaining < self._left.get(name, remaining + 1):
                self._store.learn(self._connection, limit, remaining)
                self._left[name] = remaining

    def block(self, bucket: str, until: datetime) -> None:
        """Put the bucket to rest, for every process."""
        self._looked.pop(bucket, None)
        if self._store is not None:
            self._store.block(self._connection, bucket, until)

    def close(self) -> None:
        """Give back what was reserved and not spent."""
        for bucket in list(self._chunks):
            self._return(bucket)

    def _return(self, bucket: str, late: int = 0) -> None:
        """End a chunk. The next one may be twice as large, or as large as what could be spent of this one in time.

        So a process that asks now and then keeps nothing back from the others.
        """
        chunk = self._chunks.pop(bucket)
        self._wishes[bucket] = chunk.spent if chunk.over(self._now()) else 2 * chunk.spent
        if (chunk.calls or late) and self._store is not None:
            self._store.give_back(self._connection, chunk.limits, chunk.grant, chunk.calls, late)

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970, rounded down: a slice then ends after every moment in it, however it is cut."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _at(now: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=now)
