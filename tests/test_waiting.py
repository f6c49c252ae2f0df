"""Programmes with a memory wait as others do: what a grace's end takes away waits for a complete read, then for a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from tests.scene import OTHER, PHONE, Scene
from tests.test_tier_cases import FAST, doubled
from tests.tier_cases import RULES

KINDS = {"grace": 31, "step": 31, "year": 1, "year grace": 31, "calendar year kept": 1}
"""Rules, and after how many days an order of 364 days ago has been of no use for long enough."""


@pytest.fixture(params=sorted(KINDS))
def rules(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, rules: str) -> Iterator[Scene]:
    text = FAST.replace("{rules}", doubled(RULES[rules]))
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=text)
    found.customer("till", "7", phone=PHONE)
    found.order("till", "o", "1000", 364, customer="7")
    found.sync()
    assert shown(found) == ("gold", found.today.toordinal() - 364)
    found.advance(KINDS[rules])
    fail(found)
    yield found
    found.close()


def fail(scene: Scene) -> None:
    scene.till.fail["read"] = 1
    scene.sync()


def period(scene: Scene, ext: str = "7") -> dict[str, Any]:
    periods = scene.store.decisions.periods(scene.who("till", ext))
    return next(one for one in periods if one["programme"] == "club" and not one["to_day"])


def shown(scene: Scene) -> tuple[str, int]:
    found = period(scene)
    return found["value"], found["since"]


def held(scene: Scene) -> list[tuple[str, int]]:
    return [(row["value"], row["since_day"]) for row in scene.store.decisions.held() if row["programme"] == "club"]


def lower(rules: str) -> str:
    return "silver" if rules == "step" else "member"


def test_a_fall_waits_and_comes_with_the_day_it_has_in_the_ledger(scene: Scene, rules: str) -> None:
    fell_on, began = scene.today.toordinal(), scene.today.toordinal() - 364 - KINDS[rules]
    assert shown(scene) == ("gold", began)
    assert held(scene) == [(lower(rules), fell_on)]
    scene.advance(2)
    fail(scene)
    assert held(scene) == [(lower(rules), fell_on)]
    scene.sync()
    assert shown(scene) == (lower(rules), fell_on)
    assert held(scene) == []


def test_the_missing_order_ends_the_wait(scene: Scene, rules: str) -> None:
    began = scene.today.toordinal() - 364 - KINDS[rules]
    scene.order("till", "late", "1000", 1 if KINDS[rules] > 1 else 0, customer="7")
    scene.sync()
    assert shown(scene) == ("gold", began)
    assert held(scene) == []


def test_a_wait_that_lasts_becomes_a_question_that_a_person_can_answer(scene: Scene, rules: str) -> None:
    fell_on = scene.today.toordinal()
    for day in range(1, 9):
        scene.advance(1)
        fail(scene)
        assert bool([field for _, field, _ in scene.questions("held") if field == "club"]) is (day >= 7)
    assert shown(scene)[0] == "gold"
    for question in scene.store.questions.open():
        scene.store.questions.answer(question.id, "yes", "tester")
    fail(scene)
    assert shown(scene) == (lower(rules), fell_on)
    assert held(scene) == []


def test_other_rules_while_a_fall_waits_go_on_from_what_the_ledger_gave(scene: Scene, rules: str) -> None:
    scene.advance(1)
    scene.reconfigure(FAST.replace("{rules}", doubled(RULES["strict grace"])))
    fail(scene)
    assert shown(scene)[0] == "gold"
    scene.sync()
    assert shown(scene)[0] == lower(rules)


def test_a_grant_that_ends_waits_too(tmp_path: Path, clock: FixedClock) -> None:
    text = FAST.replace("{rules}", doubled(RULES["earned"]))
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=text)
    scene.customer("till", "7", phone=PHONE)
    scene.customer("shop", "s", phone=OTHER)
    scene.sync()
    for record in (("till", "7"), ("shop", "s")):
        scene.grant(*record, "club", "gold", 3)
    scene.sync()
    scene.advance(4)
    fail(scene)
    assert period(scene)["value"] == "gold"
    assert scene.decided(scene.who("shop", "s"))["club"] == "member"
    scene.sync()
    assert period(scene)["value"] == "member"
    scene.close()
