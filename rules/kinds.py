"""Which kinds go together, and what comes of it: the types of the rule language.

A number in the text has no kind of its own until it meets one: beside money it is an amount in the brand's currency, beside
a count it is whole. Until then it is a `Loose` exact fraction; arithmetic of such is done here, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NoReturn, TypeVar

from rules.catalogue import Kind
from rules.faults import Faults
from rules.nodes import Arithmetic, Condition, Constant, DaysSince, Minus, Node, Sign, Value
from rules.sizes import size

LARGEST = 2**53
"""Numbers in a rule are no larger; above it doubles have gaps."""

NUMERIC: tuple[Kind, ...] = ("count", "money", "number")

_A: dict[Kind, str] = {
    "count": "a count", "money": "an amount of money", "number": "a number", "day": "a day", "text": "a text",
    "flag": "yes or no",
}  # fmt: skip


class Skip(Exception):
    """This part is wrong and has been told; the parts beside it are still checked."""


@dataclass(frozen=True)
class Loose(Node):
    """A number of the text without a kind."""

    value: Fraction


@dataclass(frozen=True)
class Null(Node):
    """The word null."""


Part = Value | Condition | Loose | Null


def said(part: Part) -> str:
    """What a part is, in words."""
    if isinstance(part, Value):
        return _A[part.kind]
    return "a number" if isinstance(part, Loose) else "null" if isinstance(part, Null) else "a condition"


N = TypeVar("N", bound=Node)


class Kinds:
    """Gives numbers their kinds and puts arithmetic together; what does not go is noted, then `Skip` is raised."""

    def __init__(self, text: str, faults: Faults, digits: int) -> None:
        self._text = text
        self._faults = faults
        self._digits = digits

    def fault(self, node: Node, what: str, *, meant: str = "", remedy: str = "") -> NoReturn:
        """Note a fault at a node and give the part up."""
        self._faults.add(node.at, node.length, what, meant=meant, remedy=remedy)
        raise Skip

    def shown(self, node: Node) -> str:
        """How the text writes a node, for messages."""
        text = " ".join(self._text[node.at : node.at + node.length].split())
        return text if len(text) <= 40 else text[:39] + "…"

    def value(self, part: Part) -> Value | Loose:
        """A part that must have a value."""
        if isinstance(part, Null):
            self.fault(part, "nothing is ever equal to null", remedy="write is null, or is not null")
        if isinstance(part, Condition):
            self.fault(part, "a condition stands where a value is wanted", remedy="join conditions with and, or")
        return part

    def loose(self, value: Fraction, place: Node) -> Loose:
        """A number of the text, within what is exact."""
        if abs(value) > LARGEST:
            self.fault(place, f"{self.shown(place)} is too large", remedy=f"numbers go up to {LARGEST}")
        if value and abs(value) < Fraction(1, 2**60):
            self.fault(place, f"{self.shown(place)} is too small", remedy="write 0, or a number with fewer decimals")
        return Loose(value, at=place.at, length=place.length)

    def settle(self, loose: Loose, kind: Kind) -> Constant:
        """A number as a constant: of money in minor units, else whole or with decimals."""
        if kind == "money":
            return self._money(loose)
        whole = loose.value.denominator == 1
        found: int | float = loose.value.numerator if whole else float(loose.value)
        return Constant("count" if whole else "number", found, at=loose.at, length=loose.length)

    def _money(self, loose: Loose) -> Constant:
        minor = loose.value * 10**self._digits
        if minor.denominator != 1:
            decimals = f"at most {self._digits} decimals" if self._digits else "no decimals"
            self.fault(loose, f"{self.shown(loose)} is no exact amount of money", remedy=f"the currency has {decimals}")
        if abs(minor) > LARGEST:
            remedy = f"amounts go up to {LARGEST // 10**self._digits}"
            self.fault(loose, f"{self.shown(loose)} is too large", remedy=remedy)
        return Constant("money", minor.numerator, at=loose.at, length=loose.length)

    def day(self, text: Value) -> Constant:
        """A text such as '2026-01-31' as a day."""
        assert isinstance(text, Constant)
        assert isinstance(text.value, str)
        parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text.value, re.ASCII)
        if parts is None:
            self.fault(text, f"{self.shown(text)} is not a day", remedy="write days as in '2026-01-31'")
        try:
            found = date(*map(int, parts.groups()))
        except ValueError:
            self.fault(text, f"there is no day {text.value}", remedy="write days as in '2026-01-31'")
        if found.isoformat() != text.value:
            self.fault(text, f"{self.shown(text)} is not a day", meant=f"'{found.isoformat()}'")
        return Constant("day", found.toordinal(), at=text.at, length=text.length)

    # -- arithmetic

    def minus(self, inner: Part, place: Node) -> Value | Loose:
        """`- inner`."""
        value = self._figure(self.value(inner))
        if isinstance(value, Loose):
            return self.loose(-value.value, place)
        if value.kind == "day":
            self.fault(place, "a day has no minus", remedy="count with days_since(...)")
        return Minus(value.kind, value, at=place.at, length=place.length)

    def arithmetic(self, sign: Sign, left: Part, right: Part, place: Node) -> Value | Loose:
        """`left sign right`, of a kind that the two make together."""
        one, other = self._figure(self.value(left)), self._figure(self.value(right))
        if sign == "/" and isinstance(other, Loose) and not other.value:
            self.fault(other, "division by zero", remedy="divide by something else")
        if isinstance(one, Loose) and isinstance(other, Loose):
            return self.loose(_folded(sign, one.value, other.value), place)
        one, other = self._sides(sign, one, other)
        kind = self._kind(sign, one, other, place)
        made = Arithmetic(kind, sign, one, other, at=place.at, length=place.length)
        if not size(made).fits:
            self.fault(place, "this could grow beyond any number", remedy="multiply and divide fewer figures")
        return made

    def _figure(self, value: Value | Loose) -> Value | Loose:
        """A value that can be calculated with."""
        if isinstance(value, DaysSince):
            self.days_alone(value)
        if isinstance(value, Value) and value.kind == "text" and not isinstance(value, Constant):
            self.fault(
                value, f"{self.shown(value)} is a text: one cannot calculate with it", remedy="compare it with ="
            )
        if isinstance(value, Value) and value.kind == "flag":
            self.fault(
                value, f"{self.shown(value)} is yes or no: one cannot calculate with it", remedy="use it as a condition"
            )
        return value

    def days_alone(self, value: Value) -> NoReturn:
        """Note that days_since goes with constants only."""
        remedy = "compare it with a whole number, as in days_since(last_order_on) >= 180"
        self.fault(value, f"{self.shown(value)} can only be compared with a constant", remedy=remedy)

    def _sides(self, sign: Sign, one: Value | Loose, other: Value | Loose) -> tuple[Value, Value]:
        """Both sides with their kinds: numbers and texts take theirs from the other side."""
        return self._side(sign, one, other), self._side(sign, other, one)

    def _side(self, sign: Sign, side: Value | Loose, beside: Value | Loose) -> Value:
        kind = beside.kind if isinstance(beside, Value) else "number"
        if isinstance(side, Loose):
            return self.settle(side, "money" if kind == "money" and sign in "+-" else "number")
        if side.kind == "text":
            if kind == "day":
                return self.day(side)
            self.fault(side, f"{self.shown(side)} is a text: one cannot calculate with it", remedy=_unquoted(side))
        return side

    def _kind(self, sign: Sign, one: Value, other: Value, place: Node) -> Kind:
        found = _RESULTS.get((sign, one.kind, other.kind))
        if found is None:
            what = f"{said(one)} {_VERBS[sign]} {said(other)} has no meaning"
            remedy = _REMEDIES.get((one.kind, other.kind), "calculate with figures of one kind")
            self.fault(place, what, remedy="use days_since(...)" if "day" in (one.kind, other.kind) else remedy)
        return found


def _unquoted(value: Value) -> str:
    text = str(value.value) if isinstance(value, Constant) else ""
    return "write the number without quotes" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else "compare it with ="


def _folded(sign: Sign, one: Fraction, other: Fraction) -> Fraction:
    return {"+": one.__add__, "-": one.__sub__, "*": one.__mul__, "/": one.__truediv__}[sign](other)


_VERBS: dict[Sign, str] = {"+": "plus", "-": "less", "*": "times", "/": "divided by"}
_REMEDIES: dict[tuple[Kind, Kind], str] = {
    ("money", "money"): "divide one by the other for a share",
    ("money", "count"): "divide the money by the count for an average",
    ("count", "money"): "divide the money by the count for an average",
}


def _results() -> dict[tuple[Sign, Kind, Kind], Kind]:
    found: dict[tuple[Sign, Kind, Kind], Kind] = {
        ("-", "day", "day"): "count", ("/", "money", "money"): "number", ("/", "count", "count"): "number",
        ("+", "money", "money"): "money", ("-", "money", "money"): "money",
    }  # fmt: skip
    plain: tuple[Kind, ...] = ("count", "number")
    for one in plain:
        found |= {("/", "money", one): "money", ("*", "money", one): "money", ("*", one, "money"): "money"}
        for other in plain:
            found["/", one, other] = "number"
            for sign in ("+", "-", "*"):
                found[sign, one, other] = "count" if one == other == "count" else "number"
    return found


_RESULTS = _results()
"""What comes of two kinds; pairs that are not here have no meaning together."""
