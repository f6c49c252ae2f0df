"""What a system holds after our own write: read back, heard as an echo, and landed as no evidence of anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Rows
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hub.connector import Connector, Row
from hub.errors import HubError, Rejected, Transient
from hub.forms import LOOSER
from hub.store import Store
from hub.store.drifts import Drift
from hub.store.plans import PlanRow
from hub.store.receipts import Receipt
from hub.store.records import SHADOW, Incoming
from sync import mapping
from sync.destination import Destination, key_of
from sync.normalise import Normaliser


@dataclass(frozen=True)
class Shore:
    """One destination as apply and settle see it: how to read it back and how to land what was read."""

    store: Store
    run: int
    destination: Destination
    connector: Connector[Any]
    normalise: Normaliser

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.destination.name

    @property
    def calls(self) -> int:
        """How many requests have left for the system; 0 for one that is not spoken to over HTTP."""
        http = self.connector.tools.http
        return http.counts.calls if http is not None else 0

    @property
    def _stream(self) -> str:
        return self.destination.stream.name

    def _now(self) -> int:
        return int(self.store.clock.now().timestamp())

    def fetch(self, ids: Sequence[str]) -> dict[str, Incoming]:
        """The rows as they are now, normalised."""
        return self.normalised(self.raw(ids))

    def raw(self, ids: Sequence[str]) -> dict[str, Row]:
        """The rows as they are now."""
        with own_faults(self.name):
            return self.connector.fetch(ids) if ids else {}

    def normalised(self, rows: Rows[str, Row]) -> dict[str, Incoming]:
        """Rows as records; those that cannot be are left out, as absent ones are."""
        found = {}
        for ext, row in rows.items():
            try:
                found[ext] = self.normalise(row)
            except Rejected:
                continue
        return found

    def read_back(self, ids: Sequence[str]) -> dict[str, Row]:
        """As `raw`, but a failure leaves the write's own answer standing."""
        try:
            return self.raw(ids)
        except HubError as fault:
            self.store.runs.note(self.run, self.name, self._stream, "read_back_failed", code=fault.code)
            return {}

    def acknowledged(self, row: PlanRow, ext: str, seen: Incoming | None, *, edited: bool | None = None) -> bool:
        """Store what both sides now agree on, then land the record; inside the caller's transaction.

        `edited`: whether somebody wrote to the record between our write and this look at it; None where nobody can
        tell. Returns whether such an edit crossed our write, so that something else stands there now.
        """
        shadow = self.store.records.shadows(self.name, [ext]).get(ext, {})
        parts = {part: dict(shadow.get(part, {})) for part in SHADOW}
        incoming = seen or self._assumed(row, ext)
        crossed = False
        for field, side in row.fields.items():
            wanted, got = side["wanted"], incoming.values.get(field)
            if edited and got != wanted and not echo_form(wanted, got):
                crossed = True
                self._crossed(parts, field, wanted, got, ext)
                continue
            self._agree(parts, field, wanted, got)
            self._tell(row, field, got, ext, learn=not edited)
        for field in mapping.touched(self.destination.stream.mapping, row.fields) - row.fields.keys():
            parts["written"].pop(field, None)
            parts["made"][field] = incoming.values.get(field)
        self.store.records.save_shadows(self.name, {ext: parts})
        self._land(incoming, row)
        if crossed:  # what stands there now may be what stood there before: no change, and yet to be planned
            self.store.people.make_due([row.customer])
        return crossed

    def land(self, found: Sequence[Incoming], *, made_by_us: bool = False) -> list[tuple[Incoming, int]]:
        """Take records in as they were read; inside the caller's transaction. Gives what changed, with internal ids."""
        records = self.store.records
        return records.land(self.name, self._stream, "customers", found, self._now(), made_by_us=made_by_us)[1]

    def _land(self, incoming: Incoming, row: PlanRow) -> None:
        made = row.action == "create"
        fresh = self.land([incoming], made_by_us=made)
        if made:
            self._adopt(row, fresh[0][1])

    def _crossed(self, parts: dict[str, dict[str, Any]], field: str, wanted: Any, got: Any, ext: str) -> None:
        """Our value was there and somebody replaced it since: their word is evidence, the field's owner decides."""
        parts["base"][field] = parts["written"][field] = wanted
        parts["unkept"].pop(field, None)
        self.crossed(ext, field, wanted, got, wanted)

    def crossed(self, ext: str, field: str, ours: Any, theirs: Any, wanted: Any) -> None:
        """Take up an edit that came in the moments of a push of ours; the next plan says what follows from it."""
        whose = next((mapping.owner(entry) for entry in self.destination.fields() if entry.ours == field), "theirs")
        found = Drift(self.name, self._stream, ext, field, whose, ours, theirs, wanted, self._now(), crossed=True)
        self.store.drifts.save([found])

    def crossings(self, row: PlanRow, seen: Incoming | None) -> None:
        """Take up what somebody made of a row's fields while we were about to write them."""
        for field, side in row.fields.items() if seen else ():
            if seen and (got := seen.values.get(field)) not in (side["theirs"], side["wanted"]):
                self.crossed(row.ext, field, side["base"], got, side["wanted"])

    def overwrote(self, row: PlanRow, ext: str) -> None:
        """Note an edit that our write has overwritten before anybody could see it: what it said is lost."""
        fields, now = ", ".join(sorted(row.fields)), self._now()
        lost = Drift(self.name, self._stream, ext, "", "hub", ours=fields, theirs=None, wanted=None, seen=now)
        self.store.drifts.save([replace(lost, state="closed", why="overwritten", crossed=True, closed=now)])

    @staticmethod
    def _agree(parts: dict[str, dict[str, Any]], field: str, wanted: Any, got: Any) -> None:
        parts["base"][field] = got
        for part in ("declined", "unkept"):
            parts[part].pop(field, None)
        parts["written"][field] = got  # whatever a system makes of our words is no evidence
        parts["made"].pop(field, None)
        if got != wanted:
            parts["unkept"][field] = wanted  # never written again by itself: it would be rewritten for ever

    def _tell(self, row: PlanRow, field: str, got: Any, ext: str, *, learn: bool) -> None:
        """Close what our write has settled, and ask where something else stands there than we wrote."""
        questions, wanted = self.store.questions, row.fields[field]["wanted"]
        form = "" if got == wanted else echo_form(wanted, got)
        for kind in ("conflict", "not_kept", "echo"):
            questions.drop(kind, ext, self.name, field, answered=True)
        anew = questions.drop("drift", ext, self.name, field, answered=True)
        why = "written back" if got == wanted or form else "not kept"
        self.store.drifts.written(self.name, self._stream, ext, field, why, anew=anew)
        if got == wanted:
            return
        if not (form and self._heard(field, form, ext, row.customer, learn=learn)):
            kind = "echo" if form else "not_kept"
            questions.ask(kind, ext, connection=self.name, field=field, samples=[wanted, got])

    def _heard(self, field: str, form: str, ext: str, customer: str, *, learn: bool) -> bool:
        """Whether this form is an echo of the system by now: then what was asked while it was not is answered."""
        receipts = self.store.receipts
        if form in receipts.echoes(self.name).get(field, ()):
            return True
        if learn:
            receipts.show_echo(self.name, field, form, ext, customer)
        if form not in receipts.echoes(self.name).get(field, ()):
            return False
        for shown in receipts.showed(self.name, field, form):
            self.store.questions.drop("echo", shown, self.name, field, answered=True)
        return True

    def _assumed(self, row: PlanRow, ext: str) -> Incoming:
        """Without a read-back: the record as we knew it, with our values in it."""
        known = self.store.records.by_exts(self.name, self._stream, [ext]).get(ext)
        values = dict(known.body.values) if known else {}
        for field, side in row.fields.items():
            values.pop(field, None)
            if side["wanted"] is not None:
                values[field] = side["wanted"]
        print_ = self.store.vault.fingerprint([self.normalise.digest, values])
        return Incoming(ext, values, self._now(), print_)

    def _adopt(self, row: PlanRow, rid: int) -> None:
        """The record belongs to whom the record it was made from belongs to by now."""
        key = row.key.removeprefix("new:")
        home = self.store.identities.tied(key) or self.store.people.current(row.customer) or row.customer
        self.store.identities.tie(key, [rid])
        self.store.people.adopt(self.run, rid, home)


@contextmanager
def own_faults(name: str, *, unclear: bool = False) -> Iterator[None]:
    """A mistake of the connector itself is an error of its system and stops no other."""
    try:
        yield
    except HubError:
        raise
    except Exception as fault:
        what = f"the connector failed with {type(fault).__name__}"
        raise Transient(what, unclear=unclear, where=name, remedy="see `kehub doctor`") from fault


def create_key_of(receipt: Receipt) -> str:
    """The key under which a create can be looked up."""
    return str(receipt.fields["_key"]["wanted"]) if "_key" in receipt.fields else ""


def as_row(receipt: Receipt) -> PlanRow:
    """The plan row that a receipt was written for."""
    fields = {name: side for name, side in receipt.fields.items() if name != "_key"}
    new = receipt.action == "create"
    key = f"new:{create_key_of(receipt)}" if new else key_of(receipt.action, receipt.ext)
    return PlanRow(receipt.connection, key, receipt.customer, receipt.action, receipt.ext, fields, "")


def echo_form(wanted: Any, got: Any) -> str:
    """The strictest looser form in which what came back equals what was sent; "" when none does."""
    if not (isinstance(wanted, str) and isinstance(got, str)):
        return ""
    return next((name for name, spell in LOOSER.items() if spell(wanted) == spell(got)), "")


def holds(seen: Rows[str, Any], row: PlanRow, side: str) -> bool:
    """Whether a record shows this side (`wanted` or `theirs`) of every field of a row."""
    return all(seen.get(field) == sides[side] for field, sides in row.fields.items())


def shows_wanted(seen: Rows[str, Any], row: PlanRow) -> bool:
    """Whether our write is there, be it as an echo."""
    return all(
        seen.get(field) == sides["wanted"] or echo_form(sides["wanted"], seen.get(field))
        for field, sides in row.fields.items()
    )
