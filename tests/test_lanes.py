"""Pages on their way to the writer: what lands together is what would have landed page after page."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.connector import End, Mapping, Page, Stream, Window
from hub.store import Store, create_store, open_store
from hub.store.check import canonical
from hub.store.quarantine import Held
from hub.store.records import Incoming
from sync import lanes
from sync.lanes import Arrived, Inbox, Lane, in_parts, together, waiting
from tests.conftest import MASTER, NOW

WINDOW = Window(None, datetime(2026, 3, 1, tzinfo=UTC))
CUSTOMERS, ORDERS = (Stream(name, name, Mapping("id", ())) for name in ("customers", "orders"))  # type: ignore[arg-type]
LANES = {name: Lane(name, cast(Any, None), ()) for name in ("crm", "shop")}


def record(ext: str, name: str = "", modified: int = 0) -> Incoming:
    return Incoming(ext, {"name": name}, modified, name.encode())


def arrived(lane: str, *exts: str, stream: Stream = CUSTOMERS, held: bool = False, **page: Any) -> Arrived:
    aside = (Held(0, lane, stream.name, "9", "", "odd", "", {}),) if held else ()
    found = Page(rows=(), position={"after": exts[-1] if exts else ""}, **page)
    return Arrived(LANES[lane], stream, found, WINDOW, [record(ext) for ext in exts], aside)


def told(pages: list[Arrived]) -> list[tuple[str, str, list[str], int]]:
    return [(page.lane.name, page.stream.name, [one.ext for one in page.records], page.pages) for page in pages]


def test_pages_that_hold_nothing_but_records_land_as_one_with_the_last_ones_position() -> None:
    found = list(together([arrived("crm", "1", "2"), arrived("shop", "7"), arrived("crm", "3"), arrived("shop", "8")]))
    assert told(found) == [("crm", "customers", ["1", "2", "3"], 2), ("shop", "customers", ["7", "8"], 2)]
    assert [page.page.position for page in found] == [{"after": "3"}, {"after": "8"}]


def test_whatever_else_a_page_tells_lands_in_its_place() -> None:
    pages = [
        arrived("crm", "1"), arrived("crm", "2", gone=["1"]), arrived("crm", "3"), arrived("crm", "4", held=True),
        arrived("crm", "5", stream=ORDERS), arrived("crm", "6", stream=ORDERS), arrived("crm", end=End(None, None)),
    ]  # fmt: skip
    assert told(list(together(pages))) == [
        ("crm", "customers", ["1"], 1), ("crm", "customers", ["2"], 1), ("crm", "customers", ["3"], 1),
        ("crm", "customers", ["4"], 1), ("crm", "orders", ["5", "6"], 2), ("crm", "customers", [], 1),
    ]  # fmt: skip


def test_no_page_waits_for_one_behind_an_end_or_for_more_than_a_transaction_holds(monkeypatch: Any) -> None:
    monkeypatch.setattr(lanes, "COMMIT", 3)
    queue = Inbox()
    for item in (arrived("crm", "2"), arrived("crm", "3"), arrived("crm", "4"), LANES["crm"]):
        queue.put(item)
    pages, behind = waiting(arrived("crm", "1"), queue)
    assert (told(pages)[-1][2], behind) == (["3"], None)
    second = queue.get()
    assert isinstance(second, Arrived)
    pages, behind = waiting(second, queue)
    assert (told(pages)[-1][2], behind) == (["4"], LANES["crm"])
    assert waiting(arrived("crm", end=End(None, None)), queue)[1] is None


@given(sizes=st.lists(st.integers(0, 9), max_size=4), part=st.integers(1, 4), placed=st.booleans())
def test_large_pages_come_in_parts_and_their_positions_with_the_last(sizes: list[int], part: int, placed: bool) -> None:
    pages = [
        Page(rows=[{"id": f"{number}.{row}"} for row in range(size)], position={"after": number}, gone=[f"{number}"],
             places=[f"line {row}" for row in range(size)] if placed else ())
        for number, size in enumerate(sizes)
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "PART", part)
        found = list(in_parts(pages, {"after": -1}))
    assert [row for page, _ in found for row in page.rows] == [row for page in pages for row in page.rows]
    assert [place for page, _ in found for place in page.places] == [p for page in pages for p in page.places]
    assert [(page.position, page.gone) for page, whole in found if whole] == [(p.position, p.gone) for p in pages]
    assert all(len(page.rows) <= part for page, _ in found)
    before = -1
    for page, whole in found:
        assert page.position == {"after": before + whole}
        before += whole


class Kept(dict[str, Any]):
    """A row of which one can tell whether anybody still holds it."""


def test_nothing_of_a_large_page_is_held_when_the_next_one_is_asked_for_but_its_last_part() -> None:
    held: list[weakref.ref[Kept]] = []

    def pages() -> Iterator[Page]:
        for _ in range(3):
            assert [one() for one in held[: -lanes.PART]] == [None] * len(held[: -lanes.PART])
            rows = [Kept(id=str(number)) for number in range(3 * lanes.PART)]
            held[:] = map(weakref.ref, rows)
            yield Page(rows=rows[:])
            del rows

    parts = [len(part.rows) for part, _ in in_parts(pages(), None)]
    assert parts == [lanes.PART] * 9


def test_a_lane_waits_while_enough_records_wait_for_the_writer(monkeypatch: Any) -> None:
    monkeypatch.setattr(lanes, "WAITING", 3)
    queue, put = Inbox(), list[str]()

    def lane() -> None:
        for page in (arrived("crm", *"1234"), arrived("crm", "5"), arrived("crm", *"67"), arrived("crm", "8")):
            queue.put(page)
            put.append(page.records[-1].ext)

    thread = threading.Thread(target=lane)
    thread.start()
    seen = []
    while len(seen) < 4:
        thread.join(0.1)
        seen.append(list(put))
        assert queue.get() is not None
    thread.join()
    assert seen == [["4"], ["4", "5", "7"], ["4", "5", "7", "8"], ["4", "5", "7", "8"]]
    assert queue.get(timeout=0) is None


PAGES = st.lists(
    st.lists(st.builds(record, st.sampled_from("12"), st.sampled_from(["a", "b"]), st.integers(1, 5)), max_size=3),
    max_size=4,
)  # fmt: skip


def landed(store: Store, pages: list[list[Incoming]]) -> list[str]:
    with store.db.writing("test"):
        for page in pages:
            store.records.land("crm", "customers", "customers", page, 9)
    return canonical(store)


@settings(max_examples=60, deadline=None)
@given(pages=PAGES)
def test_an_id_told_twice_lands_as_page_after_page(tmp_path_factory: Any, pages: list[list[Incoming]]) -> None:
    outcomes = []
    for number, parts in enumerate((pages, [[one for page in pages for one in page]])):
        location = str(tmp_path_factory.mktemp("lanes") / f"{number}.db")
        create_store(location, MASTER, FixedClock(NOW)).close()
        store = open_store(location, MASTER, FixedClock(NOW))
        outcomes.append([line for line in landed(store, parts) if line.startswith("record ")])
        store.close()
    assert outcomes[0] == outcomes[1]
