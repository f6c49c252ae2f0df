"""Sheet sections 4 and 7: reading from the twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Zoho, code

Open = Callable[..., Zoho]


def walk(desk: Zoho, **params: Any) -> list[str]:
    """All ids of a listing of Contacts, page by page, by page token."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        asked: dict[str, Any] = {"fields": "Last_Name", **params, **token}
        page = desk.get("Contacts", **asked).json()
        found += [row["id"] for row in page["data"]]
        if not page["info"]["more_records"]:
            return found
        token = {"page_token": page["info"]["next_page_token"]}


def test_sheet_4_fields_are_mandatory_and_fifty_at_most(zoho: Open) -> None:
    desk = zoho()
    assert code(desk.get("Contacts")) == (400, "REQUIRED_PARAM_MISSING")
    fields = ",".join(f"F{number}" for number in range(51))
    assert code(desk.get("Contacts", fields=fields)) == (400, "LIMIT_EXCEEDED")


def test_sheet_4_a_page_has_two_hundred_rows_at_most_and_by_default(zoho: Open) -> None:
    desk = zoho()
    assert desk.get("Contacts", fields="Email").json()["info"]["per_page"] == 200
    assert code(desk.get("Contacts", fields="Email", per_page=201)) == (400, "LIMIT_EXCEEDED")


def test_sheet_4_the_default_order_is_by_id_descending(zoho: Open) -> None:
    ids = [row["id"] for row in zoho().rows("Contacts")]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("field", ["Created_Time", "Modified_Time"])
def test_sheet_4_sorts_by_three_fields_only(zoho: Open, field: str) -> None:
    desk = zoho()
    times = [row[field] for row in desk.rows("Contacts", fields=field, sort_by=field, sort_order="asc")]
    assert times == sorted(times)
    assert code(desk.get("Contacts", fields="Email", sort_by="Email")) == (400, "INVALID_DATA")


def test_sheet_4_the_info_of_a_page(zoho: Open) -> None:
    info = zoho().get("Contacts", fields="Email", per_page=5).json()["info"]
    assert info.pop("next_page_token")
    assert info == {
        "per_page": 5,
        "count": 5,
        "page": 1,
        "more_records": True,
        "sort_by": "id",
        "sort_order": "desc",
        "previous_page_token": None,
        "page_token_expiry": "2026-03-02T12:00:00+08:00",
    }


@pytest.mark.parametrize("paging", ["offset", "keyset"])
@pytest.mark.parametrize("order", [{}, {"sort_by": "Modified_Time", "sort_order": "asc"}])
def test_sheet_4_page_tokens_lead_through_every_row_once(zoho: Open, paging: str, order: dict[str, str]) -> None:
    desk = zoho(paging=paging)
    found = walk(desk, per_page=7, **order)
    assert sorted(found) == sorted(desk.twin.books.modules["Contacts"].rows)


def test_sheet_4_page_reaches_its_cap(zoho: Open) -> None:
    desk = zoho(page_cap=20)
    assert desk.get("Contacts", fields="Email", per_page=10, page=2).json()["info"]["more_records"]
    answer = desk.get("Contacts", fields="Email", per_page=10, page=3)
    assert code(answer) == (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    assert answer.json()["details"] == {"limit": 20}


def test_sheet_4_page_token_reaches_its_cap(zoho: Open) -> None:
    desk = zoho(token_cap=20)
    first = desk.get("Contacts", fields="Email", per_page=10).json()["info"]["next_page_token"]
    second = desk.get("Contacts", fields="Email", per_page=10, page_token=first).json()["info"]["next_page_token"]
    answer = desk.get("Contacts", fields="Email", per_page=10, page_token=second)
    assert code(answer) == (400, "PAGINATION_LIMIT_EXCEEDED")


def test_sheet_4_a_page_token_is_bound_to_its_parameters(zoho: Open) -> None:
    desk = zoho()
    token = desk.get("Contacts", fields="Email", per_page=10).json()["info"]["next_page_token"]
    changes: tuple[dict[str, Any], ...] = (
        {"fields": "Mobile", "per_page": 10},
        {"fields": "Email", "per_page": 11},
    )
    for changed in changes:
        assert code(desk.get("Contacts", page_token=token, **changed)) == (400, "TOKEN_BOUND_DATA_MISMATCH")


def test_sheet_4_a_page_token_goes_not_together_with_page(zoho: Open) -> None:
    desk = zoho()
    token = desk.get("Contacts", fields="Email", per_page=10).json()["info"]["next_page_token"]
    answer = desk.get("Contacts", fields="Email", per_page=10, page=2, page_token=token)
    assert code(answer) == (400, "AMBIGUITY_DURING_PROCESSING")


def test_sheet_4_a_page_token_lives_for_a_day(zoho: Open) -> None:
    desk = zoho()
    token = desk.get("Contacts", fields="Email", per_page=10).json()["info"]["next_page_token"]
    desk.wait(86_400)
    desk.sign_in()
    assert code(desk.get("Contacts", fields="Email", per_page=10, page_token=token)) == (400, "EXPIRED_VALUE")
    assert code(desk.get("Contacts", fields="Email", page_token="foreign")) == (400, "INVALID_DATA")


def test_sheet_4_nothing_modified_is_304_and_nothing_found_204_both_empty(zoho: Open) -> None:
    desk = zoho()
    unchanged = desk.get("Contacts", since="2026-03-01T12:00:00+08:00", fields="Email")
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    none = desk.get("Contacts", fields="Email", ids="1")
    assert (none.status_code, none.content) == (204, b"")


@pytest.mark.parametrize(("inclusive", "status"), [(True, 200), (False, 304)])
def test_sheet_4_the_boundary_of_if_modified_since_is_an_option(zoho: Open, inclusive: bool, status: int) -> None:
    desk = zoho(since_inclusive=inclusive)
    desk.send("PUT", "Contacts", {"id": desk.ids()[0], "KeHub_Tier": "gold"})
    answer = desk.get("Contacts", since="2026-03-01T04:00:00+00:00", fields="Email")
    assert answer.status_code == status


def test_sheet_4_ids_choose_a_hundred_records_at_most(zoho: Open) -> None:
    desk = zoho()
    wanted = desk.ids(3)
    assert sorted(row["id"] for row in desk.rows("Contacts", ids=",".join(wanted))) == wanted
    assert code(desk.get("Contacts", fields="Email", ids=",".join(map(str, range(101))))) == (400, "LIMIT_EXCEEDED")


def test_sheet_4_a_custom_view_cannot_be_sorted(zoho: Open) -> None:
    answer = zoho().get("Contacts", fields="Email", cvid="1", sort_by="id")
    assert code(answer) == (400, "AMBIGUITY_DURING_PROCESSING")


def test_sheet_4_converted_leads_are_listed_on_demand(zoho: Open) -> None:
    desk = zoho()
    counts = {kind: len(desk.rows("Leads", converted=kind)) for kind in ("false", "true", "both")}
    assert counts["true"] > 0
    assert counts["false"] + counts["true"] == counts["both"]
    assert len(desk.rows("Leads")) == counts["false"]


def test_sheet_4_line_items_come_with_a_single_record_only(zoho: Open) -> None:
    desk = zoho()
    listed = desk.get("Sales_Orders", fields="Subject,Contact_Name,Ordered_Items").json()["data"][0]
    assert "Ordered_Items" not in listed
    assert set(listed["Contact_Name"]) == {"name", "id"}
    single = desk.get(f"Sales_Orders/{listed['id']}").json()["data"]
    assert len(single) == 1
    assert single[0]["Ordered_Items"][0]["Product_Name"]["id"]
    assert desk.get("Sales_Orders/1").status_code == 204


@pytest.mark.parametrize(("as_text", "kind"), [(False, int), (True, str)])
def test_sheet_4_count(zoho: Open, as_text: bool, kind: type) -> None:
    desk = zoho(count_as_text=as_text)
    found = desk.get("Contacts/actions/count").json()["count"]
    assert found == kind(len(desk.twin.books.modules["Contacts"].rows))


def test_sheet_7_deleted_records_are_listed_by_kind_and_time(zoho: Open) -> None:
    desk = zoho()
    assert desk.get("Contacts/deleted", type="all").status_code == 204
    soft, hard = desk.ids(2)
    desk.control("edit", {"op": "delete", "module": "Contacts", "id": soft})
    desk.wait(60)
    desk.control("edit", {"op": "delete", "module": "Contacts", "id": hard, "permanent": True})
    page = desk.get("Contacts/deleted", type="all").json()
    assert [(row["id"], row["type"]) for row in page["data"]] == [(soft, "recycle"), (hard, "permanent")]
    assert page["data"][0]["deleted_time"] == "2026-03-01T12:00:00+08:00"
    assert page["data"][1]["display_name"] is None
    assert page["info"] == {"per_page": 200, "count": 2, "page": 1, "more_records": False}
    assert len(desk.get("Contacts/deleted", type="recycle").json()["data"]) == 1
    late = desk.get("Contacts/deleted", since="2026-03-01T12:00:30+08:00", type="all").json()["data"]
    assert [row["id"] for row in late] == [hard]
    assert code(desk.get("Contacts/deleted", type="gone")) == (400, "PATTERN_NOT_MATCHED")


def test_sheet_7_the_bin_keeps_sixty_days_and_the_list_looks_back_for_a_hundred_and_twenty(zoho: Open) -> None:
    desk = zoho()
    desk.control("edit", {"op": "delete", "module": "Contacts", "id": desk.ids()[0]})
    wanted: dict[int, list[str]] = {60: ["recycle"], 61: ["permanent"], 120: ["permanent"], 121: []}
    for days, kinds in wanted.items():
        desk.control("clock", {"set": "2026-03-01T04:00:00+00:00", "advance": days * 86_400})
        desk.sign_in()
        answer = desk.get("Contacts/deleted", type="all")
        found = [row["type"] for row in answer.json()["data"]] if answer.status_code == 200 else []
        assert found == kinds
