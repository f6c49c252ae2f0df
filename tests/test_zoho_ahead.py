"""Zoho's list with one page asked for ahead: the pages, positions and errors of one after the other, only sooner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.zoho.connector import Zoho
from connectors.zoho.twin import ZohoOptions, ZohoTwin
from connectors.zoho.wire.settings import ZohoSettings
from hub.clock import FixedClock
from hub.connector import Page, Tools, Window
from hub.errors import HubError
from hub.forms import Place
from hub.http.door import Door
from hub.testing.people import Population
from hub.testing.twin import Call, Stage
from tests.conftest import NOW
from tests.killing import until
from tests.site import opener, read, stream
from tests.zoho_site import Site, living, stand

pytestmark = pytest.mark.usefixtures("far")

Open = Callable[..., Site]
LIST = "GET /crm/v8/{module}"


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


@pytest.fixture(autouse=True)
def no_thread_is_left(stage: tuple[Stage, str]) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


@contextmanager
def one_after_the_other() -> Iterator[None]:
    """Nothing is asked ahead."""
    with pytest.MonkeyPatch.context() as patch:
        ahead = Door.ahead
        patch.setattr(Door, "ahead", lambda self, ask, foreseen, room=None: ahead(self, ask, foreseen, 0))
        yield


@contextmanager
def connected(twin: ZohoTwin, url: str, clock: FixedClock, **own: Any) -> Iterator[tuple[Zoho, Door]]:
    """A connector with these settings and its door, without a store."""
    options = twin.options
    secrets = {"client_id": options.client_id, "client_secret": options.client_secret}
    found = ZohoSettings(
        data_centre="cn", accounts_url=url, api_url=url, refresh_token=options.refresh_token, **secrets, **own
    )
    crm = Zoho(found, Tools("crm", clock, Place("CN", "Asia/Shanghai"), "."))
    with Door("crm", crm.dialect(), clock=clock) as door:
        crm.tools = replace(crm.tools, http=door)
        yield crm, door


def told(pages: Iterator[Page]) -> tuple[list[Page], str]:
    """The pages, and the error that ended them, if one did."""
    got: list[Page] = []
    try:
        for page in pages:
            got.append(page)
    except HubError as fault:
        return got, f"{type(fault).__name__} {fault}"
    return got, ""


MOVES = st.lists(st.sampled_from(["", "", "", "modify", "delete", "create"]), max_size=10)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(0, 25), page_size=st.integers(1, 9), cap=st.sampled_from([100_000, 6, 12]), moves=MOVES,
    paging=st.sampled_from(["offset", "keyset"]), whole=st.booleans(), bad=st.none() | st.integers(0, 30),
    life=st.sampled_from([86_400, 86_400, 2]),
)  # fmt: skip
def test_pages_positions_and_errors_are_those_of_one_after_the_other(
    stage: tuple[Stage, str], rows: int, page_size: int, cap: int, moves: list[str], paging: str, whole: bool,
    bad: int | None, life: int,
) -> None:  # fmt: skip
    def once() -> tuple[tuple[list[Page], str], dict[str, int]]:
        clock = FixedClock(NOW)
        chosen: dict[str, Any] = {"token_cap": cap, "paging": paging, "page_token_life": life}
        stage[0].twin = twin = ZohoTwin(Population(1, 3), clock, options=ZohoOptions(**chosen))
        twin.books.modules["Contacts"].rows.clear()
        for number in range(rows):
            at = int((NOW - timedelta(hours=2, minutes=-(number // 2))).timestamp())
            twin.books.insert("Contacts", {"Last_Name": f"Wu {number}"}, at=at)
        left, calls, shown = list(moves), [0], twin._listing._spoil

        def spoil(call: Call, module: Any, found: list[Any]) -> list[Any]:
            clock.advance(timedelta(seconds=1))
            move = left.pop() if left else ""
            if move and found:
                twin._drift(module, module.rows[found[0]["id"]], move)
            calls[0] += 1
            return found[: len(found) // 2] if calls[0] == bad else shown(call, module, found)

        twin._listing._spoil = spoil
        window = Window(None if whole else NOW - timedelta(days=1), NOW)
        with connected(twin, stage[1], clock, page_size=page_size, orders=False) as (crm, _):
            return told(crm.read(stream(crm), window, None)), dict(twin.counts.calls)

    with one_after_the_other():
        plain, calls = once()
    ahead, more = once()
    assert ahead == plain
    ended = bool(plain[0]) and plain[0][-1].end is not None
    assert more == calls or (not ended and more.get(LIST, 0) - calls.get(LIST, 0) == 1)


def test_the_next_page_is_on_its_way_while_one_is_looked_at_and_no_other(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    with site.connector() as crm:
        pages = crm.read(stream(crm), Window(None, clock.now()), None)
        for number in range(1, 5):
            next(pages)
            assert until(lambda number=number: site.twin.counts.calls[LIST] == number + 1)
            time.sleep(0.05)
            assert site.twin.counts.calls[LIST] == number + 1
        pages.close()
    assert site.twin.counts.peak == 1  # never two calls at a time


def test_looking_at_pages_and_fetching_them_take_their_time_together(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 2, "settings": "    orders: false"})
    site.twin.latency = 0.06

    def seconds() -> float:
        with site.connector() as crm:
            began = time.monotonic()
            for _ in crm.read(stream(crm), Window(None, clock.now()), None):
                time.sleep(0.06)
            return time.monotonic() - began

    with one_after_the_other():
        plain = seconds()
    assert seconds() < plain - 0.2  # eleven pages


def test_one_page_needs_no_thread(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened()
    monkeypatch.setattr(Door, "_abreast", lambda *_: pytest.fail("a thread for nothing"))
    assert site.sync(only=["crm"]).errors == {}
    assert site.look(living) == set(site.contacts())


@pytest.mark.parametrize("after", range(1, 6))
def test_a_read_that_is_left_half_way_leaves_no_thread_and_no_reservation(
    opened: Open, clock: FixedClock, after: int
) -> None:
    site = opened({"page_size": 4})
    with site.connector() as crm:
        pages = crm.read(stream(crm), Window(None, clock.now()), None)
        for _ in range(after):
            next(pages)
        until(lambda: site.twin.counts.calls[LIST] > after)
        pages.close()
        assert crm.tools.http.counts.calls == sum(site.twin.counts.calls.values())
    sql = "SELECT SUM(used) FROM budget WHERE bucket LIKE 'credits:%'"
    (row,) = site.look(lambda store: list(store.db.rows(sql)))
    spent = sum(count for name, count in site.twin.counts.calls.items() if "oauth" not in name)
    assert row[0] == spent


def fail_at(site: Site, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let Zoho be out of order from the so-many-th page of contacts on."""
    guard, pages = site.twin.guard, [0]

    def failing(call: Call) -> Any:
        if call.template.endswith("/{module}") and call.params["module"] == "Contacts":
            pages[0] += 1
            if pages[0] >= number:
                return site.twin.refusal("500")
        return guard(call)

    monkeypatch.setattr(site.twin, "guard", failing)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_an_error_of_the_page_ahead_is_told_in_its_turn(
    opened: Open, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    left = []
    for name in ("plain", "ahead"):
        site = opened({"page_size": 4, "store": f"{name}.db"})
        with monkeypatch.context() as broken:
            fail_at(site, broken, number)
            if name == "plain":
                with one_after_the_other():
                    error = site.sync(only=["crm"]).errors["crm"]
            else:
                error = site.sync(only=["crm"]).errors["crm"]
        position = site.look(lambda store: store.marks.get("crm", "customers").position)
        left.append((str(error), position and {**position, "started": ""}, site.look(living)))
        assert site.sync(only=["crm"]).errors == {}
        assert site.look(living) == set(site.contacts())
    assert left[0] == left[1]
    assert len(left[0][2]) == 4 * (number - 1)


def test_a_token_that_expires_ahead_starts_the_window_again_in_its_turn(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4}, page_token_life=60)
    shown, pages = site.twin._listing._spoil, [0]

    def spoil(call: Call, module: Any, found: list[Any]) -> list[Any]:
        pages[0] += 1
        if pages[0] == 3:
            clock.advance(timedelta(minutes=1))  # the token of the next page is made already
        return shown(call, module, found)

    site.twin._listing._spoil = spoil
    with site.connector() as crm:
        got = list(crm.read(stream(crm), Window(None, clock.now()), None))
    assert [page.restart for page in got] == [False, False, False, True]
    assert len({row["id"] for page in got for row in page.rows}) == 12
    assert site.sync(only=["crm"]).errors == {}
    assert site.look(living) == set(site.contacts())


def test_another_process_goes_on_from_any_page(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4})
    window = Window(None, clock.now())
    with site.connector() as crm:
        whole = read(crm, window)
    for number, page in enumerate(whole[:-1]):
        with site.connector() as crm:
            rest = read(crm, window, page.position)
        assert [list(one.rows) for one in rest] == [list(one.rows) for one in whole[number + 1 :]]


def test_a_run_makes_the_same_calls_as_one_after_the_other(opened: Open) -> None:
    made = []
    for name in ("plain", "ahead"):
        site = opened({"page_size": 3, "store": f"{name}.db"})
        if name == "plain":
            with one_after_the_other():
                report = site.sync(only=["crm"])
        else:
            report = site.sync(only=["crm"])
        assert {one.certificate for one in report.lanes[0].outcomes.values()} == {"swept"}
        made.append(dict(site.twin.counts.calls))
    assert made[0] == made[1]


@pytest.mark.parametrize("credits", range(6, 26))
def test_however_few_credits_there_are_they_are_never_overdrawn(opened: Open, credits: int) -> None:
    site = opened({"page_size": 1, "settings": f"    credits_per_day: {credits}"}, credits=credits)
    report = site.sync(only=["crm"])
    assert report.errors
    assert site.twin.counts.violations["over_budget"] == 0
    assert sum(count for name, count in site.twin.counts.calls.items() if "oauth" not in name) == credits
