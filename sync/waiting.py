"""Lowering decisions wait while a stream that they read is incomplete; a long wait becomes a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.store import Store
from hub.store.decisions import Decided
from rules.ruleset import Programme


@dataclass(frozen=True)
class Incomplete:
    """An order stream that has not been read completely for the as-of day."""

    connection: str
    stream: str
    since: str


@dataclass(frozen=True)
class Waits:
    """What waits on a day because of incomplete streams."""

    store: Store
    as_of: int
    hold_days: int
    incomplete: Sequence[Incomplete]

    @property
    def reason(self) -> str:
        """Why a decision waits."""
        return "; ".join(f"stream {i.connection}.{i.stream} incomplete since {i.since}" for i in self.incomplete)

    def waiting(self, programme: Programme, differing: Sequence[Decided]) -> list[Decided]:
        """Of these decisions those that wait; a hold older than `hold_days` is asked about."""
        lowering = [entry for entry in differing if programme.lowers(entry.standing or None, entry.value)]
        if not lowering or not self.incomplete:
            return []
        connections = sorted({entry.connection for entry in self.incomplete})
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

    def over(self) -> None:
        """End the questions about decisions that wait no longer."""
        if self.store.questions.subjects("held", ""):
            held = {(row["programme"], f"{row['customer']}:{row['value']}") for row in self.store.decisions.held()}
            self.store.questions.end("held", "", None, held)
