"""Where a read stands, and what lies beyond it: the position, as data and as a condition of COQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.connector import Row
from hub.errors import Transient

Key = tuple[datetime, int]

_OVERLAP = timedelta(minutes=5)


@dataclass
class Job:
    """A Bulk Read job for a page of the export, and how far its file was read.

    `token` is of this page, `following` of the next one, where there is `more`. `count` is how many rows Zoho says the
    file has, `given` how many of them were read, `earlier` how many on earlier pages; `checksum` tells whether a file is
    the same one. `failed`: how many jobs for this page came to nothing.
    """

    id: str = ""
    page: int = 1
    token: str = ""
    begun: str = ""
    count: int = 0
    more: bool = False
    following: str = ""
    given: int = 0
    earlier: int = 0
    checksum: int = 0
    failed: int = 0


@dataclass
class Place:
    """Where a read stands; as JSON it is the position from which another process goes on.

    `started` is the time of the first request. `last_at` and `last_id` are of the last row, the id "" when
    that time's rows are to be read once more. `moved`: rows changed or went since `started`. After an export, `since` is
    from when on changes are read, `round` how often they were, and `binned` whether the whole bin has been looked at.
    """

    started: str
    before: int | None = None
    phase: str = "start"
    token: str = ""
    last_at: str = ""
    last_id: str = ""
    several: bool = False
    capped: bool = False
    moved: bool = False
    deleted: int = 0
    since: str = ""
    round: int = 0
    binned: bool = False
    job: Job = field(default_factory=Job)

    @classmethod
    def at(cls, *clocks: datetime) -> Place:
        """The start of a read, by the clock that is behind: one that is ahead would hide what changes meanwhile."""
        return cls(min(clocks).isoformat())

    @classmethod
    def of(cls, position: Row) -> Place:
        """The place that a position stands for; one of another version of this connector is lost."""
        try:
            return cls(**{**position, "job": Job(**position.get("job", {}))})
        except TypeError:
            return cls("", phase="lost")

    def onward(self) -> None:
        """All that there was until `started` has been read: what changed since is next."""
        self.since, self.phase = (datetime.fromisoformat(self.started) - _OVERLAP).isoformat(), "again"

    def next_round(self, begun: str, total: int | None) -> Place:
        """The place from which changes since `since` are listed."""
        return Place(begun, total, "list", since=self.since, round=self.round + 1, binned=self.binned)

    def remember(self, rows: Sequence[Row]) -> None:
        """The last of these rows is where the read stands."""
        if rows:
            self.last_at, self.last_id = rows[-1]["Modified_Time"], rows[-1]["id"]

    def is_past(self, key: Key) -> bool:
        """Whether a row of this key has been read already."""
        return bool(self.last_id) and key <= (datetime.fromisoformat(self.last_at), int(self.last_id))

    def touches(self, at: datetime) -> bool:
        """Whether something that happened then happened while the read was under way."""
        return at >= datetime.fromisoformat(self.started)

    def beyond(self, window: str) -> str:
        """The condition for the rows that are still to be read of a window; a third comparison needs parentheses."""
        if not self.last_at:
            return window
        at = f"'{spelled(datetime.fromisoformat(self.last_at))}'"
        if not self.last_id:
            return f"Modified_Time >= {at}"
        return f"Modified_Time > {at} or (Modified_Time = {at} and id > '{int(self.last_id)}')"


def spelled(at: datetime) -> str:
    """A time as Zoho takes it: with an offset, without fractions."""
    return at.isoformat(timespec="seconds")


def key_of(row: Row) -> Key:
    """What rows are ordered by."""
    return time_of(row, "Modified_Time"), int(row["id"])


def time_of(row: Row, name: str) -> datetime:
    """One of a row's times; Transient when it has none."""
    try:
        at = datetime.fromisoformat(row[name])
        if at.tzinfo is not None:
            return at
    except (KeyError, TypeError, ValueError):
        pass
    raise Transient(f"a row has no {name}")
