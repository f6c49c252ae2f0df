"""A rule as parameterised SQL, with the same answers on SQLite and PostgreSQL.

    sql = Sql("sqlite")
    query = f"SELECT customer FROM facts f WHERE {sql.condition(rule.tree)}"   # with sql.params

Nothing a person wrote enters the text: values go as `:r0`, `:r1`, ..., names are columns of `facts` by pattern. Whole figures
are compared in 64 bits; where there is division or a fraction both sides are cast to doubles, by us and not by the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from rules.nodes import (
    And,
    Arithmetic,
    Between,
    Compare,
    Constant,
    DaysSince,
    FactOf,
    HasTag,
    In,
    IsNull,
    Like,
    Measured,
    Minus,
    Node,
    Not,
    Or,
    Segment,
    TierOf,
    Truth,
    Value,
)
from rules.sizes import size

Dialect = Literal["sqlite", "postgresql"]

_TYPES: dict[type, str] = {int: "BIGINT", float: "DOUBLE PRECISION", str: "TEXT"}


class Sql:
    """Emits conditions and values over one table of facts and gathers their parameters in `params`.

    `facts` is the alias of the table of facts, `values` the table of measures and of the brand's own facts, which with
    `as_of_rows` has a row for each as-of day. `tag` makes of a tag what the store keeps of it.
    """

    def __init__(
        self,
        dialect: Dialect,
        facts: str = "f",
        values: str = "fact_value",
        as_of_rows: bool = False,
        tag: Callable[[str], bytes] | None = None,
    ) -> None:
        self._dialect = dialect
        self._facts = _name(facts)
        self._values = _name(values)
        self._as_of_rows = as_of_rows
        self._tag = tag
        self.params: dict[str, Any] = {}

    def condition(self, node: Node) -> str:
        """A condition as a boolean expression for WHERE and CASE WHEN; unknown stays NULL."""
        return str(_CONDITIONS[type(node)](self, node))

    def value(self, node: Node) -> str:
        """A value as an expression: BIGINT for what is whole, DOUBLE PRECISION, or TEXT."""
        return str(_VALUES[type(node)](self, node))

    def first_match(self, cases: Sequence[tuple[str, Node]]) -> str:
        """The value of the first case whose condition holds; the last one is the floor, whatever its condition."""
        *upper, (floor, _) = cases
        whens = " ".join(f"WHEN {self.condition(node)} THEN {self._constant(value)}" for value, node in upper)
        return f"CASE {whens} ELSE {self._constant(floor)} END" if whens else self._constant(floor)

    # -- values

    def _bare(self, value: Any) -> str:
        name = f"r{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def _constant(self, value: int | float | str) -> str:
        return f"CAST({self._bare(value)} AS {_TYPES[type(value)]})"

    def _double(self, value: Value) -> str:
        """A figure in doubles."""
        if isinstance(value, Constant) and not isinstance(value.value, str):
            return self._constant(float(value.value))
        text = self.value(value)
        return f"CAST({text} AS DOUBLE PRECISION)" if size(value).whole else text

    def _alike(self, *values: Value) -> list[str]:
        """Figures that stand beside each other, all whole or all in doubles; texts as they are."""
        if all(size(value).whole for value in values):
            return [self.value(value) for value in values]
        return [self._double(value) for value in values]

    def _fact(self, node: FactOf) -> str:
        text = self._looked_up(node.name, node.kind) if node.own else f"{self._facts}.{_name(node.name)}"
        return f"CAST({text} AS DOUBLE PRECISION)" if node.kind == "number" else text

    def _looked_up(self, name: str, kind: str) -> str:
        day = f" AND v.as_of = {self._facts}.as_of" if self._as_of_rows else ""
        found = (
            f"(SELECT v.value FROM {self._values} v WHERE v.customer = {self._facts}.customer"
            f" AND v.name = {self._constant(name)}{day})"
        )
        return found if kind in ("day", "text") else f"COALESCE({found}, 0)"

    def _days_since(self, node: DaysSince) -> str:
        return f"({self._facts}.as_of - {self.value(node.day)})"

    def _tier_of(self, node: TierOf) -> str:
        return (
            f"(SELECT d.value FROM decision d WHERE d.customer = {self._facts}.customer"
            f" AND d.programme = {self._constant(node.programme)} AND d.to_day = 0)"
        )

    def _arithmetic(self, node: Arithmetic) -> str:
        if size(node).whole:
            left, right = self.value(node.left), self.value(node.right)
        else:
            left, right = self._double(node.left), self._double(node.right)
        return f"({left} / NULLIF({right}, 0))" if node.sign == "/" else f"({left} {node.sign} {right})"

    # -- conditions

    def _compare(self, node: Compare) -> str:
        left, right = self._alike(node.left, node.right)
        return f"({left} {node.operator} {right})"

    def _in(self, node: In) -> str:
        left, *options = self._alike(node.left, *node.options)
        return f"({left} IN ({', '.join(options)}))"

    def _between(self, node: Between) -> str:
        left, low, high = self._alike(node.left, node.low, node.high)
        return f"({left} BETWEEN {low} AND {high})"

    def _like(self, node: Like) -> str:
        left = self.value(node.left)
        if self._dialect == "sqlite":  # its LIKE does not tell a from A
            return f"({left} GLOB {self._constant(_glob(node.pattern))})"
        return f"({left} LIKE {self._constant(node.pattern)} ESCAPE '')"

    def _segment(self, node: Segment) -> str:
        if node.inner is not None:  # whoever is not known to be in it is not in it
            return f"(CASE WHEN {self.condition(node.inner)} THEN 1 ELSE 0 END = 1)"
        return (
            f"EXISTS (SELECT 1 FROM membership s WHERE s.customer = {self._facts}.customer"
            f" AND s.segment = {self._constant(node.name)} AND s.to_day = 0)"
        )

    def _has_tag(self, node: HasTag) -> str:
        if self._tag is None:
            raise ValueError("tags cannot be looked up here: no way to make their keys was given")
        key = self._bare(self._tag(node.tag))
        return f"EXISTS (SELECT 1 FROM customer_tag t WHERE t.customer = {self._facts}.customer AND t.tag = {key})"

    def _joined(self, word: str, parts: Sequence[Node]) -> str:
        return "(" + f" {word} ".join(self.condition(part) for part in parts) + ")"


_Emit = Callable[[Sql, Any], str]

_VALUES: dict[type[Node], _Emit] = {
    FactOf: Sql._fact,
    Constant: lambda sql, node: sql._constant(node.value),
    Minus: lambda sql, node: f"(- {sql.value(node.inner)})",
    Arithmetic: Sql._arithmetic,
    DaysSince: Sql._days_since,
    TierOf: Sql._tier_of,
    Measured: lambda sql, node: sql._looked_up(node.measure.name, node.kind),
}
_CONDITIONS: dict[type[Node], _Emit] = {
    Truth: lambda sql, node: "(1 = 1)" if node.holds else "(1 = 0)",
    Compare: Sql._compare,
    In: Sql._in,
    Between: Sql._between,
    Like: Sql._like,
    IsNull: lambda sql, node: f"({sql.value(node.left)} IS NULL)",
    Not: lambda sql, node: f"(NOT {sql.condition(node.inner)})",
    And: lambda sql, node: sql._joined("AND", node.parts),
    Or: lambda sql, node: sql._joined("OR", node.parts),
    Segment: Sql._segment,
    HasTag: Sql._has_tag,
}


def _glob(pattern: str) -> str:
    """A pattern of `like` as one of SQLite's GLOB, whose own signs stand in brackets to mean themselves."""
    signs = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(signs.get(char, char) for char in pattern)


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is no name of a column or a table")
    return name
