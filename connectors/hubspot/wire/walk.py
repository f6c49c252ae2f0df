"""Reading one window of one kind of object: all of it by list, or what changed by Search; then who is in the archive.

    list       page by page in the order of ids, to the page that names no next one
    search     what changed in the window, by the time of change: each search begins at the last time of the one before,
               and where more changed in one millisecond than a page holds, that millisecond is read by id. So no search
               is asked for a second page, which would leave rows out as others change, and none meets the cap
    archived   the archive as a whole, since it knows no order of time: who came into it since is gone

Search counts: the totals at both ends are compared with the ids met. Each step is one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from connectors.hubspot.wire.objects import MERGED, Objects, next_of, rows_of, total_of
from connectors.hubspot.wire.place import Place, key_of, millis
from hub.connector import End, Page, Row, Window


@dataclass
class Walk:
    """One read. `lay_out` makes rows for the mapping; `binned` tells from when on the archive matters, None: not now."""

    objects: Objects
    window: Window
    place: Place
    page_size: int
    search_rows: int
    lay_out: Callable[[list[Row]], list[Row]]
    binned: datetime | None
    totals: bool = True
    hidden: int = 0

    def pages(self) -> Iterator[Page]:
        """The pages from the place on; the last one carries the end, or asks to start again."""
        steps = {"start": self._start, "list": self._list, "search": self._search, "archived": self._archived}
        while self.place.phase != "end":
            page = steps.get(self.place.phase, _lost)()
            if page.restart:
                yield page
                return
            if self.place.phase == "end":
                page = replace(page, end=self._end())
            if page.rows or page.gone or page.end:
                yield page if page.end else replace(page, position=asdict(self.place))

    def _start(self) -> Page:
        place = self.place
        if self.window.full:
            place.before = self.objects.total() if self.totals else None
            place.phase = "list"
        else:
            place.at = millis(self.window.since or datetime.fromtimestamp(0, UTC))
            place.phase = "search" if place.at < self._until else self._after_changes
        return Page()

    def _list(self) -> Page:
        place = self.place
        answer = self.objects.listed(self.page_size, place.cursor)
        rows, following = rows_of(answer), next_of(answer)
        place.walked += len(rows)
        if following and (not rows or not _onward(place.cursor, following) or self._in_circles):
            return Page(restart=True)  # it was told that there are more
        place.cursor = following
        place.phase = "list" if following else self._after_changes
        return self._page(rows)

    def _search(self) -> Page:
        place, objects = self.place, self.objects
        filters = place.filters(objects.modified, self._until)
        answer = objects.search(filters, "hs_object_id" if place.last else objects.modified, self.search_rows)
        rows, total = rows_of(answer), total_of(answer)
        if self.totals and not place.several and place.before is None:
            place.before = total
        if not rows and total:
            return Page(restart=True)  # it was told that there are some
        place.follow([key_of(row, objects.modified) for row in rows], self._until, whole=len(rows) >= total)
        place.phase = "search" if place.at < self._until else self._after_changes
        return self._page(rows)

    def _archived(self) -> Page:
        """Records say themselves that they are archived: a filter that was passed over must not delete anybody."""
        place = self.place
        answer = self.objects.listed(self.page_size, place.cursor, archived=True)
        rows, following = rows_of(answer), next_of(answer)
        if following and (not rows or not _onward(place.cursor, following)):
            return Page(restart=True)
        place.cursor = following
        place.phase = "archived" if following else "end"
        return Page(gone=[row["id"] for row in rows if row.get("archived") is True and self._recent(row)])

    def _page(self, rows: list[Row]) -> Page:
        """A page of living records; those that were merged into one of them are gone."""
        there = {row["id"] for row in rows}
        merged = (one for row in rows for one in str(row["properties"].get(MERGED) or "").split(";"))
        gone = [one for one in map(str.strip, merged) if one.isdecimal() and one not in there]
        return Page(rows=self.lay_out(self.objects.completed(rows)), gone=list(dict.fromkeys(gone)))

    def _end(self) -> End:
        if not self.totals:
            return End(shortfall=self.hidden)  # without totals a full read is no sweep
        return End(self.place.before, self._total(), swept=self.window.full, shortfall=self.hidden)

    def _total(self) -> int | None:
        """The total after the read; where one answer held all rows of a window, it said both totals."""
        if self.window.full:
            return self.objects.total()
        if not self.place.several:
            self.place.before = self.place.before or 0
            return self.place.before
        start = Place(at=millis(self.window.since or self.window.until))
        return self.objects.total(start.filters(self.objects.modified, self._until))

    def _recent(self, row: Row) -> bool:
        """Whether a record was archived since the archive was last looked at, as far as it says."""
        try:
            at = datetime.fromisoformat(str(row.get("archivedAt")))
        except ValueError:
            return True
        return self.binned is None or (at if at.tzinfo else at.replace(tzinfo=UTC)) >= self.binned

    @property
    def _in_circles(self) -> bool:
        """Whether far more rows came than there are: cursors that nobody can read may lead back to where one was."""
        return self.place.before is not None and self.place.walked > 2 * self.place.before + 10 * self.page_size

    @property
    def _after_changes(self) -> str:
        return "archived" if self.binned is not None else "end"

    @property
    def _until(self) -> int:
        return millis(self.window.until)


def _lost() -> Page:
    return Page(restart=True)


def _onward(cursor: str, following: str) -> bool:
    """Whether a cursor leads on. They are ids as far as is known; what else they are may at least not stand still."""
    numbers = cursor.isdecimal() and following.isdecimal()
    return int(following) > int(cursor) if numbers else following != cursor
