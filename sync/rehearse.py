"""Two sets of rules on the customers of the store, on some days of the past: who would be where, how often it would change.

Facts are made for each day with what is known now: orders by their dates, everything else as it is. Nothing is written but
temporary tables of this connection. Values are kept as ranks, two bytes a customer, in the order of the store.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hub.store import Store
from hub.store.facts import Bought, Wanted
from hub.store.holdings import Granted
from rules.ruleset import Programme, RuleSet
from rules.sql import Dialect
from sync import reads
from sync.holding import Holder

if TYPE_CHECKING:
    Ranks = array[int]
else:
    Ranks = array
"""Ranks of 16 bits, one a customer."""

Together = tuple[str, ...]
"""Programmes whose values go to one place: a change of any of them is a change there."""


@dataclass
class Side:
    """One set of rules: what stands on the last day looked at (`now`), and how often each of `counted` changed."""

    rules: RuleSet
    bought: Bought
    counted: frozenset[Together] = frozenset()
    now: dict[str, Ranks] = field(default_factory=dict)
    changes: dict[Together, Ranks] = field(default_factory=dict)

    @property
    def remembering(self) -> list[Programme]:
        """Its programmes with a memory."""
        return [one for one in self.rules.programmes if one.remembers]

    @property
    def alone(self) -> list[Programme]:
        """Its programmes that a day's facts decide alone."""
        return [one for one in self.rules.programmes if not one.remembers]

    def wanted(self, dialect: Dialect) -> Wanted:
        """What these read."""
        return reads.wanted(self.rules, dialect, [rule for one in self.alone for rule in one.rules])

    def seen(self, values: dict[str, Ranks]) -> None:
        """What stands on the next day."""
        for together in self.counted:
            counts = self.changes.setdefault(together, _ranks(len(next(iter(values.values())))))
            for number in self._differing(together, values) if self.now else ():
                counts[number] += 1
        self.now = values

    def _differing(self, together: Together, values: dict[str, Ranks]) -> set[int]:
        """The customers for whom any of these programmes has another value than before."""
        pairs = [(self.now[name], values[name]) for name in together if self.now[name] != values[name]]
        return {number for one, other in pairs for number, (a, b) in enumerate(zip(one, other, strict=True)) if a != b}


@dataclass(frozen=True)
class Rehearsal:
    """Both sides over the same days; `looked` is told how many more of so many looks at a customer are done."""

    store: Store
    old: Side
    new: Side
    days: Sequence[int]
    looked: Callable[[int, int], None]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.old, self.new

    @property
    def _dialect(self) -> Dialect:
        return reads.dialect(self.store)

    def run(self) -> list[str]:
        """Fill both sides; returns the customers in the order of their ranks."""
        customers = self._customers()
        followed = [self._follow(side, customers) for side in self.sides]
        for number, day in enumerate(self.days):
            for side, past in zip(self.sides, followed, strict=True):
                if side is self.old or not self._alike:
                    self.store.facts.everybody_at(day, self._alike or side.wanted(self._dialect), side.bought)
                alone = self._alone(side, len(customers))
                side.seen(self._granted(side, alone, customers, day) | {name: past[name][number] for name in past})
                self.looked(len(customers), self.steps(len(customers)))
        return customers

    def steps(self, count: int) -> int:
        """How often a customer will be looked at: once for each day and each history that is followed."""
        return count * (2 * len(self.days) + sum(len(side.remembering) for side in self.sides))

    def _customers(self) -> list[str]:
        self.store.facts.everybody_at(self.days[0], reads.wanted(self.old.rules, self._dialect, ()), self.old.bought)
        return [customer for customer, _, _ in self.store.facts.then("1", {})]

    @cached_property
    def _alike(self) -> Wanted | None:
        """What both sides read together, None where the same names stand for other facts."""
        one, other = self.old.wanted(self._dialect), self.new.wanted(self._dialect)
        counted = {each.name: each for each in (*one.counted, *other.counted)}
        if self.old.bought != self.new.bought or any(counted[each.name] != each for each in one.counted):
            return None
        return Wanted(one.columns | other.columns, tuple(counted.values()), made=one.made | other.made)

    def _alone(self, side: Side, count: int) -> dict[str, Ranks]:
        """What programmes without a memory decide by the facts that are made."""
        programmes = side.alone
        sql = reads.then_sql(self.store)
        expressions = ", ".join(one.expression(sql) for one in programmes)
        found = {one.name: _ranks(count) for one in programmes}
        places = [(found[one.name], {value: one.rank(value) for value in one.values}) for one in programmes]
        for number, (_, _, *values) in enumerate(self.store.facts.then(expressions, sql.params)):
            for (ranks, rank_of), value in zip(places, values, strict=True):
                ranks[number] = rank_of[value]
        return found

    def _granted(self, side: Side, found: dict[str, Ranks], customers: Sequence[str], day: int) -> dict[str, Ranks]:
        """The same with what staff had granted for that day."""
        for programme in side.rules.programmes:
            ever = self.store.holdings.ever_granted(programme.name) if programme.name in found else []
            places = {customer: number for number, customer in enumerate(customers)} if ever else {}
            for customer, granted in self.store.holdings.granted(ever, programme.name).items():
                best = _best(programme, granted, day)
                if customer in places and best is not None:
                    ranks = found[programme.name]
                    ranks[places[customer]] = min(ranks[places[customer]], best)
        return found

    def _follow(self, side: Side, customers: Sequence[str]) -> dict[str, list[Ranks]]:
        """What programmes with a memory show on each of the days."""
        found = {}
        for programme in side.remembering:
            holder = Holder(self.store, side.rules, programme, side.bought, self.days[-1])
            looks = found[programme.name] = [_ranks(len(customers)) for _ in self.days]
            for number, ranks in enumerate(holder.ranks_on(customers, self.days)):
                for look, rank in zip(looks, ranks, strict=True):
                    look[number] = rank
                self.looked(1, self.steps(len(customers)))
        return found


def moved(old: Programme, new: Programme, one: Side, other: Side) -> Iterator[tuple[str, str]]:
    """What each customer has under the one side and under the other."""
    pairs = zip(one.now[old.name], other.now[new.name], strict=True)
    return ((old.values[left], new.values[right]) for left, right in pairs)


def _ranks(count: int) -> Ranks:
    return array("H", bytes(2 * count))


def _best(programme: Programme, granted: Sequence[Granted], day: int) -> int | None:
    in_force = [one for one in granted if one.from_day <= day <= one.until_day and one.value in programme.values]
    return min((programme.rank(one.value) for one in in_force), default=None)
