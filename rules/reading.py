"""Reading a rule: a text and a world in, a `Rule` out, or `Wrong` with all that is wrong with the text.

    rule = read("spend_365d >= 3000 and city in ('上海', '杭州')", World())

Characters become words (`spelling`), words a shape (`grammar`), the shape operations by how they bind (`precedence`), and these
our own tree, node by node. Kinds are checked on the way (`kinds`, `compare`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeVar, cast, get_args

from rules.calls import FUNCTIONS, Calls
from rules.catalogue import Fact
from rules.compare import Comparing
from rules.faults import Fault, Faults, Wrong, told
from rules.grammar import NESTED, Bracket, Lost, Piece, Shaper, joined
from rules.kinds import Kinds, Loose, Null, Part, Skip
from rules.names import Names, Unsound
from rules.nodes import And, Condition, Constant, DaysSince, Node, Not, Operator, Or, Sign, Value, depth, walk
from rules.precedence import PIECE, SIGN, Operation, precedence
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

    def _part(self, tree: Operation, pieces: Sequence[Piece]) -> Part:
        self._depth += 1
        try:
            if self._depth > 2 * NESTED:
                self._lose(pieces[0], f"more than {NESTED} steps within each other", "make it flatter")
            return self._known(tree, pieces)
        finally:
            self._depth -= 1

    def _known(self, tree: Operation, pieces: Sequence[Piece]) -> Part:
        if tree.name == PIECE:
            return self._leaf(pieces[tree.first])
        place = _place(tree, pieces)
        if tree.name in ("and", "or"):
            return self._joined(tree, pieces, place)
        if tree.name == "not":
            return Not(self._condition(tree.parts[0], pieces), **_at(place))
        if tree.name == SIGN:
            return self._kinds.minus(self._part(tree.parts[0], pieces), place)
        if tree.name in get_args(Sign):
            left, right = self._parts(tree.parts, pieces)
            return self._kinds.arithmetic(cast(Sign, tree.name), left, right, place)
        made = self._judgement(tree, pieces, place)
        return Not(made, **_at(place)) if tree.denied else made

    def _condition(self, tree: Operation, pieces: Sequence[Piece]) -> Condition:
        return self._comparing.condition(self._part(tree, pieces))

    def _parts(self, trees: Sequence[Operation], pieces: Sequence[Piece]) -> list[Part]:
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

    def _joined(self, tree: Operation, pieces: Sequence[Piece], place: Node) -> Part:
        parts = self._all([lambda one=one: self._condition(one, pieces) for one in tree.parts])  # type: ignore[misc]
        return (And if tree.name == "and" else Or)(tuple(parts), **_at(place))

    def _judgement(self, tree: Operation, pieces: Sequence[Piece], place: Node) -> Condition:
        if tree.name == "is":
            return self._comparing.null(self._part(tree.parts[0], pieces), place)
        if tree.name == "in":
            bracket = pieces[tree.last]
            assert isinstance(bracket, Bracket)
            left, *options = self._all(
                [
                    lambda: self._part(tree.parts[0], pieces),
                    *(lambda one=one: self._built(one) for one in bracket.parts),
                ]
            )
            return self._comparing.within(left, options, place)
        left, right, *upper = self._parts(tree.parts, pieces)
        if tree.name == "between":
            return self._comparing.between(left, right, upper[0], place)
        if tree.name == "like":
            return self._comparing.like(left, right, place)
        return self._comparing.compare(cast(Operator, tree.name), left, right, place)

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


def _place(tree: Operation, pieces: Sequence[Piece]) -> Node:
    start, end = pieces[tree.first], pieces[tree.last]
    return Node(at=start.at, length=end.at + end.length - start.at)


def _at(place: Node) -> dict[str, Any]:
    return {"at": place.at, "length": place.length}
