"""One read of a stream: its rows, then what was deleted where that has a listing of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.rest.wire.leg import Leg, Shifted
from connectors.rest.wire.listing import Listing
from connectors.rest.wire.rows import Rows, id_of
from connectors.rest.wire.walk import Walk
from hub.connector import End, Page, Row, Window
from hub.errors import Rejected


@dataclass
class Place:
    """Where a read stands: which listing, how far it has come; rows that say they are gone, and rows without an id; the
    `steps` taken in this process."""

    way: str
    phase: str = "rows"
    leg: Leg = field(default_factory=Leg)
    gone: int = 0
    bad: int = 0
    totals: tuple[int | None, int | None] = (None, None)
    steps: int = 0

    @classmethod
    def of(cls, position: Row | None, way: str) -> Place:
        """The place that a position stands for; Shifted for one of other settings, or of another version of this."""
        if position is None:
            return cls(way)
        try:
            first, last = position["totals"]
            place = cls(**{**position, "leg": Leg(**position["leg"]), "totals": (first, last), "steps": 0})
        except (TypeError, KeyError, ValueError):
            raise Shifted from None
        if place.way != way:
            raise Shifted
        return place


@dataclass(frozen=True)
class Reading:
    """One read of a window; `feed` is the listing of deleted rows, None where there is none, `feed_id` their id in it."""

    rows: Rows
    listing: Listing
    feed: Listing | None
    feed_id: str
    window: Window

    def pages(self, position: Row | None) -> Iterator[Page]:
        """The pages from the position on; the last one carries the end, or asks to start again."""
        since = self.window.since
        if since is not None and since >= self.window.until:  # a watermark of tomorrow: nothing can have changed
            yield Page(end=End())
            return
        place = Place(self._way)
        try:
            place = Place.of(position, self._way)
            if place.phase == "rows":
                yield from self._rows(place)
            if self.feed is not None:
                yield from self._gone(place, self.feed)
        except Shifted:
            yield Page(restart=True)
            return
        except Rejected:
            if position is None or place.steps:
                raise
            yield Page(restart=True)  # the system no longer knows the mark
            return
        before, after = place.totals
        hidden = self.rows.own.hidden_rows
        swept = self.window.full and self.rows.own.strength == "swept" and not place.bad
        yield Page(end=End(before, after, swept=swept, shortfall=hidden))

    @property
    def _way(self) -> str:
        """What a position belongs to."""
        paging = self.listing.paging
        return f"{paging.by} {self.listing.size} {self.listing.path}"

    def _rows(self, place: Place) -> Iterator[Page]:
        own, leg = self.rows.own, place.leg
        walk = Walk(self.listing, self.window, leg, own.id, own.hidden_rows)
        while place.phase == "rows":
            raw = walk.step()
            place.steps += 1
            found = self.rows.sorted_out(raw, f"{own.name}: page {leg.page}")
            place.gone, place.bad = place.gone + len(set(found.gone)), place.bad + len(found.bad)
            if leg.over:
                place.totals = (_less(leg.first, place.gone), _less(leg.total, place.gone))
                place.phase, place.leg = "gone", Leg()
            yield Page(found.rows, asdict(place), found.gone, found.bad)

    def _gone(self, place: Place, feed: Listing) -> Iterator[Page]:
        walk = Walk(feed, self.window, place.leg, self.feed_id)
        while not place.leg.over:
            raw: list[Any] = walk.step()
            place.steps += 1
            gone = [id_ for row in raw if (id_ := id_of(row, self.feed_id) or _bare(row))]
            yield Page(gone=gone, position=asdict(place))


def _less(total: int | None, gone: int) -> int | None:
    return None if total is None else max(0, total - gone)


def _bare(row: Any) -> str:
    """A list of deleted rows may hold nothing but ids."""
    return str(row) if isinstance(row, str | int) and not isinstance(row, bool) else ""
