"""Writing contacts: updates by Zoho's own id, creates under a key of their own, tags by calls of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.zoho.wire.module import IN, Module, rows_of
from connectors.zoho.wire.rows import results, typed, unmodified
from connectors.zoho.wire.settings import ZohoSettings
from connectors.zoho.wire.tags import FIELD, Tags
from hub.connector import Mapping, Row, RowResult, Write


@dataclass(frozen=True)
class Contacts:
    """The contacts of one organisation as a target."""

    module: Module
    settings: ZohoSettings
    mapping: Mapping
    tags: Tags

    def write(self, batch: Sequence[Write]) -> list[RowResult]:
        """Each row the way that it goes."""
        tags = [entry for entry in batch if entry.external_id and FIELD in entry.values]
        updates = [entry for entry in batch if entry.external_id and FIELD not in entry.values]
        creates = [entry for entry in batch if not entry.external_id]
        parts = ((self._update, updates), (self._create, creates), (self._tag, tags))
        return [result for send, part in parts if part for result in send(part)]

    def _update(self, batch: Sequence[Write]) -> list[RowResult]:
        rows = [{"id": entry.external_id, **typed(entry.values, self.mapping)} for entry in batch]
        since = unmodified(batch) if self.settings.conditional else ""
        answer = self.module.send("PUT", "", rows, since, trigger=self.settings.trigger)
        return results([entry.key for entry in batch], answer)

    def _create(self, batch: Sequence[Write]) -> list[RowResult]:
        """Rows under one key are one create: what Zoho makes of two in one call is not documented."""
        field = self.settings.external_id
        rows: dict[str, Row] = {}
        for entry in batch:
            values = typed({n: v for n, v in entry.values.items() if n != FIELD}, self.mapping)
            rows.setdefault(entry.create_key or "", {**values, field: entry.create_key})
        if not field or "" in rows:
            return [RowResult(entry.key, "refused", code="NO_CREATE_KEY") for entry in batch]
        answer = self.module.send(
            "POST", "/upsert", list(rows.values()), duplicate_check_fields=[field], trigger=self.settings.trigger
        )
        told = {result.key: result for result in results(list(rows), answer)}
        made = [replace(told[entry.create_key or ""], key=entry.key) for entry in batch]
        return self.tags.of_new({entry.key: entry.values.get(FIELD) for entry in batch}, made)

    def _tag(self, batch: Sequence[Write]) -> list[RowResult]:
        told = self.tags.change({entry.external_id or "": entry.values[FIELD] for entry in batch})
        return [replace(told[entry.external_id or ""], key=entry.key) for entry in batch]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The contacts that hold these create keys, asked of the database, which has no lag."""
        field, found = self.settings.external_id, dict[str, str]()
        keys = [key for key in create_keys if key.isalnum()]  # ours are; others could not be quoted safely
        for start in range(0, len(keys) if field else 0, IN):
            quoted = ", ".join(f"'{key}'" for key in keys[start : start + IN])
            answer = self.module.select(["id", field], f"{field} in ({quoted})", IN)
            found |= {str(row[field]): row["id"] for row in rows_of(answer)}
        return found
