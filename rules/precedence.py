"""The order of operators: the pieces of a shape as a tree of operations, each over a run of pieces that stand together.

`or` binds least, then `and`, `not`, comparisons, `+` and `-`, `*` and `/`, and a sign most, as in SQL. That operators and what
they join take turns, and that what `and` and `or` join holds one comparison at most, `grammar` has seen to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from rules.grammar import Piece, operator

PIECE, SIGN = "piece", "sign"
"""The names of an operation that is a piece by itself, and of a minus before a value; all others are named as they are spelt."""


class Operation(NamedTuple):
    """An operator's name with what it works on, and the places of its first and last piece.

    `and` and `or` join two and more. What is denied within (`not in`, `is not null`) goes as its plain form, `denied`.
    """

    name: str
    parts: tuple[Operation, ...]
    first: int
    last: int
    denied: bool = False


def precedence(pieces: Sequence[Piece]) -> Operation:
    """What the pieces of a shape, or of a part of a bracket, come to."""
    return _Parser(pieces).condition()


class _Parser:
    """Goes along the pieces once, one method for each step of binding."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._operators = [operator(piece) for piece in pieces]
        self._at = 0

    def condition(self) -> Operation:
        """All that is left, which binds least."""
        return self._joined("or", lambda: self._joined("and", self._denial))

    def _joined(self, name: str, part: Callable[[], Operation]) -> Operation:
        parts = [part()]
        while self._take((name,)):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _over(name, *parts)

    def _denial(self) -> Operation:
        start = self._at
        if not self._take(("not",)):
            return self._comparison()
        inner = self._denial()
        return Operation("not", (inner,), start, inner.last)

    def _comparison(self) -> Operation:
        left = self._sum()
        words = self._take(_COMPARE).split()
        if not words:
            return left
        name, denied = next(word for word in words if word != "not"), "not" in words
        if name == "is":
            return Operation(name, (left,), left.first, self._at - 1, denied)
        parts = [left, self._sum()]
        if name == "between":
            self._take(("and",))
            parts.append(self._sum())
        return _over(name, *parts)._replace(denied=denied)

    def _sum(self) -> Operation:
        return self._chained(("+", "-"), lambda: self._chained(("*", "/"), self._value))

    def _chained(self, names: Collection[str], part: Callable[[], Operation]) -> Operation:
        left = part()
        while name := self._take(names):
            left = _over(name, left, part())
        return left

    def _value(self) -> Operation:
        start = self._at
        if self._take(("-",)):
            inner = self._value()
            return Operation(SIGN, (inner,), start, inner.last)
        self._at += 1
        return Operation(PIECE, (), start, start)

    def _take(self, names: Collection[str]) -> str:
        """Go past the operator that is next, if it is one of these; gives it, or nothing."""
        name = self._operators[self._at] if self._at < len(self._operators) else ""
        if name not in names:
            return ""
        self._at += 1
        return name


_COMPARE = frozenset(
    (
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "not in",
        "like",
        "not like",
        "between",
        "not between",
        "is null",
        "is not null",
    )
)


def _over(name: str, *parts: Operation) -> Operation:
    return Operation(name, parts, parts[0].first, parts[-1].last)
