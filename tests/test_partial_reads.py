"""However a system ends a read early or wrongly, it never counts as a whole one. docs/partial-reads.md lists the ways.

What is certified is complete. What is not leaves watermark and deletes alone, and the run shows it. Either way the next
good read makes the store equal to that of a hub that was never disturbed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.testing.twin import Answer, Stage
from tests.reads import (
    CALLS,
    KINDS,
    LONG,
    PAGES,
    READS,
    Open,
    Read,
    a_day_passes,
    contacts_change,
    customers_of,
    pairs,
    play,
    read,
    repaired,
    sites,
    undisturbed,
)

OVERLAP = 300
"""Seconds that a window ends before the read began."""


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Opens a site of a system, four rows a page."""
    return sites(stage, tmp_path, clock)


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


BY_SYSTEM = [[kind for kind, each in READS.items() if each.system == system] for system in KINDS]


@pytest.mark.parametrize(("kind", "way"), [pair for kinds in BY_SYSTEM for pair in pairs(kinds, list(PAGES))])
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
        assert site.held_records(each.stream) == undisturbed(site, each.stream)
        return
    assert whole or not found.certificate or fault == "drift"
    assert repaired(site, clock, each.stream, drifted=fault == "drift")


@pytest.mark.parametrize("kind", READS)
def test_a_read_whose_only_page_comes_empty_is_whole_or_does_not_count(
    opened: Open, clock: FixedClock, kind: str
) -> None:
    each = replace(READS[kind], size=50)
    site, found, whole = play(opened, clock, each, "empty_page", {"skip": 0})
    assert whole or not found.certificate
    assert repaired(site, clock, each.stream, drifted=False)


BROKEN_OFF = (
    "zoho contacts, first", "zoho contacts, export", "zoho orders, window", "fxiaoke accounts, window",
    "woocommerce orders, trash",
)  # fmt: skip


@pytest.mark.parametrize(("kind", "way"), pairs(BROKEN_OFF, list(CALLS)))
def test_a_read_that_breaks_off_does_not_count_and_the_next_one_repairs_it(
    opened: Open, clock: FixedClock, kind: str, way: str
) -> None:
    each, (fault, options) = READS[kind], CALLS[way]
    site, found, _ = play(opened, clock, each, fault, options)
    assert found.certificate == "" or (fault, each.system) == ("dead_token", "woocommerce")
    if way == "busy for a day":
        clock.advance(timedelta(days=1))
    assert repaired(site, clock, each.stream, drifted=False)


# -- a list that lies along with its total

LIES = {
    "zoho contacts, first": "swept",
    "zoho contacts, window": "chain",
    "zoho contacts, sweep": "chain",
    "zoho contacts, coql": "",
    "zoho contacts, export": "swept",
    "zoho contacts, deleted": "chain",
    "zoho orders, window": "chain",
    "fxiaoke accounts, window": "bracketed",
    "fxiaoke accounts, sweep": "chain",
    "fxiaoke orders, window": "bracketed",
    "woocommerce customers, sweep": "chain",
    "woocommerce customers, hints": "chain",
    "woocommerce orders, first": "swept",
    "woocommerce orders, window": "bracketed",
    "woocommerce orders, refunds": "bracketed",
    "woocommerce orders, trash": "bracketed",
}
"""What a read comes to whose list and totals leave out the same rows: no answer tells, but what the hub holds may.

A complete read of a store that holds more is *chain*, since the source shrank. Zoho's count is a call of its own.
"""


@pytest.mark.parametrize("kind", LIES)
def test_a_lie_told_twice_alike_takes_nobody_and_the_next_honest_complete_read_repairs_it(
    opened: Open, clock: FixedClock, kind: str
) -> None:
    each, cap = READS[kind], {"rows": 3, "totals": "lying", "times": None, "skip": 0}
    site, found, _ = play(opened, clock, each, "silent_cap", cap)
    mark, held = site.watermark(each.stream), site.held_records(each.stream)
    assert found.certificate == LIES[kind]
    assert mark is None or mark <= clock.now().timestamp() - OVERLAP
    assert found.gone <= (3 if kind.endswith(("deleted", "trash")) else 0)
    for _ in range(2):  # what really went is gone after the second look
        clock.advance(timedelta(days=31))
        assert read(site, each.stream)[1].full
    truth = undisturbed(site, each.stream)
    assert site.held_records(each.stream) == truth
    assert found.gone or held.keys() <= truth.keys()


SWEEPS = [kind for kind in READS if kind.endswith("sweep")]
WHOLE = {kind: READS[kind] for kind in SWEEPS} | {
    "zoho orders, sweep": Read("zoho", "orders", a_day_passes, "/Sales_Orders"),
    "fxiaoke orders, sweep": Read("fxiaoke", "orders", a_day_passes, "/query"),
    "woocommerce orders, sweep": Read("woocommerce", "orders", a_day_passes, "/orders"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_small_lie_costs_records_only_when_two_sweeps_tell_it_and_an_honest_one_brings_them_back(
    opened: Open, clock: FixedClock, kind: str
) -> None:
    each = WHOLE[kind]
    site = opened(each.system)
    read(site, each.stream)
    before, people = site.held_records(each.stream), customers_of(site)
    cap = {"rows": len(before) - 2, "totals": "lying", "path": each.path}
    came = []
    for faults in ({"silent_cap": cap}, {"silent_cap": cap}, {}):
        clock.advance(timedelta(days=31))
        site.twin.faults.clear()
        site.twin.faults.set(faults)
        came.append(read(site, each.stream)[1])
    assert [one.certificate for one in came] == ["swept"] * 3
    assert [(one.gone, one.kept) for one in came] == [(0, 2), (2, 0), (0, 0)]
    assert site.held_records(each.stream) == before
    assert customers_of(site) == people


# -- a row that nobody can read

UNREADABLE = {
    "zoho contacts, first": "swept",
    "zoho contacts, window": "chain",
    "zoho contacts, sweep": "swept",
    "zoho contacts, coql": "swept",
    "zoho contacts, export": "swept",
    "fxiaoke accounts, window": "bracketed",
    "fxiaoke accounts, sweep": "swept",
    "fxiaoke orders, window": "bracketed",
    "woocommerce customers, sweep": "swept",
    "woocommerce customers, hints": "chain",
}
"""The reads whose rows have a name that is read, and what they come to: the same as without such a row."""


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_customer_whose_row_cannot_be_read_is_asked_for_by_id_and_an_order_is_held_apart(
    opened: Open, clock: FixedClock, kind: str
) -> None:
    each = READS[kind]
    site, found, whole = play(opened, clock, each, "undecodable_row", {})
    held = site.look(lambda store: store.quarantine.list(site.connection))
    assert (found.certificate, found.gone, found.kept) == (UNREADABLE[kind], 0, 0)
    assert found.quarantined == len(held) == (each.stream == "orders")
    if each.stream == "customers":
        assert whole
        return
    (apart,) = held
    assert (apart.stream, apart.reason) == (each.stream, "holds half a character (a lone surrogate)")
    assert site.held_records(each.stream).keys() | {apart.ext} == undisturbed(site, each.stream).keys()
    site.sync(only=[site.connection], full=True)
    assert site.held_records(each.stream) == undisturbed(site, each.stream)
    assert site.look(lambda store: store.quarantine.list(site.connection)) == []


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_record_whose_row_no_sweep_could_read_is_not_gone(opened: Open, clock: FixedClock, kind: str) -> None:
    each = READS[kind]
    site = opened(each.system)
    read(site, each.stream)
    before = site.held_records(each.stream)
    for _ in range(3):
        clock.advance(timedelta(days=31))
        site.twin.faults.set({"undecodable_row": {"path": each.path}})
        found = read(site, each.stream)[1]
        assert (found.certificate, found.gone, found.kept) == ("swept", 0, 0)
    assert site.held_records(each.stream).keys() == before.keys()


# -- tokens that another client takes away

TOKENS = [kind for kind, each in READS.items() if each.system != "woocommerce"]


@pytest.mark.parametrize("times", [1, 2, None])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_read_whose_token_another_client_takes_away_is_whole_or_does_not_count(
    opened: Open, clock: FixedClock, kind: str, times: int | None
) -> None:
    each = READS[kind]
    site, found, whole = play(opened, clock, each, "racing_token", {"times": times})
    assert (bool(found.certificate), whole) == (times == 1, times == 1)  # a request is sent again once
    assert repaired(site, clock, each.stream, drifted=False)
    assert dict(site.twin.counts.violations) == {}


@pytest.mark.parametrize(("system", "window"), [("zoho", 600), ("fxiaoke", 60)])
def test_however_often_another_client_takes_the_token_the_limit_is_met_once_a_window(
    opened: Open, clock: FixedClock, system: str, window: int
) -> None:
    site, began = opened(system), clock.now()
    for _ in range(25):
        site.twin.faults.set({"racing_token": {"on": "read"}})
        site.sync(only=[site.connection])
        clock.advance(timedelta(seconds=1))
    windows = 1 + (clock.now() - began).total_seconds() // window
    assert sum(site.twin.counts.violations.values()) <= windows  # the one that tells of the limit; then all wait
    assert 10 <= site.calls("oken") <= 11 * windows
    site.twin.faults.clear()
    assert repaired(site, clock, "customers", drifted=False)


# -- and what else an answer may say


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
    held, status = site.held_records("orders"), site.twin._orders._status
    monkeypatch.setattr(site.twin._orders, "_status", lambda asked: status("any" if asked == "trash" else asked))
    report, found = read(site, "orders")
    assert (report.errors, found.gone) == ({}, 0)
    assert site.held_records("orders") == held


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
