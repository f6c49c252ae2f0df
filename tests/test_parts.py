"""Resolve, decide and plan take what is due in parts: their size changes nothing, and what did not move costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.store import closure, decisions, people
from hub.store.check import canonical, check
from hub.store.plans import Plans
from hub.testing.people import Population
from tests.conftest import NOW
from tests.sandbox_site import Sandbox, Stages
from tests.scene import THREE, Scene

BRAKED = THREE.replace("share: 1,", "share: 0.3,")


def content(folder: Path, stands: Stages) -> list[str]:
    """What the hub makes of a population with families, crowded phones and duplicates, at first and after its writes."""
    folder.mkdir()
    sandbox = Sandbox(folder, FixedClock(NOW), stands, Population(60, 5))
    sandbox.rounds(1)
    with sandbox.opened() as setup:
        assert check(setup.store) == []
        return list(canonical(setup.store))


def test_the_size_of_a_part_changes_nothing(tmp_path: Path, stands: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = content(tmp_path / "whole", stands)
    for module, name, size in ((closure, "PART", 3), (people, "BATCH", 4), (decisions, "PAGE", 2)):
        monkeypatch.setattr(module, name, size)
    assert content(tmp_path / "small", stands) == whole


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=BRAKED)
    for number in range(12):
        found.customer("crm", f"a{number:02d}", phone=f"138123456{number:02d}")
    found.sync()
    yield found
    found.close()


def test_a_plan_whose_rows_did_not_move_is_not_looked_at_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scene.store.plans.open("crm")
    monkeypatch.setattr(Plans, "look", lambda *_: pytest.fail("nothing moved"))
    assert scene.sync().plans["crm"] == first


def test_other_limits_brake_a_plan_whose_rows_did_not_move(scene: Scene) -> None:
    assert [brake.subject for brake in scene.store.plans.brakes("crm")] == ["update"]
    scene.reconfigure(THREE)
    scene.sync()
    assert scene.store.plans.brakes("crm") == []


def test_a_row_that_goes_takes_its_brake_along(scene: Scene) -> None:
    for plan in scene.sync().plans.values():
        scene.apply(plan.digest, "share")
    assert scene.rows() == []
    scene.sync()
    assert scene.store.plans.brakes("crm") == []
