"""A system whose clock is wrong, or a proxy whose Date is, costs no change. docs/partial-reads.md says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.reads import Open, read, sites, undisturbed


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Opens a site of a system, four rows a page."""
    return sites(stage, tmp_path, clock)


def a_contact(site: Any, number: int) -> None:
    site.change(sorted(site.contacts())[number], Last_Name=f"Changed {number}")


def a_contact_goes(site: Any, number: int) -> None:
    site.delete(sorted(site.contacts())[number])


def a_sales_order(site: Any, number: int) -> None:
    site.change(
        sorted(site.twin.books.modules["Sales_Orders"].rows)[number], "Sales_Orders", Refunded_Amount=number + 1
    )


def an_account(site: Any, number: int) -> None:
    site.edit("change", sorted(site.accounts())[number], name=f"Changed {number}")


def an_object(site: Any, number: int) -> None:
    site.edit(
        "change", sorted(site.accounts("SalesOrderObj"))[number], "SalesOrderObj", field_refund__c=str(number + 1)
    )


def a_shop_order(site: Any, number: int) -> None:
    order = site.twin.books.orders[sorted(site.twin.books.orders)[number]]
    site.change(order, "orders", status="processing" if order.values["status"] == "on-hold" else "on-hold")


Change = Callable[[Any, int], None]
WINDOWS: dict[str, tuple[str, str, Change, str]] = {
    "zoho contacts": ("zoho", "customers", a_contact, ""),
    "zoho contacts, deleted": ("zoho", "customers", a_contact_goes, ""),
    "zoho orders": ("zoho", "orders", a_sales_order, ""),
    "fxiaoke accounts": ("fxiaoke", "customers", an_account, "    sweep_days: 30"),
    "fxiaoke orders": ("fxiaoke", "orders", an_object, "    sweep_days: 30"),
    "woocommerce orders": ("woocommerce", "orders", a_shop_order, ""),
}
"""Reads of what changed: system, stream, what changes, and settings that let no complete read fall due."""


@pytest.mark.parametrize("header_only", [False, True])
@pytest.mark.parametrize("seconds", [840, -840, 90_000, -90_000])
@pytest.mark.parametrize("kind", WINDOWS)
def test_a_clock_that_goes_wrong_and_comes_right_again_costs_no_change(
    opened: Open, clock: FixedClock, kind: str, seconds: int, header_only: bool
) -> None:
    system, stream, change, settings = WINDOWS[kind]
    site = opened(system, settings)
    site.sync(only=[site.connection])
    clock.advance(timedelta(minutes=20))
    read(site, stream)
    site.twin.faults.set({"clock_skew": {"seconds": seconds, "header_only": header_only}})
    with site.connector() as connector:
        connector.server_time()  # by now the clock is wrong
    # A shop refuses signatures of another time, so that nobody can see what its clock says meanwhile.
    refuses = system == "woocommerce" and abs(seconds) > 900 and not header_only
    for number in range(4):
        change(site, number)
        clock.advance(timedelta(minutes=20))
        report, found = read(site, stream)
        assert bool(report.errors) == (refuses and number < 2)
        assert found.full is False
        if number == 1:
            site.twin.faults.clear()
    clock.advance(timedelta(days=31 if refuses else 2))
    assert read(site, stream)[1].full is refuses
    assert site.held_records(stream) == undisturbed(site, stream)


def test_a_date_that_is_ahead_moves_no_watermark_beyond_what_was_read(opened: Open, clock: FixedClock) -> None:
    site = opened("zoho")
    site.twin.faults.set({"clock_skew": {"seconds": 86_400, "header_only": True}})
    site.sync(only=["crm"])
    site.twin.faults.clear()
    clock.advance(timedelta(minutes=10))
    late = site.insert(Last_Name="Late")
    clock.advance(timedelta(days=2))
    site.sync(only=["crm"])
    assert late.id in site.held_records("customers")


@pytest.mark.parametrize("seconds", [0, 86_400])
def test_a_row_that_moves_in_a_list_is_noticed_although_the_date_is_ahead(
    opened: Open, clock: FixedClock, seconds: int
) -> None:
    site = opened("zoho", paging="offset")
    site.sync(only=["crm"])
    clock.advance(timedelta(hours=1))
    for number in range(12):
        a_contact(site, number)
        clock.advance(timedelta(minutes=1))
    site.twin.faults.set({"clock_skew": {"seconds": seconds, "header_only": True}, "drift": {"path": "/Contacts"}})
    read(site, "customers")
    site.twin.faults.clear()
    assert site.held_records("customers") == undisturbed(site, "customers")
