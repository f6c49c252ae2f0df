"""What a listing was asked for: paging, order, ids, time bounds (sheet sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.woocommerce.twin.replies import invalid

Query = Mapping[str, str]


@dataclass(frozen=True)
class Paging:
    """Which part of a listing is wanted; `start` counts rows."""

    page: int
    size: int
    start: int


def paging(query: Query, most: int) -> Paging:
    """`page` and `per_page`, or `offset`."""
    page, size = whole(query, "page", 1), whole(query, "per_page", 10)
    if page < 1:
        raise invalid("page")
    if not 1 <= size <= most:
        raise invalid("per_page")
    start = whole(query, "offset", 0) if "offset" in query else (page - 1) * size
    return Paging(page, size, start)


def whole(query: Query, name: str, otherwise: int) -> int:
    """A whole number, zero or more."""
    text = query.get(name, str(otherwise))
    if not text.isdecimal():
        raise invalid(name)
    return int(text)


def ids(query: Query, name: str) -> list[int] | None:
    """A list of ids, None where there is none."""
    if not query.get(name):
        return None
    parts = [part.strip() for part in query[name].split(",")]
    if not all(part.isdecimal() for part in parts):
        raise invalid(name)
    return [int(part) for part in parts]


def choice(query: Query, name: str, allowed: tuple[str, ...], otherwise: str) -> str:
    """One word of several."""
    found = query.get(name, otherwise)
    if found not in allowed:
        raise invalid(name)
    return found


def flag(query: Query, name: str) -> bool:
    """A yes or no; its case does not matter."""
    return query.get(name, "").lower() in ("true", "1")


def bound(query: Query, name: str, zone: ZoneInfo) -> int | None:
    """A time bound in epoch seconds; in the site's time unless `dates_are_gmt` says otherwise."""
    if name not in query:
        return None
    try:
        at = datetime.fromisoformat(query[name])
    except ValueError:
        raise invalid(name) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC if flag(query, "dates_are_gmt") else zone)
    return int(at.timestamp())
