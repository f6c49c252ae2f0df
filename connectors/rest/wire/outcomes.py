"""What became of each row of a batch, as the answer tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from connectors.rest.wire.paths import at, text
from connectors.rest.wire.target import Batch, WriteSettings
from connectors.rest.wire.words import Errors
from hub.connector import Consequence, Row, RowResult, Write

Outcome = Literal["refused", "rejected", "retry_after", "unknown"]

_OUTCOMES: Mapping[Consequence, Outcome] = MappingProxyType(
    {"busy": "retry_after", "quota": "retry_after", "conflict": "retry_after", "transient": "unknown",
     "permission": "refused"}
)  # fmt: skip


def by_row(own: WriteSettings, errors: Errors | None, entries: Sequence[Write], told: Any) -> list[RowResult]:
    """One result a row; `unknown` for those of which the answer says nothing."""
    batch = own.batch
    assert batch is not None
    found = at(told, batch.results)
    items = [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []
    if batch.join == "order":
        items = items if len(items) == len(entries) else [{} for _ in entries]
        pairs = list(zip(entries, items, strict=True))
    else:
        pairs = [(entry, _named(own, batch, entry, items)) for entry in entries]
    return [_result(batch, errors, entry, item) for entry, item in pairs]


def _named(own: WriteSettings, batch: Batch, entry: Write, items: list[Row]) -> Row:
    """The result that names this row, by its id or by the key of its create; each result is one row's."""
    place, wanted = (batch.result_id, entry.external_id) if entry.external_id else (own.create_key, entry.create_key)
    found = next((number for number, item in enumerate(items) if text(at(item, place)) == wanted), None)
    return {} if found is None else items.pop(found)


def _result(batch: Batch, errors: Errors | None, entry: Write, item: Row) -> RowResult:
    word = text(at(item, batch.ok_field))
    code, named = (text(at(item, path)) if path else "" for path in (batch.code, batch.field))
    if not word and not code:
        return RowResult(entry.key, "unknown")
    if word not in batch.ok:
        meaning = errors.meaning(code) if errors else None
        outcome: Outcome = _OUTCOMES.get(meaning, "rejected") if meaning else "rejected"
        return RowResult(entry.key, outcome, code=code or word, field=named)
    id_ = text(at(item, batch.result_id)) or entry.external_id or ""
    if not id_ or (entry.external_id and id_ != entry.external_id):
        return RowResult(entry.key, "unknown")  # the results are not in the order of the rows
    return RowResult(entry.key, "ok", external_id=id_)
