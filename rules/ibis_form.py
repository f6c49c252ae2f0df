"""A rule as an Ibis expression, for engines that compute many customers at once. Needs the extra `large`.

    expression = condition(rule.tree, facts, {"spend:category:鞋:365d": facts.shoes})

What is not a column of the facts (measures, the brand's own facts, tiers, stored lists, tags) is a column that the caller
joined, by the `key` of its node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any

import ibis

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

Columns = Mapping[str, Any]
"""Key -> Ibis column of the same table: figures and texts, booleans for lists and tags."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def key(node: Node) -> str:
    """The name under which a caller gives the column of a node that is no column of the facts; empty for all others."""
    if isinstance(node, Measured):
        return node.measure.name
    if isinstance(node, FactOf):
        return f"fact:{node.name}" if node.own else ""
    if isinstance(node, TierOf):
        return f"tier:{node.programme}"
    if isinstance(node, HasTag):
        return f"tag:{node.tag}"
    return f"list:{node.name}" if isinstance(node, Segment) and node.inner is None else ""


def condition(node: Node, facts: Any, given: Columns | None = None) -> Any:
    """A condition as a boolean column over the table `facts`."""
    return _Form(facts, given or {}).condition(node)


def value(node: Node, facts: Any, given: Columns | None = None) -> Any:
    """A value as a column over the table `facts`."""
    return _Form(facts, given or {}).value(node)


class _Form:
    def __init__(self, facts: Any, given: Columns) -> None:
        self._facts = facts
        self._given = given

    def condition(self, node: Node) -> Any:
        """A condition as a boolean expression; unknown stays null."""
        if isinstance(node, And | Or):
            return reduce(and_ if isinstance(node, And) else or_, map(self.condition, node.parts))
        if isinstance(node, Not):
            return ~self.condition(node.inner)
        if isinstance(node, Truth):
            return ibis.literal(node.holds)
        if isinstance(node, HasTag):
            return self._given[key(node)]
        if isinstance(node, Segment):
            return self._given[key(node)] if node.inner is None else self.condition(node.inner).fill_null(False)
        return self._comparison(node)

    def _comparison(self, node: Node) -> Any:
        if isinstance(node, Compare):
            left, right = self._alike(node.left, node.right)
            return _OPERATORS[node.operator](left, right)
        if isinstance(node, In):
            left, *options = self._alike(node.left, *node.options)
            return left.isin(options)
        if isinstance(node, Between):
            left, low, high = self._alike(node.left, node.low, node.high)
            return (left >= low) & (left <= high)
        if isinstance(node, Like):
            return self.value(node.left).like(node.pattern)
        assert isinstance(node, IsNull)
        return self.value(node.left).isnull()

    def _alike(self, *values: Value) -> list[Any]:
        if all(size(each).whole for each in values):
            return [self.value(each) for each in values]
        return [self._double(each) for each in values]

    def _double(self, node: Value) -> Any:
        return self.value(node).cast("float64")

    def value(self, node: Node) -> Any:
        """A value as an expression."""
        if isinstance(node, Constant):
            return _constant(node.value)
        if isinstance(node, FactOf | Measured | TierOf):
            return self._found(node)
        if isinstance(node, DaysSince):
            return self._facts.as_of - self.value(node.day)
        if isinstance(node, Minus):
            return -self.value(node.inner)
        assert isinstance(node, Arithmetic)
        return self._arithmetic(node)

    def _found(self, node: FactOf | Measured | TierOf) -> Any:
        name = key(node)
        if not name:
            assert isinstance(node, FactOf)
            return self._facts[node.name]
        column = self._given[name]
        return column if node.kind in ("day", "text") else column.fill_null(0)

    def _arithmetic(self, node: Arithmetic) -> Any:
        whole = size(node).whole
        left, right = ((self.value if whole else self._double)(side) for side in (node.left, node.right))
        if node.sign == "/":
            return left / right.nullif(0)
        return left + right if node.sign == "+" else left - right if node.sign == "-" else left * right


def _constant(value: int | float | str) -> Any:
    if isinstance(value, float):  # as a text: engines take 0.3 for a decimal, whose double may be another one
        return ibis.literal(repr(value)).cast("float64")
    return ibis.literal(value, "int64" if isinstance(value, int) else "string")
