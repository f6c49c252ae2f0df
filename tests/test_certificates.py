"""How strong the certificates are that reads reach, for every stream of every connector; and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot.twin import STAND as HUBSPOT
from connectors.rest.twin import STAND as REST
from hub.cli.sealed import run_seals, spelled, told
from hub.cli.standing import streams
from hub.clock import FixedClock
from hub.plugins import load_plugins
from hub.testing.contract.rig import Rig, environment
from hub.testing.twin import Stage
from sync.engine import Report
from tests import fxiaoke_site, shopify_site, woocommerce_site, zoho_site
from tests.site import BaseSite, opener, outcome
from tests.test_cli_site import YAML as TWO
from tests.test_cli_site import Site as Terminal
from tests.test_cli_site import site as terminal
from tests.test_partial_files import members, sales

__all__ = ["terminal"]

PAGE = Path(__file__).parent.parent / "docs" / "partial-reads.md"
_SYSTEMS: dict[str, Any] = {
    "zoho": zoho_site,
    "fxiaoke": fxiaoke_site,
    "woocommerce": woocommerce_site,
    "shopify": shopify_site,
}


@dataclass(frozen=True)
class Row:
    """One row of the table: a kind of read of some streams of a system, and the strength that it reaches."""

    system: str
    streams: str
    read: str
    strength: str
    settings: str = ""
    twin: dict[str, Any] = field(default_factory=dict)


TABLE = (
    Row("memory", "customers, orders", "complete", "bracketed"),
    Row("memory", "customers, orders", "window", "chain"),
    Row("csv_file", "customers, orders, stores, staff, cases", "snapshot", "swept"),
    Row("csv_file", "customers, orders, stores, staff, cases", "append", "bracketed"),
    Row("zoho", "customers, orders", "complete", "swept"),
    Row("zoho", "customers, orders", "complete, beyond the list's cap", "swept", "coql_rows: 3", {"token_cap": 8}),
    Row("zoho", "customers, orders", "complete, by Bulk Read", "swept", "bulk_from: 1", {"bulk_rows": 8}),
    Row("zoho", "customers, orders", "window", "chain"),
    Row("zoho", "customers, orders", "window, `coql_count`", "bracketed", "coql_count: true"),
    Row("fxiaoke", "customers, orders", "complete", "swept"),
    Row("fxiaoke", "customers, orders", "window", "bracketed"),
    Row("fxiaoke", "customers, orders", "complete, `totals: false`", "chain", "totals: false"),
    Row("fxiaoke", "customers, orders", "window, `totals: false`", "chain", "totals: false"),
    Row("woocommerce", "customers", "complete", "swept"),
    Row("woocommerce", "customers", "window, `sweep_hours`", "chain", "sweep_hours: 24"),
    Row("woocommerce", "orders", "complete", "swept"),
    Row("woocommerce", "orders", "window", "bracketed"),
    Row("woocommerce", "orders", "window, filter passed over", "chain", "", {"ignores_modified": True}),
    Row("shopify", "customers, orders", "complete", "swept"),
    Row("shopify", "customers, orders", "complete, by bulk operation", "swept", "bulk_from: 1"),
    Row("shopify", "customers, orders", "window", "bracketed"),
    Row("shopify", "customers, orders", "window, by bulk operation", "bracketed", "bulk_from: 1"),
    Row("shopify", "customers, orders", "window, without exact counts", "chain", "", {"counts": "none"}),
    Row("hubspot", "customers, orders", "complete", "swept"),
    Row("hubspot", "customers, orders", "window", "bracketed"),
    Row("rest", "customers, orders", "complete, `total`", "swept"),
    Row("rest", "customers, orders", "window, `total`", "bracketed"),
)
"""What docs/partial-reads.md says, row by row."""

STANDS = {"hubspot": HUBSPOT, "rest": REST}
FILES = """
brand: {name: Test brand}
store: kehub.db
connections:
  files:
    type: csv_file
    streams:
      customers: {path: members.csv, mode: MODE, key: [id], columns: {name: name, phone: phone}}
      orders: {path: sales.csv, mode: MODE, key: [no], fixed: {currency: CNY},
               columns: {number: "no", buyer.external_id: member, placed_at: at, total: total}}
      stores: {path: stores.csv, mode: MODE, key: [code], columns: {code: code, name: name}}
      staff: {path: staff.csv, mode: MODE, key: [code], columns: {code: code, name: name}}
      cases: {path: cases.csv, mode: MODE, key: [no],
              columns: {number: "no", kind: kind, opened_at: at, buyer.external_id: member}}
"""


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Callable[[Row], BaseSite]:
    """A site of a row's system, with the row's settings, four rows a page."""

    def make(row: Row) -> BaseSite:
        module = _SYSTEMS[row.system if row.system in _SYSTEMS else "zoho"]
        options = {"page_size": 4, "settings": f"    {row.settings}" if row.settings else ""}
        site: BaseSite = opener(module.Site, module.stand, stage, tmp_path, clock)(options, **row.twin)
        return site

    return make


def changed(site: BaseSite, clock: FixedClock) -> None:
    """Five records of each of the system's streams change, and an hour passes on both sides of it."""
    clock.advance(timedelta(hours=1))
    if isinstance(site, zoho_site.Site):
        for module in ("Contacts", "Sales_Orders"):
            for id_ in list(site.twin.books.modules[module].rows)[:5]:
                site.change(id_, module, Description="changed")
    elif isinstance(site, fxiaoke_site.Site):
        for module in ("AccountObj", "SalesOrderObj"):
            for id_ in list(site.accounts(module))[:5]:
                site.edit("change", id_, module, remark="changed")
    elif isinstance(site, woocommerce_site.Site):
        site.account("new@shop.cn")
        for _ in range(5):
            site.order()
    elif isinstance(site, shopify_site.Site):
        for module in ("customers", "orders"):
            for record in list(site.twin.books.of(module).values())[:5]:
                site.change(record, module, note="changed")
    for number in range(5):
        site.till.put("customers", {"id": f"t{number}", "name": "王芳"})
        site.till.put("orders", {"id": f"o{number}", "placed": "2026-02-01T10:00:00+08:00", "total": "1.00"})
    clock.advance(timedelta(hours=1))


def by_http(row: Row, site: BaseSite, clock: FixedClock) -> Report:
    """The run whose certificates the row tells of."""
    report = site.sync()
    if row.read.startswith("window"):
        changed(site, clock)
        report = site.sync()
    return report


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.system in (*_SYSTEMS, "memory")],
    ids=lambda row: f"{row.system}, {row.streams}: {row.read}",
)
def test_a_read_of_a_system_reaches_the_strength_of_the_table(
    row: Row, opened: Callable[[Row], BaseSite], clock: FixedClock
) -> None:
    site = opened(row)
    report = by_http(row, site, clock)
    assert report.errors == {}
    name = "till" if row.system == "memory" else site.connection
    for stream in row.streams.split(", "):
        found = outcome(report, name, stream)
        assert (found.certificate, found.full) == (row.strength, row.read.startswith("complete"))
        (proof,) = site.look(lambda store, stream=stream: store.marks.certificates(name, stream))
        met = proof.records if found.full else found.new + found.changed + found.unchanged
        if row.strength != "chain":
            assert proof.total_before == proof.total_after == met  # each id was met once
        assert met or row.system == "memory"


@pytest.mark.parametrize("mode", ["snapshot", "append"])
def test_a_read_of_files_reaches_the_strength_of_the_table(mode: str, terminal: Terminal) -> None:
    (row,) = (row for row in TABLE if (row.system, row.read) == ("csv_file", mode))
    terminal.write(FILES.replace("MODE", mode).replace("key:", "settle_seconds: 0, key:"))
    for name, text in {
        "members": members(range(6)), "sales": sales(range(6)), "stores": "code,name\nS1,南京路\n",
        "staff": "code,name\nE1,李雷\n", "cases": "no,kind,at,member\nC1,complaint,2026-02-01 10:00,M1\n",
    }.items():  # fmt: skip
        (terminal.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    facts = terminal.facts("sync")
    assert {s["stream"]: s["certificate"] for s in facts["streams"]} == dict.fromkeys(
        row.streams.split(", "), row.strength
    )
    assert {s["quarantined"] for s in facts["streams"]} == {0}


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.system in STANDS], ids=lambda row: f"{row.system}: {row.read}"
)
def test_a_read_of_a_system_known_by_its_stand_reaches_the_strength_of_the_table(
    row: Row, stage: tuple[Stage, str], tmp_path: Path
) -> None:
    with environment(STANDS[row.system]):
        rig = Rig(STANDS[row.system], tmp_path, *stage)
        if row.read.startswith("window"):
            rig.rest()
            rig.clerk_types(rig.ids()[3], "Changed")
            rig.clock.advance(timedelta(hours=1))
        report = rig.sync(plan_only=True)
        found = {name: outcome(report, rig.connection, name).certificate for name in rig.streams}
    assert found == dict.fromkeys(row.streams.split(", "), row.strength)


def test_the_table_tells_of_every_stream_of_every_connector(opened: Callable[[Row], BaseSite]) -> None:
    told_of = {(row.system, stream) for row in TABLE for stream in row.streams.split(", ")}
    assert {system for system, _ in told_of} == set(load_plugins().connectors())
    for row in (row for row in TABLE if row.read == "complete" and row.system in _SYSTEMS):
        with opened(row).connector() as connector:
            assert {(row.system, stream.name) for stream in connector.streams()} <= told_of


def test_the_page_has_this_table() -> None:
    rows = re.findall(
        r"^\| (\w+) \| ([^|]+) \| ([^|]+) \| \*(\w+)\* \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == [(row.system, row.streams, row.read, row.strength) for row in TABLE]


# -- what makes a certificate: the calls behind it


def test_zoho_counts_before_and_after(opened: Callable[[Row], BaseSite]) -> None:
    site = opened(Row("zoho", "", "complete", "swept"))
    site.sync()
    assert site.calls("actions/count") == 2 * 2
    assert site.calls("/deleted") >= 2


def test_fxiaoke_is_at_its_end_when_a_page_is_empty(opened: Callable[[Row], BaseSite], monkeypatch: Any) -> None:
    from connectors.fxiaoke.wire.entity import Entity

    asked: list[tuple[str, int, bool]] = []
    query = Entity.query

    def listening(self: Any, *what: Any, **more: Any) -> Any:
        answer = query(self, *what, **more)
        asked.append((self.name, len(answer.json()["data"]["dataList"]), bool(more.get("total"))))
        return answer

    monkeypatch.setattr(Entity, "query", listening)
    opened(Row("fxiaoke", "", "complete", "swept")).sync()
    for name in {name for name, _, _ in asked}:
        mine = [each[1:] for each in asked if each[0] == name]
        assert mine[0][1]  # the total with the first page
        assert mine[-1][1]  # and after the last
        assert mine[-2] == (0, False)  # which is empty


# -- how it is shown


def at(text: str | None) -> str:
    return text or "-"


def test_a_known_shortfall_is_shown_with_the_certificate(
    opened: Callable[[Row], BaseSite], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened(Row("zoho", "", "complete", "swept", "hidden_rows: {customers: 1}"))
    assert isinstance(site, zoho_site.Site)
    hidden = site.insert(Last_Name="Hidden")
    listing = type(site.twin._listing)
    listed = listing._selection
    monkeypatch.setattr(
        listing, "_selection", lambda self, *rest: [r for r in listed(self, *rest) if r.id != hidden.id]
    )
    report = site.sync()
    with site.opened() as setup:
        (shown,) = (s for s in streams(setup) if (s["connection"], s["stream"]) == ("crm", "customers"))
        run = setup.store.runs.get(report.run)
        assert run is not None
        seals = run_seals(setup.store, run, list(setup.store.runs.notes(run.id)))
    assert shown["certificate"]["shortfall"] == 1
    assert spelled(shown["certificate"], at) == f"swept since {shown['certificate']['at']}, 1 rows not shown to us"
    assert seals[0]["certificate"] == shown["certificate"]


def test_a_broken_read_leaves_the_certificate_and_its_time_and_lowering_decisions_are_held(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.settled()
    before = {(s["connection"], s["stream"]): s["certificate"] for s in terminal.facts("status")["streams"]}
    monkeypatch.setenv("KEHUB_CLOCK", "2027-03-01T08:00:00+00:00")  # the order has left the window
    terminal.till.fail["read"] = 1
    run = terminal.facts("sync", code=4)["run"]
    shown = {(s["connection"], s["stream"]): s for s in terminal.facts("status")["streams"]}
    orders = shown["till", "orders"]
    assert orders["certificate"] == before["till", "orders"]
    assert shown["till", "customers"]["unfinished"]
    assert orders["holds"] == [
        {
            "kind": "lowering",
            "count": orders["holds"][0]["count"],
            "since": "2027-03-01",
            "why": "wait for a complete read",
        }
    ]
    assert orders["holds"][0]["count"] >= 1
    assert "Held by till.orders: " in terminal.kehub("status")
    seals = {(s["connection"], s["stream"]): s for s in terminal.facts("runs", "show", str(run))["seals"]}
    assert seals["till", "customers"]["earned"] is None
    assert seals["till", "customers"]["certificate"] == before["till", "customers"]
    assert seals["till", "orders"]["holds"][0]["kind"] == "lowering"
    monkeypatch.setenv("COLUMNS", "400")
    text = " ".join(terminal.kehub("runs", "show", str(run)).split())
    assert "What the reads proved" in text
    assert "lowering decisions since" in text


REGISTER = (
    TWO[: TWO.index("connections")]
    + """
connections:
  till:
    type: csv_file
    streams: {customers: {path: members.csv, mode: snapshot, key: [id], settle_seconds: 0, columns: {name: name, phone: phone}}}
"""
)


def register(terminal: Terminal, numbers: range) -> None:
    """The till's register."""
    rows = "".join(f"{number},P{number},138000000{number:02}\n" for number in numbers)
    (terminal.folder / "members.csv").write_text("id,name,phone\n" + rows, encoding="utf-8")


def test_deletes_that_are_not_taken_are_shown_until_they_are(terminal: Terminal) -> None:
    terminal.write(REGISTER)
    register(terminal, range(20))
    terminal.facts("sync")
    register(terminal, range(18))
    run = terminal.facts("sync")["run"]
    (stream,) = terminal.facts("status")["streams"]
    (held,) = stream["holds"]
    assert (held["kind"], held["count"], held["why"]) == ("deletes", 2, "missed by one sweep, wait for another")
    (seal_,) = terminal.facts("runs", "show", str(run))["seals"]
    assert (seal_["earned"], seal_["holds"][0]["count"]) == ("swept", 2)
    assert "2 records not taken as deleted" in terminal.kehub("status")


def test_a_source_that_shrank_is_shown_as_a_question_of_its_stream(terminal: Terminal) -> None:
    terminal.write(REGISTER)
    register(terminal, range(20))
    terminal.facts("sync")
    register(terminal, range(5))
    run = terminal.facts("sync", code=3)["run"]
    (stream,) = terminal.facts("status")["streams"]
    shrink, deletes = stream["holds"]
    assert (shrink["kind"], shrink["count"]) == ("shrink", 15)
    assert shrink["why"] == "the source went from 20 to 5 records; see `kehub questions list`"
    assert (deletes["kind"], deletes["count"], deletes["why"]) == (
        "deletes",
        None,
        "the last complete read was chain only",
    )
    (seal_,) = terminal.facts("runs", "show", str(run))["seals"]
    assert (seal_["earned"], seal_["certificate"]["strength"]) == ("chain", "chain")
    assert seal_["holds"] == [
        {"kind": "deletes", "count": 15, "since": None, "why": "the source shrank; nothing was taken as deleted"}
    ]
    assert (
        told(shrink, at) == "15 records in question: the source went from 20 to 5 records; see `kehub questions list`"
    )
