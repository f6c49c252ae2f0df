"""A brand's rule set: programmes (tiers, the lifecycle stage, RFM groups), segments and facts of its own.

Facts and a date in, decision and reason out. A rule set is a value: equal rules have equal digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from hub.maker import FactMaker
from rules.catalogue import Fact
from rules.nodes import Measure, Node, Truth
from rules.rfm import Rfm
from rules.rule import Rule
from rules.sql import Sql
from rules.standing import Policy

STAGE = "stage"
"""Name of the lifecycle programme."""

RFM = "rfm"
"""Name of the programme of RFM groups."""

ROLLING = Policy("earned", "rolling", 0)
"""A tier is what the facts earn today, and nothing else."""


@dataclass(frozen=True)
class Choice:
    """One value a programme can decide, and when; None for the last one: everybody else."""

    value: str
    when: Rule | None


@dataclass(frozen=True)
class Programme:
    """A first-match rule: choices from the best to the floor. A move towards the floor is a lowering.

    With a `policy` other than `ROLLING`, what is held also depends on what was held before; see `rules/standing.py`.
    """

    name: str
    choices: tuple[Choice, ...]
    kind: Literal["tier", "stage"] = "tier"
    lowering: tuple[str, ...] | None = None
    policy: Policy = ROLLING

    @property
    def values(self) -> tuple[str, ...]:
        """All values it can decide, the best first."""
        return tuple(choice.value for choice in self.choices)

    @property
    def remembers(self) -> bool:
        """Whether what is held depends on what was held before."""
        return self.policy != ROLLING

    @property
    def rules(self) -> Iterator[Rule]:
        """The predicates of its choices."""
        return (choice.when for choice in self.choices if choice.when is not None)

    @property
    def digest(self) -> str:
        """Changes when this programme may decide otherwise."""
        return _digest(self.name, self.policy, [(one.value, one.when and one.when.words) for one in self.choices])

    def rank(self, value: str) -> int:
        """0 for the best value; values the programme no longer knows rank below all."""
        return self.values.index(value) if value in self.values else len(self.values)

    def lowers(self, standing: str | None, value: str) -> bool:
        """Whether going from the standing decision to `value` takes something away."""
        if standing is None or standing == value:
            return False
        if self.lowering is not None:
            return value in self.lowering
        return self.rank(value) > self.rank(standing)

    def expression(self, sql: Sql) -> str:
        """What the facts alone decide, as SQL; its parameters gather in `sql`."""
        *upper, floor = self.choices
        cases = [(one.value, one.when.tree) for one in upper if one.when]
        return sql.first_match([*cases, (floor.value, Truth(True))])


@dataclass(frozen=True)
class ListFile:
    """Customers who are listed in a file, and by what they are known there."""

    file: str
    column: str


@dataclass(frozen=True)
class Segment:
    """A named group: those for whom a predicate is true, or those in a file."""

    name: str
    when: Rule | None
    listed: ListFile | None = None
    means: str = ""


@dataclass(frozen=True)
class OwnFact:
    """A fact of the brand's own: orders in a window for which `where` is true, counted or added up by `of`."""

    fact: Fact
    how: Literal["count", "sum", "min", "max"]
    of: Node | None
    where: Node | None


@dataclass(frozen=True)
class MadeFact:
    """A fact of the brand's own that a plugin makes."""

    fact: Fact
    maker: FactMaker


@dataclass(frozen=True)
class RuleSet:
    """All rules of a brand. `basis` names what else decisions rest on; `main` is the programme that `tier` means."""

    programmes: tuple[Programme, ...]
    segments: tuple[Segment, ...] = ()
    own: tuple[OwnFact, ...] = ()
    made: tuple[MadeFact, ...] = ()
    rfm: Rfm | None = None
    basis: str = ""

    @cached_property
    def digest(self) -> str:
        """Changes when any rule changes, or what they rest on: then everybody is decided once."""
        segments = [(one.name, one.when and one.when.words, one.listed) for one in self.segments]
        return _digest([one.digest for one in self.programmes], segments, self.own, self.made, self.rfm, self.basis)

    @property
    def main(self) -> str:
        """The programme that a mapping's plain `tier` means: the first one written."""
        return next((one.name for one in self.programmes if one.kind == "tier"), "")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All predicates."""
        of_programmes = [rule for programme in self.programmes for rule in programme.rules]
        return (*of_programmes, *(segment.when for segment in self.segments if segment.when is not None))

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names of the brand's own facts, those that plugins make included."""
        return frozenset(one.fact.name for one in self.own) | {one.fact.name for one in self.made}

    @property
    def texts(self) -> dict[str, object]:
        """The rules as they were written, to be kept with what they decided."""
        programmes = {
            one.name: [[choice.value, choice.when.text if choice.when else ""] for choice in one.choices]
            for one in self.programmes
        }
        return {"programmes": programmes, "segments": {one.name: one.when.text for one in self.segments if one.when}}

    def digest_of(self, programme: Programme) -> str:
        """Changes when a programme may decide otherwise, facts of the brand's own that it reads included."""
        read = read_by(programme.rules).facts
        return _digest(programme.digest, [one for one in self.own if one.fact.name in read])

    def programme(self, name: str) -> Programme | None:
        """A programme by its name."""
        return next((one for one in self.programmes if one.name == name), None)


@dataclass(frozen=True)
class Read:
    """What rules look at: facts, measures, and the numbers of days since at which one may change its mind."""

    facts: frozenset[str]
    measures: tuple[Measure, ...]
    days: Mapping[str, frozenset[int]]


def read_by(rules: Iterable[Rule]) -> Read:
    """What some rules look at together."""
    known, days = tuple(rules), dict[str, frozenset[int]]()
    for rule in known:
        for fact, numbers in rule.days.items():
            days[fact] = days.get(fact, frozenset()) | numbers
    measures = {measure.name: measure for rule in known for measure in rule.measures}
    facts = frozenset().union(*(rule.reads for rule in known)) if known else frozenset()
    return Read(facts, tuple(measures[name] for name in sorted(measures)), days)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
