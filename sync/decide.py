"""decide: facts, tiers, stages and segments for the customers that a change or the calendar touches, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from hub.errors import SettingsError
from hub.forms import Place
from hub.store import Store
from hub.store.decisions import Decided
from hub.store.facts import Bought, Wanted
from rules.nodes import FactOf
from rules.rfm import Cuts, groups_sql
from rules.ruleset import RFM, MadeFact, Programme, RuleSet
from rules.sql import Sql
from sync import reads, rfm
from sync.facts import Profiler, tags
from sync.golden import Survivorship
from sync.holding import Holder, stood
from sync.segments import Judged, Listed, Rule, Segmenter
from sync.waiting import Incomplete, Waits

__all__ = ["DecideResult", "Decider", "Incomplete", "no_way_back"]

_REMEMBERS = "remembers "
"""Marks the digest of a programme for whose customers it is kept what they hold."""

_MANY = 1000
"""Customers who are decided together that a database should know of before it plans how."""

_GROUPS = Programme(RFM, (), "stage", ())
"""The programme of RFM groups: none of them takes anything away."""


@dataclass(frozen=True)
class DecideResult:
    """What one decide step did; `other_currency` orders of the customers decided have no rate and are left out of their
    facts; `segments`: who came and went."""

    due: int
    calendar: int
    changed: dict[str, int]
    held: dict[str, int]
    other_currency: int = 0
    segments: dict[str, Judged] = field(default_factory=dict)


@dataclass(frozen=True)
class Decider:
    """Decides for one day with one rule set.

    `basis` changes when anybody may be decided or planned otherwise; `told` when the same records would tell otherwise
    who somebody is. `folder` is where the files of lists are, `connections` are the brand's.
    """

    store: Store
    rules: RuleSet
    survivorship: Survivorship
    place: Place
    bought: Bought
    as_of: int
    hold_days: int
    basis: str
    told: str
    folder: Path
    connections: Sequence[str]

    def decide(self, incomplete: Sequence[Incomplete]) -> DecideResult:
        """Bring facts and decisions of all due customers up to date."""
        with self.store.db.writing("decide_due"):
            self.store.leases.check("decide")
            segments = self._lists()
            calendar = self._due()
        for part in self.store.people.due(changed=True):
            with self.store.db.writing("decide_profile"):
                self.store.leases.check("decide")
                self._profiles(part)
        count, other = self.store.people.count_due(), 0
        for within in self.store.facts.parts():
            with self.store.db.writing("decide_facts"):
                self.store.leases.check("decide")
                other += self.store.facts.fill_due(self.as_of, self.wanted, self.bought, within)
        for made in self.rules.made:
            self._make(made)
        with self.store.db.writing("decide"):
            self.store.leases.check("decide")
            if count >= _MANY:
                self.store.db.weigh("customer", "facts", "decision", "membership")
            waits = Waits(self.store, self.as_of, self.hold_days, incomplete)
            done = {one.name: self._programme(one, waits) if count else (0, 0) for one in self._programmes}
            segments |= self._segments()
            waits.over()
        changed = {name: settled for name, (settled, _) in done.items()}
        held = {name: waiting for name, (_, waiting) in done.items()}
        return DecideResult(count, calendar, changed, held, other, segments)

    @cached_property
    def wanted(self) -> Wanted:
        """What the rules read, the cut points of RFM included."""
        wanted = reads.wanted(self.rules, reads.dialect(self.store))
        if self._cuts is None:
            return wanted
        known = wanted.days.get("last_order_on", frozenset())
        return replace(wanted, days={**wanted.days, "last_order_on": known | set(self._cuts.day_thresholds())})

    @cached_property
    def _cuts(self) -> Cuts | None:
        return rfm.cuts(self.store, RFM, self.rules.rfm, self.as_of) if self.rules.rfm else None

    @property
    def _programmes(self) -> tuple[Programme, ...]:
        return (*self.rules.programmes, *((_GROUPS,) if self.rules.rfm else ()))

    # -- who is due

    def _due(self) -> int:
        """Who the calendar or new rules make due since the last time; remembered in the same transaction."""
        decisions = self.store.decisions
        last = no_way_back(self.store, self.as_of)
        everybody = self._new_rules(last)
        if self.rules.rfm and rfm.bring_up_to_date(self.store, RFM, self.rules.rfm, self.as_of, self.bought):
            decisions.everybody_due(changed=False)
            everybody = True
        self.store.facts.prepare(self.wanted, self.bought)
        count = 0
        if last is not None and last < self.as_of and not everybody:
            count = self.store.facts.calendar_due(last, self.as_of, self.wanted, self.bought)
            count += self.store.holdings.calendar_due(last, self.as_of)
        decisions.held_due()
        decisions.remember("decided_on", str(self.as_of))
        return count

    def _new_rules(self, last: int | None) -> bool:
        """Other rules than last time: everybody once; what tiers remember is what the new ones go on from."""
        decisions = self.store.decisions
        changed = decisions.meta("basis") != self.basis
        if changed:
            decisions.everybody_due(changed=decisions.meta("told") != self.told)
        for programme in self.rules.programmes:
            self._new_policy(programme, None if last is None else min(last, self.as_of - 1))
        if changed:
            decisions.keep_rules(self.rules.digest, orjson.dumps(self.rules.texts).decode())
            decisions.remember("basis", self.basis)
            decisions.remember("told", self.told)
        return changed

    def _new_policy(self, programme: Programme, last: int | None) -> None:
        """Where other rules decided a programme until a day, what they gave at its end is what it goes on from."""
        decisions, holdings, name = self.store.decisions, self.store.holdings, f"programme {programme.name}"
        digest = f"{_REMEMBERS if programme.remembers else ''}{self.rules.digest_of(programme)}"
        known = decisions.meta(name)
        if known == digest:
            return
        if programme.remembers and known is not None and last is not None:
            if not known.startswith(_REMEMBERS):
                for page in decisions.ungranted(programme.name):
                    holdings.remember(programme.name, [(entry[0], stood(*entry[1:]), None) for entry in page])
            holdings.rebase(programme.name, last)
        decisions.remember(name, digest)

    # -- what is decided

    def _profiles(self, customers: Sequence[str]) -> None:
        """Bring what facts take from the records of some customers up to date."""
        records = self.store.records.of_customers(customers)
        profiler = Profiler(self.survivorship, self.place)
        self.store.facts.save_profile(
            [{"customer": customer, **profiler.profile(records[customer])} for customer in customers]
        )
        self.store.facts.save_tags({customer: tags(records[customer]) for customer in customers})

    def _make(self, made: MadeFact) -> None:
        """Let a plugin make its fact for all who are due; one that fails is told with its name, and nothing is decided."""
        if made.fact.name not in self.wanted.made:
            return
        for part in self.store.people.due():
            rows = self.store.facts.rows(part, made.maker.reads)
            values = {row.pop("customer"): made_of(made, row) for row in rows}
            with self.store.db.writing("decide_made"):
                self.store.leases.check("decide")
                self.store.facts.save_values(made.fact.name, values)

    def _programme(self, programme: Programme, waits: Waits) -> tuple[int, int]:
        """Land what differs; lowering decisions wait while a stream they read is incomplete. (settled, waiting)"""
        decisions, granted = self.store.decisions, self._granted(programme)
        settled, held = (0, set[str]()) if programme.remembers else self._at_once(programme, waits, bool(granted))
        for differing in self._followed(programme, granted):
            wait = self._hold(programme, waits, differing)
            due = [entry for entry in differing if entry.customer not in wait]
            decisions.settle(programme.name, self.rules.digest, self.as_of, due)
            settled, held = settled + len(due), held | wait
        decisions.unhold(programme.name, held)
        return settled, len(held)

    def _at_once(self, programme: Programme, waits: Waits, but_granted: bool) -> tuple[int, set[str]]:
        """Where nothing is remembered: by one look at all due customers, and page by page only if somebody may have to wait."""
        decisions, held = self.store.decisions, set[str]()
        expression, seen, params = self._compiled(programme)
        decisions.judge(programme.name, expression, seen, params, but_granted=but_granted)
        for differing in decisions.differing() if waits.incomplete else ():
            held |= self._hold(programme, waits, differing)
        decisions.leave_out(held)
        return decisions.land(programme.name, self.rules.digest, self.as_of), held

    def _followed(self, programme: Programme, granted: list[str]) -> Iterator[list[Decided]]:
        """Those who are followed through time, one by one, and whose standing decision is another one than the rules'."""
        holder = Holder(self.store, self.rules, programme, self.bought, self.as_of)
        for part in self.store.people.due() if programme.remembers else ([granted] if granted else ()):
            yield from self._with_seen(programme, holder.differing(part))

    def _hold(self, programme: Programme, waits: Waits, differing: list[Decided]) -> set[str]:
        """Who of these must wait."""
        waiting = waits.waiting(programme, differing)
        if waiting:
            self.store.decisions.hold(programme.name, self.as_of, waits.reason, waiting)
        return {entry.customer for entry in waiting}

    def _granted(self, programme: Programme) -> list[str]:
        return self.store.holdings.due_with_grants(programme.name)

    def _with_seen(self, programme: Programme, pages: Iterator[list[Decided]]) -> Iterator[list[Decided]]:
        _, seen, params = self._compiled(programme)
        for page in pages:
            read = self.store.decisions.reading([entry.customer for entry in page], seen, params)
            yield [entry._replace(seen=read.get(entry.customer, "")) for entry in page]

    def _compiled(self, programme: Programme) -> tuple[str, str, dict[str, object]]:
        """The programme and what it reads as SQL over the stored facts, with all parameters."""
        sql = reads.now_sql(self.store)
        if programme is _GROUPS:
            expression, params = groups_sql(self._cuts, self.as_of, "g")
            assert self.rules.rfm is not None
            nodes = [(name, FactOf("count", name)) for name in sorted(rfm.read_by(self.rules.rfm))]
            return expression, reads.listed(nodes, sql), {**params, **sql.params}
        expression = programme.expression(sql)
        return expression, reads.seen(self.rules, programme, sql), sql.params

    # -- segments

    @property
    def _segmenter(self) -> Segmenter:
        return Segmenter(self.store, self.place, self.folder, self.connections)

    def _lists(self) -> dict[str, Judged]:
        """Bring the lists up to date, and make those due whom they let in or out."""
        listed = [Listed(one.name, one.listed.file, one.listed.column) for one in self.rules.segments if one.listed]
        return self._segmenter.lists(listed, self.as_of, self.rules.digest)

    def _segments(self) -> dict[str, Judged]:
        sql: Sql = reads.now_sql(self.store)
        conditions = [(one.name, sql.condition(one.when.tree)) for one in self.rules.segments if one.when is not None]
        found = [Rule(name, condition, sql.params) for name, condition in conditions]
        lists = [one.name for one in self.rules.segments if one.listed]
        return self._segmenter.settle(found, lists, self.as_of, self.rules.digest)


def made_of(made: MadeFact, row: dict[str, Any]) -> int | None:
    """What a plugin's maker gives for one customer. SettingsError when it fails, or gives what is no whole number."""
    try:
        value = made.maker.make(row)
    except Exception as fault:
        what = f"its plugin failed with {type(fault).__name__}"
        raise SettingsError(
            what, where=f"rules.facts.{made.fact.name}", remedy="update or remove the plugin"
        ) from fault
    if value is not None and type(value) is not int:
        what = f"its plugin gave {type(value).__name__}, where a whole number is wanted"
        raise SettingsError(what, where=f"rules.facts.{made.fact.name}", remedy="tell the plugin's author")
    return value


def no_way_back(store: Store, as_of: int) -> int | None:
    """The day decided last, None before the first; SettingsError when it lies after `as_of`."""
    last = store.decisions.meta("decided_on")
    if last is not None and int(last) > as_of:
        raise SettingsError(
            f"this store has already decided up to {date.fromordinal(int(last)).isoformat()}",
            where="--as-of",
            remedy="decisions only move forward; use a copy of the store to look back",
        )
    return None if last is None else int(last)
