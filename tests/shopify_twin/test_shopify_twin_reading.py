"""The Shopify twin: sign-in, versions, cost, listings, searches, counts, bulk operations, webhooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from connectors.shopify.twin import STAND, TWIN, ShopifyTwin
from hub.errors import SettingsError
from tests.shopify_twin.conftest import Desk

Shop = Callable[..., Desk]
PAGE = (
    "query P($n:Int!, $c:String, $q:String, $s:CustomerSortKeys){customers(first:$n, after:$c, query:$q, sortKey:$s)"
    "{nodes{id updatedAt} pageInfo{hasNextPage hasPreviousPage endCursor}}}"
)


def walked(desk: Desk, size: int = 7, search: str | None = None, sort: str = "ID") -> list[dict[str, Any]]:
    """All rows of a listing."""
    rows, cursor = [], None
    while True:
        found = desk.ask(PAGE, n=size, c=cursor, q=search, s=sort)["customers"]
        rows += found["nodes"]
        cursor = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            return rows


def test_a_token_is_given_for_the_clients_own_credentials_and_lives_a_day(shop: Shop) -> None:
    desk = shop(token_life=100)
    told = desk.token().json()
    assert (told["expires_in"], told["scope"].split(",")[0]) == (100, "read_customers")
    assert desk.token(client_secret="other").status_code == 400
    assert desk.token(grant_type="refresh_token").json() == {"error": "unsupported_grant_type"}
    assert desk.post("{shop{id}}").status_code == 200
    desk.wait(100)
    assert desk.post("{shop{id}}").status_code == 401


def test_a_version_that_is_no_longer_served_is_answered_by_the_oldest_one(shop: Shop) -> None:
    desk = shop()
    served = {asked: desk.post("{shop{id}}", asked) for asked in ("2024-01", "2026-07", "2027-01")}
    shown = {asked: answer.headers.get("x-shopify-api-version") for asked, answer in served.items()}
    assert shown == {"2024-01": "2025-10", "2026-07": "2026-07", "2027-01": None}
    assert served["2027-01"].status_code == 404


def test_a_field_or_type_that_the_schema_does_not_know_is_refused(shop: Shop) -> None:
    desk = shop()
    assert desk.code("{customers(first:1){nodes{profession}}}") == "undefinedField"
    assert desk.code("{customers(first:1){nodes{id}") == "argumentLiteralsIncompatible"
    assert desk.code("{customers(first:1, sortKey:AGE){nodes{id}}}") == "argumentLiteralsIncompatible"
    assert desk.code("{customers{nodes{id}}}") == "BAD_REQUEST"
    assert desk.code("{customers(first:251){nodes{id}}}") == "BAD_REQUEST"


def test_a_query_costs_a_point_an_object_and_a_mutation_ten(shop: Shop) -> None:
    desk = shop()
    cases = {
        "{customers(first:10){nodes{id}}}": 10,
        "{customers(first:10){nodes{id defaultEmailAddress{emailAddress}}}}": 20,
        "{customers(first:10){edges{node{id}}}}": 10,
        "{orders(first:10){nodes{id lineItems(first:5){nodes{id}}}}}": 60,
        "{shop{id}}": 1,
        'mutation{tagsAdd(id:"x", tags:["a"]){userErrors{message}}}': 12,
    }
    for query, cost in cases.items():
        assert desk.post(query).json()["extensions"]["cost"]["requestedQueryCost"] == cost, query


def test_a_query_that_is_too_dear_is_refused_and_costs_nothing(shop: Shop) -> None:
    desk = shop(query_cost=100)
    before = desk.post("{shop{id}}").json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    assert desk.code("{customers(first:101){nodes{id}}}") == "MAX_COST_EXCEEDED"
    after = desk.post("{shop{id}}").json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    assert before - after <= 2


def test_a_bucket_that_is_empty_throttles_under_200_without_anything_found_and_fills_again(shop: Shop) -> None:
    desk = shop(bucket=50, restore=10)
    query = "{customers(first:40){nodes{id}}}"
    desk.ask(query)
    answer = desk.post(query)
    assert answer.status_code == 200
    body = answer.json()
    assert "data" not in body
    assert body["errors"] == [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    cost = body["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (40, None)
    desk.wait((40 - cost["throttleStatus"]["currentlyAvailable"]) / cost["throttleStatus"]["restoreRate"])
    desk.ask(query)


def test_pages_show_each_row_once_in_the_order_asked_for(shop: Shop) -> None:
    desk = shop()
    by_id = [int(row["id"].rpartition("/")[2]) for row in walked(desk)]
    assert by_id == sorted(desk.twin.books.customers)
    times = [row["updatedAt"] for row in walked(desk, sort="UPDATED_AT")]
    assert times == sorted(times)
    assert len(times) == len(by_id)


def test_a_cursor_is_good_for_its_own_search_and_order_only(shop: Shop) -> None:
    desk = shop()
    cursor = desk.ask(PAGE, n=3)["customers"]["pageInfo"]["endCursor"]
    assert desk.code(PAGE, n=3, c=cursor, s="UPDATED_AT") == "INVALID_CURSOR"
    assert desk.code(PAGE, n=3, c="x") == "INVALID_CURSOR"


def test_pages_and_counts_end_somewhere(shop: Shop) -> None:
    desk = shop(deep_rows=10, counts="capped")
    cursor = desk.ask(PAGE, n=10)["customers"]["pageInfo"]["endCursor"]
    assert desk.code(PAGE, n=5, c=cursor) == "INVALID"
    count = "query C($l:Int){customersCount(limit:$l){count precision}}"
    assert desk.ask(count, l=None)["customersCount"] == {"count": 10, "precision": "AT_LEAST"}
    whole = {"count": len(desk.twin.books.customers), "precision": "EXACT"}
    assert desk.ask(count, l=1000)["customersCount"] == whole


@pytest.mark.parametrize(("quotes", "found"), [("'", 1), ("", 2)])
def test_a_time_without_quotes_loses_its_time_of_day(shop: Shop, quotes: str, found: int) -> None:
    desk = shop()
    desk.twin.books.customers.clear()
    for _ in range(2):
        desk.twin.books.add("customers", {"firstName": "A"})
        desk.wait(3600)
    at = desk.twin.clock.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    at = at.replace("T06", "T05")
    assert len(walked(desk, search=f"updated_at:>={quotes}{at}{quotes}")) == found


def test_searches_find_tags_addresses_and_ids(shop: Shop) -> None:
    desk = shop()
    one = desk.twin.books.add("customers", {"email": "li@shop.cn", "tags": ["kehub-key-x"]})
    gid = f"gid://shopify/Customer/{one.id}"
    for search in ("tag:'kehub-key-x'", "email:'LI@shop.cn'", f"id:{one.id}", f"id:>={one.id}"):
        assert [row["id"] for row in walked(desk, search=search)] == [gid]
    assert walked(desk, search="colour:red") == []
    found = desk.ask('{customerByIdentifier(identifier:{emailAddress:"li@shop.cn"}){id}}')
    assert found == {"customerByIdentifier": {"id": gid}}


def test_a_scope_that_is_missing_and_data_that_is_protected_are_refused_with_null_in_their_place(shop: Shop) -> None:
    assert shop(scopes=("read_orders",)).code("{customers(first:1){nodes{id}}}") == "ACCESS_DENIED"
    desk = shop(protected=False)
    body = desk.post("{customers(first:2){nodes{id firstName}}}").json()
    assert [row["firstName"] for row in body["data"]["customers"]["nodes"]] == [None, None]
    assert {error["extensions"]["code"] for error in body["errors"]} == {"ACCESS_DENIED"}


# -- bulk operations

START = (
    "mutation S($q:String!){bulkOperationRunQuery(query:$q, groupObjects:false)"
    "{bulkOperation{id status} userErrors{code}}}"
)
STATE = (
    "query S($id:ID!){node(id:$id){... on BulkOperation{status errorCode url objectCount rootObjectCount fileSize}}}"
)
ORDERS = "{orders{edges{node{id lineItems{edges{node{id sku}}}}}}}"


def test_a_bulk_operation_leaves_a_file_of_lines_with_children_behind_their_parents(shop: Shop) -> None:
    desk = shop()
    started = desk.ask(START, q=ORDERS)["bulkOperationRunQuery"]["bulkOperation"]
    assert started["status"] == "CREATED"
    desk.wait(5)
    assert desk.ask(STATE, id=started["id"])["node"]["status"] == "RUNNING"
    desk.wait(20)
    state = desk.ask(STATE, id=started["id"])["node"]
    lines = [json.loads(line) for line in desk.client.get(state["url"]).text.splitlines()]
    roots = [line for line in lines if "__parentId" not in line]
    assert (state["status"], state["objectCount"], state["rootObjectCount"]) == (
        "COMPLETED",
        str(len(lines)),
        str(len(roots)),
    )
    assert len(roots) == len(desk.twin.books.orders)
    assert {line["__parentId"] for line in lines if "__parentId" in line} <= {root["id"] for root in roots}
    part = desk.client.get(state["url"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)


def test_bulk_operations_are_refused_when_wrong_or_too_many(shop: Shop) -> None:
    desk = shop(bulk_at_once=1)
    for wrong in ("{shop{id}}", "{customers{edges{node{id}}} orders{edges{node{id}}}}", "{customers{edges{node{x}}}}"):
        assert desk.ask(START, q=wrong)["bulkOperationRunQuery"]["userErrors"] == [{"code": "INVALID"}]
    desk.ask(START, q=ORDERS)
    told = desk.ask(START, q=ORDERS)["bulkOperationRunQuery"]
    assert (told["bulkOperation"], told["userErrors"]) == (None, [{"code": "OPERATION_IN_PROGRESS"}])


def test_a_bulk_operation_can_come_to_nothing_as_the_control_side_wishes(shop: Shop) -> None:
    desk = shop()
    id_ = desk.ask(START, q=ORDERS)["bulkOperationRunQuery"]["bulkOperation"]["id"]
    desk.control("bulk", {"status": "FAILED", "error": "TIMEOUT"})
    desk.wait(100)
    state = desk.ask(STATE, id=id_)["node"]
    assert (state["status"], state["errorCode"], state["url"]) == ("FAILED", "TIMEOUT", None)


# -- the control side, and what surrounds it


def test_a_delivery_is_signed_and_can_be_repeated(shop: Shop) -> None:
    desk = shop()
    wish = {"topic": "customers/update", "id": min(desk.twin.books.customers)}
    first, second = desk.control("delivery", wish), desk.control("delivery", wish)
    again = desk.control("delivery", {**wish, "webhook_id": first["headers"]["x-shopify-webhook-id"]})
    ids = [one["headers"]["x-shopify-webhook-id"] for one in (first, second, again)]
    assert ids[0] == ids[2] != ids[1]
    assert first["headers"]["x-shopify-hmac-sha256"] == again["headers"]["x-shopify-hmac-sha256"]
    assert not {"tags", "metafields"} & json.loads(first["body"]).keys()


def test_two_customers_become_one_and_the_orders_move(shop: Shop) -> None:
    desk = shop()
    buyers = {order.values["customer"] for order in desk.twin.books.orders.values()} - {None}
    kept, gone = sorted(buyers)[:2]
    desk.control("edit", {"op": "merge", "id": kept, "gone": gone})
    assert gone not in desk.twin.books.customers
    assert gone not in {order.values["customer"] for order in desk.twin.books.orders.values()}


def test_records_are_shown_by_id_as_they_are_edited(shop: Shop) -> None:
    desk = shop()
    made = desk.control("edit", {"op": "create", "module": "customers", "values": {"email": "a@shop.cn"}})["id"]
    wish = desk.twin.nest("metafields.kehub.tier", "gold")
    desk.control("edit", {"op": "change", "id": made, "values": {**wish, "lastName": "Li"}})
    row = desk.twin.records("customers")[made]
    assert (row["metafields"], row["lastName"]) == ({"kehub": {"tier": "gold"}}, "Li")
    assert desk.client.post("/_twin/edit", json={"op": "paint", "id": made}).status_code == 400
    state = desk.control("state")
    assert {"customers", "orders"} == state.keys()
    assert made in {row["id"] for row in state["customers"]}
    assert "id" not in desk.client.get("/_twin/state", params={"ids": "no"}).json()["customers"][0]


def test_two_twins_of_one_population_are_alike() -> None:
    assert ShopifyTwin().state() == ShopifyTwin().state()
    assert ShopifyTwin().truth() == ShopifyTwin().truth()
    assert (STAND.twin, STAND.type) == (TWIN, "shopify")


def test_a_machine_without_graphql_core_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("connectors.shopify.twin.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "graphql", None)
    from connectors.shopify.twin.shopify import ShopifyTwin as Fresh

    with pytest.raises(SettingsError) as told:
        Fresh()
    assert "graphql-core" in told.value.remedy
