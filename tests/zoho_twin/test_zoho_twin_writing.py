"""Sheet sections 8, 9 and 15: writing to the twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Zoho, code

Open = Callable[..., Zoho]


def results(answer: Any) -> list[str]:
    """The rows' codes."""
    return [row["code"] for row in answer.json()["data"]]


def test_sheet_8_insert_answers_201_with_id_and_times(zoho: Open) -> None:
    desk = zoho()
    answer = desk.send("POST", "Contacts", {"Last_Name": "Ruiz", "Email": "ana@shop.example.com"})
    assert answer.status_code == 201
    row = answer.json()["data"][0]
    assert (row["code"], row["status"], row["message"]) == ("SUCCESS", "success", "record added")
    assert set(row["details"]) == {"id", "Created_Time", "Modified_Time", "Created_By", "Modified_By"}
    assert row["details"]["Modified_Time"] == "2026-03-01T12:00:00+08:00"
    assert len(row["details"]["id"]) == 19


def test_sheet_8_update_many_and_update_one(zoho: Open) -> None:
    desk = zoho()
    one, two = desk.ids(2)
    many = desk.send("PUT", "Contacts", {"id": one, "KeHub_Tier": "gold"}, {"id": two, "KeHub_Tier": "silver"})
    assert (many.status_code, results(many)) == (200, ["SUCCESS", "SUCCESS"])
    single = desk.send("PUT", f"Contacts/{one}", {"KeHub_Stage": "loyal"})
    assert single.json()["data"][0]["message"] == "record updated"
    shown = desk.rows("Contacts", ids=one, fields="KeHub_Tier,KeHub_Stage,Modified_Time")[0]
    assert shown == {
        "id": one,
        "KeHub_Tier": "gold",
        "KeHub_Stage": "loyal",
        "Modified_Time": "2026-03-01T12:00:00+08:00",
    }


def test_sheet_8_mixed_rows_answer_207_and_all_failed_400_with_the_same_envelope(zoho: Open) -> None:
    desk = zoho()
    good, bad = {"id": desk.ids()[0], "KeHub_Tier": "gold"}, {"id": "1", "KeHub_Tier": "gold"}
    mixed = desk.send("PUT", "Contacts", bad, good)
    assert (mixed.status_code, results(mixed)) == (207, ["INVALID_DATA", "SUCCESS"])
    failed = desk.send("PUT", "Contacts", bad)
    assert (failed.status_code, results(failed)) == (400, ["INVALID_DATA"])


def test_sheet_8_older_versions_answered_200_to_mixed_rows(zoho: Open) -> None:
    desk = zoho(mixed_status=200)
    assert desk.send("PUT", "Contacts", {"id": "1"}, {"id": desk.ids()[0]}).status_code == 200


def test_sheet_8_more_than_a_hundred_rows_are_refused_whole(zoho: Open) -> None:
    desk = zoho()
    answer = desk.send("POST", "Contacts", *[{"Last_Name": str(number)} for number in range(101)])
    assert code(answer) == (400, "LIMIT_EXCEEDED")
    assert desk.control("writes") == []


@pytest.mark.parametrize(
    ("row", "expected", "details"),
    [
        ({}, "MANDATORY_NOT_FOUND", {"api_name": "Last_Name", "json_path": "$.data[0].Last_Name"}),
        ({"Last_Name": "x" * 81}, "INVALID_DATA", {"maximum_length": 80}),
        ({"Last_Name": "x", "Mobile": "1" * 31}, "INVALID_DATA", {"maximum_length": 30}),
        ({"Last_Name": "x", "Email": "not-an-email"}, "INVALID_DATA", {"expected_data_type": "email"}),
        ({"Last_Name": "x", "Date_of_Birth": "1.2.1990"}, "INVALID_DATA", {"expected_data_type": "date"}),
        ({"Last_Name": "x", "Email_Opt_Out": "yes"}, "INVALID_DATA", {"expected_data_type": "boolean"}),
        ({"Last_Name": 7}, "INVALID_DATA", {"expected_data_type": "text"}),
        ({"Last_Name": "x", "Account_Name": {"id": "1"}}, "INVALID_DATA", {"api_name": "Account_Name"}),
        (
            {"Last_Name": "x", "KeHub_Tier": "diamond"},
            "INVALID_DATA",
            {"supported_values": ["-None-", "standard", "silver", "gold", "platinum"]},
        ),
    ],
)
def test_sheet_8_and_15_a_bad_row_says_what_is_wrong_with_it(
    zoho: Open, row: dict[str, Any], expected: str, details: dict[str, Any]
) -> None:
    answer = zoho().send("POST", "Contacts", row)
    found = answer.json()["data"][0]
    assert (answer.status_code, found["code"], found["status"]) == (400, expected, "error")
    assert found["details"].items() >= details.items()


def test_sheet_8_several_faults_in_a_row_come_together(zoho: Open) -> None:
    found = zoho().send("POST", "Contacts", {"Email": "x", "Date_of_Birth": "y"}).json()["data"][0]
    assert found["code"] == "MULTIPLE_OR_MULTI_ERRORS"
    assert {error["details"]["api_name"] for error in found["details"]["errors"]} == {
        "Last_Name",
        "Email",
        "Date_of_Birth",
    }


def test_sheet_8_a_unique_value_taken_elsewhere_names_the_record_that_has_it(zoho: Open) -> None:
    desk = zoho()
    one, two = desk.ids(2)
    desk.send("PUT", "Contacts", {"id": one, "KeHub_ID": "C1"})
    row = desk.send("PUT", "Contacts", {"id": two, "KeHub_ID": "c1"}).json()["data"][0]
    assert row["code"] == "DUPLICATE_DATA"
    assert row["details"]["id"] == one
    assert row["details"]["duplicate_record"]["id"] == one
    assert row["details"]["duplicate_record"]["module"]["api_name"] == "Contacts"
    assert desk.send("PUT", "Contacts", {"id": one, "KeHub_ID": "C1"}).status_code == 200


def test_sheet_8_upsert_updates_what_has_the_key_and_inserts_the_rest(zoho: Open) -> None:
    desk = zoho()
    one = desk.ids()[0]
    desk.send("PUT", "Contacts", {"id": one, "KeHub_ID": "C1"})
    rows = ({"KeHub_ID": "C1", "KeHub_Tier": "gold"}, {"KeHub_ID": "C2", "Last_Name": "New"}, {"KeHub_ID": "C3"})
    answer = desk.send("POST", "Contacts/upsert", *rows, duplicate_check_fields=["KeHub_ID"])
    assert (answer.status_code, results(answer)) == (207, ["SUCCESS", "SUCCESS", "MANDATORY_NOT_FOUND"])
    found = answer.json()["data"]
    assert [(row.get("action"), row.get("duplicate_field")) for row in found] == [
        ("update", "KeHub_ID"),
        ("insert", None),
        (None, None),
    ]
    assert found[0]["details"]["id"] == one


def test_sheet_8_upsert_looks_by_email_when_no_field_is_named(zoho: Open) -> None:
    desk = zoho()
    email = next(row["Email"] for row in desk.rows("Contacts", fields="Email") if row["Email"])
    row = {"Last_Name": "Same", "Email": email.upper()}
    assert desk.send("POST", "Contacts/upsert", row).json()["data"][0]["duplicate_field"] == "Email"
    named = desk.send("POST", "Contacts/upsert", row, duplicate_check_fields=["KeHub_ID"]).json()["data"][0]
    assert named["action"] == "insert"


def test_sheet_8_user_defined_unique_fields_are_always_appended(zoho: Open) -> None:
    desk = zoho()
    desk.send("PUT", "Contacts", {"id": desk.ids()[0], "KeHub_ID": "C1"})
    row = {"Last_Name": "x", "Email": "nobody@shop.example.com", "KeHub_ID": "C1"}
    found = desk.send("POST", "Contacts/upsert", row, duplicate_check_fields=["Email"]).json()["data"][0]
    assert found["duplicate_field"] == "KeHub_ID"


def test_sheet_8_if_unmodified_since_refuses_a_stale_write(zoho: Open) -> None:
    desk = zoho()
    row = {"id": desk.ids()[0], "KeHub_Tier": "gold"}
    desk.send("PUT", "Contacts", row)
    stale = {"If-Unmodified-Since": "2026-03-01T11:59:59+08:00"}
    assert code(desk.send("PUT", "Contacts", row, headers=stale)) == (412, "ALREADY_MODIFIED")
    fresh = {"If-Unmodified-Since": "2026-03-01T12:00:00+08:00"}
    assert desk.send("PUT", "Contacts", row, headers=fresh).status_code == 200


def test_sheet_8_without_trigger_every_automation_fires(zoho: Open) -> None:
    desk = zoho()
    desk.send("PUT", "Contacts", {"id": desk.ids()[0]})
    assert desk.control("counters")["violations"] == {}
    desk.client.put("/crm/v8/Contacts", json={"data": [{"id": desk.ids()[0]}]})
    assert desk.control("counters")["violations"] == {"automations_fired": 1}


def test_sheet_8_an_external_field_addresses_records_by_the_hubs_key(zoho: Open) -> None:
    desk = zoho()
    one = desk.ids()[0]
    desk.send("PUT", "Contacts", {"id": one, "KeHub_ID": "C1"})
    header = {"X-EXTERNAL": "Contacts.KeHub_ID"}
    assert desk.client.get("/crm/v8/Contacts/C1", headers=header).json()["data"][0]["id"] == one
    assert desk.send("PUT", "Contacts/C1", {"KeHub_Tier": "gold"}, headers=header).status_code == 200
    plain = zoho(external_id=False)
    assert code(plain.client.get("/crm/v8/Contacts/C1", headers=header)) == (400, "INVALID_DATA")


def test_sheet_9_delete_moves_to_the_bin_and_says_what_was_gone_already(zoho: Open) -> None:
    desk = zoho()
    one, two = desk.ids(2)
    assert desk.client.delete(f"/crm/v8/Contacts/{one}").json()["data"] == [
        {"code": "SUCCESS", "details": {"id": one}, "message": "record deleted", "status": "success"}
    ]
    mixed = desk.client.delete("/crm/v8/Contacts", params={"ids": f"{one},{two}", "wf_trigger": "false"})
    assert (mixed.status_code, results(mixed)) == (207, ["INVALID_DATA", "SUCCESS"])
    assert mixed.json()["data"][0]["message"] == "record not deleted"
    assert {row["id"] for row in desk.get("Contacts/deleted", type="recycle").json()["data"]} == {one, two}


def test_sheet_15_null_clears_and_times_come_back_in_the_users_zone(zoho: Open) -> None:
    desk = zoho()
    order = sorted(desk.twin.books.modules["Sales_Orders"].rows)[0]
    desk.send("PUT", "Sales_Orders", {"id": order, "Placed_At": "2026-02-01T00:00:00+00:00", "Store_Code": None})
    shown = desk.get("Sales_Orders", fields="Placed_At,Store_Code", ids=order).json()["data"][0]
    assert shown == {"id": order, "Placed_At": "2026-02-01T08:00:00+08:00", "Store_Code": None}


@pytest.mark.parametrize("by_fault", [True, False])
def test_a_phone_may_come_back_in_another_form_than_it_was_sent(zoho: Open, by_fault: bool) -> None:
    desk = zoho(rewrite_phones=not by_fault)
    if by_fault:
        desk.control("faults", {"rewritten_phones": {"times": 1}})
    one = desk.ids()[0]
    desk.send("PUT", "Contacts", {"id": one, "Mobile": "+8613812345678"})
    assert desk.rows("Contacts", ids=one)[0]["Mobile"] == "138 1234 5678"


def test_unknown_and_read_only_fields_are_passed_over_without_a_word(zoho: Open) -> None:
    desk = zoho(hub_fields=("KeHub_Tier",))
    one = desk.ids()[0]
    row = {"id": one, "KeHub_ID": "C1", "Created_Time": "2020-01-01T00:00:00+00:00"}
    assert desk.send("PUT", "Contacts", row).status_code == 200
    assert desk.rows("Contacts", ids=one, fields="KeHub_ID,Last_Name")[0].keys() == {"id", "Last_Name"}
