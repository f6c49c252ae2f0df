"""Writing rows one by one: create, update, changeOwner, and the two steps of a delete (sheet sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.fxiaoke.twin.checking import Checker, rewritten
from connectors.fxiaoke.twin.listing import Listing
from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import EMPLOYEES, Books, Record, Table, Values
from connectors.fxiaoke.twin.replies import Refused, good
from connectors.fxiaoke.twin.tokens import Tokens, json_of
from hub.testing.twin import Answer, Call
from hub.testing.twin_rewrites import rewritten as kept

Note = Callable[[str, str, str, Any], None]


class Writing:
    """The calls that write; `note` is told what was written, `rewrites` whether phones are stored in another form."""

    def __init__(
        self, books: Books, options: FxiaokeOptions, tokens: Tokens, listing: Listing, note: Note,
        rewrites: Callable[[Call], bool],
    ) -> None:  # fmt: skip
        self._books = books
        self._options = options
        self._tokens = tokens
        self._listing = listing
        self._note = note
        self._rewrites = rewrites
        self._check = Checker(books, strict_options=options.strict_options)

    def create(self, call: Call) -> Answer:
        """`data/create`: one row."""
        table, row = self._row(call)
        values = self._values(call, table, row, None)
        if not values.get("owner"):
            raise Refused
        if json_of(call).get("triggerApprovalFlow", True):
            values["life_status"] = "under_review"
        record = self._books.insert(table.name, values, by=self._tokens.caller(call).employee.number)
        self._wrote(call, "create", table, record, values)
        return self._created(record.id)

    def update(self, call: Call) -> Answer:
        """`data/update`: the fields that are sent; the owner is changed elsewhere."""
        table, row = self._row(call)
        record = table.rows.get(str(row.get("_id")))
        if record is None or record.dead or "owner" in row:
            raise Refused
        if record.values["lock_status"] != "0" and not json_of(call)["data"].get("skipDataStatusValidate"):
            raise Refused(320002)
        values = self._values(call, table, row, record)
        ignored = "" if self._options.clears_with == "null" else None
        values = {name: value for name, value in values.items() if value != ignored}
        self._books.update(record, values, by=self._tokens.caller(call).employee.number)
        self._wrote(call, "update", table, record, values)
        return good()

    def change_owner(self, call: Call) -> Answer:
        """`data/changeOwner`: `Data` with a capital, owners as a list or a text."""
        table = self._listing.table(call)
        for one in json_of(call)["data"].get("Data") or ():
            record = self._living(table, one.get("objectDataId"))
            given = one.get("ownerId")
            self._books.update(record, {"owner": self._numbers([given] if isinstance(given, str) else given)})
            self._note("changeOwner", table.name, record.id, ["owner"])
        return good()

    def invalidate(self, call: Call) -> Answer:
        """`data/invalid`: one row (`object_data_id`), or in the custom family many (`idList`)."""
        table, asked = self._listing.table(call), json_of(call)["data"]
        for id_ in asked.get("idList") or [asked.get("object_data_id")]:
            record = self._living(table, id_)
            self._books.delete(table.name, record)
            self._note("invalid", table.name, record.id, ())
        return good()

    def delete(self, call: Call) -> Answer:
        """`data/delete`: rows that were invalidated before go for good."""
        table = self._listing.table(call)
        for record in self._dead(table, call):
            self._books.delete(table.name, record, for_good=True)
            self._note("delete", table.name, record.id, ())
        return good()

    def recover(self, call: Call) -> Answer:
        """`data/recover`: undoes `invalid`."""
        table = self._listing.table(call)
        for record in self._dead(table, call):
            self._books.update(record, {"life_status": "normal"})
            self._note("recover", table.name, record.id, ())
        return good()

    # -- parts

    def _row(self, call: Call) -> tuple[Table, Values]:
        """The object's name sits inside `object_data` here."""
        sent = json_of(call).get("data")
        row = sent.get("object_data") if isinstance(sent, dict) else None
        if not isinstance(row, dict):
            raise Refused
        return self._listing.named(call, row.get("dataObjectApiName")), kept(row, self._options.rewrites)

    def _values(self, call: Call, table: Table, row: Values, record: Record | None) -> Values:
        """What a row's fields become; Refused for one that may not be written."""
        if flaws := list(self._check.flaws(table, row, new=record is None)):
            raise Refused(32000, f"bad fields: {', '.join(flaws)}")
        if self._check.taken(table, row, record):
            raise Refused(self._options.duplicate_code)
        values = self._check.stored(table, row)
        if values.get("owner"):
            values["owner"] = self._numbers(values["owner"])
        phones = [name for name in values if table.fields[name].type == "phone_number" and values[name]]
        if phones and self._rewrites(call):
            values |= {name: rewritten(values[name]) for name in phones}
        return values

    def _numbers(self, given: Any) -> list[str]:
        """Employees as numbers, however they were named."""
        known = {name: one.number for one in EMPLOYEES for name in (one.number, one.open_id)}
        if not isinstance(given, list) or not given or any(one not in known for one in given):
            raise Refused
        return [known[one] for one in given]

    def _living(self, table: Table, id_: object) -> Record:
        record = table.rows.get(str(id_))
        if record is None or record.dead:
            raise Refused
        return record

    def _dead(self, table: Table, call: Call) -> list[Record]:
        ids = json_of(call)["data"].get("idList")
        found = [table.rows.get(str(id_)) for id_ in ids] if isinstance(ids, list) and ids else [None]
        if any(record is None or not record.dead for record in found):
            raise Refused
        return [record for record in found if record is not None]

    def _wrote(self, call: Call, op: str, table: Table, record: Record, values: Values) -> None:
        self._note(op, table.name, record.id, values)
        body = json_of(call)
        if body.get("triggerWorkFlow", True) or body.get("triggerApprovalFlow", True):
            self._note("automation", table.name, record.id, ())

    def _created(self, id_: str) -> Answer:
        place = self._options.create_id
        if not place.startswith("data."):
            return good(**({place: id_} if place else {}))
        return good(data={place.removeprefix("data."): id_})
