"""The HubSpot twin's list, archive, search and associations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.hubspot.twin.books import DAY, iso
from connectors.hubspot.twin.options import ALL_SCOPES
from tests.hubspot_twin.conftest import Portal, category

Open = Callable[..., Portal]


def walked(portal: Portal, kind: str = "contacts", **params: Any) -> list[int]:
    """The ids of all pages of a list."""
    found: list[int] = []
    while True:
        body = portal.get(kind, **params).json()
        found += [int(row["id"]) for row in body["results"]]
        if "paging" not in body:
            return found
        params["after"] = body["paging"]["next"]["after"]


@pytest.mark.parametrize("cursor", ["id", "opaque"])
@pytest.mark.parametrize("limit", [100, 7, 1])
def test_a_list_is_walked_by_its_cursor_to_the_page_that_names_no_next_one(
    portal: Open, cursor: str, limit: int
) -> None:
    desk = portal(cursor=cursor)
    assert walked(desk, limit=limit) == desk.ids()


def test_a_list_shows_ten_records_and_few_properties_unless_told_otherwise(portal: Open) -> None:
    desk = portal()
    body = desk.get("contacts").json()
    assert len(body["results"]) == 10
    shown = {"email", "firstname", "lastname", "hs_object_id", "createdate", "lastmodifieddate"}
    assert set(body["results"][0]["properties"]) == shown
    row = desk.get("contacts", limit=1, properties="phone,nobody_knows").json()["results"][0]
    assert {"phone", "nobody_knows"} <= row["properties"].keys()
    assert row["properties"]["nobody_knows"] is None
    assert row["archived"] is False
    assert "archivedAt" not in row


@pytest.mark.parametrize("params", [{"limit": 101}, {"limit": 0}, {"limit": "x"}, {"after": "nonsense"}])
def test_a_page_that_cannot_be_is_refused(portal: Open, params: dict[str, Any]) -> None:
    assert category(portal().get("contacts", **params)) == (400, "VALIDATION_ERROR")


def test_every_value_is_a_text_or_nothing(portal: Open) -> None:
    desk = portal()
    for kind in ("contacts", "orders"):
        names = ",".join(desk.twin.books.kinds[kind].properties)
        for row in desk.get(kind, limit=100, properties=names).json()["results"]:
            assert all(value is None or isinstance(value, str) for value in row["properties"].values())


def test_the_archive_is_listed_apart_for_ninety_days(portal: Open) -> None:
    desk = portal()
    one, before = desk.make(lastname="A"), desk.make(lastname="B")
    modified = desk.twin.books.kinds["contacts"].rows[one].modified
    assert desk.client.delete(f"/crm/v3/objects/contacts/{one}").status_code == 204
    assert desk.client.delete(f"/crm/v3/objects/contacts/{one}").status_code == 204
    (row,) = desk.get("contacts", archived="true").json()["results"]
    assert (int(row["id"]), row["archived"]) == (one, True)
    assert row["archivedAt"] == iso(desk.twin.books.now())
    assert row["updatedAt"] == iso(modified)
    assert one not in walked(desk, limit=100)
    assert before in walked(desk, limit=100)
    assert category(desk.get(f"contacts/{one}")) == (404, "OBJECT_NOT_FOUND")
    desk.wait(90 * 86_400 + 1)
    assert desk.get("contacts", archived="true").json()["results"] == []
    assert DAY == 86_400_000


def test_kinds_are_named_in_the_plural_the_singular_and_by_type_id(portal: Open) -> None:
    desk = portal(scopes=(*ALL_SCOPES, "crm.objects.tickets.read"))
    wanted = walked(desk, "orders", limit=100)
    assert walked(desk, "order", limit=100) == walked(desk, "0-123", limit=100) == wanted
    assert category(desk.get("tickets")) == (400, "VALIDATION_ERROR")


def test_dated_versions_answer_alike(portal: Open) -> None:
    desk = portal()
    for path in ("objects/2026-09/contacts", "objects/2026-03/0-1"):
        found = desk.client.get(f"/crm/{path}", params={"limit": 3}).json()["results"]
        assert [int(row["id"]) for row in found] == desk.ids()[:3]
    assert desk.client.get("/crm/properties/2026-09/orders").status_code == 200
    assert desk.client.get("/crm/objects/2031-03/contacts").status_code == 404


# -- search


def test_a_search_filters_sorts_counts_and_pages(portal: Open) -> None:
    desk = portal()
    ids = [desk.make(lastname=f"Z{number}", city="Zuzhou") for number in range(5)]
    body = desk.search(("city", "EQ", "zuzhou"), limit=2, properties=["city"]).json()
    assert (body["total"], len(body["results"]), body["paging"]["next"]["after"]) == (5, 2, "2")
    rest = desk.search(("city", "EQ", "ZUZHOU"), limit=5, after="2").json()
    assert {int(row["id"]) for row in body["results"] + rest["results"]} == set(ids)
    assert "paging" not in rest
    sort = [{"propertyName": "lastname", "direction": "DESCENDING"}]
    found = desk.search(("city", "EQ", "Zuzhou"), sorts=sort, properties=["lastname"]).json()["results"]
    assert [row["properties"]["lastname"] for row in found] == ["Z4", "Z3", "Z2", "Z1", "Z0"]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({"operator": "GT", "value": "2"}, 2),
        ({"operator": "GTE", "value": "2"}, 3),
        ({"operator": "LT", "value": "2"}, 2),
        ({"operator": "LTE", "value": "2"}, 3),
        ({"operator": "NEQ", "value": "2"}, 5),
        ({"operator": "BETWEEN", "value": "1", "highValue": "3"}, 3),
        ({"operator": "IN", "values": ["0", "4"]}, 2),
        ({"operator": "NOT_IN", "values": ["0", "4"]}, 4),
        ({"operator": "HAS_PROPERTY"}, 5),
        ({"operator": "NOT_HAS_PROPERTY"}, 1),
    ],
)
def test_operators_compare_numbers_as_numbers(portal: Open, condition: dict[str, Any], count: int) -> None:
    desk = portal()
    for number in range(5):
        desk.make("orders", hs_order_name="Ten", hs_tax=str(number))
    desk.make("orders", hs_order_name="Ten")
    filters = [
        {"propertyName": "hs_order_name", "operator": "EQ", "value": "Ten"},
        {"propertyName": "hs_tax", **condition},
    ]
    assert desk.post("orders/search", {"filterGroups": [{"filters": filters}]}).json()["total"] == count


def test_times_are_compared_in_milliseconds_or_as_written(portal: Open) -> None:
    desk = portal()
    start = desk.twin.books.now()
    one = desk.make(lastname="A")
    desk.wait(0.005)
    other = desk.make(lastname="B")
    for bound in (str(start + 1), iso(start + 1)):
        found = desk.search(("lastmodifieddate", "GTE", bound)).json()
        assert [int(row["id"]) for row in found["results"]] == [other]
    found = desk.search(("lastmodifieddate", "GTE", str(start)), ("hs_object_id", "GT", str(one))).json()
    assert [int(row["id"]) for row in found["results"]] == [other]


def test_groups_are_joined_by_or(portal: Open) -> None:
    desk = portal()
    one, other = desk.make(lastname="Aaa"), desk.make(lastname="Bbb")
    groups = [{"filters": [{"propertyName": "lastname", "operator": "EQ", "value": name}]} for name in ("aaa", "bbb")]
    found = desk.post("contacts/search", {"filterGroups": groups}).json()["results"]
    assert {int(row["id"]) for row in found} == {one, other}


def _filter(name: str = "city") -> dict[str, Any]:
    return {"propertyName": name, "operator": "EQ", "value": "x"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": 200, "after": "9801"},
        {"limit": 1, "after": "10000"},
        {"filterGroups": [{"filters": [_filter()]}] * 6},
        {"filterGroups": [{"filters": [_filter()] * 7}]},
        {"filterGroups": [{"filters": [_filter()] * 6}] * 3 + [{"filters": [_filter()]}]},
        {"filterGroups": [{"filters": [_filter("nobody_knows")]}]},
        {"filterGroups": [{"filters": [{"propertyName": "city", "operator": "LIKE", "value": "x"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": "x"}]}]},
        {"sorts": [{"propertyName": "city"}, {"propertyName": "zip"}]},
        {"properties": ["a" * 3000]},
    ],
)
def test_a_search_beyond_its_caps_is_refused(portal: Open, body: dict[str, Any]) -> None:
    assert category(portal().post("contacts/search", body)) == (400, "VALIDATION_ERROR")


def test_the_last_row_within_the_cap_can_be_reached(portal: Open) -> None:
    assert portal().post("contacts/search", {"limit": 200, "after": "9800"}).status_code == 200


def test_a_change_is_searchable_after_a_while_and_what_is_archived_never(portal: Open) -> None:
    desk = portal(index_delay=60)
    old = desk.ids()[0]
    new = desk.make(lastname="Qqq")
    desk.twin.edit({"op": "change", "id": old, "values": {"lastname": "Qqq"}})
    assert desk.search(("lastname", "EQ", "Qqq")).json()["total"] == 0
    assert desk.search(("hs_object_id", "EQ", str(old))).json()["total"] == 1
    desk.wait(61)
    found = desk.search(("lastname", "EQ", "Qqq")).json()["results"]
    assert {int(row["id"]) for row in found} == {old, new}
    desk.twin.edit({"op": "delete", "id": new})
    assert desk.search(("lastname", "EQ", "Qqq")).json()["total"] == 1


# -- associations


def test_associations_are_read_by_one_and_in_batches(portal: Open) -> None:
    desk = portal()
    order, bare = desk.make("orders", hs_order_name="A"), desk.make("orders", hs_order_name="B")
    first, second = desk.make(lastname="A"), desk.make(lastname="B")
    for contact in (second, first):
        path = f"/crm/v4/objects/orders/{order}/associations/default/contacts/{contact}"
        assert desk.client.put(path).status_code == 200
    body = desk.client.get(f"/crm/v4/objects/orders/{order}/associations/contacts", params={"limit": 1}).json()
    assert [to["toObjectId"] for to in body["results"]] == [first]
    assert body["paging"]["next"]["after"] == str(first)
    told = desk.client.post(
        "/crm/v4/associations/orders/contacts/batch/read", json={"inputs": [{"id": str(order)}, {"id": str(bare)}]}
    )
    assert told.status_code == 207
    (found,) = told.json()["results"]
    assert (found["from"]["id"], [to["toObjectId"] for to in found["to"]]) == (str(order), [second, first])
    assert told.json()["errors"][0]["context"] == {"fromObjectId": [str(bare)]}
    assert desk.client.delete(f"/crm/v4/objects/orders/{order}/associations/contacts/{first}").status_code == 204
    body = desk.client.get(f"/crm/v4/objects/contacts/{second}/associations/orders").json()
    assert [to["toObjectId"] for to in body["results"]] == [order]
    assert desk.client.get(f"/crm/v4/objects/contacts/{first}/associations/orders").json()["results"] == []


def test_associations_are_made_and_dropped_in_batches_and_with_a_create(portal: Open) -> None:
    desk = portal()
    contact = desk.make(lastname="A")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 507}]
    body = {"properties": {"hs_order_name": "A"}, "associations": [{"to": {"id": str(contact)}, "types": types}]}
    order = int(desk.post("orders", body).json()["id"])
    assert list(desk.twin.books.linked("orders", order, "contacts")) == [contact]
    pair = {"from": {"id": str(order)}, "to": [{"id": str(contact)}]}
    root = "/crm/v4/associations/orders/contacts/batch"
    assert desk.client.post(f"{root}/archive", json={"inputs": [pair]}).status_code == 204
    assert desk.twin.books.linked("orders", order, "contacts") == {}
    one = {"from": {"id": str(order)}, "to": {"id": str(contact)}, "types": types}
    assert desk.client.post(f"{root}/create", json={"inputs": [one]}).status_code == 201
    assert list(desk.twin.books.linked("orders", order, "contacts")) == [contact]
    wrong = {"from": {"id": "1"}, "to": {"id": str(contact)}}
    assert desk.client.post(f"{root}/associate/default", json={"inputs": [wrong]}).status_code == 404
