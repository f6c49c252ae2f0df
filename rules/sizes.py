"""How large and how fine a figure can get, so that arithmetic gives the same everywhere and never stops a run.

Whole facts are taken to lie within 2^60 on either side. Whole arithmetic that stays within 64 bits is exact; what could
leave them is calculated in doubles on every engine, and what could leave the range of doubles is refused when it is read
(PostgreSQL would stop at the row, SQLite would go on with infinity).
"""

from __future__ import annotations

from math import frexp
from typing import NamedTuple

from rules.nodes import Arithmetic, Constant, DaysSince, Minus, Value

FACT = 2**60
"""Whole facts lie within this."""

_DAY = 2**23
_LARGEST, _FINEST, _MANTISSA = 2**1000, -1000, 53


class Size(NamedTuple):
    """A figure lies within `most` on either side and is a multiple of 2^`fine`; `whole` when it is calculated in 64 bits."""

    most: int
    fine: int
    whole: bool

    @property
    def fits(self) -> bool:
        """Whether doubles can hold every such figure."""
        return self.most <= _LARGEST and self.fine >= _FINEST


def size(value: Value) -> Size:
    """The size of a figure; texts have none and count as whole."""
    if isinstance(value, Arithmetic):
        return _arithmetic(value)
    if isinstance(value, Minus):
        return size(value.inner)
    if isinstance(value, Constant):
        return _constant(value.value)
    if value.kind == "day" or isinstance(value, DaysSince):
        return Size(_DAY, 0, True)
    return Size(FACT, -60 if value.kind == "number" else 0, value.kind != "number")


def _constant(value: int | float | str) -> Size:
    if isinstance(value, str):
        return Size(0, 0, True)
    if isinstance(value, int):
        return Size(abs(value), 0, True)
    return Size(int(abs(value)) + 1, min(frexp(value)[1] - _MANTISSA, 0), False)


def _arithmetic(value: Arithmetic) -> Size:
    left, right = size(value.left), size(value.right)
    if value.sign == "/":
        return Size(left.most << -right.fine, left.fine - right.most.bit_length() - _MANTISSA, False)
    if value.sign == "*":
        found = Size(left.most * right.most, left.fine + right.fine, left.whole and right.whole)
    else:
        found = Size(left.most + right.most, min(left.fine, right.fine), left.whole and right.whole)
    return found if found.most < 2**63 else found._replace(whole=False)
