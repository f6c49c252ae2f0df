"""Where a read stands, as data, and what lies ahead of it as a condition of Search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.hubspot.wire.objects import Filter
from hub.connector import Row
from hub.errors import Transient

FIRST = "0"
"""The id before all others."""


@dataclass
class Place:
    """Where a read stands; as JSON it is the position from which another process goes on.

    `before` is the total at its start; `several` says that it took more than one search. `cursor` is of the list or of the
    archive. Of a window all changes before `at` (milliseconds since 1970) have been read; `last` is the id up to which those
    of that very millisecond have been, "" while they need no order of their own. `walked` counts the rows of the list.
    """

    phase: str = "start"
    before: int | None = None
    several: bool = False
    cursor: str = ""
    at: int = 0
    last: str = ""
    walked: int = 0

    @classmethod
    def of(cls, position: Row) -> Place:
        """The place that a position stands for; one of another version of this connector is lost."""
        try:
            return cls(**position)
        except TypeError:
            return cls("lost")

    def filters(self, modified: str, until: int) -> list[Filter]:
        """What is still to be read of a window: what changed from `at` on, or the rest of that millisecond by id."""
        upto = self.at + 1 if self.last else until
        found = [(modified, "GTE", str(self.at)), (modified, "LT", str(upto))]
        return [*found, ("hs_object_id", "GT", self.last)] if self.last else found

    def follow(self, keys: Sequence[tuple[int, int]], until: int, *, whole: bool) -> None:
        """Go on behind rows with these times and ids, which are all that the filters hold for, or the first of them."""
        if self.last:
            self._in_order([id_ for _, id_ in keys], int(self.last) + 1)
            if any(at != self.at for at, _ in keys):
                raise Transient("Search gave records that were not asked for")
            self.at, self.last = (self.at + 1, "") if whole else (self.at, str(keys[-1][1]))
        else:
            times = [at for at, _ in keys]
            self._in_order(times, self.at)
            if times and times[-1] >= until:
                raise Transient("Search gave records that were not asked for")
            if whole:
                self.at = until
            elif times[-1] > self.at:
                self.at = times[-1]  # those of this millisecond may not all be here: they come again
            else:
                self.last = FIRST  # more of one millisecond than a page holds
        self.several = self.several or not whole

    @staticmethod
    def _in_order(found: Sequence[int], least: int) -> None:
        if list(found) != sorted(found) or (found and found[0] < least):
            raise Transient("the records are not in the order that was asked for")


def millis(at: datetime) -> int:
    """A time in milliseconds since 1970, down to the second, as the hub keeps its windows."""
    return int(at.timestamp()) * 1000


def time_of(row: Row, name: str) -> datetime:
    """A record's time of change (UTC); Transient when it has none."""
    try:
        at = datetime.fromisoformat(row["properties"][name])
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        raise Transient("a record has no time of change") from None


def key_of(row: Row, name: str) -> tuple[int, int]:
    """A record's time of change in milliseconds, and its id as a number."""
    return round(time_of(row, name).timestamp() * 1000), int(row["id"])
