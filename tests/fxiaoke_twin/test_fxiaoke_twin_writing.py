"""Sheet sections 5, 6 and 8: writing row by row, the two steps of a delete, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Fxiaoke

Open = Callable[..., Fxiaoke]
NEW = {"name": "小红", "owner": ["FSUID_77AA"], "tel": "13900000000", "record_type": "default__c"}


def test_sheet_5_a_create_answers_with_the_new_id(fxiaoke: Open) -> None:
    desk = fxiaoke()
    made = desk.write("create", {**NEW, "field_hubId__c": "K1"})["dataId"]
    assert made > max(desk.ids()[:-1])
    values = desk.values(made)
    assert (values["name"], values["owner"], values["created_by"]) == ("小红", ["1000"], ["1000"])
    assert desk.control("writes")[-1]["op"] == "create"


@pytest.mark.parametrize(
    ("place", "found"), [("data.dataId", ("data", "dataId")), ("data._id", ("data", "_id")), ("", ())]
)
def test_sheet_5_where_the_id_stands_is_open(fxiaoke: Open, place: str, found: tuple[str, ...]) -> None:
    desk = fxiaoke(create_id=place)
    answer: Any = desk.write("create", NEW)
    for name in found:
        answer = answer[name]
    assert (answer == desk.ids()[-1]) is bool(found)


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"owner": None}, {"owner": ["FSUID_X"]}, {"account_level": "9"}, {"tel": 139},
     {"field_size__c": 9.5}, {"field_birth__c": "1990-01-01"}, {"field_hobby__c": "a1"}, {"field_noMail__c": "yes"},
     {"email": "?"}],
)  # fmt: skip
def test_sheet_7_a_bad_value_is_a_parameter_error(fxiaoke: Open, change: dict[str, Any]) -> None:
    desk = fxiaoke()
    before = len(desk.ids())
    assert desk.write("create", {**NEW, **change})["errorCode"] == 32000
    assert len(desk.ids()) == before


def test_sheet_5_a_unique_value_is_another_records(fxiaoke: Open) -> None:
    desk = fxiaoke(duplicate_code=12345)
    first = desk.write("create", {**NEW, "field_hubId__c": "K1"})["dataId"]
    assert desk.write("create", {**NEW, "field_hubId__c": "K1"})["errorCode"] == 12345
    assert desk.write("update", {"_id": first, "field_hubId__c": "K1"})["errorCode"] == 0


def test_sheet_5_an_update_changes_the_fields_that_are_sent(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one = desk.ids()[0]
    before = dict(desk.values(one))
    desk.wait(60)
    assert (
        desk.write("update", {"_id": one, "field_tier__c": "gold", "create_time": 1, "no_field": "x"})["errorCode"] == 0
    )
    after = desk.values(one)
    assert after["last_modified_time"] == desk.twin.books.now()
    assert int(after["version"]) == int(before["version"]) + 1
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"field_tier__c", "last_modified_time", "last_modified_by", "version"}


def test_sheet_5_the_owner_is_changed_by_a_call_of_its_own(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one, two = desk.ids()[:2]
    assert desk.write("update", {"_id": one, "owner": ["FSUID_77AA"]})["errorCode"] == 32000
    owners = [{"objectDataId": one, "ownerId": ["FSUID_77AA"]}, {"objectDataId": two, "ownerId": "1000"}]
    assert desk.call("changeOwner", {"Data": owners})["errorCode"] == 0
    assert desk.values(one)["owner"] == desk.values(two)["owner"] == ["1000"]


def test_sheet_5_a_locked_row_can_be_forced(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one = desk.ids()[0]
    desk.values(one)["lock_status"] = "1"
    assert desk.write("update", {"_id": one, "tel": "1"})["errorCode"] == 320002
    body = {"object_data": {"dataObjectApiName": "AccountObj", "_id": one, "tel": "1"}, "skipDataStatusValidate": True}
    assert desk.post("/cgi/crm/v2/data/update", {"data": body})["errorCode"] == 0


@pytest.mark.parametrize(("way", "value"), [("null", None), ("empty", "")])
def test_sheet_5_how_a_field_is_cleared_is_open(fxiaoke: Open, way: str, value: str | None) -> None:
    desk = fxiaoke(clears_with=way)
    one = desk.write("create", NEW)["dataId"]
    desk.write("update", {"_id": one, "tel": "" if value is None else None})
    assert "tel" in desk.values(one)
    desk.write("update", {"_id": one, "tel": value})
    assert "tel" not in desk.values(one)


def test_sheet_5_approvals_and_workflows_start_unless_switched_off(fxiaoke: Open) -> None:
    desk = fxiaoke()
    held = desk.write("create", NEW, triggerApprovalFlow=True)["dataId"]
    assert desk.values(held)["life_status"] == "under_review"
    desk.write("update", {"_id": held, "tel": "1"}, triggerWorkFlow=True)
    assert desk.control("counters")["violations"] == {"automations_fired": 2}


def test_sheet_6_a_record_is_deleted_in_two_steps(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one, two = desk.ids()[:2]
    assert desk.call("delete", {"idList": [one]})["errorCode"] == 32000
    assert desk.call("invalid", {"object_data_id": one})["errorCode"] == 0
    assert desk.call("invalid", {"object_data_id": one})["errorCode"] == 32000
    assert desk.call("recover", {"idList": [one]})["errorCode"] == 0
    for id_ in (one, two):
        desk.call("invalid", {"object_data_id": id_})
    assert desk.call("delete", {"idList": [one, two]})["errorCode"] == 0
    assert not {one, two} & set(desk.ids())
    assert desk.call("recover", {"idList": [one]})["errorCode"] == 32000


def test_sheet_3_custom_objects_can_be_invalidated_many_at_once(fxiaoke: Open) -> None:
    desk = fxiaoke(people_in="Guest__c")
    lost = desk.ids("Guest__c")[:3]
    asked = {"dataObjectApiName": "Guest__c", "idList": lost}
    assert desk.post("/cgi/crm/custom/data/invalid", {"data": asked})["errorCode"] == 0
    assert {record.id for record in desk.twin.books.tables["Guest__c"].rows.values() if record.dead} == set(lost)


def test_sheet_5_there_is_no_call_for_many(fxiaoke: Open) -> None:
    desk = fxiaoke()
    assert desk.client.post("/cgi/crm/v2/data/batchCreate", json={}).status_code == 404


@pytest.mark.parametrize("code", [14001, 30004])
def test_sheet_8_a_hundred_calls_in_twenty_seconds_for_each_interface(fxiaoke: Open, code: int) -> None:
    desk = fxiaoke(calls=5, limit_code=code)
    codes = [desk.query()["errorCode"] for _ in range(6)]
    assert codes == [0] * 5 + [code]
    assert desk.call("get", {"objectDataId": desk.ids()[0]})["errorCode"] == 0  # another interface
    assert desk.control("counters")["violations"] == {"over_budget": 1}
    desk.wait(20)
    assert desk.query()["errorCode"] == 0


def test_sheet_9_the_days_quota_is_new_at_midnight_in_beijing(fxiaoke: Open) -> None:
    desk = fxiaoke(daily_calls=2)  # it is noon there
    assert [desk.query()["errorCode"] for _ in range(3)] == [0, 0, 30002]
    desk.wait(12 * 3600 - 1)
    desk.sign_in()
    assert desk.query()["errorCode"] == 30002
    desk.wait(1)
    assert desk.query()["errorCode"] == 0


def test_a_phone_may_be_kept_in_another_form(fxiaoke: Open) -> None:
    desk = fxiaoke(rewrite_phones=True)
    made = desk.write("create", {**NEW, "tel": "+8613812345678"})["dataId"]
    assert desk.values(made)["tel"] == "138-1234-5678"
