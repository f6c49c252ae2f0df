"""The HubSpot twin's writes: single ones and batches, what is checked, merges, privacy deletes, properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.hubspot_twin.conftest import Portal, category

Open = Callable[..., Portal]


def row(mark: str, **values: Any) -> dict[str, Any]:
    return {"objectWriteTraceId": mark, "properties": values}


def test_a_contact_is_made_changed_cleared_and_archived(portal: Open) -> None:
    desk = portal()
    made = desk.post("contacts", {"properties": {"email": "Ana@Shop.example", "firstname": "Ana"}})
    assert (made.status_code, made.json()["properties"]["email"]) == (201, "ana@shop.example")
    one = made.json()["id"]
    desk.wait(5)
    by = desk.client.patch(
        "/crm/v3/objects/contacts/ANA@shop.example",
        params={"idProperty": "email"},
        json={"properties": {"firstname": ""}},
    )
    assert by.status_code == 200
    read = desk.get(f"contacts/{one}", properties="firstname,lastmodifieddate").json()
    assert read["properties"]["firstname"] is None
    assert read["properties"]["lastmodifieddate"] == read["updatedAt"] != read["createdAt"]
    again = desk.post("contacts", {"properties": {"email": "ana@shop.example"}})
    assert category(again) == (409, "CONFLICT")
    assert again.json()["message"].endswith(f"Existing ID: {one}")
    assert desk.client.delete(f"/crm/v3/objects/contacts/{one}").status_code == 204
    assert desk.post("contacts", {"properties": {"email": "ana@shop.example"}}).status_code == 201


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nobody_knows": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"lastmodifieddate": "2026-01-01"}, "READ_ONLY_VALUE"),
        ({"hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"email": "no address"}, "INVALID_EMAIL"),
        ({"kehub_tier": "diamond"}, "INVALID_OPTION"),
        ({"kehub_tags": "kehub-gold;nobody"}, "INVALID_OPTION"),
        ({"city": "x" * 65_537}, "PROPERTY_VALUE_TOO_LONG"),
        ({"age": "seven"}, "INVALID_INTEGER"),
        ({"seen": "yesterday"}, "INVALID_DATE"),
        ({"born": "1"}, "INVALID_DATE"),
        ({"wants": "yes"}, "INVALID_OPTION"),
    ],
)
def test_values_are_checked_by_their_property(portal: Open, values: dict[str, Any], code: str) -> None:
    desk = portal()
    for name, kind in (("age", "number"), ("seen", "datetime"), ("born", "date"), ("wants", "bool")):
        desk.control("properties", {"name": name, "type": kind})
    refused = desk.post("contacts", {"properties": values})
    assert category(refused) == (400, "VALIDATION_ERROR")
    assert refused.json()["errors"][0]["code"] == code
    assert f'"name": "{next(iter(values))}"' in refused.json()["message"]


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("datetime", "2026-01-02T03:04:05+08:00", "2026-01-01T19:04:05.000Z"),
        ("datetime", "1740909730123", "2025-03-02T10:02:10.123Z"),
        ("date", "2026-01-02", "2026-01-02"),
        ("date", "1740873600000", "1740873600000"),
        ("number", "12.5", "12.5"),
    ],
)
def test_values_are_kept_in_one_form(portal: Open, kind: str, text: str, kept: str) -> None:
    desk = portal()
    desk.control("properties", {"name": "it", "type": kind})
    one = desk.post("contacts", {"properties": {"it": text}}).json()["id"]
    assert desk.get(f"contacts/{one}", properties="it").json()["properties"]["it"] == kept


def test_a_leading_semicolon_adds_to_checkboxes(portal: Open) -> None:
    desk = portal()
    one = desk.make(kehub_tags="kehub-gold")
    desk.client.patch(f"/crm/v3/objects/contacts/{one}", json={"properties": {"kehub_tags": ";kehub-loyal"}})
    read = desk.get(f"contacts/{one}", properties="kehub_tags").json()
    assert read["properties"]["kehub_tags"] == "kehub-gold;kehub-loyal"


def test_a_batch_tells_of_each_input_by_its_mark_and_in_no_order(portal: Open) -> None:
    desk = portal()
    one, two = desk.make(lastname="A"), desk.make(lastname="B")
    told = desk.send(
        "update",
        {"id": str(one), **row("a", lastname="AA")},
        {"id": str(two), **row("b", kehub_tier="diamond")},
        {"id": "1", **row("c", lastname="C")},
        {"id": "4711", "idProperty": "kehub_id", **row("d", lastname="D")},
    )
    body = told.json()
    assert (told.status_code, body["status"], body["numErrors"]) == (207, "COMPLETE", 3)
    assert [(each["objectWriteTraceId"], each["properties"]["lastname"]) for each in body["results"]] == [("a", "AA")]
    found = {each["context"]["objectWriteTraceId"][0]: each["category"] for each in body["errors"]}
    assert found == {"b": "VALIDATION_ERROR", "c": "OBJECT_NOT_FOUND", "d": "OBJECT_NOT_FOUND"}
    good = desk.send("update", {"id": str(one), **row("a", lastname="A")}, {"id": str(two), **row("b", lastname="B")})
    assert good.status_code == 200
    assert [each["objectWriteTraceId"] for each in good.json()["results"]] == ["b", "a"]
    assert desk.twin.counts.rows["update"] == 3


def test_a_batch_of_creates_fails_as_a_whole_unless_all_are_marked(portal: Open) -> None:
    desk = portal()
    desk.make(email="taken@shop.example")
    before = desk.ids()
    rows = [{"properties": {"email": "new@shop.example"}}, row("b", email="TAKEN@shop.example")]
    assert category(desk.send("create", *rows)) == (409, "CONFLICT")
    assert desk.ids() == before
    told = desk.send("create", row("a", email="new@shop.example"), rows[1])
    assert (told.status_code, len(desk.ids())) == (207, len(before) + 1)
    assert told.json()["errors"][0]["context"]["objectWriteTraceId"] == ["b"]
    assert desk.send("create", {"properties": {"lastname": "X"}}).status_code == 201


def test_an_upsert_goes_by_a_unique_property_and_says_what_is_new(portal: Open) -> None:
    desk = portal()
    first = desk.send("upsert", {"id": "K1", "idProperty": "kehub_id", **row("a", lastname="A")})
    assert (first.status_code, first.json()["results"][0]["new"]) == (200, True)
    one = int(first.json()["results"][0]["id"])
    again = desk.send(
        "upsert",
        {"id": "K1", "idProperty": "kehub_id", **row("a", lastname="AA")},
        {"id": "K2", "idProperty": "kehub_id", **row("b", email="b@shop.example")},
    )
    assert {each["objectWriteTraceId"]: each["new"] for each in again.json()["results"]} == {"a": False, "b": True}
    record = desk.twin.books.kinds["contacts"].rows[one]
    assert (record.values["kehub_id"], record.values["lastname"]) == ("K1", "AA")
    clash = desk.send("upsert", {"id": "K3", "idProperty": "kehub_id", **row("c", email="B@shop.example")})
    assert (clash.status_code, clash.json()["errors"][0]["category"]) == (207, "CONFLICT")
    taken = desk.send("update", {"id": str(one), **row("d", kehub_id="K2")})
    assert taken.json()["errors"][0]["errors"][0]["code"] == "DUPLICATE_VALUE"
    assert category(desk.send("upsert", {"id": "x", "idProperty": "city", **row("d")})) == (400, "VALIDATION_ERROR")


def test_reading_by_ids_or_by_a_unique_property_tells_what_is_missing(portal: Open) -> None:
    desk = portal()
    one, gone = desk.make(lastname="A", kehub_id="K1"), desk.make(lastname="B", kehub_id="K2")
    desk.twin.edit({"op": "delete", "id": gone})
    told = desk.send("read", {"id": str(one)}, {"id": str(gone)}, {"id": "x"}, properties=["lastname"])
    assert (told.status_code, [each["id"] for each in told.json()["results"]]) == (207, [str(one)])
    assert told.json()["errors"][0]["context"]["ids"] == [str(gone), "x"]
    asked = {"inputs": [{"id": "K1"}, {"id": "K2"}], "idProperty": "kehub_id", "properties": []}
    assert [each["id"] for each in desk.post("contacts/batch/read", asked).json()["results"]] == [str(one)]
    old = desk.post("contacts/batch/read", asked, archived="true").json()["results"]
    assert [each["id"] for each in old] == [str(gone)]
    assert category(desk.send("read", {"id": "x"}, idProperty="city")) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("deed", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_of_none_of_too_many_or_of_the_same_twice_is_refused(portal: Open, deed: str) -> None:
    desk = portal()
    one = {"id": str(desk.ids()[0]), "properties": {}, "idProperty": "kehub_id"}
    assert category(desk.send(deed)) == (400, "VALIDATION_ERROR")
    assert category(desk.send(deed, *[{**one, "id": str(number)} for number in range(101)])) == (
        400,
        "VALIDATION_ERROR",
    )
    if deed in ("update", "upsert"):
        assert category(desk.send(deed, one, one)) == (400, "VALIDATION_ERROR")
    assert desk.client.post(f"/crm/v3/objects/contacts/batch/{deed}", content=b"{").status_code == 400


def test_archiving_in_a_batch_says_nothing_of_anybody(portal: Open) -> None:
    desk = portal()
    one = desk.make(lastname="A")
    assert desk.send("archive", {"id": str(one)}, {"id": "1"}).status_code == 204
    assert one not in desk.ids()


@pytest.mark.parametrize("keeps", ["primary", "new"])
def test_a_merge_leaves_one_record_that_answers_for_both(portal: Open, keeps: str) -> None:
    desk = portal(merged_keeps=keeps)
    one, other = desk.make(email="a@shop.example"), desk.make(email="b@shop.example", city="Wuxi")
    order = desk.make("orders", hs_order_name="A")
    desk.twin.edit({"op": "associate", "module": "orders", "id": order, "other": other})
    merged = desk.post("contacts/merge", {"primaryObjectId": str(one), "objectIdToMerge": str(other)})
    kept = int(merged.json()["id"])
    assert (kept == one) is (keeps == "primary")
    for asked in {one, other} - {kept}:
        read = desk.get(f"contacts/{asked}", properties="city,hs_merged_object_ids,hs_additional_emails").json()
        assert int(read["id"]) == kept
        assert read["properties"]["city"] == "Wuxi"
        assert str(asked) in read["properties"]["hs_merged_object_ids"].split(";")
        assert read["properties"]["hs_additional_emails"] == "b@shop.example"
    assert list(desk.twin.books.linked("orders", order, "contacts")) == [kept]
    assert category(desk.post("contacts", {"properties": {"email": "b@shop.example"}})) == (409, "CONFLICT")
    same = desk.post("contacts/merge", {"primaryObjectId": str(kept), "objectIdToMerge": str(kept)})
    assert category(same) == (400, "VALIDATION_ERROR")


def test_a_privacy_delete_leaves_nothing_to_be_seen(portal: Open) -> None:
    desk = portal()
    one = desk.make(email="a@shop.example")
    asked = {"objectId": "A@shop.example", "idProperty": "email"}
    assert desk.post("contacts/gdpr-delete", asked).status_code == 204
    assert desk.get("contacts", archived="true").json()["results"] == []
    assert category(desk.get(f"contacts/{one}")) == (404, "OBJECT_NOT_FOUND")
    assert desk.post("contacts/gdpr-delete", {"objectId": str(one)}).status_code == 204


def test_a_property_is_described_and_made_with_uniqueness_at_no_other_time(portal: Open) -> None:
    desk = portal(hub_fields=())
    root = "/crm/v3/properties/contacts"
    known = {each["name"]: each for each in desk.client.get(root).json()["results"]}
    assert "kehub_id" not in known
    assert known["lastmodifieddate"]["modificationMetadata"]["readOnlyValue"] is True
    assert [each["value"] for each in known["lifecyclestage"]["options"]][:2] == ["subscriber", "lead"]
    wish = {
        "name": "kehub_id", "label": "KeHub", "type": "string", "fieldType": "text", "groupName": "contactinformation",
        "hasUniqueValue": True,
    }  # fmt: skip
    assert category(desk.client.post(root, json={"name": "kehub_id"})) == (400, "VALIDATION_ERROR")
    assert category(desk.client.post(root, json={**wish, "name": "KeHub"})) == (400, "VALIDATION_ERROR")
    made = desk.client.post(root, json=wish)
    assert (made.status_code, made.json()["hasUniqueValue"]) == (201, True)
    assert category(desk.client.post(root, json=wish)) == (409, "OBJECT_ALREADY_EXISTS")
    assert desk.client.get(f"{root}/kehub_id").json()["groupName"] == "contactinformation"
    assert desk.client.get(f"{root}/nobody").status_code == 404
    assert desk.send("upsert", {"id": "K1", "idProperty": "kehub_id", **row("a", lastname="A")}).status_code == 200
