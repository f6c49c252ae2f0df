"""Runs and their notes. A note holds counts and codes, never anything personal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from hub.clock import Clock
from hub.store.database import Database


@dataclass(frozen=True)
class Run:
    """One run as it is listed; times are epoch seconds, `as_of` is a day ordinal."""

    id: int
    command: str
    actor: str
    started: int
    ended: int | None
    as_of: int
    state: str


@dataclass(frozen=True)
class Note:
    """One thing a run has to say about a connection and stream; `facts` are plain counts and codes."""

    connection: str
    stream: str
    kind: str
    facts: dict[str, Any]


class Runs:
    """The table of runs and the table of their notes."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def start(self, command: str, actor: str, as_of: int, rules: str) -> int:
        """Begin a run; runs left open by a killed process are marked broken by whoever takes over its leases."""
        with self._db.writing("run"):
            rows = self._db.rows(
                "INSERT INTO run (command, actor, started, as_of, state, rules)"
                " VALUES (:command, :actor, :started, :as_of, 'running', :rules) RETURNING id",
                {"command": command, "actor": actor, "started": self._now(), "as_of": as_of, "rules": rules},
            )
        return int(rows[0][0])

    def end(self, run: int, state: str) -> None:
        """Close a run as done, waiting or failed."""
        with self._db.writing("run"):
            self._db.execute(
                "UPDATE run SET ended = :ended, state = :state WHERE id = :run",
                {"ended": self._now(), "state": state, "run": run},
            )

    def note(self, run: int, connection: str, stream: str, kind: str, **facts: Any) -> None:
        """Add one note to a run."""
        with self._db.writing("run_note"):
            seq = self._db.rows("SELECT COALESCE(MAX(seq), 0) + 1 FROM run_note WHERE run = :run", {"run": run})
            self._db.execute(
                "INSERT INTO run_note (run, seq, connection, stream, kind, note)"
                " VALUES (:run, :seq, :connection, :stream, :kind, :note)",
                {
                    "run": run, "seq": seq[0][0], "connection": connection, "stream": stream, "kind": kind,
                    "note": orjson.dumps(facts).decode(),
                },
            )  # fmt: skip

    def record(self, command: str, actor: str, as_of: int, **facts: Any) -> None:
        """A command that changed something and read no system: who did what, in the list of runs."""
        with self._db.writing("run"):
            run = self.start(command, actor, as_of, "")
            self.note(run, str(facts.pop("connection", "")), "", command, **facts)
            self.end(run, "done")

    def notes(self, run: int) -> list[Note]:
        """A run's notes, in the order in which they were made."""
        rows = self._db.rows(
            "SELECT connection, stream, kind, note FROM run_note WHERE run = :run ORDER BY seq", {"run": run}
        )
        return [Note(connection, stream, kind, orjson.loads(note)) for connection, stream, kind, note in rows]

    def latest(self, count: int = 20) -> list[Run]:
        """The newest runs first."""
        rows = self._db.rows(
            "SELECT id, command, actor, started, ended, as_of, state FROM run ORDER BY id DESC LIMIT :count",
            {"count": count},
        )
        return [Run(*row) for row in rows]

    def get(self, run: int) -> Run | None:
        """One run, or None."""
        rows = self._db.rows(
            "SELECT id, command, actor, started, ended, as_of, state FROM run WHERE id = :run", {"run": run}
        )
        return Run(*rows[0]) if rows else None

    def break_open(self, but: int) -> None:
        """Mark runs that never ended (their process was killed) as broken, except run `but`."""
        with self._db.writing("run"):
            self._db.execute(
                "UPDATE run SET state = 'broken', ended = :now WHERE state = 'running' AND id < :but",
                {"now": self._now(), "but": but},
            )

    def forget_before(self, at: int) -> int:
        """Retention: drop runs and notes older than the epoch second `at`; returns how many runs went."""
        with self._db.writing("retention"):
            self._db.execute("DELETE FROM run_note WHERE run IN (SELECT id FROM run WHERE started < :at)", {"at": at})
            return self._db.execute("DELETE FROM run WHERE started < :at AND state <> 'running'", {"at": at})

    # -- pauses

    def pause(self, connection: str, actor: str) -> None:
        """Leave a connection out of runs until `unpause`."""
        with self._db.writing("pause"):
            self._db.execute(
                "INSERT INTO paused (connection, actor, at) VALUES (:connection, :actor, :at)"
                " ON CONFLICT (connection) DO NOTHING",
                {"connection": connection, "actor": actor, "at": self._now()},
            )

    def unpause(self, connection: str) -> bool:
        """Take a connection in again; False when it was not paused."""
        with self._db.writing("pause"):
            sql = "DELETE FROM paused WHERE connection = :connection"
            return self._db.execute(sql, {"connection": connection}) > 0

    def paused(self) -> dict[str, tuple[str, int]]:
        """Who paused which connection, and when."""
        rows = self._db.rows("SELECT connection, actor, at FROM paused ORDER BY connection")
        return {connection: (actor, at) for connection, actor, at in rows}

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def __iter__(self) -> Iterator[Run]:
        return iter(self.latest())
