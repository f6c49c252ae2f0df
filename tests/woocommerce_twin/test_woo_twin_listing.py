"""Sheet sections 3, 4, 9 and 10: listing customers and orders, paging, times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.testing.people import Population

from .conftest import NOW, Desk, code

Open = Callable[..., Desk]


def at(desk: Desk, seconds: int) -> str:
    """A UTC time so many seconds from now, without an offset."""
    return datetime.fromtimestamp(int(NOW.timestamp()) + seconds, UTC).replace(tzinfo=None).isoformat()


def test_sheet_4_ten_rows_a_page_unless_asked_and_never_more_than_a_hundred(shop: Open) -> None:
    desk = shop()
    assert len(desk.ids("customers")) == 10
    assert len(desk.ids("customers", per_page=100)) == len(desk.twin.books.customers)
    assert code(desk.get("customers", per_page=101)) == (400, "rest_invalid_param")
    assert code(desk.get("orders", page=0)) == (400, "rest_invalid_param")
    assert desk.get("orders", page="x").json()["data"]["params"] == {"page": "page is invalid."}


def test_sheet_4_totals_and_links_come_in_headers(shop: Open) -> None:
    desk = shop()
    total = len(desk.twin.books.customers)
    answer = desk.get("customers", per_page=7, page=2, consumer_key="ck_twin", consumer_secret="cs_twin")
    assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == (str(total), str(-(-total // 7)))
    assert "page=3" in answer.links["next"]["url"]
    assert "consumer_secret=cs_twin" in answer.links["prev"]["url"]  # never to be followed or shown as it stands


def test_sheet_4_a_page_past_the_end_is_empty_and_no_error(shop: Open) -> None:
    desk = shop()
    for path in ("customers", "orders"):
        answer = desk.get(path, page=99)
        assert (answer.status_code, answer.json()) == (200, [])
        assert int(answer.headers["X-WP-Total"]) > 0


def test_sheet_4_offset_paging_drifts_while_rows_change(shop: Open) -> None:
    desk = shop()
    wanted = desk.ids("orders", orderby="id", order="asc", per_page=4)
    desk.control("faults", {"drift": {"kind": "delete", "path": "/orders"}})
    first = desk.ids("orders", orderby="id", order="asc", per_page=2)
    second = desk.ids("orders", orderby="id", order="asc", per_page=2, page=2)
    assert first == wanted[:2]
    assert second[0] == wanted[3]  # wanted[2] moved up and was passed over
    assert desk.ids("orders", orderby="id", order="asc", per_page=1, offset=1) == [wanted[2]]


def test_sheet_4_fields_are_chosen_and_the_id_is_always_there(shop: Open) -> None:
    row = shop().get("customers", _fields="email,date_modified_gmt", per_page=1).json()[0]
    assert set(row) == {"id", "email", "date_modified_gmt"}


def test_sheet_3_orders_have_a_filter_by_time_of_change_with_exclusive_bounds(shop: Open) -> None:
    desk = shop()
    order = next(iter(desk.twin.books.orders.values()))
    desk.twin.books.touch(order)
    gmt = {"dates_are_gmt": "true"}
    assert desk.ids("orders", modified_after=at(desk, -1), modified_before=at(desk, 1), **gmt) == [order.id]
    assert desk.ids("orders", modified_after=at(desk, 0), **gmt) == []
    assert desk.ids("orders", modified_after=at(desk, -1), modified_before=at(desk, 0), **gmt) == []


def test_sheet_3_bounds_are_local_unless_told_otherwise(shop: Open) -> None:
    desk = shop(zone="Asia/Shanghai")
    order = next(iter(desk.twin.books.orders.values()))
    desk.twin.books.touch(order)
    local = at(desk, 8 * 3600 - 1)
    assert desk.ids("orders", modified_after=local) == [order.id]
    assert desk.ids("orders", modified_after=local, dates_are_gmt="true") == []


def test_sheet_3_an_old_shop_passes_over_the_filter(shop: Open) -> None:
    desk = shop(ignores_modified=True)
    answer = desk.get("orders", modified_after=at(desk, 9999), dates_are_gmt="true", per_page=1)
    assert int(answer.headers["X-WP-Total"]) == len(desk.twin.books.orders)


def test_sheet_3_customers_have_no_such_filter_and_pass_over_it(shop: Open) -> None:
    desk = shop()
    answer = desk.get("customers", modified_after=at(desk, 9999), per_page=1)
    assert int(answer.headers["X-WP-Total"]) == len(desk.twin.books.customers)
    assert code(desk.get("customers", orderby="modified")) == (400, "rest_invalid_param")
    for order in ("id", "name", "registered_date"):
        assert desk.ids("customers", orderby=order)


def test_sheet_3_orders_by_time_of_change_break_ties_by_id(shop: Open) -> None:
    desk = shop()
    rows = desk.get("orders", orderby="modified", order="asc", per_page=100).json()
    keys = [(row["date_modified_gmt"], row["id"]) for row in rows]
    assert keys == sorted(keys)
    assert code(desk.get("orders", orderby="total")) == (400, "rest_invalid_param")


def test_sheet_3_any_status_leaves_out_the_trash(shop: Open) -> None:
    desk = shop()
    order = sorted(desk.twin.books.orders)[0]
    assert desk.ask("DELETE", f"orders/{order}").json()["status"] == "trash"
    assert order not in desk.ids("orders", status="any", per_page=100)
    assert desk.ids("orders", status="trash") == [order]
    assert set(desk.ids("orders", status="any,trash", per_page=100)) == set(desk.twin.books.orders)
    assert code(desk.get("orders", status="sent")) == (400, "rest_invalid_param")
    assert shop(custom_statuses=("sent",)).ids("orders", status="sent") == []


@pytest.mark.parametrize("hides", [True, False])
def test_sheet_3_drafts_of_a_checkout_may_or_may_not_appear(shop: Open, hides: bool) -> None:
    desk = shop(hides_drafts=hides)
    draft = desk.twin.books.add_order({"status": "checkout-draft"})
    assert (draft.id not in desk.ids("orders", status="any", per_page=100)) is hides


def test_sheet_3_orders_of_one_customer_or_of_guests(shop: Open) -> None:
    desk = shop()
    guests = {id_ for id_, order in desk.twin.books.orders.items() if order.values["customer_id"] == 0}
    assert set(desk.ids("orders", customer=0, per_page=100)) == guests
    assert guests
    some = sorted(guests)[:2]
    assert set(desk.ids("orders", include=",".join(map(str, some)))) == set(some)
    assert not set(some) & set(desk.ids("orders", exclude=",".join(map(str, some)), per_page=100))


def test_sheet_3_customers_by_id_role_e_mail_and_search(shop: Open) -> None:
    desk = shop()
    clerk = desk.twin.books.add_customer({"email": "boss@shop.cn", "role": "shop_manager", "username": "theboss"})
    one, two = desk.some(2)
    assert desk.ids("customers", include=f"{two},{one}", orderby="include") == [two, one]
    assert one not in desk.ids("customers", exclude=one, per_page=100)
    assert desk.ids("customers", email="boss@shop.cn") == []  # only customers, unless all roles are asked for
    assert desk.ids("customers", email="BOSS@shop.cn", role="all") == [clerk.id]
    assert desk.ids("customers", search="theboss", role="all") == [clerk.id]
    assert shop(search_usernames=False).ids("customers", search="theboss", role="all") == []
    assert code(desk.get("customers", include="x")) == (400, "rest_invalid_param")


def test_sheet_9_times_are_local_and_utc_both_without_an_offset(shop: Open) -> None:
    desk = shop(zone="Asia/Shanghai")
    made = desk.twin.books.add_customer({"email": "a@shop.cn"})
    row = desk.get(f"customers/{made.id}").json()
    assert (row["date_created"], row["date_created_gmt"]) == ("2026-03-01T12:00:00", "2026-03-01T04:00:00")
    assert row["date_modified"] is row["date_modified_gmt"] is None  # never edited


def test_sheet_10_an_order_is_as_a_shop_shows_it(shop: Open) -> None:
    desk = shop()
    order = next(o for o in desk.twin.books.orders.values() if o.values["line_items"] and o.status == "completed")
    row = desk.get(f"orders/{order.id}").json()
    assert {"number", "currency", "total", "customer_id", "billing", "line_items", "refunds", "meta_data"} <= set(row)
    assert isinstance(row["total"], str)
    assert isinstance(row["line_items"][0]["price"], float)
    assert code(desk.get("orders/1")) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_the_shop_holds_its_share_of_the_population_the_same_each_time(shop: Open) -> None:
    desk = shop()
    people = Population(60, 3).known("shop")
    truth = {int(id_): person for id_, person in desk.twin.truth().items()}
    assert {truth[id_] for id_ in desk.twin.books.customers} == set(people)
    assert desk.twin.state() == shop().twin.state()
    emails = [record.values["email"].casefold() for record in desk.twin.books.customers.values()]
    assert len(set(emails)) == len(emails)
    assert any(order.values["refunds"] for order in desk.twin.books.orders.values())
    assert desk.get("products").json()[0]["categories"]
    assert "id" not in desk.control("state?ids=no")["customers"][0]


def test_states_are_alike_whatever_the_order_of_the_writes(shop: Open) -> None:
    def written(step: int) -> dict[str, Any]:
        desk = shop()
        for id_ in desk.some(3)[::step]:
            for key in ("tier", "stage")[::step]:
                desk.control("edit", {"op": "change", "id": id_, "values": {"meta_data": [{"key": key, "value": "x"}]}})
        return dict(desk.twin.state())

    assert written(1) == written(-1) != shop().twin.state()
