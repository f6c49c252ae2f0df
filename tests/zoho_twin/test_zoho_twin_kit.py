"""The twin kit, seen through the Zoho twin: faults, control side, counters, clock, a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hub.testing.serve import build
from hub.testing.twin_faults import DEFAULT_ON

from .conftest import CROWD, NOW, Zoho, code

Open = Callable[..., Zoho]


def gold(desk: Zoho) -> httpx.Response:
    """A small write."""
    return desk.send("PUT", "Contacts", {"id": desk.ids()[0], "KeHub_Tier": "gold"})


def tier(desk: Zoho) -> object:
    """What became of it."""
    return desk.twin.books.modules["Contacts"].rows[desk.ids()[0]].values.get("KeHub_Tier")


@pytest.mark.parametrize("after", [None, "0", "99999", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_429_comes_as_often_as_told_with_the_retry_after_it_was_told(zoho: Open, after: str | None) -> None:
    desk = zoho()
    desk.control("faults", {"429": {"times": 2, "retry_after": after}})
    for _ in range(2):
        answer = gold(desk)
        assert code(answer) == (429, "TOO_MANY_REQUESTS")
        assert answer.headers.get("retry-after") == after
    assert gold(desk).status_code == 200


def test_a_fault_waits_its_turn_and_strikes_its_own_calls_only(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"500": {"times": 1, "skip": 1, "on": "read", "path": "/actions/count"}})
    assert gold(desk).status_code == 200
    assert desk.get("org").status_code == 200
    statuses = [desk.get("Contacts/actions/count").status_code for _ in range(3)]
    assert statuses == [200, 500, 200]


@pytest.mark.parametrize(("fault", "wanted"), [("drop_before", None), ("drop_after", "gold")])
def test_the_line_drops_before_or_after_the_write_took_effect(zoho: Open, fault: str, wanted: str | None) -> None:
    desk = zoho()
    desk.control("faults", {fault: {}})
    with pytest.raises(httpx.RemoteProtocolError):
        gold(desk)
    assert tier(desk) == wanted
    assert desk.control("written") == {"written": 0 if wanted is None else 1, "unanswered": 0}
    assert gold(desk).status_code == 200


def test_an_error_or_a_page_of_html_under_status_200(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"error_in_200": {"on": "write"}, "html_in_200": {"on": "read"}})
    assert code(gold(desk)) == (200, "INTERNAL_ERROR")
    assert tier(desk) is None
    page = desk.get("org")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.startswith("<!doctype html>")


def test_truncated_json_is_whole_on_the_wire_and_cannot_be_read(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"truncated": {}})
    answer = desk.get("org")
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_dead_tokens_die_once_or_for_good(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"dead_token": {}})
    assert code(gold(desk)) == (401, "INVALID_TOKEN")
    desk.sign_in()
    assert gold(desk).status_code == 200
    desk.control("faults", {"dead_token": {"for_good": True}})
    assert code(gold(desk)) == (401, "INVALID_TOKEN")
    assert desk.token() == {"error": "invalid_code"}


def test_a_stalled_write_has_taken_effect_while_its_answer_is_awaited(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"stall_after_write": {"seconds": 0.3}})
    waiting = threading.Thread(target=gold, args=(desk,))
    waiting.start()
    deadline = time.monotonic() + 5
    while desk.twin.counts.unanswered == 0 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert tier(desk) == "gold"
    assert desk.control("written") == {"written": 1, "unanswered": 1}
    waiting.join()
    assert desk.control("written") == {"written": 1, "unanswered": 0}


def test_a_page_may_hold_a_row_twice_or_a_name_that_no_strict_reader_takes(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {"duplicate_row": {}, "undecodable_row": {}})
    answer = desk.get("Contacts", fields="Last_Name", per_page=3)
    assert b"\\ud800" in answer.content
    rows = answer.json()["data"]
    assert len(rows) == 4
    assert rows[3]["id"] == rows[0]["id"]


@pytest.mark.parametrize(("paging", "lost"), [("offset", 1), ("keyset", 0)])
def test_a_row_that_drifts_away_pulls_an_unread_one_onto_the_page_before(zoho: Open, paging: str, lost: int) -> None:
    desk = zoho(paging=paging)
    desk.control("faults", {"drift": {}})
    wanted: dict[str, Any] = {"fields": "Last_Name", "per_page": 10, "sort_by": "Modified_Time", "sort_order": "asc"}
    seen: set[str] = set()
    token: dict[str, str] = {}
    while True:
        page = desk.get("Contacts", **wanted, **token).json()
        seen |= {row["id"] for row in page["data"]}
        if not page["info"]["more_records"]:
            break
        token = {"page_token": page["info"]["next_page_token"]}
    assert len(desk.twin.books.modules["Contacts"].rows) - len(seen) == lost


def test_every_fault_is_told_apart_and_an_unknown_one_is_refused(zoho: Open) -> None:
    desk = zoho()
    desk.control("faults", {name: {"times": 0} for name in DEFAULT_ON})
    assert desk.control("faults").keys() == set(DEFAULT_ON)
    assert gold(desk).status_code == 200
    desk.client.delete("/_twin/faults", params={"name": "429"})
    assert "429" not in desk.control("faults")
    desk.client.delete("/_twin/faults")
    assert desk.control("faults") == {}
    assert "no fault" in desk.control("faults", {"earthquake": {}})["error"]


def test_the_date_header_is_the_twins_clock(zoho: Open) -> None:
    desk = zoho()
    assert desk.get("org").headers.get_list("date") == ["Sun, 01 Mar 2026 04:00:00 GMT"]
    assert desk.control("clock", {"advance": 61}) == {"now": "2026-03-01T04:01:01+00:00"}
    assert desk.control("clock", {"set": "2026-03-02T00:00:00+00:00"}) == desk.control("clock")
    assert datetime.fromisoformat(desk.control("clock")["now"]) == datetime(2026, 3, 2, tzinfo=UTC)


def test_calls_and_writes_are_counted_by_template_and_field(zoho: Open) -> None:
    desk = zoho()
    desk.control("counters/reset", {})
    gold(desk)
    desk.get("Contacts/actions/count")
    counted = desk.control("counters")
    assert counted["calls"] == {"GET /crm/v8/{module}/actions/count": 1, "PUT /crm/v8/{module}": 1}
    assert counted["statuses"] == {"200": 2}
    assert counted["rows"] == {"update": 1}
    assert desk.control("writes") == [
        {"op": "update", "module": "Contacts", "id": desk.ids()[0], "fields": ["KeHub_Tier"]}
    ]


def test_an_edit_by_a_user_moves_the_time_of_change_and_counts_as_nobodys_call(zoho: Open) -> None:
    desk = zoho()
    one = desk.ids()[0]
    desk.control("edit", {"op": "change", "module": "Contacts", "id": one, "values": {"Last_Name": "Edited"}})
    new = desk.control("edit", {"op": "create", "module": "Contacts", "values": {"Last_Name": "New"}})["id"]
    changed = desk.rows("Contacts", since="2026-03-01T12:00:00+08:00", fields="Last_Name,Modified_By")
    assert {row["id"] for row in changed} == {one, new}
    assert {row["Modified_By"]["name"] for row in changed} == {"Shop Clerk"}
    assert desk.control("counters")["written"] == 0
    assert "error" in desk.control("edit", {"op": "melt", "module": "Contacts", "id": one})


def test_the_same_writes_end_in_the_same_state_whatever_the_clock(zoho: Open) -> None:
    states = []
    for hours in (0, 5):
        desk = zoho()
        desk.control("clock", {"advance": hours * 600})
        gold(desk)
        desk.send("POST", "Contacts", {"Last_Name": "New"})
        states.append((desk.control("state"), desk.control("state?ids=no")))
    assert states[0] == states[1]
    assert "Modified_Time" not in json.dumps(states[0])
    assert gold(zoho()).status_code == 200
    assert desk.twin.state() != zoho().twin.state()


def test_states_without_ids_are_equal_though_records_came_in_another_order(zoho: Open) -> None:
    states, plain = [], []
    for names in (("One", "Two"), ("Two", "One")):
        desk = zoho()
        desk.send("POST", "Contacts", *[{"Last_Name": name} for name in names])
        states.append(desk.control("state"))
        plain.append(desk.control("state?ids=no"))
    assert states[0] != states[1]
    assert plain[0] == plain[1]


def test_the_truth_names_the_person_behind_each_record(zoho: Open) -> None:
    desk = zoho()
    truth = desk.control("truth")
    assert set(truth) >= set(desk.twin.books.modules["Contacts"].rows)
    assert {1, 2, 3} <= set(truth.values())


def test_options_come_from_the_command_line_and_an_unknown_one_is_refused() -> None:
    twin = build("zoho", CROWD, clock=_Stopped(), options=["page_rows=20", 'scopes=["A"]', "zone=Europe/Paris"])
    assert twin.options.page_rows == 20  # type: ignore[attr-defined]
    assert twin.options.scopes == ("A",)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="no option 'page_size'"):
        build("zoho", CROWD, clock=_Stopped(), options=["page_size=20"])


class _Stopped:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a twin never sleeps on its clock")


def test_a_twin_serves_in_a_process_of_its_own_until_it_is_told_to_end() -> None:
    command = [sys.executable, "-m", "hub.testing.serve", "zoho", "--people", "5", "--clock", "fast"]
    command += ["--at", "2026-03-01T00:00:00Z", "--faults", '{"429": {"times": 1}}', "--set", "refreshes=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["pid"] == process.pid
        assert httpx.get(f"{ready['url']}/_twin/clock").json() == {"now": "2026-03-01T00:00:00+00:00"}
        assert httpx.get(f"{ready['url']}/crm/v8/org").status_code == 429
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) in (0, -signal.SIGTERM)
