"""Walking along a listing so that no page is mistaken for the end, and none is passed over.

The end is what the system says it is: a flag, the number of pages, a mark that is missing, the total; only where it says
nothing an empty page, which then is asked for twice. A page that comes again, or a mark that does not move, is asked for
again and then given up: such a read is partial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.rest.wire.leg import Leg, Mark, Shifted
from connectors.rest.wire.listing import Listing, Sheet
from connectors.rest.wire.rows import digests
from hub.connector import Window
from hub.errors import Transient

TRIES = 3
_EMPTY = 3


@dataclass
class Walk:
    """One walk along a listing; `id` is the field that tells rows apart, `hidden` what is counted and never shown."""

    listing: Listing
    window: Window
    leg: Leg
    id: str
    hidden: int = 0

    def step(self) -> list[Any]:
        """The rows of the next page, those that the page before held already left out where pages overlap."""
        leg, paging = self.leg, self.listing.paging
        leg.mark = paging.start if leg.page == 0 else leg.mark
        sheet, met = self._asked()
        fresh = [one for one in met if one not in leg.seen]
        leg.page, leg.read, leg.total = leg.page + 1, leg.read + len(fresh), sheet.total
        leg.first = sheet.total if leg.first is None else leg.first
        leg.empty, leg.most = (0 if fresh else leg.empty + 1), max(leg.most, len(met))
        leg.over = self._over(sheet, len(met), fresh)
        if not leg.over:
            self._advance(sheet, len(fresh))
        leg.seen = [] if leg.over else met or leg.seen
        return sheet.rows

    @property
    def _overlaps(self) -> bool:
        paging = self.listing.paging
        return paging.by == "offset" and bool(paging.overlap_rows) and self.leg.read > 0

    def _asked(self) -> tuple[Sheet, list[str]]:
        """The page, asked for once more where it is doubtful (the fuller answer counts), and where it is impossible."""
        found: list[tuple[Sheet, list[str]]] = []
        again = False
        for _ in range(TRIES):
            sheet = self.listing.sheet(self._place, self.window, self._size)
            met = digests(sheet.rows, self.id)
            again = self._again(met)
            if again or self._in_a_ring(sheet):
                continue
            found.append((sheet, met))
            if len(found) > 1 or not self._doubtful(sheet, met):
                return max(found, key=lambda one: len(one[1]))
        if found:
            return found[0]
        if again:
            raise Shifted  # which of the two was the wrong one cannot be told
        raise Transient("the listing does not move on: the mark of the next page came again")

    @property
    def _place(self) -> Mark:
        mark = self.leg.mark
        return mark - 1 if self._overlaps and isinstance(mark, int) else mark

    @property
    def _size(self) -> int:
        return self.listing.size + (1 if self._overlaps else 0)

    def _again(self, met: list[str]) -> bool:
        """Whether this is the page before once more, or does not begin with a row of it although it should: rows moved."""
        seen = self.leg.seen
        if self._overlaps:
            return bool(met) and (met[0] not in seen or (set(met) <= set(seen) and len(met) > 1))
        return bool(met) and set(met) <= set(seen)

    def _in_a_ring(self, sheet: Sheet) -> bool:
        """Whether the next mark is this one, or one of long before."""
        return bool(sheet.next) and sheet.more is not False and sheet.next in (self.leg.mark, self.leg.turtle)

    def _doubtful(self, sheet: Sheet, met: list[str]) -> bool:
        """Whether a page may be a slip of the system: fewer rows than should be there, and no good reason for it."""
        fresh = sum(one not in self.leg.seen for one in met)
        paging, full = self.listing.paging, self.leg.most or self._size
        short = paging.by == "page" and bool(paging.size_param) and len(met) < full
        if sheet.total is not None:
            reached = self.leg.read + fresh + self.hidden >= sheet.total
            return not reached and (not fresh or short or self._last(sheet))
        return not fresh or (short and not self._last(sheet))

    def _last(self, sheet: Sheet) -> bool:
        """Whether the system itself says that this page is the last."""
        paging, mark = self.listing.paging, self.leg.mark
        if sheet.more is not None:
            return not sheet.more
        if sheet.pages is not None and isinstance(mark, int):
            return mark - (paging.first - 1) >= sheet.pages
        return paging.by == "none" or (not paging.numbered and not sheet.next)

    def _over(self, sheet: Sheet, rows: int, fresh: list[str]) -> bool:
        paging, leg = self.listing.paging, self.leg
        if self._last(sheet):
            return True
        if leg.empty >= _EMPTY:
            raise Transient("page after page comes empty, and the listing says that more follows")
        if paging.tells_its_end:
            return False
        if sheet.total is not None and leg.read + self.hidden >= sheet.total:
            return True
        return not fresh or (paging.short_ends and sheet.total is None and rows < self._size)

    def _advance(self, sheet: Sheet, fresh: int) -> None:
        leg, paging = self.leg, self.listing.paging
        if isinstance(leg.mark, int) and paging.numbered:
            leg.mark += 1 if paging.by == "page" else fresh
            return
        if not sheet.next:
            raise Transient("the listing says that more follows, and not where")
        leg.mark = sheet.next
        if leg.page >= leg.lap:  # an earlier mark, kept for twice as long each time
            leg.turtle, leg.lap = sheet.next, 2 * leg.lap
