"""Sheet sections 3, 4 and 7: paths, queries, the forms of values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import CROWD, Fxiaoke

Open = Callable[..., Fxiaoke]


def test_sheet_3_the_family_of_a_path_follows_the_objects_name(fxiaoke: Open) -> None:
    desk = fxiaoke(people_in="Guest__c", tolerant_paths=False)
    search = {"search_query_info": {"limit": 10, "offset": 0}}
    for name, family, code in (
        ("Guest__c", "custom/v2", 0), ("Guest__c", "v2", 32000), ("AccountObj", "custom/v2", 32000),
        ("AccountObj", "v2", 0),
    ):  # fmt: skip
        body = {"data": {"dataObjectApiName": name, **search}}
        assert desk.post(f"/cgi/crm/{family}/data/query", body)["errorCode"] == code
    assert len(desk.rows(name="Guest__c")) == len(CROWD.sightings("fxiaoke"))


def test_sheet_3_find_one_takes_its_projection_beside_the_query(fxiaoke: Open) -> None:
    desk = fxiaoke()
    info = {
        "limit": 1,
        "offset": 0,
        "filters": [{"field_name": "_id", "operator": "EQ", "field_values": [desk.ids()[2]]}],
    }
    asked = {"dataObjectApiName": "AccountObj", "search_query_info": info, "field_projection": ["name"]}
    found = desk.post("/cgi/crm/custom/v2/data/findOne", {"data": asked})["data"]["objectData"]
    assert found == {"_id": desk.ids()[2], "name": desk.values(desk.ids()[2])["name"]}


def test_sheet_3_objects_and_fields_are_described(fxiaoke: Open) -> None:
    desk = fxiaoke()
    listed = desk.post("/cgi/crm/v2/object/list", {})["data"]["objects"]
    assert {one["describeApiName"]: one["defineType"] for one in listed}["Guest__c"] == "custom"
    whole = {"apiName": "AccountObj", "includeDetail": False, "data": {"apiName": "AccountObj"}}
    fields = desk.post("/cgi/crm/v2/object/describe", whole)["data"]["describe"]["fields"]
    assert fields["name"]["is_required"]
    assert fields["field_hubId__c"]["is_unique"]
    assert {"value": "gold", "label": "gold"} in fields["field_tier__c"]["options"]
    assert fields["create_time"]["time_zone"] == "GMT+8"
    orders = {**whole, "apiName": "SalesOrderObj", "data": {"apiName": "SalesOrderObj"}}
    fields = desk.post("/cgi/crm/v2/object/describe", orders)["data"]["describe"]["fields"]
    assert (fields["order_amount"]["type"], fields["order_amount"]["decimal_places"]) == ("currency", 2)
    assert "CNY" in {option["value"] for option in fields["mc_currency"]["options"]}
    assert fields["account_id"]["target_api_name"] == "AccountObj"


@pytest.mark.parametrize("place", ["top", "data"])
def test_sheet_3_describe_looks_for_the_name_in_one_of_two_places(fxiaoke: Open, place: str) -> None:
    desk = fxiaoke(describe_name=place)
    path = "/cgi/crm/v2/object/describe"
    codes = {
        "top": desk.post(path, {"apiName": "AccountObj"}),
        "data": desk.post(path, {"data": {"apiName": "AccountObj"}}),
    }
    assert {name: answer["errorCode"] == 0 for name, answer in codes.items()} == {
        "top": place == "top", "data": place == "data",
    }  # fmt: skip


def test_sheet_4_pages_are_a_hundred_rows_at_most_and_offsets_end_at_the_cap(fxiaoke: Open) -> None:
    desk = fxiaoke(offset_cap=30)
    assert desk.query(limit=101)["errorCode"] == 32000
    assert desk.query(limit=10, offset=5)["errorCode"] == 32000
    assert [row["_id"] for row in desk.rows(limit=10, offset=10)] == desk.ids()[10:20]
    assert desk.query(limit=10, offset=30)["errorCode"] == 10013
    assert desk.query(limit=100)["errorCode"] == 10013


def test_sheet_4_the_deep_paging_recipe_reads_everything(fxiaoke: Open) -> None:
    desk = fxiaoke(short_by=3)
    found: list[str] = []
    while rows := desk.rows(("_id", "GT", [found[-1]]), limit=10) if found else desk.rows(limit=10):
        assert len(rows) <= 7
        found += [row["_id"] for row in rows]
    assert found == desk.ids()


@pytest.mark.parametrize(
    ("sign", "values", "wanted"),
    [
        ("EQ", ["B"], "B"), ("N", ["B"], "AC-"), ("GT", ["A"], "BC"), ("GTE", ["B"], "BC"), ("LT", ["B"], "A"),
        ("LTE", ["B"], "AB"), ("LIKE", ["B"], "B"), ("NLIKE", ["B"], "AC-"), ("IS", [], "-"), ("ISN", [], "ABC"),
        ("IN", ["A", "C"], "AC"), ("NIN", ["A", "C"], "B-"), ("BETWEEN", ["A", "B"], "AB"),
        ("NBETWEEN", ["A", "B"], "C-"), ("STARTWITH", ["C"], "C"), ("ENDWITH", ["A"], "A"),
    ],
)  # fmt: skip
def test_sheet_4_filters(fxiaoke: Open, sign: str, values: list[str], wanted: str) -> None:
    desk = fxiaoke()
    for name in "ABC-":
        desk.twin.books.insert("MemberObj", {"name": name, "email": None if name == "-" else name})
    found = desk.rows(("email", sign, values), name="MemberObj")
    assert "".join(row["name"] for row in found) == wanted


def test_sheet_4_lists_numbers_times_and_flags_can_be_filtered(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one = desk.twin.books.insert("AccountObj", {"name": "W", "field_hobby__c": ["a1", "b2"], "field_size__c": "9.5"})
    for filter_ in (
        ("field_hobby__c", "HASANYOF", ["b2", "zz"]), ("field_hobby__c", "CONTAINS", ["a1"]),
        ("field_size__c", "GT", ["9"]), ("last_modified_time", "GTE", [str(desk.twin.books.now())]),
    ):  # fmt: skip
        assert [row["_id"] for row in desk.rows(filter_)] == [one.id]
    assert one.id not in {row["_id"] for row in desk.rows(("field_hobby__c", "NHASANYOF", ["a1"]))}
    assert desk.rows(("is_deleted", "EQ", ["true"])) == []


@pytest.mark.parametrize(
    "filter_",
    [("no_field", "EQ", ["1"]), ("name", "OR", ["1"]), ("name", "EQ", [1]), ("name", "EQ", []), ("name", "EQ", "x"),
     ("field_size__c", "EQ", ["x"]), ("name", "BETWEEN", ["x"])],
)  # fmt: skip
def test_sheet_9_a_filter_that_makes_no_sense_is_a_parameter_error(fxiaoke: Open, filter_: tuple) -> None:  # type: ignore[type-arg]
    assert fxiaoke().query(filter_)["errorCode"] == 32000


def test_sheet_4_what_is_and_isn_want_is_open(fxiaoke: Open) -> None:
    desk = fxiaoke(null_condition="empty_string")
    assert desk.query(("tel", "IS", []))["errorCode"] == 32000
    assert desk.query(("tel", "IS", [""]))["errorCode"] == 0


def test_sheet_4_rows_are_sorted_as_asked(fxiaoke: Open) -> None:
    desk = fxiaoke()
    orders = [{"fieldName": "last_modified_time", "isAsc": False}, {"fieldName": "_id", "isAsc": True}]
    rows = desk.rows(orders=orders)
    keys = [(-row["last_modified_time"], row["_id"]) for row in rows]
    assert keys == sorted(keys)
    assert len({row["last_modified_time"] for row in rows}) < len(rows)  # some tie


@pytest.mark.parametrize(
    ("switch", "off"), [("find_explicit_total_num", False), ("returnTotalNum", 3), ("need_return_count_num", False)]
)
def test_sheet_4_one_of_three_switches_turns_totals_off(fxiaoke: Open, switch: str, off: object) -> None:
    desk = fxiaoke(total_switch=switch)
    assert desk.query(limit=1)["data"]["total"] == len(desk.ids())
    asked = {"search_query_info": {"limit": 1, "offset": 0}}
    if switch == "find_explicit_total_num":
        answer = desk.call("query", {**asked, switch: off})
    else:
        answer = desk.call("query", asked, **{switch: off})
    assert answer["data"]["total"] == 0
    assert fxiaoke(totals=False).query()["data"]["total"] == 0


def test_sheet_4_empty_fields_are_left_out_unless_nulls_are_wanted(fxiaoke: Open) -> None:
    desk = fxiaoke()
    one = desk.twin.books.insert("AccountObj", {"name": "Wu"})
    by_id = ("_id", "EQ", [one.id])
    assert desk.rows(by_id, fieldProjection=["_id", "name", "tel", "no_field"]) == [{"_id": one.id, "name": "Wu"}]
    (row,) = desk.rows(by_id, fieldProjection=["name", "tel"], flags={"includeNull": True})
    assert row == {"_id": one.id, "name": "Wu", "tel": None}


@pytest.mark.parametrize("shows", [True, False])
def test_sheet_4_whether_invalidated_rows_are_listed_is_open(fxiaoke: Open, shows: bool) -> None:
    desk = fxiaoke(shows_invalid=shows)
    lost, *others = desk.ids()
    desk.control("edit", {"op": "invalidate", "id": lost})
    assert ([row["_id"] for row in desk.rows()] == [lost, *others]) is shows
    assert [row["_id"] for row in desk.rows(("life_status", "EQ", ["invalid"]))] == [lost]
    assert desk.call("get", {"objectDataId": lost})["data"]["life_status"] == "invalid"


def test_sheet_5_get_gives_one_record_with_all_its_fields(fxiaoke: Open) -> None:
    desk = fxiaoke()
    row = desk.call("get", {"objectDataId": desk.ids()[0]})["data"]
    assert row["_id"] == desk.ids()[0]
    assert {"name", "create_time", "owner", "version"} <= row.keys()
    assert desk.call("get", {"objectDataId": "x"})["errorCode"] == 32000


def test_sheet_7_values_have_the_forms_of_the_sheet(fxiaoke: Open) -> None:
    desk = fxiaoke()
    order = desk.rows(name="SalesOrderObj")[0]
    assert isinstance(order["order_amount"], str)
    assert order["order_time"] % 86_400_000 == 57_600_000  # midnight in Beijing
    assert isinstance(order["last_modified_time"], int)
    assert order["owner"] == ["FSUID_77AB"]
    assert order["owner__r"]["name"]
    assert order["account_id__r"] == desk.values(order["account_id"])["name"]
    assert len(order["_id"]) == 24
    assert order["mc_currency"] == "CNY"
    assert "mc_currency" not in fxiaoke(multi_currency=False).rows(name="SalesOrderObj")[0]


def test_sheet_4_a_silent_cap_shows_in_the_total_only(fxiaoke: Open) -> None:
    desk = fxiaoke(silent_cap=5)
    answer = desk.query()["data"]
    assert (len(answer["dataList"]), answer["total"]) == (5, len(desk.ids()))
