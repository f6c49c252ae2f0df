"""Whether a row may be written: mandatory fields, types, lengths, picklists (sheet sections 8 and 15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from connectors.zoho.twin.records import Books, Values
from connectors.zoho.twin.replies import Details
from connectors.zoho.twin.schema import FieldSpec

Problem = tuple[str, Details]
"""A row's error code and its details."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or len(value) != 10:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and _MOMENT.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9


def _is_email(value: object) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def _is_lookup(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str)


_TESTS: Mapping[str, tuple[Callable[[object], bool], str]] = MappingProxyType(
    {
        "text": (_is_text, "text"),
        "textarea": (_is_text, "text"),
        "phone": (_is_text, "phone"),
        "website": (_is_text, "website"),
        "picklist": (_is_text, "text"),
        "email": (_is_email, "email"),
        "date": (_is_date, "date"),
        "datetime": (_is_moment, "datetime"),
        "boolean": (lambda value: isinstance(value, bool), "boolean"),
        "integer": (_is_integer, "integer"),
        "currency": (_is_number, "double"),
        "double": (_is_number, "double"),
        "lookup": (_is_lookup, "jsonobject"),
        "ownerlookup": (_is_lookup, "jsonobject"),
        "subform": (lambda value: isinstance(value, list), "jsonarray"),
    }
)


class Checker:
    """Looks at rows before they are written, and brings their values into Zoho's own form."""

    def __init__(self, books: Books, *, strict_picklists: bool) -> None:
        self._books = books
        self._strict = strict_picklists

    def problems(self, module: str, row: Mapping[str, Any], place: int, *, new: bool) -> Iterator[Problem]:
        """What is wrong with a row, field by field; nothing for a good one."""
        for spec in self._books.modules[module].fields.values():
            where = {"api_name": spec.name, "json_path": f"$.data[{place}].{spec.name}"}
            value = row.get(spec.name)
            if spec.mandatory and value in (None, "", []) and (new or spec.name in row):
                yield "MANDATORY_NOT_FOUND", where
            elif value is not None and not spec.read_only and (wrong := self._wrong(spec, value)):
                yield "INVALID_DATA", {**where, **wrong}

    def stored(self, module: str, row: Mapping[str, Any]) -> Values:
        """The values of a row as Zoho keeps them; unknown and read-only fields are passed over without a word."""
        fields = self._books.modules[module].fields
        return {
            name: self._form(fields[name], value)
            for name, value in row.items()
            if name in fields and not fields[name].read_only
        }

    def _wrong(self, spec: FieldSpec, value: object) -> Details:
        test, expected = _TESTS[spec.type]
        if not test(value):
            return {"expected_data_type": expected}
        if spec.length and isinstance(value, str) and len(value) > spec.length:
            return {"maximum_length": spec.length}
        if spec.picks and self._strict and value not in spec.picks:
            return {"supported_values": list(spec.picks)}
        if spec.lookup and isinstance(value, dict) and value["id"] not in self._books.modules[spec.lookup].rows:
            return {"expected_data_type": "lookup id"}
        return {}

    def _form(self, spec: FieldSpec, value: Any) -> Any:
        if value is None or value == "" or (spec.type == "picklist" and value == "-None-"):
            return None
        if spec.type == "datetime":
            return self._books.shown(int(datetime.fromisoformat(value).timestamp()))
        if spec.lookup:
            target = self._books.modules[spec.lookup].rows[value["id"]]
            return {"name": target.values.get("Full_Name") or target.values.get("Account_Name"), "id": target.id}
        return value


def rewritten(phone: str) -> str:
    """A phone as Zoho may hand it back: +8613812345678 as 138 1234 5678; anything else as it is."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]} {bare[3:7]} {bare[7:]}" if len(bare) == 11 and bare.isdigit() and bare.isascii() else phone
