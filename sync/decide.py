"""decide: facts, tiers and stages for the customers that a change or the calendar touches, and for nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub.errors import SettingsError
from hub.forms import Place
from hub.model import local_day
from hub.store import Store
from hub.store.database import chunks
from hub.store.decisions import Decided
from hub.store.records import Stored
from rules.ruleset import Programme, RuleSet
from sync.golden import Survivorship

BATCH = 500


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
        due = self.store.people.due()
        for part in chunks(due, BATCH):
            with self.store.db.writing("decide_profile"):
                self.store.leases.check("decide")
                self._profile(part)
        changed, held = {}, {}
        with self.store.db.writing("decide"):
            self.store.leases.check("decide")
            self.store.decisions.refill(self.as_of, self.currency)
            for programme in self.rules.programmes:
                changed[programme.name], held[programme.name] = self._programme(programme, incomplete)
            self.store.questions.end("held", "", None, self._held_subjects())
            other = self.store.decisions.uncounted(self.currency)
        return DecideResult(len(due), calendar, changed, held, other)

    def _due(self) -> int:
        """Who the calendar or new rules make due since the last time; remembered in the same transaction."""
        decisions = self.store.decisions
        last = no_way_back(self.store, self.as_of)
        if decisions.meta("basis") != (self.basis or self.rules.digest):
            decisions.everybody_due()
        count = 0
        if last is not None and last < self.as_of:
            count = decisions.calendar_due(last, self.as_of, self.rules.day_thresholds())
        decisions.held_due()
        decisions.remember("decided_on", str(self.as_of))
        decisions.remember("basis", self.basis or self.rules.digest)
        return count

    def _profile(self, customers: Sequence[str]) -> None:
        records = self.store.records.of_customers(customers)
        self.store.decisions.profile(
            [{"customer": customer, **self.profile(records[customer])} for customer in customers], self.as_of
        )

    def profile(self, records: Sequence[Stored]) -> dict[str, Any]:
        """The plain facts of a golden record: nothing that identifies a person."""
        golden = self.survivorship.golden(records)
        year, month, day = _birth(golden.get("birthday"))
        return {
            "registered_on": self._day(golden.get("registered_at")), "gender": golden.get("gender"),
            "province": golden.get("province"), "city": golden.get("city"), "home_store": golden.get("home_store"),
            "birth_year": year, "birth_month": month, "birth_day": day, "has_phone": int("phone" in golden),
            "has_email": int("email" in golden), "records": sum(1 for record in records if not record.gone),
        }  # fmt: skip

    def _day(self, text: str | None) -> int | None:
        return None if not text else local_day(datetime.fromisoformat(text), self.place.zone)

    def _programme(self, programme: Programme, incomplete: Sequence[Incomplete]) -> tuple[int, int]:
        """Land what differs; lowering decisions wait while a stream they read is incomplete."""
        expression, params = programme.compile(self.as_of)
        differing = self.store.decisions.differing(programme.name, expression, params)
        waiting = self._waiting(programme, differing, incomplete)
        if waiting:
            reason = "; ".join(f"stream {i.connection}.{i.stream} incomplete since {i.since}" for i in incomplete)
            self.store.decisions.hold(programme.name, self.as_of, reason, waiting)
        held = {entry.customer for entry in waiting}
        self.store.decisions.unhold(programme.name, sorted(held))
        settled = [entry for entry in differing if entry.customer not in held]
        self.store.decisions.settle(programme.name, self.rules.digest, self.as_of, settled)
        return len(settled), len(held)

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
        return [entry for entry in waiting if not self._released(programme, entry)]

    def _released(self, programme: Programme, entry: Decided) -> bool:
        """A hold older than `hold_days` is a question; a person's yes lets the decision through."""
        held = {row["programme"]: row for row in self.store.decisions.held(entry.customer)}
        since = held.get(programme.name, {}).get("since_day", self.as_of)
        if self.as_of - since < self.hold_days:
            return False
        subject = f"{entry.customer}:{entry.value}"
        if self.store.questions.answered("held", "").get((programme.name, subject)) == "yes":
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


def _birth(text: str | None) -> tuple[int | None, int | None, int | None]:
    if not text:
        return None, None, None
    if text.startswith("--"):
        return None, int(text[2:4]), int(text[5:7])
    return int(text[:4]), int(text[5:7]), int(text[8:10])
