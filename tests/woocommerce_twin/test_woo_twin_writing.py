"""Sheet sections 5 and 6: creating, updating, batches, deleting, refunds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Desk, code

Open = Callable[..., Desk]


def test_sheet_5_a_create_answers_with_the_whole_customer(shop: Open) -> None:
    desk = shop()
    answer = desk.ask("POST", "customers", {"email": "a@shop.cn", "first_name": "A", "password": "x"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"].endswith(f"/customers/{made['id']}")
    assert (made["username"], made["billing"]["phone"], made["role"]) == ("a", "", "customer")
    assert "password" not in made


def test_sheet_verified_5_what_a_create_is_refused_for(shop: Open) -> None:
    desk = shop()
    desk.twin.books.add_customer({"email": "a@shop.cn", "username": "anna"})
    for body, wanted in (
        ({"email": "A@shop.cn"}, "registration-error-email-exists"),
        ({"email": "b@shop.cn", "username": "anna"}, "registration-error-username-exists"),
        ({"email": "b"}, "customer_invalid_email"),
        ({"id": 7, "email": "b@shop.cn"}, "woocommerce_rest_customer_exists"),
        ({"email": "b@shop.cn", "billing": "Lane 7"}, "rest_invalid_param"),
    ):
        assert code(desk.ask("POST", "customers", body)) == (400, wanted)
    missing = desk.ask("POST", "customers", {"first_name": "B"})
    assert code(missing) == (400, "rest_missing_callback_param")
    assert missing.json()["data"]["params"] == ["email"]  # a list here, an object elsewhere
    strict = shop(generates_passwords=False)
    assert code(strict.ask("POST", "customers", {"email": "b@shop.cn"})) == (400, "registration-error-missing-password")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_sheet_5_an_update_changes_what_it_names_and_the_time_of_change(shop: Open, method: str) -> None:
    desk = shop()
    one = desk.twin.books.add_customer({"email": "a@shop.cn", "last_name": "A", "billing": {"city": "Wuxi"}})
    desk.wait(60)
    row = desk.ask(method, f"customers/{one.id}", {"billing": {"phone": "123"}}).json()
    assert (row["billing"]["city"], row["billing"]["phone"], row["last_name"]) == ("Wuxi", "123", "A")
    assert row["date_modified_gmt"] == "2026-03-01T04:01:00"
    assert desk.control("writes") == [{"op": "update", "module": "customers", "id": str(one.id), "fields": ["billing"]}]


def test_sheet_5_what_an_update_is_refused_for(shop: Open) -> None:
    desk = shop()
    one, _ = (desk.twin.books.add_customer({"email": f"{name}@shop.cn"}) for name in "ab")
    clerk = desk.twin.books.add_customer({"email": "boss@shop.cn", "role": "shop_manager"})
    for id_, body, wanted in (
        (one.id, {"username": "other"}, (400, "woocommerce_rest_customer_invalid_argument")),
        (one.id, {"email": "b@shop.cn"}, (400, "woocommerce_rest_customer_invalid_email")),
        (99999, {}, (404, "woocommerce_rest_invalid_id")),
        (clerk.id, {"email": "c@shop.cn"}, (403, "woocommerce_rest_cannot_edit")),
    ):
        assert code(desk.ask("PUT", f"customers/{id_}", body)) == wanted
    assert desk.ask("PUT", f"customers/{clerk.id}", {"first_name": "C"}).status_code == 200


def test_sheet_5_meta_data_are_changed_key_by_key(shop: Open) -> None:
    desk = shop()
    start = [{"key": "a", "value": 1}, {"key": "b", "value": {"deep": True}}]
    one = desk.twin.books.add_customer({"email": "a@shop.cn", "meta_data": start})

    def put(*entries: dict[str, Any]) -> dict[str, Any]:
        rows = desk.ask("PUT", f"customers/{one.id}", {"meta_data": entries}).json()["meta_data"]
        return {row["key"]: row["value"] for row in rows}

    assert put({"key": "a", "value": 2}, {"key": "c", "value": "new"}) == {"a": 2, "b": {"deep": True}, "c": "new"}
    assert put({"id": one.values["meta_data"][1]["id"], "key": "b", "value": 3})["b"] == 3
    assert put({"key": "c", "value": None}) == {"a": 2, "b": 3}
    kept = shop(null_deletes_meta=False)
    other = kept.twin.books.add_customer({"email": "a@shop.cn", "meta_data": start})
    rows = kept.ask("PUT", f"customers/{other.id}", {"meta_data": [{"key": "a", "value": None}]}).json()["meta_data"]
    assert len(rows) == 2


def test_sheet_verified_6_a_batch_answers_200_with_an_error_for_each_item_that_failed(shop: Open) -> None:
    desk = shop()
    one, two = desk.some(2)
    taken = desk.twin.books.customers[two].values["email"]
    body = {
        "create": [{"email": taken}, {"email": "new@shop.cn"}],
        "update": [{"id": one, "first_name": "One"}, {"id": 99999, "first_name": "Nobody"}],
        "delete": [two],
    }
    answer = desk.ask("POST", "customers/batch", body)
    assert answer.status_code == 200
    told = answer.json()
    assert list(told) == ["create", "update", "delete"]
    assert (told["create"][0]["id"], told["create"][0]["error"]["code"]) == (0, "registration-error-email-exists")
    assert told["create"][1]["email"] == "new@shop.cn"
    assert (told["update"][0]["id"], told["update"][1]["id"]) == (one, 99999)
    assert told["update"][1]["error"]["data"] == {"status": 400}  # 404 only where rights are checked first
    assert told["delete"][0]["id"] == two
    assert two not in desk.twin.books.customers


def test_sheet_5_a_batch_of_more_than_a_hundred_is_refused_as_a_whole(shop: Open) -> None:
    desk = shop()
    many = [{"id": id_, "first_name": "x"} for id_ in range(101)]
    assert code(desk.ask("POST", "customers/batch", {"update": many})) == (
        413,
        "woocommerce_rest_request_entity_too_large",
    )
    assert desk.ask("POST", "customers/batch", {"update": []}).json() == {}
    assert desk.control("counters")["written"] == 0


def test_sheet_verified_7_an_account_is_deleted_by_force_only_and_its_orders_become_a_guest_s(shop: Open) -> None:
    desk = shop()
    one = desk.twin.books.add_customer({"email": "a@shop.cn"})
    order = desk.twin.books.add_order({"customer_id": one.id, "billing": {"email": "a@shop.cn"}})
    assert code(desk.ask("DELETE", f"customers/{one.id}")) == (501, "woocommerce_rest_trash_not_supported")
    assert desk.ask("DELETE", f"customers/{one.id}", force="true").status_code == 200
    assert code(desk.get(f"customers/{one.id}")) == (404, "woocommerce_rest_invalid_id")
    left = desk.get(f"orders/{order.id}").json()
    assert (left["customer_id"], left["billing"]["email"]) == (0, "a@shop.cn")
    clerk = desk.twin.books.add_customer({"email": "boss@shop.cn", "role": "administrator"})
    assert code(desk.ask("DELETE", f"customers/{clerk.id}", force="true")) == (403, "woocommerce_rest_cannot_delete")


def test_sheet_6_orders_go_to_the_trash_and_then_beyond(shop: Open) -> None:
    desk = shop()
    order = sorted(desk.twin.books.orders)[0]
    assert desk.ask("DELETE", f"orders/{order}").json()["status"] == "trash"
    assert desk.get(f"orders/{order}").json()["status"] == "trash"
    assert code(desk.ask("DELETE", f"orders/{order}")) == (410, "woocommerce_rest_already_trashed")
    assert desk.ask("DELETE", f"orders/{order}", force="true").status_code == 200
    assert code(desk.get(f"orders/{order}")) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_sheet_10_refunds_stand_below_their_order_as_negative_amounts(shop: Open) -> None:
    desk = shop()
    order = desk.twin.books.add_order({"total": "30.00", "status": "completed"})
    desk.wait(60)
    assert desk.ask("POST", f"orders/{order.id}/refunds", {"amount": "10.00", "reason": "torn"}).status_code == 201
    row = desk.get(f"orders/{order.id}").json()
    assert [(one["reason"], one["total"]) for one in row["refunds"]] == [("torn", "-10.00")]
    assert (row["status"], row["date_modified_gmt"]) == ("completed", "2026-03-01T04:01:00")
    desk.ask("POST", f"orders/{order.id}/refunds", {"amount": "20.00"})
    assert desk.get(f"orders/{order.id}").json()["status"] == "refunded"
    assert [one["amount"] for one in desk.get(f"orders/{order.id}/refunds").json()] == ["10.00", "20.00"]
    assert desk.ask("POST", f"orders/{order.id}/refunds", {"amount": "99"}).status_code == 400


def test_sheet_5_an_order_takes_status_and_meta_data(shop: Open) -> None:
    desk = shop()
    order = sorted(desk.twin.books.orders)[0]
    row = desk.ask("PUT", f"orders/{order}", {"status": "on-hold", "meta_data": [{"key": "k", "value": "v"}]}).json()
    assert (row["status"], row["meta_data"][-1]["value"]) == ("on-hold", "v")
    assert code(desk.ask("PUT", f"orders/{order}", {"status": "sent"})) == (400, "rest_invalid_param")


def test_a_phone_may_be_stored_in_another_form(shop: Open) -> None:
    desk = shop()
    one = desk.some()[0]
    desk.control("faults", {"rewritten_phones": {}})
    row = desk.ask("PUT", f"customers/{one}", {"billing": {"phone": "+8613812345678"}}).json()
    assert row["billing"]["phone"] == "138 1234 5678"
    row = desk.ask("PUT", f"customers/{one}", {"billing": {"phone": "+8613812345678"}}).json()
    assert row["billing"]["phone"] == "+8613812345678"


def test_the_control_side_edits_as_a_clerk_would(shop: Open) -> None:
    desk = shop()
    made = desk.control("edit", {"op": "create", "values": {"email": "e@shop.cn"}})
    assert int(made["id"]) in desk.twin.books.customers
    order = desk.control("edit", {"op": "create", "module": "orders", "values": {"total": "5.00"}})
    for op, status in (("delete", "trash"), ("restore", "pending")):
        desk.control("edit", {"op": op, "module": "orders", "id": order["id"], "values": {"status": "pending"}})
        assert desk.twin.books.orders[int(order["id"])].status == status
    assert "error" in desk.control("edit", {"op": "paint", "id": made["id"]})
