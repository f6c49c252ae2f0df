"""What is sent and what comes back: values in Zoho's types, and the result of each row of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Rows
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.zoho.wire.dialect import LATER, UNCLEAR
from hub.connector import Answer, Mapping, Row, RowResult, Write
from hub.errors import Transient


def _number(text: str) -> int | float:
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


_TYPES: Rows[str, Callable[[str], Any]] = MappingProxyType(
    {
        "flag": lambda text: text == "true",
        "number": _number,
        "moment": lambda text: text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text,  # Z is refused
    }
)
"""By canonical form: how Zoho wants a value that is no text."""


def typed(values: Row, mapping: Mapping) -> Row:
    """A row's values, spelled by the mapping, in Zoho's own types; None clears a field."""
    forms = {entry.theirs: entry.form.name for entry in mapping.writable()}
    return {name: _typed(forms.get(name, ""), value) for name, value in values.items()}


def _typed(form: str, value: Any) -> Any:
    spell = _TYPES.get(form)
    return spell(value) if spell and isinstance(value, str) else value


def unmodified(batch: Sequence[Write]) -> str:
    """The latest time of change that the guard saw in a batch: whatever is newer was changed since. "" without one."""
    times = [text for entry in batch if (text := str(entry.seen.get("Modified_Time") or ""))]
    return max(times, key=datetime.fromisoformat) if len(times) == len(batch) else ""


def results(keys: Sequence[str], answer: Answer) -> list[RowResult]:
    """One result for each key, in the order in which the rows were sent; `unknown` where the answer says nothing."""
    try:
        told = answer.rows("data")
    except Transient:
        told = []
    if len(told) != len(keys):
        return [RowResult(key, "unknown") for key in keys]
    return [_result(key, row) for key, row in zip(keys, told, strict=True)]


def _result(key: str, row: Any) -> RowResult:
    error = _first_error(row if isinstance(row, dict) else {})
    code, details = str(error.get("code") or ""), error.get("details")
    details = details if isinstance(details, dict) else {}
    if code == "SUCCESS":
        return RowResult(key, "ok", external_id=str(details.get("id") or "") or None, stored=_time(details))
    if not code or code in UNCLEAR:
        return RowResult(key, "unknown", code=code)
    field = str(details.get("api_name") or "")
    return RowResult(key, "retry_after" if code in LATER else "rejected", code=code, field=field)


def _time(details: Row) -> datetime | None:
    """The record's time of change, as the answer to a write tells it."""
    try:
        return datetime.fromisoformat(str(details.get("Modified_Time") or ""))
    except ValueError:
        return None


def _first_error(row: Row) -> Row:
    """Of several errors in one row the first."""
    details = row.get("details")
    errors = details.get("errors") if isinstance(details, dict) else None
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else row
