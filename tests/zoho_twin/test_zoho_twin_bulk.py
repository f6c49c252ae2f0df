"""Bulk Read of the Zoho twin (sheet section 11)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from tests.zoho_twin.conftest import Zoho

READ = "/crm/bulk/v8/read"


def order(desk: Zoho, *fields: str, **query: Any) -> httpx.Response:
    body = {"query": {"module": {"api_name": "Contacts"}, "fields": list(fields), **query}, "file_type": "csv"}
    return desk.client.post(READ, json=body)


def number(answer: httpx.Response) -> str:
    assert answer.status_code == 201
    (row,) = answer.json()["data"]
    assert (row["code"], row["details"]["state"]) == ("ADDED_SUCCESSFULLY", "ADDED")
    return str(row["details"]["id"])


def state(desk: Zoho, job: str) -> dict[str, Any]:
    (row,) = desk.client.get(f"{READ}/{job}").json()["data"]
    return dict(row)


def lines(answer: httpx.Response, job: str) -> list[list[str]]:
    with ZipFile(BytesIO(answer.content)) as archive:
        (name,) = archive.namelist()
        assert name == f"{job}.csv"
        return list(csv.reader(StringIO(archive.read(name).decode(), newline="")))


def done(desk: Zoho, *fields: str, **query: Any) -> tuple[dict[str, Any], list[list[str]]]:
    """A job's result and the lines of its file."""
    job = number(order(desk, *fields, **query))
    desk.twin.clock.advance(desk.twin.options.bulk_seconds)
    told = state(desk, job)
    assert told["state"] == "COMPLETED"
    return told["result"], lines(desk.client.get(f"{READ}/{job}/result"), job)


def test_a_job_is_added_waits_works_and_is_done(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_seconds=40)
    job = number(order(desk, "Last_Name"))
    seen = []
    for seconds in (0, 5, 15, 21):
        desk.twin.clock.advance(seconds)
        seen.append(state(desk, job)["state"])
    assert seen == ["ADDED", "QUEUED", "IN PROGRESS", "COMPLETED"]
    result = state(desk, job)["result"]
    assert (result["per_page"], result["more_records"]) == (200_000, False)
    assert result["count"] == len(desk.twin.books.modules["Contacts"].rows)


def test_a_file_is_not_there_before_the_job_is_done(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_at="end")
    job = number(order(desk, "Last_Name"))
    assert desk.client.get(f"{READ}/{job}/result").status_code == 404


def test_a_file_has_the_id_first_and_bare_values(zoho: Callable[..., Zoho]) -> None:
    desk = zoho()
    _, found = done(desk, "Last_Name", "Account_Name", "Email_Opt_Out", "Modified_Time", "Email")
    assert found[0] == ["id", "Last_Name", "Account_Name", "Email_Opt_Out", "Modified_Time", "Email"]
    rows = desk.twin.books.modules["Contacts"].rows
    assert {line[0] for line in found[1:]} == set(rows)
    for id_, name, account, flag, modified, email in found[1:]:
        values = rows[id_].values
        assert (name, account, modified) == (values["Last_Name"], values["Account_Name"]["id"], values["Modified_Time"])
        assert (flag, email) == (str(values["Email_Opt_Out"]).lower(), values["Email"] or "")


def test_no_fields_are_all_fields_that_can_be_exported(zoho: Callable[..., Zoho]) -> None:
    header = done(zoho())[1][0]
    assert {"id", "Last_Name", "Owner", "Created_Time"} <= set(header)
    assert "Tag" not in header
    header = done(zoho(bulk_tags=True))[1][0]
    assert "Tag" in header


@pytest.mark.parametrize("paging", ["offset", "keyset"])
@pytest.mark.parametrize("tokens", [True, False])
def test_pages_follow_by_token_or_by_number(zoho: Callable[..., Zoho], paging: str, tokens: bool) -> None:
    desk = zoho(bulk_rows=7, bulk_tokens=tokens, bulk_paging=paging)
    met: list[str] = []
    more: dict[str, Any] = {}
    for page in range(1, 100):
        result, found = done(desk, "Last_Name", **more)
        assert (result["page"], result["count"]) == (page, len(found) - 1)
        met += [line[0] for line in found[1:]]
        assert bool(result["next_page_token"]) == (tokens and result["more_records"])
        if not result["more_records"]:
            break
        more = {"page_token": result["next_page_token"]} if tokens else {"page": page + 1}
    assert met == sorted(desk.twin.books.modules["Contacts"].rows, key=int)


def test_a_token_is_bound_to_its_query_and_lives_a_day(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_rows=7)
    token = done(desk, "Last_Name")[0]["next_page_token"]
    assert order(desk, "Email", page_token=token).json()["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    assert order(desk, "Last_Name", page_token="bulk0").json()["code"] == "INVALID_DATA"
    desk.twin.clock.advance(timedelta(days=1).total_seconds())
    desk.sign_in()
    assert order(desk, "Last_Name", page_token=token).json()["code"] == "EXPIRED_VALUE"


def test_jobs_and_files_are_kept_for_a_while(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_life=3000)
    job = number(order(desk, "Last_Name"))
    desk.twin.clock.advance(2999)
    assert state(desk, job)["state"] == "COMPLETED"
    desk.twin.clock.advance(1)
    for path in (f"{READ}/{job}", f"{READ}/{job}/result", f"{READ}/1"):
        answer = desk.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({}, "MANDATORY_NOT_FOUND", 400),
        ({"query": {"module": {"api_name": "Nothing"}}}, "INVALID_DATA", 400),
        ({"query": {"module": {"api_name": "Contacts"}, "fields": ["Tag"]}}, "FIELD_NOT_AVAILABLE", 400),
        ({"query": {"module": {"api_name": "Contacts"}, "fields": ["Nothing"]}}, "FIELD_NOT_AVAILABLE", 400),
        ({"query": {"module": {"api_name": "Sales_Orders"}, "fields": ["Ordered_Items"]}}, "FIELD_NOT_AVAILABLE", 400),
        ({"query": {"module": {"api_name": "Contacts"}, "criteria": {}}}, "NOT_SUPPORTED", 400),
        ({"query": {"module": {"api_name": "Contacts"}, "page": 0}}, "PAGE_RANGE_EXCEEDED", 400),
        ({"query": {"module": {"api_name": "Contacts"}}, "file_type": "ics"}, "INVALID_DATA", 400),
    ],
)
def test_what_makes_no_sense_is_refused(
    zoho: Callable[..., Zoho], body: dict[str, Any], code: str, status: int
) -> None:
    answer = zoho().client.post(READ, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_that_is_not_json_is_refused(zoho: Callable[..., Zoho]) -> None:
    answer = zoho().client.post(READ, content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_NOT_SUPPORTED")


@pytest.mark.parametrize("scopes", [("ZohoCRM.modules.ALL",), ("ZohoCRM.bulk.READ",)])
def test_both_scopes_are_needed(zoho: Callable[..., Zoho], scopes: tuple[str, ...]) -> None:
    answer = order(zoho(scopes=scopes), "Last_Name")
    assert (answer.status_code, answer.json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")


def test_ten_downloads_a_minute(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_seconds=0)
    job = number(order(desk, "Last_Name"))
    assert state(desk, job)["state"] == "COMPLETED"
    told = [desk.client.get(f"{READ}/{job}/result").status_code for _ in range(11)]
    assert told == [200] * 10 + [429]
    desk.twin.clock.advance(60)
    assert desk.client.get(f"{READ}/{job}/result").status_code == 200


def test_a_job_costs_credits(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(credits=120)
    before = desk.twin.quota.remaining()
    job = number(order(desk, "Last_Name"))
    state(desk, job)
    assert before - desk.twin.quota.remaining() == 51
    order(desk, "Last_Name")
    assert order(desk, "Last_Name").status_code == 429


def test_an_empty_file_may_be_no_file(zoho: Callable[..., Zoho]) -> None:
    for status in (200, 204):
        desk = zoho(bulk_empty=status, bulk_seconds=0)
        desk.twin.books.modules["Contacts"].rows.clear()
        job = number(order(desk, "Last_Name"))
        assert state(desk, job)["result"]["count"] == 0
        assert desk.client.get(f"{READ}/{job}/result").status_code == status


def faulty(desk: Zoho, fault: str, **options: Any) -> None:
    desk.twin.faults.set({fault: {"path": "/bulk/v8/read", **options}})


def test_what_faults_make_of_jobs(zoho: Callable[..., Zoho]) -> None:
    desk = zoho(bulk_rows=10)
    faulty(desk, "failed_job")
    job = number(order(desk, "Last_Name"))
    desk.twin.clock.advance(40)
    told = state(desk, job)
    assert (told["state"], told["result"]["error_message"]["code"]) == ("FAILURE", "INTERNAL_ERROR")
    faulty(desk, "lying_count")
    result, found = done(desk, "Last_Name")
    assert (result["count"], len(found) - 1) == (11, 10)
    faulty(desk, "short_file")
    result, found = done(desk, "Last_Name")
    assert (result["count"], len(found) - 1) == (10, 5)
    faulty(desk, "repeated_rows")
    again, following = done(desk, "Last_Name", page_token=result["next_page_token"])
    assert (again["count"], len(following) - 1) == (13, 13)
    faulty(desk, "lost_result")
    job = number(order(desk, "Last_Name"))
    desk.twin.clock.advance(40)
    assert state(desk, job)["state"] == "COMPLETED"
    assert [desk.client.get(f"{READ}/{job}{tail}").status_code for tail in ("/result", "")] == [404, 404]
