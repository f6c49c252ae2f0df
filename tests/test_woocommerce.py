"""The WooCommerce connector against its twin, over HTTP, through the engine: reading."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.woocommerce.twin.replies import Values
from connectors.woocommerce.wire import rows
from hub.clock import FixedClock
from hub.connector import Answer, Window
from hub.errors import HubError, QuotaExceeded, Transient
from hub.testing.twin import Call, Stage
from tests.site import opener
from tests.woocommerce_site import Site, ids, living, outcome, read, stand

Open = Callable[..., Site]
MIDDAY = "2026-02-20T04:00:00"


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


def busy_hour(site: Site, clock: FixedClock, count: int = 12) -> Window:
    """An hour in which so many orders change, a minute apart, read some time later."""
    start = clock.now()
    for id_ in sorted(site.twin.books.orders)[:count]:
        clock.advance(timedelta(minutes=1))
        site.change(site.twin.books.orders[id_], "orders", customer_note="ring twice")
    clock.advance(timedelta(hours=1))
    return Window(start, start + timedelta(minutes=30))


def order_row(site: Site, ext: int) -> tuple[Any, ...]:
    """What the store holds of an order: number, status, total, refunded, channel, source, its buyer's stream and id."""
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.channel, o.source_ref, b.stream, b.ext FROM orders o"
        " JOIN record r ON r.rid = o.rid LEFT JOIN record b ON b.rid = o.buyer"
        " WHERE r.ext = :ext AND r.connection = 'shop'"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": str(ext)}))
    return tuple(row)


@pytest.mark.parametrize("page_size", [100, 7, 2])
def test_a_first_sync_takes_all_customers_and_orders_and_certifies_them(opened: Open, page_size: int) -> None:
    site = opened({"page_size": page_size})
    report = site.sync()
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        found = outcome(report, name)
        assert (found.certificate, found.quarantined) == ("swept", 0)
        assert site.look(lambda store, name=name: living(store, name)) == set(held)


def test_a_customer_arrives_with_all_fields(opened: Open) -> None:
    site = opened()
    billing = {"phone": "139 1111 2222", "address_1": "Lane 7", "city": "Berlin", "country": "DE", "email": "b@shop.cn"}
    optout = [{"key": "newsletter_optout", "value": "yes"}, {"key": "points.plugin", "value": {"total": 7}}]
    one = site.account("Anna@Shop.CN", first_name="Anna", last_name="Müller", billing=billing, meta_data=optout)
    two = site.account("wei@shop.cn", first_name="伟", last_name="张")
    site.sync()
    records = site.look(lambda store: store.records.by_exts("shop", "customers", [str(one.id), str(two.id)]))
    wanted = {
        "name": "Anna Müller", "family_name": "Müller", "given_name": "Anna", "phone": "+8613911112222",
        "email": "anna@shop.cn", "other_emails": ["b@shop.cn"], "city": "Berlin", "country": "DE", "street": "Lane 7",
        "registered_at": "2026-03-01T08:00:00Z",
    }  # fmt: skip
    values = records[str(one.id)].body.values
    assert wanted.items() <= values.items()
    assert values["consents"][0]["state"] == "opted_out"
    assert records[str(two.id)].body.values["name"] == "张伟"


def test_an_order_arrives_with_its_lines_times_and_buyer(opened: Open) -> None:
    site = opened()
    buyer = site.account("anna@shop.cn")
    item = {
        "id": 1, "name": "Mug", "sku": "MUG-1", "quantity": 3, "subtotal": "100.00", "total": "90.00", "price": 30.0,
        "product_id": 7,
    }  # fmt: skip
    nameless = {**item, "sku": "", "quantity": 1, "subtotal": "5.00", "total": "5.00"}
    order = site.order(customer_id=buyer.id, total="95.00", number="W-77", line_items=[item, nameless])
    site.edit("refund", order, values={"amount": "12.50"})
    site.sync()
    assert order_row(site, order.id) == ("W-77", "done", 9500, 1250, "online", None, "customers", str(buyer.id))
    sql = (
        "SELECT l.sku, l.quantity, l.price, l.discount FROM order_line l JOIN record r ON r.rid = l.rid"
        " WHERE r.ext = :ext ORDER BY l.line"
    )
    lines = [tuple(row) for row in site.look(lambda store: store.db.rows(sql, {"ext": str(order.id)}))]
    assert lines == [("MUG-1", "3", 3333, 1000), ("product 7", "1", 500, 0)]
    (placed,) = site.look(
        lambda store: store.db.rows("SELECT placed_at FROM orders WHERE number = :number", {"number": "W-77"})
    )
    assert placed[0] == int(site.clock.now().timestamp())  # UTC, whatever the site's zone


def test_amounts_in_yen_have_no_decimals(opened: Open) -> None:
    site = opened()
    item = {"sku": "A", "quantity": 3, "subtotal": "1000", "total": "1000"}
    order = site.order(total="1000", currency="JPY", line_items=[item])
    assert site.read().quarantined == 0
    assert order_row(site, order.id)[2] == 1000


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("pending", "pending"), ("on-hold", "pending"), ("processing", "paid"), ("completed", "done"),
        ("cancelled", "cancelled"), ("failed", "cancelled"), ("refunded", "returned"), ("in-transit", "shipped"),
    ],
)  # fmt: skip
def test_statuses_are_told_in_our_words(opened: Open, theirs: str, ours: str) -> None:
    site = opened({"settings": "    statuses: {in-transit: shipped}"}, custom_statuses=("in-transit",))
    order = site.order(status=theirs)
    site.sync()
    assert order_row(site, order.id)[1] == ours


def test_an_unknown_status_is_set_aside_and_not_guessed(opened: Open) -> None:
    site = opened(custom_statuses=("in-transit",))
    order = site.order(status="in-transit")
    found = site.read()
    assert (found.quarantined, found.certificate) == (1, "swept")
    (held,) = site.look(lambda store: store.quarantine.list("shop"))
    assert (held.ext, held.field) == (str(order.id), "status")


@pytest.mark.parametrize("hides", [True, False])
def test_drafts_of_a_checkout_are_no_orders(opened: Open, hides: bool) -> None:
    site = opened(hides_drafts=hides)
    draft = site.order(status="checkout-draft")
    assert site.read().certificate == "swept"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.orders) - {draft.id}


def test_guests_become_people_by_phone_else_by_email(opened: Open, clock: FixedClock) -> None:
    site = opened()
    phone, both = {"phone": "139 1111 2222"}, {"phone": "13911112222", "email": "g@shop.cn", "last_name": "Guo"}
    first, again = site.order(billing=phone), site.order(billing=both)
    mail, none = site.order(billing={"email": "G2@shop.cn"}), site.order()
    site.sync()
    buyers = [order_row(site, order.id)[6:] for order in (first, again, mail, none)]
    assert buyers[0] == buyers[1] != buyers[2]
    assert {stream for stream, _ in buyers[:3]} == {"buyers"}
    assert buyers[3] == (None, None)  # kept, counted for nobody
    sql = "SELECT COUNT(DISTINCT customer) FROM record WHERE stream = 'buyers' AND ext IN (:a, :b)"
    (row,) = site.look(lambda store: store.db.rows(sql, {"a": buyers[0][1], "b": buyers[2][1]}))
    assert row[0] == 2


def test_an_order_that_the_till_holds_too_counts_once(opened: Open, clock: FixedClock) -> None:
    site = opened({"fields": "      - {stream: orders, ours: source_ref, theirs: meta_data._till_number}"})
    site.twin.books.orders.clear()
    buyer = site.account("anna@shop.cn", billing={"phone": "13911112222"})
    site.till.now = int(clock.now().timestamp()) - 3600
    site.till.put("customers", {"id": "7", "name": "Anna", "phone": "13911112222"})
    sale = {"placed": f"{MIDDAY}Z", "status": "done", "currency": "CNY"}
    site.till.put("orders", {"id": "A-1", "customer": "7", "total": "500.00", **sale})
    order = site.order(customer_id=buyer.id, total="500.00", meta_data=[{"key": "_till_number", "value": "A-1"}])
    site.order(customer_id=buyer.id, total="30.00")
    site.sync()
    assert order_row(site, order.id)[5] == "A-1"
    sql = "SELECT f.spend_365d FROM facts f JOIN record r ON r.customer = f.customer WHERE r.ext = '7'"
    (row,) = site.look(lambda store: store.db.rows(sql, {}))
    assert row[0] == 53000


def test_where_another_system_counts_the_shop_s_orders_none_is_counted(opened: Open) -> None:
    site = opened({"settings": "    counts: false"})
    with site.connector() as shop:
        assert [stream.counts for stream in shop.streams()] == [True, False]
    site.write(settings="    orders: false")
    with site.connector() as shop:
        assert [stream.name for stream in shop.streams()] == ["customers"]


def test_nothing_new_costs_a_call_a_hundred_customers_and_two_for_the_orders(opened: Open) -> None:
    site = opened()
    site.sync()
    site.twin.counts.reset()
    report = site.sync()
    assert site.calls("GET") == 3  # all customers on one page, no order, no trash
    assert outcome(report, "orders").certificate == "bracketed"
    assert outcome(report, "customers").certificate == "swept"
    assert outcome(report, "customers").changed == outcome(report, "customers").new == 0


def test_bounds_are_exclusive_so_the_window_s_first_second_is_asked_for(opened: Open, clock: FixedClock) -> None:
    site = opened()
    order = site.order()
    start = clock.now()
    with site.connector() as shop:
        assert ids(read(shop, Window(start, start + timedelta(seconds=1)))) == [order.id]
        assert ids(read(shop, Window(start - timedelta(seconds=1), start))) == []


@pytest.mark.parametrize("name", ["orders", "customers"])
@pytest.mark.parametrize("whole", [True, False])
def test_every_position_lets_another_process_go_on(opened: Open, clock: FixedClock, name: str, whole: bool) -> None:
    site = opened({"page_size": 4, "settings": "    sweep_hours: 1"})
    for record in list(site.twin.books.orders.values())[-6:]:
        site.edit("delete", record)
    account = site.account("new@shop.cn")
    site.order(customer_id=account.id)
    window = everything(clock) if whole else busy_hour(site, clock)
    with site.connector() as shop:
        pages = read(shop, window, name=name)
    assert pages[-1].end is not None
    assert len(pages) > 3
    for number, page in enumerate(pages[:-1]):
        position = json.loads(json.dumps(page.position))
        with site.connector() as shop:
            rest = read(shop, window, position, name)
        assert ids(rest) == ids(pages[number + 1 :])
        assert [page.gone for page in rest] == [page.gone for page in pages[number + 1 :]]
        assert rest[-1].end == pages[-1].end


def test_a_position_of_another_version_starts_again(opened: Open, clock: FixedClock) -> None:
    site = opened()
    for position in ({"offset": 12}, {"phase": "orders", "leg": {"page": 3}}):
        with site.connector() as shop:
            for name in ("orders", "customers"):
                (page,) = read(shop, everything(clock), position, name)
                assert page.restart


def test_a_position_of_other_settings_starts_again(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    orders: false\n    sweep_hours: 24"})
    left = {"phase": "buyers", "leg": {"offset": 4}}
    with site.connector() as shop:
        (page,) = read(shop, Window(clock.now(), clock.now()), left, "customers")
    assert page.restart


def without_customers(lines: list[str]) -> list[str]:
    """What was read, as text, without whom it belongs to: a lane that failed may found a customer on another record."""
    kept = [line for line in lines if not line.startswith(("customer ", "link "))]
    return sorted(re.sub(r"C[A-Z2-7]{16}", "C", line) for line in kept)


@pytest.mark.parametrize("skip", range(1, 14, 4))
def test_killed_at_any_call_the_next_run_ends_as_if_undisturbed(opened: Open, skip: int) -> None:
    site = opened({"page_size": 5})
    calm = opened({"page_size": 5, "store": "calm.db"})
    site.twin = calm.twin
    calm.sync()
    site.twin.faults.set({"500": {"on": "read", "skip": skip, "times": None}})
    assert "shop" in site.sync().errors
    site.twin.faults.clear()
    assert site.sync().errors == {}
    assert without_customers(site.text()) == without_customers(calm.text())


# -- a listing that moves while it is read


@pytest.mark.parametrize("kind", ["modify", "delete", "create"])
@pytest.mark.parametrize("path", ["/orders", "/customers"])
def test_rows_that_move_during_a_complete_read_hide_none(opened: Open, kind: str, path: str) -> None:
    site = opened({"page_size": 4})
    site.twin.faults.set({"drift": {"kind": kind, "path": path, "times": 3}})
    report = site.sync()
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        there = {id_ for id_, record in held.items() if record.status != "trash"}
        assert there <= site.look(lambda store, name=name: living(store, name))
        assert outcome(report, name).certificate


def test_an_order_that_changes_while_a_window_is_read_makes_it_be_read_again(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    window = busy_hour(site, clock)
    site.twin.faults.set({"drift": {"path": "/orders"}})
    with site.connector() as shop:
        *_, last = read(shop, window)
        assert last.restart
        again = read(shop, window)
    assert again[-1].end is not None
    assert len(ids(again)) == 11  # the one that changed is the next window's


def test_a_row_modified_mid_read_while_the_count_still_matches_hides_none(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case of certificates.md: one row leaves the list, another one joins it, and the totals agree all along."""
    site = opened({"page_size": 4})
    window = busy_hour(site, clock)
    wanted = sorted(site.twin.books.orders)[:12]
    late = wanted[-1] + 1  # joins the window with an old time of change, as a slow commit does
    moved: list[int] = []

    def spoil(call: Call, rows: list[Values]) -> list[Values]:
        if call.path.endswith("/orders") and not moved:
            moved.append(rows[0]["id"])
            site.twin.books.touch(site.twin.books.orders[rows[0]["id"]])
            site.twin.books.touch(site.twin.books.orders[late], int(window.until.timestamp()) - 5)
        return rows

    monkeypatch.setattr(site.twin._listing, "_spoil", spoil)
    with site.connector() as shop:
        pages = read(shop, window)
        assert wanted[4] in ids(pages)  # the row that moved up was not passed over
        assert pages[-1].restart  # and thirteen rows are not the twelve of the total
        again = read(shop, window)
    assert ids(again) == [*wanted[1:], late]
    assert again[-1].end is not None
    assert (again[-1].end.before, again[-1].end.after) == (12, 12)


def test_the_engine_reads_again_until_the_window_stands_still(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    site.sync()
    clock.advance(timedelta(hours=1))
    busy_hour(site, clock)
    site.twin.faults.set({"drift": {"path": "/orders", "times": 2}})
    assert site.read().certificate == "bracketed"
    site.twin.faults.clear()
    clock.advance(timedelta(hours=1))
    assert site.read().certificate == "bracketed"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.orders)


def test_a_window_that_never_stands_still_is_not_certified(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    site.sync()
    mark = site.look(lambda store: store.marks.get("shop", "orders").watermark)
    clock.advance(timedelta(hours=1))
    busy_hour(site, clock)
    site.twin.faults.set({"drift": {"path": "/orders", "times": None}})
    found = outcome(site.sync(), "orders")
    assert (found.certificate, bool(found.trouble)) == ("", True)
    assert site.look(lambda store: store.marks.get("shop", "orders").watermark) == mark


# -- reads that end early or wrongly


@pytest.mark.parametrize("fault", ["html_in_200", "truncated", "error_in_200"])
def test_an_answer_that_is_none_is_a_partial_read_and_the_next_run_repairs_it(
    opened: Open, clock: FixedClock, fault: str
) -> None:
    site = opened({"page_size": 4})
    site.twin.faults.set({fault: {"on": "read", "path": "/orders", "skip": 2, "times": None}})
    report = site.sync()
    site.twin.faults.clear()
    assert isinstance(report.errors["shop"], Transient | QuotaExceeded)
    assert outcome(report, "orders").certificate == ""
    assert site.look(lambda store: store.marks.get("shop", "orders").watermark) is None
    clock.advance(timedelta(hours=1))
    assert site.read().certificate == "swept"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.orders)


@pytest.mark.parametrize("fault", ["truncated", "html_in_200", "error_in_200", "500", "429", "duplicate_row"])
def test_what_passes_by_itself_costs_nothing(opened: Open, fault: str) -> None:
    site = opened({"page_size": 7})
    site.twin.faults.set({fault: {"on": "read", "times": 3, "skip": 2}})
    assert site.sync().errors == {}
    assert site.look(living) == set(site.twin.books.customers)


def test_a_list_that_ends_silently_before_its_total_is_never_certified(opened: Open) -> None:
    site = opened({"page_size": 5}, capped_list=12)
    report = site.sync()
    for name in ("customers", "orders"):
        found = outcome(report, name)
        assert (found.certificate, bool(found.trouble)) == ("", True)


def test_pages_that_are_silently_shorter_than_asked_for_lose_nothing(opened: Open) -> None:
    site = opened({"page_size": 10}, capped_page=3)
    report = site.sync()
    assert outcome(report, "orders").certificate == outcome(report, "customers").certificate == "swept"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.orders)


def hide(site: Site, monkeypatch: pytest.MonkeyPatch, *hidden: int) -> None:
    """Let the shop leave out rows that it counts, as it does for a user who may not see them."""
    monkeypatch.setattr(
        site.twin._listing, "_spoil", lambda call, rows: [row for row in rows if row["id"] not in hidden]
    )


def test_rows_that_are_counted_and_not_shown_need_a_setting(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened({"page_size": 5})
    first, *_, last = sorted(site.twin.books.orders)
    hide(site, monkeypatch, first, first + 7, last)
    assert outcome(site.sync(), "orders").trouble
    site.write(settings="    hidden_rows: {orders: 3}")
    found = site.read()
    assert (found.certificate, found.shortfall) == ("swept", 3)
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.orders) - {first, first + 7, last}


def test_a_shop_that_passes_over_the_filter_is_read_whole_and_only_the_window_is_kept(
    opened: Open, clock: FixedClock
) -> None:
    site = opened({"page_size": 6}, ignores_modified=True)
    window = busy_hour(site, clock, 5)
    site.twin.faults.set({"drift": {"path": "/orders", "kind": "create"}})  # a busy shop still comes to an end
    with site.connector() as shop:
        pages = read(shop, window)
    wanted = sorted(site.twin.books.orders)[:5]
    assert pages[-1].end is not None
    assert set(wanted) <= set(ids(pages))
    assert len(ids(pages)) == 6  # and the one that came meanwhile


def test_a_listing_without_totals_proves_nothing(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened()
    monkeypatch.setattr(site.twin, "seal", lambda call, answer: type(answer)(answer.status, answer.body))
    with site.connector() as shop, pytest.raises(Transient, match="total"):
        read(shop, everything(clock))


def test_a_list_out_of_order_is_not_believed(opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened()
    monkeypatch.setattr(site.twin._listing, "_spoil", lambda call, rows: rows[::-1])
    with site.connector() as shop, pytest.raises(Transient, match="order of ids"):
        read(shop, everything(clock))


def test_rows_without_an_id_are_not_believed() -> None:
    from connectors.woocommerce.wire.listing import rows_of

    with pytest.raises(Transient, match="without an id"):
        rows_of(Answer(200, {}, b'[{"id": null}]'))
    assert rows_of(Answer(200, {}, b'[{"id": "12"}]')) == [{"id": 12}]


def test_half_a_character_that_was_lost_on_the_way_costs_nothing(opened: Open) -> None:
    site = opened({"page_size": 10})
    site.twin.faults.set({"undecodable_row": {"path": "/customers"}})
    found = site.read("customers")
    assert found.flaws == {}
    assert found.quarantined == 0
    assert site.look(living) == set(site.twin.books.customers)


def test_half_a_character_in_a_name_costs_that_name_only(opened: Open) -> None:
    site = opened({"page_size": 10})
    next(iter(site.twin.books.customers.values())).values["first_name"] = "张\ud800"
    found = site.read("customers")
    assert found.flaws["given_name"] == 1
    assert site.look(living) == set(site.twin.books.customers)


def test_an_amount_that_cannot_be_read_sets_the_order_aside(opened: Open) -> None:
    site = opened()
    site.order(line_items=[{"sku": "A", "quantity": 1, "subtotal": "12 CNY", "total": "12"}])
    assert site.read().quarantined == 1


@pytest.mark.parametrize("amount", ["12 CNY", "1e400", "NaN", {"amount": 12}])
def test_a_refund_that_cannot_be_read_sets_the_order_aside(opened: Open, amount: Any) -> None:
    site = opened()
    site.order(refunds=[{"id": 1, "total": amount}])
    assert site.read().quarantined == 1


@pytest.mark.parametrize("customer", [0, "0", "", None, -1])
def test_a_guest_is_a_guest_however_a_plugin_spells_it(customer: Any) -> None:
    assert rows.order({"id": 1, "customer_id": customer}, {})["customer"] == ""
    assert rows.order({"id": 1, "customer_id": "17"}, {})["customer"] == "17"


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("1e999")
VALUE = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.text(max_size=3), LEAF, max_size=2)
NAMES = ["first_name", "billing", "meta_data", "date_modified_gmt", "refunds", "line_items", "status", "currency"]
ITEM = st.dictionaries(st.sampled_from(["total", "subtotal", "quantity", "sku", "key", "value"]), VALUE, max_size=4)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUE | st.lists(ITEM, max_size=2), max_size=6))
def test_no_row_of_a_plugin_s_making_stops_a_read(row: dict[str, Any]) -> None:
    assert rows.customer({"id": 1, **row})["id"] == rows.order({"id": 1, **row}, {})["id"] == 1


@pytest.mark.parametrize("name", ["sku", "name", "quantity", "subtotal", "total"])
@pytest.mark.parametrize("alike", [[1, 1.0, True, "1"], [0, 0.0, False, "", None], [2.5, "2.5", [2.5], {"2.5": 1}]])
def test_a_position_is_what_it_says_whatever_was_bought_before(name: str, alike: list[Any]) -> None:
    def said(value: Any) -> Any:
        item = {
            "sku": "A",
            "name": "a",
            "quantity": 2,
            "subtotal": "10.00",
            "total": "9.00",
            "product_id": 7,
            name: value,
        }
        return rows.order({"id": 1, "line_items": [item]}, {})["lines"]

    together = [said(value) for value in alike]
    for value, told in zip(alike, together, strict=True):
        rows._position.cache_clear()
        assert said(value) == told


# -- what goes


def test_an_order_in_the_trash_is_gone_and_one_taken_out_is_back(opened: Open, clock: FixedClock) -> None:
    site = opened(trash_moves_modified=False)
    site.sync()
    clock.advance(timedelta(hours=1))
    order = next(iter(site.twin.books.orders.values()))
    site.edit("delete", order)
    clock.advance(timedelta(hours=1))
    assert site.read().gone == 1
    assert order.id not in site.look(lambda store: living(store, "orders"))
    site.edit("restore", order, values={"status": "completed"})
    clock.advance(timedelta(hours=1))
    site.sync()
    assert order.id in site.look(lambda store: living(store, "orders"))


@pytest.mark.parametrize("name", ["orders", "customers"])
def test_what_was_deleted_for_good_is_gone_after_two_complete_reads(opened: Open, clock: FixedClock, name: str) -> None:
    site = opened()
    site.sync()
    record = next(iter(getattr(site.twin.books, name).values()))
    site.edit("delete", record, name, permanent=True)
    gone = []
    for _ in range(2):
        clock.advance(timedelta(days=2))
        site.sync(full=True)
        gone.append(record.id not in site.look(lambda store: living(store, name)))
    assert gone == [False, True]


def test_orders_of_a_deleted_account_stay_with_their_buyer(opened: Open, clock: FixedClock) -> None:
    site = opened()
    buyer = site.account("anna@shop.cn")
    order = site.order(customer_id=buyer.id, billing={"email": "anna@shop.cn"})
    site.sync()
    site.edit("delete", buyer, "customers")
    clock.advance(timedelta(hours=1))
    site.change(order, "orders")
    clock.advance(timedelta(hours=1))
    site.sync()
    assert order_row(site, order.id)[6] == "buyers"


# -- customers, of whom the shop cannot say who changed


def test_with_hints_a_run_reads_new_accounts_and_the_buyers_of_new_orders(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 3, "settings": "    sweep_hours: 24"})
    first, buyer, quiet = (site.account(f"{name}@shop.cn") for name in ("first", "buyer", "quiet"))
    clock.advance(timedelta(hours=1))
    assert site.read("customers").certificate == "swept"
    clock.advance(timedelta(hours=1))
    new = [site.account(f"new{number}@shop.cn") for number in range(5)]
    for record, city in ((buyer, "Wuxi"), (quiet, "Xi'an")):
        site.change(record, billing={"city": city})
    site.order(customer_id=buyer.id), site.order(customer_id=buyer.id), site.order()
    clock.advance(timedelta(hours=1))
    found = site.read("customers")
    assert (found.new, found.changed, found.full) == (5, 1, False)
    assert {record.id for record in (*new, first)} <= site.look(living)
    clock.advance(timedelta(hours=24))
    found = site.read("customers")
    assert (found.changed, found.full, found.certificate) == (1, True, "swept")
    seen = site.look(lambda store: store.records.by_exts("shop", "customers", [str(quiet.id)])[str(quiet.id)])
    assert seen.body.values["city"] == "Xi'an"


def test_a_run_of_hints_costs_few_calls(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 3, "settings": "    sweep_hours: 24"})
    site.sync()
    clock.advance(timedelta(hours=1))
    site.twin.counts.reset()
    site.sync(only=["shop"])
    assert site.calls("customers") == 1
    assert site.calls("orders") == 3  # buyers, orders, trash


def test_only_accounts_of_the_chosen_role_are_customers(opened: Open) -> None:
    site = opened({"settings": "    role: customer"})
    clerk = site.account("clerk@shop.cn", role="shop_manager")
    site.sync()
    assert clerk.id not in site.look(living)
    site.write(settings="    role: all")
    site.sync(full=True)
    assert clerk.id in site.look(living)


# -- pace


def test_the_host_s_patience_is_not_overstretched(opened: Open) -> None:
    site = opened({"page_size": 2, "settings": "    calls_per_minute: 30"}, calls=30)
    report = site.sync()
    assert report.errors == {}
    assert site.calls() > 40
    assert site.twin.counts.violations["over_budget"] == 0


def test_errors_name_neither_key_nor_signature_nor_anybody(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    site = opened()
    site.twin.faults.set({"html_in_200": {"times": None}})
    with caplog.at_level("DEBUG"):
        fault = site.sync().errors["shop"]
    assert isinstance(fault, HubError)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]  # the twin's own
    for secret in (site.twin.options.consumer_key, site.twin.options.consumer_secret, "oauth_signature"):
        assert secret not in f"{fault}{fault!r}{ours}"
