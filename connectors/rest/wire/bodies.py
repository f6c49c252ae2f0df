"""Rows as the system wants them written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.rest.wire.paths import put, within
from connectors.rest.wire.rows import Rows
from connectors.rest.wire.target import Verb, WriteSettings
from hub.connector import MOMENT, Row, Tagged, Write


@dataclass(frozen=True)
class Bodies:
    """Makes the bodies of one target; `rows` knows which fields hold times, and how those are spelled."""

    own: WriteSettings
    rows: Rows

    def changes(self, entry: Write) -> Row:
        """The changed fields of a row, and no others: what is not named stays as it is there."""
        body: Row = {}
        for name, value in entry.values.items():
            if not self._consent(name):
                put(body, name, self._spelled(name, value))
        return body

    def whole(self, entry: Write) -> Row:
        """A row to be made, with the key that it is found by."""
        body = self.changes(entry)
        put(body, self.own.create_key, entry.create_key)
        return body

    def in_a_batch(self, entry: Write) -> Row:
        """A row of a batch, named by its id where it has one."""
        if not entry.external_id:
            return self.whole(entry)
        body = self.changes(entry)
        put(body, self.own.batch.id_field if self.own.batch else "id", entry.external_id)
        return body

    @staticmethod
    def enveloped(verb: Verb, content: Any) -> Any:
        """The content in its envelope, with what goes along each time."""
        found = within(verb.wrap, content)
        return {**verb.body, **found} if verb.body and isinstance(found, dict) else found

    def _consent(self, name: str) -> bool:
        """Whether a field says what somebody agreed to: that is read and never written, whatever a mapping says."""
        return any(entry.theirs == name and entry.ours.startswith("consents.") for entry in self.rows.mapping.fields)

    def _spelled(self, name: str, value: Any) -> Any:
        if isinstance(value, Tagged):
            value = (", ".join(value.all) if self.own.tags == "text" else list(value.all)) or None
        if value is None:
            return None if self.own.clear == "null" else ""
        timed = any(entry.theirs == name and entry.form is MOMENT for entry in self.rows.mapping.fields)
        return self.rows.own.times.written(value) if timed else value
