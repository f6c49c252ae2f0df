"""Tier cases from end to end (tests/tier_cases.py): over a real store, and by the facts alone as a second opinion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.clock import FixedClock
from rules.standing import Grant, Held, Policy, Standing, follow
from sync import verdict
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene
from tests.tier_cases import CASES, RULES, Case

PHONES = {"+A": f"phone={PHONE}", "+B": f"phone={OTHER}", "+C": f"phone={THIRD}"}
FAST = THREE[: THREE.index("rules:")] + "{rules}" + THREE[THREE.index("connections:") :]


@dataclass
class Play:
    """Plays the steps of a case; one method a verb, its words as arguments.

    A programme without a memory looks at today only: what it gives holds since the day of the run that decided it. The cases
    tell the ledger's day, which here is expected of programmes with a memory.
    """

    scene: Scene
    rules: str
    verdicts: list[str] = field(default_factory=list)
    runs: set[int] = field(default_factory=set)

    def play(self, steps: str) -> None:
        for step in filter(None, (part.strip() for part in steps.split(";"))):
            verb, *words = step.split()
            if verb == "rules":
                words = [" ".join(words)]
            try:
                getattr(self, f"do_{verb}")(*words)
            except AssertionError as fault:
                raise AssertionError(f"at {step!r} on {self.scene.today}: {fault}") from fault

    # -- what systems and people do

    def do_customer(self, system: str, id_: str, *words: str) -> None:
        self.scene.customer(system, id_, **pairs(PHONES.get(word, word) for word in words))

    def do_order(self, system: str, id_: str, total: str, days_ago: str, *words: str) -> None:
        fields = pairs(words)
        if not {"customer", "phone", "email"} & set(fields):
            fields["customer"] = "7"
        self.scene.order(system, id_, total, int(days_ago), **fields)

    def do_change(self, system: str, order: str, *words: str) -> None:
        self.scene._next(system).put("orders", {"id": order, **pairs(words)})

    def do_remove(self, system: str, id_: str) -> None:
        self.scene._next(system).remove(id_)

    def do_fail(self, system: str) -> None:
        self.scene.system(system).fail["read"] = 1

    def do_merge(self, one: str, other: str) -> None:
        self.verdicts.append(verdict.merge(self.scene.hub, self.who(one), self.who(other), "told us"))

    def do_split(self, *records: str) -> None:
        self.verdicts.append(verdict.split(self.scene.hub, self.who(records[0]), records, "not her"))

    def do_undo(self) -> None:
        verdict.undo(self.scene.hub, self.verdicts.pop())

    def do_grant(self, record: str, tier: str, days: str) -> None:
        self.scene.grant(*record.split(":"), "club", tier, int(days))

    def do_rules(self, name: str) -> None:
        self.scene.reconfigure(FAST.replace("{rules}", doubled(RULES[name])))

    def do_advance(self, days: str) -> None:
        self.scene.advance(int(days))

    def do_sync(self) -> None:
        self.scene.sync()
        self.runs.add(self.scene.today.toordinal())

    def who(self, record: str) -> str:
        return self.scene.who(*record.split(":"))

    # -- what is expected

    def do_tier(self, record: str, tier: str, days_ago: str = "") -> None:
        found, since = self.shown(self.who(record))
        if not self.remembers:
            assert since in self.runs
            days_ago = ""
        told = f"{found} {self.scene.today.toordinal() - since if days_ago else ''}".strip()
        assert told == f"{tier} {days_ago}".strip()

    def do_held(self, record: str, tier: str) -> None:
        assert self.held(self.who(record)) == tier

    @property
    def remembers(self) -> bool:
        """Whether days of the past can be known."""
        return all(one.remembers for one in self.scene.hub.rules.programmes if one.name == "club")

    def shown(self, customer: str) -> tuple[str, int]:
        """The tier that stands, and the day from which it is held."""
        now = [p for p in self.scene.store.decisions.periods(customer) if p["programme"] == "club" and not p["to_day"]]
        assert len(now) == 1, "one standing period"
        return now[0]["value"], now[0]["since"] or now[0]["from_day"]

    def held(self, customer: str) -> str | None:
        rows = self.scene.store.decisions.held(customer)
        return next((row["value"] for row in rows if row["programme"] == "club"), None)


@dataclass
class Opinion(Play):
    """The same, but tiers are reckoned from the store's orders by a few lines of their own and `follow`."""

    start: dict[str, Held] = field(default_factory=dict)
    last: dict[str, Held] = field(default_factory=dict)
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    waits: dict[str, str] = field(default_factory=dict)
    granted: list[tuple[str, Grant]] = field(default_factory=list)
    edited: bool = False
    remembers = True  # it reckons everything by the ledger

    def __post_init__(self) -> None:
        self.club = yaml.safe_load(RULES[self.rules])["rules"]["tiers"]["club"]

    def do_grant(self, record: str, tier: str, days: str) -> None:
        today = self.scene.today.toordinal()
        self.granted.append((record, Grant(self.tiers.index(tier), today, today + int(days))))

    def do_rules(self, name: str) -> None:
        self.club, self.edited = yaml.safe_load(RULES[name])["rules"]["tiers"]["club"], True

    def do_sync(self) -> None:
        today, failed = self.scene.today.toordinal(), self.scene.sync().errors
        if self.edited:
            self.start = {who: replace(held, day=min(held.day, today - 1)) for who, held in self.last.items()}
        self.edited, before, self.told, self.waits = False, self.told, {}, {}
        for who in self.scene.ids():
            standing = self.standing(who, today)
            self.last[who] = standing.held
            self.told[who] = self.tiers[standing.rank], standing.since
            old, known = before.get(who), {r.connection for r in self.scene.store.records.of_customers([who])[who]}
            if old and self.tiers.index(old[0]) < standing.rank and known & set(failed):
                self.told[who], self.waits[who] = old, self.tiers[standing.rank]

    def shown(self, customer: str) -> tuple[str, int]:
        return self.told[customer]

    def held(self, customer: str) -> str | None:
        return self.waits.get(customer)

    @property
    def tiers(self) -> list[str]:
        return [row["tier"] for row in self.club["ladder"]]

    def standing(self, customer: str, today: int) -> Standing:
        names = {name: self.club[name] for name in ("downgrade", "review", "grace_days") if name in self.club}
        grants = [grant for record, grant in self.granted if self.who(record) == customer]
        earned = self.earned(customer, today)
        return follow(earned, Policy(**names), grants, self.start.get(customer), today, len(self.tiers) - 1)

    def earned(self, customer: str, today: int) -> list[tuple[int, int]]:
        """Looked at on each day on which an order comes or leaves, and on each New Year's Day."""
        orders = self.scene.store.db.rows(
            "SELECT placed_on, total - refunded FROM orders WHERE customer = :customer AND counts = 1 AND currency = 'CNY'"
            " AND status NOT IN ('pending', 'cancelled') AND (refunded < total OR total = 0) AND placed_on <= :today",
            {"customer": customer, "today": today},
        )
        new_years = {date(year, 1, 1).toordinal() for year in range(2020, 2035)} if orders else set[int]()
        days = {day for placed, _ in orders for day in (placed, placed + 365)} | new_years
        return [(day, self.rank(orders, day)) for day in sorted(days) if day <= today]

    def rank(self, orders: list[Any], day: int) -> int:
        year = date.fromordinal(day).replace(month=1, day=1).toordinal()
        for rank, row in enumerate(self.club["ladder"]):
            if "when" not in row:
                return rank
            fact, window, least = re.fullmatch(r"(spend|orders)_(\w+) >= (\d+)", row["when"]).groups()  # type: ignore[union-attr]
            first = {"365d": day - 364, "ytd": year, "life": 0}[window]
            inside = [money for placed, money in orders if first <= placed <= day]
            if (sum(inside) / 100 if fact == "spend" else len(inside)) >= int(least):
                return rank
        raise AssertionError("a ladder without a floor")


def pairs(words: Any) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def acted(tmp_path: Path, clock: FixedClock, text: str) -> Iterator[Scene]:
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=text)
    yield scene
    scene.close()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_facts_alone_give_the_expected_tiers(case: Case, tmp_path: Path, clock: FixedClock) -> None:
    for scene in acted(tmp_path, clock, THREE):
        Opinion(scene, case.rules).play(case.steps)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_over_the_store(case: Case, tmp_path: Path, clock: FixedClock) -> None:
    for scene in acted(tmp_path, clock, FAST.replace("{rules}", doubled(RULES[case.rules]))):
        Play(scene, case.rules).play(case.steps)


def test_cases_have_names_of_their_own_and_all_rules_are_used() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    used = {case.rules for case in CASES} | {
        rules for case in CASES for rules in re.findall(r"rules ([\w ]+);", case.steps)
    }
    assert used == set(RULES)
