"""Hints: the records that webhooks speak of, until they have been read; the deliveries heard, and those refused.

However often a record is spoken of, it waits once: `told` counts how often. Whoever has read it takes away the hint as
it was told to him, and one that was told again meanwhile stays. Ids may be personal (a phone number as an id): they are
sealed, and looked up by their keyed hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Rows
from collections.abc import Sequence
from dataclasses import dataclass

from hub.clock import Clock
from hub.deliveries import Hint
from hub.errors import QuotaExceeded
from hub.store.database import Database, Params
from hub.vault import Vault

REQUESTS = ("erase", "disclose")
"""The events that are left to a person."""
_REQUESTED = "event IN ('erase', 'disclose')"


@dataclass(frozen=True)
class Told:
    """A hint as it stood when it was looked at; `first` and `last` are when it was told (epoch seconds)."""

    connection: str
    stream: str
    ext: str
    event: str
    first: int
    last: int
    told: int
    key: bytes


class Hints:
    """The tables `hint`, `heard` and `refusal`."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    # -- hearing

    def hear(self, connection: str, key: str, hints: Sequence[Hint], most: int) -> bool:
        """Keep what a delivery says, so that it outlives a power cut; False when it was heard before.

        QuotaExceeded when `most` hints of the connection wait already, Transient when the store cannot be written now:
        then nothing is kept, and the same delivery may come again.
        """
        now = self._now()
        with self._db.writing("heard", durable=True):
            if not self._remember(connection, key, now):
                return False
            if hints and self._full(connection, most):
                raise QuotaExceeded("too many hints wait", until=self._clock.now(), where=connection)
            for hint in hints:
                self._keep(connection, hint, now)
        return True

    def _remember(self, connection: str, key: str, now: int) -> bool:
        params: Params = {"connection": connection, "key": self._vault.index("heard", key), "at": now}
        sql = "INSERT INTO heard (connection, key, at) VALUES (:connection, :key, :at) ON CONFLICT (connection, key) DO NOTHING"
        return self._db.execute(sql, params) > 0

    def _full(self, connection: str, most: int) -> bool:
        sql = "SELECT COUNT(*) FROM (SELECT 1 FROM hint WHERE connection = :connection LIMIT :most) x"
        return bool(self._db.rows(sql, {"connection": connection, "most": most})[0][0] >= most)

    def _keep(self, connection: str, hint: Hint, now: int) -> None:
        self._db.execute(
            "INSERT INTO hint (connection, stream, key, event, first, last, told, body)"
            " VALUES (:connection, :stream, :key, :event, :now, :now, 1, :body)"
            " ON CONFLICT (connection, stream, key, event) DO UPDATE SET told = hint.told + 1, last = :now",
            {
                "connection": connection, "stream": hint.stream, "key": self._vault.index("hint", hint.external_id),
                "event": hint.event, "now": now, "body": self._vault.seal(hint.external_id, _context(connection)),
            },
        )  # fmt: skip

    # -- what waits

    def waiting(self, connection: str) -> dict[str, list[Told]]:
        """What is to be read of a connection, by stream, the longest told first."""
        found: dict[str, list[Told]] = {}
        for told in self._told(f"connection = :connection AND NOT {_REQUESTED}", {"connection": connection}):
            found.setdefault(told.stream, []).append(told)
        return found

    def requests(self) -> list[Told]:
        """The privacy requests that wait for a person."""
        return self._told(_REQUESTED, {})

    def _told(self, where: str, params: Params) -> list[Told]:
        rows = self._db.rows(
            "SELECT connection, stream, body, event, first, last, told, key FROM hint"
            f" WHERE {where} ORDER BY first, connection, stream, key",
            params,
        )
        return [
            Told(
                connection,
                stream,
                self._vault.open(bytes(body), _context(connection)),
                event,
                first,
                last,
                told,
                bytes(key),
            )
            for connection, stream, body, event, first, last, told, key in rows
        ]

    def done(self, hints: Sequence[Told]) -> None:
        """Take away what has been read, in the open transaction; what was told again meanwhile stays."""
        self._db.many(
            "DELETE FROM hint WHERE connection = ? AND stream = ? AND key = ? AND event = ? AND told = ?",
            [(one.connection, one.stream, one.key, one.event, one.told) for one in hints],
        )

    def tally(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """(connection, stream, event) -> how many wait, and since when (epoch seconds)."""
        rows = self._db.rows(
            "SELECT connection, stream, event, COUNT(*), MIN(first) FROM hint GROUP BY connection, stream, event"
            " ORDER BY connection, stream, event"
        )
        return {(connection, stream, event): (count, first) for connection, stream, event, count, first in rows}

    # -- what was refused

    def refused(self, counts: Rows[tuple[str, str], int]) -> None:
        """Add to the counts of refused deliveries, (connection, reason) -> how many."""
        now = self._now()
        with self._db.writing("refused"):
            for (connection, reason), count in sorted(counts.items()):
                self._db.execute(
                    "INSERT INTO refusal (connection, reason, count, last) VALUES (:connection, :reason, :count, :now)"
                    " ON CONFLICT (connection, reason) DO UPDATE SET count = refusal.count + :count, last = :now",
                    {"connection": connection, "reason": reason, "count": count, "now": now},
                )

    def refusals(self) -> Counter[tuple[str, str]]:
        """(connection, reason) -> how many deliveries were refused for it."""
        rows = self._db.rows("SELECT connection, reason, count FROM refusal ORDER BY connection, reason")
        return Counter({(connection, reason): count for connection, reason, count in rows})

    def forget_before(self, at: int) -> int:
        """Forget deliveries heard before the epoch second `at`: a repetition of one would be heard as new."""
        with self._db.writing("retention"):
            return self._db.execute("DELETE FROM heard WHERE at < :at", {"at": at})

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _context(connection: str) -> str:
    return f"hint:{connection}"
