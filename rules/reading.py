"""Reading a rule: a text and a world in, a `Rule` out, or `Wrong` with all that is wrong with the text.

    rule = read("spend_365d >= 3000 and city in ('上海', '杭州')", World())

Characters become words (`spelling`), words a shape (`grammar`, with sqlglot), the shape our own tree, node by node: what is
not on the list of known nodes is refused. Kinds are checked on the way (`kinds`, `compare`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeVar

from sqlglot import exp

from rules.calls import FUNCTIONS, Calls
from rules.catalogue import Fact
from rules.compare import Comparing
from rules.faults import Fault, Faults, Wrong, told
from rules.grammar import NESTED, Bracket, Lost, Piece, Shaper, chain, joined, precedence
from rules.kinds import Kinds, Loose, Null, Part, Skip
from rules.names import Names, Unsound
from rules.nodes import And, Condition, Constant, DaysSince, Node, Not, Operator, Or, Sign, Value, depth, walk
from rules.rule import Rule, World
from rules.spelling import Speller, Word

__all__ = ["Fault", "Rule", "World", "Wrong", "read", "told"]

LONGEST = 4000
"""Characters that a rule may have."""

MOST = 400
"""Nodes that a rule may have, those of the facts and segments that it uses included."""

CHAINED = 8
"""How many derived facts may need each other in a row."""

Wants = Literal["condition", "value"]


def read(text: str, world: World | None = None, wants: Wants = "condition", within: str = "") -> Rule:
    """The rule that a text says. `within` is the segment that it defines. Wrong when it says none."""
    faults = Faults()
    try:
        tree = _Reader(text, world or World(), faults, within).tree(wants)
    except (Skip, Lost):
        tree = None
    if faults.found or tree is None:
        raise Wrong(text, faults.found)
    return Rule(text, tree)


_COMPARE: dict[type[exp.Condition], Operator] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_CALCULATE: dict[type[exp.Condition], Sign] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_JUDGE = (*_COMPARE, exp.In, exp.Between, exp.Like, exp.Is)

T = TypeVar("T")


class _Reader:
    """One text; `stack` are the derived facts whose expressions are being read, `known` those that have been."""

    def __init__(
        self,
        text: str,
        world: World,
        faults: Faults,
        within: str,
        stack: tuple[str, ...] = (),
        known: dict[str, Part | str] | None = None,
    ) -> None:
        self._text = text
        self._world = world
        self._faults = faults
        self._stack = stack
        self._known_facts: dict[str, Part | str] = {} if known is None else known
        self._kinds = Kinds(text, faults, world.digits)
        self._comparing = Comparing(self._kinds, world)
        self._names = Names(world, faults, self._expand, bool(stack))
        self._calls = Calls(self._names, world, faults, within)
        self._depth = 0

    def tree(self, wants: Wants) -> Condition | Value:
        """The tree of the text, within all limits."""
        part = self.part()
        found = self._comparing.condition(part) if wants == "condition" else self._wanted(part)
        self.limits(found)
        return found

    def part(self) -> Part:
        """What the whole text stands for."""
        whole = Word("name", "", 0, len(self._text))
        if len(self._text) > LONGEST:
            self._lose(
                whole,
                f"this has {len(self._text)} characters, a rule has at most {LONGEST}",
                "make segments of its parts",
            )
        speller = Speller(self._text, self._faults)
        words = speller.spell()
        foreign = next((word for word in words if word.sort == "name" and self._names.foreign(word)), None)
        if speller.broken or foreign:
            self._only_names(words[: words.index(foreign)] if foreign else words)
            raise Lost
        try:
            words = joined(words, self._faults)
            pieces = Shaper(self._faults, len(self._text)).shape(words)
        except Lost:
            self._only_names(words)
            raise
        self._prepare(words)
        return self._built(pieces)

    def _prepare(self, words: Sequence[Word]) -> None:
        """Read the derived facts that are named, before the shape is gone into, so that depths do not add up."""
        for word in words:
            fact = self._world.names.get(word.text.lower()) if word.sort == "name" else None
            if fact is not None and fact.derived:
                with suppress(Unsound):  # told where the name stands
                    self._expand(fact)

    def _lose(self, place: Piece, what: str, remedy: str) -> None:
        self._faults.add(place.at, place.length, what, remedy=remedy)
        raise Lost

    def _only_names(self, words: Sequence[Word]) -> None:
        """The text has no shape, but names that are no facts can be told."""
        plain = (*FUNCTIONS.keys() - {"days_since"}, "date")
        for number, word in enumerate(words):
            before = [other.text.lower() for other in words[max(number - 2, 0) : number]]
            called = before[-1:] == ["("] and before[0] in plain
            calls = number + 1 < len(words) and words[number + 1].text == "("
            if (
                word.sort == "name"
                and not called
                and not calls
                and word.text.lower() not in (*self._world.names, "date")
            ):
                self._names.unknown(word)

    def _wanted(self, part: Part) -> Value:
        value = self._kinds.value(part)
        if isinstance(value, DaysSince):
            self._kinds.days_alone(value)
        return self._kinds.settle(value, "number") if isinstance(value, Loose) else value

    def limits(self, tree: Node) -> None:
        """Note a tree that is too large or too deep."""
        whole = Word("name", "", 0, len(self._text))
        count = sum(1 for _ in walk(tree))
        if count > MOST:
            self._lose(
                whole, f"this has {count} parts, a rule has at most {MOST}", "store a part of it as a list segment"
            )
        if depth(tree) > NESTED:
            self._lose(whole, f"more than {NESTED} steps within each other", "make it flatter")

    def _expand(self, fact: Fact) -> Part:
        """What a derived fact stands for."""
        if fact.name in self._stack:
            raise Unsound(f"{fact.name} is defined by itself")
        if fact.name not in self._known_facts:
            self._known_facts[fact.name] = self._expanded(fact)
        found = self._known_facts[fact.name]
        if isinstance(found, str):
            raise Unsound(found)
        return found

    def _expanded(self, fact: Fact) -> Part | str:
        """What the expression of a derived fact stands for, or what is wrong with it."""
        if len(self._stack) == CHAINED:
            return f"more than {CHAINED} facts that need each other"
        faults = Faults()
        inner = _Reader(fact.derived, self._world, faults, "", (*self._stack, fact.name), self._known_facts)
        try:
            found = inner.part()
            inner.limits(found)
        except (Skip, Lost):
            pass
        return faults.found[0].what if faults.found else found

    # -- the shape, node by node

    def _built(self, pieces: Sequence[Piece]) -> Part:
        return self._part(precedence(pieces), pieces)

    def _part(self, tree: exp.Condition, pieces: Sequence[Piece]) -> Part:
        self._depth += 1
        try:
            if self._depth > 2 * NESTED:
                self._lose(pieces[0], f"more than {NESTED} steps within each other", "make it flatter")
            return self._known(tree, pieces)
        finally:
            self._depth -= 1

    def _known(self, tree: exp.Condition, pieces: Sequence[Piece]) -> Part:
        kind = type(tree)
        if isinstance(tree, exp.Column):
            return self._leaf(pieces[int(tree.name)])
        if isinstance(tree, exp.And | exp.Or):
            return self._joined(tree, pieces)
        if isinstance(tree, exp.Not):
            inner = self._comparing.condition(self._part(tree.this, pieces))
            return Not(inner, **_at(_place(tree, pieces)))
        if isinstance(tree, exp.Neg):
            return self._kinds.minus(self._part(tree.this, pieces), _place(tree, pieces))
        if kind in _CALCULATE:
            left, right = self._parts([tree.this, tree.expression], pieces)
            return self._kinds.arithmetic(_CALCULATE[kind], left, right, _place(tree, pieces))
        if kind in _JUDGE:
            return self._judged(tree, pieces)
        raise AssertionError(f"sqlglot made {kind.__name__} of operators and names")

    def _parts(self, trees: Sequence[exp.Condition], pieces: Sequence[Piece]) -> list[Part]:
        return self._all([lambda tree=tree: self._part(tree, pieces) for tree in trees])  # type: ignore[misc]

    def _all(self, makes: Sequence[Callable[[], T]]) -> list[T]:
        """What each makes; one that is wrong does not keep the others from being checked."""
        made: list[T] = []
        for make in makes:
            try:
                made.append(make())
            except Skip:
                continue
        if len(made) < len(makes):
            raise Skip
        return made

    def _joined(self, tree: exp.Condition, pieces: Sequence[Piece]) -> Part:
        trees = list(chain(tree, type(tree)))
        parts = self._all([lambda one=one: self._comparing.condition(self._part(one, pieces)) for one in trees])  # type: ignore[misc]

        return (And if isinstance(tree, exp.And) else Or)(
            tuple(parts), **_at(_between(pieces, _first(trees[0]), _last(trees[-1])))
        )

    def _judged(self, tree: exp.Condition, pieces: Sequence[Piece]) -> Part:
        place = _place(tree, pieces)

        made = self._judgement(tree, pieces, place)
        operator = pieces[_last(tree.this) + 1]
        denied = isinstance(operator, Word) and "not" in operator.text.split()
        return Not(made, **_at(place)) if denied else made

    def _judgement(self, tree: exp.Condition, pieces: Sequence[Piece], place: Node) -> Condition:
        if isinstance(tree, exp.Is):
            return self._comparing.null(self._part(tree.this, pieces), place)
        if isinstance(tree, exp.In):
            bracket = pieces[int(tree.expressions[0].name)]
            assert isinstance(bracket, Bracket)
            left, *options = self._all(
                [lambda: self._part(tree.this, pieces), *(lambda one=one: self._built(one) for one in bracket.parts)]
            )
            return self._comparing.within(left, options, place)
        if isinstance(tree, exp.Between):
            left, low, high = self._parts([tree.this, tree.args["low"], tree.args["high"]], pieces)
            return self._comparing.between(left, low, high, place)
        left, right = self._parts([tree.this, tree.expression], pieces)
        if isinstance(tree, exp.Like):
            return self._comparing.like(left, right, place)
        return self._comparing.compare(_COMPARE[type(tree)], left, right, place)

    def _leaf(self, piece: Piece) -> Part:
        if isinstance(piece, Bracket):
            return self._calls.call(piece) if piece.sort == "call" else self._built(piece.parts[0])
        place = Node(at=piece.at, length=piece.length)
        if piece.sort == "name":
            return self._names.fact(piece)
        if piece.sort == "null":
            return Null(**_at(place))
        if piece.sort == "number":
            assert not isinstance(piece.value, str | None)
            return self._kinds.loose(piece.value, place)  # type: ignore[arg-type]
        if piece.sort == "flag":
            return Constant("flag", int(bool(piece.value)), **_at(place))
        text = Constant("text", str(piece.value), **_at(place))
        return self._kinds.day(text) if piece.sort == "day" else text


def _first(tree: exp.Condition) -> int:
    """The first of the pieces that a tree is made of."""
    signs = 0
    while not isinstance(tree, exp.Column):
        signs += isinstance(tree, exp.Neg | exp.Not)
        tree = tree.this
    return int(tree.name) - signs


def _last(tree: exp.Condition) -> int:
    """The last of the pieces that a tree is made of."""
    behind = 0
    while not isinstance(tree, exp.Column):
        behind += 2 if isinstance(tree, exp.In) else isinstance(tree, exp.Is)
        unary = isinstance(tree, exp.Neg | exp.Not | exp.Is | exp.In)
        tree = tree.this if unary else tree.args["high"] if isinstance(tree, exp.Between) else tree.expression
    return int(tree.name) + behind


def _between(pieces: Sequence[Piece], first: int, last: int) -> Node:
    start, end = pieces[first], pieces[last]
    return Node(at=start.at, length=end.at + end.length - start.at)


def _place(tree: exp.Condition, pieces: Sequence[Piece]) -> Node:
    return _between(pieces, _first(tree), _last(tree))


def _at(place: Node) -> dict[str, Any]:
    return {"at": place.at, "length": place.length}
