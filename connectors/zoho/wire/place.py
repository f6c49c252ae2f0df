"""Where a read stands, and what lies beyond it: the position, as data and as a condition of COQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.connector import Row
from hub.errors import Transient

Key = tuple[datetime, int]


@dataclass
class Place:
    """Where a read stands; as JSON it is the position from which another process goes on.

    `started` is the time of the first request. `last_at` and `last_id` are of the last row, the id "" when
    that time's rows are to be read once more. `moved`: rows changed or went since `started`.
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

    @classmethod
    def at(cls, *clocks: datetime) -> Place:
        """The start of a read, by the clock that is behind: one that is ahead would hide what changes meanwhile."""
        return cls(min(clocks).isoformat())

    @classmethod
    def of(cls, position: Row) -> Place:
        """The place that a position stands for; one of another version of this connector is lost."""
        try:
            return cls(**position)
        except TypeError:
            return cls("", phase="lost")

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
