"""Who is missing from a complete read, or told to be deleted: counted, noted, and at the end of a read taken for gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.store.database import Database, listings
from hub.store.marks import made_by_read
from hub.store.records import Records


class Unmet(NamedTuple):
    """A stream's living records against the read that is open: `fresh` ones are missing for the first time."""

    living: int
    met: int
    fresh: int


class Told(NamedTuple):
    """How many of a stream's living records its system told to be deleted."""

    living: int
    leaving: int


class Absence:
    """The column `record.absent` (when a sweep first missed a record, 0 where none did) beside `seen` and `leaving`."""

    def __init__(self, db: Database, records: Records) -> None:
        self._db = db
        self._records = records

    def take(self, connection: str, stream: str, now: int, grace: int) -> int:
        """After a swept read: note who was not seen; gone is who was missing already `grace` seconds ago."""
        where = (
            " WHERE connection = :connection AND stream = :stream AND gone = 0 AND placeholder = 0 AND ext NOT IN"
            " (SELECT ext FROM seen WHERE connection = :connection AND stream = :stream)"
            f" AND NOT {made_by_read('record.rid')}"
        )
        key = {"connection": connection, "stream": stream}
        rows = self._db.rows(
            f"SELECT rid FROM record{where} AND absent > 0 AND absent <= :edge ORDER BY rid",
            {**key, "edge": now - grace},
        )
        self._db.execute(f"UPDATE record SET absent = :now{where} AND absent = 0", {**key, "now": now})
        return self._records.let_go([rid for (rid,) in rows])

    def unmet(self, connection: str, stream: str) -> Unmet:
        """How many living records the open read has met, and how many it is the first to miss; nobody is counted where it
        has met all."""
        key = {"connection": connection, "stream": stream}
        missed = (  # two tables of one: the index tells the ids, and only of a missed one is the record looked at
            "SELECT 1 FROM record r CROSS JOIN record l WHERE l.rid = r.rid AND r.connection = :connection"
            f" AND r.stream = :stream AND NOT {made_by_read('r.rid')} AND NOT EXISTS (SELECT 1 FROM seen s"
            " WHERE s.connection = r.connection AND s.stream = r.stream AND s.ext = r.ext)"
            " AND l.gone = 0 AND l.placeholder = 0 LIMIT 1"
        )
        if not self._db.rows(missed, key):
            return Unmet(0, 0, 0)
        unmet = f"s.ext IS NULL AND NOT {made_by_read('r.rid')}"
        rows = self._db.rows(
            f"SELECT COUNT(*), COUNT(*) - COUNT(CASE WHEN {unmet} THEN 1 END),"
            f" COUNT(CASE WHEN r.absent = 0 AND {unmet} THEN 1 END) FROM record r"
            " LEFT JOIN seen s ON s.connection = r.connection AND s.stream = r.stream AND s.ext = r.ext"
            " WHERE r.connection = :connection AND r.stream = :stream AND r.gone = 0 AND r.placeholder = 0",
            key,
        )
        return Unmet(*rows[0])

    def tell(self, connection: str, stream: str, exts: Sequence[str]) -> None:
        """Note ids that the system told to be deleted; nobody leaves yet."""
        self._db.many(
            "INSERT INTO leaving (connection, stream, ext) VALUES (:connection, :stream, :ext)"
            " ON CONFLICT (connection, stream, ext) DO NOTHING",
            [{"connection": connection, "stream": stream, "ext": ext} for ext in exts],
        )

    def met(self, connection: str, stream: str, exts: Sequence[str]) -> None:
        """These were met alive: whatever was told of them before is past."""
        key = {"connection": connection, "stream": stream}
        if not self._db.rows("SELECT 1 FROM leaving WHERE connection = :connection AND stream = :stream LIMIT 1", key):
            return
        for listed, params in listings(exts):
            self._db.execute(
                f"DELETE FROM leaving WHERE connection = :connection AND stream = :stream AND ext IN {listed}",
                {**params, **key},
            )

    def told(self, connection: str, stream: str) -> Told:
        """The stream's living records, and those among them that were told to be deleted."""
        key = {"connection": connection, "stream": stream}
        living = "FROM record WHERE connection = :connection AND stream = :stream AND gone = 0 AND placeholder = 0"
        leaving = len(self._leaving(key))
        return Told(self._db.rows(f"SELECT COUNT(*) {living}", key)[0][0] if leaving else 0, leaving)

    def let_leave(self, connection: str, stream: str) -> int:
        """Let go whom the system told to be deleted."""
        key = {"connection": connection, "stream": stream}
        rids = self._leaving(key)
        self._db.execute("DELETE FROM leaving WHERE connection = :connection AND stream = :stream", key)
        return self._records.let_go(rids)

    def _leaving(self, key: dict[str, str]) -> list[int]:
        """CROSS JOIN holds SQLite to this order: it would rather look at all records than sort the few that leave."""
        rows = self._db.rows(
            "SELECT r.rid FROM leaving l CROSS JOIN record r WHERE l.connection = :connection AND l.stream = :stream"
            " AND r.connection = l.connection AND r.stream = l.stream AND r.ext = l.ext AND r.gone = 0 ORDER BY r.rid",
            key,
        )
        return [rid for (rid,) in rows]

    def missed(self, connection: str, stream: str) -> tuple[int, int | None]:
        """How many living records the last sweep did not meet, and when the first of them was missed."""
        rows = self._db.rows(
            "SELECT COUNT(*), MIN(absent) FROM record WHERE connection = :connection AND stream = :stream"
            " AND gone = 0 AND absent > 0",
            {"connection": connection, "stream": stream},
        )
        return int(rows[0][0]), rows[0][1]
