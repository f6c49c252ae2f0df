"""What a system holds after our own write: read back, heard as an echo, and landed as no evidence of anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Rows
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hub.connector import Connector
from hub.errors import HubError, Rejected, Transient
from hub.forms import LOOSER
from hub.store import Store
from hub.store.plans import PlanRow
from hub.store.receipts import Receipt
from hub.store.records import SHADOW, Incoming
from sync import mapping
from sync.normalise import Normaliser
from sync.plan import Destination


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

    def fetch(self, ids: Sequence[str]) -> dict[str, Incoming]:
        """The rows as they are now, normalised; rows that cannot be are left out, as absent ones are."""
        found = {}
        with own_faults(self.name):
            rows = self.connector.fetch(ids) if ids else {}
        for ext, row in rows.items():
            try:
                found[ext] = self.normalise(row)
            except Rejected:
                continue
        return found

    def read_back(self, ids: Sequence[str]) -> dict[str, Incoming]:
        """As `fetch`, but a failure leaves the write's own answer standing."""
        try:
            return self.fetch(ids)
        except HubError as fault:
            self.store.runs.note(self.run, self.name, self.destination.stream.name, "read_back_failed", code=fault.code)
            return {}

    def acknowledged(self, row: PlanRow, ext: str, seen: Incoming | None, *, late: bool = False) -> None:
        """Store what both sides now agree on, then land the record; inside the caller's transaction.

        `late`: it was not read back right after the write, so that what differs may be somebody's edit.
        """
        now = int(self.store.clock.now().timestamp())
        shadow = self.store.records.shadows(self.name, [ext]).get(ext, {})
        parts = {part: dict(shadow.get(part, {})) for part in SHADOW}
        incoming = seen or self._assumed(row, ext)
        self.store.questions.end("conflict", self.name, {ext}, ())
        for field, side in row.fields.items():
            wanted, got = side["wanted"], incoming.values.get(field)
            if late and got != wanted and not echo_form(wanted, got):
                parts["base"][field] = wanted  # it was agreed, and moved since: the field's owner decides
                continue
            if row.action == "create":
                parts["written"][field] = got  # nobody else has said anything there yet
            self._agree(parts, field, wanted, got, ext)
        for field in mapping.touched(self.destination.stream.mapping, row.fields) - row.fields.keys():
            parts["written"].pop(field, None)
            parts["made"][field] = incoming.values.get(field)
        self.store.records.save_shadow(self.name, ext, parts)
        made = row.action == "create"
        _, fresh = self.store.records.land(
            self.name, self.destination.stream.name, "customers", [incoming], now, made_by_us=made
        )
        if made:
            self._adopt(row, fresh[0][1])

    def _agree(self, parts: dict[str, dict[str, Any]], field: str, wanted: Any, got: Any, ext: str) -> None:
        parts["base"][field] = got
        parts["declined"].pop(field, None)
        form = "" if got == wanted else echo_form(wanted, got)
        if got == wanted or form:
            parts["written"][field] = got
            parts["made"].pop(field, None)
        if got == wanted:
            return
        parts["declined"][field] = wanted  # never written again by itself: a system that rewrites would loop for ever
        if form:
            self.store.receipts.show_echo(self.name, field, form, ext)
        if not (form and form in self.store.receipts.echoes(self.name).get(field, ())):
            kind = "echo" if form else "not_kept"
            self.store.questions.ask(kind, ext, connection=self.name, field=field, samples=[wanted, got])

    def _assumed(self, row: PlanRow, ext: str) -> Incoming:
        """Without a read-back: the record as we knew it, with our values in it."""
        stream = self.destination.stream.name
        known = self.store.records.by_exts(self.name, stream, [ext]).get(ext)
        values = dict(known.body.values) if known else {}
        for field, side in row.fields.items():
            values.pop(field, None)
            if side["wanted"] is not None:
                values[field] = side["wanted"]
        print_ = self.store.vault.fingerprint([self.normalise.digest, values])
        return Incoming(ext, values, int(self.store.clock.now().timestamp()), print_)

    def _adopt(self, row: PlanRow, rid: int) -> None:
        """The record belongs to whom the record it was made from belongs to by now."""
        key = row.key.removeprefix("new:")
        home = self.store.records.tied(key) or self.store.people.current(row.customer) or row.customer
        self.store.records.tie(key, [rid])
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
    key = f"new:{create_key_of(receipt)}" if receipt.action == "create" else receipt.ext
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
