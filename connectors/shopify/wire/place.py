"""Where a read stands, as data: from it another process goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.connector import Row, Window
from hub.errors import Transient


@dataclass
class Job:
    """A bulk operation, and how far its file was read.

    `count` and `objects` are the rows, and the lines, that the shop says its file has; `given` how many rows of it were
    read; `failed` how many operations came to nothing.
    """

    id: str = ""
    begun: str = ""
    count: int = 0
    objects: int = 0
    given: int = 0
    failed: int = 0


@dataclass
class Place:
    """Where a read stands. `before` is the total at its start, None where the shop does not tell it exactly.

    `key` is where the present stretch of pages began (an id, or a time), `last` the one that the next stretch begins with;
    `cursor` and `walked` are of the stretch.
    """

    phase: str = "start"
    before: int | None = None
    key: str = ""
    last: str = ""
    cursor: str = ""
    walked: int = 0
    job: Job = field(default_factory=Job)

    @classmethod
    def of(cls, position: Row | None) -> Place:
        """The place that a position stands for; TypeError for one of another version of this connector."""
        return cls() if position is None else cls(**{**position, "job": Job(**position["job"])})

    def next_stretch(self) -> None:
        """Begin anew where the last row was: cursors end at 25,000 rows."""
        self.key, self.cursor, self.walked = self.last, "", 0


def spelled(window: Window) -> str:
    """The start of a window as a search takes it, in quotes: without them its time of day is passed over."""
    since = window.since or datetime.fromtimestamp(0, UTC)
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(text: str) -> datetime:
    """A row's time of change; Transient when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise Transient("a row has no time of change")
    return at
