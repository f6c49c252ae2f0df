"""sync, plan, apply, and what they leave behind, through the command line."""

from __future__ import annotations

import io

import openpyxl
import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from connectors.memory.connector import Memory
from hub.cli.watching import Drawn, columns
from hub.connector import RowResult
from sync.lanes import Outcome
from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]


def test_sync_tells_what_it_read_decided_and_planned(site: Site) -> None:
    site.people(4)
    facts = site.facts("sync", code=3)
    assert set(facts) == {
        "run", "state", "as_of", "streams", "resolved", "decided", "settled", "applied", "plans", "brakes",
        "questions", "errors",
    }  # fmt: skip
    streams = {(s["connection"], s["stream"]): s for s in facts["streams"]}
    assert streams["till", "orders"]["new"] == 4
    assert streams["crm", "customers"]["certificate"] == "bracketed"
    assert facts["resolved"]["created"] == 4
    assert facts["plans"][0]["actions"] == {"update": 4}
    assert facts["brakes"][0]["kind"] == "share"
    text = site.kehub("sync", code=3)
    assert f"kehub apply {facts['plans'][0]['digest']}" in text
    assert "Brake share holds update on crm" in text


def test_apply_writes_what_no_brake_holds_and_says_what_waits(site: Site) -> None:
    site.people(4)
    digest = site.planned()
    held = site.facts("apply", digest, code=3)
    assert held["plans"][0]["held"][0]["rows"] == 4
    assert site.crm.writes == 0
    assert "--release share" in site.kehub("apply", digest, code=3)
    done = site.facts("apply", digest, "--release", "share", "--as", "anna")
    assert set(done) == {"run", "state", "plans", "errors"}
    assert done["plans"][0]["rows"] == {"ack": 4}
    assert done["plans"][0]["left"] == 0
    assert site.crm.customers["a0"]["tier"] == "silver"
    assert site.facts("sync")["plans"] == []
    assert site.facts("runs", "list")[1]["actor"] == "anna"
    assert site.facts("runs", "show", str(done["run"]))["receipts"] == {"ack": 4}
    assert "applied" in site.kehub("runs", "show", str(done["run"]))
    site.kehub("runs", "show", "999", code=2)


def test_apply_refuses_what_is_no_open_plan(site: Site) -> None:
    site.people(2)
    digest = site.planned()
    site.kehub("apply", "zzzzzzzz", code=3)
    assert "no plan has this digest" in site.err
    site.crm.put("customers", {"id": "b", "name": "李娜"})
    site.planned()
    site.kehub("apply", digest, code=3)
    assert "this plan is replaced" in site.err


def test_a_rejected_row_is_listed_with_code_and_field(site: Site) -> None:
    site.people(2)
    digest = site.planned()
    site.crm.customers["a0"]["stage"] = site.crm.keep["stage"] = "forbidden"
    site.crm.keep.clear()
    site.crm.customers.pop("a1")
    done = site.facts("apply", digest)
    assert done["plans"][0]["rows"]["moved"] == 2
    assert {row["state"] for row in done["plans"][0]["undone"]} <= {"moved", "gone"}


def test_a_rejection_makes_the_exit_code_4(site: Site) -> None:
    site.people(1)
    site.crm.keep["stage"] = "forbidden"
    done = site.facts("apply", site.planned(), code=4)
    (row,) = done["plans"][0]["undone"]
    assert (row["state"], row["code"], row["field"]) == ("rejected", "INVALID", "name")
    assert done["plans"][0]["codes"] == {"INVALID": 1}


def test_a_row_that_the_system_puts_off_makes_the_exit_code_4(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.people(1)
    digest = site.planned()
    put_off = lambda self, batch: [RowResult(row.key, "retry_after") for row in batch]  # noqa: E731
    monkeypatch.setattr(Memory, "write", put_off)
    done = site.facts("apply", digest, code=4)
    assert done["plans"][0]["rows"] == {"later": 1}
    assert done["plans"][0]["left"] == 1


def test_one_system_that_fails_does_not_stop_the_rest(site: Site) -> None:
    site.people(2)
    site.crm.fail["read"] = 1
    facts = site.facts("sync", code=4)
    assert facts["errors"][0]["connection"] == "crm"
    assert {s["connection"] for s in facts["streams"] if s["new"]} == {"till"}
    site.crm.fail["read"] = 1
    site.kehub("sync", code=4)
    assert "Error: the system did not read" in site.err


def test_a_plan_is_shown_in_pages_sorted_and_filtered(site: Site) -> None:
    site.people(4)
    digest = site.planned()
    page = site.facts("plan", "show", digest, "--per-page", "3", "--page", "2")
    assert (page["rows"], page["pages"], len(page["items"])) == (4, 2, 1)
    assert page["cost"] == {"calls": 3, "seconds": 1.5}
    assert page["approval"] is None
    assert page["items"][0]["held"] == "share"
    assert set(page["items"][0]["fields"]["tier"]) == {"base", "theirs", "wanted", "why"}
    last = site.facts("plan", "show", "crm", "--sort", "-key")["items"][0]
    assert last["key"] == "a3"
    customer = last["customer"]
    assert [i["key"] for i in site.facts("plan", "show", "--filter", f"customer={customer}")["items"]] == ["a3"]
    assert site.facts("plan", "show", "--filter", "field=phone")["items"] == []
    assert site.facts("plan", "list")[0]["digest"] == digest
    text = site.kehub("plan", "show", "--full")
    assert "silver" in text
    assert f"kehub apply {digest} --release share" in text
    assert digest in site.kehub("plan", "list")
    for wrong in (("--sort", "colour"), ("--filter", "colour=red"), ("--filter", "action=dance")):
        site.kehub("plan", "show", *wrong, code=2)


def test_without_a_plan_there_is_nothing_to_show(site: Site) -> None:
    site.kehub("plan", "show", code=2)
    assert "there is no open plan" in site.err
    assert "No plans yet" in site.kehub("plan", "list")


def test_a_plan_goes_into_a_spreadsheet_without_formulas(site: Site) -> None:
    site.settled(1)
    site.till.put("customers", {"id": "t0", "city": "=1+1"})
    site.planned()
    site.kehub("plan", "export", "plan.xlsx")
    site.kehub("plan", "export", "plan.xlsx", code=2)
    site.kehub("plan", "export", "plan.csv", code=2)
    sheet = openpyxl.load_workbook("plan.xlsx")["plan"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]


def test_a_discarded_plan_is_planned_afresh(site: Site) -> None:
    site.people(2)
    digest = site.planned()
    assert "2 planned changes" in site.kehub("plan", "discard", "crm")
    assert site.facts("status")["plans"] == []
    assert site.planned() == digest


def test_a_paused_connection_is_left_out(site: Site) -> None:
    site.people(1)
    site.kehub("pause", "till", "--as", "anna")
    assert {s["connection"] for s in site.facts("sync", code=3)["streams"]} == {"crm"}
    paused = {s["connection"]: s["paused"] for s in site.facts("status")["streams"]}
    assert paused["till"]["by"] == "anna"
    assert "takes part again" in site.kehub("unpause", "till")
    assert "was not paused" in site.kehub("unpause", "till")
    site.kehub("pause", "tlil", code=2)
    assert 'did you mean "till"' in site.err


def test_status_shows_marks_tiers_and_what_waits(site: Site) -> None:
    site.people(4)
    site.planned()
    facts = site.facts("status")
    assert set(facts) == {
        "brand", "customers", "decided_on", "streams", "plans", "brakes", "held", "questions", "drift", "decisions",
        "receipts", "run", "segments", "hints",
    }  # fmt: skip
    orders = next(s for s in facts["streams"] if (s["connection"], s["stream"]) == ("till", "orders"))
    assert orders["records"] == 4
    assert orders["certificate"]["strength"] == "bracketed"
    assert facts["decisions"]["main"]["silver"] == {"customers": 4, "share": 1.0}
    assert "silver" in site.kehub("status")


def test_only_stream_since_and_as_of_narrow_a_run(site: Site) -> None:
    site.people(1)
    facts = site.facts("sync", "--only", "till", "--stream", "orders", "--plan-only")
    assert [(s["connection"], s["stream"]) for s in facts["streams"]] == [("till", "orders")]
    facts = site.facts("sync", "--since", "2020-01-01", "--as-of", "2026-03-02", code=3)
    assert facts["as_of"] == "2026-03-02"
    site.kehub("sync", "--as-of", "2026-02-01", code=2)
    site.kehub("sync", "--only", "nowhere", code=2)
    assert all(s["full"] for s in site.facts("sync", "--full", "--as-of", "2026-03-02", code=3)["streams"])


def test_a_row_in_quarantine_is_replayed_after_the_mapping_is_mended(site: Site) -> None:
    site.people(1)
    site.till.put("orders", {"id": "odd", "customer": "t0", "bought": "2026-02-21 10:00", "total": "900"})
    site.kehub("sync", code=3)
    (held,) = site.facts("quarantine", "list")
    assert (held["connection"], held["stream"], held["ext"], held["field"]) == ("till", "orders", "odd", "placed")
    assert "placed" in site.kehub("quarantine", "list")
    assert site.facts("quarantine", "replay", "till")[0]["still_held"] == 1
    fields = "fields: [{stream: orders, ours: placed_at, theirs: bought}]"
    site.write(YAML.replace("writable: false", f"writable: false, {fields}"))
    (done,) = site.facts("quarantine", "replay")
    assert (done["landed"], done["still_held"]) == (1, 0)
    assert site.facts("quarantine", "list") == []
    assert "Nothing is in quarantine" in site.kehub("quarantine", "replay")


def test_a_question_is_answered_once_and_the_answer_is_acted_on(site: Site) -> None:
    site.write(YAML.replace("system: crm", "system: crm, fields: [{ours: city, theirs: city, owner: shared}]"))
    site.crm.put("customers", {"id": "a0", "city": "北京"})
    site.till.now += 100  # the till's word is the more recent one
    site.people(1)
    site.kehub("sync", code=3)
    (question,) = site.facts("questions", "list")
    assert (question["kind"], question["field"], question["answers"]) == ("first", "city", ["ours", "theirs"])
    assert question["samples"] == [{"ext": "a0", "theirs": "北京", "wanted": "上海"}]
    assert question["id"] in site.kehub("questions", "list")
    site.kehub("questions", "answer", question["id"], "maybe", code=2)
    site.kehub("questions", "answer", "nosuchid", "hub", code=2)
    site.kehub("questions", "answer", question["id"], "ours", "--as", "anna")
    assert site.facts("questions", "list") == []
    site.kehub("questions", "answer", question["id"], "hub", code=2)
    assert "city" in site.facts("plan", "show", site.planned())["items"][0]["fields"]


def test_what_staff_changed_is_shown_by_every_command_and_can_be_left_standing(site: Site) -> None:
    site.people(1)
    site.kehub("apply", site.planned(), "--release", "share", code=0)
    site.crm.put("customers", {"id": "a0", "tier": "VIP"})
    digest = site.planned()
    (entry,) = site.facts("questions", "drift")
    assert (entry["field"], entry["ours"], entry["theirs"], entry["owner"]) == ("tier", "silver", "VIP", "hub")
    assert (entry["follows"], entry["answers"]) == ("is written back", ["ours", "theirs"])
    assert site.facts("status")["drift"] == [{"owner": "hub", "state": "open", "count": 1}]
    assert "Changed there since we wrote it" in site.kehub("status")
    (item,) = site.facts("plan", "show", digest)["items"]
    assert item["drift"]["tier"] == {"seen": entry["seen"], "rounds": 0, "crossed": False}
    assert "seen 20" in " ".join(site.kehub("plan", "show", digest).split())
    for command in (("why",), ("customers", "show")):
        assert site.facts(*command, entry["customer"])["drift"][0]["id"] == entry["id"]
        assert "VIP" in site.kehub(*command, entry["customer"])
    site.kehub("questions", "answer", entry["id"], "maybe", code=2)
    assert "undo it" in site.kehub("questions", "answer", entry["id"], "theirs", "--as", "anna")
    site.kehub("sync", code=0)
    assert site.crm.customers["a0"]["tier"] == "VIP"
    assert [found["follows"] for found in site.facts("questions", "drift")] == ["left as it is there"]
    site.kehub("questions", "answer", entry["id"], "ours")
    site.kehub("apply", site.planned(), code=0)
    assert site.crm.customers["a0"]["tier"] == "silver"
    assert "Nothing drifted" in site.kehub("questions", "drift")
    assert [found["why"] for found in site.facts("questions", "drift", "--all")] == ["written back"]
    site.kehub("questions", "answer", entry["id"], "ours", code=2)


def test_two_people_on_one_phone_are_shown_by_name(site: Site) -> None:
    for number, name in enumerate(("张伟", "李娜")):
        site.till.put("customers", {"id": f"t{number}", "name": name, "phone": "+8613812345678"})
    site.kehub("sync", code=3)
    (question,) = site.facts("questions", "list")
    assert question["kind"] == "names"
    assert [sample["name"] for sample in question["samples"]] == ["张伟", "李娜"]
    assert "李娜" in site.kehub("questions", "list")
    site.kehub("questions", "answer", question["id"], "seen")


def test_the_store_is_checked_and_printed(site: Site) -> None:
    site.people(1)
    site.planned()
    assert "The store is sound" in site.kehub("store", "check")
    assert site.facts("store", "check") == {"problems": []}
    assert "张伟0" in site.kehub("store", "check", "--canonical")


@pytest.mark.parametrize("command", [("status",), ("plan", "list"), ("runs", "list"), ("connectors", "list")])
def test_looking_needs_no_terminal_of_a_certain_width(
    site: Site, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.people(2)
    site.planned()
    monkeypatch.delenv("COLUMNS")
    text = site.kehub(*command, code=0)
    assert max(map(len, text.splitlines())) <= 100


def test_on_a_terminal_each_stream_has_a_line_while_it_is_read() -> None:
    drawn_on = io.StringIO()
    with Bars(*columns(), console=Console(file=drawn_on, force_terminal=True, width=100)) as bars:
        drawn = Drawn(bars)
        drawn.lane("crm.customers", Outcome(new=2, quarantined=1))
        drawn.lane("crm.customers", Outcome(new=3, quarantined=1, certificate="swept"))
        drawn.step("resolve")
        drawn.pushed("crm", 10)
        drawn.pushed("crm", 5)
    last = drawn_on.getvalue()
    assert "3 records (3 new, 0 changed, 1 set aside), swept" in last
    assert "15 rows" in last
