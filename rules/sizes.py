"""How large and how fine a figure can get, so that arithmetic gives the same everywhere and never stops a run.

Whole facts are taken to lie within 2^61 on either side. Whole arithmetic that stays within 64 bits is exact; what could
leave them is calculated in doubles on every engine, and what could leave the range of doubles is refused when it is read
(PostgreSQL would stop at the row, SQLite would go on with infinity).
"""

from __future__ import annotations

from math import frexp
from typing import NamedTuple

from rules.nodes import Arithmetic, Constant, DaysSince, Minus, Value

FACT = 61
"""Whole facts lie within 2^61."""

_DAY = 23
_LARGEST, _FINEST, _MANTISSA = 1000, -1000, 53


class Size(NamedTuple):
    """A figure lies within 2^high and is a multiple of 2^low; `whole` when it is calculated in 64 bits."""

    high: int
    low: int
    whole: bool

    @property
    def fits(self) -> bool:
        """Whether doubles can hold every such figure."""
        return self.high <= _LARGEST and self.low >= _FINEST


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
        return Size(value.bit_length(), 0, True)
    exponent = frexp(value)[1]
    return Size(max(exponent, 0), min(exponent - _MANTISSA, 0), False)


def _arithmetic(value: Arithmetic) -> Size:
    left, right = size(value.left), size(value.right)
    if value.sign == "/":
        return Size(left.high - right.low, left.low - right.high - _MANTISSA, False)
    if value.sign == "*":
        found = Size(left.high + right.high, left.low + right.low, left.whole and right.whole)
    else:
        found = Size(max(left.high, right.high) + 1, min(left.low, right.low), left.whole and right.whole)
    return found if found.high < 63 else found._replace(whole=False)
