"""Sheet section 5: COQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Zoho, code

Open = Callable[..., Zoho]
ALL = "id is not null"


def found(desk: Zoho, where: str, module: str = "Contacts") -> set[str]:
    """The ids that a condition finds."""
    answer = desk.coql(f"select id from {module} where {where} limit 2000")
    return {row["id"] for row in answer.json()["data"]} if answer.status_code == 200 else set()


def test_sheet_5_rows_and_info(zoho: Open) -> None:
    desk = zoho()
    answer = desk.coql(f"select Last_Name, Modified_Time from Contacts where {ALL} order by id asc limit 0, 3").json()
    assert [row["id"] for row in answer["data"]] == desk.ids(3)
    assert set(answer["data"][0]) == {"id", "Last_Name", "Modified_Time"}
    assert answer["info"] == {"count": 3, "more_records": True}


def test_sheet_5_both_spellings_of_an_offset(zoho: Open) -> None:
    desk = zoho()
    one = desk.coql(f"select id from Contacts where {ALL} order by id limit 2, 3").json()
    other = desk.coql(f"select id from Contacts where {ALL} order by id limit 3 offset 2").json()
    assert one == other
    assert [row["id"] for row in one["data"]] == desk.ids(5)[2:]


def test_sheet_5_where_is_mandatory_and_three_conditions_must_be_nested(zoho: Open) -> None:
    desk = zoho()
    assert code(desk.coql("select id from Contacts limit 5")) == (400, "SYNTAX_ERROR")
    flat = "Last_Name is not null and Email is not null and Mobile is not null"
    assert code(desk.coql(f"select id from Contacts where {flat}")) == (400, "SYNTAX_ERROR")
    nested = "((Last_Name is not null and Email is not null) and Mobile is not null)"
    assert desk.coql(f"select id from Contacts where {nested}").status_code == 200


def test_sheet_5_the_keyset_walk_by_time_and_id_finds_every_row_once(zoho: Open) -> None:
    desk = zoho()
    walked: list[str] = []
    where = ALL
    while True:
        query = f"select id, Modified_Time from Contacts where {where} order by Modified_Time asc, id asc limit 10"
        answer = desk.coql(query)
        if answer.status_code == 204:
            break
        rows = answer.json()["data"]
        walked += [row["id"] for row in rows]
        at, last = rows[-1]["Modified_Time"], rows[-1]["id"]
        where = f"(Modified_Time > '{at}' or (Modified_Time = '{at}' and id > '{last}'))"
    assert sorted(walked) == sorted(desk.twin.books.modules["Contacts"].rows)
    assert len(walked) == len(set(walked))


def test_sheet_5_comparators(zoho: Open) -> None:
    desk = zoho()
    rows = {row["id"]: row for row in desk.rows("Contacts", fields="Last_Name,Email,Created_Time,Email_Opt_Out")}
    one = next(row for row in rows.values() if row["Email"])
    assert one["id"] in found(desk, f"Email in ('{one['Email']}', 'x@example.com')")
    assert found(desk, f"id in ('{one['id']}')") == {one["id"]}
    assert found(desk, f"id not in ('{one['id']}')") == rows.keys() - {one["id"]}
    assert found(desk, "Email is null") == {row for row in rows if not rows[row]["Email"]}
    assert found(desk, "Email like '%example.com'") == {
        row for row in rows if (rows[row]["Email"] or "").lower().endswith("example.com")
    }
    assert found(desk, "Email_Opt_Out = true") == {row for row in rows if rows[row]["Email_Opt_Out"]}
    low, high = "2025-01-01T00:00:00+08:00", "2025-12-31T00:00:00+08:00"
    assert found(desk, f"Created_Time between '{low}' and '{high}'") == {
        row for row in rows if low <= rows[row]["Created_Time"] <= high
    }
    assert found(desk, "Grand_Total >= 1000.5", "Sales_Orders")
    assert found(desk, "Grand_Total < 0", "Sales_Orders") == set()


def test_sheet_5_lookups_are_compared_by_id_and_can_be_joined(zoho: Open) -> None:
    desk = zoho()
    order = desk.coql("select Contact_Name from Sales_Orders where Contact_Name is not null limit 1").json()["data"][0]
    buyer = order["Contact_Name"]["id"]
    assert order["id"] in found(desk, f"Contact_Name = '{buyer}'", "Sales_Orders")
    joined = desk.coql(f"select Contact_Name.Last_Name from Sales_Orders where Contact_Name = '{buyer}'")
    last = desk.twin.books.modules["Contacts"].rows[buyer].values["Last_Name"]
    assert joined.json()["data"][0]["Contact_Name.Last_Name"] == last


def test_sheet_5_unknown_columns_are_named(zoho: Open) -> None:
    desk = zoho()
    for query in (f"select Nope from Contacts where {ALL}", "select id from Contacts where Nope = 1"):
        answer = desk.coql(query)
        assert code(answer) == (400, "INVALID_QUERY")
        assert answer.json()["details"] == {"column_name": "Nope"}


@pytest.mark.parametrize(
    "query",
    [
        f"select id from Contacts where {ALL} limit 2001",
        f"select id from Contacts where {ALL} limit 99999, 2",
        f"select id from Contacts where id in ({', '.join(str(n) for n in range(51))})",
        f"select {', '.join(['id'] * 51)} from Contacts where {ALL}",
        f"select id from Contacts where {ALL} order by {', '.join(['id'] * 11)}",
        f"select id from Contacts where {'(' * 25}{ALL}{f' and {ALL})' * 25}",
    ],
)
def test_sheet_5_every_cap_is_kept(zoho: Open, query: str) -> None:
    assert code(zoho().coql(query)) == (400, "LIMIT_EXCEEDED")


def test_sheet_5_paging_by_offset_ends_at_its_cap(zoho: Open) -> None:
    desk = zoho(coql_cap=30)
    assert desk.coql(f"select id from Contacts where {ALL} limit 20, 10").status_code == 200
    assert code(desk.coql(f"select id from Contacts where {ALL} limit 30, 10")) == (400, "LIMIT_EXCEEDED")


def test_sheet_5_credits_grow_with_the_limit(zoho: Open) -> None:
    desk = zoho(credits=100)
    for limit, left in ((200, 99), (201, 97), (1000, 95), (1001, 92), (2000, 89)):
        desk.coql(f"select id from Contacts where {ALL} limit {limit}")
        assert desk.twin.quota.remaining() == left


def test_count_works_only_where_it_is_switched_on(zoho: Open) -> None:
    query = "select count(id) from Contacts where Email is not null"
    desk = zoho()
    assert desk.coql(query).json()["data"] == [{"count(id)": len(found(desk, "Email is not null"))}]
    assert code(zoho(coql_counts=False).coql(query)) == (400, "INVALID_QUERY")


@pytest.mark.parametrize(
    "text", ["", "select", "select id from Contacts where id ~ 1", "select id from Contacts where (id = 1"]
)
def test_sheet_5_nonsense_is_a_syntax_error(zoho: Open, text: str) -> None:
    assert code(zoho().coql(text)) == (400, "SYNTAX_ERROR")
