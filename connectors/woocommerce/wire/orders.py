"""Reading orders: along the window by id, then the trash.

A window is closed at both ends. An order that changes while the window is read leaves it, which the totals tell: the
window is read again. A complete read has no bounds: whatever changes meanwhile is met in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from connectors.woocommerce.wire.listing import Listing
from connectors.woocommerce.wire.rows import moment, order
from connectors.woocommerce.wire.walk import Leg, Shifted, Walk
from hub.connector import End, Page, Row, Window

_UNPLACED = ("checkout-draft", "trash")


@dataclass
class Place:
    """Where a read of orders stands. `unfiltered`: the shop passes over the window's bounds; `drafts` are left out."""

    phase: str = "orders"
    leg: Leg = field(default_factory=Leg)
    unfiltered: bool = False
    drafts: int = 0
    before: int = 0
    after: int = 0

    @classmethod
    def of(cls, position: Row | None) -> Place:
        """The place that a position stands for; TypeError for one of another version of this connector."""
        return cls() if position is None else cls(**{**position, "leg": Leg(**position["leg"])})


@dataclass(frozen=True)
class Orders:
    """One read of the orders of a window; `statuses` are the shop's own ones in our words, `fields` those to ask for."""

    listing: Listing
    window: Window
    place: Place
    size: int
    statuses: Mapping[str, str]
    fields: str
    hidden: int = 0

    def pages(self) -> Iterator[Page]:
        """The pages from the place on; the last one carries the end, or asks to start again."""
        try:
            if self.place.phase == "orders":
                yield from self._orders()
            yield from self._trash()
        except Shifted:
            yield Page(restart=True)
            return
        # The totals of a shop that passes over the window's bounds are not the window's.
        before, after = (None, None) if self.place.unfiltered else (self.place.before, self.place.after)
        yield Page(end=End(before, after, swept=self.window.full, shortfall=self.hidden))

    def _orders(self) -> Iterator[Page]:
        place = self.place
        with Walk(self.listing, self._asked, self.size, place.leg, self.hidden) as walk:
            while place.phase == "orders":
                rows = walk.step(steady=not (self.window.full or place.unfiltered))
                place.unfiltered = place.unfiltered or _unfiltered(self.window, rows)
                kept = [order(row, self.statuses) for row in self._wanted(rows)]
                if place.leg.over:
                    place.before, place.after = (place.leg.first or 0) - place.drafts, place.leg.total - place.drafts
                    place.phase, place.leg = "trash", Leg()
                if kept:
                    yield Page(rows=kept, position=asdict(place))

    @property
    def _asked(self) -> Row:
        return {**bounds(self.window), "_fields": self.fields}

    def _wanted(self, rows: list[Row]) -> list[Row]:
        """The window's own rows without drafts, which are no orders yet."""
        kept = list(filter(placed, rows))
        self.place.drafts += len(rows) - len(kept)
        return kept if self.window.since is None else [row for row in kept if within(self.window, row)]

    def _trash(self) -> Iterator[Page]:
        """All of the trash each time: whether an order's time of change moves when it goes there is not documented."""
        params = {"status": "trash", "_fields": "id,status"}
        with Walk(self.listing, params, self.size, self.place.leg) as walk:
            while not self.place.leg.over:
                gone = [str(row["id"]) for row in walk.step() if row.get("status") == "trash"]
                if gone:
                    yield Page(gone=gone, position=asdict(self.place))


def named(listing: Listing, ids: Sequence[str], statuses: Mapping[str, str], fields: str) -> dict[str, Row]:
    """Orders by id, a hundred a call."""
    rows = listing.by_ids([int(one) for one in ids if one.isdecimal()], status="any", _fields=fields)
    return {str(row["id"]): order(row, statuses) for row in rows if placed(row)}


def placed(row: Row) -> bool:
    """Whether it is an order: neither a basket that is still being filled, nor in the trash."""
    return row.get("status") not in _UNPLACED


def bounds(window: Window) -> Row:
    """The parameters of a window; the shop's bounds are exclusive, and local unless told otherwise."""
    if window.since is None:
        return {"status": "any"}
    after, before = _spelled(window.since - timedelta(seconds=1)), _spelled(window.until)
    return {"status": "any", "modified_after": after, "modified_before": before, "dates_are_gmt": "true"}


def within(window: Window, row: Row, name: str = "date_modified_gmt") -> bool:
    """Whether a row belongs to a window, as one of its own times says."""
    return window.since is None or (at := moment(row, name)) is None or at >= window.since


def _unfiltered(window: Window, rows: Sequence[Row]) -> bool:
    """Whether a shop that filters by time of change would have left one of these rows out."""
    since = window.since
    if since is None:
        return False
    times = (moment(row, "date_modified_gmt") for row in rows)
    return any(at is not None and not since <= at < window.until for at in times)


def _spelled(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
