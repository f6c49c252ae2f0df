"""Reading one window of one object: page by page in order of `_id`, until a page is empty.

The total of the window is asked for with the first page and once more after the last one. A short page is no end. The
core compares the totals of a full read; those of a part are compared here, and a part of which rows are missing is read
again. Offsets are never used: they end at ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from connectors.fxiaoke.wire.entity import Entity, Filter, is_dead, rows_of, total_of
from connectors.fxiaoke.wire.rows import Spelling
from hub.connector import End, Page, Row, Window
from hub.errors import Transient


@dataclass
class Place:
    """Where a read stands; as JSON it is the position from which another process goes on.

    `before` is the total at its start, `last` the id of the last row; `living` and `dead` count the rows so far.
    """

    before: int | None = None
    last: str = ""
    living: int = 0
    dead: int = 0

    @classmethod
    def of(cls, position: Row) -> Place | None:
        """The place that a position stands for; None for one of another version of this connector."""
        try:
            return cls(**position)
        except TypeError:
            return None


@dataclass(frozen=True)
class Walk:
    """One read of one object; `size` is rows a call, `hidden` the rows that this account may not see."""

    entity: Entity
    columns: Sequence[str]
    spelling: Spelling
    window: Window
    size: int
    totals: bool = True
    hidden: int = 0

    def pages(self, position: Row | None) -> Iterator[Page]:
        """The pages from the position on; the last one carries the end, or asks to start again."""
        place = Place() if position is None else Place.of(position)
        if place is None:
            yield Page(restart=True)
            return
        while rows := self._next(place):
            yield self._page(place, rows)
        yield self._end(place)

    def _next(self, place: Place) -> list[Row]:
        """The rows behind the place, a repeated one once; none when the system's end mark came, an empty page."""
        first = not place.last
        beyond: list[Filter] = [] if first else [("_id", "GT", [place.last])]
        answer = self.entity.query([*self._all(), *beyond], self.columns, self.size, total=first and self.totals)
        if first and self.totals:
            place.before = total_of(answer)
        rows = list({row["_id"]: row for row in rows_of(answer)}.values())
        ids = [place.last, *(row["_id"] for row in rows)]
        if ids != sorted(set(ids)):
            raise Transient("the rows are not in the order asked for")
        return rows

    def _page(self, place: Place, rows: Sequence[Row]) -> Page:
        """A page; rows that are shown as invalidated are gone, whether or not the system shows such rows."""
        dead = [row["_id"] for row in rows if is_dead(row)]
        living = [self.spelling.read(row) for row in rows if not is_dead(row)]
        place.last = rows[-1]["_id"]
        place.living += len(living)
        place.dead += len(dead)
        return Page(rows=living, gone=dead, position=asdict(place))

    def _end(self, place: Place) -> Page:
        before, after = place.before, self._after(place)
        if before is None or after is None:
            return Page(end=End(shortfall=self.hidden))  # without totals a full read is no sweep
        before, after = before - place.dead, after - place.dead  # the core counts living rows
        if not self.window.full and place.living + self.hidden < min(before, after):
            return Page(restart=True)
        return Page(end=End(before, after, swept=self.window.full, shortfall=self.hidden))

    def _after(self, place: Place) -> int | None:
        if not self.totals or (place.before == 0 and not place.last):
            return place.before  # the only page was empty and its total nought: one answer says both
        return total_of(self.entity.query(self._all(), (), 1, total=True))

    def _all(self) -> list[Filter]:
        since = self.window.since
        return [] if since is None else [("last_modified_time", "GTE", [str(round(since.timestamp() * 1000))])]
