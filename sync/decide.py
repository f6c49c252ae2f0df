"""decide: facts, tiers and stages for the customers that a change or the calendar touches, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.errors import SettingsError
from hub.forms import Place
from hub.store import Store
from hub.store.decisions import Decided
from hub.store.facts import Bought, Wanted
from rules.ruleset import Programme, RuleSet
from sync.facts import Profiler, tags
from sync.golden import Survivorship

_READ = ("orders_365d", "spend_365d", "orders_life", "spend_life", "first_order_on", "last_order_on")
"""The facts of orders that the programmes and `kehub why` read."""


@dataclass(frozen=True)
class Incomplete:
    """An order stream that has not been read completely for the as-of day."""

    connection: str
    stream: str
    since: str


@dataclass(frozen=True)
class DecideResult:
    """What one decide step did; `other_currency` orders of the customers decided are left out of their facts."""

    due: int
    calendar: int
    changed: dict[str, int]
    held: dict[str, int]
    other_currency: int = 0


@dataclass(frozen=True)
class Decider:
    """Decides for one day with one rule set."""

    store: Store
    rules: RuleSet
    survivorship: Survivorship
    place: Place
    currency: str
    as_of: int
    hold_days: int
    basis: str = ""

    def decide(self, incomplete: Sequence[Incomplete]) -> DecideResult:
        """Bring facts and decisions of all due customers up to date."""
        with self.store.db.writing("decide_due"):
            self.store.leases.check("decide")
            calendar = self._due()
        for part in self.store.people.due(changed=True):
            with self.store.db.writing("decide_profile"):
                self.store.leases.check("decide")
                self._profiles(part)
        count, other = self.store.people.count_due(), 0
        for within in self.store.facts.parts():
            with self.store.db.writing("decide_facts"):
                self.store.leases.check("decide")
                other += self.store.facts.fill_due(self.as_of, self._wanted, self._bought, within)
        changed, held = {}, {}
        with self.store.db.writing("decide"):
            self.store.leases.check("decide")
            for programme in self.rules.programmes:
                done = self._programme(programme, incomplete) if count else (0, 0)
                changed[programme.name], held[programme.name] = done
            if self.store.questions.subjects("held", ""):
                self.store.questions.end("held", "", None, self._held_subjects())
        return DecideResult(count, calendar, changed, held, other)

    def _due(self) -> int:
        """Who the calendar or new rules make due since the last time; remembered in the same transaction."""
        decisions = self.store.decisions
        last = no_way_back(self.store, self.as_of)
        if decisions.meta("basis") != (self.basis or self.rules.digest):
            decisions.everybody_due()
        self.store.facts.prepare(self._wanted, self._bought)
        count = 0
        if last is not None and last < self.as_of:
            count = self.store.facts.calendar_due(last, self.as_of, self._wanted, self._bought)
        decisions.held_due()
        decisions.remember("decided_on", str(self.as_of))
        decisions.remember("basis", self.basis or self.rules.digest)
        return count

    @property
    def _wanted(self) -> Wanted:
        return Wanted(frozenset(_READ), days={"last_order_on": frozenset(self.rules.day_thresholds())})

    @property
    def _bought(self) -> Bought:
        return Bought(self.currency, self.place.zone)

    def _profiles(self, customers: Sequence[str]) -> None:
        """Bring what facts take from the records of some customers up to date."""
        records = self.store.records.of_customers(customers)
        profiler = Profiler(self.survivorship, self.place)
        self.store.facts.save_profile(
            [{"customer": customer, **profiler.profile(records[customer])} for customer in customers]
        )
        self.store.facts.save_tags({customer: tags(records[customer]) for customer in customers})

    def _programme(self, programme: Programme, incomplete: Sequence[Incomplete]) -> tuple[int, int]:
        """Land what differs; lowering decisions wait while a stream they read is incomplete."""
        decisions, digest = self.store.decisions, self.rules.digest
        expression, params = programme.compile(self.as_of)
        settled, held = 0, set[str]()
        for differing in decisions.differing(programme.name, expression, params):
            waiting = self._waiting(programme, differing, incomplete)
            if waiting:
                reason = "; ".join(f"stream {i.connection}.{i.stream} incomplete since {i.since}" for i in incomplete)
                decisions.hold(programme.name, self.as_of, reason, waiting)
            wait = {entry.customer for entry in waiting}
            due = [entry for entry in differing if entry.customer not in wait]
            decisions.settle(programme.name, digest, self.as_of, due)
            settled, held = settled + len(due), held | wait
        decisions.unhold(programme.name, held)
        settled += decisions.open(programme.name, digest, self.as_of, expression, params)
        return settled, len(held)

    def _held_subjects(self) -> set[tuple[str, str]]:
        return {(row["programme"], f"{row['customer']}:{row['value']}") for row in self.store.decisions.held()}

    def _waiting(
        self, programme: Programme, differing: Sequence[Decided], incomplete: Sequence[Incomplete]
    ) -> list[Decided]:
        lowering = [entry for entry in differing if programme.lowers(entry.standing, entry.value)]
        if not lowering or not incomplete:
            return []
        connections = sorted({entry.connection for entry in incomplete})
        known = self.store.decisions.known_to([entry.customer for entry in lowering], connections)
        waiting = [entry for entry in lowering if entry.customer in known]
        since = self.store.decisions.waiting_since(programme.name, [entry.customer for entry in waiting])
        answers = self.store.questions.answered("held", "")
        return [
            entry
            for entry in waiting
            if not self._released(programme, entry, since.get(entry.customer, self.as_of), answers)
        ]

    def _released(
        self, programme: Programme, entry: Decided, since: int, answers: Mapping[tuple[str, str], str]
    ) -> bool:
        """A hold older than `hold_days` is a question; a person's yes lets the decision through."""
        if self.as_of - since < self.hold_days:
            return False
        subject = f"{entry.customer}:{entry.value}"
        if answers.get((programme.name, subject)) == "yes":
            return True
        self.store.questions.ask("held", subject, field=programme.name)
        return False


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
