"""plan: the exact changes, per customer and per system, with reasons, brakes and a digest one approves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Rows
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hub.settings.shape import BUILT_IN
from hub.store import Store
from hub.store.plans import Plan, PlanRow
from hub.store.records import Stored
from rules.ruleset import STAGE
from sync.destination import Destination
from sync.draft import OF_A_FIELD, OF_A_RECORD, Draft, Ground, RecordDraft, said
from sync.golden import Survivorship
from sync.mapping import fits

SHOWN = 5
"""Records that a question about a whole field shows."""


@dataclass(frozen=True)
class Planner:
    """Plans the changes of due customers for all destinations."""

    store: Store
    run: int
    destinations: Sequence[Destination]
    survivorship: Survivorship
    main_tier: str
    share: float
    from_rows: int
    rounds: int

    def plan(self) -> dict[str, Plan]:
        """Bring standing rows up to date and publish each connection's plan."""
        grounds = [Ground.of(self.store, destination) for destination in self.destinations]
        asked: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        done: list[str] = []  # a batch's ids in one text: a million separate ones would not stay small
        first = not self.store.plans.some()
        for part in self.store.people.due():
            with self.store.db.writing("plan_rows"):
                self.store.leases.check("decide")
                draft = self._draft(part, grounds)
                self.store.plans.replace(part, draft.exts, draft.rows, first=first)
                self._save(draft, grounds)
            for subject, samples in draft.asked.items():
                shown = samples if subject[1] in OF_A_RECORD else samples[: SHOWN - len(asked[subject])]
                asked[subject] += shown
            done.append(" ".join(part))
        return self._publish(done, asked)

    # -- one batch of customers

    def _draft(self, customers: Sequence[str], grounds: Sequence[Ground]) -> Draft:
        records = self.store.records.of_customers(customers)
        standing = self.store.decisions.standing(customers)
        draft = Draft()
        wanted: dict[str, dict[str, Any]] = {}
        left = {customer: said_before(found) for customer, found in records.items()}
        for ground in grounds:
            destination = ground.destination
            place = (destination.name, destination.stream.name)
            here = {
                customer: [record for record in found if (record.connection, record.stream) == place]
                for customer, found in records.items()
            }
            exts = draft.exts[destination.name] = [record.ext for found in here.values() for record in found]
            shadows = self.store.records.shadows(destination.name, exts) if ground.shadows else {}
            inbox = ground.inbox(self.store, exts, self.rounds)
            draft.inboxes.append(inbox)
            creates = destination.create and destination.target.creates
            for customer, found in here.items():
                if (found or creates) and customer not in wanted:
                    wanted[customer] = self.wanted(customer, records[customer], standing[customer])
                for record in found:
                    if not (record.gone or record.placeholder):
                        kept = left[customer] | ground.required if left[customer] else ground.required
                        shadow = shadows.get(record.ext, {})
                        RecordDraft(ground, customer, record, wanted[customer], kept, shadow, inbox).compare(draft)
                    inbox.leave(record)
                if creates and not found:
                    unclear = ground.unclear.get(customer)
                    self._create(destination, customer, records[customer], wanted[customer], unclear, draft)
        return draft

    def wanted(self, customer: str, records: Sequence[Stored], decided: Rows[str, str]) -> dict[str, Any]:
        """What the hub holds to be true of a customer: the golden record and what was decided."""
        golden = self.survivorship.golden(records, self._believed)
        return golden | {"id": customer} | decided_fields(decided, self.main_tier)

    @cached_property
    def _believed(self) -> frozenset[str]:
        """The fields of a golden record that any destination asks for."""
        return frozenset().union(*(destination.believed for destination in self.destinations))

    def _create(
        self, destination: Destination, customer: str, records: Sequence[Stored], wanted: dict[str, Any],
        unclear: str | None, draft: Draft,
    ) -> None:  # fmt: skip
        first = first_record(records)
        if first is None:
            return
        key = create_key(self.store, destination.name, first)
        if unclear not in (None, f"new:{key}"):
            return
        sides = {
            entry.ours: {"base": None, "theirs": None, "wanted": value, "why": "new there"}
            for entry in destination.chosen(wanted)
            if (value := said(entry, wanted)) not in (None, []) and fits(entry, value)
        }
        sent = {entry.theirs for entry in destination.fields() if entry.ours in sides}
        if all(entry.theirs in sent for entry in destination.stream.mapping.fields if entry.required):
            draft.rows.append(PlanRow(destination.name, f"new:{key}", customer, "create", "", sides, "new there"))
            draft.ties.append((key, first.rid))

    def _save(self, draft: Draft, grounds: Sequence[Ground]) -> None:
        for key, rid in draft.ties:
            self.store.identities.tie(key, [rid])  # what will be made under this key belongs to this record
        for inbox in draft.inboxes:
            self.store.drifts.save(inbox.changed())
        for ground in grounds:
            name = ground.destination.name
            exts = draft.exts[name]
            if shadows := draft.shadows.get(name):
                self.store.records.save_shadows(name, shadows, first=not ground.shadows)
            for kind in OF_A_RECORD:
                if not ground.subjects[kind].isdisjoint(exts):
                    self.store.questions.end(kind, name, set(exts), draft.standing[name, kind])
            for kind in OF_A_FIELD:
                former = exts if kind in ground.parts else ()
                self.store.questions.stand(kind, name, former, draft.standing[name, kind])

    # -- the plan as a whole

    def _publish(self, done: Sequence[str], asked: Rows[tuple[str, str, str], list[dict[str, Any]]]) -> dict[str, Plan]:
        """Ask, brake, publish; only now are the customers no longer due, so that a run cut short plans them again."""
        found = {}
        plans, limits = self.store.plans, f"{self.share} {self.from_rows}"
        with self.store.db.writing("publish"):
            self.store.leases.check("decide")
            if done:
                self._ask(asked)
            for destination in self.destinations:
                name = destination.name
                if done or plans.braked(name) != limits:
                    look = plans.look(name)
                    plans.brake(self.run, name, self._brakes(destination, look.rows), ("share",))
                    plan = plans.publish(self.run, name, look)
                    plans.settled(name, limits)
                else:
                    plan = plans.open(name)
                if plan is not None:
                    found[name] = plan
            for part in done:
                self.store.decisions.decided(part.split(" "))
        return found

    def _ask(self, asked: Rows[tuple[str, str, str], list[dict[str, Any]]]) -> None:
        """A conflict is a question a record; what concerns a whole field is one question for all."""
        questions = self.store.questions
        for (connection, kind, name), samples in sorted(asked.items()):
            for sample in samples if kind in OF_A_RECORD else ():
                questions.ask(
                    kind, sample["ext"], connection=connection, field=name, count=sample.get("rounds", 1),
                    samples=[sample], exact=True,
                )  # fmt: skip
        for destination in self.destinations:
            for kind in OF_A_FIELD:
                samples_by = {n: found for (c, k, n), found in asked.items() if (c, k) == (destination.name, kind)}
                questions.ask_for_all(kind, destination.name, samples_by)

    def _brakes(self, destination: Destination, tally: Rows[str, int]) -> list[tuple[str, str, str]]:
        """More than the allowed share of a connection's customers changed in one way waits for a person.

        As many records as make the share small enough are counted, and no more.
        """
        found = []
        for action, count in tally.items():
            if count >= self.from_rows:
                enough = None if self.share <= 0 else int(count / self.share) + 1
                base = self.store.people.living(destination.name, destination.stream.name, enough)
                if count > self.share * base:
                    found.append(("share", action, f"{count} of {base} customers, more than {self.share:.0%}"))
        return found


def decided_fields(decided: Rows[str, str], main_tier: str) -> dict[str, str | None]:
    """Standing decisions, by programme, as the fields that a mapping names."""
    tiers = {f"tier.{programme}": value for programme, value in decided.items() if programme != STAGE}
    return {"stage": decided.get(STAGE), "tier": decided.get(main_tier), **tiers}


def first_record(records: Sequence[Stored]) -> Stored | None:
    """The first living record of a customer; a correction is no record of its own."""
    living = [r for r in records if not (r.gone or r.placeholder or r.connection == BUILT_IN)]
    return min(living, key=lambda record: (record.connection, record.stream, record.ext), default=None)


def said_before(records: Sequence[Stored]) -> set[str]:
    """The fields that records which are gone had something to say of: their going empties nothing elsewhere."""
    return {name for record in records if record.gone for name, _, _ in record.body.evidence()}


def create_key(store: Store, connection: str, first: Stored) -> str:
    """The intent key of a create: a hash of the customer's first record, never the customer's id."""
    return store.vault.name("create", connection, first.connection, first.stream, first.ext, length=16).lower()
