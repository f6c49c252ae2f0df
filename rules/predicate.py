"""Conditions over the facts table, as values: built by code today, by the rule language's parser later.

    spent = Compare("spend_365d", ">=", 300_000)
    compiled = Compiler().add(spent & Compare("orders_365d", ">=", 6))

A condition compiles to parameterised SQL of the common subset over the alias `f` of `facts`; values never enter the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hub.errors import SettingsError

CATALOGUE: dict[str, str] = {
    "orders_365d": "orders in the last 365 days, refunded ones not counted",
    "spend_365d": "money spent in the last 365 days less refunds, in minor units",
    "orders_life": "orders ever",
    "spend_life": "money spent ever less refunds, in minor units",
    "first_order_on": "day of the first order",
    "last_order_on": "day of the last order",
    "registered_on": "day of registration",
    "gender": "female or male",
    "province": "province of the main address",
    "city": "city of the main address",
    "home_store": "code of the home store",
    "birth_year": "year of birth",
    "birth_month": "month of birth",
    "birth_day": "day of birth in its month",
    "has_phone": "1 when a phone is known",
    "has_email": "1 when an e-mail address is known",
    "records": "number of records that make up the customer",
}
"""The only names that rules may use, and what they mean."""

LABELS: dict[str, str] = {
    "orders_365d": "orders in 365 days",
    "spend_365d": "spent in 365 days",
    "orders_life": "orders ever",
    "spend_life": "spent ever",
    "days since last_order_on": "days since the last order",
    "days since first_order_on": "days since the first order",
    "days since registered_on": "days since registration",
}
"""What figures are called before people."""

Operator = Literal["=", "<>", "<", "<=", ">", ">="]


class Condition:
    """Base of conditions; `&` joins two."""

    def __and__(self, other: Condition) -> All:
        return All((self, other))


@dataclass(frozen=True)
class Compare(Condition):
    """`fact operator value`; false when the fact is unknown."""

    fact: str
    operator: Operator
    value: int | str


@dataclass(frozen=True)
class DaysSince(Condition):
    """The number of days from a fact's day to the as-of day, compared with `value`; false when the day is unknown."""

    fact: str
    operator: Operator
    value: int


@dataclass(frozen=True)
class All(Condition):
    """True when all parts are; the empty conjunction is true."""

    parts: tuple[Condition, ...] = ()


_MIRROR: dict[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


@dataclass
class Compiler:
    """Turns conditions into SQL and gathers their parameters; `as_of` is the day ordinal that DaysSince counts from."""

    as_of: int
    params: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: Condition) -> str:
        """The SQL of one condition. SettingsError for a name outside the catalogue."""
        if isinstance(condition, All):
            return " AND ".join(f"({self.add(part)})" for part in condition.parts) or "1 = 1"
        if isinstance(condition, Compare):
            return f"f.{_known(condition.fact)} {condition.operator} {self.value(condition.value)}"
        if isinstance(condition, DaysSince):
            edge = self.as_of - condition.value
            return f"f.{_known(condition.fact)} {_MIRROR[condition.operator]} {self.value(edge)}"
        raise TypeError(f"not a condition: {type(condition).__name__}")

    def value(self, value: int | str) -> str:
        """A parameter for a value."""
        name = f"r{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def first_match(self, cases: list[tuple[str, Condition]]) -> str:
        """A CASE expression that gives the first value whose condition holds; the last is the floor."""
        *upper, (floor, _) = cases
        whens = " ".join(f"WHEN {self.add(condition)} THEN {self._word(value)}" for value, condition in upper)
        return f"CASE {whens} ELSE {self._word(floor)} END" if whens else self._word(floor)

    def _word(self, value: str) -> str:
        return f"CAST({self.value(value)} AS TEXT)"  # PostgreSQL cannot infer a bare parameter's type


def _known(fact: str) -> str:
    if fact not in CATALOGUE:
        raise SettingsError(f"there is no fact {fact!r}", where="rules", remedy="see the catalogue of facts")
    return fact


def thresholds(condition: Condition, fact: str) -> set[int]:
    """The day numbers at which a DaysSince over `fact` can change its mind, for the calendar's index ranges."""
    if isinstance(condition, All):
        return set().union(*(thresholds(part, fact) for part in condition.parts))
    if isinstance(condition, DaysSince) and condition.fact == fact:
        below = condition.operator in ("<=", ">")
        return {condition.value + 1 if below else condition.value}
    return set()
