"""Who is missing from a complete read: counted, noted, and after a second one taken for gone."""

from __future__ import annotations

from typing import NamedTuple

from hub.store.database import Database
from hub.store.records import Records


class Unmet(NamedTuple):
    """A stream's living records against the read that is open: `fresh` ones are missing for the first time."""

    living: int
    met: int
    fresh: int


class Absence:
    """The column `record.absent` (when a sweep first missed a record, 0 where none did) beside the table `seen`."""

    def __init__(self, db: Database, records: Records) -> None:
        self._db = db
        self._records = records

    def take(self, connection: str, stream: str, now: int, grace: int) -> int:
        """After a swept read: note who was not seen; gone is who was missing already `grace` seconds ago."""
        where = (
            " WHERE connection = :connection AND stream = :stream AND gone = 0 AND placeholder = 0 AND ext NOT IN"
            " (SELECT ext FROM seen WHERE connection = :connection AND stream = :stream)"
        )
        key = {"connection": connection, "stream": stream}
        rows = self._db.rows(
            f"SELECT rid FROM record{where} AND absent > 0 AND absent <= :edge ORDER BY rid",
            {**key, "edge": now - grace},
        )
        self._db.execute(f"UPDATE record SET absent = :now{where} AND absent = 0", {**key, "now": now})
        return self._records.let_go([rid for (rid,) in rows])

    def unmet(self, connection: str, stream: str) -> Unmet:
        """How many living records the open read has met, and how many it is the first to miss."""
        met = "ext IN (SELECT ext FROM seen WHERE connection = :connection AND stream = :stream)"
        rows = self._db.rows(
            f"SELECT COUNT(*), COUNT(CASE WHEN {met} THEN 1 END),"
            f" COUNT(CASE WHEN absent = 0 AND NOT {met} THEN 1 END) FROM record"
            " WHERE connection = :connection AND stream = :stream AND gone = 0 AND placeholder = 0",
            {"connection": connection, "stream": stream},
        )
        return Unmet(*rows[0])

    def missed(self, connection: str, stream: str) -> tuple[int, int | None]:
        """How many living records the last sweep did not meet, and when the first of them was missed."""
        rows = self._db.rows(
            "SELECT COUNT(*), MIN(absent) FROM record WHERE connection = :connection AND stream = :stream"
            " AND gone = 0 AND absent > 0",
            {"connection": connection, "stream": stream},
        )
        return int(rows[0][0]), rows[0][1]
