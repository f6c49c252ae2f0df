"""Their records as the mapping reads them: properties by name, lists as lists, an order with its contact."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.hubspot.fields import ASSOCIATED, LISTED, STATUSES
from connectors.hubspot.wire.objects import Objects
from hub.connector import Mapping, Row, Window

BIN = timedelta(days=90)
"""How long an archived record is listed."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Layout:
    """How the records of one stream are laid out; `statuses` are a site's own order statuses."""

    objects: Objects
    mapping: Mapping
    statuses: Rows[str, str]

    def contacts(self, rows: list[Row]) -> list[Row]:
        """Contacts; tags, where the site maps them, are several values in one property."""
        listed = {*LISTED, *(entry.theirs for entry in self.mapping.fields if entry.ours == "tags")}
        return [self._flat(row, listed) for row in rows]

    def orders(self, rows: list[Row]) -> list[Row]:
        """Orders. Of several contacts that one is associated with, the one of the lowest id counts as its buyer."""
        found = self.objects.associated([row["id"] for row in rows], "contacts")
        status = next((entry.theirs for entry in self.mapping.fields if entry.ours == "status"), "")
        flat = ({**self._flat(row, ()), ASSOCIATED: _first(found.get(row["id"], []))} for row in rows)
        return [{**row, status: self._status(row.get(status))} if status in row else row for row in flat]

    def _flat(self, row: Row, listed: Any) -> Row:
        properties = row["properties"]
        parts = {name: str(properties[name]).split(";") for name in listed if properties.get(name)}
        return {**properties, **parts, "id": row["id"]}

    def _status(self, told: Any) -> Any:
        """One of our words, or theirs: it is then set aside and not guessed."""
        word = str(told or "").strip()
        return self.statuses.get(word) or STATUSES.get(word.casefold(), told)


def archive_since(window: Window, minutes: int) -> datetime | None:
    """From when on the archive matters to a window; None when it need not be looked at.

    It is looked at in the first window that reaches into a new period of so many minutes, for all since the beginning of
    the period in which the window starts. Windows follow each other without a gap, so that none is missed.
    """
    if window.since is None:
        return _EVER
    if not minutes:
        return window.since
    length = minutes * 60
    first, last = int(window.since.timestamp()) // length, int(window.until.timestamp()) // length
    return datetime.fromtimestamp(first * length, UTC) if last > first else None


def _first(ids: list[int]) -> str:
    return str(ids[0]) if ids else ""
