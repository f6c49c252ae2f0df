"""plan: the exact changes, per customer and per system, with reasons, brakes and a digest one approves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field, replace
from typing import Any

from hub.connector import Field, Stream, Tagging, Target
from hub.settings.shape import BUILT_IN
from hub.store import Store
from hub.store.database import chunks
from hub.store.plans import Plan, PlanRow
from hub.store.records import SHADOW, Stored
from hub.tags import TAGS
from rules.ruleset import STAGE
from sync import tags
from sync.compare import Sides, Verdict, compare, same
from sync.drift import Inbox
from sync.golden import Survivorship
from sync.mapping import LISTS, fits

BATCH = 500
TAG = "tag"
"""The kind of change that adds and removes tags by calls of their own."""

OF_A_RECORD = ("conflict", "drift", "not_kept", "echo")
"""Questions about one field of one record: their subject is its external id."""

OF_A_FIELD = ("first", "too_long")
"""Questions about a field of many records: one for all."""


def key_of(action: str, ext: str) -> str:
    """The place in its plan of a change to a record that is there."""
    return f"{TAG}:{ext}" if action == TAG else ext


@dataclass(frozen=True)
class Destination:
    """A connection that can be written to: its stream with the mapping, what it can do, and what is switched on."""

    name: str
    stream: Stream
    target: Target
    create: bool = False
    tagging: Tagging | None = None

    def fields(self) -> tuple[Field, ...]:
        """The mapped fields that take part in plans; fields of several values have no three ways and are only read."""
        return tuple(entry for entry in self.stream.mapping.writable() if entry.ours not in LISTS)

    def chosen(self, wanted: Rows[str, Any]) -> list[Field]:
        """The fields to compare: of several that go to one place the last one of which something is known."""
        places: dict[str, Field] = {}
        for entry in self.fields():
            if entry.theirs not in places or wanted.get(entry.ours) is not None:
                places[entry.theirs] = entry
        return list(places.values())

    def required(self) -> set[str]:
        """The fields that are written where the system wants a value."""
        places = {entry.theirs for entry in self.stream.mapping.fields if entry.required}
        return {entry.ours for entry in self.fields() if entry.theirs in places}

    @property
    def tags_apart(self) -> bool:
        """Whether tags have calls of their own, and with them rows of their own in a plan."""
        return self.tagging is not None and self.tagging.batch > 0

    def batch(self, action: str) -> int:
        """The most rows of a kind that go together."""
        return self.tagging.batch if self.tagging and action == TAG else self.target.batch

    def rows(self, ext: str, customer: str, sides: dict[str, dict[str, Any]]) -> list[PlanRow]:
        """The rows that change a record so."""
        parts = {"update": dict(sides), TAG: {}}
        if self.tags_apart and TAGS in sides:
            parts[TAG][TAGS] = parts["update"].pop(TAGS)
        return [
            PlanRow(self.name, key_of(action, ext), customer, action, ext, part, _reason(part))
            for action, part in parts.items()
            if part
        ]


@dataclass
class Draft:
    """What planning one batch of customers wants to store."""

    rows: list[PlanRow] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    shadows: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    asked: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    standing: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    inboxes: list[Inbox] = field(default_factory=list)
    ties: list[tuple[str, int]] = field(default_factory=list)


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
        echoes = {d.name: self.store.receipts.echoes(d.name) for d in self.destinations}
        asked: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        due = [c for part in self.store.people.due() for c in part]
        for part in chunks(due, BATCH):
            with self.store.db.writing("plan_rows"):
                self.store.leases.check("decide")
                draft = self._draft(part, echoes)
                self._save(part, draft)
            for subject, samples in draft.asked.items():
                asked[subject] += samples
        return self._publish(due, asked)

    # -- one batch of customers

    def _draft(self, customers: Sequence[str], echoes: Rows[str, Rows[str, set[str]]]) -> Draft:
        records = self.store.records.of_customers(customers)
        standing = self.store.decisions.standing(customers)
        wanted = {customer: self.wanted(customer, records[customer], standing[customer]) for customer in customers}
        gone = {customer: said_before(records[customer]) for customer in customers}
        draft = Draft()
        for destination in self.destinations:
            exts = [record.ext for customer in customers for record in records[customer] if _of(destination, record)]
            shadows = self.store.records.shadows(destination.name, exts)
            unclear, required = self._unclear_creates(destination), destination.required()
            inbox = Inbox.of(self.store, destination.name, destination.stream.name, exts, self.rounds)
            draft.inboxes.append(inbox)
            answers = {
                **self.store.questions.answered("first", destination.name),
                **self.store.questions.answered("conflict", destination.name),
            }
            for customer in customers:
                here = [record for record in records[customer] if _of(destination, record)]
                for record in here:
                    draft.keys += [(destination.name, key_of(action, record.ext)) for action in ("update", TAG)]
                    if not (record.gone or record.placeholder):
                        shadow, kept = shadows.get(record.ext, {}), gone[customer] | required
                        work = _Row(destination, customer, record, wanted[customer], kept, shadow, answers, inbox)
                        work.compare(echoes[destination.name], draft)
                    inbox.leave(record)
                if destination.create and destination.target.creates and not here:
                    self._create(
                        destination, customer, records[customer], wanted[customer], unclear.get(customer), draft
                    )
        return draft

    def _unclear_creates(self, destination: Destination) -> dict[str, str]:
        """customer -> the row key of a create that may have happened: no other may be sent for this customer."""
        found = {}
        for receipt in self.store.receipts.unsettled(destination.name):
            if receipt.action == "create":
                customer = self.store.people.current(receipt.customer) or receipt.customer
                found[customer] = f"new:{receipt.fields['_key']['wanted']}"
        return found

    def wanted(self, customer: str, records: Sequence[Stored], decided: Rows[str, str]) -> dict[str, Any]:
        """What the hub holds to be true of a customer: the golden record and what was decided."""
        return self.survivorship.golden(records) | {"id": customer} | decided_fields(decided, self.main_tier)

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
            if (value := _wanted(entry, wanted)) not in (None, []) and fits(entry, value)
        }
        sent = {entry.theirs for entry in destination.fields() if entry.ours in sides}
        if all(entry.theirs in sent for entry in destination.stream.mapping.fields if entry.required):
            draft.rows.append(PlanRow(destination.name, f"new:{key}", customer, "create", "", sides, "new there"))
            draft.ties.append((key, first.rid))

    def _save(self, customers: Sequence[str], draft: Draft) -> None:
        self.store.plans.replace(customers, draft.keys, draft.rows)
        for key, rid in draft.ties:
            self.store.records.tie(key, [rid])  # what will be made under this key belongs to this record
        for connection, ext, shadow in draft.shadows:
            self.store.records.save_shadow(connection, ext, shadow)
        for inbox in draft.inboxes:
            self.store.drifts.save(inbox.changed())
        for destination in self.destinations:
            exts = sorted({ext for connection, ext in draft.keys if connection == destination.name})
            for kind in OF_A_RECORD:
                self.store.questions.end(kind, destination.name, exts, draft.standing[destination.name, kind])
            for kind in OF_A_FIELD:
                self.store.questions.stand(kind, destination.name, exts, draft.standing[destination.name, kind])

    # -- the plan as a whole

    def _publish(self, due: Sequence[str], asked: Rows[tuple[str, str, str], list[dict[str, Any]]]) -> dict[str, Plan]:
        """Ask, brake, publish; only now are the customers no longer due, so that a run cut short plans them again."""
        found = {}
        counts = self.store.records.counts()
        with self.store.db.writing("publish"):
            self.store.leases.check("decide")
            self._ask(asked)
            for destination in self.destinations:
                base = counts.get((destination.name, destination.stream.name), 0)
                self.store.plans.brake(self.run, destination.name, self._brakes(destination, base), ("share",))
                plan = self.store.plans.publish(self.run, destination.name)
                if plan is not None:
                    found[destination.name] = plan
            self.store.decisions.decided(due)
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

    def _brakes(self, destination: Destination, base: int) -> list[tuple[str, str, str]]:
        """More than the allowed share of a connection's customers changed in one way waits for a person."""
        return [
            ("share", action, f"{count} of {base} customers, more than {self.share:.0%}")
            for action, count in self.store.plans.tally(destination.name).items()
            if count >= self.from_rows and count > self.share * base
        ]


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


def _of(destination: Destination, record: Stored) -> bool:
    return record.connection == destination.name and record.stream == destination.stream.name


def _wanted(entry: Field, wanted: Rows[str, Any]) -> Any:
    """What the hub holds to be true, as one entry of a mapping asks for it."""
    return tags.wanted(entry, wanted) if tags.is_tags(entry) else wanted.get(entry.ours)


def _reason(sides: Rows[str, dict[str, Any]]) -> str:
    return "; ".join(f"{name}: {side['why']}" for name, side in sorted(sides.items()))


@dataclass
class _Row:
    """The comparison of one record with what is wanted for its customer."""

    destination: Destination
    customer: str
    record: Stored
    wanted: Rows[str, Any]
    kept: Collection[str]
    shadow: dict[str, Any]
    answers: Rows[tuple[str, str], str]
    inbox: Inbox

    def compare(self, echoes: Rows[str, set[str]], draft: Draft) -> None:
        sides: dict[str, dict[str, Any]] = {}
        shadow = {part: dict(self.shadow.get(part, {})) for part in SHADOW}
        for entry in self.destination.chosen(self.wanted):
            self._field(entry, echoes.get(entry.ours, ()), shadow, sides, draft)
        shadow["lost"].clear()  # the inbox has taken it up
        if shadow != {part: self.shadow.get(part, {}) for part in shadow}:
            draft.shadows.append((self.destination.name, self.record.ext, shadow))
        draft.rows += self.destination.rows(self.record.ext, self.customer, sides)

    def _field(
        self, entry: Field, forms: Any, shadow: dict[str, Any], sides: dict[str, dict[str, Any]], draft: Draft
    ) -> None:
        found = self._sides(entry, shadow)
        if tags.is_tags(entry):
            if found.theirs is None or (found.wanted is None and not found.theirs_is_ours):
                return  # not read yet since tags are mapped; or nothing is decided, and nothing there is of our making
            found = replace(found, wanted=found.wanted or [])
        if found.wanted is not None and not fits(entry, found.wanted):
            self._ask("too_long", entry, {}, draft)
            return
        verdict, why = self._answered(entry, found, *compare(entry, found, forms), draft)
        verdict = self._weighed(entry, found, verdict, forms, shadow["lost"], draft)
        if found.has_unkept and verdict == "nothing" and not same(found.theirs, found.wanted, forms):
            for kind in ("not_kept", "echo"):
                draft.standing[self.destination.name, kind].add((entry.ours, self.record.ext))
        if verdict == "write":
            sides[entry.ours] = {"base": found.base, "theirs": found.theirs, "wanted": found.wanted, "why": why}
        elif verdict in ("agree", "take"):
            shadow["base"][entry.ours] = found.theirs
            for part in ("declined", "left", "unkept"):
                shadow[part].pop(entry.ours, None)
            if verdict == "take":
                shadow["declined"][entry.ours] = shadow["left"][entry.ours] = found.wanted

    def _sides(self, entry: Field, shadow: Rows[str, Any]) -> Sides:
        name = entry.ours
        return Sides(
            has_base=name in shadow["base"],
            base=shadow["base"].get(name),
            theirs=self.record.body.values.get(name),
            wanted=self._wanted(entry, shadow),
            declined=shadow["declined"].get(name),
            has_declined=name in shadow["declined"],
            theirs_is_ours=name in self.record.body.ours and name not in shadow["made"],
            keep=name in self.kept,
            unkept=shadow["unkept"].get(name),
            has_unkept=name in shadow["unkept"],
        )

    def _wanted(self, entry: Field, shadow: Rows[str, Any]) -> Any:
        """What is wanted there; where we once left their word standing and want the same again, that word."""
        name, wanted, ours = entry.ours, _wanted(entry, self.wanted), self.record.body.ours
        again = name in ours and name in shadow["written"] and shadow["left"].get(name) == wanted is not None
        return ours[name][0] if again else wanted

    def _answered(self, entry: Field, found: Sides, verdict: Verdict, why: str, draft: Draft) -> tuple[Verdict, str]:
        """A shared field's question: one for all at first load, one a record later; an answer decides."""
        if verdict != "ask":
            return verdict, why
        kind = "conflict" if found.has_base else "first"
        answer = self.answers.get((entry.ours, "all" if kind == "first" else self.record.ext))
        if answer == "theirs":
            return "take", ""
        if answer == "hub":
            if kind == "conflict":
                draft.standing[self.destination.name, kind].add((entry.ours, self.record.ext))
            return "write", "answered: the hub's"
        self._ask(kind, entry, {"theirs": found.theirs, "wanted": found.wanted}, draft)
        return "nothing", ""

    def _weighed(
        self, entry: Field, found: Sides, verdict: Verdict, forms: Any, lost: Rows[str, Any], draft: Draft
    ) -> Verdict:
        """What becomes of the verdict where somebody there changed what we wrote; see `sync/drift.py`."""
        weighed = self.inbox.weigh(entry, self.record.ext, found, verdict, forms, lost)
        if self.inbox.answered(entry, self.record.ext):
            draft.standing[self.destination.name, "drift"].add((entry.ours, self.record.ext))
        if weighed == "ask":
            rounds = self.inbox.rounds_of(entry, self.record.ext)
            self._ask("drift", entry, {"theirs": found.theirs, "wanted": found.wanted, "rounds": rounds}, draft)
            return "nothing"
        return weighed

    def _ask(self, kind: str, entry: Field, sample: dict[str, Any], draft: Draft) -> None:
        draft.asked[self.destination.name, kind, entry.ours].append({"ext": self.record.ext, **sample})
        draft.standing[self.destination.name, kind].add((entry.ours, self.record.ext))
