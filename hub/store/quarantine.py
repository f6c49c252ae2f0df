"""Rows that could not be taken: kept with their reason until they are replayed or a good version arrives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hub.forms import SPOILT
from hub.store.database import Database, listings
from hub.vault import Vault


@dataclass(frozen=True)
class Held:
    """A row in quarantine. `row` is the foreign row (or its raw text under "raw"), opened only for a replay."""

    id: int
    connection: str
    stream: str
    ext: str
    place: str
    reason: str
    field: str
    row: dict[str, Any] | None = None


class Quarantine:
    """The table `quarantine`; bodies are sealed."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def hold(self, run: int, entry: Held) -> None:
        """Put a row aside; the same row again replaces itself."""
        context = f"quarantine:{entry.connection}:{entry.stream}"
        self._db.execute(
            "INSERT INTO quarantine (connection, stream, ext, place, reason, field, body, run)"
            " VALUES (:connection, :stream, :ext, :place, :reason, :field, :body, :run)"
            " ON CONFLICT (connection, stream, ext, place) DO UPDATE SET reason = excluded.reason,"
            " field = excluded.field, body = excluded.body, run = excluded.run",
            {
                "connection": entry.connection, "stream": entry.stream, "ext": entry.ext, "place": entry.place,
                "reason": entry.reason, "field": entry.field, "run": run,
                "body": self._vault.seal(entry.row, context) if entry.row is not None else None,
            },
        )  # fmt: skip

    def accept(self, connection: str, stream: str, exts: list[str]) -> None:
        """A good version of these records has arrived: they leave quarantine."""
        key = {"connection": connection, "stream": stream}
        if not self._db.rows(
            "SELECT 1 FROM quarantine WHERE connection = :connection AND stream = :stream LIMIT 1", key
        ):
            return
        for listed, params in listings([ext for ext in exts if ext]):
            self._db.execute(
                f"DELETE FROM quarantine WHERE connection = :connection AND stream = :stream AND ext IN {listed}",
                {**params, **key},
            )

    def spoilt(self, connection: str, stream: str, most: int) -> list[str]:
        """Ids of rows that came in with half a character, those held for the longest first."""
        rows = self._db.rows(
            "SELECT ext FROM quarantine WHERE connection = :connection AND stream = :stream AND ext <> ''"
            " AND reason = :reason ORDER BY run, id LIMIT :most",
            {"connection": connection, "stream": stream, "reason": SPOILT, "most": most},
        )
        return [ext for (ext,) in rows]

    def drop(self, entry: int) -> None:
        """Remove one entry after a replay."""
        self._db.execute("DELETE FROM quarantine WHERE id = :entry", {"entry": entry})

    def drop_unplaced(self, connection: str, stream: str) -> None:
        """A new full read begins: rows that have no id of their own will be met again, or are mended."""
        self._db.execute(
            "DELETE FROM quarantine WHERE connection = :connection AND stream = :stream AND ext = ''",
            {"connection": connection, "stream": stream},
        )

    def list(self, connection: str | None = None, *, bodies: bool = False) -> list[Held]:
        """All entries, or those of one connection."""
        rows = self._db.rows(
            "SELECT id, connection, stream, ext, place, reason, field, body FROM quarantine"
            " WHERE :connection = '' OR connection = :connection ORDER BY connection, stream, ext, place",
            {"connection": connection or ""},
        )
        return [self._entry(row, bodies) for row in rows]

    def _entry(self, row: tuple[Any, ...], bodies: bool) -> Held:
        *head, body = row
        opened = None
        if bodies and body is not None:
            opened = self._vault.open(bytes(body), f"quarantine:{row[1]}:{row[2]}")
        return replace(Held(*head), row=opened)

    def forget_before(self, at: int) -> int:
        """Retention: drop rows that were set aside by runs older than the epoch second `at`."""
        with self._db.writing("retention"):
            sql = "DELETE FROM quarantine WHERE run IN (SELECT id FROM run WHERE started < :at)"
            return self._db.execute(sql, {"at": at})

    def counts(self, run: int = 0) -> dict[tuple[str, str], int]:
        """How many rows each stream has in quarantine; with `run`, how many of those that this run put there."""
        rows = self._db.rows(
            "SELECT connection, stream, COUNT(*) FROM quarantine WHERE :run = 0 OR run = :run GROUP BY connection, stream",
            {"run": run},
        )
        return {(connection, stream): count for connection, stream, count in rows}
