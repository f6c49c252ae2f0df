"""The walk along a declared listing, whatever its size and however it slips: every row is met, or the read says it failed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.rest.wire.leg import Leg, Mark, Shifted
from connectors.rest.wire.listing import Sheet
from connectors.rest.wire.paging import Paging
from connectors.rest.wire.walk import Walk
from hub.connector import Window
from hub.errors import Transient

WAYS: dict[str, dict[str, Any]] = {
    "page": {"by": "page", "param": "p", "size_param": "s"},
    "offset": {"by": "offset", "param": "o", "size_param": "s"},
    "cursor": {"by": "cursor", "param": "c", "next": "n"},
    "link": {"by": "link", "next": "n"},
}
WINDOW = Window(None, datetime(2026, 3, 1, tzinfo=UTC))
SLIPS = ("empty", "short", "before", "twice", "turned")


@dataclass
class Rows:
    """A listing of numbered rows. `slips` tells what goes wrong with which question, `knows` what is told of the end."""

    paging: Paging
    count: int
    size: int
    knows: str
    slips: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    def sheet(self, mark: Mark, window: Window, size: int) -> Sheet:
        self.asked += 1
        start = self._start(mark)
        slip = self.slips.get(self.asked, "")
        if slip == "before" and start:
            start = max(0, start - size)
        rows = [{"id": number} for number in range(start, min(start + size, self.count))]
        more = start + size < self.count
        rows = {"empty": [], "short": rows[: max(1, len(rows) // 2)], "twice": rows + rows[:1], "turned": rows[::-1]}.get(
            slip, rows
        )  # fmt: skip
        if slip == "short":  # what follows is told from the rows that were shown
            more = start + len(rows) < self.count
        end = start + (size if slip != "short" or self.paging.numbered else len(rows))
        sheet = Sheet(rows, self.count if self.knows == "total" else None)
        if self.knows == "more":
            sheet = replace(sheet, more=more)
        return sheet if self.paging.numbered else replace(sheet, next=str(end) if more else "")

    def _start(self, mark: Mark) -> int:
        if self.paging.by == "page":
            assert isinstance(mark, int)
            return (mark - 1) * self.size
        return int(mark or 0)


def paging(way: str, knows: str) -> Paging:
    return Paging(**WAYS[way], **({"more": "m"} if knows == "more" else {}))


def walked(listing: Rows) -> set[int]:
    walk, met = Walk(listing, WINDOW, Leg(), "id"), set()  # type: ignore[arg-type]
    while not walk.leg.over:
        met |= {row["id"] for row in walk.step()}
        assert listing.asked < 400
    return met


@given(
    way=st.sampled_from(sorted(WAYS)), knows=st.sampled_from(["total", "more", "nothing"]), count=st.integers(0, 40),
    size=st.integers(2, 9), slip=st.sampled_from(SLIPS), places=st.sets(st.integers(1, 30), max_size=6),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_slips_that_do_not_last_cost_no_row(
    way: str, knows: str, count: int, size: int, slip: str, places: set[int]
) -> None:
    apart = {place for place in places if place - 1 not in places and place - 2 not in places}
    listing = Rows(paging(way, knows), count, size, knows, dict.fromkeys(apart, slip))
    assert walked(listing) == set(range(count))


@given(
    way=st.sampled_from(sorted(WAYS)), count=st.integers(0, 40), size=st.integers(2, 9),
    slips=st.dictionaries(st.integers(1, 60), st.sampled_from(SLIPS), max_size=40),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_walk_that_ends_has_met_every_row_or_its_total_says_that_it_has_not(
    way: str, count: int, size: int, slips: dict[int, str]
) -> None:
    listing = Rows(paging(way, "total"), count, size, "total", slips)
    try:
        met = walked(listing)
    except (Shifted, Transient):
        return
    assert met == set(range(count)) or len(met) < count  # the core compares with the total, and reads again


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("knows", ["total", "more", "nothing"])
def test_a_walk_without_slips_asks_for_each_page_once_but_for_an_end_that_nobody_tells(way: str, knows: str) -> None:
    listing = Rows(paging(way, knows), 21, 7, knows)
    assert walked(listing) == set(range(21))
    guessed = knows == "nothing" and way in ("page", "offset")
    assert listing.asked == 3 + 2 * guessed
