"""The faults of the twin kit, on each twin: that they do what their table says, and that misuse is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.clock import FixedClock
from hub.connector import Window
from hub.errors import QuotaExceeded, Transient
from hub.testing.standin import ask
from hub.testing.twin import Stage
from hub.testing.twin_faults import FAULTS, Faults
from tests import fxiaoke_site, woocommerce_site, zoho_site
from tests.site import BaseSite, opener, outcome, read

KINDS: Mapping[str, Any] = {"zoho": zoho_site, "fxiaoke": fxiaoke_site, "woocommerce": woocommerce_site}


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> BaseSite:
    """A brand with each system in turn, five rows a page."""
    kind = KINDS[request.param]
    found: BaseSite = opener(kind.Site, kind.stand, stage, tmp_path, clock)({"page_size": 5})
    return found


def listed(site: BaseSite, clock: FixedClock) -> list[str]:
    """The ids of all customers as one read gives them, in order."""
    with site.connector() as connector:
        pages = read(connector, Window(None, clock.now()))
    assert pages[-1].end is not None or pages[-1].restart
    return [str(row.get("id") or row.get("_id")) for page in pages for row in page.rows]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"430": {}}, "no fault '430'; there are 429, 500, drop_before"),
        ({"429": {"retry": 1}}, "429 has no option 'retry'; there are on, path, times, skip, retry_after"),
        ({"429": {"times": "3"}}, "429: times is a whole number, or null for every call"),
        ({"429": {"times": -1}}, "times is a whole number"),
        ({"500": {"on": "reads"}}, "on is read or write or auth or any or every"),
        ({"500": {"skip": None}}, "skip is a whole number"),
        ({"drift": {"kind": "vanish"}}, "kind is modify or delete or create"),
        ({"silent_cap": {"totals": True}}, "totals is honest or lying"),
        ({"clock_skew": {"seconds": "1h"}}, "seconds is seconds, negative for behind"),
        ({"drift": 3}, "drift: options are an object"),
        ({"429": {}, "430": {}}, "no fault '430'"),
    ],
)
def test_misuse_is_told_and_nothing_is_set(wish: dict[str, Any], told: str) -> None:
    faults = Faults()
    with pytest.raises(ValueError, match=told.replace("'", ".").replace("(", ".")):
        faults.set(wish)
    assert faults.listed() == {}


def test_misuse_is_told_over_the_control_side(site: BaseSite) -> None:
    answer = httpx.post(f"{site.url}/_twin/faults", json={"silent_cap": {"total": 1}})
    assert answer.status_code == 400
    assert "on, path, times, skip, rows, totals" in answer.json()["error"]


def test_every_fault_can_be_switched_on_and_off_while_a_twin_runs(site: BaseSite) -> None:
    ask(site.url, "POST", "faults", {name: {} for name in FAULTS})
    assert set(ask(site.url, "GET", "faults")) == set(FAULTS)
    ask(site.url, "DELETE", "faults")
    assert ask(site.url, "GET", "faults") == {}


PAGES = ("short_page", "empty_page", "skipped_page", "repeated_page", "shuffled_rows", "duplicate_row", "silent_cap")


@pytest.mark.parametrize("name", PAGES)
def test_faults_of_pages_strike_every_listing(site: BaseSite, clock: FixedClock, name: str) -> None:
    site.twin.faults.set({name: {"skip": 1, "times": 1}})
    with site.connector() as connector, suppress(Transient):  # it was noticed
        read(connector, Window(None, clock.now()))
    assert site.twin.faults.listed()[name]["times"] == 0


def test_short_pages_lose_nothing(site: BaseSite, clock: FixedClock) -> None:
    calm = listed(site, clock)
    site.twin.faults.set({"short_page": {"times": None}})
    assert listed(site, clock) == calm


def test_a_stall_before_lets_nothing_happen(site: BaseSite) -> None:
    before = site.twin.state()
    site.twin.faults.set({"stall_before": {"seconds": 0.05, "times": None, "on": "every"}})
    began = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{site.url}/anything")
    assert time.monotonic() - began >= 0.05
    assert site.twin.state() == before


@pytest.mark.parametrize("header_only", [False, True])
def test_a_clock_is_wrong_as_long_as_the_fault_is_on(site: BaseSite, clock: FixedClock, header_only: bool) -> None:
    site.twin.faults.set({"clock_skew": {"seconds": 7200, "header_only": header_only, "times": 1}})
    ahead, right = (parsedate_to_datetime(httpx.get(f"{site.url}/x").headers["date"]) for _ in range(2))
    assert ahead - right == timedelta(hours=2)
    assert site.twin.clock.now() == clock.now()


@pytest.mark.parametrize("name", ["dead_token", "racing_token"])
def test_a_token_that_dies_under_way_is_renewed_and_the_read_is_whole(
    site: BaseSite, clock: FixedClock, name: str
) -> None:
    calm = listed(site, clock)
    site.twin.faults.set({name: {"skip": 2}})  # a token is renewed once a request
    assert listed(site, clock) == calm
    assert site.twin.faults.listed()[name]["times"] == 0


AFTER = (None, "0", "3", "86400", "Sun, 01 Mar 2020 09:00:00 GMT", "Sun, 01 Mar 2026 08:00:09 GMT", "soon", "-5", "1e9")


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("status", ["429", "500"])
def test_whatever_a_refusal_says_about_when_to_come_back_the_read_is_whole_or_fails(
    site: BaseSite, clock: FixedClock, status: str, after: str | None
) -> None:
    site.twin.faults.set({status: {"retry_after": after, "skip": 2, "times": 2, "on": "read"}})
    for _ in range(3):
        report = site.sync(only=[site.connection])
        if not report.errors:
            break
        assert isinstance(report.errors[site.connection], QuotaExceeded)  # a pause of a day is not sat out
        assert not outcome(report, site.connection).certificate
        clock.advance(timedelta(days=2))
    assert outcome(report, site.connection).certificate == "swept"
