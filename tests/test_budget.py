"""The call budget: never more than allowed in any window, whoever asks, and nothing lost at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.errors import QuotaExceeded
from hub.http.budget import Budget, Limit
from hub.store.migrations import migrate
from hub.store.shared import Budgets
from hub.store.sqlite import SqliteDatabase

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
BURST = Limit("burst", 10, 8)
DAILY = Limit("daily", 400, 86_400, ("calls", "search"))
SEARCH = Limit("search", 5, 1, ("search",))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def db(tmp_path: Any, clock: FixedClock) -> Iterator[SqliteDatabase]:
    db = SqliteDatabase(tmp_path / "store.db")
    migrate(db, clock)
    yield db
    db.close()


@pytest.fixture
def budget(db: SqliteDatabase, clock: FixedClock) -> Callable[..., Budget]:
    return lambda *limits: Budget("shop", limits, Budgets(db, clock), clock)


def used(db: SqliteDatabase, limit: Limit) -> int:
    rows = db.rows("SELECT sum(used) FROM budget WHERE bucket LIKE :name", {"name": f"{limit.name}:%"})
    return int(rows[0][0] or 0)


def test_calls_within_the_limit_wait_for_nothing(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours = budget(BURST)
    for _ in range(10):
        ours.spend("calls", 1)
    assert clock.now() == NOW


def test_a_short_window_is_waited_for(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours = budget(BURST)
    for _ in range(11):
        ours.spend("calls", 1)
    assert timedelta(seconds=8) <= clock.now() - NOW <= timedelta(seconds=9)


def test_a_long_window_is_not_waited_for(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours = budget(DAILY)
    ours.spend("calls", 400)
    with pytest.raises(QuotaExceeded) as failure:
        ours.spend("search", 1)
    assert timedelta(hours=24) <= failure.value.until - NOW <= timedelta(hours=27)
    assert clock.now() == NOW


def test_two_spenders_share_one_budget(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours, theirs = budget(DAILY), budget(DAILY)
    for _ in range(200):
        ours.spend("calls", 1)
        theirs.spend("calls", 1)
    for one in (ours, theirs):
        with pytest.raises(QuotaExceeded):
            one.spend("calls", 1)


def test_a_request_must_fit_every_limit_that_counts_its_bucket(
    budget: Callable[..., Budget], db: SqliteDatabase, clock: FixedClock
) -> None:
    ours = budget(DAILY, SEARCH)
    for _ in range(6):
        ours.spend("search", 1)
    assert timedelta(seconds=1) <= clock.now() - NOW <= timedelta(seconds=1.2)
    assert (used(db, DAILY), used(db, BURST)) == (6, 0)


def test_a_bucket_that_no_limit_counts_is_free(budget: Callable[..., Budget], db: SqliteDatabase) -> None:
    budget(SEARCH).spend("calls", 1000)
    assert used(db, SEARCH) == 0


def test_reservations_are_few_and_the_rest_is_given_back(budget: Callable[..., Budget], db: SqliteDatabase) -> None:
    ours = budget(DAILY)
    for _ in range(5):
        ours.spend("calls", 1)
    assert used(db, DAILY) == 20  # one reservation of a twentieth of the window
    ours.close()
    assert used(db, DAILY) == 5
    ours.close()
    assert used(db, DAILY) == 5


def test_a_reservation_is_good_within_its_slice_only(
    budget: Callable[..., Budget], db: SqliteDatabase, clock: FixedClock
) -> None:
    ours = budget(DAILY)
    ours.spend("calls", 1)
    clock.advance(timedelta(hours=3))
    ours.spend("calls", 1)
    ours.close()
    assert used(db, DAILY) == 2


def test_a_dear_request_costs_as_much_as_it_costs(budget: Callable[..., Budget], db: SqliteDatabase) -> None:
    ours = budget(DAILY)
    ours.spend("calls", 10)
    ours.spend("calls", 15)
    ours.close()
    assert used(db, DAILY) == 25


def test_a_request_dearer_than_the_window_passes_when_it_is_empty(budget: Callable[..., Budget]) -> None:
    budget(BURST).spend("calls", 500)


def test_what_the_system_says_is_left_counts_for_all(budget: Callable[..., Budget]) -> None:
    ours, theirs = budget(DAILY), budget(DAILY)
    ours.spend("calls", 1)
    ours.learn("daily", 500)  # more than we believe: we count only ourselves, so ours is the better number
    ours.learn("unknown", 0)
    ours.learn("daily", 3)
    theirs.spend("calls", 3)
    with pytest.raises(QuotaExceeded):
        theirs.spend("calls", 1)


def test_a_block_holds_for_all_and_never_gets_shorter(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours, theirs = budget(), budget()
    ours.block("calls", NOW + timedelta(hours=1))
    ours.block("calls", NOW + timedelta(minutes=5))
    for one in (ours, theirs):
        with pytest.raises(QuotaExceeded) as failure:
            one.spend("calls", 1)
        assert failure.value.until == NOW + timedelta(hours=1)
    theirs.spend("search", 1)
    clock.advance(timedelta(hours=1))
    theirs.spend("calls", 1)


def test_a_short_block_is_slept_through(budget: Callable[..., Budget], clock: FixedClock) -> None:
    ours = budget()
    ours.block("calls", NOW + timedelta(seconds=30))
    ours.spend("calls", 1)
    assert clock.now() == NOW + timedelta(seconds=30)


def test_a_door_without_a_store_counts_nothing(clock: FixedClock) -> None:
    alone = Budget("shop", (BURST,), None, clock)
    for _ in range(100):
        alone.spend("calls", 1)
    alone.learn("burst", 0)
    alone.block("calls", NOW + timedelta(days=1))
    alone.close()
    assert clock.now() == NOW


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 3000)), max_size=40),
    seconds=st.sampled_from([1, 7, 10]),
)
def test_no_window_ever_holds_more_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int]], seconds: int
) -> None:
    clock = FixedClock(NOW)
    db = SqliteDatabase(tmp_path_factory.mktemp("budget") / "store.db")
    migrate(db, clock)
    limit = Limit("burst", 20, seconds)
    spenders = [Budget("shop", (limit,), Budgets(db, clock), clock) for _ in range(3)]
    spent: list[tuple[datetime, int]] = []
    for who, cost, pause in steps:
        clock.advance(timedelta(milliseconds=pause))
        spenders[who].spend("calls", cost)
        spent.append((clock.now(), cost))
    db.close()
    for start, _ in spent:
        window = [cost for at, cost in spent if start <= at < start + timedelta(seconds=seconds)]
        assert sum(window) <= limit.calls
