"""decide: facts, tiers, stages and segments for the customers that a change or the calendar touches, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from hub.errors import SettingsError
from hub.forms import Place
from hub.store import Store
from hub.store.decisions import Decided
from hub.store.facts import Bought, Wanted
from rules.ruleset import RFM, Programme, RuleSet
from rules.sql import Sql
from sync import facts, reads
from sync.golden import Survivorship
from sync.holding import Holder
from sync.segments import Segmenter


@dataclass(frozen=True)
class Incomplete:
    """An order stream that has not been read completely for the as-of day."""

    connection: str
    stream: str
    since: str


@dataclass(frozen=True)
class DecideResult:
    """What one decide step did; `other_currency` orders of the customers decided have no rate and are left out of their
    facts; `segments`: how many entered or left each."""

    due: int
    calendar: int
    changed: dict[str, int]
    held: dict[str, int]
    other_currency: int = 0
    segments: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Decider:
    """Decides for one day with one rule set."""

    store: Store
    rules: RuleSet
    survivorship: Survivorship
    place: Place
    bought: Bought
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
                self._profile(part)
        with self.store.db.writing("decide_facts"):
            self.store.leases.check("decide")
            count, other = self.store.facts.fill_due(self.as_of, self.wanted, self.bought)
        changed, held = {}, {}
        with self.store.db.writing("decide"):
            self.store.leases.check("decide")
            for programme in self.rules.programmes:
                done = self._programme(programme, incomplete) if count else (0, 0)
                changed[programme.name], held[programme.name] = done
            segments = self._segments() if count else {}
            if self.store.questions.subjects("held", ""):
                self.store.questions.end("held", "", None, self._held_subjects())
        return DecideResult(count, calendar, changed, held, other, segments)
