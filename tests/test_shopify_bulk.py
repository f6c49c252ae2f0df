"""Large streams of Shopify by bulk operations: the same records as by pages, whatever fails meanwhile."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.shopify.wire.bulk import Bulk
from connectors.shopify.wire.file import File, Unreadable
from hub.clock import FixedClock
from hub.connector import Window
from hub.errors import PermissionMissing, Transient
from hub.testing.twin import Stage
from tests.reads import undisturbed
from tests.shopify_site import Site, ids, living, read, stand
from tests.site import opener, outcome

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    def make(least: int = 1, more: str = "", **twin: Any) -> Site:
        settings = f"    bulk_from: {least}\n    bulk_bytes: 1000\n{more}"
        return opener(Site, stand, stage, tmp_path, clock)({"settings": settings}, **twin)

    return make


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


def test_a_first_read_by_bulk_operations_is_swept_and_the_same_as_by_pages(opened: Open) -> None:
    site = opened()
    report = site.sync(only=["shop"])
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        assert outcome(report, "shop", name).certificate == "swept"
        assert site.look(lambda store, name=name: living(store, name)) == set(held)
    assert (site.asked("BulkStart"), site.asked("CustomersPage"), site.asked("OrdersPage")) == (2, 0, 0)
    assert site.calls("/files") > 10  # a thousand bytes a part
    by_bulk = {name: site.held_records(name) for name in ("customers", "orders")}
    site.settings = "    bulk_from: 0"
    assert {name: undisturbed(site, name) for name in by_bulk} == by_bulk


def test_a_shop_that_serves_no_parts_gives_its_file_whole(opened: Open) -> None:
    site = opened(ranges=False)
    assert site.read("orders").certificate == "swept"
    assert site.calls("/files") == 3  # the orders' file is read twice: the positions stand anywhere in it


def test_a_small_shop_is_read_by_pages(opened: Open) -> None:
    site = opened(500)
    assert site.read().certificate == "swept"
    assert (site.asked("BulkStart"), site.asked("CustomersPage")) == (0, 1)


def test_a_large_window_is_read_by_a_bulk_operation_too(opened: Open, clock: FixedClock) -> None:
    site = opened(5)
    site.read()
    for _ in range(2):
        clock.advance(timedelta(hours=1))
        changed = sorted(site.twin.books.customers)[:7]
        for id_ in changed:
            site.change(site.twin.books.customers[id_], lastName="Changed")
        clock.advance(timedelta(minutes=30))
        site.twin.counts.reset()
        found = site.read()
        assert (site.asked("BulkStart"), found.certificate) == (1, "bracketed")
    assert found.unchanged == 7


def test_an_empty_shop_has_no_file_at_all(opened: Open) -> None:
    site = opened()
    site.twin.books.orders.clear()
    with site.connector() as shop:
        window = Window(None, site.clock.now())
        site.twin.books.customers.clear()
        one = site.customer(email="a@shop.cn")
        found = shop.read(shop.streams()[0], window, None)
        next(found)  # ordered: one customer was counted, who is gone before the operation looks
        site.edit("delete", one)
        rest = list(found)
    assert ids(rest) == []
    assert rest[-1].end.after == 0


def test_whoever_goes_on_orders_no_second_operation(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as shop:
        pages = shop.read(shop.streams()[0], everything(clock), None)
        position = next(pages).position
        pages.close()
    with site.connector() as shop:
        found = read(shop, everything(clock), position)
    assert sorted(map(int, ids(found))) == sorted(site.twin.books.customers)
    assert site.asked("BulkStart") == 1


def test_whoever_goes_on_in_a_file_reads_the_rest_of_it(opened: Open, clock: FixedClock, monkeypatch: Any) -> None:
    monkeypatch.setattr("connectors.shopify.connector._EXPORT_ROWS", 5)
    site = opened()
    with site.connector() as shop:
        pages = read(shop, everything(clock))
        places = [place for place, page in enumerate(pages[:-1]) if page.rows]
        for place in places:
            rest = read(shop, everything(clock), pages[place].position)
            assert rest[-1].end is not None
            assert ids(pages[: place + 1]) + ids(rest) == ids(pages)
    assert len(places) > 3
    assert site.asked("BulkStart") == 1


def test_a_file_that_ends_with_a_part_has_its_end_too(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as shop:
        pages = read(shop, everything(clock))
        size = len(site.twin._shop.operations._jobs["gid://shopify/BulkOperation/1"].file or b"")
    divisor = next(number for number in range(1000, size + 1) if size % number == 0)
    site.write(settings=f"    bulk_from: 1\n    bulk_bytes: {divisor}")
    with site.connector() as shop:
        assert ids(read(shop, everything(clock))) == ids(pages)


def test_an_address_of_a_file_is_signed_and_never_kept(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as shop:
        pages = read(shop, everything(clock))
    assert all("signature" not in str(page.position) for page in pages)


def test_a_file_that_is_kept_no_longer_is_ordered_again(opened: Open, clock: FixedClock) -> None:
    site = opened(bulk_life=3600)
    with site.connector() as shop:
        pages = shop.read(shop.streams()[0], everything(clock), None)
        position = next(pages).position
        clock.advance(timedelta(hours=5))
        found = read(shop, everything(clock), position)
    assert len(ids(found)) == len(site.twin.books.customers)
    assert site.asked("BulkStart") == 2


@pytest.mark.parametrize(
    ("status", "error", "orders"),
    [("FAILED", "INTERNAL_SERVER_ERROR", 2), ("EXPIRED", "", 2), ("CANCELED", "", 2), ("FAILED", "TIMEOUT", 1)],
)
def test_an_operation_that_comes_to_nothing_is_ordered_again_or_pages_are_read(
    opened: Open, clock: FixedClock, status: str, error: str, orders: int
) -> None:
    site = opened()
    with site.connector() as shop:
        pages = shop.read(shop.streams()[0], everything(clock), None)
        next(pages)
        site.twin._shop.operations.end(status, error)
        rest = list(pages)
        if orders == 1:  # what takes too long would take as long again
            assert rest[-1].restart
            rest = read(shop, everything(clock))
    assert sorted(map(int, ids(rest))) == sorted(site.twin.books.customers)
    assert (site.asked("BulkStart"), site.asked("CustomersPage")) == (orders, int(orders == 1))


def test_what_an_operation_found_before_it_failed_is_never_taken(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"failed_job": {"times": None}})
    assert site.read().certificate == "swept"
    assert site.asked("BulkStart") == 6  # three for each stream, then pages
    assert site.calls("/files") == 0


def test_an_operation_that_may_not_look_names_the_missing_right(opened: Open, clock: FixedClock) -> None:
    site = opened(protected=False)
    with site.connector() as shop, pytest.raises(PermissionMissing):
        read(shop, everything(clock))


def test_when_others_run_as_many_as_may_it_waits_its_turn(opened: Open, clock: FixedClock) -> None:
    site = opened(bulk_at_once=1)
    with site.connector() as shop:
        others = shop.read(shop.streams()[1], everything(clock), None)
        next(others)
        before = clock.now()
        found = read(shop, everything(clock))
        others.close()
    assert len(ids(found)) == len(site.twin.books.customers)
    assert clock.now() - before >= timedelta(seconds=20)


def test_an_operation_that_does_not_end_leaves_its_number_for_the_next_run(opened: Open, clock: FixedClock) -> None:
    site = opened(more="    orders: false", bulk_seconds=5000)
    report = site.sync(only=["shop"])
    assert isinstance(report.errors["shop"], Transient)
    clock.advance(timedelta(minutes=30))
    assert site.read().certificate == "swept"
    assert site.asked("BulkStart") == 1


def test_a_row_that_cannot_be_decoded_spoils_no_other(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"undecodable_row": {"path": "/BulkState"}})
    found = site.read()
    assert (found.quarantined, len(site.look(living))) == (0, len(site.twin.books.customers))
    assert found.certificate == "swept"


@pytest.mark.parametrize(
    ("lines", "count", "objects"),
    [
        ([b'{"id":"gid://shopify/Order/1"}'], 2, 2),
        ([b'{"id":"gid://shopify/Order/1"}', b"{"], 2, 2),
        ([b'{"id":"gid://shopify/Order/1"}', b"[]"], 2, 2),
        ([b'{"id":"gid://shopify/Order/1"}', b'{"id":"x","__parentId":"gid://shopify/Order/2"}'], 1, 2),
        ([b'{"id":"gid://shopify/Order/1"}'], 1, 3),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_unreadable(lines: list[bytes], count: int, objects: int) -> None:
    with pytest.raises(Unreadable):
        list(File(lambda: lines, count, objects).rows())


def test_positions_find_their_order_wherever_they_stand() -> None:
    below = [b'{"id":"gid://shopify/LineItem/%d","__parentId":"gid://shopify/Order/%d"}' % (n, n % 2) for n in range(4)]
    orders = [b'{"id":"gid://shopify/Order/0"}', b'{"id":"gid://shopify/Order/1"}']
    for lines in ([*orders, *below], [*below, *orders], [below[0], orders[1], *below[1:], orders[0]]):
        found = {row["id"]: row["lineItems"]["nodes"] for row in File(lambda lines=lines: lines, 2, 6).rows()}
        assert [len(rows) for rows in found.values()] == [2, 2]


def test_a_large_file_is_in_memory_a_part_at_a_time() -> None:
    line = b'{"id":"gid://shopify/Customer/%d","firstName":"' + b"x" * 400 + b'"}\n'
    whole, most = b"".join(line % number for number in range(30_000)), 200_000

    class Files:
        def part(self, url: str, first: int, last: int) -> tuple[bytes, bool]:
            return whole[first : last + 1], False

    bulk = Bulk(Files(), most)  # type: ignore[arg-type]
    tracemalloc.start()
    count = sum(1 for _ in File(lambda: bulk.lines("https://files"), 30_000, 30_000).rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 5 * most < len(whole) / 10
