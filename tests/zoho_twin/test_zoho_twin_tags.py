"""The Zoho twin's tags: settings, adding and removing, limits and results (sheet section 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.zoho_twin.conftest import Zoho, code

Open = Callable[..., Zoho]


def send(zoho: Zoho, action: str, *tags: Any, ids: Any = None, path: str = "Contacts", **body: Any) -> Any:
    """One call about tags."""
    given = {"tags": [tag if isinstance(tag, dict) else {"name": tag} for tag in tags], **body}
    given |= {"ids": ids} if ids is not None else {}
    return zoho.client.post(f"/crm/v8/{path}/actions/{action}", json=given)


def held(zoho: Zoho, id_: str) -> list[str]:
    """A contact's tags, as a listing shows them."""
    (row,) = zoho.rows("Contacts", fields="Tag", ids=id_)
    return [tag["name"] for tag in row["Tag"]]


def test_tags_are_added_to_many_and_removed_and_all_others_stay(zoho: Open) -> None:
    desk = zoho()
    first, second = desk.ids(2)
    desk.control("edit", {"op": "tag", "id": first, "tags": ["VIP"]})
    answer = send(desk, "add_tags", "a, b", {"name": "c", "color_code": "#57B1FD"}, ids=[first, second])
    assert answer.status_code == 200
    assert [row["details"]["id"] for row in answer.json()["data"]] == [first, second]
    assert answer.json()["success_count"] == "2"
    assert held(desk, first) == ["VIP", "a, b", "c"]
    send(desk, "remove_tags", "A, B", ids=[first, second])
    assert (held(desk, first), held(desk, second)) == (["VIP", "c"], ["c"])
    send(desk, "add_tags", "only", path=f"Contacts/{second}", over_write=True)
    assert held(desk, second) == ["only"]


def test_each_record_has_its_own_result(zoho: Open) -> None:
    (first,) = desk_ids = zoho().ids(1)
    desk = zoho(locked=tuple(desk_ids))
    other = desk.ids(2)[1]
    answer = send(desk, "add_tags", "a", ids=[first, "5", other])
    assert answer.status_code == 207
    assert [row["code"] for row in answer.json()["data"]] == ["RECORD_LOCKED", "INVALID_DATA", "SUCCESS"]
    assert answer.json()["locked_count"] == 1
    assert send(desk, "add_tags", "a", ids=["5"]).status_code == 400


@pytest.mark.parametrize(
    ("tags", "ids", "told"),
    [
        (["x" * 26], ["1"], "INVALID_DATA"),
        ([{"name": "a", "color_code": "#000000"}], ["1"], "INVALID_DATA"),
        (["a"], [], "MANDATORY_NOT_FOUND"),
        ([], ["1"], "MANDATORY_NOT_FOUND"),
        (["a"], ["1"] * 501, "LIMIT_EXCEEDED"),
    ],
)
def test_what_is_wrong_with_a_call_is_told_for_all_of_it(
    zoho: Open, tags: list[Any], ids: list[str], told: str
) -> None:
    assert code(send(zoho(), "add_tags", *tags, ids=ids)) == (400, told)


def test_a_tag_is_made_once_whatever_its_case_and_unknown_ones_may_be_refused(zoho: Open) -> None:
    desk = zoho(tags_appear=False)
    (first,) = desk.ids()
    assert desk.get("settings/tags", module="Contacts").status_code == 204
    assert send(desk, "add_tags", "Gold", ids=[first]).status_code == 400
    made = [
        desk.client.post("/crm/v8/settings/tags", params={"module": "Contacts"}, json={"tags": [{"name": name}]})
        for name in ("Gold", "gold")
    ]
    assert [answer.status_code for answer in made] == [201, 400]
    assert send(desk, "add_tags", "GOLD", ids=[first]).status_code == 200
    assert held(desk, first) == ["Gold"]
    assert [tag["name"] for tag in desk.get("settings/tags", module="Contacts").json()["tags"]] == ["Gold"]


def test_tags_move_the_time_of_change_or_not(zoho: Open) -> None:
    for touch in (True, False):
        desk = zoho(tags_touch=touch)
        (first,) = desk.ids()
        before = desk.twin.books.modules["Contacts"].rows[first].modified
        desk.wait(60)
        send(desk, "add_tags", "a", ids=[first])
        assert (desk.twin.books.modules["Contacts"].rows[first].modified > before) is touch


def test_a_query_selects_tags_only_where_it_can(zoho: Open) -> None:
    query = "select Last_Name, Tag from Contacts where id is not null limit 1"
    assert code(zoho().coql(query)) == (400, "INVALID_QUERY")
    assert zoho(coql_tags=True).coql(query).json()["data"][0]["Tag"] == []


def test_without_the_scope_of_settings_tags_cannot_be_made(zoho: Open) -> None:
    desk = zoho(scopes=("ZohoCRM.modules.ALL", "ZohoCRM.settings.tags.READ"))
    asked = {"params": {"module": "Contacts"}, "json": {"tags": [{"name": "a"}]}}
    assert code(desk.client.post("/crm/v8/settings/tags", **asked)) == (401, "OAUTH_SCOPE_MISMATCH")
