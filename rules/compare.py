"""Comparisons: which values can stand beside which, and how each form of condition is checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn

from rules.faults import nearest
from rules.kinds import NUMERIC, Kinds, Loose, Null, Part, said
from rules.nodes import (
    MIRROR,
    Between,
    Compare,
    Condition,
    Constant,
    DaysSince,
    FactOf,
    In,
    IsNull,
    Like,
    Node,
    Not,
    Operator,
    TierOf,
    Truth,
    Value,
)
from rules.rule import World

LISTED = 1000
"""How many constants a list may have."""


class Comparing:
    """Makes the conditions out of values; `Skip` when a part is wrong and noted."""

    def __init__(self, kinds: Kinds, world: World) -> None:
        self._kinds = kinds
        self._world = world
        self._fault = kinds.fault

    def condition(self, part: Part) -> Condition:
        """A part that must be true or false; a yes-or-no fact may stand alone."""
        if isinstance(part, Condition):
            return part
        if isinstance(part, FactOf) and part.kind == "flag":
            return Compare("=", part, Constant("flag", 1), **_place(part))
        if isinstance(part, Constant) and part.kind == "flag":
            return Truth(bool(part.value), **_place(part))
        if isinstance(part, Loose | Null | Constant):
            self._fault(part, f"{self._kinds.shown(part)} alone is no condition", remedy="compare a fact with it")
        remedy = "compare it with something, as in spend_365d >= 3000"
        self._fault(part, f"{self._kinds.shown(part)} is {said(part)}, not a condition", remedy=remedy)

    def compare(self, operator: Operator, left: Part, right: Part, place: Node) -> Condition:
        """`left operator right`."""
        for side, beside in ((left, right), (right, left)):
            if isinstance(side, Condition):
                return self._truth(operator, side, beside)
        one, other = self._kinds.value(left), self._kinds.value(right)
        if _constant(one) and _constant(other):
            self._two_constants(one, other, place)
        if _constant(one) or (isinstance(other, DaysSince | TierOf) and not isinstance(one, DaysSince | TierOf)):
            one, other, operator = other, one, MIRROR[operator]
        if isinstance(one, Loose):
            raise AssertionError("a number beside a number is told before")
        made = Compare(operator, one, self.beside(one, other), **_place(place))
        self._ordered(made)
        return made

    def _truth(self, operator: Operator, side: Condition, beside: Part) -> Condition:
        """A fact that stands for a condition, compared with 1, 0, true or false."""
        wanted = beside.value if isinstance(beside, Constant | Loose) else None
        if not side.called or operator not in ("=", "<>") or wanted not in (0, 1):
            self._fault(side, "a condition is compared with nothing", remedy="use it alone, or with not before it")
        return side if (wanted == 1) == (operator == "=") else Not(side, **_place(side))

    def _two_constants(self, one: Value | Loose, other: Value | Loose, place: Node) -> None:
        for side in (one, other):
            fact = self._world.names.get(str(side.value).lower()) if isinstance(side, Constant) else None
            if fact is not None:
                remedy = "names have no quotes, texts have"
                self._fault(
                    side, f"{self._kinds.shown(side)} in quotes is a text, not a fact", meant=fact.name, remedy=remedy
                )
        self._fault(place, "both sides are constants", remedy="name a fact on one side; true means everybody")

    def _ordered(self, made: Compare) -> None:
        if made.operator in ("=", "<>") or made.left.kind not in ("text", "flag"):
            return
        if isinstance(made.left, TierOf):
            remedy = "list them, as in tier_of(membership) in ('gold', 'black')"
            self._fault(made, f"tiers are not compared with {made.operator}", remedy=remedy)
        what = f"{said(made.left)} is not compared with {made.operator}"
        self._fault(made, what, remedy="use = or <>" + (", in or like" if made.left.kind == "text" else ""))

    def beside(self, left: Value, right: Value | Loose) -> Value:
        """The right side, of the kind of the left one."""
        if isinstance(left, DaysSince):
            return self._days(left, right)
        if isinstance(right, DaysSince):
            self._kinds.days_alone(right)
        if isinstance(right, Loose):
            return self._number(left, right)
        if isinstance(right, Constant) and right.kind == "text":
            return self._text(left, right)
        if left.kind != right.kind and not (left.kind in _PLAIN and right.kind in _PLAIN):
            self._unlike(left, right)
        return right

    def _days(self, left: DaysSince, right: Value | Loose) -> Constant:
        if isinstance(right, Loose) and right.value.denominator == 1:
            return self._kinds.settle(right, "count")
        if isinstance(right, Loose):
            self._fault(right, "days are whole", remedy="write a whole number")
        if isinstance(right, Constant):
            self._not_text(left, right)
        self._kinds.days_alone(left)

    def _number(self, left: Value, right: Loose) -> Constant:
        if left.kind in NUMERIC:
            return self._kinds.settle(right, left.kind)
        if left.kind == "flag" and right.value in (0, 1):
            return Constant("flag", int(right.value), **_place(right))
        remedy = {
            "day": "write a day such as '2026-01-31', or use days_since(...)", "flag": "use it alone, or with not before it",
            "text": "texts stand in single quotes",
        }[left.kind]  # fmt: skip
        self._fault(
            right, f"{self._kinds.shown(left)} is {said(left)}, {self._kinds.shown(right)} is a number", remedy=remedy
        )

    def _text(self, left: Value, right: Constant) -> Constant:
        if left.kind == "day":
            return self._kinds.day(right)
        if left.kind == "text":
            if isinstance(left, TierOf):
                self._tier(left, right)
            return right
        self._not_text(left, right)

    def _not_text(self, left: Value, right: Constant) -> NoReturn:
        number = left.kind in NUMERIC and re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(right.value))
        what = f"{self._kinds.shown(left)} is {said(left)}, {self._kinds.shown(right)} is a text"
        remedy = "use it alone, or with not before it" if left.kind == "flag" else "compare it with a number"
        self._fault(right, what, meant=str(right.value) if number else "", remedy="" if number else remedy)

    def _tier(self, left: TierOf, right: Constant) -> None:
        values = self._world.programmes[left.programme]
        if right.value not in values:
            what = f"{left.programme} has no tier {self._kinds.shown(right)}"
            meant = nearest(str(right.value), values)
            self._fault(right, what, meant=f"'{meant}'" if meant else "", remedy="it has " + ", ".join(values[:8]))

    def _unlike(self, left: Value, right: Value) -> None:
        what = f"{self._kinds.shown(left)} is {said(left)}, {self._kinds.shown(right)} is {said(right)}"
        self._fault(right, what, remedy="compare values of one kind")

    def within(self, left: Part, options: Sequence[Part], place: Node) -> Condition:
        """`left in (options)`."""
        value = self._subject(left, "in")
        if value.kind == "flag":
            self._fault(
                place, "yes or no is not looked for in a list", remedy="use the fact alone, or with not before it"
            )
        if len(options) > LISTED:
            self._fault(
                place,
                f"a list has at most {LISTED} values, this one {len(options)}",
                remedy="keep them as a list segment",
            )
        found = {self._option(value, option): None for option in options}
        return In(value, tuple(found), **_place(place))

    def _option(self, left: Value, option: Part) -> Constant:
        if isinstance(option, Null):
            self._fault(option, "null is in no list", remedy="write or ... is null")
        value = self._kinds.value(option)
        if not _constant(value):
            self._fault(
                value,
                f"{self._kinds.shown(value)} is not a constant: lists have constants only",
                remedy="compare with = and or",
            )
        found = self.beside(left, value)
        assert isinstance(found, Constant)
        return found

    def _subject(self, left: Part, word: str) -> Value:
        value = self._kinds.value(left)
        if isinstance(value, Loose | Constant):
            self._fault(value, f"a constant stands before `{word}`", remedy="name a fact there")
        return value

    def between(self, left: Part, low: Part, high: Part, place: Node) -> Condition:
        """`left between low and high`."""
        value = self._subject(left, "between")
        if value.kind in ("text", "flag"):
            self._fault(place, f"{said(value)} is not between two others", remedy="use = or in")
        ends = [self.beside(value, self._kinds.value(end)) for end in (low, high)]
        if all(isinstance(end, Constant) for end in ends) and ends[0].value > ends[1].value:  # type: ignore[attr-defined]
            meant = f"between {self._kinds.shown(ends[1])} and {self._kinds.shown(ends[0])}"
            self._fault(place, "nothing lies between these: the lower end comes first", meant=meant)
        return Between(value, ends[0], ends[1], **_place(place))

    def like(self, left: Part, pattern: Part, place: Node) -> Condition:
        """`left like pattern`."""
        value = self._subject(left, "like")
        if value.kind != "text":
            self._fault(
                value,
                f"{self._kinds.shown(value)} is {said(value)}: `like` is for texts",
                remedy="compare it with = or >=",
            )
        shape = self._kinds.value(pattern)
        if not isinstance(shape, Constant) or not isinstance(shape.value, str):
            self._fault(pattern, "`like` is followed by a text", remedy="write like '上海%'")
        return Like(value, shape.value, **_place(place))

    def null(self, left: Part, place: Node) -> Condition:
        """`left is null`."""
        return IsNull(self._subject(left, "is null"), **_place(place))


_PLAIN = ("count", "number")


def _constant(value: Value | Loose) -> bool:
    return isinstance(value, Loose | Constant)


def _place(node: Node) -> dict[str, Any]:
    return {"at": node.at, "length": node.length}
