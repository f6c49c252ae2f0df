"""However a shop ends a read early or wrongly, by pages or by a bulk operation, it never counts as a whole one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.testing.twin import Stage
from hub.testing.twin_faults import Fault
from tests import shopify_site
from tests.reads import (
    CALLS,
    PAGES,
    Open,
    Read,
    a_day_passes,
    nothing,
    pairs,
    play,
    repaired,
    twelve,
)
from tests.site import opener


def customers_change(site: Any, clock: FixedClock) -> None:
    for number, id_ in enumerate(twelve(site.twin.books.customers, clock)):
        site.change(site.twin.books.customers[id_], lastName=f"Changed {number}")


def orders_change(site: Any, clock: FixedClock) -> None:
    for number, id_ in enumerate(twelve(site.twin.books.orders, clock)):
        site.change(site.twin.books.orders[id_], "orders", refunded=f"{number}.00")


EXPORTED = "    bulk_from: 1\n    bulk_bytes: 1000"
READS = {
    "customers, first": Read("shopify", "customers", nothing, "/CustomersPage"),
    "customers, window": Read("shopify", "customers", customers_change, "/CustomersPage"),
    "customers, sweep": Read("shopify", "customers", a_day_passes, "/CustomersPage"),
    "customers, in stretches": Read("shopify", "customers", nothing, "/CustomersPage", "    deep_rows: 8"),
    "orders, first": Read("shopify", "orders", nothing, "/OrdersPage"),
    "orders, window": Read("shopify", "orders", orders_change, "/OrdersPage"),
    "orders, window in stretches": Read("shopify", "orders", orders_change, "/OrdersPage", "    deep_rows: 8"),
    "customers, bulk": Read("shopify", "customers", nothing, "/Bulk", EXPORTED),
    "orders, bulk of a window": Read("shopify", "orders", orders_change, "/Bulk", EXPORTED),
}
FILES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a job that fails": ("failed_job", {}),
    "jobs that fail": ("failed_job", {"times": None}),
    "a count that lies": ("lying_count", {}),
    "a file that is short": ("short_file", {}),
    "files that are short": ("short_file", {"times": None}),
    "rows that repeat": ("repeated_rows", {}),
    "a result that is lost": ("lost_result", {"path": "/files"}),
    "a file without rows": ("empty_page", {}),
    "a row twice": ("duplicate_row", {}),
    "rows in another order": ("shuffled_rows", {}),
    "a row goes": ("drift", {"kind": "delete"}),
    "a cap, totals honest": ("silent_cap", {"rows": 3, "times": None}),
}


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Opens a site of a shop, four rows a page."""

    def make(kind: str, settings: str = "", size: int = 4, **twin: Any) -> Any:
        options = {"page_size": size, "settings": settings}
        return opener(shopify_site.Site, shopify_site.stand, stage, tmp_path, clock)(options, **twin)

    return make


@pytest.fixture(autouse=True)
def strikes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The faults that struck, so that no test passes because nothing happened."""
    found: list[str] = []
    strike = Fault.strike

    def noted(fault: Fault) -> bool:
        struck = strike(fault)
        found.extend([fault.name] * struck)
        return struck

    monkeypatch.setattr(Fault, "strike", noted)
    return found


BY_PAGES = [kind for kind in READS if "bulk" not in kind]
BY_BULK = [kind for kind in READS if "bulk" in kind]


@pytest.mark.parametrize(("kind", "way"), pairs(BY_PAGES, list(PAGES)))
def test_a_read_whose_pages_are_wrong_is_whole_or_does_not_count(
    opened: Open, clock: FixedClock, strikes: list[str], kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], PAGES[way]
    site, found, whole = play(opened, clock, each, fault, options)
    assert fault in strikes
    assert whole or not found.certificate or fault == "drift"
    assert repaired(site, clock, each.stream, drifted=fault == "drift")


@pytest.mark.parametrize(("kind", "way"), pairs(BY_BULK, list(FILES)))
def test_a_bulk_operation_that_fails_or_whose_file_is_wrong_never_counts_as_a_whole_one(
    opened: Open, clock: FixedClock, strikes: list[str], kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], FILES[way]
    site, found, whole = play(opened, clock, each, fault, {"skip": 0, **options})
    assert fault in strikes
    assert whole or not found.certificate or fault == "drift"
    assert repaired(site, clock, each.stream, drifted=fault == "drift")


@pytest.mark.parametrize("kind", ["customers, first", pytest.param("orders, window", marks=pytest.mark.slow)])
def test_a_read_whose_only_page_comes_empty_is_whole_or_does_not_count(
    opened: Open, clock: FixedClock, kind: str
) -> None:
    each = replace(READS[kind], size=50)
    site, found, whole = play(opened, clock, each, "empty_page", {"skip": 0})
    assert whole or not found.certificate
    assert repaired(site, clock, each.stream, drifted=False)


@pytest.mark.parametrize("way", CALLS)
@pytest.mark.parametrize(
    "kind", ["customers, first", *(pytest.param(one, marks=pytest.mark.slow) for one in ("orders, window", *BY_BULK))]
)
def test_a_read_that_breaks_off_does_not_count_and_the_next_one_repairs_it(
    opened: Open, clock: FixedClock, strikes: list[str], kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], CALLS[way]
    site, found, _ = play(opened, clock, each, fault, options)
    assert fault in strikes
    assert found.certificate == ""
    if way == "busy for a day":
        clock.advance(timedelta(days=1))
    assert repaired(site, clock, each.stream, drifted=False)
