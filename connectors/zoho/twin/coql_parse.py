"""Reading a COQL query (sheet section 5): one module, nested pairwise conditions, order and limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.zoho.twin.replies import Refused

Literal = str | int | float | bool
_TOKEN = re.compile(
    r"""\s*(?: (?P<string>'(?:[^'\\]|\\.)*') | (?P<number>-?\d+(?:\.\d+)?) | (?P<word>[A-Za-z_$][\w.$]*)
        | (?P<sign><=|>=|!=|=|<|>|\(|\)|,) )""",
    re.VERBOSE,
)
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Comparison:
    """A column against nothing (`is null`), one value, two (`between`), or many (`in`)."""

    column: str
    sign: str
    values: tuple[Literal, ...] = ()


@dataclass(frozen=True)
class Both:
    """Two conditions joined by `and` or `or`."""

    word: str
    left: Condition
    right: Condition


Condition = Comparison | Both


@dataclass(frozen=True)
class Query:
    """A query; `columns` is `("count(id)",)` for a count."""

    columns: tuple[str, ...]
    module: str
    where: Condition
    order: tuple[tuple[str, bool], ...]
    offset: int
    limit: int

    def comparisons(self) -> list[Comparison]:
        """All comparisons of the condition."""
        return list(_leaves(self.where))


def parse(text: str) -> Query:
    """The query that a text spells; Refused(SYNTAX_ERROR) when it is none."""
    return _Reader(text).query()


def _leaves(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    else:
        yield from _leaves(condition.left)
        yield from _leaves(condition.right)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(text[at : at + 10])
        found.append(match.group().strip())
        at = match.end()
    return found


def _wrong(near: str) -> Refused:
    return Refused("SYNTAX_ERROR", {"near": near})


class _Reader:
    """A recursive descent over the query's tokens."""

    def __init__(self, text: str) -> None:
        self._rest = _tokens(text)[::-1]

    def query(self) -> Query:
        self._expect("select")
        columns = self._count() if self._peek() == "count" else self._list()
        self._expect("from")
        module = self._word()
        self._expect("where")
        where = self._condition()
        order = self._order()
        offset, limit = self._limit()
        if self._rest:
            raise _wrong(self._rest[-1])
        return Query(columns, module, where, order, offset, limit)

    def _peek(self) -> str:
        return self._rest[-1].lower() if self._rest else ""

    def _next(self) -> str:
        if not self._rest:
            raise _wrong("")
        return self._rest.pop()

    def _accept(self, *words: str) -> bool:
        """Take these words if they are next, else none of them."""
        ahead = [token.lower() for token in self._rest[: -len(words) - 1 : -1]]
        if ahead != list(words):
            return False
        del self._rest[-len(words) :]
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise _wrong(self._peek())

    def _word(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z_$][\w.$]*", token):
            raise _wrong(token)
        return token

    def _list(self) -> tuple[str, ...]:
        words = [self._word()]
        while self._accept(","):
            words.append(self._word())
        return tuple(words)

    def _count(self) -> tuple[str, ...]:
        for word in ("count", "(", "id", ")"):
            self._expect(word)
        return ("count(id)",)

    def _condition(self) -> Condition:
        """One condition, or two; a third one without parentheses is an error."""
        left = self._term()
        if self._peek() not in ("and", "or"):
            return left
        word = self._next().lower()
        both = Both(word, left, self._term())
        if self._peek() in ("and", "or"):
            raise _wrong(self._peek())
        return both

    def _term(self) -> Condition:
        if not self._accept("("):
            return self._comparison()
        inner = self._condition()
        self._expect(")")
        return inner

    def _comparison(self) -> Comparison:
        column = self._word()
        for words in (("is", "not", "null"), ("is", "null")):
            if self._accept(*words):
                return Comparison(column, " ".join(words))
        negated = "not " if self._accept("not") else ""
        if self._accept("in"):
            return Comparison(column, f"{negated}in", self._values())
        if self._accept("like"):
            return Comparison(column, f"{negated}like", (self._value(),))
        if self._accept("between"):
            low = self._value()
            self._expect("and")
            return Comparison(column, f"{negated}between", (low, self._value()))
        sign = self._next()
        if negated or sign not in _SIGNS:
            raise _wrong(sign)
        return Comparison(column, sign, (self._value(),))

    def _values(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Literal:
        token = self._next()
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        try:
            return float(token) if "." in token else int(token)
        except ValueError:
            raise _wrong(token) from None

    def _order(self) -> tuple[tuple[str, bool], ...]:
        """Columns with whether they descend."""
        if not self._accept("order", "by"):
            return ()
        found = []
        while True:
            column = self._word()
            descending = self._accept("desc")
            if not descending:
                self._accept("asc")
            found.append((column, descending))
            if not self._accept(","):
                return tuple(found)

    def _limit(self) -> tuple[int, int]:
        """Offset and count of `limit 5`, `limit 10, 5` or `limit 5 offset 10`; 200 rows when there is none."""
        if not self._accept("limit"):
            return 0, 200
        first = self._whole()
        if self._accept(","):
            return first, self._whole()
        return (self._whole() if self._accept("offset") else 0), first

    def _whole(self) -> int:
        token = self._next()
        if not token.isdecimal():
            raise _wrong(token)
        return int(token)
