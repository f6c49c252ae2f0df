"""Reading one window of one stream: by pages, or, where there is much, by a bulk operation.

    start     the total, which decides how
    bulk ...  see `export.py`
    list      pages: of a window by time of change, of everything by id

Pages end at 25,000 rows, so that a walk begins anew before, with the key of the last row. The total is asked for before
and after; a search that is coarser than it should be is so for rows and total alike, and all its rows are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from connectors.shopify.wire.export import Export, Useless
from connectors.shopify.wire.listing import Listing, PageOf
from connectors.shopify.wire.place import Job, Place, spelled, time_of
from hub.connector import End, Page, Row, Window
from hub.errors import Rejected, Transient


@dataclass
class Walk:
    """One read. `export` is None where nothing is exported; `deep` is how many rows a stretch of pages may have."""

    listing: Listing
    window: Window
    place: Place
    export: Export | None
    least: int
    deep: int
    hidden: int = 0
    resumed: bool = False

    def pages(self) -> Iterator[Page]:
        """The pages from the place on; the last one carries the end, or asks to start again."""
        steps: dict[str, Callable[[], Page]] = {
            "start": self._start, "bulk": self._bulk, "wait": self._bulk, "file": self._bulk, "list": self._list,
        }  # fmt: skip
        if self.place.phase not in (*steps, "end"):
            yield Page(restart=True)
            return
        while self.place.phase != "end":
            page = steps[self.place.phase]()
            if page.restart:
                yield page
                return
            if page.rows or self.place.phase == "wait":
                yield Page(rows=page.rows, position=asdict(self.place))
        yield Page(end=self._end())

    # -- the phases

    def _start(self) -> Page:
        total = self._total()
        count, exact = total or (0, False)
        self.place.before = count if exact else None
        much = self.export is not None and self.export.usable and bool(self.least) and count >= self.least
        self.place.phase = "bulk" if much else "list"
        return Page()

    def _bulk(self) -> Page:
        if self.export is None:  # the settings are others than when the place was left
            return Page(restart=True)
        try:
            return self.export.step(self.place)
        except Useless:
            self.export.refuse()
            begun, self.place.job = self.place.job != Job(), Job()
            self.place.phase = "list"
            return Page(restart=begun)

    def _list(self) -> Page:
        place = self.place
        try:
            page = self.listing.page(self._search(place.key), "ID" if self.window.full else "UPDATED_AT", place.cursor)
        except Rejected:
            if place.cursor and self.resumed:  # a cursor is good for a while only
                return Page(restart=True)
            raise
        self.resumed = False
        if page.earlier and not place.cursor:
            raise Transient("the listing does not begin at its beginning")
        self._check_order(page.rows)
        self._advance(page)
        return Page(rows=page.rows)

    def _advance(self, page: PageOf) -> None:
        place = self.place
        place.cursor, place.walked = page.cursor, place.walked + len(page.rows)
        if not page.more:
            place.phase = "end"
        elif place.walked + self.listing.size > self.deep:
            if place.last == place.key:  # one second holds more than pages can show
                return self._stuck()
            place.next_stretch()

    def _stuck(self) -> None:
        if self.export is None or not self.export.usable:
            remedy = "set `bulk_from` above 0: a bulk operation reads them"
            raise Transient("more rows changed in one second than pages can show", remedy=remedy)
        self.place.phase = "bulk"

    def _check_order(self, rows: list[Row]) -> None:
        """Rows must come by the key they are sorted by; one that changed since the window was chosen may be anywhere."""
        keys = [key for row in rows if (key := self._key(row))]
        last = self._comparable(self.place.last)
        for key in keys:
            now = self._comparable(key)
            if last is not None and now is not None and now < last:
                raise Transient("the listing is not in the order that was asked for")
            last = now
        self.place.last = keys[-1] if keys else self.place.last

    def _key(self, row: Row) -> str:
        if self.window.full:
            return str(row["id"])
        at = str(row.get("updatedAt") or "")
        return at if time_of(at) < self.window.until else ""

    def _comparable(self, key: str) -> float | None:
        if not key:
            return None
        return float(key) if self.window.full else time_of(key).timestamp()

    def _search(self, key: str) -> str:
        """The search for the window's rows from a key on, which is included: times have whole seconds only."""
        if self.window.full:
            return f"id:>={key}" if key else ""
        return f"updated_at:>='{key or spelled(self.window)}'"

    # -- the ends

    def _total(self) -> tuple[int, bool] | None:
        return self.listing.count(self._search(""))

    def _end(self) -> End:
        """What the read proves. A bulk operation counts its own rows; totals that are both higher say that it is short."""
        place, hidden = self.place, self.hidden
        count, exact = self._total() or (0, False)
        before, after = place.before, count if exact else None
        if place.job.id and (before is None or after is None or min(before, after) <= place.job.count + hidden):
            before = after = place.job.count
        counted = before is not None and after is not None  # by an end mark alone nobody is taken for gone
        return End(before, after, swept=self.window.full and counted, shortfall=hidden)
