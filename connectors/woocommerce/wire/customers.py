"""Reading customers, of whom a shop cannot say who changed.

all      a complete read: every account, by id
new      hints: the newest registrations, until one is older than the window
buyers   hints: the customers of the window's orders
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal

from connectors.woocommerce.wire.listing import Listing
from connectors.woocommerce.wire.orders import bounds, within
from connectors.woocommerce.wire.rows import customer, customer_of
from connectors.woocommerce.wire.walk import Leg, Shifted, Walk
from hub.connector import End, Page, Row, Window

Phase = Literal["all", "new", "buyers"]


@dataclass
class Place:
    """Where a read of customers stands: the phase, and how far it has come."""

    phase: Phase
    leg: Leg = field(default_factory=Leg)

    @classmethod
    def of(cls, position: Row) -> Place:
        """The place that a position stands for; TypeError for one of another version of this connector."""
        return cls(position["phase"], Leg(**position["leg"]))


@dataclass(frozen=True)
class Customers:
    """One read of the customers of a window; `orders` is None where they may not be looked at, `fields` are those to ask for."""

    listing: Listing
    orders: Listing | None
    window: Window
    place: Place
    size: int
    role: str
    fields: str
    hidden: int = 0

    def pages(self) -> Iterator[Page]:
        """The pages from the place on; the last one carries the end, or asks to start again."""
        try:
            for phase in self._phases():
                if phase != self.place.phase:
                    self.place.phase, self.place.leg = phase, Leg()
                for rows in {"all": self._all, "new": self._new, "buyers": self._buyers}[phase]():
                    if rows:
                        yield Page(rows=[customer(row) for row in rows], position=asdict(self.place))
        except Shifted:
            yield Page(restart=True)
            return
        leg = self.place.leg
        yield Page(end=End(leg.first, leg.total, swept=True, shortfall=self.hidden) if self.window.full else End())

    @property
    def _asked(self) -> Row:
        return {"role": self.role, "_fields": self.fields}

    def _phases(self) -> list[Phase]:
        """The phases from the place on."""
        hints: list[Phase] = ["new", "buyers"] if self.orders else ["new"]
        wanted: list[Phase] = ["all"] if self.window.full else hints
        if self.place.phase not in wanted:  # the settings are others than when the place was left
            raise Shifted
        return wanted[wanted.index(self.place.phase) :]

    def _all(self) -> Iterator[list[Row]]:
        with Walk(self.listing, self._asked, self.size, self.place.leg, self.hidden) as walk:
            while not self.place.leg.over:
                yield walk.step()

    def _new(self) -> Iterator[list[Row]]:
        leg, params = self.place.leg, {**self._asked, "orderby": "registered_date", "order": "desc"}
        while not leg.over:
            rows, total = self.listing.page(params, leg.offset, self.size)
            rows = self._following(rows)
            if not rows and leg.offset + 1 + self.hidden < total:
                raise Shifted  # the total says that this is not the end
            fresh = [row for row in rows if within(self.window, row, "date_created_gmt")]
            leg.offset += len(rows) if leg.last else len(rows) - 1
            leg.last = rows[-1]["id"] if rows else leg.last
            leg.over = not rows or len(fresh) < len(rows) or leg.offset + 1 >= total
            yield fresh

    def _following(self, rows: list[Row]) -> list[Row]:
        """The rows behind the last one that was read; Shifted when it is not there, since rows may be missing then."""
        ids, last = [row["id"] for row in rows], self.place.leg.last
        if not last or not rows:
            return rows
        if last not in ids:
            raise Shifted
        return rows[ids.index(last) + 1 :]

    def _buyers(self) -> Iterator[list[Row]]:
        assert self.orders is not None
        params = {**bounds(self.window), "_fields": "id,customer_id,date_modified_gmt"}
        with Walk(self.orders, params, self.size, self.place.leg, alone=True) as walk:
            while not self.place.leg.over:
                rows = [row for row in walk.step() if within(self.window, row)]
                buyers = {customer_of(row) for row in rows} - {0}
                yield self.listing.by_ids(sorted(buyers), **self._asked)
