"""Batches and single writes: read, create, update, upsert, archive; what became of each input."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.hubspot.twin.books import Books, Kind, Record, iso
from connectors.hubspot.twin.checking import kept, problems, taken, told
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Refused, Values, invalid, object_of, row_error
from hub.testing.twin import Answer, Call
from hub.testing.twin_rewrites import rewritten

Note = Callable[[str, str, str, Iterable[str]], None]
"""Takes down that a record was written: deed, kind, id, properties."""
_MARK = "objectWriteTraceId"
_PHONES = ("phone", "mobilephone")


class Wrong(Exception):
    """One input that cannot be done: its row error, and the status that the same error has by itself."""

    def __init__(self, category: str, message: str, status: int = 400, inner: list[Values] | None = None) -> None:
        super().__init__(category)
        self.category, self.message, self.status, self.inner = category, message, status, inner or []


class Batch:
    """The writing calls, and reading by id."""

    def __init__(self, books: Books, options: HubSpotOptions, note: Note, rewrites: Callable[[Call], bool]) -> None:
        self._books = books
        self._options = options
        self._note = note
        self._rewrites = rewrites

    # -- one record

    def create(self, call: Call, kind: Kind) -> Answer:
        """`POST /crm/v3/objects/{type}`."""
        record = self._alone(lambda body: self._create(call, kind, body), call)
        for one in call.json().get("associations") or ():
            self._associate(kind, record, one)
        return Answer(201, record.shown(()))

    def update(self, call: Call, kind: Kind) -> Answer:
        """`PATCH /crm/v3/objects/{type}/{id}`."""
        by = call.query.get("idProperty", "")
        asked = {"id": call.params["id"], **({"idProperty": by} if by else {})}
        return Answer(200, self._alone(lambda body: self._update(call, kind, {**body, **asked}), call).shown(()))

    def archive(self, call: Call, kind: Kind) -> Answer:
        """`DELETE /crm/v3/objects/{type}/{id}`: one that is gone already is answered alike."""
        self._archive(kind, call.params["id"])
        return Answer(204)

    def _alone(self, act: Callable[[Values], Record], call: Call) -> Record:
        try:
            return act(object_of(call))
        except Wrong as fault:
            raise Refused(fault.status, fault.message, fault.category, errors=fault.inner) from None

    # -- many

    def read(self, call: Call, kind: Kind) -> Answer:
        """`POST …/batch/read`: by ids, or by the values of a unique property; what is missing is told."""
        body, rows = self._inputs(call)
        by, names = str(body.get("idProperty") or ""), [str(one) for one in body.get("properties") or ()]
        archived = call.query.get("archived", "").lower() == "true"
        if by and by not in kind.unique():
            raise invalid(f"{by} is not a unique property")
        if by and archived and not self._options.archive_by_property:
            raise invalid("archived records are read by id")
        asked = [str(row.get("id")) for row in rows]
        places = {one: self._place(kind, one, by, archived=archived) for one in asked}
        found = {record.id: record for record in places.values() if record is not None}
        missing = [one for one, record in places.items() if record is None]
        shown = [record.shown(names) for _, record in sorted(found.items(), reverse=True)]  # in no order to rely on
        error = row_error("OBJECT_NOT_FOUND", "Could not get some objects", {"ids": missing})
        return self._answer(shown, [error] if missing else [], 200)

    def write(self, call: Call, kind: Kind, deed: str) -> Answer:
        """`POST …/batch/create`, `update` and `upsert`: a result or an error for each input.

        A create whose inputs are not all marked fails as a whole when one of them does.
        """
        _, rows = self._inputs(call)
        ids = [str(row.get("id")) for row in rows if deed != "create"]
        if len(set(ids)) < len(ids):
            raise invalid("Duplicate IDs found in batch input")
        if deed == "create" and not all(row.get(_MARK) for row in rows):
            self._all_good(kind, rows)
        act = {"create": self._create, "update": self._update, "upsert": self._upsert}[deed]
        good, bad = list[Values](), list[Values]()
        for row in rows:
            try:
                before = set(kind.rows)
                record = act(call, kind, row)
                good.append(self._result(row, record, new=record.id not in before, tells_new=deed == "upsert"))
            except Wrong as fault:
                marked = {_MARK: [row[_MARK]]} if row.get(_MARK) and self._options.marks else {}
                context = {**marked, **({"ids": [row["id"]]} if "id" in row else {})}
                bad.append(row_error(fault.category, fault.message, context, fault.inner))
        return self._answer(good[::-1], bad, 201 if deed == "create" else 200)  # in no order to rely on

    def drop(self, call: Call, kind: Kind) -> Answer:
        """`POST …/batch/archive`: always 204."""
        for row in self._inputs(call)[1]:
            self._archive(kind, str(row.get("id")))
        return Answer(204)

    def _result(self, row: Values, record: Record, *, new: bool, tells_new: bool) -> Values:
        marked = {_MARK: row[_MARK]} if row.get(_MARK) and self._options.marks else {}
        names = list(row.get("properties") or ())
        return {**record.shown(names), **({"new": new} if tells_new else {}), **marked}

    def _answer(self, good: list[Values], bad: list[Values], status: int) -> Answer:
        at = iso(self._books.now())
        body: Values = {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": good}
        return Answer(207, {**body, "numErrors": len(bad), "errors": bad}) if bad else Answer(status, body)

    def _inputs(self, call: Call) -> tuple[Values, list[Values]]:
        body = object_of(call)
        rows = body.get("inputs")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise invalid("Invalid input JSON: inputs")
        if len(rows) > self._options.batch:
            raise invalid(f"The maximum number of inputs is {self._options.batch}")
        return body, rows

    # -- one input

    def _create(self, call: Call, kind: Kind, row: Values) -> Record:
        values = self._checked(kind, row, None)
        record = self._books.insert(kind.name, self._kept(call, kind, values, None))
        self._note("insert", kind.name, str(record.id), values)
        return record

    def _update(self, call: Call, kind: Kind, row: Values) -> Record:
        record = self._place(kind, str(row.get("id")), str(row.get("idProperty") or ""))
        if record is None:
            raise Wrong("OBJECT_NOT_FOUND", "resource not found", 404)
        values = self._checked(kind, row, record)
        self._books.update(record, self._kept(call, kind, values, record))
        self._note("update", kind.name, str(record.id), values)
        return record

    def _upsert(self, call: Call, kind: Kind, row: Values) -> Record:
        by, key = str(row.get("idProperty") or ""), str(row.get("id") or "")
        if by not in kind.unique():
            raise invalid("idProperty must be a unique property")
        if kind.having(by, key) is not None:
            return self._update(call, kind, row)
        return self._create(call, kind, {**row, "properties": {**(row.get("properties") or {}), by: key}})

    def _archive(self, kind: Kind, id_: str) -> None:
        record = kind.rows.get(int(id_)) if id_.isdecimal() else None
        if record is not None:
            self._books.archive(record)
            self._note("delete", kind.name, id_, ())

    def _checked(self, kind: Kind, row: Values, record: Record | None) -> Values:
        values = row.get("properties") or {}
        if found := list(problems(kind, values, strict=self._options.strict_options)):
            message, inner = told(found)
            raise Wrong("VALIDATION_ERROR", message, inner=inner)
        for name, other in taken(kind, values, record):
            if name == "email":
                raise Wrong("CONFLICT", f"Contact already exists. Existing ID: {other.id}", 409)
            message, inner = told([(name, "DUPLICATE_VALUE")])
            raise Wrong("VALIDATION_ERROR", message, inner=inner)
        return dict(values)

    def _kept(self, call: Call, kind: Kind, values: Values, record: Record | None) -> Values:
        values = rewritten(kept(kind, values, record), self._options.rewrites)
        if self._rewrites(call):
            values |= {name: _spaced(values[name]) for name in _PHONES if values.get(name)}
        return values

    def _all_good(self, kind: Kind, rows: list[Values]) -> None:
        """Refused when one of these could not be created: then none is."""
        try:
            for row in rows:
                self._checked(kind, row, None)
        except Wrong as fault:
            raise Refused(fault.status, fault.message, fault.category, errors=fault.inner) from None

    def _place(self, kind: Kind, id_: str, by: str, *, archived: bool = False) -> Record | None:
        if by and not archived:
            return kind.having(by, id_)
        if by:
            return next((one for one in kind.bin.values() if one.values.get(by) == id_), None)
        if not id_.isdecimal():
            return None
        return kind.bin.get(int(id_)) if archived else kind.survivor(int(id_))

    def _associate(self, kind: Kind, record: Record, one: Values) -> None:
        other, type_id = int(one["to"]["id"]), int(one["types"][0]["associationTypeId"])
        names = [name for name, each in self._books.kinds.items() if other in each.rows]
        if not names:
            raise Refused(400, "no such record to associate with", "VALIDATION_ERROR")
        self._books.link(kind.name, record.id, names[0], other, type_id)


def _spaced(phone: str) -> str:
    """A phone as HubSpot may show it: +8613812345678 as 138 1234 5678; anything else as it is."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]} {bare[3:7]} {bare[7:]}" if len(bare) == 11 and bare.isdigit() and bare.isascii() else phone
