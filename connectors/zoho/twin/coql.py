"""Answering COQL queries (sheet section 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from connectors.zoho.twin.coql_parse import Comparison, Condition, Query, parse
from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.records import Books, Module, Record, Spoil
from connectors.zoho.twin.replies import Refused
from connectors.zoho.twin.tokens import Tokens
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

Read = Callable[[Record], Any]
Test = Callable[[Record], bool]


class Coql:
    """`POST /coql`."""

    def __init__(self, books: Books, options: ZohoOptions, tokens: Tokens, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._tokens = tokens
        self._pages = pages
        self._spoil = spoil

    def query(self, call: Call) -> Answer:
        """Rows, or 204 when there are none."""
        query = parse(_text(call))
        module = self._books.modules.get(query.module)
        if module is None:
            raise Refused("INVALID_QUERY", {"module": query.module})
        if not self._tokens.granted(f"modules.{module.name.lower()}", "READ"):
            raise Refused("OAUTH_SCOPE_MISMATCH", status=401)
        self._limits(query)
        test = self._test(module, query.where)
        try:
            found = [record for record in module.rows.values() if test(record)]
        except TypeError:  # a text compared with a number
            raise Refused("INVALID_QUERY", {"reason": "a literal does not fit its column"}) from None
        if query.columns == ("count(id)",):
            _, told = self._pages.capped(call, found)
            return self._count(told)
        return self._rows(call, module, query, found)

    def _count(self, number: int) -> Answer:
        if not self._options.coql_counts:
            raise Refused("INVALID_QUERY", {"column_name": "count(id)"})
        return Answer(200, {"data": [{"count(id)": number}], "info": {"count": 1, "more_records": False}})

    def _rows(self, call: Call, module: Module, query: Query, found: list[Record]) -> Answer:
        shown = [(name, self._shown(module, name)) for name in query.columns]
        found.sort(key=lambda record: record.number)
        for column, descending in reversed(query.order):
            key = self._read(module, column)
            found.sort(key=_nulls_first(key), reverse=descending)
        seen, _ = self._pages.capped(call, found)
        start, most = self._pages.cut(call, query.offset, query.limit)
        part = seen[start : start + most]
        if not part:
            return Answer(204)
        rows = [{"id": record.id, **{name: show(record) for name, show in shown}} for record in part]
        more = len(seen) > start + most
        info = {"count": len(rows), "more_records": more}
        return Answer(200, {"data": self._spoil(call, module, rows), "info": info})

    def _limits(self, query: Query) -> None:
        comparisons = query.comparisons()
        many = max((len(one.values) for one in comparisons if one.sign.endswith("in")), default=0)
        for name, found, most in (
            ("limit", query.limit, self._options.coql_rows),
            ("offset", query.offset + query.limit, self._options.coql_cap),
            ("select_columns", len(query.columns), 50),
            ("criteria", len(comparisons), 25),
            ("order_by", len(query.order), 10),
            ("in", many, self._options.coql_in),
        ):
            if found > most:
                raise Refused("LIMIT_EXCEEDED", {"limit": most, "clause": name})

    def _test(self, module: Module, condition: Condition) -> Test:
        if isinstance(condition, Comparison):
            return self._comparison(module, condition)
        left, right = self._test(module, condition.left), self._test(module, condition.right)
        if condition.word == "and":
            return lambda record: left(record) and right(record)
        return lambda record: left(record) or right(record)

    def _comparison(self, module: Module, one: Comparison) -> Test:
        read = self._read(module, one.column)
        values = [self._literal(module, one.column, value) for value in one.values]
        if one.sign.startswith("is "):
            wanted = one.sign == "is null"
            return lambda record: (read(record) in (None, "")) is wanted
        holds = _holds(one.sign, values)
        return lambda record: (found := read(record)) is not None and holds(found)

    def _read(self, module: Module, column: str) -> Read:
        """How a column is compared: ids and times as numbers, lookups by id."""
        if column == "id":
            return lambda record: record.number
        if column in ("Created_Time", "Modified_Time"):
            return (lambda record: record.created) if column == "Created_Time" else (lambda record: record.modified)
        head, _, rest = column.partition(".")
        spec = module.fields.get(head)
        hidden = spec is None or spec.type == "subform" or (spec.type == "tags" and not self._options.coql_tags)
        if spec is None or hidden or (rest and not spec.lookup):
            raise Refused("INVALID_QUERY", {"column_name": column})
        if rest:
            return self._joined(head, self._books.modules[spec.lookup], rest)
        if spec.type == "datetime":
            return lambda record: _epoch(record.values.get(head))
        if spec.type in ("lookup", "ownerlookup"):
            return lambda record: (record.values.get(head) or {}).get("id")
        return lambda record: record.values.get(head)

    def _joined(self, lookup: str, target: Module, column: str) -> Read:
        read = self._read(target, column)

        def through(record: Record) -> Any:
            other = target.rows.get((record.values.get(lookup) or {}).get("id", ""))
            return None if other is None else read(other)

        return through

    def _literal(self, module: Module, column: str, value: Any) -> Any:
        """A literal as the column is compared."""
        spec = module.fields.get(column)
        try:
            if column == "id":
                return int(value)
            if spec is not None and spec.type == "datetime":
                return int(datetime.fromisoformat(str(value)).timestamp())
        except ValueError:
            raise Refused("INVALID_QUERY", {"column_name": column}) from None
        return value

    def _shown(self, module: Module, column: str) -> Read:
        """How a column is shown: as it is listed, joined columns as they are compared."""
        read = self._read(module, column)
        if column == "id":
            return lambda record: record.id
        return read if "." in column else lambda record: record.values.get(column)


def _text(call: Call) -> str:
    try:
        text = call.json()["select_query"]
    except (ValueError, KeyError, TypeError):
        raise Refused("MANDATORY_NOT_FOUND", {"api_name": "select_query"}) from None
    return str(text)


@lru_cache(maxsize=65536)
def _epoch(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())


def _nulls_first(read: Read) -> Callable[[Record], tuple[bool, Any]]:
    def key(record: Record) -> tuple[bool, Any]:
        value = read(record)
        return (False, 0) if value is None else (True, value)

    return key


def _holds(sign: str, values: list[Any]) -> Callable[[Any], bool]:
    """What a sign asks of a column that is not null."""
    if sign.startswith("not "):
        inner = _holds(sign.removeprefix("not "), values)
        return lambda found: not inner(found)
    first, last = values[0], values[-1]
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda found: bool(found == first),
        "!=": lambda found: bool(found != first),
        "<": lambda found: bool(found < first),
        "<=": lambda found: bool(found <= first),
        ">": lambda found: bool(found > first),
        ">=": lambda found: bool(found >= first),
        "in": lambda found: found in values,
        "between": lambda found: bool(first <= found <= last),
        "like": lambda found: _like(str(found).casefold(), str(first).casefold()),
    }
    return tests[sign]


def _like(text: str, pattern: str) -> bool:
    """`%` stands for anything at either or both ends."""
    bare = pattern.strip("%")
    if pattern.startswith("%") and pattern.endswith("%"):
        return bare in text
    if pattern.startswith("%"):
        return text.endswith(bare)
    return text.startswith(bare) if pattern.endswith("%") else text == bare
