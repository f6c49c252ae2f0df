"""What planning a batch of customers wants to store, and the comparison of one record with what is wanted there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from typing import Any

from hub.connector import Field
from hub.store import Store
from hub.store.plans import PlanRow
from hub.store.records import Stored
from hub.tags import TAGS
from sync import tags
from sync.compare import Sides, Verdict, compare, first_look, same
from sync.destination import Destination
from sync.drift import Inbox, Place
from sync.mapping import fits

OF_A_RECORD = ("conflict", "drift", "not_kept", "echo")
"""Questions about one field of one record: their subject is its external id."""

OF_A_FIELD = ("first", "too_long")
"""Questions about a field of many records: one for all."""


@dataclass(frozen=True)
class Ground:
    """What is known of a destination before anything is planned: what no batch can change for another one.

    Most tables hold nothing of most destinations, and are then not asked: `shadows`, `drifts`, `parts` (records behind a
    question about a field). `subjects`: what questions about one field of a record are about.
    """

    destination: Destination
    required: set[str]
    echoes: Rows[str, set[str]]
    answers: Rows[Place, str]
    drift_answers: Rows[Place, str]
    unclear: Rows[str, str]
    subjects: Rows[str, set[str]]
    parts: Collection[str]
    shadows: bool
    drifts: bool

    @classmethod
    def of(cls, store: Store, destination: Destination) -> Ground:
        """Read it."""
        name, questions = destination.name, store.questions
        drifted = {(ext, ours): said for (ours, ext), said in questions.answered("drift", name).items()}
        return cls(
            destination, destination.required(), store.receipts.echoes(name),
            {**questions.answered("first", name), **questions.answered("conflict", name)}, drifted,
            _unclear_creates(store, name), {kind: questions.subjects(kind, name) for kind in OF_A_RECORD},
            [kind for kind in OF_A_FIELD if questions.parts(kind, name)],
            store.records.shadowed(name), store.drifts.some(name),
        )  # fmt: skip

    def inbox(self, store: Store, exts: Sequence[str], rounds: int) -> Inbox:
        """The drift inbox of these records."""
        name = self.destination.name
        known = store.drifts.of_records(name, exts) if self.drifts else {}
        return Inbox(name, self.destination.stream.name, known, self.drift_answers, rounds, store.drifts.now())


def _unclear_creates(store: Store, connection: str) -> dict[str, str]:
    """customer -> the row key of a create that may have happened: no other may be sent for this customer."""
    found = {}
    for receipt in store.receipts.unsettled(connection):
        if receipt.action == "create":
            customer = store.people.current(receipt.customer) or receipt.customer
            found[customer] = f"new:{receipt.fields['_key']['wanted']}"
    return found


@dataclass
class Draft:
    """What planning one batch of customers wants to store."""

    rows: list[PlanRow] = field(default_factory=list)
    exts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    shadows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    asked: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    standing: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    inboxes: list[Inbox] = field(default_factory=list)
    ties: list[tuple[str, int]] = field(default_factory=list)


def said(entry: Field, wanted: Rows[str, Any]) -> Any:
    """What the hub holds to be true, as one entry of a mapping asks for it."""
    return tags.wanted(entry, wanted) if tags.is_tags(entry) else wanted.get(entry.ours)


@dataclass
class RecordDraft:
    """The comparison of one record with what is wanted for its customer."""

    ground: Ground
    customer: str
    record: Stored
    wanted: Rows[str, Any]
    kept: Collection[str]
    shadow: dict[str, Any]
    inbox: Inbox

    @property
    def destination(self) -> Destination:
        """Where the record is."""
        return self.ground.destination

    def compare(self, draft: Draft) -> None:
        """Compare field by field, and note what follows."""
        sides: dict[str, dict[str, Any]] = {}
        shadow: dict[str, dict[str, Any]] = defaultdict(dict)
        shadow.update((part, dict(values)) for part, values in self.shadow.items())
        calm = not (shadow["lost"] or self.inbox.knows(self.record.ext))
        chosen = self.destination.chosen(self.wanted)
        if self.shadow:
            self._forget_rivals(chosen, shadow)
        for entry in chosen:
            if not (calm and self._plain(entry, shadow, sides)):
                self._field(entry, self.ground.echoes.get(entry.ours, ()), shadow, sides, draft)
        shadow["lost"].clear()  # the inbox has taken it up
        known = {part: values for part, values in shadow.items() if values}
        if known != {part: values for part, values in self.shadow.items() if values}:
            draft.shadows[self.destination.name][self.record.ext] = known
        if sides:
            draft.rows += self.destination.rows(self.record.ext, self.customer, sides)

    def _forget_rivals(self, chosen: Sequence[Field], shadow: dict[str, dict[str, Any]]) -> None:
        """What was agreed on another field that goes to the same place would only grow old, unless it is our word. What
        we left standing there we leave when that field goes again.
        """
        for entry in chosen:
            for rival in self.destination.rivals.get(entry.ours, ()):
                if not self._is_ours(rival, shadow):
                    _forget(shadow, rival, ("base", "unkept"))

    def _plain(self, entry: Field, shadow: dict[str, dict[str, Any]], sides: dict[str, dict[str, Any]]) -> bool:
        """The everyday cases, where neither drift nor echo nor question has a say: both say the same, or it is the first
        look at the record. False: it is none of them.
        """
        name, body = entry.ours, self.record.body
        theirs, wanted = body.values.get(name), self.wanted.get(name)
        if name in body.ours or name == TAGS or not (wanted is None or fits(entry, wanted)):
            return False
        if theirs == wanted:
            if not self.shadow:
                shadow["base"][name] = theirs
            elif name not in shadow["base"] or shadow["base"][name] != theirs:
                _agree(shadow, name, theirs)
            return True
        if self.shadow or name in self.ground.echoes:
            return False
        known = wanted is not None and not (entry.fill_empty and theirs is not None)
        verdict, why = first_look(entry, theirs) if known else ("take", "")
        if verdict == "write":
            sides[name] = {"base": None, "theirs": theirs, "wanted": wanted, "why": why}
        elif verdict == "take":
            _take(shadow, name, theirs, wanted)
        return verdict != "ask"

    def _field(
        self, entry: Field, forms: Any, shadow: dict[str, Any], sides: dict[str, dict[str, Any]], draft: Draft
    ) -> None:
        found = self._sides(entry, shadow)
        if tags.is_tags(entry):
            if found.theirs is None or (found.wanted is None and not found.theirs_is_ours):
                return  # not read yet since tags are mapped; or nothing is decided, and nothing there is of our making
            found = found._replace(wanted=found.wanted or [])
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
        elif verdict == "agree":
            _agree(shadow, entry.ours, found.theirs)
        elif verdict == "take":
            _take(shadow, entry.ours, found.theirs, found.wanted)

    def _sides(self, entry: Field, shadow: Rows[str, Any]) -> Sides:
        name = entry.ours
        return Sides(
            has_base=name in shadow["base"],
            base=shadow["base"].get(name),
            theirs=self.record.body.values.get(name),
            wanted=self._wanted(entry, shadow),
            declined=shadow["declined"].get(name),
            has_declined=name in shadow["declined"],
            theirs_is_ours=self._is_ours(name, shadow),
            keep=name in self.kept,
            unkept=shadow["unkept"].get(name),
            has_unkept=name in shadow["unkept"],
        )

    def _is_ours(self, name: str, shadow: Rows[str, Any]) -> bool:
        """Whether what is there is what we wrote, and not only made of it."""
        return name in self.record.body.ours and name not in shadow["made"]

    def _wanted(self, entry: Field, shadow: Rows[str, Any]) -> Any:
        """What is wanted there; where we once left their word standing and want the same again, that word."""
        name, wanted, ours = entry.ours, said(entry, self.wanted), self.record.body.ours
        again = name in ours and name in shadow["written"] and shadow["left"].get(name) == wanted is not None
        return ours[name][0] if again else wanted

    def _answered(self, entry: Field, found: Sides, verdict: Verdict, why: str, draft: Draft) -> tuple[Verdict, str]:
        """A shared field's question: one for all at first load, one a record later; an answer decides."""
        if verdict != "ask":
            return verdict, why
        kind = "conflict" if found.has_base else "first"
        answer = self.ground.answers.get((entry.ours, "all" if kind == "first" else self.record.ext))
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


def _agree(shadow: dict[str, dict[str, Any]], name: str, theirs: Any) -> None:
    """Both sides agree on theirs from now on."""
    if name in shadow["base"]:
        _forget(shadow, name, ("declined", "left", "unkept"))
    shadow["base"][name] = theirs


def _forget(shadow: dict[str, dict[str, Any]], name: str, parts: Sequence[str]) -> None:
    for part in parts:
        shadow[part].pop(name, None)


def _take(shadow: dict[str, dict[str, Any]], name: str, theirs: Any, wanted: Any) -> None:
    """Theirs stands, and what was wanted instead is remembered."""
    _agree(shadow, name, theirs)
    shadow["declined"][name] = shadow["left"][name] = wanted
