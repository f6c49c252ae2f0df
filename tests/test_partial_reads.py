"""However a system ends a read early or wrongly, it never counts as a whole one. docs/partial-reads.md lists the ways.

What is certified is complete. What is not leaves watermark and deletes alone, and the run shows it. Either way the next
good read makes the store equal to that of a hub that was never disturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.store import Store
from hub.testing.twin import Answer, Stage
from sync.engine import Report
from sync.observe import Outcome
from tests import fxiaoke_site, woocommerce_site, zoho_site
from tests.brand import fixed_keys
from tests.site import BaseSite, opener, outcome

KINDS: Mapping[str, Any] = {"zoho": zoho_site, "fxiaoke": fxiaoke_site, "woocommerce": woocommerce_site}
Open = Callable[..., Any]
Records = dict[str, bytes]
LONG = timedelta(hours=1)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Opens a site of a system, four rows a page."""

    def make(kind: str, settings: str = "", **twin: Any) -> Any:
        module = KINDS[kind]
        options = {"page_size": 4, "settings": settings}
        return opener(module.Site, module.stand, stage, tmp_path, clock)(options, **twin)

    return make


# -- what happens before a read, so that it has pages enough


def twelve(rows: Mapping[Any, Any], clock: FixedClock, but: int = 0) -> Iterator[Any]:
    """A dozen of a system's records (less `but`), a minute apart; then it is quiet for a while."""
    for record in sorted(rows)[: 12 - but]:
        clock.advance(timedelta(minutes=1))
        yield record
    clock.advance(LONG)


def nothing(site: Any, clock: FixedClock) -> None:
    """The first read of all."""


def contacts_change(site: Any, clock: FixedClock) -> None:
    for number, record in enumerate(twelve(site.contacts(), clock)):
        site.change(record, Last_Name=f"Changed {number}")


def sales_orders_change(site: Any, clock: FixedClock) -> None:
    for number, record in enumerate(twelve(site.twin.books.modules["Sales_Orders"].rows, clock)):
        site.change(record, "Sales_Orders", Refunded_Amount=number)


def contacts_go(site: Any, clock: FixedClock) -> None:
    for record in twelve(site.contacts(), clock, but=2):  # a dozen deletes would be asked about
        site.delete(record)


def accounts_change(site: Any, clock: FixedClock) -> None:
    for number, record in enumerate(twelve(site.accounts(), clock)):
        site.edit("change", record, name=f"Changed {number}")


def objects_change(site: Any, clock: FixedClock) -> None:
    for number, record in enumerate(twelve(site.accounts("SalesOrderObj"), clock)):
        site.edit("change", record, "SalesOrderObj", field_refund__c=str(number))


def a_day_passes(site: Any, clock: FixedClock) -> None:
    clock.advance(timedelta(days=31))


def orders_change(site: Any, clock: FixedClock) -> None:
    for number, id_ in enumerate(twelve(site.twin.books.orders, clock)):
        site.change(site.twin.books.orders[id_], "orders", status=("processing", "on-hold")[number % 2])


def orders_are_refunded(site: Any, clock: FixedClock) -> None:
    for id_ in twelve(site.twin.books.orders, clock):
        site.edit("refund", site.twin.books.orders[id_], values={"amount": "1.00"})


def orders_are_trashed(site: Any, clock: FixedClock) -> None:
    for id_ in twelve(site.twin.books.orders, clock, but=2):
        site.edit("delete", site.twin.books.orders[id_])


def people_register(site: Any, clock: FixedClock) -> None:
    for number in range(12):
        clock.advance(timedelta(minutes=1))
        site.account(f"new{number}@shop.cn")
    clock.advance(LONG)


@dataclass(frozen=True)
class Read:
    """One kind of read: of which system and stream, what precedes it, and the part of its calls' path."""

    system: str
    stream: str
    before: Callable[[Any, FixedClock], None]
    path: str
    settings: str = ""
    twin: tuple[tuple[str, Any], ...] = ()


READS = {
    "zoho contacts, first": Read("zoho", "customers", nothing, "/Contacts"),
    "zoho contacts, window": Read("zoho", "customers", contacts_change, "/Contacts"),
    "zoho contacts, sweep": Read("zoho", "customers", a_day_passes, "/Contacts"),
    "zoho contacts, coql": Read("zoho", "customers", nothing, "/coql", "    coql_rows: 5", (("token_cap", 8),)),
    "zoho contacts, deleted": Read("zoho", "customers", contacts_go, "/deleted"),
    "zoho orders, window": Read("zoho", "orders", sales_orders_change, "/Sales_Orders"),
    "fxiaoke accounts, window": Read("fxiaoke", "customers", accounts_change, "/query"),
    "fxiaoke accounts, sweep": Read("fxiaoke", "customers", a_day_passes, "/query"),
    "fxiaoke orders, window": Read("fxiaoke", "orders", objects_change, "/query"),
    "woocommerce customers, sweep": Read("woocommerce", "customers", a_day_passes, "/customers"),
    "woocommerce customers, hints": Read(
        "woocommerce", "customers", people_register, "/customers", "    sweep_hours: 240"
    ),
    "woocommerce orders, first": Read("woocommerce", "orders", nothing, "/orders"),
    "woocommerce orders, window": Read("woocommerce", "orders", orders_change, "/orders"),
    "woocommerce orders, refunds": Read("woocommerce", "orders", orders_are_refunded, "/orders"),
    "woocommerce orders, trash": Read("woocommerce", "orders", orders_are_trashed, "/orders"),
}

PAGES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a short page": ("short_page", {}),
    "an empty page": ("empty_page", {}),
    "a skipped page": ("skipped_page", {}),
    "a page again": ("repeated_page", {}),
    "rows in another order": ("shuffled_rows", {}),
    "a row twice": ("duplicate_row", {}),
    "a row changes": ("drift", {"kind": "modify"}),
    "a row goes": ("drift", {"kind": "delete"}),
    "a row comes": ("drift", {"kind": "create"}),
    "a cap, totals honest": ("silent_cap", {"rows": 3, "times": None}),
}
CALLS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "busy for a day": ("429", {"retry_after": "86400", "times": None, "on": "read"}),
    "out of order": ("500", {"times": None, "on": "read"}),
    "no answer": ("drop_before", {"times": None, "on": "read"}),
    "a stall, then none": ("stall_before", {"seconds": 0.01, "times": None, "on": "read"}),
    "an error in a 200": ("error_in_200", {"times": None, "on": "read"}),
    "a page of HTML": ("html_in_200", {"times": None, "on": "read"}),
    "half an answer": ("truncated", {"times": None}),
    "tokens that die": ("dead_token", {"times": None, "on": "read"}),
}

BLIND = {
    ("zoho contacts, window", "a skipped page"): "a list since a time has no total",
    ("zoho contacts, window", "a cap, totals honest"): "a list since a time has no total",
    ("zoho orders, window", "a skipped page"): "a list since a time has no total",
    ("zoho orders, window", "a cap, totals honest"): "a list since a time has no total",
    ("zoho contacts, deleted", "a short page"): "a numbered list goes on behind the rows that a whole page would have",
    ("zoho contacts, deleted", "a skipped page"): "the list of deletes has no total",
    ("zoho contacts, deleted", "a cap, totals honest"): "the list of deletes has no total",
}
"""What no answer tells of; the next complete read, which falls due by itself, repairs it."""


def held_records(site: BaseSite, name: str) -> Records:
    """The fingerprints of a stream's living records in a store, by id."""

    def look(store: Store) -> Records:
        sql = (
            "SELECT ext, fingerprint FROM record WHERE connection = :connection AND stream = :stream AND gone = 0"
            " AND placeholder = 0"
        )
        rows = store.db.rows(sql, {"connection": site.connection, "stream": name})
        return {ext: bytes(fingerprint) for ext, fingerprint in rows}

    records: Records = site.look(look)
    return records


def undisturbed(site: BaseSite, name: str) -> Records:
    """What a hub with an empty store reads of the same system when nothing is wrong."""
    own = site.store
    (site.folder / "calm.db").unlink(missing_ok=True)
    site.write(store="calm.db")
    fixed_keys(str(site.folder / "calm.db"), site.clock)
    assert site.sync(only=[site.connection]).errors == {}
    records = held_records(site, name)
    site.write(store=own)
    return records


def watermark(site: BaseSite, name: str) -> int | None:
    found: int | None = site.look(lambda store: store.marks.get(site.connection, name).watermark)
    return found


def read(site: BaseSite, name: str) -> tuple[Report, Outcome]:
    report = site.sync(only=[site.connection])
    return report, outcome(report, site.connection, name) if name in report.lanes[0].outcomes else Outcome()


def play(opened: Open, clock: FixedClock, each: Read, fault: str, options: dict[str, Any]) -> tuple[Any, Outcome, bool]:
    """A read under a fault: the site, what it came to, and whether it was whole at once. What must hold is checked."""
    site = opened(each.system, each.settings, **dict(each.twin))
    if each.before is not nothing:
        assert site.sync(only=[site.connection]).errors == {}
        each.before(site, clock)
    mark, held = watermark(site, each.stream), held_records(site, each.stream)
    site.twin.faults.set({fault: {"path": each.path, "skip": 1, **options}})
    report, found = read(site, each.stream)
    site.twin.faults.clear()
    if not found.certificate:
        assert watermark(site, each.stream) == mark
        assert report.errors[site.connection].what
        assert held.keys() <= held_records(site, each.stream).keys() or each.path in ("/deleted", "/orders")
        return site, found, False
    truth, now = undisturbed(site, each.stream), held_records(site, each.stream)
    return site, found, all(now.get(ext) == print_ for ext, print_ in truth.items())


def repaired(site: Any, clock: FixedClock, name: str, drifted: bool) -> bool:
    """Whether the next good read makes the store equal to that of a hub that was never disturbed."""
    clock.advance(timedelta(minutes=20))
    report, found = read(site, name)
    assert report.errors == {}
    assert found.certificate
    truth, now = undisturbed(site, name), held_records(site, name)
    return all(now.get(ext) == print_ for ext, print_ in truth.items()) and (drifted or now.keys() == truth.keys())


@pytest.mark.parametrize("way", PAGES)
@pytest.mark.parametrize("kind", READS)
def test_a_read_whose_pages_are_wrong_is_whole_or_does_not_count(
    opened: Open, clock: FixedClock, kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], PAGES[way]
    site, found, whole = play(opened, clock, each, fault, options)
    if (kind, way) in BLIND:
        assert (found.certificate, whole) == ("chain", each.path == "/deleted")
        clock.advance(timedelta(days=31))
        assert read(site, each.stream)[1].full
        clock.advance(timedelta(days=31))  # what went is gone after the second look
        assert read(site, each.stream)[1].full
        assert held_records(site, each.stream) == undisturbed(site, each.stream)
        return
    assert whole or not found.certificate or fault == "drift"
    assert repaired(site, clock, each.stream, drifted=fault == "drift")


@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize(
    "kind",
    ["zoho contacts, first", "zoho orders, window", "fxiaoke accounts, window", "woocommerce orders, trash"],
)
def test_a_read_that_breaks_off_does_not_count_and_the_next_one_repairs_it(
    opened: Open, clock: FixedClock, kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], CALLS[way]
    site, found, _ = play(opened, clock, each, fault, options)
    assert found.certificate == "" or (fault, each.system) == ("dead_token", "woocommerce")
    if way == "busy for a day":
        clock.advance(timedelta(days=1))
    assert repaired(site, clock, each.stream, drifted=False)


def test_a_date_that_is_ahead_moves_no_watermark_beyond_what_was_read(opened: Open, clock: FixedClock) -> None:
    site = opened("zoho")
    site.twin.faults.set({"clock_skew": {"seconds": 86_400, "header_only": True}})
    site.sync(only=["crm"])
    site.twin.faults.clear()
    clock.advance(timedelta(minutes=10))
    late = site.insert(Last_Name="Late")
    clock.advance(timedelta(days=2))
    site.sync(only=["crm"])
    assert late.id in held_records(site, "customers")


def test_reading_further_back_than_an_open_window_is_not_passed_over(opened: Open, clock: FixedClock) -> None:
    site = opened("zoho")
    site.sync(only=["crm"])
    contacts_change(site, clock)
    site.twin.faults.set({"500": {"on": "read", "skip": 3, "times": None}})
    assert site.sync(only=["crm"]).errors
    site.twin.faults.clear()
    back = clock.now() - timedelta(days=20)
    site.sync(only=["crm"], since=back)
    (seal,) = site.look(lambda store: store.marks.certificates("crm", "customers"))
    assert seal.since == int(back.timestamp())


def test_a_shop_that_passes_over_the_trash_s_filter_deletes_nothing(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened("woocommerce")
    site.sync(only=["shop"])
    clock.advance(LONG)
    held, status = held_records(site, "orders"), site.twin._orders._status
    monkeypatch.setattr(site.twin._orders, "_status", lambda asked: status("any" if asked == "trash" else asked))
    report, found = read(site, "orders")
    assert (report.errors, found.gone) == ({}, 0)
    assert held_records(site, "orders") == held


def test_a_total_below_the_rows_of_its_own_page_is_not_believed(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened("woocommerce")
    seal = site.twin.seal
    monkeypatch.setattr(
        site.twin, "seal", lambda call, answer: Answer(
            answer.status, answer.body, {**answer.headers, "X-WP-Total": "0"}) if call.kind == "read" else seal(call, answer),
    )  # fmt: skip
    report, found = read(site, "customers")
    assert found.certificate == ""
    assert "more rows than it says" in report.errors["shop"].what
