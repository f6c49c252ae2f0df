"""Every kind of read of three systems over HTTP, disturbed or not: for tests of what a disturbed read comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.testing.site import Records, fixed_keys
from hub.testing.twin import Stage
from sync.engine import Report
from sync.lanes import Outcome
from tests import fxiaoke_site, woocommerce_site, zoho_site
from tests.site import BaseSite, opener, outcome

KINDS: Mapping[str, Any] = {"zoho": zoho_site, "fxiaoke": fxiaoke_site, "woocommerce": woocommerce_site}
Open = Callable[..., Any]
LONG = timedelta(hours=1)


def sites(stage: tuple[Stage, str], folder: Path, clock: FixedClock) -> Open:
    """What opens a site of a system, four rows a page unless told otherwise."""

    def make(kind: str, settings: str = "", size: int = 4, **twin: Any) -> Any:
        module = KINDS[kind]
        options = {"page_size": size, "settings": settings}
        return opener(module.Site, module.stand, stage, folder, clock)(options, **twin)

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
    size: int = 4


READS = {
    "zoho contacts, first": Read("zoho", "customers", nothing, "/Contacts"),
    "zoho contacts, window": Read("zoho", "customers", contacts_change, "/Contacts"),
    "zoho contacts, sweep": Read("zoho", "customers", a_day_passes, "/Contacts"),
    "zoho contacts, coql": Read("zoho", "customers", nothing, "/coql", "    coql_rows: 5", (("token_cap", 8),)),
    "zoho contacts, export": Read(
        "zoho", "customers", nothing, "/bulk/v8/read", "    bulk_from: 1", (("bulk_rows", 8),)
    ),
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


# -- what may go wrong

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
"""The ways in which pages are wrong, and in which calls come to nothing: a fault and its options."""


def pairs(kinds: Sequence[str], ways: Sequence[str]) -> list[Any]:
    """Every kind of read with every way in which it may go wrong: each way once in turn in every run, all in the long one."""
    chosen = {(kinds[place % len(kinds)], way) for place, way in enumerate(ways)}
    whole = [(kind, way) for kind in kinds for way in ways]
    return [pytest.param(*pair, marks=() if pair in chosen else pytest.mark.slow) for pair in whole]


def undisturbed(site: BaseSite, name: str) -> Records:
    """What a hub with an empty store reads of the same system when nothing is wrong."""
    own = site.store
    (site.folder / "calm.db").unlink(missing_ok=True)
    site.write(store="calm.db")
    fixed_keys(str(site.folder / "calm.db"), site.clock)
    assert site.sync(only=[site.connection]).errors == {}
    records = site.held_records(name)
    site.write(store=own)
    return records


def customers_of(site: BaseSite) -> dict[str, str]:
    """The customer of each of the site's own records."""
    rows = site.look(
        lambda store: list(
            store.db.rows("SELECT ext, customer FROM record WHERE connection = :c", {"c": site.connection})
        )
    )
    return dict(rows)


def read(site: BaseSite, name: str) -> tuple[Report, Outcome]:
    report = site.sync(only=[site.connection])
    return report, outcome(report, site.connection, name) if name in report.lanes[0].outcomes else Outcome()


def play(opened: Open, clock: FixedClock, each: Read, fault: str, options: dict[str, Any]) -> tuple[Any, Outcome, bool]:
    """A read under a fault: the site, what it came to, and whether it was whole at once. What must hold is checked."""
    site = opened(each.system, each.settings, each.size, **dict(each.twin))
    if each.before is not nothing:
        assert site.sync(only=[site.connection]).errors == {}
        each.before(site, clock)
    mark, held = site.watermark(each.stream), site.held_records(each.stream)
    site.twin.faults.set({fault: {"path": each.path, "skip": 1, **options}})
    report, found = read(site, each.stream)
    site.twin.faults.clear()
    if not found.certificate:
        assert site.watermark(each.stream) == mark
        assert report.errors[site.connection].what
        assert held.keys() <= site.held_records(each.stream).keys() or each.path in ("/deleted", "/orders")
        return site, found, False
    truth, now = undisturbed(site, each.stream), site.held_records(each.stream)
    return site, found, all(now.get(ext) == print_ for ext, print_ in truth.items())


def repaired(site: Any, clock: FixedClock, name: str, drifted: bool) -> bool:
    """Whether the next good read makes the store equal to that of a hub that was never disturbed."""
    clock.advance(timedelta(minutes=20))
    report, found = read(site, name)
    assert report.errors == {}
    assert found.certificate
    truth, now = undisturbed(site, name), site.held_records(name)
    return all(now.get(ext) == print_ for ext, print_ in truth.items()) and (drifted or now.keys() == truth.keys())
