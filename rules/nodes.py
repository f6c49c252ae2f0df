"""The tree of a rule: our own small language, after reading and before any engine.

Every node is a frozen value. Two trees are equal, and print equally, when they mean the same: the place in the text and the
name that the user wrote take no part in that. Money is in minor units, days are proleptic ordinals, flags are 1 or 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal

from rules.catalogue import Kind

Operator = Literal["=", "<>", "<", "<=", ">", ">="]
Sign = Literal["+", "-", "*", "/"]

MIRROR: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
"""The operator that says the same with its sides exchanged."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """Base of all. `at` and `length` are its place in the text; `called` is the derived fact that it stands for, if any."""

    at: int = field(default=0, compare=False, repr=False)
    length: int = field(default=0, compare=False, repr=False)
    called: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Value(Node):
    """Base of what has a figure, a text or a day: its `kind`."""

    kind: Kind


@dataclass(frozen=True)
class Condition(Node):
    """Base of what is true, false or unknown."""


@dataclass(frozen=True)
class FactOf(Value):
    """A fact of the customer; `own` when it is the brand's and kept beside the table of facts."""

    name: str
    own: bool = False


@dataclass(frozen=True)
class Constant(Value):
    """A value of the rule itself: `int` for count, money, day and flag, `float` for number, `str` for text."""

    value: int | float | str


@dataclass(frozen=True)
class Minus(Value):
    """`- inner`."""

    inner: Value


@dataclass(frozen=True)
class Arithmetic(Value):
    """`left sign right`. Division is true division; by zero it gives unknown."""

    sign: Sign
    left: Value
    right: Value


@dataclass(frozen=True)
class DaysSince(Value):
    """Days from the fact's day to the as-of day; only ever beside constants, so that the calendar knows its thresholds."""

    day: FactOf


@dataclass(frozen=True)
class TierOf(Value):
    """The standing value of a tier programme; unknown when there is none."""

    programme: str


@dataclass(frozen=True, order=True)
class Measure:
    """Orders or spend of one part of what is sold: `what` is orders or spend, `by` is one of `DIMENSIONS`."""

    name: str
    what: str
    by: str
    value: str
    window: str


@dataclass(frozen=True)
class Measured(Value):
    """The figure of a measure."""

    measure: Measure


@dataclass(frozen=True)
class Truth(Condition):
    """`true` or `false`."""

    holds: bool


@dataclass(frozen=True)
class Compare(Condition):
    """`left operator right`; with days_since, tier_of or a fact beside a constant, the constant is on the right."""

    operator: Operator
    left: Value
    right: Value


@dataclass(frozen=True)
class In(Condition):
    """`left in (options)`; the options are constants of the kind of `left`, each once."""

    left: Value
    options: tuple[Constant, ...]


@dataclass(frozen=True)
class Between(Condition):
    """`left between low and high`, both included."""

    left: Value
    low: Value
    high: Value


@dataclass(frozen=True)
class Like(Condition):
    """`left like pattern`: `%` is any run of characters, `_` is one; case matters, nothing escapes."""

    left: Value
    pattern: str


@dataclass(frozen=True)
class IsNull(Condition):
    """`left is null`: never unknown itself."""

    left: Value


@dataclass(frozen=True)
class Not(Condition):
    """`not inner`."""

    inner: Condition


@dataclass(frozen=True)
class And(Condition):
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Or(Condition):
    """One part holds at least."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Segment(Condition):
    """Membership of a segment: the tree of its rule, or None for a stored list. Never unknown: a rule that is unknown of
    somebody lets nobody in."""

    name: str
    inner: Condition | None


@dataclass(frozen=True)
class HasTag(Condition):
    """Whether the customer carries a tag."""

    tag: str


def children(node: Node) -> Iterator[Node]:
    """The nodes right below, in the order of the text."""
    for each in fields(node):
        inner = getattr(node, each.name)
        if isinstance(inner, Node):
            yield inner
        elif isinstance(inner, tuple):
            yield from inner


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for inner in children(node):
        yield from walk(inner)


def depth(node: Node) -> int:
    """How many nodes the longest way down has."""
    return 1 + max((depth(inner) for inner in children(node)), default=0)
