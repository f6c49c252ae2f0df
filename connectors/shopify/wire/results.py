"""What became of each customer of a document: of the deeds under its key, the first that failed speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.shopify.wire.rows import number_of
from connectors.shopify.wire.writing import Deed, Document
from hub.connector import Row, RowResult

UNCLEAR = frozenset({"INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "TIMEOUT"})
LATER = frozenset({"STALE_OBJECT", "THROTTLED"})
"""Errors of a row that go away: one that changed since it was read is read again."""


@dataclass(frozen=True)
class Told:
    """What one deed came to: "" is good, else a code and the field that it is about; and what the answer tells."""

    deed: Deed
    code: str = ""
    field: str = ""
    id: str = ""
    stored: datetime | None = None
    found: Any = None


def told_by(answer: Row, document: Document) -> dict[str, list[Told]]:
    """By the key of its write, what became of each deed, in their order."""
    found, data = dict[str, list[Told]](), answer.get("data")
    errors = _by_alias(answer.get("errors"))
    for alias, (key, deed) in document.deeds.items():
        payload = data.get(alias) if isinstance(data, dict) else None
        found.setdefault(key, []).append(_told(deed, payload, errors.get(alias, "")))
    return found


def result_of(key: str, told: Sequence[Told], external_id: str | None = None) -> RowResult:
    """The result of one customer."""
    flawed = next((one for one in told if one.code), None)
    id_ = external_id or next((one.id for one in told if one.id), "") or None
    if flawed is None:
        times = [one.stored for one in told if one.stored]
        return RowResult(key, "ok", external_id=id_, stored=max(times) if times else None)
    if flawed.code in UNCLEAR:
        return RowResult(key, "unknown", external_id=id_, code=flawed.code)
    if flawed.code in LATER:
        return RowResult(key, "retry_after", external_id=id_, code=flawed.code, field=flawed.field)
    return RowResult(key, "rejected", external_id=id_, code=flawed.code, field=flawed.field)


def _told(deed: Deed, payload: Any, error: str) -> Told:
    if not isinstance(payload, dict):
        return Told(deed, error or "INTERNAL_ERROR")  # nothing is said of it: nobody knows whether it was done
    flaws = [one for one in payload.get("userErrors") or () if isinstance(one, dict)]
    if flaws:
        return Told(deed, *_flaw(deed, flaws[0]))
    node = payload.get("customer") or payload.get("node") or _owner(payload)
    node = node if isinstance(node, dict) else {}
    return Told(deed, id=number_of(node.get("id")), stored=_time(node.get("updatedAt")), found=node)


def _flaw(deed: Deed, error: Row) -> tuple[str, str]:
    """Code and field of an error; tags are refused without a code."""
    way = [str(part) for part in error.get("field") or ()]
    place = error.get("elementIndex")
    field = next((name for name in reversed(way) if not name.isdecimal() and name not in ("input", "value")), "")
    if deed.call.startswith("metafields"):
        place = next((int(part) for part in way if part.isdecimal()), 0) if place is None else place
        field = deed.fields[place] if isinstance(place, int) and place < len(deed.fields) else field
    return str(error.get("code") or "INVALID"), field


def _owner(payload: Row) -> Any:
    kept = payload.get("metafields")
    return kept[0].get("owner") if isinstance(kept, list) and kept and isinstance(kept[0], dict) else None


def _by_alias(errors: Any) -> dict[str, str]:
    """The codes of errors that are about one deed."""
    found = dict[str, str]()
    for one in errors if isinstance(errors, list) else ():
        way = one.get("path") if isinstance(one, dict) else None
        code = (one.get("extensions") or {}).get("code") if isinstance(one, dict) else ""
        if isinstance(way, list) and way:
            found.setdefault(str(way[0]), str(code or "REFUSED"))
    return found


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
