"""Proving that a declaration fits the system: credentials, rows, ids, mapped fields, the filter by time, reading by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.rest.wire.paths import at
from connectors.rest.wire.rows import id_of
from connectors.rest.wire.stream import RestStream
from hub.connector import Finding, Row, Window
from hub.errors import AuthError, HubError

if TYPE_CHECKING:
    from typing import Protocol

    class Examined(Protocol):
        """The connector, as far as it is looked at here."""

        settings: Any
        tools: Any

        def listing(self, own: RestStream) -> Any: ...
        def fetch(self, ids: list[str]) -> dict[str, Row]: ...


@dataclass(frozen=True)
class Examiner:
    """Looks at one connection."""

    connector: Examined

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; credentials that are not accepted are the only one."""
        for number, own in enumerate(self.connector.settings.streams):
            try:
                rows = self._first(own)
            except AuthError as fault:
                yield Finding("credentials", False, fault.remedy or "check `auth` and its secrets")
                return
            except HubError as fault:
                yield Finding(f"stream {own.name}", False, fault.remedy or str(fault))
                continue
            if not number:
                yield Finding("credentials", True)
            yield from self._stream(own, rows)

    def _first(self, own: RestStream, window: Window | None = None) -> list[Row]:
        everything = Window(None, self.connector.tools.clock.now())
        listing = self.connector.listing(own)
        rows = listing.sheet(own.paging.start, window or everything).rows
        return [row for row in rows if isinstance(row, dict)]

    def _stream(self, own: RestStream, rows: list[Row]) -> Iterator[Finding]:
        yield Finding(f"stream {own.name}", True)
        nameless = sum(not id_of(row, own.id) for row in rows)
        remedy = f"`id: {own.id}` is empty in {nameless} of {len(rows)} rows: name the field of the record id"
        yield Finding(f"ids of {own.name}", not nameless, remedy if nameless else "")
        missing = sorted({field.theirs for field in own.fields if not any(_has(row, field.theirs) for row in rows)})
        if rows:
            told = f"no row of the first page has {', '.join(missing)}: check `fields`, or leave them if seldom filled"
            yield Finding(f"fields of {own.name}", not missing, told if missing else "")
        if own.since is not None:
            yield from self._since(own)
        write = self.connector.settings.write
        if write is not None and write.stream == own.name and rows:
            yield from self._by_id(id_of(rows[0], own.id))

    def _since(self, own: RestStream) -> Iterator[Finding]:
        """A filter that works shows nothing of next year."""
        now = self.connector.tools.clock.now()
        later = Window(now + timedelta(days=365), now + timedelta(days=366))
        try:
            fits = not self._first(own, later)
        except HubError as fault:
            yield Finding(f"changes of {own.name}", False, fault.remedy or str(fault))
            return
        remedy = "the system passes over the bound: check the parameter's name and format below `since`, or take it out"
        yield Finding(f"changes of {own.name}", fits, "" if fits else remedy)

    def _by_id(self, id_: str) -> Iterator[Finding]:
        try:
            found = not id_ or id_ in self.connector.fetch([id_])
        except HubError as fault:
            yield Finding("reading by id", False, fault.remedy or str(fault))
            return
        remedy = "the first row of the listing is not found by its id: check `write: read:`"
        yield Finding("reading by id", found, "" if found else remedy)


def _has(row: Row, path: str) -> bool:
    """Whether a row has a field, be it empty."""
    if path in row:
        return True
    head, _, last = path.rpartition(".")
    parent = at(row, head) if head else row
    return isinstance(parent, dict) and last in parent
