"""What a `search_query_info` asks for: filters, order, page (sheet section 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import Record, Table
from connectors.fxiaoke.twin.replies import Refused

Test = Callable[[Record], bool]
Read = Callable[[Record], Any]
_NUMBERS = ("number", "currency", "percentile", "date", "date_time", "time")
_SIGNS: dict[str, Callable[[Any, Sequence[Any]], bool]] = {
    "EQ": lambda found, values: bool(found == values[0]),
    "GT": lambda found, values: bool(found > values[0]),
    "GTE": lambda found, values: bool(found >= values[0]),
    "LT": lambda found, values: bool(found < values[0]),
    "LTE": lambda found, values: bool(found <= values[0]),
    "LIKE": lambda found, values: str(values[0]) in str(found),
    "IN": lambda found, values: found in values,
    "BETWEEN": lambda found, values: bool(values[0] <= found <= values[1]),
    "STARTWITH": lambda found, values: str(found).startswith(str(values[0])),
    "ENDWITH": lambda found, values: str(found).endswith(str(values[0])),
    "HASANYOF": lambda found, values: any(one in found for one in values),
    "CONTAINS": lambda found, values: values[0] in found,
}
_NOT = {"N": "EQ", "NLIKE": "LIKE", "NIN": "IN", "NBETWEEN": "BETWEEN", "NHASANYOF": "HASANYOF"}


class Search:
    """One query of one object; Refused when it is not one that Fxiaoke documents."""

    def __init__(self, table: Table, info: dict[str, Any], options: FxiaokeOptions) -> None:
        self._table = table
        self._options = options
        self.limit = _whole(info.get("limit", 20))
        self.offset = _whole(info.get("offset", 0))
        self._names_status = False
        self.projection: list[str] = list(info.get("fieldProjection") or ())
        self._orders = [(str(one.get("fieldName")), bool(one.get("isAsc"))) for one in info.get("orders") or ()]
        self._tests = [self._test(one) for one in info.get("filters") or ()]
        self._check()

    def found(self) -> list[Record]:
        """All rows that it holds for, in its order."""
        rows = [record for record in self._table.rows.values() if all(test(record) for test in self._tests)]
        for name, ascending in reversed(self._orders):
            read = self._read(name)
            rows.sort(key=lambda record: _nulls_first(read(record)), reverse=not ascending)
        return rows

    def shows_invalid(self) -> bool:
        """Whether invalidated rows are shown: always, or where a filter names the life status."""
        return self._options.shows_invalid or (self._names_status and self._options.invalid_query == "shown")

    def _check(self) -> None:
        if not 0 < self.limit <= self._options.page_rows or self.offset < 0 or self.offset % self.limit:
            raise Refused
        if self.offset + self.limit > self._options.offset_cap:
            raise Refused(10013)

    def _test(self, one: dict[str, Any]) -> Test:
        name, sign, values = one.get("field_name"), str(one.get("operator")), one.get("field_values")
        if not isinstance(values, list):
            raise Refused
        if name == "life_status":
            self._names_status = True
            if self._options.invalid_query == "refused":
                raise Refused
        read = self._read(str(name))
        if sign in ("IS", "ISN"):
            return self._empty(read, sign == "IS", values)
        if not values or any(not isinstance(value, str) for value in values):
            raise Refused
        return _comparing(read, sign, [self._literal(str(name), value) for value in values])

    def _empty(self, read: Read, wanted: bool, values: list[Any]) -> Test:
        if self._options.null_condition == "empty_string" and values != [""]:
            raise Refused
        return lambda record: (read(record) is None) is wanted

    def _read(self, name: str) -> Read:
        if name == "_id":
            return lambda record: record.id
        spec = self._table.fields.get(name)
        if spec is None:
            raise Refused
        if spec.type in _NUMBERS:
            return lambda record: None if (value := record.values.get(name)) is None else Decimal(value)
        if spec.type == "true_or_false":
            return lambda record: str(bool(record.values.get(name))).lower()
        return lambda record: record.values.get(name)

    def _literal(self, name: str, value: str) -> Any:
        spec = self._table.fields.get(name)
        if spec is None or spec.type not in _NUMBERS:
            return value
        try:
            return Decimal(value)
        except InvalidOperation:
            raise Refused from None


def _comparing(read: Read, sign: str, values: Sequence[Any]) -> Test:
    """A comparison; the negative ones hold for empty fields too."""
    positive = _SIGNS.get(_NOT.get(sign, sign))
    if positive is None or (sign.endswith("BETWEEN") and len(values) != 2):
        raise Refused
    if sign in _NOT:
        return lambda record: (found := read(record)) is None or not positive(found, values)
    return lambda record: (found := read(record)) is not None and positive(found, values)


def _nulls_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused
    return value
