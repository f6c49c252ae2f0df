"""Create, update, upsert and delete (sheet sections 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.zoho.twin.checking import Checker, Problem, rewritten
from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.records import Books, Module, Record, Values
from connectors.zoho.twin.replies import Details, Refused, envelope
from connectors.zoho.twin.schema import SYSTEM_DUPLICATE
from hub.testing.twin import Answer, Call
from hub.testing.twin_rewrites import rewritten as kept

Result = dict[str, Any]
Note = Callable[[str, str, str, Iterable[str]], None]
"""Takes down that a row was written: deed, module, id, fields."""


class Writing:
    """The writing calls of the records API."""

    def __init__(self, books: Books, options: ZohoOptions, note: Note, rewrites: Callable[[Call], bool]) -> None:
        self._books = books
        self._options = options
        self._check = Checker(books, strict_picklists=options.strict_picklists)
        self._note = note
        self._rewrites = rewrites

    def insert(self, call: Call) -> Answer:
        """`POST /{Module}`."""
        module, rows = self._rows(call)
        rewrites = self._rewrites(call)
        results = [self._insert(module, row, place, rewrites) for place, row in enumerate(rows)]
        return self._answer(results, 201)

    def update(self, call: Call) -> Answer:
        """`PUT /{Module}` and `PUT /{Module}/{id}`."""
        module, rows = self._rows(call)
        if "id" in call.params:
            rows = [{**row, "id": self.id_of(module, call, call.params["id"])} for row in rows[:1]]
        self._unmodified(module, rows, call.headers.get("if-unmodified-since"))
        rewrites = self._rewrites(call)
        results = [self._update(module, row, place, rewrites) for place, row in enumerate(rows)]
        return self._answer(results, 200)

    def upsert(self, call: Call) -> Answer:
        """`POST /{Module}/upsert`."""
        module, rows = self._rows(call)
        keys = _duplicate_fields(module, call.json().get("duplicate_check_fields"))
        rewrites = self._rewrites(call)
        results = [self._upsert(module, row, place, keys, rewrites) for place, row in enumerate(rows)]
        return self._answer(results, 200)

    def delete(self, call: Call) -> Answer:
        """`DELETE /{Module}/{id}` and `DELETE /{Module}?ids=`."""
        module = self.module(call)
        ids = [call.params["id"]] if "id" in call.params else call.query.get("ids", "").split(",")
        if len(ids) > 100:
            raise Refused("LIMIT_EXCEEDED", {"limit": 100, "param": "ids"})
        return self._answer([self._delete(module, self.id_of(module, call, one)) for one in ids], 200)

    def module(self, call: Call) -> Module:
        """The module that a call names."""
        module = self._books.modules.get(call.params["module"])
        if module is None:
            raise Refused("INVALID_MODULE", message="the module name given seems to be invalid")
        return module

    def id_of(self, module: Module, call: Call, given: str) -> str:
        """The record id that a call means: the one given, or the record that has this external value (X-EXTERNAL)."""
        _, _, name = call.headers.get("x-external", "").partition(".")
        if not name:
            return given
        spec = module.fields.get(name)
        if spec is None or not spec.external:
            raise Refused("INVALID_DATA", {"header": "X-EXTERNAL"})
        found = module.having(name, given)
        return found.id if found else given

    def _rows(self, call: Call) -> tuple[Module, list[Values]]:
        module = self.module(call)
        try:
            body = call.json()
        except ValueError:
            raise Refused("INVALID_DATA", {"expected_data_type": "jsonobject"}, message="body") from None
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise Refused("MANDATORY_NOT_FOUND", {"api_name": "data", "json_path": "$.data"})
        if len(rows) > self._options.batch:
            raise Refused("LIMIT_EXCEEDED", {"limit": self._options.batch, "json_path": "$.data"})
        if "trigger" not in body:
            self._note("automation", module.name, "", ())
        return module, [kept(row, self._options.rewrites) for row in rows]

    def _insert(self, module: Module, row: Values, place: int, rewrites: bool) -> Result:
        if wrong := self._problems(module, row, place, None):
            return _refused(wrong)
        record = self._books.insert(module.name, self._stored(module, row, rewrites))
        self._note("insert", module.name, record.id, row)
        return _done("record added", record)

    def _update(self, module: Module, row: Values, place: int, rewrites: bool) -> Result:
        where = {"api_name": "id", "json_path": f"$.data[{place}].id"}
        if not row.get("id"):
            return _refused([("MANDATORY_NOT_FOUND", where)])
        record = module.rows.get(str(row["id"]))
        if record is None:
            return _refused([("INVALID_DATA", where)], "the id given seems to be invalid")
        return self._change(module, record, row, place, rewrites)

    def _change(self, module: Module, record: Record, row: Values, place: int, rewrites: bool) -> Result:
        if wrong := self._problems(module, row, place, record):
            return _refused(wrong)
        self._books.update(module.name, record, self._stored(module, row, rewrites))
        self._note("update", module.name, record.id, row.keys() - {"id"})
        return _done("record updated", record)

    def _upsert(self, module: Module, row: Values, place: int, keys: list[str], rewrites: bool) -> Result:
        for name in keys:
            if row.get(name) and (record := module.having(name, row[name])):
                result = self._change(module, record, row, place, rewrites)
                return {**result, "action": "update", "duplicate_field": name} if _good(result) else result
        result = self._insert(module, row, place, rewrites)
        return {**result, "action": "insert", "duplicate_field": None} if _good(result) else result

    def _delete(self, module: Module, given: str) -> Result:
        record = module.rows.get(given)
        if record is None:
            return envelope("INVALID_DATA", "record not deleted", {"id": given})
        self._books.delete(module.name, record)
        self._note("delete", module.name, record.id, ())
        return {"code": "SUCCESS", "details": {"id": given}, "message": "record deleted", "status": "success"}

    def _problems(self, module: Module, row: Values, place: int, record: Record | None) -> list[Problem]:
        found = list(self._check.problems(module.name, row, place, new=record is None))
        for name in module.unique():
            twin = module.having(name, row[name]) if row.get(name) else None
            if twin is not None and twin is not record:
                found.append(("DUPLICATE_DATA", _duplicate(module, name, place, twin)))
        return found

    def _stored(self, module: Module, row: Values, rewrites: bool) -> Values:
        values = self._check.stored(module.name, row)
        if rewrites:
            for name, value in values.items():
                if module.fields[name].type == "phone" and value:
                    values[name] = rewritten(value)
        return values

    def _unmodified(self, module: Module, rows: list[Values], since: str | None) -> None:
        """Refuse the whole call when one of its records changed after If-Unmodified-Since."""
        if since is None:
            return
        limit = datetime.fromisoformat(since).timestamp()
        for row in rows:
            record = module.rows.get(str(row.get("id")))
            if record is not None and record.modified > limit:
                raise Refused("ALREADY_MODIFIED", {"id": record.id}, status=412)

    def _answer(self, results: list[Result], status: int) -> Answer:
        good = sum(_good(result) for result in results)
        if good == 0:
            status = 400
        elif good < len(results):
            status = self._options.mixed_status
        return Answer(status, {"data": results})


def _good(result: Result) -> bool:
    return bool(result["code"] == "SUCCESS")


def _done(message: str, record: Record) -> Result:
    names = ("Created_Time", "Modified_Time", "Created_By", "Modified_By")
    details = {"id": record.id, **{name: record.values[name] for name in names}}
    return {"code": "SUCCESS", "status": "success", "message": message, "details": details}


def _refused(problems: list[Problem], message: str = "") -> Result:
    if len(problems) == 1:
        code, details = problems[0]
        return envelope(code, message, details)
    errors = [envelope(code, details=details) for code, details in problems]
    return envelope("MULTIPLE_OR_MULTI_ERRORS", details={"errors": errors})


def _duplicate(module: Module, name: str, place: int, twin: Record) -> Details:
    owner: Mapping[str, str] = twin.values["Owner"]
    return {
        "api_name": name,
        "json_path": f"$.data[{place}].{name}",
        "id": twin.id,
        "duplicate_record": {"id": twin.id, "Owner": dict(owner), "module": {"api_name": module.name, "id": ""}},
        "more_records": False,
    }


def _duplicate_fields(module: Module, wanted: object) -> list[str]:
    """The fields in which upsert looks, in order: those given, else the system's; the unique ones always at the end."""
    if wanted is None:
        return [SYSTEM_DUPLICATE[module.name], *module.unique()]
    if not isinstance(wanted, list) or any(name not in module.lookups() for name in wanted):
        raise Refused("INVALID_DATA", {"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields"})
    return list(dict.fromkeys([*wanted, *module.unique()]))
