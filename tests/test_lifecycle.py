"""The three models of a customer's life, through whole runs: who is where, since when, and by which values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import FixedClock
from rules.lifecycle import Thresholds, stages
from rules.reading import World, read
from sync.reads import read_seen
from tests.scene import PHONE, THREE, Scene

THRESHOLDS = Thresholds(at_risk_days=100, lost_days=200, repeat_orders=2, loyal_orders=4)


def rules(model: str) -> str:
    at = "at_risk_days: 100, lost_days: 200, repeat_orders: 2, loyal_orders: 4"
    lifecycle = f"rules:\n  lifecycle: {{{{model: {model}, {at}}}}}\n"
    return THREE.replace(THREE[THREE.index("rules:") : THREE.index("connections:")], lifecycle)


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=rules(request.param))
    yield found
    found.close()


def stage(scene: Scene) -> str:
    scene.sync()
    return scene.decided(scene.who("till", "7"))["stage"]


def buy(scene: Scene, number: int, days_ago: int = 0) -> None:
    scene.order("till", f"o{number}", "10", days_ago, customer="7")


@pytest.mark.parametrize("scene", ["retail"], indirect=True)
def test_a_shops_customer_comes_often_then_no_more(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    met = [stage(scene)]
    for number in range(4):
        buy(scene, number)
        met.append(stage(scene))
    for days in (99, 1, 99, 1):
        scene.advance(days=days)
        met.append(stage(scene))
    expected = ["prospect", "first_time", "repeat", "repeat", "loyal", "loyal", "at_risk", "at_risk", "lost"]
    assert met == expected


@pytest.mark.parametrize("scene", ["ladder"], indirect=True)
def test_somebody_climbs_the_ladder(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    met = [stage(scene)]
    scene.customer("till", "7", registered="2026-02-01T12:00:00+08:00")
    met.append(stage(scene))
    for number in range(4):
        buy(scene, number)
        met.append(stage(scene))
    scene.advance(days=200)
    met.append(stage(scene))
    assert met == ["suspect", "prospect", "customer", "regular", "regular", "supporter", "customer"]


@pytest.mark.parametrize("scene", ["relationship"], indirect=True)
def test_a_relation_grows(scene: Scene) -> None:
    scene.customer("till", "7", name="韩梅")
    met = [stage(scene)]
    scene.customer("till", "7", phone=PHONE, registered="2026-02-01T12:00:00+08:00")
    met.append(stage(scene))
    for number in range(4):
        buy(scene, number)
        met.append(stage(scene))
    scene.advance(days=365)
    met.append(stage(scene))
    assert met == ["awareness", "exploration", "deal", "deal", "deal", "loyalty", "deal"]


@pytest.mark.parametrize("model", ["retail", "ladder", "relationship"])
def test_the_last_stage_of_a_model_takes_everybody_else(model: str) -> None:
    *upper, (floor, nothing) = stages(model, THRESHOLDS)  # type: ignore[arg-type]
    assert nothing == ""
    assert floor
    assert all(read(text, World()).tree for _, text in upper)


@pytest.mark.parametrize("scene", ["retail"], indirect=True)
def test_each_stay_is_kept_with_its_days_its_rules_and_what_they_read(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    buy(scene, 1)
    stage(scene)
    scene.advance(days=3)
    buy(scene, 2)
    stage(scene)
    day, customer = scene.today.toordinal(), scene.who("till", "7")
    first, second = scene.store.decisions.periods(customer)
    assert (first["value"], first["from_day"], first["to_day"]) == ("first_time", day - 3, day)
    assert (second["value"], second["from_day"], second["to_day"]) == ("repeat", day, 0)
    assert read_seen(first["seen"]) == {"orders_life": "1", "last_order_on": str(day - 3)}
    assert read_seen(second["seen"]) == {"orders_life": "2", "last_order_on": str(day)}
    kept = scene.store.decisions.rules_of(second["rules"])
    assert kept is not None
    assert "days_since(last_order_on) >= 200" in kept
