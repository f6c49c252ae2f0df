"""Sheet sections 14, 17 and 18: metadata, limits, errors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .conftest import Zoho, code

Open = Callable[..., Zoho]


def test_sheet_14_modules_and_fields_describe_what_can_be_written(zoho: Open) -> None:
    desk = zoho()
    modules = desk.get("settings/modules").json()["modules"]
    assert {module["api_name"] for module in modules} >= {"Contacts", "Leads", "Accounts", "Sales_Orders"}
    assert modules[0].keys() >= {"api_name", "module_name", "singular_label", "id", "api_supported", "editable"}
    fields = {field["api_name"]: field for field in desk.get("settings/fields", module="Contacts").json()["fields"]}
    assert fields["Last_Name"]["system_mandatory"]
    assert fields["Last_Name"]["length"] == 80
    assert fields["Full_Name"]["read_only"]
    assert not fields["Full_Name"]["operation_type"]["api_update"]
    assert fields["KeHub_ID"]["unique"] == {"casesensitive": False}
    assert fields["KeHub_ID"]["custom_field"]
    assert [pick["actual_value"] for pick in fields["KeHub_Tier"]["pick_list_values"]][:2] == ["-None-", "standard"]
    assert fields["Account_Name"]["lookup"] == {"module": {"api_name": "Accounts"}}


def test_a_missing_field_is_missing_and_can_be_added(zoho: Open) -> None:
    desk = zoho(hub_fields=("KeHub_Tier", "KeHub_Stage"))
    names = {field["api_name"] for field in desk.get("settings/fields", module="Contacts").json()["fields"]}
    assert "KeHub_ID" not in names
    answer = desk.send("POST", "Contacts/upsert", {"Last_Name": "x"}, duplicate_check_fields=["KeHub_ID"])
    assert code(answer) == (400, "INVALID_DATA")
    desk.control("fields", {"module": "Contacts", "api_name": "KeHub_ID", "unique": True})
    row = {"Last_Name": "x", "KeHub_ID": "C1"}
    for action in ("insert", "update"):
        answer = desk.send("POST", "Contacts/upsert", row, duplicate_check_fields=["KeHub_ID"])
        assert answer.json()["data"][0]["action"] == action


def test_sheet_14_users_and_org(zoho: Open) -> None:
    desk = zoho()
    users = desk.get("users", type="CurrentUser").json()["users"]
    assert [user["full_name"] for user in users] == ["KeHub Integration"]
    assert len(desk.get("users", type="ActiveUsers").json()["users"]) == 2
    assert desk.get("org").json()["org"][0]["zgid"]


def test_sheet_17_credits_roll_over_a_day_and_show_from_the_half_on(zoho: Open) -> None:
    desk = zoho(credits=4)
    assert "x-api-credits-remaining" not in desk.get("org").headers
    assert desk.get("org").headers["x-api-credits-remaining"] == "2"
    desk.wait(3000)
    assert [desk.get("org").status_code for _ in range(2)] == [200, 200]
    refused = desk.get("org")
    assert code(refused) == (429, "TOO_MANY_REQUESTS")
    assert "retry-after" not in refused.headers
    assert desk.control("counters")["violations"] == {"over_budget": 1}
    desk.wait(86_400 - 3000)
    desk.sign_in()
    assert [desk.get("org").status_code for _ in range(3)] == [200, 200, 429]


def test_sheet_17_a_write_costs_one_credit_for_ten_rows(zoho: Open) -> None:
    desk = zoho(credits=100)
    for rows, left in ((1, 99), (10, 98), (11, 96)):
        desk.send("PUT", "Contacts", *[{"id": one} for one in desk.ids(rows)])
        assert desk.twin.quota.remaining() == left


def test_sheet_17_too_many_calls_at_once_are_refused(zoho: Open) -> None:
    desk = zoho(concurrency=2, latency=0.15)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: desk.get("org").status_code, range(4)))
    assert statuses == [200, 200, 429, 429]
    counted = desk.control("counters")
    assert counted["violations"] == {"over_concurrency": 2}
    assert counted["peak"] >= 3


def test_sheet_17_heavy_calls_have_a_lower_limit(zoho: Open) -> None:
    desk = zoho(heavy_concurrency=1, latency=0.15)
    rows = [{"id": one} for one in desk.ids(11)]
    with ThreadPoolExecutor(3) as pool:
        heavy = [pool.submit(desk.send, "PUT", "Contacts", *rows) for _ in range(2)]
        light = pool.submit(desk.get, "org")
        assert sorted(call.result().status_code for call in heavy) == [200, 429]
        assert light.result().status_code == 200


def test_sheet_18_error_envelopes(zoho: Open) -> None:
    desk = zoho()
    invalid = desk.get("Nonsense", fields="id")
    assert code(invalid) == (400, "INVALID_MODULE")
    assert set(invalid.json()) == {"code", "details", "message", "status"}
    assert code(desk.get("Contacts/actions/what/ever")) == (404, "INVALID_URL_PATTERN")
    assert code(desk.client.patch("/crm/v8/Contacts")) == (400, "INVALID_REQUEST_METHOD")
    assert code(desk.client.put("/crm/v8/Contacts", content=b"{")) == (400, "INVALID_DATA")
    assert code(desk.client.put("/crm/v8/Contacts", json={})) == (400, "MANDATORY_NOT_FOUND")
