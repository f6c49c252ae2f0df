"""Walking along a listing by id, so that rows which come or go meanwhile hide none.

A shop pages by counting rows: when one goes, all later ones move up, and the next page would begin one row too late.
So each page begins with the last row of the page before. If that row, or an earlier one, is not there, the walk goes
back until it is. Rows that come get higher ids: they are met at the end.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import itemgetter
from types import TracebackType

from connectors.woocommerce.wire.ahead import Ahead
from connectors.woocommerce.wire.listing import Listing
from hub.connector import Row
from hub.errors import Transient

_BACK = 3


class Shifted(Exception):
    """The listing moved in a way that leaves no certainty: the window is to be read again from its start."""


@dataclass
class Leg:
    """How far a walk has come, as data. `first` and `total` are the shop's totals with the first and last page."""

    offset: int = 0
    last: int = 0
    read: int = 0
    first: int | None = None
    total: int = 0
    back: int = 0
    over: bool = False


@dataclass
class Walk:
    """One walk, as a context.

    `size` is rows a page, `hidden` the number of rows that are counted and never shown to us. `alone`: nothing is
    fetched ahead, since the caller has questions of its own between two pages.
    """

    listing: Listing
    params: Row
    size: int
    leg: Leg
    hidden: int = 0
    alone: bool = False
    ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        by_id = {**self.params, "orderby": "id", "order": "asc"}
        self.ahead = Ahead(self.listing, by_id, self.size, self.alone)

    def __enter__(self) -> Walk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ahead.close()

    def step(self, *, steady: bool = False) -> list[Row]:
        """The rows of the next page that are new to us. `steady`: Shifted as soon as the shop tells another total."""
        leg = self.leg
        rows, leg.total = self.ahead.page(leg.offset)
        leg.first = leg.total if leg.first is None else leg.first
        if steady and leg.total != leg.first:
            raise Shifted
        fresh = _after(leg.last, rows)
        if leg.offset and len(fresh) == len(rows):
            self._go_back()
            return []
        self._advance(len(rows), fresh)
        if leg.over:
            self._judge(steady)
        return fresh

    def _advance(self, seen: int, fresh: list[Row]) -> None:
        leg = self.leg
        if fresh:
            leg.last, leg.read, leg.back = fresh[-1]["id"], leg.read + len(fresh), 0
        leg.over = leg.offset + seen >= leg.total or (not fresh and leg.offset + self.size >= leg.total)
        leg.offset += max(seen - 1, 1)

    def _go_back(self) -> None:
        """The row that this page should begin with is not in it: rows before it went."""
        self.leg.back += 1
        if self.leg.back > _BACK:
            raise Shifted
        self.leg.offset = max(0, self.leg.offset - self.size + 1)

    def _judge(self, steady: bool) -> None:
        """As many rows must have been met as the shop says there are; in a closed window exactly as many."""
        leg, met = self.leg, self.leg.read + self.hidden
        if met < min(leg.first or 0, leg.total) or (steady and met != leg.total):
            raise Shifted


def _after(last: int, rows: list[Row]) -> list[Row]:
    ids = list(map(itemgetter("id"), rows))
    if ids != sorted(ids):
        raise Transient("the listing is not in the order of ids that was asked for")
    return rows[bisect_right(ids, last) :]
