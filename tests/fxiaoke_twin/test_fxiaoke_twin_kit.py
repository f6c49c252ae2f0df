"""The twin kit on this twin: population, faults, control side."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from connectors.fxiaoke.twin import TWIN, FxiaokeOptions
from hub.clock import FixedClock
from hub.testing.serve import build
from hub.testing.twin_faults import DEFAULT_ON

from .conftest import CROWD, NOW, Fxiaoke

Open = Callable[..., Fxiaoke]


def test_the_people_are_those_of_the_population_up_to_the_cap(fxiaoke: Open) -> None:
    desk = fxiaoke()
    seen = CROWD.sightings("fxiaoke")
    assert [desk.twin.books.tables["AccountObj"].rows[id_].person for id_ in desk.ids()] == [one.person for one in seen]
    assert len(fxiaoke(people_cap=7).ids()) == 7
    assert len(fxiaoke(people_cap=0).ids()) == len(seen)


def test_orders_are_copies_of_the_tills_orders_and_say_so(fxiaoke: Open) -> None:
    desk = fxiaoke()
    orders = {order.number: order for order in CROWD.orders}
    rows = desk.twin.books.tables["SalesOrderObj"].rows.values()
    assert rows
    for row in rows:
        order = orders[row.values["field_source__c"]]
        assert (row.values["order_amount"], row.person) == (str(order.total), order.person)


def test_two_twins_of_the_same_options_are_the_same() -> None:
    first, second = (TWIN(CROWD, FixedClock(NOW), options=FxiaokeOptions()) for _ in range(2))
    assert first.state() == second.state()
    assert first.state(ids=False) == second.state(ids=False)
    assert first.truth() == second.truth()


def test_the_served_twin_takes_its_options_as_text() -> None:
    twin = build("fxiaoke", CROWD, FixedClock(NOW), ["people_cap=3", 'people_in="ContactObj"', "rewrite_phones=true"])
    assert len(twin.state()["records"]["ContactObj"]) == 3


@pytest.mark.parametrize(
    "fault", [name for name in DEFAULT_ON if name in ("429", "500", "error_in_200", "html_in_200", "truncated")]
)
def test_a_call_can_be_disturbed(fxiaoke: Open, fault: str) -> None:
    desk = fxiaoke()
    desk.control("faults", {fault: {}})
    body = {**desk.body, "data": {"dataObjectApiName": "AccountObj", "search_query_info": {"limit": 5, "offset": 0}}}
    answer = desk.client.post("/cgi/crm/v2/data/query", json=body, params={"thirdTraceId": "t"})
    assert answer.status_code == (500 if fault == "500" else 200)
    if fault in ("html_in_200", "truncated"):
        with pytest.raises(ValueError, match=r"."):
            answer.json()
    else:
        assert answer.json()["errorCode"] in (-1, 14001)
    assert desk.query()["errorCode"] == 0


@pytest.mark.parametrize(("fault", "tier"), [("drop_before", None), ("drop_after", "gold")])
def test_the_line_drops_before_or_after_the_write_took_effect(fxiaoke: Open, fault: str, tier: str | None) -> None:
    desk = fxiaoke()
    desk.control("faults", {fault: {}})
    with pytest.raises(httpx.TransportError):
        desk.write("update", {"_id": desk.ids()[0], "field_tier__c": "gold"})
    assert desk.values(desk.ids()[0]).get("field_tier__c") == tier


@pytest.mark.parametrize(("kind", "change"), [("modify", 0), ("delete", -1), ("create", 1)])
def test_a_row_moves_while_it_is_read(fxiaoke: Open, kind: str, change: int) -> None:
    desk = fxiaoke()
    before = len(desk.ids())
    desk.control("faults", {"drift": {"kind": kind}})
    desk.query()
    assert len(desk.ids()) == before + change


def test_a_page_can_hold_a_row_twice_or_half_a_character(fxiaoke: Open) -> None:
    desk = fxiaoke()
    desk.control("faults", {"duplicate_row": {}})
    rows = desk.rows()
    assert rows[0] == rows[-1]
    desk.control("faults", {"undecodable_row": {}})
    body = {**desk.body, "data": {"dataObjectApiName": "AccountObj", "search_query_info": {"limit": 5, "offset": 0}}}
    assert rb"\ud800" in desk.client.post("/cgi/crm/v2/data/query", json=body).content


def test_the_control_side_edits_as_a_clerk_would(fxiaoke: Open) -> None:
    desk = fxiaoke()
    made = desk.control("edit", {"op": "create", "module": "MemberObj", "values": {"name": "Wu"}})["id"]
    desk.control("edit", {"op": "change", "module": "MemberObj", "id": made, "values": {"name": "Li"}})
    assert desk.values(made, "MemberObj")["name"] == "Li"
    desk.control("edit", {"op": "delete", "module": "MemberObj", "id": made})
    assert desk.ids("MemberObj") == []
    assert "error" in desk.control("edit", {"op": "burn", "id": desk.ids()[0]})
    assert desk.control("written") == {"written": 0, "unanswered": 0}


def test_the_control_side_adds_a_field(fxiaoke: Open) -> None:
    desk = fxiaoke()
    desk.control(
        "fields", {"module": "AccountObj", "api_name": "field_new__c", "type": "select_one", "options": [["1", "一"]]}
    )
    one = desk.ids()[0]
    assert desk.write("update", {"_id": one, "field_new__c": "2"})["errorCode"] == 32000
    assert desk.write("update", {"_id": one, "field_new__c": "1"})["errorCode"] == 0
