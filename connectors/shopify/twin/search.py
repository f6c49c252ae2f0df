"""The search syntax as far as it is played: terms of a field with a comparison and a value, all of which must hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from connectors.shopify.twin.books import Record

_TERM = re.compile(r"(\w+):(>=|<=|>|<)?\s*(?:'([^']*)'|\"([^\"]*)\"|(\S+))")
_DAY = 86_400
Test = Callable[[Record], bool]


def tests_of(query: str | None, *, daily: bool, known: Callable[[Record], int]) -> list[Test]:
    """The tests that a record must pass. `daily`: a time finds its whole day; `known` is the time in the index.

    A time without quotes loses its time of day; a field that the search does not know finds nothing.
    """
    found = []
    for name, sign, single, double, bare in _TERM.findall(query or ""):
        quoted, value = bool(single or double), single or double or bare
        if name in ("updated_at", "created_at", "processed_at"):
            found.append(_by_time(name, sign or "=", value, coarse=daily or not quoted, known=known))
        elif name == "id":
            found.append(_by_id(sign or "=", int(value)))
        elif name in ("email", "phone", "tag", "customer_id"):
            found.append(_by_word(name, value))
        else:
            found.append(lambda record: False)
    return found


def _by_time(name: str, sign: str, value: str, *, coarse: bool, known: Callable[[Record], int]) -> Test:
    at = datetime.fromisoformat(value if not coarse else value[:10])
    bound = int(at.replace(tzinfo=at.tzinfo or UTC).timestamp())

    def test(record: Record) -> bool:
        own = known(record) if name == "updated_at" else record.created
        if sign in (">=", ">"):  # the latter was seen to include its bound
            return own >= bound
        return own < bound + (_DAY if coarse and sign == "<=" else 0)

    return test


def _by_id(sign: str, bound: int) -> Test:
    tests: dict[str, Test] = {
        ">=": lambda record: record.id >= bound,
        ">": lambda record: record.id > bound,
        "<=": lambda record: record.id <= bound,
        "<": lambda record: record.id < bound,
        "=": lambda record: record.id == bound,
    }
    return tests[sign]


def _by_word(name: str, value: str) -> Test:
    if name == "tag":
        return lambda record: value.casefold() in (tag.casefold() for tag in record.tags)
    if name == "customer_id":
        return lambda record: str(record.values.get("customer")) == value
    return lambda record: str(record.values.get(name) or "").casefold() == value.casefold()
