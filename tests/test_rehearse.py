"""Rehearsals of rules on both databases: the same answers, those of a few lines of Python; changes that go to one place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hub.plugins import load_plugins
from hub.settings.load import load_rules
from hub.store.decisions import Decided
from hub.store.holdings import Granted
from sync.reads import bought_of
from sync.rehearse import Rehearsal, Side, moved
from tests.conftest import NOW
from tests.crowd import Crowd

TODAY = NOW.date().toordinal()
DAYS = [TODAY - 300, TODAY - 200, TODAY - 100, TODAY]
BOTH = ("main", "stage")
RULES = """
brand: {name: Test brand}
rules:
  tiers:
    main: {ladder: [{tier: gold, spend_365d: 300}, {tier: member}], grace_days: GRACE}
  lifecycle: {at_risk_days: 60, lost_days: LOST}
"""


@pytest.fixture
def crowd(location: str) -> Iterator[Crowd]:
    made = Crowd.at(location)
    yield made
    made.store.close()


def side(folder: Path, grace: int, lost: int) -> Side:
    file = folder / f"{grace}-{lost}.yaml"
    file.write_text(RULES.replace("GRACE", str(grace)).replace("LOST", str(lost)), encoding="utf-8")
    loaded = load_rules(file, load_plugins())
    return Side(loaded.rules, bought_of(loaded.brand, loaded.place, loaded.written), frozenset({BOTH, ("stage",)}))


def filled(crowd: Crowd, people: int = 60) -> dict[str, list[int]]:
    """Customers with orders of 100 on these days."""
    chance = random.Random(3)
    orders = {f"C{n:03}": sorted(chance.sample(range(TODAY - 800, TODAY), chance.randint(0, 6))) for n in range(people)}
    for customer in orders:
        crowd.add(customer)
    rows = [(customer, day) for customer, days in orders.items() for day in days]
    crowd.orders({"customer": customer, "placed_on": day, "total": 10000, "status": "done"} for customer, day in rows)
    return orders


def spent(days: list[int], on: int) -> int:
    return 100 * sum(0 <= on - day < 365 for day in days)


def tier(days: list[int], on: int, grace: int) -> str:
    held, short = False, 0
    for day in range(TODAY - 900, on + 1):
        earned = spent(days, day) >= 300
        short = short + 1 if held and not earned else 0
        held = earned or (held and short <= grace)
    return "gold" if held else "member"


def stage(days: list[int], on: int, lost: int) -> str:
    known = [day for day in days if day <= on]
    if not known:
        return "prospect"
    since, count = on - known[-1], len(known)
    if since >= 60:
        return "lost" if since >= lost else "at_risk"
    return "loyal" if count >= 5 else "repeat" if count >= 2 else "first_time"


@pytest.mark.parametrize(("grace", "lost"), [(0, 200), (30, 90)])
def test_both_sides_are_as_reckoned_by_hand(crowd: Crowd, tmp_path: Path, grace: int, lost: int) -> None:
    orders = filled(crowd)
    old, new = side(tmp_path, 0, 200), side(tmp_path, grace, lost)
    steps: list[tuple[int, int]] = []
    customers = Rehearsal(crowd.store, old, new, DAYS, lambda more, of: steps.append((more, of))).run()
    assert customers == sorted(orders)
    assert sum(more for more, _ in steps) == steps[0][1]
    for name, before, after in (
        ("main", lambda d, on: tier(d, on, 0), lambda d, on: tier(d, on, grace)),
        ("stage", lambda d, on: stage(d, on, 200), lambda d, on: stage(d, on, lost)),
    ):
        one, other = old.rules.programme(name), new.rules.programme(name)
        assert one
        assert other
        told = dict(zip(customers, moved(one, other, old, new), strict=True))
        assert told == {who: (before(days, TODAY), after(days, TODAY)) for who, days in orders.items()}
    for number, who in enumerate(customers):
        tiers, stages = ([of(orders[who], on) for on in DAYS] for of in (
            lambda d, on: tier(d, on, grace), lambda d, on: stage(d, on, lost)))  # fmt: skip
        assert new.changes[("stage",)][number] == sum(a != b for a, b in pairwise(stages))
        assert new.changes[BOTH][number] == sum(a != b for a, b in pairwise(zip(tiers, stages, strict=True)))


def test_a_day_alone_changes_nothing_and_a_grant_lifts(crowd: Crowd, tmp_path: Path) -> None:
    orders = filled(crowd, 10)
    poor = next(who for who, days in orders.items() if spent(days, TODAY) < 300)
    with crowd.store.db.writing("record"):
        crowd.store.db.execute(
            "INSERT INTO record (rid, connection, stream, noun, ext, customer)"
            " VALUES (900, 'till', 'customers', 'customers', 'x', :who)",
            {"who": poor},
        )
        crowd.store.holdings.grant(900, Granted("g", poor, "main", "gold", TODAY, TODAY, "anna", "x"))
    one, other = side(tmp_path, 0, 200), side(tmp_path, 30, 90)
    customers = Rehearsal(crowd.store, one, other, [TODAY], lambda more, of: None).run()
    place = customers.index(poor)
    assert (one.now["main"][place], other.now["main"][place]) == (0, 0)
    assert not any(count for found in (one, other) for counts in found.changes.values() for count in counts)


def test_a_fact_of_one_name_may_be_another_on_either_side(crowd: Crowd, tmp_path: Path) -> None:
    orders = filled(crowd, 30)
    sides = []
    for number, least in enumerate((50, 500)):
        file = tmp_path / f"own{number}.yaml"
        facts = f"facts: {{big: {{count: orders, where: total >= {least}, window: 365d}}}}"
        file.write_text(
            f"rules:\n  {facts}\n  tiers: {{main: [{{tier: gold, when: big > 0}}, {{tier: member}}]}}\n", "utf-8"
        )
        loaded = load_rules(file, load_plugins())
        sides.append(Side(loaded.rules, bought_of(loaded.brand, loaded.place, loaded.written)))
    customers = Rehearsal(crowd.store, sides[0], sides[1], [TODAY], lambda more, of: None).run()
    assert list(sides[0].now["main"]) == [int(not spent(orders[who], TODAY)) for who in customers]
    assert set(sides[1].now["main"]) == {1}


def test_moves_have_their_median_where_there_are_two_in_the_middle(crowd: Crowd) -> None:
    decisions = crowd.store.decisions
    with crowd.store.db.writing("moves"):
        for customer, days in {"A": 10, "B": 20, "C": 31, "D": 99, "E": 5}.items():
            crowd.add(customer)
            decisions.settle("main", "", 100, [Decided(customer, "", "gold", 95 if customer == "A" else None)])
            decisions.correct_since("main", {"C": 0} if customer == "C" else {})  # since ever, as the ledger has it
            value = "none" if customer == "E" else "silver"
            decisions.settle("main", "", 100 + days, [Decided(customer, "gold", value)])
    crowd.add("F")
    crowd.merge("D", "F")
    assert decisions.moves("main", 1, 150) == [("gold", "none", 1, 5.0), ("gold", "silver", 3, 20.0)]
    assert decisions.moves("main", 111, 150) == [("gold", "silver", 2, 25.5)]
    assert decisions.moves("main", 121, 131) == [("gold", "silver", 1, 31.0)]
    assert decisions.stays("main", 111, 150) == {"gold": 2, "none": 1, "silver": 3}
    assert decisions.entries("main", 100, 100) == {"gold": 4}
    assert decisions.entries("main", 101, 200) == {}
