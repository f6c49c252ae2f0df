"""Twins with one table: what they hold, how they page, and that every fault of pages gets at them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from hub.clock import FixedClock
from hub.testing import Answer, Call, Endpoint, Population, Sighting, TableTwin, serving
from hub.testing.serve import build

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SIZE = 5


class BookTwin(TableTwin):
    """A guest book that is read by id or by number, and written to."""

    name, module, modified, title = "book", "guests", "edited", "who"

    def row(self, seen: Sighting) -> dict[str, Any]:
        return {"who": seen.name, "tel": seen.phone}

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/by_id", self._by_id),
            Endpoint("GET", "/by_number", self._by_number),
            Endpoint("PUT", "/guests", self._put, "write"),
        ]

    def _by_id(self, call: Call) -> Answer:
        return self._page(call, call.query.get("after", ""))

    def _by_number(self, call: Call) -> Answer:
        return self._page(call, int(call.query.get("start", "0")))

    def _page(self, call: Call, start: int | str) -> Answer:
        page = self.page(call, self.listed(call.query.get("since", "")), start, SIZE)
        return Answer(200, {"rows": page.rows, "total": page.total, "more": page.more, "last": page.last})

    def _put(self, call: Call) -> Answer:
        return Answer(200, {"id": self.write(call.json())})


TWIN = BookTwin


@pytest.fixture
def twin() -> BookTwin:
    return BookTwin(Population(24, 3), FixedClock(NOW))


@pytest.fixture
def http(twin: BookTwin) -> Iterator[httpx.Client]:
    with serving(twin) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["rows"]]


@pytest.mark.parametrize(("path", "name"), [("/by_id", "after"), ("/by_number", "start")])
def test_pages_hold_every_row_once_whether_they_go_by_id_or_by_number(
    twin: BookTwin, http: httpx.Client, path: str, name: str
) -> None:
    met: list[str] = []
    place: str | int = "" if name == "after" else 0
    while True:
        page = http.get(path, params={name: place}).json()
        met += ids(page)
        assert page["total"] == len(twin.table)
        if not page["more"]:
            break
        place = page["last"] if name == "after" else len(met)
    assert page["last"] == ""
    assert met == sorted(twin.table)
    assert len(met) > SIZE


def test_a_page_holds_what_changed_since(twin: BookTwin, http: httpx.Client) -> None:
    twin.clock.advance(60)
    changed = sorted(twin.table)[2]
    twin.edit({"op": "change", "id": changed, "values": {"who": "Somebody Else"}})
    page = http.get("/by_id", params={"since": (NOW + timedelta(seconds=1)).isoformat()}).json()
    assert (ids(page), page["total"], page["more"]) == ([changed], 1, False)
    assert page["rows"][0]["who"] == "Somebody Else"


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("silent_cap", {"rows": 3, "totals": "honest"}, lambda all_: (all_[:3], len(all_), False)),
        ("silent_cap", {"rows": 3, "totals": "lying"}, lambda all_: (all_[:3], 3, False)),
        ("short_page", {}, lambda all_: (all_[:2], len(all_), True)),
        ("empty_page", {}, lambda all_: ([], len(all_), True)),
        ("skipped_page", {}, lambda all_: (all_[5:10], len(all_), True)),
        ("shuffled_rows", {}, lambda all_: (all_[4::-1], len(all_), True)),
        ("duplicate_row", {}, lambda all_: ([*all_[:5], all_[0]], len(all_), True)),
    ],
)
def test_a_fault_of_pages_gets_at_the_first_page(
    twin: BookTwin, http: httpx.Client, fault: str, options: dict[str, Any], expected: Any
) -> None:
    twin.faults.set({fault: options})
    page = http.get("/by_id").json()
    assert (ids(page), page["total"], page["more"]) == expected(sorted(twin.table))
    assert twin.faults.struck[fault] == 1


def test_a_page_that_is_repeated_is_the_one_before(twin: BookTwin, http: httpx.Client) -> None:
    first = http.get("/by_id").json()
    twin.faults.set({"repeated_page": {}})
    assert ids(http.get("/by_id", params={"after": first["last"]}).json()) == ids(first)


def test_an_empty_page_still_tells_where_the_next_one_begins(twin: BookTwin, http: httpx.Client) -> None:
    twin.faults.set({"empty_page": {}})
    assert http.get("/by_id").json()["last"] == sorted(twin.table)[SIZE - 1]


def test_a_row_is_spoilt_by_its_title(twin: BookTwin, http: httpx.Client) -> None:
    twin.faults.set({"undecodable_row": {}})
    assert b'"who":"\\u5f20\\ud800"' in http.get("/by_id").content.replace(b": ", b":")


@pytest.mark.parametrize(("kind", "more"), [("modify", 0), ("delete", -1), ("create", 1)])
def test_rows_move_behind_a_page_that_was_read(twin: BookTwin, http: httpx.Client, kind: str, more: int) -> None:
    before, first = dict(twin.table), min(twin.table)
    twin.clock.advance(60)
    twin.faults.set({"drift": {"kind": kind}})
    assert ids(http.get("/by_id").json())[0] == first
    assert len(twin.table) - len(before) == more
    assert (first in twin.table) == (kind != "delete")
    if kind == "modify":
        assert twin.table[first]["edited"] > before[first]["edited"]
    if kind == "create":
        (new,) = twin.table.keys() - before.keys()
        assert new > max(before)
        assert twin.table[new]["who"] == before[first]["who"]


def test_what_is_written_is_noted_and_what_a_clerk_does_is_not(twin: BookTwin, http: httpx.Client) -> None:
    made = http.put("/guests", json={"who": "New"}).json()["id"]
    assert twin.write({"who": "Newer"}, made) == made
    assert [(one["op"], one["id"], one["fields"]) for one in twin.counts.writes] == [
        ("create", made, ["who"]), ("update", made, ["who"]),
    ]  # fmt: skip
    twin.edit({"op": "delete", "id": made})
    assert made not in twin.records("guests")
    assert len(twin.counts.writes) == 2
    for op in ("change", "delete"):
        with pytest.raises(ValueError, match="no such record"):
            twin.edit({"op": op, "id": made})


def test_two_that_end_alike_have_equal_states_and_each_record_is_of_a_person(twin: BookTwin) -> None:
    other = BookTwin(Population(24, 3), FixedClock(NOW + timedelta(days=1)))
    assert twin.state() == other.state()
    assert "edited" not in str(twin.state())
    assert "b000001" not in str(twin.state(ids=False))
    assert twin.truth().keys() == twin.table.keys()
    twin.records("guests")["b000001"]["who"] = "nobody"
    assert twin.state() == other.state()
    other.edit({"op": "delete", "id": "b000001"})
    assert "b000001" not in other.truth()


def test_a_twin_without_options_is_served_as_it_is() -> None:
    found = build("tests.test_twin_table", Population(5, 3), FixedClock(NOW))
    assert isinstance(found, TableTwin)
    with pytest.raises(ValueError, match="there are none"):
        build("tests.test_twin_table", Population(5, 3), FixedClock(NOW), ["cap=3"])
