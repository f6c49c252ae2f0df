"""What is held in programmes with a memory, and wherever staff have granted something: a function of the ledger as known.

The facts of all days on which a customer's could change are made again, what they earn is folded by `rules/standing.py`,
and nothing is carried over from run to run but the checkpoint of the last change of rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from hub.store import Store
from hub.store.database import chunks
from hub.store.decisions import Decided
from hub.store.facts import Bought, Wanted
from hub.store.holdings import Granted, Memory
from hub.written import written
from rules.ruleset import Programme, RuleSet
from rules.standing import BEGINNING, Grant, Held, Standing, Step, follow
from sync import reads

ALWAYS = date(1970, 1, 1).toordinal()
"""The first day looked at: what facts earn that no day changes, such as a city, they have always earned."""

_PART = 500
"""Customers whose histories are worked on together."""


@dataclass(frozen=True)
class Holder:
    """Follows customers through one programme up to a day."""

    store: Store
    rules: RuleSet
    programme: Programme
    bought: Bought
    as_of: int

    def differing(self, customers: Iterable[str]) -> Iterator[list[Decided]]:
        """Those of these customers whose standing decision differs from what they hold, or who have none yet.

        Where the value stands and only its day is another one by now (a late order), the day is corrected on the way. Without
        a memory the past is not looked at, and a value holds since the day on which it was decided.
        """
        for part in chunks(list(customers), _PART):
            standings = self.standings(part)
            self.store.holdings.remember(self.programme.name, self._states(standings))
            decided = self.store.decisions.standing_since(self.programme.name, part)
            found = [
                Decided(customer, decided.get(customer, ("",))[0], self.value(held), self._since(held))
                for customer, held in standings.items()
            ]
            self.store.decisions.correct_since(self.programme.name, {
                entry.customer: entry.since for entry in found
                if entry.since is not None and decided.get(entry.customer) not in (None, (entry.value, entry.since))
                and entry.standing == entry.value
            })  # fmt: skip
            yield [entry for entry in found if entry.standing != entry.value]

    def _since(self, standing: Standing) -> int | None:
        if not self.programme.remembers:
            return None
        return standing.since if standing.since > ALWAYS else BEGINNING

    def value(self, standing: Standing) -> str:
        """The tier that is shown."""
        return self.programme.values[standing.rank]

    def standings(self, customers: Sequence[str]) -> dict[str, Standing]:
        """What each of these customers holds."""
        bases = self._bases(customers)
        earned = self.earned(customers, bases)
        granted = self.store.holdings.granted(customers, self.programme.name)
        floor = len(self.programme.choices) - 1
        return {
            customer: follow(
                earned.get(customer, ()), self.programme.policy, self._grants(granted.get(customer, ())),
                bases.get(customer), self.as_of, floor,
            )
            for customer in customers
        }  # fmt: skip

    def ranks_on(self, customers: Sequence[str], days: Sequence[int]) -> Iterator[list[int]]:
        """For each of these customers the ranks shown on some days up to `as_of`, followed from the beginning by what is
        known of the past now, checkpoints left out; for programmes that remember."""
        floor, policy = len(self.programme.choices) - 1, self.programme.policy
        for part in chunks(customers, _PART):
            earned = self.earned(part, {})
            granted = self.store.holdings.granted(part, self.programme.name)
            for customer in part:
                known, grants = earned.get(customer, ()), self._grants(granted.get(customer, ()))
                steps = follow(known, policy, grants, None, self.as_of, floor).steps
                yield [steps[at - 1].rank if (at := bisect_right(steps, day, key=_day)) else floor for day in days]

    # -- what the facts alone earn, day by day

    def earned(self, customers: Sequence[str], bases: Mapping[str, Held]) -> dict[str, list[tuple[int, int]]]:
        """customer -> (day, rank that the facts earn from that day on)."""
        wanted = reads.wanted_by(self.rules, self.programme, reads.dialect(self.store))
        facts = self.store.facts
        moments = {(customer, self.as_of) for customer in customers}
        if self.programme.remembers:  # without a memory the past does not matter
            moments |= self._moments(customers, wanted, bases)
        facts.at(sorted(moments), wanted, self.bought)
        sql = reads.then_sql(self.store)
        found: dict[str, list[tuple[int, int]]] = {}
        for customer, day, value in facts.then(self.programme.expression(sql), sql.params):
            ranks, rank = found.setdefault(customer, []), self.programme.rank(value)
            if not ranks or ranks[-1][1] != rank:
                ranks.append((day, rank))
        return found

    def _moments(self, customers: Sequence[str], wanted: Wanted, bases: Mapping[str, Held]) -> set[tuple[str, int]]:
        """The days since the checkpoint on which the facts of each can change, and the first of all."""
        facts = self.store.facts
        days = {*facts.event_days(customers, wanted, self.bought, 1, self.as_of)}
        days |= {*facts.other_days(customers, wanted, self.bought)}
        first = {customer: base.day for customer, base in bases.items()}
        days |= {(customer, first[customer] + 1 if customer in first else ALWAYS) for customer in customers}
        return {(customer, day) for customer, day in days if first.get(customer, 0) < day <= self.as_of}

    # -- checkpoints and grants

    def _bases(self, customers: Sequence[str]) -> dict[str, Held]:
        """What was held when the rules changed: the best of a customer's and of those who live on in it."""
        if not self.programme.remembers:
            return {}
        found = {}
        for customer, memories in self.store.holdings.remembered(self.programme.name, customers).items():
            known = [held for memory in memories if (held := self._base(memory)) is not None]
            last = max((held.day for held in known), default=0)  # of an earlier day are those merged by then
            if known:
                found[customer] = min(
                    (held for held in known if held.day == last), key=lambda held: (held.rank, held.since)
                )
        return found

    def _base(self, memory: Memory) -> Held | None:
        if not memory.base:
            return None
        told = orjson.loads(memory.base)
        rank = min(self.programme.rank(told.pop("value")), len(self.programme.choices) - 1)
        return Held(rank=rank, **{**told, "day": memory.base_day})

    def _states(self, standings: Mapping[str, Standing]) -> Iterator[tuple[str, str, int | None]]:
        for customer, standing in standings.items():
            yield customer, state(self.programme, standing.held), standing.next_day

    def _grants(self, granted: Sequence[Granted]) -> list[Grant]:
        known = self.programme.values
        return [Grant(known.index(one.value), one.from_day, one.until_day) for one in granted if one.value in known]


def _day(step: Step) -> int:
    return step.day


def state(programme: Programme, held: Held) -> str:
    """A checkpoint as text: the tier by its name, as another ladder may count differently."""
    return _text(programme.values[held.rank], held)


def stood(value: str, since: int) -> str:
    """The same of a value that stood since a day in a programme without a memory."""
    return _text(value, Held(since, 0, since, since, None, since, "rolling"))


def _text(value: str, held: Held) -> str:
    told: dict[str, Any] = {name: getattr(held, name) for name in Held.__dataclass_fields__ if name != "rank"}
    return written({"value": value, **told}).decode()
