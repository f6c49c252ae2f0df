"""Reads `rules:` into a rule set: each predicate where it stands, all that is wrong in one go.

A predicate's mistake is told by file, line and column, with a caret under the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.model import Brand, minor_digits
from hub.settings.connections import Catalogue
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.rule_shape import Lifecycle, OwnFact, Rules, Segment, Tiers
from hub.settings.tree import Leaf, Loc, Table, walk
from rules import catalogue, lifecycle, reading
from rules.catalogue import Fact, Kind
from rules.nodes import Value
from rules.order_fields import ORDER_FIELDS, ORDER_REFUSED
from rules.reading import Fault, Rule, Wants, World, Wrong, told
from rules.rfm import Rfm
from rules.ruleset import RFM, STAGE, Choice, ListFile, MadeFact, Programme, RuleSet
from rules.ruleset import OwnFact as Own
from rules.ruleset import Segment as Group
from rules.sizes import size
from rules.standing import Policy

_NESTED = re.compile(r"in_segment\s*[(（]\s*\W?([^()（）]*?)\W?\s*[)）]", re.IGNORECASE)
"""What may be the name of a segment, with or without quotes of any kind; what it is not is told by the language."""


def read_rules(rules: Rules, brand: Brand, problems: Problems, tree: Table, source: str, plugins: Catalogue) -> RuleSet:
    """The rule set; what is wrong with any predicate goes to `problems`. `source` is the file's text."""
    return _Reader(rules, brand, problems, tree, source, plugins).all()


@dataclass
class _Reader:
    rules: Rules
    brand: Brand
    problems: Problems
    tree: Table
    source: str
    plugins: Catalogue
    facts: dict[str, Fact] = field(default_factory=lambda: dict(catalogue.CATALOGUE))
    segments: dict[str, Rule | None] = field(default_factory=dict)

    def all(self) -> RuleSet:
        written = {name: fact for name, fact in self.rules.facts.items() if self._is_free(name)}
        own = [found for name, fact in written.items() if not fact.plugin and (found := self._own(name, fact))]
        made = [maker for name, fact in written.items() if fact.plugin and (maker := self._made(name, fact))]
        self.facts |= {fact.name: fact for fact in (*(one.fact for one in own), *(one.fact for one in made))}
        values = {name: tuple(row.tier for row in tiers.ladder) for name, tiers in self.rules.tiers.items()}
        self._names(values)
        for name in self.rules.segments:
            self._segment(name, values, ())
        programmes = [self._tiers(name, tiers) for name, tiers in self.rules.tiers.items()]
        programmes.append(self._stage(self.rules.lifecycle, values))
        groups = [_group(name, segment, self.segments.get(name)) for name, segment in self.rules.segments.items()]
        rfm = Rfm(window=self.rules.rfm.window, refresh=self.rules.rfm.refresh) if self.rules.rfm else None
        return RuleSet(tuple(programmes), tuple(groups), tuple(own), tuple(made), rfm)

    # -- the parts

    def _names(self, values: Mapping[str, tuple[str, ...]]) -> None:
        for name in values:
            if name in (STAGE, RFM):
                spot = self._spot(("rules", "tiers", name))
                self.problems.add(
                    spot, f'"{name}" is the name of a programme of the hub\'s own', remedy="choose another"
                )

    def _is_free(self, name: str) -> bool:
        taken = name in catalogue.CATALOGUE or name in catalogue.REFUSED
        if taken:
            spot = self._spot(("rules", "facts", name))
            self.problems.add(spot, f'"{name}" is a fact of the hub\'s own', remedy="choose another name")
        return not taken

    def _made(self, name: str, fact: OwnFact) -> MadeFact | None:
        """A fact that a plugin makes."""
        spot = self._spot(("rules", "facts", name, "plugin"))
        makers = self.plugins.fact_makers(fact.plugin or "")
        if makers is None:
            reason = self.plugins.why_missing(fact.plugin or "") or "it is not installed"
            what = f'the plugin "{fact.plugin}" cannot be used: {reason}'
            self.problems.add(spot, what, remedy="`kehub doctor` tells more")
            return None
        if name not in makers:
            meant, known = nearest(name, makers), ", ".join(sorted(makers)) or "none"
            what = f'the plugin "{fact.plugin}" makes no fact "{name}"'
            self.problems.add(spot, what, meant=meant, remedy=f"it makes: {known}")
            return None
        unknown = sorted(makers[name].reads - catalogue.STORED)
        if unknown:
            self.problems.add(
                spot, f'the plugin wants a fact "{unknown[0]}" that is not kept', remedy="tell its author"
            )
        return MadeFact(_described(name, makers[name].kind, fact), makers[name])

    def _own(self, name: str, fact: OwnFact) -> Own | None:
        loc: Loc = ("rules", "facts", name)
        world = World(ORDER_FIELDS, {}, {}, minor_digits(self.brand.currency), ORDER_REFUSED)
        how = fact.how
        of = self._read(getattr(fact, how), world, (*loc, how), "value") if how != "count" else None
        where = self._read(fact.where, world, (*loc, "where")) if fact.where else None
        kind: Kind = of.tree.kind if of and isinstance(of.tree, Value) else "count"
        if (of and of.days) or (where and where.days):
            what = "an order's facts cannot look at the day of the run"
            self.problems.add(self._spot(loc), what, remedy="give the fact a `window`, or compare days with dates")
        if kind == "text" or (of and isinstance(of.tree, Value) and not size(of.tree).whole):
            remedy = "count, or add up money; or take the earliest or latest day"
            self.problems.add(self._spot((*loc, how)), "a fact of the brand's own is a whole number", remedy=remedy)
        return Own(_described(name, kind, fact), how, of.tree if of else None, where.tree if where else None)

    def _segment(self, name: str, values: Mapping[str, tuple[str, ...]], within: tuple[str, ...]) -> None:
        """Read a segment after those that it names."""
        if name in self.segments:
            return
        segment, loc = self.rules.segments[name], ("rules", "segments", name)
        if name in within:
            path = " -> ".join((*within[within.index(name) :], name))
            self.problems.add(self._spot(loc), f"the segment is made of itself: {path}", remedy="take one out")
            self.segments[name] = None
            return
        for inner in _NESTED.findall(segment.when or ""):
            if inner in self.rules.segments:
                self._segment(inner, values, (*within, name))
        self.segments.setdefault(name, self._read(segment.when, self._world(values), loc) if segment.when else None)

    def _tiers(self, name: str, tiers: Tiers) -> Programme:
        choices = [
            Choice(row.tier, None if row.is_floor else self._earned(row.when, _thresholds(row), name, place))
            for place, row in enumerate(tiers.ladder)
        ]
        return Programme(name, tuple(choices), policy=Policy(tiers.downgrade, tiers.review, tiers.grace_days))

    def _earned(self, when: str | None, thresholds: str, name: str, place: int) -> Rule | None:
        loc: Loc = ("rules", "tiers", name, "ladder", place, "when")
        text = " and ".join(part for part in (f"({when})" if when and thresholds else when, thresholds) if part)
        rule = self._read(text, self._world({}), loc, lead=int(bool(when and thresholds)))
        if rule is not None and rule.programmes:
            self.problems.add(
                self._spot(loc), "a tier cannot depend on a tier, not through a segment either", remedy="name facts"
            )
        return rule

    def _stage(self, written: Lifecycle, values: Mapping[str, tuple[str, ...]]) -> Programme:
        world, loc = self._world(values), ("rules", "lifecycle")
        if written.stages:
            choices = [
                Choice(row.stage, self._read(row.when, world, (*loc, "stages", place, "when")) if row.when else None)
                for place, row in enumerate(written.stages)
            ]
            return Programme(STAGE, tuple(choices), "stage", written.lowering)
        at = lifecycle.Thresholds(written.at_risk_days, written.lost_days, written.repeat_orders, written.loyal_orders)
        known = [
            Choice(stage, reading.read(text, world) if text else None)
            for stage, text in lifecycle.stages(written.model, at)
        ]
        return Programme(STAGE, tuple(known), "stage", lifecycle.LOWERING[written.model])

    # -- one predicate

    def _world(self, programmes: Mapping[str, tuple[str, ...]]) -> World:
        return World(self.facts, self.segments, programmes, minor_digits(self.brand.currency))

    def _read(self, text: str, world: World, loc: Loc, wants: Wants = "condition", lead: int = 0) -> Rule | None:
        try:
            return reading.read(text, world, wants)
        except Wrong as wrong:
            for fault in wrong.faults:
                self._note(text, fault, loc, lead)
        return None

    def _note(self, text: str, fault: Fault, loc: Loc, lead: int) -> None:
        steps = walk(self.tree, loc)
        leaf = steps[-1][1] if steps else self.tree
        spot = _place(self.source, leaf, text, fault.offset - lead) if isinstance(leaf, Leaf) else leaf.spot
        self.problems.add(spot, fault.what, meant=fault.meant, remedy=fault.remedy, shown=told(text, fault))

    def _spot(self, loc: Loc) -> Spot:
        steps = walk(self.tree, loc)
        return steps[-1][1].spot if steps else self.tree.spot


def _described(name: str, kind: Kind, fact: OwnFact) -> Fact:
    zh = (fact.zh,) if fact.zh else ()
    return Fact(name, kind, "custom", fact.means or name, zh, fact.window, fact.means)


def _thresholds(row: Any) -> str:
    """The short form of a tier's row as a predicate."""
    parts = []
    if row.spend_365d is not None:
        parts.append(f"spend_365d >= {format(row.spend_365d, 'f')}")
    if row.orders_365d is not None:
        parts.append(f"orders_365d >= {row.orders_365d}")
    return " and ".join(parts)


def _group(name: str, segment: Segment, rule: Rule | None) -> Group:
    listed = ListFile(segment.list.file, segment.list.column) if segment.list else None
    return Group(name, rule, listed, segment.means)


def _place(source: str, leaf: Leaf, text: str, offset: int) -> Spot:
    """Where a character of a text stands in the file, whatever quotes, folds and indents YAML has put between."""
    lines = source.splitlines()
    line, column = leaf.spot.line - 1, leaf.spot.column - 1
    for wanted in (char for char in text[: max(offset, 0) + 1] if not char.isspace()):
        found = _next(lines, line, column, wanted)
        if found is None:
            return leaf.spot
        line, column = found[0], found[1] + 1
    return Spot(line + 1, max(column, 1)) if offset >= 0 and column else leaf.spot


def _next(lines: list[str], line: int, column: int, wanted: str) -> tuple[int, int] | None:
    for row in range(line, len(lines)):
        at = lines[row].find(wanted, column if row == line else 0)
        if at >= 0:
            return row, at
    return None
