"""What decide keeps from run to run: days that follow the ledger, checkpoints of other rules, lists that move twice a day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from tests.history import configured, everybody_again, outcome, playing, same
from tests.scene import OTHER, PHONE, Scene

LISTED = """
rules:
  tiers:
    club: {grace_days: 2, ladder: [{tier: chosen, when: "in_segment(vips)"}, {tier: member}]}
  segments:
    vips: {list: {file: vips.csv, column: till}}
    rich vips: "in_segment(vips) and orders_life >= 1"
"""

CITY = """
rules:
  facts:
    big: {count: orders, where: "total >= %d"}
  tiers:
    home: {grace_days: 9, ladder: [{tier: local, when: "city = '上海' or age < 30"}, {tier: guest}]}
    large: {grace_days: 9, ladder: [{tier: gold, when: "big >= 1"}, {tier: member}]}
"""


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=configured(CITY % 500))
    yield found
    found.close()


def period(scene: Scene, programme: str, ext: str = "7") -> dict[str, Any]:
    periods = scene.store.decisions.periods(scene.who("till", ext))
    return next(one for one in periods if one["programme"] == programme and not one["to_day"])


def test_a_list_that_moves_twice_a_day_moves_what_asks_for_it() -> None:
    with playing(text=LISTED) as played:
        scene, seen = played.scene, []
        scene.customer("till", "7", phone=PHONE)
        scene.customer("till", "8", phone=OTHER)
        scene.order("till", "o", "1", 0, customer="7")
        file = scene.folder / "vips.csv"
        for vips in ("7", "8", "7", "7", "8", "7"):
            file.write_text(f"till\n{vips}\n", "utf-8")
            played.sync()
            found = outcome(scene)
            same(found, everybody_again(played))
            one = scene.who("till", "7")
            seen.append((scene.decided(one)["club"], scene.store.segments.standing([one])[one]))
            if len(seen) == 3:
                scene.advance(1)
        chosen = ("chosen", ["rich vips", "vips"])
        assert seen == [chosen, ("member", []), chosen] * 2


def test_what_no_day_changes_was_always_earned_whenever_one_asks(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.customer("till", "8", phone=OTHER)
    scene.sync()
    for _ in range(2):
        assert [(period(scene, "home", ext)["value"], period(scene, "home", ext)["since"]) for ext in "78"] == [
            ("local", 0), ("guest", 0),
        ]  # fmt: skip
        scene.advance(40)
        scene.look_at_everybody()
        scene.sync()


def test_an_own_fact_of_other_terms_is_another_rule(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", "600", 20, customer="7")
    scene.sync()
    assert period(scene, "large")["value"] == "gold"
    scene.advance(1)
    changed = scene.today.toordinal()
    scene.reconfigure(configured(CITY % 700))
    scene.sync()
    assert period(scene, "large")["value"] == "gold"  # it stood when the terms changed, and has its grace
    scene.advance(9)
    scene.sync()
    assert (period(scene, "large")["value"], period(scene, "large")["since"]) == ("member", changed + 9)


def test_a_late_order_corrects_the_day_of_what_stands(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", "600", 20, customer="7")
    scene.sync()
    today = scene.today.toordinal()
    assert (period(scene, "large")["since"], period(scene, "large")["from_day"]) == (today - 20, today)
    scene.order("till", "late", "600", 50, customer="7")
    scene.sync()
    assert (period(scene, "large")["since"], period(scene, "large")["from_day"]) == (today - 50, today)


def test_orders_of_long_ago_are_followed_year_by_year() -> None:
    text = "\nrules:\n  tiers:\n    club: {grace_days: 1, ladder: [{tier: gold, when: spend_ytd >= 100}, {tier: member}]}\n"
    with playing(text=text) as played:
        played.scene.customer("till", "7", phone=PHONE)
        for number, placed in enumerate(("1999-05-01", "1969-12-31", "2026-02-01")):
            played.scene.till.put(
                "orders", {"id": f"o{number}", "customer": "7", "total": "100", "placed": f"{placed}T10:00:00Z"}
            )
        played.sync()
        assert period(played.scene, "club")["value"] == "gold"
        same(outcome(played.scene), everybody_again(played))
