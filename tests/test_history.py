"""Incremental is full, a day at a time is a week at a time is at first sight, whatever the rules remember."""

from __future__ import annotations

from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from rules.ruleset import RFM
from sync import verdict
from tests import history
from tests.history import History, everybody_again, outcome, playing, profile, same
from tests.scene import Scene


def incremental_is_full(happened: list[Any], location: str = "") -> list[Any]:
    """After each run: who was not due stands where everybody anew would put them. Gives all outcomes."""
    seen: list[Any] = []
    with playing(location) as played:
        for happening in [*happened, ("days", 0)]:
            played.play(happening)
            if happening[0] in ("days", "rules", "grant", "merge", "split", "undo"):
                played.sync()
                before = outcome(played.scene)
                same(before, everybody_again(played))
                played.failing.clear()
                seen.append(before)
    return seen


histories = st.tuples(history.beginnings, st.lists(history.happenings, max_size=14)).map(
    lambda told: [*told[0], *told[1]]
)


@profile(15)
@given(histories)
def test_those_due_are_all_who_change(happened: list[Any]) -> None:
    incremental_is_full(happened)


@pytest.mark.slow
@profile(600)
@given(histories)
def test_those_due_are_all_who_change_however_long_it_goes_on(happened: list[Any]) -> None:
    incremental_is_full(happened)


# -- a year of days


def year(happened: list[Any], steps: list[int]) -> dict[str, list[Any]]:
    """What stands after some days, run by run; what happens has happened before the first run, or is of the future."""
    with playing() as played:
        for happening in happened:
            played.play(happening)
        for step in steps:
            played.scene.advance(step)
            played.sync()
        return outcome(played.scene, facts=False)


bought = st.tuples(
    st.just("order"), st.sampled_from(history.RECORDS), st.sampled_from(history.TOTALS), st.integers(-365, 800),
    st.sampled_from((None, "store", "web")),
)  # fmt: skip
entered = [
    ("customer", record, phone, birthday)
    for record, phone, birthday in zip(
        history.RECORDS, (*history.PHONES, None, history.PHONES[0]), (*history.BIRTHDAYS, None), strict=True
    )
]
years = st.lists(bought, min_size=25, max_size=60).map(lambda orders: [*entered, *orders])


WEEKS = [0] + [7] * 52 + [1]


@profile(1)
@given(years)
def test_days_are_weeks_are_the_last_day_at_first_sight(happened: list[Any]) -> None:
    weekly = year(happened, WEEKS)
    same(year(happened, [0, 265] + [1] * 100), weekly)  # the days around New Year's Day and the end of February
    same(without_rfm(year(happened, [365])), without_rfm(weekly))


@pytest.mark.slow
@profile(15)
@given(years, st.sampled_from((1, 2, 3)))
def test_a_whole_year_of_days_is_a_year_of_weeks(happened: list[Any], step: int) -> None:
    weekly = year(happened, WEEKS)
    same(year(happened, [0] + [step] * (365 // step) + [365 % step]), weekly)
    same(without_rfm(year(happened, [365])), without_rfm(weekly))


def without_rfm(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Cut points are kept as they were computed, of the customers of that day."""
    return {**found, "decisions": [row for row in found["decisions"] if row[1] != RFM]}


# -- together and apart again


def apart_again(happened: list[Any], two: tuple[Any, Any], days: int, way: str) -> None:
    """Whom a person merges and parts again, some days later, stand as if nothing had been."""
    with playing() as played:
        begin(played, happened)
        one, other = (owners(played.scene, record) for record in two)
        assume(one and other and one != other)
        played.do_merge(*two)
        played.sync()
        played.do_days(days)
        played.sync()
        assert owners(played.scene, two[0]) == one | other
        if way == "undo":
            played.do_undo()
        else:
            verdict.split(played.scene.hub, played.scene.who(*two[1]), sorted(map(":".join, other)), "not her")
        played.sync()
        assert (owners(played.scene, two[0]), owners(played.scene, two[1])) == (one, other)
        found = outcome(played.scene)
        same(found, everybody_again(played))
    with playing() as played:
        begin(played, happened)
        played.do_days(days)
        played.sync()
        same(without_rfm(found), without_rfm(outcome(played.scene)))


def begin(played: History, happened: list[Any]) -> None:
    for happening in happened:
        played.play(happening)
    played.sync()


def owners(scene: Scene, record: tuple[str, str]) -> set[tuple[str, str]]:
    """All records of a record's customer; none where it was never entered."""
    rows = scene.store.db.rows(
        "SELECT r.connection, r.ext FROM record s JOIN record r ON r.customer = s.customer"
        " WHERE s.connection = :connection AND s.ext = :ext AND s.stream = 'customers'",
        {"connection": record[0], "ext": record[1]},
    )
    return set(rows)


two = st.tuples(st.sampled_from(history.RECORDS), st.sampled_from(history.RECORDS))
ways = (two, st.sampled_from((0, 1, 30, 95, 366)), st.sampled_from(("undo", "split")))


@profile(5)
@given(years, *ways)
def test_a_merge_that_is_taken_back_leaves_nothing(happened: list[Any], two: Any, days: int, way: str) -> None:
    apart_again(happened, two, days, way)


@pytest.mark.slow
@profile(200)
@given(years, *ways)
def test_no_merge_that_is_taken_back_leaves_anything(happened: list[Any], two: Any, days: int, way: str) -> None:
    apart_again(happened, two, days, way)


# -- both databases


WORDS = ({"refunded": "1000"}, {"status": "cancelled"})


def told(seed: int) -> list[Any]:
    """A history by chance, the same for the same seed."""
    chance = Random(seed)
    pick, record = chance.choice, lambda: chance.choice(history.RECORDS)
    found: list[Any] = [*entered]
    for _ in range(18):
        what = pick(("order", "order", "days", "word", "merge", "undo", "split", "grant", "rules", "customer"))
        found.append((what, *{
            "order": lambda: (record(), pick(history.TOTALS), pick(history.AGES), pick((None, "store"))),
            "days": lambda: (pick((1, 7, 31, 95)),), "word": lambda: (chance.randrange(40), pick(WORDS)),
            "merge": lambda: (record(), record()), "undo": lambda: (), "split": lambda: (record(),),
            "grant": lambda: (record(), pick(history.GRANTS), 30), "rules": lambda: (chance.randrange(3),),
            "customer": lambda: (record(), pick(history.PHONES), pick(history.BIRTHDAYS)),
        }[what]()))  # fmt: skip
    return found


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_both_databases_remember_the_same(seed: int, schema_url: str) -> None:
    here, there = incremental_is_full(told(seed)), incremental_is_full(told(seed), schema_url)
    assert len(here) == len(there) > 1
    for one, other in zip(here, there, strict=True):
        same(one, other)
