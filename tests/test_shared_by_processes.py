"""Two processes, one connection: one token call, one budget. On SQLite and, where a server is at hand, PostgreSQL."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.clock import Clock, FixedClock, RealClock
from hub.http.auth import OAuthRefresh
from hub.http.budget import Limit
from hub.http.dialect import Dialect
from hub.http.door import Door
from hub.http.keyring import Token
from hub.store import connect
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.store.shared import Budgets, Tokens
from hub.vault import Keys, Vault
from tests.small_server import JsonAnswers, SmallServer

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LIMIT = Limit("burst", 20, 1.6)
CALLS_EACH = 15
KEYS = Keys({1: bytes(32)}, bytes(32), bytes(32))


@pytest.fixture
def db(location: str, clock: FixedClock) -> Iterator[Database]:
    db = connect(location)
    migrate(db, clock)
    yield db
    db.close()


class System(SmallServer):
    """A small system that is slow with tokens and notes when each call arrived."""

    def __init__(self) -> None:
        super().__init__(Answering)
        self.tokens = 0
        self.calls: list[float] = []
        self.keys: set[str] = set()


class Answering(JsonAnswers):
    server: System

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens += 1
        time.sleep(0.3)
        self.answer({"access_token": f"t{self.server.tokens}", "expires_in": 3600})

    def do_GET(self) -> None:
        self.server.calls.append(time.monotonic())
        self.server.keys.add(self.headers["Authorization"])
        self.answer({"data": []})


@pytest.fixture
def system() -> Iterator[System]:
    with System().running() as server:
        yield server


def work(location: str, address: str) -> None:
    """What each process does: open its own door and make its calls."""
    clock: Clock = RealClock()
    db = connect(location)
    auth = OAuthRefresh(f"{address}/token", "client", "secret", refresh_token="first")
    dialect = Dialect(base_url=address, auth=auth, limits=(LIMIT,))
    with Door("shop", dialect, clock=clock, tokens=Tokens(db, Vault(KEYS), clock), budgets=Budgets(db, clock)) as door:
        for _ in range(CALLS_EACH):
            door.request("GET", "/contacts")
    db.close()


def test_two_processes_fetch_one_token_and_keep_one_budget(db: Database, location: str, system: System) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=work, args=(location, system.address)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert system.tokens == 1
    assert system.keys == {"Bearer t1"}
    assert len(system.calls) == 2 * CALLS_EACH
    assert most_within(sorted(system.calls), LIMIT.seconds * 0.6) <= LIMIT.calls  # 0.6: calls take their time to arrive


def most_within(moments: list[float], seconds: float) -> int:
    return max(sum(start <= at < start + seconds for at in moments) for start in moments)


def test_the_loopback_is_reached_past_a_proxy(system: System, clock: FixedClock) -> None:
    with Door("shop", Dialect(base_url=system.address), clock=clock, proxy="http://127.0.0.1:9") as door:
        assert door.request("GET", "/contacts").rows("data") == []


def test_one_claims_and_the_others_wait_until_the_token_is_there(db: Database, clock: FixedClock) -> None:
    tokens = Tokens(db, Vault(KEYS), clock)
    expires = int(NOW.timestamp()) + 3600

    def usable(token: Token) -> bool:
        return bool(token.access)

    assert [tokens.claim("shop", holder, usable)[0] for holder in ("a", "b")] == ["ours", "busy"]
    assert tokens.claim("other", "b", usable)[0] == "ours"
    tokens.release("shop", "b")  # not b's to release
    assert tokens.claim("shop", "b", usable)[0] == "busy"
    tokens.keep("shop", {"access_token": "t1"}, expires)
    assert tokens.claim("shop", "b", usable) == ("usable", Token({"access_token": "t1"}, expires))


def test_a_claim_ends_by_release_by_refusal_and_by_itself(db: Database, clock: FixedClock) -> None:
    tokens = Tokens(db, Vault(KEYS), clock)

    def claim(holder: str) -> str:
        return tokens.claim("shop", holder, lambda token: False)[0]

    assert claim("a") == "ours"
    tokens.release("shop", "a")
    assert claim("b") == "ours"
    clock.advance(timedelta(seconds=60))
    assert claim("c") == "ours"
    tokens.refuse("shop", int(NOW.timestamp()) + 600)
    assert claim("d") == "refused"
    clock.advance(timedelta(seconds=540))
    assert claim("d") == "ours"


def test_reservations_of_all_processes_stay_within_the_limit(db: Database, clock: FixedClock) -> None:
    ours, theirs = Budgets(db, clock), Budgets(db, clock)
    assert ours.reserve("shop", (LIMIT,), 1, 15).calls == 5  # a quarter of what is left
    first = theirs.reserve("shop", (LIMIT,), 15, 15)
    assert first.calls == 15
    assert ours.reserve("shop", (LIMIT,), 1, 15).calls == 0
    theirs.give_back("shop", (LIMIT,), first, 2)
    assert ours.reserve("shop", (LIMIT,), 2, 15).calls == 2
    waiting = ours.reserve("shop", (LIMIT,), 1, 15)
    clock.advance(timedelta(milliseconds=waiting.until - int(NOW.timestamp() * 1000)))
    assert ours.reserve("shop", (LIMIT,), 20, 30).calls == 20


def test_a_call_answered_in_a_later_slice_counts_from_there(db: Database, clock: FixedClock) -> None:
    budgets = Budgets(db, clock)
    grant = budgets.reserve("shop", (LIMIT,), 20, 20)
    clock.advance(timedelta(seconds=1))
    budgets.give_back("shop", (LIMIT,), grant, 3, late=5)
    assert budgets.reserve("shop", (LIMIT,), 3, 3).calls == 3
    clock.advance(timedelta(seconds=0.7))  # those of the first slice are over a window old, five and three are not
    assert budgets.reserve("shop", (LIMIT,), 13, 20).calls == 0
    assert budgets.reserve("shop", (LIMIT,), 12, 20).calls == 12
    clock.advance(timedelta(seconds=1))
    assert budgets.reserve("shop", (LIMIT,), 8, 20).calls == 8


def test_the_rest_of_a_bucket_and_what_others_spent_are_shared(db: Database, clock: FixedClock) -> None:
    ours, theirs = Budgets(db, clock), Budgets(db, clock)
    ours.block("shop", "calls", NOW + timedelta(minutes=10))
    assert theirs.blocked("shop", "calls") == NOW + timedelta(minutes=10)
    assert theirs.blocked("shop", "search") is None
    ours.learn("shop", LIMIT, 4)
    assert theirs.reserve("shop", (LIMIT,), 5, 5).calls == 0
    assert theirs.reserve("shop", (LIMIT,), 4, 4).calls == 4
