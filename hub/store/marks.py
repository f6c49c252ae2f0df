"""How far reading got: position (serves to resume), watermark (read completely up to), certificates (why we say so)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import orjson

from hub.clock import Clock
from hub.store.database import Database


@dataclass(frozen=True)
class Mark:
    """A stream's two marks; times are epoch seconds. `mapping` is the digest of the mapping it was read with."""

    watermark: int | None = None
    window_since: int | None = None
    window_until: int | None = None
    position: dict[str, Any] | None = None
    mapping: str = ""


@dataclass(frozen=True)
class Certificate:
    """What one read proved. `records` is the number of distinct ids it saw, for a full read."""

    strength: str
    since: int | None
    until: int
    records: int | None
    total_before: int | None
    total_after: int | None
    shortfall: int
    run: int = 0
    at: int = 0


class Marks:
    """The tables `mark`, `seen` and `certificate`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def get(self, connection: str, stream: str) -> Mark:
        """The stream's marks; an empty Mark before its first read."""
        rows = self._db.rows(
            "SELECT watermark, window_since, window_until, position, mapping FROM mark"
            " WHERE connection = :connection AND stream = :stream",
            {"connection": connection, "stream": stream},
        )
        if not rows:
            return Mark()
        watermark, since, until, position, mapping = rows[0]
        return Mark(watermark, since, until, orjson.loads(position) if position else None, mapping)

    def begin(self, connection: str, stream: str, since: int | None, until: int, mapping: str) -> None:
        """Open a window: its bounds are fixed before the first request, and what was seen starts empty."""
        key = {"connection": connection, "stream": stream}
        self._db.execute("DELETE FROM seen WHERE connection = :connection AND stream = :stream", key)
        self._db.execute(
            "INSERT INTO mark (connection, stream, window_since, window_until, mapping)"
            " VALUES (:connection, :stream, :since, :until, :mapping)"
            " ON CONFLICT (connection, stream) DO UPDATE SET window_since = excluded.window_since,"
            " window_until = excluded.window_until, position = NULL, mapping = excluded.mapping",
            {**key, "since": since, "until": until, "mapping": mapping},
        )

    def move(self, connection: str, stream: str, position: dict[str, Any] | None) -> None:
        """Store where the next page starts, in the transaction of the page before it."""
        self._db.execute(
            "UPDATE mark SET position = :position WHERE connection = :connection AND stream = :stream",
            {
                "position": orjson.dumps(position).decode() if position else None,
                "connection": connection,
                "stream": stream,
            },
        )

    def see(self, connection: str, stream: str, exts: list[str]) -> None:
        """Remember the ids that the open read has met."""
        self._db.many(
            "INSERT INTO seen (connection, stream, ext) VALUES (?, ?, ?) ON CONFLICT (connection, stream, ext) DO NOTHING",
            zip(repeat(connection), repeat(stream), exts, strict=False),
        )

    def seen(self, connection: str, stream: str, *, living: bool = False) -> int:
        """How many distinct ids the open read has met; with `living` without those told to be deleted after that."""
        key = {"connection": connection, "stream": stream}
        where = "WHERE connection = :connection AND stream = :stream"
        sql = f"SELECT COUNT(*) FROM seen {where}"
        if living:  # who is met alive is taken out of `leaving`
            sql += f" AND ext NOT IN (SELECT ext FROM leaving {where})"
        return int(self._db.rows(sql, key)[0][0])

    def certify(self, run: int, connection: str, stream: str, found: Certificate) -> None:
        """Store the certificate and move the watermark to the window's upper bound: one transaction, once a read."""
        key = {"connection": connection, "stream": stream}
        self._db.execute(
            "INSERT INTO certificate (connection, stream, run, strength, since, until, records, total_before,"
            " total_after, shortfall, at) VALUES (:connection, :stream, :run, :strength, :since, :until, :records,"
            " :before, :after, :shortfall, :at)",
            {
                **key, "run": run, "strength": found.strength, "since": found.since, "until": found.until,
                "records": found.records, "before": found.total_before, "after": found.total_after,
                "shortfall": found.shortfall, "at": self._now(),
            },
        )  # fmt: skip
        self._db.execute(
            "UPDATE mark SET watermark = :until, position = NULL, window_until = NULL, window_since = NULL"
            " WHERE connection = :connection AND stream = :stream",
            {**key, "until": found.until},
        )
        self._db.execute("DELETE FROM seen WHERE connection = :connection AND stream = :stream", key)

    def certificates(
        self, connection: str, stream: str, count: int = 1, *, whole: bool = False, run: int | None = None
    ) -> list[Certificate]:
        """The newest certificates of a stream: of full reads only when `whole`, as they stood after a run if one is named."""
        rows = self._db.rows(
            "SELECT strength, since, until, records, total_before, total_after, shortfall, run, at FROM certificate"
            " WHERE connection = :connection AND stream = :stream AND (:whole = 0 OR since IS NULL)"
            " AND (:run = 0 OR run <= :run) ORDER BY id DESC LIMIT :count",
            {"connection": connection, "stream": stream, "count": count, "whole": int(whole), "run": run or 0},
        )
        return [Certificate(*row) for row in rows]

    def abandon(self, connection: str, stream: str) -> None:
        """Drop an open window so that the next read starts it again; the watermark stays."""
        key = {"connection": connection, "stream": stream}
        self._db.execute(
            "UPDATE mark SET position = NULL, window_until = NULL, window_since = NULL"
            " WHERE connection = :connection AND stream = :stream",
            key,
        )

    def forget_before(self, at: int) -> int:
        """Retention: drop certificates older than `at`, except the newest of each stream and of its complete reads."""
        with self._db.writing("retention"):
            return self._db.execute(
                "DELETE FROM certificate WHERE at < :at AND id NOT IN"
                " (SELECT MAX(id) FROM certificate GROUP BY connection, stream) AND id NOT IN"
                " (SELECT MAX(id) FROM certificate WHERE since IS NULL GROUP BY connection, stream)",
                {"at": at},
            )

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
