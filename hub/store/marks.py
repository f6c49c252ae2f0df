"""How far reading got: position (serves to resume), watermark (read completely up to), certificates (why we say so)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import orjson

from hub.clock import Clock
from hub.store.database import Database, Params, listings
from hub.store.records import Landing


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


def made_by_read(rid: str) -> str:
    """Whether the open read of the stream (`:connection`, `:stream`) made the record of this number, in SQL."""
    return (
        "COALESCE((SELECT n.last FROM seen_new n WHERE n.connection = :connection AND n.stream = :stream"
        f" AND n.first <= {rid} ORDER BY n.first DESC LIMIT 1), 0) >= {rid}"
    )


class Marks:
    """The tables `mark`, `seen` with `seen_new`, and `certificate`.

    What the open read has met is kept by id in `seen`; but of records that it made itself only from which number to which
    they go, in `seen_new`: of a first read that is all of them. No id is told by both.
    """

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
        self._forget_seen(key)
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

    def see(self, connection: str, stream: str, exts: Sequence[str], landing: Landing | None = None) -> None:
        """Remember the ids that the open read has met; `landing` is what it did with those of them that landed."""
        key = {"connection": connection, "stream": stream}
        rids, made = (landing.rids, landing.made) if landing else ({}, range(0))
        if made:
            self._see_made(key, made)
            exts = [ext for ext in exts if rids.get(ext) not in made]
        exts = self._not_made(key, exts, rids)
        self._db.many(
            "INSERT INTO seen (connection, stream, ext) VALUES (?, ?, ?) ON CONFLICT (connection, stream, ext) DO NOTHING",
            zip(repeat(connection), repeat(stream), exts, strict=False),
        )

    def _see_made(self, key: Params, made: range) -> None:
        ends = {**key, "first": made[0], "last": made[-1]}
        columns = "connection, stream, first, last"
        self._db.execute(f"INSERT INTO seen_new ({columns}) VALUES (:connection, :stream, :first, :last)", ends)
        if self._db.rows("SELECT 1 FROM seen WHERE connection = :connection AND stream = :stream LIMIT 1", key):
            # an id that was set aside before may be there by now
            self._db.execute(
                "DELETE FROM seen WHERE connection = :connection AND stream = :stream AND ext IN"
                " (SELECT ext FROM record WHERE rid BETWEEN :first AND :last)",
                ends,
            )

    def _not_made(self, key: Params, exts: Sequence[str], rids: Mapping[str, int]) -> Sequence[str]:
        """Those that are no records of the open read's making, as far as these are in `seen_new`. Records that were there
        before it have lower numbers than all of them, so that a read of what is known looks nobody up."""
        sql = "SELECT MIN(first) FROM seen_new WHERE connection = :connection AND stream = :stream"
        ((first,),) = self._db.rows(sql, key)
        if first is None:
            return exts
        made: set[str] = set()
        for listed, params in listings([ext for ext in exts if rids.get(ext, first) >= first]):
            sql = (
                "SELECT ext FROM record WHERE connection = :connection AND stream = :stream"
                f" AND ext IN {listed} AND {made_by_read('record.rid')}"
            )
            made.update(ext for (ext,) in self._db.rows(sql, {**params, **key}))
        return [ext for ext in exts if ext not in made]

    def _forget_seen(self, key: Params) -> None:
        for table in ("seen", "seen_new"):
            self._db.execute(f"DELETE FROM {table} WHERE connection = :connection AND stream = :stream", key)

    def seen(self, connection: str, stream: str, *, living: bool = False) -> int:
        """How many distinct ids the open read has met; with `living` without those told to be deleted after that."""
        key = {"connection": connection, "stream": stream}
        of = "connection = :connection AND stream = :stream"
        count = (
            f"SELECT (SELECT COUNT(*) FROM seen WHERE {of})"
            f" + (SELECT COALESCE(SUM(last - first + 1), 0) FROM seen_new WHERE {of})"
        )
        if living:  # who is met alive is taken out of `leaving`
            met = f"l.ext IN (SELECT ext FROM seen WHERE {of}) OR {made_by_read('r.rid')}"
            count += (
                " - (SELECT COUNT(*) FROM leaving l LEFT JOIN record r ON r.connection = l.connection"
                " AND r.stream = l.stream AND r.ext = l.ext"
                f" WHERE l.connection = :connection AND l.stream = :stream AND ({met}))"
            )
        return int(self._db.rows(count, key)[0][0])

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
        self._forget_seen(key)

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
