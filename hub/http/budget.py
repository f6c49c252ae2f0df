"""How many calls a connection may still make, counted together by all processes.

The store counts; a process reserves a few calls at a time in one short transaction, spends them without asking, and
gives back what is left. A window is cut into slices, and a reservation is good within its slice only, so that no
rolling window ever holds more calls than allowed, wherever it starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hub.clock import Clock
from hub.errors import QuotaExceeded

PATIENCE = 120.0
"""The longest pause, in seconds, that is slept through; a longer one ends the connection's work until then."""

SLICES = 8
_CHUNK = 20
_LOOK_EVERY = 2.0


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
        """The length of a slice in milliseconds."""
        return max(1, int(self.seconds * 1000) // SLICES)

    def slice_at(self, now: int) -> int:
        """The start of the slice that holds `now` (both in milliseconds since 1970)."""
        return now - now % self.slice

    def free_at(self, start: int) -> int:
        """From when on the slice that began at `start` no longer counts."""
        return start + self.slice * (SLICES + 1)


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
        """Reserve up to `wish` calls, at least `need`, or none."""

    def give_back(self, connection: str, limits: Sequence[Limit], grant: Grant, calls: int) -> None:
        """Undo a reservation as far as its slice still counts."""

    def learn(self, connection: str, limit: Limit, remaining: int) -> None:
        """The system says that only `remaining` calls are left."""

    def block(self, connection: str, bucket: str, until: datetime) -> None:
        """Let every process rest until then."""

    def blocked(self, connection: str, bucket: str) -> datetime | None:
        """Until when processes rest; None when they need not."""


@dataclass
class _Chunk:
    """Reserved calls of one bucket that this process may still spend."""

    grant: Grant
    limits: tuple[Limit, ...]
    calls: int


class Budget:
    """One connection's budget as one thread of this process sees it."""

    def __init__(self, connection: str, limits: Sequence[Limit], store: BudgetStore | None, clock: Clock) -> None:
        self._connection = connection
        self._limits = tuple(limits)
        self._store = store
        self._clock = clock
        self._chunks: dict[str, _Chunk] = {}
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
        if chunk.calls < cost or chunk.grant.until <= self._now():
            self._return(bucket)
            return False
        chunk.calls -= cost
        return True

    def _reserved(self, store: BudgetStore, bucket: str, limits: tuple[Limit, ...], cost: int) -> _Chunk:
        most = min(limit.calls for limit in limits)
        need = min(cost, most)  # a request dearer than the whole window passes when the window is empty
        wish = max(need, min(_CHUNK, most // 20))
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

    def _return(self, bucket: str) -> None:
        chunk = self._chunks.pop(bucket)
        if chunk.calls and self._store is not None:
            self._store.give_back(self._connection, chunk.limits, chunk.grant, chunk.calls)

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def _at(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
