"""A shop's numbered pages read side by side: the same records and proofs as one after the other, only sooner."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.woocommerce.connector import WooCommerce
from connectors.woocommerce.twin import WooOptions, WooTwin
from connectors.woocommerce.wire.settings import WooSettings
from hub.clock import FixedClock
from hub.connector import Page, Row, Tools, Window
from hub.errors import HubError
from hub.forms import Place
from hub.http.door import Door
from hub.testing.people import Population
from hub.testing.twin import Call, Stage
from tests.conftest import NOW
from tests.killing import run
from tests.site import opener
from tests.woocommerce_site import Site, outcome, read, stand

pytestmark = pytest.mark.usefixtures("far")

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def offsets(site: Site, monkeypatch: pytest.MonkeyPatch, path: str) -> list[int]:
    """Where the pages begin that are asked for from now on."""
    asked: list[int] = []
    guard = site.twin.guard

    def noting(call: Call) -> Any:
        if call.path.endswith(path) and "status" not in call.query:
            asked.append(int(call.query["offset"]))
        return guard(call)

    monkeypatch.setattr(site.twin, "guard", noting)
    return asked


def pages(twin: WooTwin, url: str, clock: FixedClock, name: str, window: Window, **own: Any) -> list[Page]:
    """One read by a connector with these settings, without a store."""
    options = twin.options
    secrets = {"consumer_key": options.consumer_key, "consumer_secret": options.consumer_secret}
    found = WooSettings(url=url, **secrets, **own)
    tools = Tools("shop", clock, Place("CN", "Asia/Shanghai"), ".")
    shop = WooCommerce(found, tools)
    with Door("shop", shop.dialect(), clock=clock) as door:
        shop.tools = replace(tools, http=door)
        return read(shop, window, name=name)


def shop(clock: FixedClock, rows: int, **options: Any) -> WooTwin:
    """A shop with so many customers and orders."""
    twin = WooTwin(Population(1, 3), clock, options=WooOptions(**options))
    twin.books.customers.clear(), twin.books.orders.clear()
    for number in range(rows):
        twin.books.add_customer({"email": f"a{number}@shop.cn"})
        twin.books.add_order({"status": "completed", "total": "10.00"})
    return twin


@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(0, 60),
    page_size=st.integers(2, 20),
    parallel=st.integers(2, 6),
    capped=st.sampled_from([0, 0, 1, 3]),
    hidden=st.sets(st.integers(1, 60), max_size=3),
    name=st.sampled_from(["customers", "orders"]),
    whole=st.booleans(),
)
def test_pages_positions_and_proofs_are_those_of_one_after_the_other(
    stage: tuple[Stage, str], rows: int, page_size: int, parallel: int, capped: int, hidden: set[int], name: str,
    whole: bool,
) -> None:  # fmt: skip
    clock = FixedClock(NOW)
    stage[0].twin = twin = shop(clock, rows, capped_page=capped)
    first = min(getattr(twin.books, name), default=0)
    twin._listing._spoil = lambda call, found: [row for row in found if row["id"] - first + 1 not in hidden]
    counted = sum(1 for number in hidden if number <= rows)
    window = Window(None if whole or name == "customers" else NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    own = {"page_size": page_size, "hidden_rows": {name: counted}}
    ways = [pages(twin, stage[1], clock, name, window, parallel=width, **own) for width in (1, parallel)]
    assert ways[0] == ways[1]
    assert ways[1][-1].end is not None or ways[1][-1].restart
    if not hidden and capped != 1:  # of pages of one row no two have a row in common
        assert sum(len(page.rows) for page in ways[1]) == rows


MOVES = st.lists(st.sampled_from(["", "", "", "delete", "create", "change"]), max_size=12)


@settings(max_examples=20, deadline=None)
@given(
    moves=MOVES, seed=st.integers(0, 1000), parallel=st.integers(2, 6),
    name=st.sampled_from(["customers", "orders"]),
    whole=st.booleans(), page_size=st.integers(2, 8),
)  # fmt: skip
def test_rows_that_move_while_pages_are_read_side_by_side_hide_none(
    stage: tuple[Stage, str], moves: list[str], seed: int, parallel: int, name: str, whole: bool, page_size: int
) -> None:
    clock = FixedClock(NOW)
    stage[0].twin = twin = shop(clock, 30)
    books = getattr(twin.books, name)
    window = Window(None if whole or name == "customers" else NOW - timedelta(hours=1), NOW + timedelta(minutes=1))
    clock.advance(timedelta(hours=1))
    still, left, which = set(books), list(moves), random.Random(seed)

    def spoil(call: Call, found: list[Row]) -> list[Row]:
        move = left.pop() if left and call.path.endswith(name) else ""
        record = which.choice([books[id_] for id_ in sorted(books)])
        if move == "create":
            twin.edit({"op": "create", "module": name, "values": {"email": f"b{len(left)}@shop.cn"}})
        elif move:
            still.discard(record.id)
            twin.edit({"op": move, "module": name, "id": record.id, "permanent": True})
        return found

    twin._listing._spoil = spoil
    got = pages(twin, stage[1], clock, name, window, parallel=parallel, page_size=page_size)
    seen = {row["id"] for page in got for row in page.rows}
    assert got[-1].restart or (got[-1].end is not None and still <= seen)
    if got[-1].end is not None and not whole and name == "orders":
        assert got[-1].end.before == got[-1].end.after == len(seen)


def test_nothing_is_asked_for_twice_or_in_vain_while_nothing_moves(opened: Open) -> None:
    asked = []
    for parallel in (1, 4):
        site = opened({"page_size": 5, "settings": f"    parallel: {parallel}", "store": f"{parallel}.db"})
        assert site.sync().errors == {}
        asked.append(dict(site.twin.counts.calls))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("parallel", [1, 3])
def test_calls_are_open_at_once_as_many_as_the_setting_allows(opened: Open, parallel: int) -> None:
    site = opened({"page_size": 4, "settings": f"    parallel: {parallel}"})
    site.twin.latency = 0.1
    report = site.sync(only=["shop"])
    assert {outcome(report, name).certificate for name in ("customers", "orders")} == {"swept"}
    assert site.twin.counts.peak == 1 if parallel == 1 else 1 < site.twin.counts.peak <= parallel


def test_the_last_page_is_asked_for_when_all_others_are_there(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its total is the one after the read; one told before other pages came would prove less."""
    site = opened({"page_size": 5})
    site.twin.latency = 0.005
    asked = offsets(site, monkeypatch, "/customers")
    assert site.read("customers").certificate == "swept"
    assert asked[0] == 0
    assert asked[-1] == max(asked)
    assert len(asked) == 6


def fail_at(site: Site, monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    """Let the shop be out of order for one page of the customers."""
    guard = site.twin.guard

    def failing(call: Call) -> Any:
        bad = call.path.endswith("/customers") and call.query.get("offset") == str(offset)
        return site.twin.refusal("500") if bad else guard(call)

    monkeypatch.setattr(site.twin, "guard", failing)


def place(site: Site) -> Row | None:
    found: Row | None = site.look(lambda store: store.marks.get("shop", "customers").position)
    return found


def test_a_page_that_fails_leaves_what_one_after_the_other_would_leave(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    for parallel in (1, 4):
        site = opened({"page_size": 5, "settings": f"    parallel: {parallel}", "store": f"{parallel}.db"})
        with monkeypatch.context() as broken:
            fail_at(site, broken, 16)
            error = site.sync().errors["shop"]
        assert isinstance(error, HubError)
        left.append((place(site), str(error), site.text()))
        with monkeypatch.context() as looking:
            asked = offsets(site, looking, "/customers")
            assert site.sync().errors == {}
        assert min(asked) == 16  # goes on with the page that is missing, and asks for none before it
    assert left[0] == left[1]
    assert left[0][0] is not None
    assert left[0][0]["leg"]["offset"] == 16


@pytest.mark.parametrize("site", ["commit:page:before:4", "commit:page:after:4", "commit:budget:after:3"])
def test_killed_among_the_pages_the_next_run_goes_on_and_ends_as_if_undisturbed(
    opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: str
) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    calm = opened({"page_size": 5, "store": "calm.db"})
    calm.sync()
    hit = opened({"page_size": 5})
    hit.twin.latency = 0.01
    shutil.copy(hit.file, tmp_path / "kehub.yaml")
    assert run(tmp_path, site) != 0
    stands = place(hit)
    with monkeypatch.context() as looking:
        asked = offsets(hit, looking, "/customers")
        assert hit.sync().errors == {}
    assert min(asked) == (stands["leg"]["offset"] if stands else 0)
    assert hit.text() == calm.text()
