"""Why a programme decides as it does: every comparison of its rules with a customer's own values.

The databases answer here too, in the words that decide: nothing is evaluated a second way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.store import Store
from hub.store.facts import Bought
from rules.catalogue import CATALOGUE, Kind
from rules.nodes import (
    Between,
    Compare,
    Condition,
    Constant,
    DaysSince,
    FactOf,
    HasTag,
    In,
    IsNull,
    Like,
    Measured,
    Or,
    Segment,
    TierOf,
    Truth,
    Value,
    walk,
)
from rules.rule import Rule
from rules.ruleset import Choice, Programme, RuleSet
from rules.sql import Sql
from sync import reads

_DAYS = {"last_order_on": "the last order", "first_order_on": "the first order", "registered_on": "registration"}


@dataclass(frozen=True)
class Clause:
    """One comparison of a choice: what it looks at, what is wanted, what was found, and whether it holds (None: unknown).

    `text` is how the rule writes it; `kind` is that of `found`; `either`: another comparison may do instead.
    """

    value: str
    text: str
    fact: str
    label: str
    kind: Kind | None
    operator: str
    wanted: Any
    found: Any
    holds: bool | None
    either: bool = False

    @property
    def missing(self) -> int | float | None:
        """By how much a figure falls short of what it must reach at least; None where that says nothing."""
        if (
            self.holds
            or self.wanted is None
            or self.operator not in (">=", ">")
            or self.kind not in ("count", "money", "number")
        ):
            return None
        short: int | float = self.wanted - (self.found or 0)
        return short + 1 if self.operator == ">" and self.kind != "number" else short


@dataclass(frozen=True)
class Explainer:
    """Explains decisions on one customer as of a day."""

    store: Store
    rules: RuleSet
    bought: Bought
    customer: str
    as_of: int

    def clauses(self, programme: Programme) -> list[Clause]:
        """Each comparison of each choice, best choice first."""
        wanted = reads.wanted_by(self.rules, programme, reads.dialect(self.store))
        self.store.facts.at([(self.customer, self.as_of)], wanted, self.bought)
        return [clause for choice in programme.choices for clause in self.comparisons(choice)]

    def comparisons(self, choice: Choice) -> list[Clause]:
        """Those of one choice, by the facts of the customer that stand in `facts_then` alone."""
        if choice.when is None:
            return []
        leaves, sql = choice.when.leaves, reads.then_sql(self.store)
        asked = [part for leaf in leaves for part in _asked(leaf, sql)]
        rows = list(self.store.facts.then(", ".join(asked), sql.params))
        found = rows[0][2:] if rows else (None,) * len(asked)
        answers = zip(found[::3], found[1::3], found[2::3], strict=True)
        either = any(isinstance(node, Or) for node in walk(choice.when.tree))
        return [
            _clause(choice.value, choice.when, leaf, answer, either)
            for leaf, answer in zip(leaves, answers, strict=True)
        ]


def _asked(leaf: Condition, sql: Sql) -> Iterator[str]:
    """What stands on both sides, and whether the comparison holds."""
    left, right = _sides(leaf)
    yield sql.value(left) if left is not None else "NULL"
    yield sql.value(right) if right is not None else "NULL"
    yield f"CASE WHEN {sql.condition(leaf)} THEN 1 WHEN NOT {sql.condition(leaf)} THEN 0 END"


def _sides(leaf: Condition) -> tuple[Value | None, Value | None]:
    if isinstance(leaf, Compare):
        return leaf.left, leaf.right
    return (leaf.left if isinstance(leaf, In | Between | Like | IsNull) else None), None


def _clause(value: str, rule: Rule, leaf: Condition, answer: Sequence[Any], either: bool) -> Clause:
    left, _ = _sides(leaf)
    found, other, holds = answer
    fact, label = _named(left) if left is not None else ("", rule.said(leaf))
    return Clause(
        value, rule.said(leaf), fact, label, left.kind if left else None, _operator(leaf), _wanted(leaf, other), found,
        None if holds is None else bool(holds), either,
    )  # fmt: skip


def _operator(leaf: Condition) -> str:
    if isinstance(leaf, Compare):
        return leaf.operator
    names = {In: "in", Between: "between", Like: "like", IsNull: "is null", HasTag: "has tag", Segment: "in segment"}
    return names.get(type(leaf), "is")


def _wanted(leaf: Condition, other: Any) -> Any:
    if isinstance(leaf, In):
        return [option.value for option in leaf.options]
    if isinstance(leaf, Between):
        return [side.value if isinstance(side, Constant) else None for side in (leaf.low, leaf.high)]
    if isinstance(leaf, Like):
        return leaf.pattern
    if isinstance(leaf, Truth):
        return leaf.holds
    return other


def _named(value: Value) -> tuple[str, str]:
    """The name of what a comparison looks at, and what it is called before people."""
    if value.called and value.called in CATALOGUE:
        return value.called, CATALOGUE[value.called].label or value.called
    if isinstance(value, FactOf):
        known = CATALOGUE.get(value.name)
        return value.name, (known.label if known else "") or value.name
    if isinstance(value, DaysSince):
        return f"days since {value.day.name}", f"days since {_DAYS.get(value.day.name, value.day.name)}"
    if isinstance(value, Measured):
        return (
            value.measure.name,
            f"{value.measure.what} on {value.measure.by} {value.measure.value}, {value.measure.window}",
        )
    if isinstance(value, TierOf):
        return f"tier.{value.programme}", value.programme
    return "", ""
