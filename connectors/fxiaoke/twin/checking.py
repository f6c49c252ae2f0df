"""Whether a row may be written: required fields, JSON forms, options, references (sheet section 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from connectors.fxiaoke.twin.records import Books, Record, Table, Values
from connectors.fxiaoke.twin.schema import FieldSpec


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_TESTS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        **dict.fromkeys(("number", "currency", "percentile"), _is_number),
        **dict.fromkeys(("date", "date_time", "time"), _is_moment),
        **dict.fromkeys(("select_many", "employee", "department"), _is_list),
        "true_or_false": lambda value: isinstance(value, bool),
        "email": lambda value: _is_text(value) and "@" in str(value),
    }
)


class Checker:
    """Looks at rows before they are written."""

    def __init__(self, books: Books, *, strict_options: bool) -> None:
        self._books = books
        self._strict = strict_options

    def flaws(self, table: Table, row: Mapping[str, Any], *, new: bool) -> Iterator[str]:
        """The fields that are wrong."""
        for spec in table.fields.values():
            value = row.get(spec.name)
            empty = value in (None, "", [])
            missing = spec.required and empty and (new or spec.name in row)
            if missing or not (empty or spec.read_only or self._good(spec, value)):
                yield spec.name

    def taken(self, table: Table, row: Mapping[str, Any], record: Record | None) -> bool:
        """Whether a value that must be unique is another record's."""
        unique = [spec.name for spec in table.fields.values() if spec.unique and row.get(spec.name)]
        return any((other := table.having(name, row[name])) is not None and other is not record for name in unique)

    def stored(self, table: Table, row: Mapping[str, Any]) -> Values:
        """The values of a row that are kept; unknown and read-only fields are passed over without a word."""
        fields = table.fields
        return {name: value for name, value in row.items() if name in fields and not fields[name].read_only}

    def _good(self, spec: FieldSpec, value: Any) -> bool:
        if not _TESTS.get(spec.type, _is_text)(value):
            return False
        if spec.target:
            return value in self._books.tables[spec.target].rows
        known = {option for option, _ in spec.options}
        values = value if isinstance(value, list) else [value]
        return not (spec.options and self._strict) or all(one in known for one in values)


def rewritten(phone: str) -> str:
    """A phone as the system may hand it back: +8613812345678 as 138-1234-5678; anything else as it is."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]}-{bare[3:7]}-{bare[7:]}" if len(bare) == 11 and bare.isdigit() and bare.isascii() else phone
