"""`POST /crm/v3/objects/{type}/search`: filters, one order, and caps; it knows changes only after a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from connectors.hubspot.twin.books import Books, Kind, Record
from connectors.hubspot.twin.listing import Spoil
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Values, invalid, object_of
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

Found = tuple[Record, Values]
"""A record and its properties as they are indexed."""
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "EQ": lambda held, value: held == value,
        "NEQ": lambda held, value: held != value,
        "LT": lambda held, value: held is not None and held < value,
        "LTE": lambda held, value: held is not None and held <= value,
        "GT": lambda held, value: held is not None and held > value,
        "GTE": lambda held, value: held is not None and held >= value,
    }
)


class Search:
    """The search call."""

    def __init__(self, books: Books, options: HubSpotOptions, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._pages = pages
        self._spoil = spoil
        self._before: list[Found] = []

    def search(self, call: Call, kind: Kind) -> Answer:
        """A page of what the filters hold for; none beyond the cap."""
        if len(call.body) > self._options.search_body:
            raise invalid("the request body is too long")
        body = object_of(call)
        limit, start = _whole(body.get("limit", 10), "limit"), _whole(body.get("after") or 0, "after")
        if not 0 < limit <= self._options.search_rows or start + limit > self._options.search_cap:
            raise invalid("the page asked for cannot be reached")
        found, total = self._pages.capped(call, self._sorted(kind, body, self._chosen(kind, body)))
        if limit == 1:  # a question for the total
            return Answer(200, self._answer(call, kind, body, found[start : start + 1], total, start))
        at, size = self._pages.cut(call, start, limit)
        rows = list(found[at : at + size])
        if not start and self._pages.ignored(call):
            rows = self._before
        self._before = rows
        return Answer(200, self._answer(call, kind, body, rows, total, at))

    def _answer(
        self, call: Call, kind: Kind, body: Values, rows: Sequence[Found], total: int, start: int
    ) -> dict[str, Any]:
        names = [str(one) for one in body.get("properties") or ()]
        shown = [_shown(record, values, names) for record, values in rows]
        beyond = start + len(rows)
        more = {"paging": {"next": {"after": str(beyond)}}} if rows and beyond < total else {}
        limit = body.get("limit", 10)
        return {"total": total, "results": self._spoil(call, kind, shown) if limit != 1 else shown, **more}

    def _chosen(self, kind: Kind, body: Values) -> list[Found]:
        groups = [_listed(group, "filters") for group in _listed(body, "filterGroups")]
        own = self._options
        if len(groups) > own.search_groups or any(len(group) > own.search_filters for group in groups):
            raise invalid("too many filters")
        if sum(map(len, groups)) > own.search_filters_in_all:
            raise invalid("too many filters")
        tests = [[_test(kind, one) for one in group] for group in groups]
        indexed = [(one, values) for one in kind.rows.values() if (values := self._books.indexed(one)) is not None]
        return [
            (one, values)
            for one, values in indexed
            if not tests or any(all(test(values) for test in group) for group in tests)
        ]

    def _sorted(self, kind: Kind, body: Values, found: list[Found]) -> list[Found]:
        """Equal ones stand in no order that one could rely on: the latest first, here."""
        sorts = _listed(body, "sorts")
        if len(sorts) > 1:
            raise invalid("only one sort is taken")
        found.sort(key=lambda one: one[0].id, reverse=bool(sorts))
        for one in sorts:
            name = str(one.get("propertyName"))
            falling = one.get("direction") == "DESCENDING"
            found.sort(key=lambda each: _key(kind, name, each[1].get(name)), reverse=falling)
        return found


def _shown(record: Record, values: Values, names: list[str]) -> Values:
    """A record as its indexed properties show it."""
    shown = record.shown(names)
    return {**shown, "properties": {name: values.get(name) for name in shown["properties"]}}


def _test(kind: Kind, one: Values) -> Callable[[Values], bool]:
    name, sign = str(one.get("propertyName")), str(one.get("operator"))
    if name not in kind.properties:
        raise invalid(f"There was a problem with the request: no property {name}")
    if sign in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda values: bool(values.get(name)) == (sign == "HAS_PROPERTY")
    if sign in ("IN", "NOT_IN"):
        chosen = {_value(kind, name, each) for each in one.get("values") or ()}
        return lambda values: (_value(kind, name, values.get(name)) in chosen) == (sign == "IN")
    value = _value(kind, name, one.get("value"))
    if sign == "BETWEEN":
        high = _value(kind, name, one.get("highValue"))
        return lambda values: (held := _value(kind, name, values.get(name))) is not None and value <= held <= high
    if sign in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return lambda values: (str(value) in str(values.get(name) or "").casefold()) == (sign == "CONTAINS_TOKEN")
    if sign not in _COMPARED or value is None:
        raise invalid("There was a problem with the request: no such operator")
    return lambda values: _COMPARED[sign](_value(kind, name, values.get(name)), value)


def _value(kind: Kind, name: str, text: Any) -> Any:
    """A value as it is compared: numbers and times as numbers, texts without regard to case."""
    if text in (None, ""):
        return None
    spec = kind.properties[name]
    try:
        if spec.kind == "number":
            return float(text)
        if spec.kind in ("date", "datetime"):
            return _millis(str(text))
    except ValueError:
        raise invalid(f"{name} is compared with what is no value of it") from None
    return str(text).casefold()


def _millis(text: str) -> int:
    if text.lstrip("-").isdecimal():
        return int(text)
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _key(kind: Kind, name: str, held: Any) -> tuple[bool, Any]:
    if name not in kind.properties:
        raise invalid("There was a problem with the request: no such property to sort by")
    value = _value(kind, name, held)
    return value is not None, value if value is not None else 0


def _listed(body: Values, name: str) -> list[Values]:
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise invalid(f"Invalid input JSON: {name}")
    return found


def _whole(value: Any, name: str) -> int:
    if not str(value).isdecimal():
        raise invalid(f"{name} is not a number")
    return int(value)
