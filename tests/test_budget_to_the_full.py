"""How much of its call budget a long run uses, and that it never uses more, as the system sees it.

Time is virtual: calls take their time and windows pass, but nobody waits. The shares stand in the closing lines.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.fxiaoke.twin import FxiaokeTwin
from hub.clock import FixedClock
from hub.connector import Limit
from hub.http.dialect import Dialect
from hub.http.door import Door
from hub.store import connect
from hub.store.database import Database
from hub.store.shared import Budgets
from hub.testing.people import Population
from hub.testing.twin import Answer, Call, Stage, serving
from tests.conftest import NOW
from tests.fxiaoke_site import HEADER, Site, stand
from tests.small_server import JsonAnswers, SmallServer
from tests.virtual import VirtualTime, breaches, share_used

Record = Callable[[str, object], None]
FXIAOKE = Limit("one interface", 100, 20)
BURST = Limit("burst", 50, 10)
CALLS_EACH = 130


# -- one run, with Fxiaoke's documented limits


def slow(twin: FxiaokeTwin, clock: FixedClock) -> dict[str, list[datetime]]:
    """Let each call take 20 to 180 ms, and note by interface when calls arrive."""
    chance, arrived = random.Random(7), defaultdict(list)
    guard, seal = twin.guard, twin.seal

    def take() -> None:
        clock.advance(timedelta(milliseconds=chance.randint(10, 90)))

    def arriving(call: Call) -> Answer | None:
        take()
        arrived[call.template].append(clock.now())
        return guard(call)

    def leaving(call: Call, answer: Answer) -> Answer:
        take()
        return seal(call, answer)

    twin.guard, twin.seal = arriving, leaving  # type: ignore[method-assign]
    return arrived


def test_a_long_run_over_fxiaoke_uses_nine_tenths_of_every_window_and_is_never_refused(
    tmp_path: Path, clock: FixedClock, record_property: Record
) -> None:
    stage = Stage()
    twin = stand(stage, clock, Population(700, 3), people_cap=0)
    arrived = slow(twin, clock)
    with serving(stage) as url:
        site = Site(tmp_path, clock, twin, url, page_size=1, acts=HEADER)
        assert site.sync(only=["crm"], streams=["customers"]).errors == {}
    busiest = max(arrived.values(), key=len)
    assert twin.counts.violations == {}
    assert breaches(busiest, FXIAOKE.calls, FXIAOKE.seconds) == 0
    share = share_used(busiest, FXIAOKE.calls, FXIAOKE.seconds)
    record_property("budget: one run over Fxiaoke's twin (100 calls in 20 s)", share)
    print(f"{len(busiest)} calls, {share:.1%} of the budget")
    assert share >= 0.9


# -- two processes on one account


class World(SmallServer):
    """A system whose calls take virtual time, and the clock of the processes that call it."""

    def __init__(self, parties: int) -> None:
        super().__init__(Answering)
        self.time = VirtualTime(NOW, parties)
        self.arrived: list[datetime] = []
        self.chance = random.Random(7)


class Answering(JsonAnswers):
    server: World
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """A call of the system."""
        self.server.time.sleep(self.server.chance.uniform(0, 0.1))
        self.server.arrived.append(self.server.time.now())
        self.server.time.sleep(self.server.chance.uniform(0, 0.1))
        self.answer({"data": []})

    def do_POST(self) -> None:
        """A call of the clock: sleep so many seconds, or leave; tells the time."""
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if wish == "leave":
            self.server.time.leave()
        else:
            self.server.time.sleep(wish)
        self.answer(self.server.time.now().isoformat())


class WorldClock:
    """The world's time as a process sees it."""

    def __init__(self, address: str) -> None:
        self._line = http.client.HTTPConnection(urlsplit(address).netloc)

    def now(self) -> datetime:
        return self._ask(0)

    def sleep(self, seconds: float) -> None:
        self._ask(seconds)

    def leave(self) -> None:
        self._ask("leave")
        self._line.close()

    def _ask(self, wish: object) -> datetime:
        self._line.request("POST", "/time", json.dumps(wish))
        return datetime.fromisoformat(json.loads(self._line.getresponse().read()))


@pytest.fixture
def world() -> Iterator[World]:
    with World(2).running() as server:
        yield server


def work(location: str, address: str) -> None:
    """What each process does: open its own door and make its calls."""
    db, clock = connect(location), WorldClock(address)
    try:
        with Door("shop", Dialect(address, limits=(BURST,)), clock=clock, budgets=Budgets(db, clock)) as door:
            for _ in range(CALLS_EACH):
                door.request("GET", "/contacts")
    finally:
        clock.leave()
        db.close()


def test_two_processes_use_nine_tenths_of_every_window_together_and_never_more_than_all(
    database: Database, location: str, world: World, record_property: Record
) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=work, args=(location, world.address)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(world.arrived) == 2 * CALLS_EACH
    assert breaches(world.arrived, BURST.calls, BURST.seconds) == 0
    share = share_used(world.arrived, BURST.calls, BURST.seconds)
    record_property(f"budget: two processes on {database.dialect} ({BURST.calls} calls in {BURST.seconds} s)", share)
    print(f"{len(world.arrived)} calls, {share:.1%} of the budget")
    assert share >= 0.9
