"""Facts of the brand's own: out of orders by a rule of its own, out of other facts by a plugin; and orders in other money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.cli.portrait import portrait
from hub.clock import FixedClock
from hub.connector import FactMaker
from hub.errors import SettingsError
from hub.plugins import Plugins
from tests.scene import PHONE, THREE, Scene

RULES = """rules:
  rates:
    - {{currency: USD, from: 2020-01-01, rate: 7}}
    - {{currency: USD, from: 2026-01-01, rate: 8.125}}
  facts:
    big_orders: {{count: orders, where: "amount >= 500", window: 365d, zh: 大单数}}
    done_spend: {{sum: amount, where: "status = 'done'"}}
    first_big_on: {{min: placed_on, where: "amount >= 500"}}
    score: {{plugin: acme}}
  tiers:
    main:
      - {{tier: gold, when: "大单数 >= 2 or score >= 30"}}
      - {{tier: silver, when: "done_spend >= 100 and days_since(first_big_on) < 100"}}
      - {{tier: member}}
"""
YAML = THREE.replace(THREE[THREE.index("rules:") : THREE.index("connections:")], RULES)


def score(facts: Mapping[str, Any]) -> int | None:
    """A third of the orders, in tenths; unknown before the first."""
    return facts["orders_life"] * 10 if facts["orders_life"] else None


MAKER = FactMaker("score", score, frozenset({"orders_life"}))


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(Plugins, "fact_makers", lambda self, plugin: {"score": MAKER} if plugin == "acme" else None)
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=YAML)
    found.customer("till", "7", phone=PHONE)
    yield found
    found.close()


def tier(scene: Scene) -> str:
    return scene.decided(scene.who("till", "7"))["main"]


def values(scene: Scene) -> dict[str, int]:
    names = ("big_orders", "done_spend", "first_big_on", "score")
    found = scene.store.facts.of(scene.who("till", "7")) or {}
    return {name: found[name] for name in names if name in found}


def test_orders_are_counted_and_summed_by_the_brands_own_words(scene: Scene) -> None:
    scene.order("till", "a", "600", 10, customer="7")
    scene.order("till", "b", "300", 5, customer="7", status="paid")
    scene.sync()
    day = scene.today.toordinal()
    assert values(scene) == {"big_orders": 1, "done_spend": 60000, "first_big_on": day - 10, "score": 20}
    assert tier(scene) == "silver"


def test_a_window_and_a_threshold_of_an_own_fact_come_by_the_calendar(scene: Scene) -> None:
    scene.order("till", "a", "600", 90, customer="7")
    scene.sync()
    assert tier(scene) == "silver"
    scene.advance(days=9)
    scene.sync()
    assert tier(scene) == "silver"
    scene.advance(days=1)
    scene.sync()
    assert (tier(scene), values(scene)["big_orders"]) == ("member", 1)
    scene.advance(days=265)
    scene.sync()
    assert "big_orders" not in values(scene)


def test_a_plugins_fact_is_made_for_whom_a_change_touches(scene: Scene) -> None:
    for number in range(3):
        scene.order("till", f"o{number}", "1", 5, customer="7")
        scene.sync()
        assert values(scene)["score"] == 10 * (number + 1)
    assert tier(scene) == "gold"


@pytest.mark.parametrize(
    ("total", "days_ago", "counts"), [("72", 5, 1), ("61", 5, 0), ("61.54", 5, 1), ("71.43", 200, 1)]
)
def test_money_of_another_currency_counts_at_the_rate_of_its_day(
    scene: Scene, total: str, days_ago: int, counts: int
) -> None:
    scene.order("till", "a", total, days_ago, customer="7", currency="USD")
    scene.sync()
    assert values(scene).get("big_orders", 0) == counts


def test_why_tells_each_source_in_the_brands_money_and_what_its_states_leave_out(scene: Scene) -> None:
    scene.order("till", "a", "72.01", 5, customer="7", currency="USD", refunded="1.5")
    scene.order("till", "b", "10", 5, customer="7")
    scene.order("till", "c", "10", 5, customer="7", currency="EUR")
    scene.order("till", "d", "10", 5, customer="7", status="pending")
    scene.sync()
    told = portrait(scene.hub, scene.who("till", "7"))["bought"]
    assert told["sources"][0]["spend_life"] == told["spend_life"] == 58508 - 1219 + 1000
    assert told["left_out"] == {"in another currency": 1, "pending": 1}


def test_a_pattern_in_an_own_fact_minds_case_on_either_database(
    location: str, tmp_path: Path, clock: FixedClock
) -> None:
    rules = """rules:
  facts: {{paid: {{count: orders, where: "status like 'p%d'"}}, none: {{count: orders, where: "status like 'P%'"}}}}
  tiers: {{main: [{{tier: gold, when: "none >= 1"}}, {{tier: silver, when: "paid >= 1"}}, {{tier: member}}]}}
"""
    yaml = THREE.replace(THREE[THREE.index("rules:") : THREE.index("connections:")], rules)
    scene = Scene(tmp_path, location, clock, yaml=yaml)
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "a", "1", 5, customer="7", status="paid")
    scene.sync()
    assert tier(scene) == "silver"
    scene.close()


def test_why_tells_a_comparison_with_an_unknown_fact(tmp_path: Path, clock: FixedClock) -> None:
    rules = 'rules: {{tiers: {{main: [{{tier: gold, when: "spend_life > aov_life"}}, {{tier: member}}]}}}}\n'
    yaml = THREE.replace(THREE[THREE.index("rules:") : THREE.index("connections:")], rules)
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    (clause,) = portrait(scene.hub, scene.who("till", "7"))["decisions"][0]["clauses"]
    assert (clause["found"], clause["wanted"], clause["holds"], clause["missing"]) == (0, None, None, None)
    scene.close()


def test_a_plugin_that_fails_is_named_and_nothing_is_decided(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = FactMaker("score", lambda facts: facts["nothing"], frozenset({"orders_life"}))
    monkeypatch.setattr(Plugins, "fact_makers", lambda self, plugin: {"score": broken})
    with pytest.raises(SettingsError, match=r"rules.facts.score: its plugin failed with KeyError"):
        scene.sync()


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ("{plugin: nobody}", 'the plugin "nobody" cannot be used: it is not installed'),
        ("{plugin: acme}", 'the plugin "acme" makes no fact "other"'),
        ("{sum: amount / 3}", "a fact of the brand's own is a whole number"),
        ("{sum: amount, count: orders}", "one of `count: orders`"),
        ("{count: orders, where: \"city = '上海'\"}", "there is no fact city"),
        ('{count: orders, where: "days_since(placed_on) < 3"}', "cannot look at the day of the run"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, fact: str, told: str
) -> None:
    monkeypatch.setattr(Plugins, "fact_makers", lambda self, plugin: {"score": MAKER} if plugin == "acme" else None)
    rules = "rules:\n  facts:\n    other: " + fact.replace("{", "{{").replace("}", "}}") + "\n"
    yaml = THREE.replace(THREE[THREE.index("rules:") : THREE.index("connections:")], rules)
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    with pytest.raises(SettingsError) as caught:
        _ = scene.hub
    assert told in str(caught.value)
    assert "kehub.yaml:7:" in str(caught.value)
