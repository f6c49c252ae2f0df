"""What is written and what comes back: a batch's inputs with marks of their own, and the result of each row.

Results come in any order: they are joined by the mark (`objectWriteTraceId`) that each input carries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.connector import Answer, Row, RowResult, Tagged, Write
from hub.errors import Transient

MARK = "objectWriteTraceId"
_LATER = frozenset({"RATE_LIMITS", "RATE_LIMIT", "LOCKED"})
_UNCLEAR = frozenset({"INTERNAL_ERROR", "SERVER_ERROR", "TIMEOUT"})
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_NAME = re.compile(r"\w{1,100}")
_HELD = "CONFLICT"


@dataclass(frozen=True)
class Input:
    """The writes to one record, or under one key of a create, which are one input of a batch: two would be refused."""

    id: str
    mark: str
    writes: tuple[Write, ...]

    def body(self, **more: str) -> Row:
        """The input as it is sent; an empty text clears a property."""
        properties = {name: _spelled(value) for write in self.writes for name, value in write.values.items()}
        return {"id": self.id, **more, MARK: self.mark, "properties": properties}


def inputs(batch: Iterable[tuple[str, Write]]) -> list[Input]:
    """One input for each id, or key, of a batch."""
    found: dict[str, list[Write]] = {}
    for id_, write in batch:
        found.setdefault(id_, []).append(write)
    return [Input(id_, f"row-{number}", tuple(writes)) for number, (id_, writes) in enumerate(found.items(), 1)]


def results(sent: Sequence[Input], answer: Answer, *, updates: bool) -> list[RowResult]:
    """One result for each write; `unknown` where the answer says nothing of it."""
    good, bad = _listed(answer, "results"), _listed(answer, "errors")
    told = {str(one.get(MARK)): one for one in good if one.get(MARK)}
    if updates:  # told by their ids too, where an answer lacks the marks
        told = {**{one.mark: row for one in sent for row in good if str(row.get("id")) == one.id}, **told}
    refused = {mark: error for error in bad for mark in _named(error, MARK)}
    refused |= {one.mark: error for error in bad for id_ in _named(error, "ids") for one in sent if one.id == id_}
    return [
        _result(write, one, told.get(one.mark), refused.get(one.mark), updates) for one in sent for write in one.writes
    ]


def _result(write: Write, sent: Input, row: Row | None, error: Row | None, updates: bool) -> RowResult:
    if error is not None:
        return _refused(write.key, error)
    id_ = str((row or {}).get("id") or "")
    if row is None or not id_ or (updates and id_ != sent.id):  # merged away meanwhile: the survivor answers
        return RowResult(write.key, "unknown")
    return RowResult(write.key, "ok", external_id=id_, stored=_time(row.get("updatedAt")))


def _refused(key: str, error: Row) -> RowResult:
    category = _sound(_CODE, error.get("category"))
    if not category or category in _UNCLEAR:
        return RowResult(key, "unknown", code=category)
    code, field = _about(error)
    if category == _HELD and not field:
        field = "email"  # another contact has the address
    return RowResult(key, "retry_after" if category in _LATER else "rejected", code=code or category, field=field)


def _about(error: Row) -> tuple[str, str]:
    """The code of the first property at fault and its name: from the errors inside, else from the list in the message."""
    inner = next((one for one in error.get("errors") or () if isinstance(one, dict)), {})
    code = _sound(_CODE, inner.get("code"))
    field = next(
        (name for place in (inner, error) for name in _named(place, "propertyName") if _sound(_NAME, name)), ""
    )
    if code and field:
        return code, field
    _, _, rest = str(error.get("message") or "").partition(": ")
    try:
        first = json.loads(rest)[0]
        return code or _sound(_CODE, first["error"]), field or _sound(_NAME, first["name"])
    except (ValueError, LookupError, TypeError):
        return code, field


def _sound(pattern: re.Pattern[str], value: Any) -> str:
    """A code or a name, never a text of theirs."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _named(error: Mapping[str, Any], name: str) -> list[str]:
    """What an error's context says it is about."""
    context = error.get("context")
    found = context.get(name) if isinstance(context, dict) else None
    return [str(one) for one in found] if isinstance(found, list) else [found] if isinstance(found, str) else []


def _spelled(value: Any) -> Any:
    if isinstance(value, Tagged):
        return ";".join(value.all)
    return "" if value is None else value


def _listed(answer: Answer, name: str) -> list[Row]:
    try:
        return [one for one in answer.rows(name) if isinstance(one, dict)]
    except Transient:
        return []


def _time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
