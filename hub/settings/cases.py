"""Reads files of test cases for rules: invented customers with their facts, and what the rules should make of them.

Everything is checked against the rule set: all that is wrong is told at once, each with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import Field

from hub.model import Short, minor_digits
from hub.settings.check import Checker
from hub.settings.environment import Environment
from hub.settings.load import LoadedRules, read_source
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.rule_shape import Shape
from hub.settings.tree import Leaf, Node, Series, Table, child, parse_series
from rules import catalogue, reading
from rules.catalogue import Fact, Kind
from rules.nodes import Measured
from rules.reading import World, Wrong, told
from rules.ruleset import RFM, Programme

BEGINS = "- name: ..."
SEGMENT = "segment."
_LARGEST = 2**62
_FLAGS = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}
_WANTED: dict[Kind, str] = {
    "count": "a whole number", "money": "an amount", "number": "a whole number", "day": "a date (2026-03-01)",
    "text": "text", "flag": "true or false",
}  # fmt: skip


class _Written(Shape):
    """A case as it is written; the values of facts are read where they stand, so that money stays exact."""

    name: Short
    as_of: date
    facts: dict[str, Any] = Field(default_factory=dict)
    measures: dict[str, Any] = Field(default_factory=dict)
    tags: tuple[Short, ...] = ()
    lists: tuple[str, ...] = ()
    tiers: dict[str, str] = Field(default_factory=dict)
    expect: dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """What should come out: a value of a programme, or ("yes", "no") for a segment."""

    of: str
    value: str


@dataclass(frozen=True)
class Case:
    """An invented customer as of a day. `facts` are columns of the store, None for what is unknown; `counted` are figures
    of measures and of the brand's own facts; `lists` the stored lists it is on; `tiers` the standing values."""

    name: str
    where: str
    as_of: int
    expect: tuple[Expected, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)


def read_cases(path: Path, rules: LoadedRules) -> list[Case]:
    """The cases of a file; SettingsError tells all that is wrong with any of them."""
    problems = Problems(str(path))
    tree = parse_series(read_source(path, "file of cases", f"write one that begins with `{BEGINS}`"), problems, BEGINS)
    reader = _Reader(rules, problems)
    cases = [case for item in tree.items if (case := reader.case(item)) is not None]
    problems.settle()
    return cases


class _Unfit(ValueError):
    """A value that cannot be one of the fact."""


class _Reader:
    def __init__(self, rules: LoadedRules, problems: Problems) -> None:
        self._rules = rules.rules
        self._currency = rules.brand.currency
        self._digits = minor_digits(self._currency)
        self._problems = problems
        self._checker = Checker(Environment({}, problems), problems)
        own = [one.fact for one in self._rules.own] + [one.fact for one in self._rules.made]
        self._world = World({**catalogue.CATALOGUE, **{fact.name: fact for fact in own}}, digits=self._digits)

    def case(self, item: Node) -> Case | None:
        """One case, or None when it is wrong."""
        if not isinstance(item, Table):
            self._problems.add(item.spot, "a case is a mapping", remedy=f"write `{BEGINS}`")
            return None
        written = self._checker.validated(_Written, item, item.spot)
        if written is None:
            return None
        columns, counted = self._facts(child(item, "facts"))
        counted |= self._measures(child(item, "measures"))
        lists = [one.name for one in self._rules.segments if one.listed]
        for leaf in _leaves(child(item, "lists")):
            self._known(leaf.spot, "list", leaf.text, lists)
        self._tiers(child(item, "tiers"))
        return Case(
            written.name, f"{self._problems.file}:{item.spot.line}:{item.spot.column}", written.as_of.toordinal(),
            tuple(self._expected(item)), columns, counted, written.tags, written.lists, written.tiers,
        )  # fmt: skip

    # -- facts

    def _facts(self, node: Node | None) -> tuple[dict[str, Any], dict[str, int]]:
        columns: dict[str, Any] = {}
        counted: dict[str, int] = {}
        for name, spot, leaf in self._values(node):
            fact = self._fact(name, spot)
            if fact is None or not self._fit(name, fact.kind, leaf):
                continue
            value = self._value(fact.kind, leaf)
            if fact.group != "custom":
                columns[fact.name] = value
            elif value is not None:
                counted[fact.name] = value
        return columns, counted

    def _fact(self, name: str, spot: Spot) -> Fact | None:
        fact = self._world.names.get(name.lower())
        if fact is None:
            meant = "" if name in catalogue.REFUSED else nearest(name, self._world.names)
            remedy = catalogue.REFUSED.get(name, "facts: see docs/rules.md")
            self._problems.add(spot, f'"{name}" is no fact', meant=meant, remedy=remedy)
        elif fact.derived:
            what = f'"{name}" is derived from other facts: {fact.derived}'
            self._problems.add(spot, what, remedy="give the facts that it is made of")
            return None
        return fact

    def _measures(self, node: Node | None) -> dict[str, int]:
        counted: dict[str, int] = {}
        for text, spot, leaf in self._values(node):
            measure = self._measure(text, spot)
            if measure is not None and self._fit(text, measure.kind, leaf):
                counted[measure.measure.name] = self._value(measure.kind, leaf) or 0
        return counted

    def _measure(self, text: str, spot: Spot) -> Measured | None:
        remedy = "write orders_on('channel', 'store', '365d') or spend_on(...)"
        try:
            tree = reading.read(text, self._world, "value").tree
        except Wrong as wrong:
            for fault in wrong.faults:
                self._problems.add(spot, fault.what, meant=fault.meant, remedy=fault.remedy, shown=told(text, fault))
            return None
        if not isinstance(tree, Measured):
            self._problems.add(spot, f'"{text}" is no measure', remedy=remedy)
            return None
        return tree

    def _values(self, node: Node | None) -> Iterator[tuple[str, Spot, Leaf]]:
        """(name, its place, its value) of a mapping of single values."""
        for name, inner in node.entries.items() if isinstance(node, Table) else ():
            assert isinstance(node, Table)
            if isinstance(inner, Leaf):
                yield name, node.keys[name], inner
            else:
                self._problems.add(inner.spot, f'"{name}": a single value is wanted here')

    def _fit(self, name: str, kind: Kind, leaf: Leaf) -> bool:
        try:
            self._value(kind, leaf)
        except _Unfit as fault:
            self._problems.add(leaf.spot, f'"{name}": {fault}')
        except (ValueError, InvalidOperation):
            self._problems.add(leaf.spot, f'"{name}": {_WANTED[kind]} is wanted here')
        else:
            return True
        return False

    def _value(self, kind: Kind, leaf: Leaf) -> Any:
        """A value as the store keeps it; None for what is unknown. ValueError for anything else."""
        if leaf.value is None:
            return None
        if kind == "text":
            return leaf.text
        if kind == "day":
            return date.fromisoformat(leaf.text).toordinal()
        if kind == "flag":
            return _flag(leaf.text)
        return self._figure(leaf.text, self._digits if kind == "money" else 0)

    def _figure(self, text: str, digits: int) -> int:
        scaled = Decimal(text).scaleb(digits)
        if not scaled.is_finite() or abs(scaled) > _LARGEST:
            raise _Unfit("this number is too large")
        if scaled != scaled.to_integral_value():
            raise _Unfit(f"amounts of {self._currency} have at most {digits} decimals" if digits else "no whole number")
        return int(scaled)

    # -- what stands, and what is expected

    def _tiers(self, node: Node | None) -> None:
        for name, spot, leaf in self._values(node):
            known = [one.name for one in self._rules.programmes if one.kind == "tier"]
            if self._known(spot, "programme of tiers", name, known):
                self._of(self._rules.programme(name), leaf)

    def _expected(self, item: Table) -> Iterator[Expected]:
        expect = item.entries["expect"]
        if isinstance(expect, Table) and not expect.entries:
            self._problems.add(expect.spot, "nothing is expected", remedy="name a programme or segment.NAME")
        for name, spot, leaf in self._values(expect):
            made = self._segment(name, spot, leaf) if name.startswith(SEGMENT) else self._programme(name, spot, leaf)
            if made is not None:
                yield made

    def _segment(self, name: str, spot: Spot, leaf: Leaf) -> Expected | None:
        known = [SEGMENT + one.name for one in self._rules.segments if one.when is not None]
        if not self._known(spot, "segment with a rule", name, known) or not self._fit(name, "flag", leaf):
            return None
        return Expected(name, "yes" if self._value("flag", leaf) else "no")

    def _programme(self, name: str, spot: Spot, leaf: Leaf) -> Expected | None:
        if name == RFM:
            what = "the groups of RFM rest on the figures of all customers, and cannot be tried out on one"
            self._problems.add(spot, what, remedy="take it out")
            return None
        known = {one.name: one for one in self._rules.programmes}
        if name == "tier" and self._rules.main:
            known.setdefault("tier", known[self._rules.main])
        if not self._known(spot, "programme", name, [*known, f"{SEGMENT}NAME"]):
            return None
        return Expected(known[name].name, leaf.text) if self._of(known[name], leaf) else None

    def _of(self, programme: Programme | None, leaf: Leaf) -> bool:
        assert programme is not None
        return self._known(leaf.spot, f"value of {programme.name}", leaf.text, programme.values)

    def _known(self, spot: Spot, what: str, name: str, known: Iterable[str]) -> bool:
        names = list(known)
        if name in names:
            return True
        remedy = "known: " + (", ".join(names) or "none")
        self._problems.add(spot, f'no {what} is called "{name}"', meant=nearest(name, names), remedy=remedy)
        return False


def _flag(text: str) -> int:
    if text.lower() not in _FLAGS:
        raise ValueError
    return _FLAGS[text.lower()]


def _leaves(node: Node | None) -> Iterator[Leaf]:
    if isinstance(node, Series):
        yield from (item for item in node.items if isinstance(item, Leaf))
