"""One history, two stores: whatever the database and however often it is done, the plans are the same to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene


def history(scene: Scene) -> list[Any]:
    """A few days of a brand: merges, a split, refunds, a failure, an expiry, a correction; and all plans on the way."""
    seen: list[Any] = []
    for number, name in enumerate(("张伟", "Li Na", "é", "中", "Z", "a")):
        scene.customer("till", f"{name}-{number}", phone=f"138123456{number:02d}", name=name, city="上海")
        scene.order("till", f"o{number}", f"{number * 300}", 300 + number * 20, customer=f"{name}-{number}")
    scene.customer("crm", "a", phone=PHONE, email="wei@shop.cn")
    scene.customer("crm", "B", email="Wei@Shop.cn", name="WEI")
    look(scene, seen)
    scene.customer("crm", "B", email=None, phone=THIRD)
    scene.order("shop", "s1", "99.5", 2, phone=THIRD)
    scene.order("till", "o9", "1200", 1, email="wei@shop.cn", refunded="10")
    scene.till.fail["read"] = 1
    look(scene, seen)
    scene.advance(days=40)
    scene.correct(scene.who("crm", "a"), city="苏州", phone=OTHER)
    scene.system("shop").keep = {"city": "SHANGHAI"}
    look(scene, seen)
    scene.till.remove("a-5")
    scene.advance(days=200)
    look(scene, seen)
    return seen


def look(scene: Scene, seen: list[Any]) -> None:
    report = scene.sync()
    seen.append({name: (plan.digest, plan.rows) for name, plan in report.plans.items()})
    for plan in list(report.plans.values()):
        scene.apply(plan.digest, "share")
    ids = scene.ids()
    seen.append((ids, scene.parts(), scene.store.decisions.standing(ids), [scene.facts(i) for i in ids]))
    seen.append((scene.store.receipts.tally(), sorted(scene.questions()), scene.store.decisions.held()))


@pytest.fixture
def here(tmp_path: Path) -> list[Any]:
    folder = tmp_path / "here"
    folder.mkdir()
    scene = Scene(folder, str(folder / "kehub.db"), FixedClock(NOW), yaml=THREE)
    seen = history(scene)
    scene.close()
    return seen


def test_both_databases_give_the_same_plans_ids_facts_and_receipts(
    here: list[Any], tmp_path: Path, location: str
) -> None:
    scene = Scene(tmp_path, location, FixedClock(NOW), yaml=THREE)
    for step, (one, other) in enumerate(zip(history(scene), here, strict=True)):
        assert one == other, f"step {step}"
    assert any(plans for plans in here[::3])
    scene.close()


def test_small_pages_give_the_same_plans_as_large_ones(here: list[Any], tmp_path: Path) -> None:
    small = ", page_size: 1"
    location = str(tmp_path / "k.db")
    scene = Scene(tmp_path, location, FixedClock(NOW), yaml=THREE, crm_options=small, till_options=small)
    assert history(scene) == here
    scene.close()
