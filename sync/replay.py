"""replay: rows in quarantine are normalised again with the mapping of today, and those that now pass are landed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.connector import Stream
from hub.errors import Rejected
from hub.settings import Connection
from hub.store.database import chunks
from hub.store.quarantine import Held
from hub.store.records import Incoming
from sync.arrivals import land
from sync.normalise import Normaliser
from sync.setup import Setup

BATCH = 500


@dataclass
class Replayed:
    """What became of one stream's rows in quarantine; `undecodable` ones can only be read again from their source."""

    connection: str
    stream: str
    landed: int = 0
    still_held: int = 0
    undecodable: int = 0


def replay(setup: Setup, connection: Connection) -> list[Replayed]:
    """Replay all of a connection's rows; the customers they touch are decided by the next run."""
    setup.store.leases.take([f"read:{connection.name}"])
    try:
        held = setup.store.quarantine.list(connection.name, bodies=True)
        run = setup.store.runs.start("replay", setup.actor, setup.as_of, setup.rules.digest)
        found = [
            _stream(setup, run, reader, connection.name, rows)
            for reader in setup.readers(connection)
            if (rows := [entry for entry in held if entry.stream == reader.stream.name])
        ]
        for done in found:
            counts = {"landed": done.landed, "still_held": done.still_held, "undecodable": done.undecodable}
            setup.store.runs.note(run, done.connection, done.stream, "replayed", **counts)
        setup.store.runs.end(run, "done")
        return found
    finally:
        setup.store.leases.release()


def _stream(setup: Setup, run: int, reader: Normaliser, name: str, held: Sequence[Held]) -> Replayed:
    done = Replayed(name, reader.stream.name)
    for part in chunks(held, BATCH):
        passed: list[tuple[Held, Incoming]] = []
        failed: list[Held] = []
        for entry in part:
            if entry.row is None or not decoded(entry.row):
                done.undecodable += 1
                continue
            try:
                passed.append((entry, reader(entry.row)))
            except Rejected as fault:
                failed.append(replace(entry, reason=fault.what, field=fault.field))
        _settle(setup, run, reader.stream, name, passed, failed)
        done.landed += len(passed)
        done.still_held += len(failed)
    return done


def decoded(row: dict[str, Any]) -> bool:
    """Whether this is a row of theirs; else only its raw text was kept."""
    return set(row) != {"raw"}


def _settle(
    setup: Setup, run: int, stream: Stream, name: str, passed: Sequence[tuple[Held, Incoming]], failed: Sequence[Held]
) -> None:
    """Land what passes and take it out of quarantine, and note today's reason of what does not: one transaction."""
    now = int(setup.clock.now().timestamp())
    with setup.store.db.writing("replay"):
        setup.store.leases.check(f"read:{name}")
        land(setup.store, name, stream, [incoming for _, incoming in passed], now)
        for entry, _ in passed:
            setup.store.quarantine.drop(entry.id)
        for entry in failed:
            setup.store.quarantine.hold(run, entry)
