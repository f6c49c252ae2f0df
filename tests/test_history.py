"""Incremental is full, a day at a time is a week at a time is at first sight, whatever the rules remember."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests import history
from tests.history import History, everybody_again, outcome, playing, profile, same


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


histories = st.tuples(history.beginnings, st.lists(history.happenings, max_size=14)).map(lambda told: [*told[0], *told[1]])


@profile(25)
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


@profile(1)
@given(years)
def test_a_year_of_days_is_a_year_of_weeks_is_the_last_day_at_first_sight(happened: list[Any]) -> None:
    a_year(happened, 1)


@pytest.mark.slow
@profile(25)
@given(years, st.sampled_from((1, 2, 3)))
def test_any_year_of_days_is_a_year_of_weeks(happened: list[Any], step: int) -> None:
    a_year(happened, step)


def a_year(happened: list[Any], step: int) -> None:
    weekly = year(happened, [0] + [7] * 52 + [1])
    same(year(happened, [365]), weekly)
    same(year(happened, [0] + [step] * (365 // step) + [365 % step]), weekly)
