"""The first rule set: tier programmes and the lifecycle stage. Facts and a date in, decision and reason out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rules.predicate import All, Compare, Compiler, Condition, DaysSince, thresholds

STAGE = "stage"
"""Name of the lifecycle programme."""


@dataclass(frozen=True)
class Choice:
    """One value a programme can decide, and when."""

    value: str
    when: Condition


@dataclass(frozen=True)
class Programme:
    """A first-match rule: choices from the best to the floor. A move towards the floor is a lowering."""

    name: str
    choices: tuple[Choice, ...]
    lowering: tuple[str, ...] | None = None

    def rank(self, value: str) -> int:
        """0 for the best value; values the programme no longer knows rank below all."""
        names = [choice.value for choice in self.choices]
        return names.index(value) if value in names else len(names)

    def lowers(self, standing: str | None, value: str) -> bool:
        """Whether going from the standing decision to `value` takes something away."""
        if standing is None or standing == value:
            return False
        if self.lowering is not None:
            return value in self.lowering
        return self.rank(value) > self.rank(standing)

    def compile(self, as_of: int) -> tuple[str, dict[str, Any]]:
        """The programme as one SQL expression over `facts f`, with its parameters."""
        compiler = Compiler(as_of)
        return compiler.first_match([(choice.value, choice.when) for choice in self.choices]), compiler.params


@dataclass(frozen=True)
class RuleSet:
    """All programmes of a brand; they read the counted order streams. `basis` names what else decisions rest on."""

    programmes: tuple[Programme, ...]
    basis: str = ""

    @property
    def digest(self) -> str:
        """Changes when any rule changes, or what they rest on: then everybody is decided once."""
        return hashlib.blake2b(repr((self.programmes, self.basis)).encode(), digest_size=8).hexdigest()

    def day_thresholds(self) -> list[int]:
        """Days since the last order at which some rule can change its mind."""
        found: set[int] = set()
        for programme in self.programmes:
            for choice in programme.choices:
                found |= thresholds(choice.when, "last_order_on")
        return sorted(found)


def tiers(name: str, steps: Sequence[tuple[str, int | None, int | None]]) -> Programme:
    """A tier programme from (tier, least spend in minor units, least orders) within 365 days, best first."""
    choices = []
    for tier, spend, orders in steps:
        parts: list[Condition] = []
        if spend is not None:
            parts.append(Compare("spend_365d", ">=", spend))
        if orders is not None:
            parts.append(Compare("orders_365d", ">=", orders))
        choices.append(Choice(tier, All(tuple(parts))))
    return Programme(name, tuple(choices))


def lifecycle(*, at_risk_days: int = 180, lost_days: int = 365, repeat: int = 2, loyal: int = 5) -> Programme:
    """The lifecycle stage: prospect, first-time, repeat, loyal, at risk, lost."""
    return Programme(
        STAGE,
        (
            Choice("prospect", Compare("orders_life", "=", 0)),
            Choice("lost", DaysSince("last_order_on", ">=", lost_days)),
            Choice("at_risk", DaysSince("last_order_on", ">=", at_risk_days)),
            Choice("loyal", Compare("orders_life", ">=", loyal)),
            Choice("repeat", Compare("orders_life", ">=", repeat)),
            Choice("first_time", All()),
        ),
        lowering=("at_risk", "lost"),
    )


@dataclass(frozen=True)
class Clause:
    """One condition of a choice with the value that made it true or false, for `why`."""

    value: str
    fact: str
    operator: str
    wanted: int | str
    found: Any
    holds: bool


def explain(programme: Programme, facts: dict[str, Any], as_of: int) -> list[Clause]:
    """Each condition of each choice beside the customer's own figure, best choice first."""
    return [clause for choice in programme.choices for clause in _clauses(choice.value, choice.when, facts, as_of)]


def _clauses(value: str, condition: Condition, facts: dict[str, Any], as_of: int) -> list[Clause]:
    if isinstance(condition, All):
        return [clause for part in condition.parts for clause in _clauses(value, part, facts, as_of)]
    if isinstance(condition, Compare):
        found = facts.get(condition.fact)
        return [Clause(value, condition.fact, condition.operator, condition.value, found, _holds(found, condition))]
    assert isinstance(condition, DaysSince)
    day = facts.get(condition.fact)
    days = None if day is None else as_of - day
    return [
        Clause(
            value, f"days since {condition.fact}", condition.operator, condition.value, days, _holds(days, condition)
        )
    ]


def _holds(found: Any, condition: Compare | DaysSince) -> bool:
    if found is None:
        return False
    tests: dict[str, bool] = {
        "=": found == condition.value, "<>": found != condition.value, "<": found < condition.value,
        "<=": found <= condition.value, ">": found > condition.value, ">=": found >= condition.value,
    }  # fmt: skip
    return tests[condition.operator]
