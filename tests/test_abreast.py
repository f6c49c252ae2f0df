"""Several questions at once through one connection's doors: order, room, errors, and nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock, RealClock
from hub.errors import Rejected, Transient
from hub.http.abreast import AHEAD, Abreast, Dismissed, StoppableClock
from hub.http.ahead import Ahead
from hub.http.budget import Limit
from hub.http.dialect import Dialect
from hub.http.door import Door
from hub.store.database import Database
from hub.store.shared import Budgets
from hub.testing.twin import Answer, Call, Endpoint, Twin, serving

pytestmark = pytest.mark.usefixtures("far")

CALLS = Limit("calls", 200, 60)


class Shelf(Twin):
    """Answers with the number it was asked for; page `bad` does not exist."""

    bad = -1

    def endpoints(self) -> Iterable[Endpoint]:
        return [Endpoint("GET", "/pages/{number}", self._page)]

    def _page(self, call: Call) -> Answer:
        number = int(call.params["number"])
        return Answer(404 if number == self.bad else 200, {"number": number})


@pytest.fixture
def shelf() -> Iterator[tuple[Shelf, str]]:
    shelf = Shelf()
    with serving(shelf) as url:
        yield shelf, url


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = {thread.name for thread in threading.enumerate() if thread not in before and thread.name != "twin"}
    assert left == set()


def asking(door: Door, number: int) -> int:
    return int(door.request("GET", f"/pages/{number}").json()["number"])


def alone(ask: Callable[[Any, int], Any], questions: Iterable[int], width: int = 3, clock: Any = None) -> Iterator[Any]:
    """The answers without any door."""
    from contextlib import nullcontext

    return Abreast(width, nullcontext, clock or RealClock()).answers(ask, questions)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_answers_come_in_order_calls_are_counted_and_the_budget_fits(
    shelf: tuple[Shelf, str], database: Database, clock: FixedClock, width: int
) -> None:
    twin, url = shelf
    twin.latency = 0.02
    budgets = Budgets(database, clock)
    dialect = Dialect(url, limits=(CALLS,), concurrency=width)
    with Door("shop", dialect, clock=clock, budgets=budgets, leave=database.leave) as door:
        assert list(door.side_by_side(asking, range(40))) == list(range(40))
        assert door.counts.calls == 40
        assert sum(twin.counts.calls.values()) == 40
    (row,) = database.rows("SELECT SUM(used) FROM budget WHERE bucket LIKE 'calls:%'")
    assert row[0] == 40  # what the threads had reserved and not spent was given back
    assert (width > 1) <= twin.counts.peak - 1 < width


def test_a_question_that_fails_raises_in_its_place_and_ends_the_others(shelf: tuple[Shelf, str]) -> None:
    twin, url = shelf
    twin.bad, twin.latency = 7, 0.02
    got: list[int] = []
    with Door("shop", Dialect(url, concurrency=3), clock=RealClock()) as door:
        answers = door.side_by_side(asking, range(1000))
        with pytest.raises(Rejected):
            got.extend(answers)
        assert got == list(range(7))
        asked = sum(twin.counts.calls.values())
        assert door.counts.calls == asked <= 7 + AHEAD * 3 + 1
        assert asking(door, 8) == 8  # the door itself is as good as before


def test_a_reader_that_leaves_half_way_leaves_no_thread_and_no_reservation(
    shelf: tuple[Shelf, str], database: Database, clock: FixedClock
) -> None:
    _, url = shelf
    dialect = Dialect(url, limits=(CALLS,), concurrency=4)
    with Door("shop", dialect, clock=clock, budgets=Budgets(database, clock), leave=database.leave) as door:
        answers = door.side_by_side(asking, range(1000))
        assert [next(answers) for _ in range(3)] == [0, 1, 2]
        answers.close()
        calls = door.counts.calls
    (row,) = database.rows("SELECT SUM(used) FROM budget WHERE bucket LIKE 'calls:%'")
    assert row[0] == calls < 20


def test_questions_are_taken_only_as_far_as_there_is_room() -> None:
    taken: list[int] = []

    def questions() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    for number in alone(lambda _, number: number, questions()):
        assert len(taken) <= number + AHEAD * 3 + 1
    assert len(taken) == 100


def test_no_more_threads_than_questions() -> None:
    names = list(alone(lambda _, __: threading.current_thread().name, range(2), width=8))
    assert len(names) == 2
    assert len(set(names)) <= 2


def test_who_sleeps_is_let_go_when_nobody_waits_any_more() -> None:
    asleep = threading.Event()

    class Hour:
        """A clock whose first pause is noticed."""

        now = staticmethod(RealClock().now)

        def sleep(self, seconds: float) -> None:
            asleep.set()
            RealClock().sleep(min(seconds, 0.01))

    sleeper: list[BaseException] = []
    clock = Hour()

    def ask(door: StoppableClock, number: int) -> int:
        if number:
            asleep.wait(10)
            raise Transient("out of order")
        try:
            door.sleep(3600)
        except Dismissed as fault:
            sleeper.append(fault)
            raise
        return number

    from contextlib import nullcontext

    answers = Abreast(2, nullcontext, clock).answers(ask, [1, 0])
    with pytest.raises(Transient):
        list(answers)
    assert len(sleeper) == 1


def test_a_pause_lasts_as_long_as_it_should(clock: FixedClock) -> None:
    before = clock.now()
    StoppableClock(clock, threading.Event()).sleep(7.3)
    assert clock.now() - before == timedelta(seconds=7.3)


@settings(max_examples=30, deadline=None)
@given(
    naps=st.lists(st.integers(0, 3), max_size=30),
    width=st.integers(2, 5),
    bad=st.none() | st.integers(0, 29),
    stop=st.none() | st.integers(0, 29),
)
def test_whatever_takes_how_long_the_answers_are_those_of_one_after_the_other(
    naps: list[int], width: int, bad: int | None, stop: int | None
) -> None:
    def ask(_: object, number: int) -> int:
        RealClock().sleep(naps[number] / 1000)
        if number == bad:
            raise Rejected("refused")
        return number

    def taken(answers: Iterator[int]) -> tuple[list[int], bool]:
        got: list[int] = []
        try:
            for number in answers:
                got.append(number)
                if number == stop:
                    break
        except Rejected:
            return got, True
        return got, False

    abreast = alone(ask, range(len(naps)), width)
    assert taken(abreast) == taken(ask(None, number) for number in range(len(naps)))
    abreast.close()  # type: ignore[attr-defined]


# -- one question ahead of the other


def foreseeing(
    ask: Callable[[Any, int], Any], foreseen: Callable[[int, Any], Iterable[int]], room: int, width: int = 1
) -> Ahead[Any, int, Any]:
    """Without any door."""
    from contextlib import nullcontext

    def hired() -> Abreast[Any]:
        return Abreast(width, nullcontext, RealClock())

    return Ahead(None, ask, foreseen, room, hired, lambda _: None)


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.integers(0, 12), max_size=15), room=st.integers(0, 4), width=st.integers(1, 3),
    far=st.integers(0, 6), bad=st.none() | st.integers(0, 12), naps=st.booleans(),
)  # fmt: skip
def test_whatever_is_asked_and_foreseen_the_answers_are_those_of_their_questions(
    asked: list[int], room: int, width: int, far: int, bad: int | None, naps: bool
) -> None:
    def ask(_: object, number: int) -> int:
        RealClock().sleep(0.001 * naps)
        if number == bad:
            raise Rejected("refused")
        return -number

    with closing(foreseeing(ask, lambda number, _: range(number + 1, number + 1 + far), room, width)) as ahead:
        for number in asked:
            if number == bad:
                with pytest.raises(Rejected):
                    ahead.answer(number)
                return
            assert ahead.answer(number) == -number


def test_no_more_is_asked_ahead_than_there_is_room_for() -> None:
    asked: list[int] = []
    ahead = foreseeing(lambda _, number: asked.append(number), lambda number, _: [number + 1], 1)
    with closing(ahead):
        for number in range(20):
            ahead.answer(number)
            assert len(asked) <= number + 2
    assert asked in (list(range(20)), list(range(21)))


def test_who_turns_elsewhere_again_and_again_is_asked_for_nothing_ahead() -> None:
    asked: list[int] = []
    ahead = foreseeing(lambda _, number: asked.append(number), lambda number, _: [number + 1], 1)
    with closing(ahead):
        for number in range(0, 200, 10):
            ahead.answer(number)
    assert len(asked) <= 20 + 3


def test_what_was_asked_ahead_is_counted_with_the_door(
    shelf: tuple[Shelf, str], database: Database, clock: FixedClock
) -> None:
    twin, url = shelf
    dialect = Dialect(url, limits=(CALLS,))
    with Door("shop", dialect, clock=clock, budgets=Budgets(database, clock), leave=database.leave) as door:
        with closing(door.ahead(asking, lambda number, _: [number + 1], 1)) as ahead:
            assert [ahead.answer(number) for number in range(9)] == list(range(9))
        calls = sum(twin.counts.calls.values())
        assert door.counts.calls == calls <= 10
        with closing(door.ahead(asking, lambda number, _: [number + 1])) as ahead:
            assert [ahead.answer(number) for number in range(9)] == list(range(9))
        assert sum(twin.counts.calls.values()) == calls + 9  # one at a time, where no more are allowed
    (row,) = database.rows("SELECT SUM(used) FROM budget WHERE bucket LIKE 'calls:%'")
    assert row[0] == calls + 9


def test_a_system_next_door_is_asked_for_nothing_ahead_and_a_slow_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.http.ahead.NEAR", 0.02)
    here = threading.current_thread()
    own: list[bool] = []

    def ask(_: object, number: int) -> None:
        RealClock().sleep(0.05 if 20 <= number < 40 else 0.0)
        own.append(threading.current_thread() is here)

    with closing(foreseeing(ask, lambda number, _: [number + 1], 1)) as ahead:
        for number in range(60):
            ahead.answer(number)
    near, slow, again = own[:20], own[20:40], own[40:60]
    assert all(near)
    assert not any(slow[8:])  # one of the first may have been slow by itself
    assert all(again[8:])
