"""Events: what people did (looked, came, opened, clicked), as somebody of ours sent it.

What an event says lies in one sealed blob; beside it stand its kind and its time. Whom it names is kept as the same
keyed hashes that tie records together (`hub/store/identities.py`): an event belongs to whoever holds such a key now,
through every merge and split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.clock import Clock
from hub.store.database import Database
from hub.vault import Vault


@dataclass(frozen=True)
class Event:
    """One event on its way in: its sender's own id for it, when it was (epoch seconds), what it says, and the identity
    keys that it names as (kind, value), see `hub.store.identities.IDENTITY`."""

    id: str
    kind: str
    at: int
    body: dict[str, Any]
    keys: Sequence[tuple[str, str]] = ()


class Events:
    """The tables `touch_event` and `touch_key`."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def take(self, source: str, events: Iterable[Event]) -> list[bool]:
        """Keep events, so that they outlive a power cut; of each whether it is new. One transaction for all."""
        now = int(self._clock.now().timestamp())
        with self._db.writing("events", durable=True):
            return [self._take(source, event, now) for event in events]

    def _take(self, source: str, event: Event, now: int) -> bool:
        rows = self._db.rows(
            "INSERT INTO touch_event (source, key, kind, at, taken, body)"
            " VALUES (:source, :key, :kind, :at, :now, :body) ON CONFLICT (source, key) DO NOTHING RETURNING id",
            {
                "source": source, "key": self._vault.index("event", event.id), "kind": event.kind, "at": event.at,
                "now": now, "body": self._vault.seal(event.body, _context(source)),
            },
        )  # fmt: skip
        if rows:
            keys = sorted({self._vault.index(kind, value) for kind, value in event.keys})
            self._db.many("INSERT INTO touch_key (key, event) VALUES (?, ?)", [(key, rows[0][0]) for key in keys])
        return bool(rows)

    def of_customer(self, customer: str, most: int = 1000) -> list[dict[str, Any]]:
        """What is known of a customer's events, the latest first: what each says, under `source` who sent it."""
        rows = self._db.rows(
            "SELECT e.source, e.body FROM touch_event e WHERE e.id IN (SELECT t.event FROM touch_key t"
            " JOIN identity i ON i.key = t.key JOIN record r ON r.rid = i.rid WHERE r.customer = :customer)"
            " ORDER BY e.at DESC, e.id DESC LIMIT :most",
            {"customer": customer, "most": most},
        )
        return [{**self._vault.open(bytes(body), _context(source)), "source": source} for source, body in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """(source, kind) -> how many there are."""
        rows = self._db.rows(
            "SELECT source, kind, COUNT(*) FROM touch_event GROUP BY source, kind ORDER BY source, kind"
        )
        return {(source, kind): count for source, kind, count in rows}


def _context(source: str) -> str:
    return f"touch_event:{source}"
