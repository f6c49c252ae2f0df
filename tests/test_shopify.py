"""The Shopify connector against its twin, over HTTP, through the engine: reading by pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.connector import Window
from hub.errors import PermissionMissing, Rejected, SettingsError
from hub.testing.people import Population
from hub.testing.twin import Stage
from tests.shopify_site import Site, ids, living, read, stand
from tests.site import opener, outcome

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


def order_row(site: Site, ext: int) -> tuple[Any, ...]:
    """What the store holds of an order: number, status, total, refunded, channel, its buyer's stream and id."""
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.channel, b.stream, b.ext FROM orders o"
        " JOIN record r ON r.rid = o.rid LEFT JOIN record b ON b.rid = o.buyer"
        " WHERE r.ext = :ext AND r.connection = 'shop'"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": str(ext)}))
    return tuple(row)


# -- what arrives


@pytest.mark.parametrize("page_size", [100, 7])
def test_a_first_sync_takes_all_customers_and_orders_and_certifies_them(opened: Open, page_size: int) -> None:
    site = opened({"page_size": page_size})
    report = site.sync()
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        found = outcome(report, "shop", name)
        assert (found.certificate, found.quarantined) == ("swept", 0)
        assert site.look(lambda store, name=name: living(store, name)) == set(held)


def test_a_customer_arrives_with_all_fields(opened: Open) -> None:
    site = opened()
    address = {"address1": "Lane 7", "city": "Berlin", "countryCodeV2": "DE", "zip": "10115", "phone": "+4930123456"}
    one = site.customer(
        email="Anna@Shop.CN", firstName="Anna", lastName="Müller", phone="+8613911112222", note="likes tea",
        defaultAddress=address, optedOut={"email": True, "sms": False}, **{"metafields.kehub.tier": "gold"},
    )  # fmt: skip
    site.sync()
    records = site.look(lambda store: store.records.by_exts("shop", "customers", [str(one.id)]))
    wanted = {
        "name": "Anna Müller", "family_name": "Müller", "given_name": "Anna", "phone": "+8613911112222",
        "email": "anna@shop.cn", "city": "Berlin", "country": "DE", "street": "Lane 7", "postcode": "10115",
        "registered_at": "2026-03-01T08:00:00Z", "note": "likes tea", "other_phones": ["+4930123456"],
    }  # fmt: skip
    values = records[str(one.id)].body.values
    assert wanted.items() <= values.items()
    assert [(each["channel"], each["state"]) for each in values["consents"]] == [("email", "opted_out")]


def test_an_order_arrives_with_its_lines_and_buyer_and_a_guest_by_phone(opened: Open) -> None:
    site = opened()
    buyer = site.customer(email="anna@shop.cn")
    lines = [
        {"sku": "MUG-1", "name": "Mug", "quantity": 3, "price": "33.50", "discount": "10.50"},
        {"sku": None, "name": "Gift wrap", "quantity": 1, "price": "5.00"},
    ]
    order = site.order(customer=buyer.id, total="95.00", refunded="12.50", name="#W-77", lines=lines)
    guest = site.order(phone="+8613900001111", sourceName="pos")
    site.sync()
    assert order_row(site, order.id) == ("#W-77", "done", 9500, 1250, "online", "customers", str(buyer.id))
    assert order_row(site, guest.id)[4:6] == ("store", "buyers")  # a placeholder, found by phone
    sql = (
        "SELECT l.sku, l.quantity, l.price, l.discount FROM order_line l JOIN record r ON r.rid = l.rid"
        " WHERE r.ext = :ext ORDER BY l.line"
    )
    found = [tuple(row) for row in site.look(lambda store: store.db.rows(sql, {"ext": str(order.id)}))]
    assert found == [("MUG-1", "3", 3350, 1050), ("Gift wrap", "1", 500, 0)]


def test_a_site_maps_what_its_orders_and_customers_hold_besides(opened: Open) -> None:
    fields = """      - {ours: custom.orders, theirs: numberOfOrders, write: false}
      - {stream: orders, ours: source_ref, theirs: metafields.pos.receipt}
      - {stream: orders, ours: buyer.name, theirs: customer.displayName}
      - {stream: orders, ours: store, theirs: billingAddress.city}"""
    site = opened({"fields": fields})
    buyer = site.customer(email="anna@shop.cn", firstName="Anna")
    order = site.order(customer=buyer.id, billingAddress={"city": "Wuxi"}, **{"metafields.pos.receipt": "A-1"})
    assert site.read("orders").quarantined == 0
    sql = "SELECT source_ref, store FROM orders o JOIN record r ON r.rid = o.rid WHERE r.ext = :ext"
    assert [tuple(row) for row in site.look(lambda store: list(store.db.rows(sql, {"ext": str(order.id)})))] == [
        ("A-1", "Wuxi")
    ]
    found = site.look(lambda store: store.records.by_exts("shop", "customers", [str(buyer.id)]))
    assert found[str(buyer.id)].body.values["custom.orders"] == "1"


@pytest.mark.parametrize("theirs", ["metafields.tier", "first name", "tags{x}"])
def test_a_mapping_that_names_no_field_is_told_before_anything_is_asked(opened: Open, theirs: str) -> None:
    site = opened({"fields": f'      - {{ours: occupation, theirs: "{theirs}", write: false}}'})
    report = site.sync(only=["shop"])
    assert isinstance(report.errors["shop"], SettingsError)
    assert site.asked("CustomersPage") == 0


def test_an_order_with_more_positions_than_a_page_holds_has_them_all(opened: Open) -> None:
    site = opened()
    lines = [{"sku": f"S{place}", "name": f"Thing {place}", "quantity": 1, "price": "1.00"} for place in range(130)]
    order = site.order(lines=lines)
    site.sync()
    sql = "SELECT count(*) FROM order_line l JOIN record r ON r.rid = l.rid WHERE r.ext = :ext"
    ((count,),) = site.look(lambda store: list(store.db.rows(sql, {"ext": str(order.id)})))
    assert count == 130
    assert site.asked("OrderLines") == 2


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"displayFinancialStatus": "PENDING"}, "pending"),
        ({"displayFinancialStatus": None, "closed": False}, "pending"),
        ({"displayFinancialStatus": "PAID", "closed": False}, "paid"),
        ({"displayFinancialStatus": "PAID", "closed": False, "displayFulfillmentStatus": "FULFILLED"}, "shipped"),
        ({"displayFinancialStatus": "PARTIALLY_REFUNDED", "closed": True}, "done"),
        ({"displayFinancialStatus": "REFUNDED"}, "returned"),
        ({"displayFinancialStatus": "VOIDED"}, "cancelled"),
        ({"displayFinancialStatus": "PAID", "cancelledAt": "2026-03-01T00:00:00Z"}, "cancelled"),
        ({"displayFinancialStatus": "PAID", "test": True}, "cancelled"),
    ],
)
def test_statuses_are_told_in_our_words_and_a_test_order_counts_for_nothing(
    opened: Open, theirs: dict[str, Any], ours: str
) -> None:
    site = opened(population=Population(5, 3))
    order = site.order(**theirs)
    site.sync()
    assert order_row(site, order.id)[1] == ours


# -- windows


def test_the_next_run_reads_only_what_changed_and_is_bracketed(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.read()
    clock.advance(timedelta(hours=1))
    record = next(iter(site.twin.books.customers.values()))
    site.change(record, lastName="Changed")
    clock.advance(timedelta(minutes=10))
    site.twin.counts.reset()
    found = site.read()
    assert (found.changed, found.certificate, found.full) == (1, "bracketed", False)
    assert site.asked("CustomersPage") == 1


def test_a_time_in_a_search_is_quoted_as_its_time_of_day_would_be_passed_over(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.twin.books.customers.clear()
    early, late = site.customer(email="a@shop.cn"), site.customer(email="b@shop.cn")
    late.updated += 3600
    with site.connector() as shop:
        window = Window(clock.now() + timedelta(minutes=30), clock.now() + timedelta(hours=2))
        assert ids(read(shop, window)) == [str(late.id)]
    assert early.updated < late.updated


def test_a_search_that_finds_whole_days_brings_more_rows_and_loses_none(opened: Open, clock: FixedClock) -> None:
    site = opened(daily_search=True)
    site.read()
    clock.advance(timedelta(hours=1))
    record = next(iter(site.twin.books.customers.values()))
    site.change(record, lastName="Changed")
    clock.advance(timedelta(minutes=10))
    found = site.read()
    assert (found.changed, bool(found.certificate)) == (1, True)


def test_a_change_that_the_index_does_not_know_yet_is_found_in_the_overlap(opened: Open, clock: FixedClock) -> None:
    site = opened(lag=120)
    site.read()
    clock.advance(timedelta(hours=1))
    record = next(iter(site.twin.books.customers.values()))
    site.change(record, lastName="Late")
    clock.advance(timedelta(seconds=60))
    assert site.read().changed == 0
    clock.advance(timedelta(minutes=5))
    assert site.read().changed == 1


def test_a_walk_begins_anew_before_pages_end_and_meets_every_row(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 3, "settings": "    deep_rows: 9"}, deep_rows=10)
    report = site.sync(only=["shop"])
    assert report.errors == {}
    assert outcome(report, "shop").certificate == "swept"
    assert site.look(living) == set(site.twin.books.customers)
    clock.advance(timedelta(hours=1))
    for record in site.twin.books.customers.values():
        clock.advance(timedelta(seconds=20))
        site.change(record, lastName="Changed")
    clock.advance(timedelta(hours=1))
    found = site.read()
    assert found.changed == len(site.twin.books.customers)
    assert found.certificate == "bracketed"


def test_more_rows_of_one_second_than_pages_can_show_are_no_complete_window(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 3, "settings": "    bulk_from: 0\n    deep_rows: 6"})
    site.read()
    clock.advance(timedelta(hours=1))
    for record in site.twin.books.customers.values():
        site.change(record, lastName="Imported")
    clock.advance(timedelta(hours=1))
    report = site.sync(only=["shop"])
    assert "bulk_from" in report.errors["shop"].remedy
    site.write(settings="    bulk_from: 1\n    deep_rows: 6")
    found = site.read()
    assert (found.changed, found.certificate) == (len(site.twin.books.customers) - 6, "bracketed")
    assert site.asked("BulkStart") == 1


def test_a_count_that_is_not_exact_proves_nothing_and_stops_nobody(opened: Open) -> None:
    site = opened(counts="none")
    assert site.read().certificate == "chain"
    with site.connector() as shop:
        assert read(shop, everything(site.clock))[-1].end.before is None


def test_customers_that_were_deleted_or_merged_are_gone_after_two_complete_reads(
    opened: Open, clock: FixedClock
) -> None:
    site = opened()
    first, second, third, *_ = site.twin.books.customers.values()
    site.read()
    site.edit("delete", first)
    site.edit("merge", second, gone=third.id)
    for _ in range(2):
        clock.advance(timedelta(days=8))
        assert site.read().full
    assert site.look(living) == set(site.twin.books.customers)
    assert not {first.id, third.id} & set(site.twin.books.customers)


def test_a_read_goes_on_from_every_page_in_another_process(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    with site.connector() as shop:
        pages = read(shop, everything(clock))
        for place, page in enumerate(pages[:-1]):
            rest = read(shop, everything(clock), page.position)
            assert rest[-1].end is not None
            assert ids(pages[: place + 1]) + ids(rest) == ids(pages)
        lost = read(shop, everything(clock), {"phase": "list", "of": "another version"})
        assert [page.restart for page in lost] == [True]


def test_a_cursor_that_is_not_known_any_more_makes_the_read_start_again(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    with site.connector() as shop:
        position = dict(read(shop, everything(clock))[0].position or {})
        (page,) = read(shop, everything(clock), {**position, "cursor": "bm90IGEgY3Vyc29y"})
        assert page.restart


# -- cost


def test_a_page_is_as_large_as_one_query_may_cost(opened: Open) -> None:
    site = opened({"page_size": 250, "settings": "    query_cost: 100"}, query_cost=100)
    assert site.read().certificate == "swept"
    assert site.twin.counts.violations == {}
    assert site.asked("CustomersPage") > 1


def test_a_page_that_turns_out_too_dear_is_halved_and_never_sent_again_as_it_is(opened: Open) -> None:
    site = opened(cost_factor=3)
    assert site.read().certificate == "swept"
    assert site.asked("OrdersPage") > 3
    site = opened({"store": "other.db"}, query_cost=1)
    with site.connector() as shop, pytest.raises(Rejected) as refused:
        shop.fetch(["7000000001"])
    assert refused.value.code == "MAX_COST_EXCEEDED"
    assert site.asked("CustomersById") == 1


def test_queries_are_paced_by_what_the_answers_tell_so_that_none_is_throttled(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4}, bucket=120, restore=10, query_cost=120)
    site.write(settings="    query_cost: 120")
    before = clock.now()
    assert site.read().certificate == "swept"
    assert site.twin.counts.violations["throttled"] <= 1  # of a kind that was never asked before
    assert clock.now() - before > timedelta(seconds=20)


def test_a_throttled_query_waits_as_long_as_the_bucket_needs(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as shop:
        shop.fetch(["7000000001"])
        site.twin.bucket.spend(1_999)
        shop._api.pace.at = None  # another process spent them
        before = clock.now()
        assert shop.fetch(["7000000001"])
        assert timedelta(seconds=1) <= clock.now() - before < timedelta(seconds=2)
    assert site.twin.counts.violations["throttled"] == 1


# -- what may not pass for an empty answer


def test_personal_fields_that_are_refused_stop_the_read(opened: Open) -> None:
    site = opened(protected=False)
    report = site.sync(only=["shop"])
    assert isinstance(report.errors["shop"], PermissionMissing)
    assert site.look(living) == set()


def test_a_scope_that_is_missing_stops_its_stream(opened: Open) -> None:
    site = opened(scopes=("read_customers",))
    report = site.sync(only=["shop"])
    assert isinstance(report.errors["shop"], PermissionMissing)
    assert report.errors["shop"].code == "ACCESS_DENIED"
    assert site.look(living) == set(site.twin.books.customers)
    assert site.look(lambda store: living(store, "orders")) == set()


def test_a_field_that_the_schema_does_not_know_is_refused_once(opened: Open) -> None:
    site = opened({"fields": "      - {ours: occupation, theirs: profession, write: false}"})
    report = site.sync(only=["shop"])
    assert report.errors["shop"].code == "undefinedField"
    assert site.asked("CustomersPage") == 1


def test_rows_are_asked_for_by_id_and_absent_ones_are_left_out(opened: Open) -> None:
    site = opened()
    some = sorted(site.twin.books.orders)[:3]
    with site.connector() as shop:
        customers, orders = shop.streams()
        found = shop.named(orders, [str(some[0]), "999", str(some[2]), "no id"])
        assert list(found) == [str(some[0]), str(some[2])]
        assert shop.named(customers, [str(min(site.twin.books.customers))]).keys() == {
            str(min(site.twin.books.customers))
        }
