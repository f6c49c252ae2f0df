"""A rule that has been read: its tree, and what must be known to run it, to keep it up to date, and to explain it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rules.catalogue import CATALOGUE, REFUSED, Fact
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
    Measure,
    Measured,
    Node,
    Segment,
    TierOf,
    Truth,
    Value,
    children,
    walk,
)


@dataclass(frozen=True)
class Rule:
    """A condition or a value, as `read` makes it from a text."""

    text: str
    tree: Condition | Value

    @cached_property
    def words(self) -> str:
        """The tree as text, the same for all spellings of the same rule: what digests are made of."""
        return repr(self.tree)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The facts that must be known to run it, never derived ones; those of segments that it inlines included."""
        return frozenset(node.name for node in walk(self.tree) if isinstance(node, FactOf))

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that must be known, each once, in order."""
        return tuple(sorted({node.measure for node in walk(self.tree) if isinstance(node, Measured)}))

    @cached_property
    def days(self) -> dict[str, frozenset[int]]:
        """Day fact -> the numbers of days since then on which the rule may change its mind."""
        found: dict[str, set[int]] = {}
        for node in walk(self.tree):
            for inner in children(node):
                if isinstance(inner, DaysSince):
                    found.setdefault(inner.day.name, set()).update(_edges(node))
        return {name: frozenset(edges) for name, edges in sorted(found.items())}

    @cached_property
    def lists(self) -> frozenset[str]:
        """The stored lists whose membership it looks up."""
        return frozenset(node.name for node in walk(self.tree) if isinstance(node, Segment) and node.inner is None)

    @cached_property
    def segments(self) -> frozenset[str]:
        """All segments that it names, or that those name: lists and rules."""
        return frozenset(node.name for node in walk(self.tree) if isinstance(node, Segment))

    @cached_property
    def programmes(self) -> frozenset[str]:
        """The tier programmes whose standing value it looks up."""
        return frozenset(node.programme for node in walk(self.tree) if isinstance(node, TierOf))

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags that it asks for."""
        return frozenset(node.tag for node in walk(self.tree) if isinstance(node, HasTag))

    @cached_property
    def leaves(self) -> tuple[Condition, ...]:
        """Its comparisons in the order of the text, for explanations; a segment counts as one. A value has none."""
        return tuple(_leaves(self.tree))

    def said(self, node: Node) -> str:
        """How the text writes a node; only for nodes of this text, not for those within a segment."""
        return self.text[node.at : node.at + node.length]


_LEAVES = (Compare, In, Between, Like, IsNull, HasTag, Segment, Truth)


def _leaves(node: Node) -> list[Condition]:
    if isinstance(node, _LEAVES):
        return [node]
    return [leaf for inner in children(node) for leaf in _leaves(inner)]


_EDGES: Mapping[str, Callable[[int], set[int]]] = {
    ">=": lambda n: {n}, "<": lambda n: {n}, ">": lambda n: {n + 1}, "<=": lambda n: {n + 1},
    "=": lambda n: {n, n + 1}, "<>": lambda n: {n, n + 1},
}  # fmt: skip


def _edges(node: Node) -> set[int]:
    """The numbers of days at which a condition over days_since can change its mind."""
    if isinstance(node, Compare):
        return _EDGES[node.operator](_whole(node.right))
    if isinstance(node, Between):
        return {_whole(node.low), _whole(node.high) + 1}
    if isinstance(node, In):
        return {edge for option in node.options for edge in (_whole(option), _whole(option) + 1)}
    assert isinstance(node, IsNull)  # whether a day is known does not change by waiting
    return set()


def _whole(value: Value) -> int:
    assert isinstance(value, Constant)
    assert isinstance(value.value, int)
    return value.value


@dataclass(frozen=True)
class World:
    """What a rule may name.

    `segments` are those read before, None being a stored list; `programmes` are the tier programmes with their values;
    `digits` are the decimals of the brand's currency.
    """

    facts: Mapping[str, Fact] = field(default_factory=lambda: CATALOGUE)
    segments: Mapping[str, Rule | None] = field(default_factory=dict)
    programmes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digits: int = 2
    refused: Mapping[str, str] = field(default_factory=lambda: REFUSED)

    @cached_property
    def names(self) -> dict[str, Fact]:
        """Facts by all their names, English and Chinese, in lower case."""
        named = {alias.lower(): fact for fact in self.facts.values() for alias in fact.zh}
        return named | {fact.name.lower(): fact for fact in self.facts.values()}
