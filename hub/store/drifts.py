"""What somebody there made of our words: the drift inbox, one entry a field of a record, kept until it is settled.

An entry is `open` (to be written back, or waiting for a person), `accepted` (a person leaves theirs standing) or
`closed`; `why` says how it ended and stays. The values are sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from hub.clock import Clock
from hub.store.database import Database, Row, listings
from hub.vault import Vault

State = Literal["open", "accepted", "closed"]


@dataclass(frozen=True)
class Drift:
    """A field that holds `theirs` where it held `ours`; `wanted` is what the hub wants there.

    `rounds` is how often the hub has written `wanted` back already. `crossed`: their edit and a push of ours crossed;
    an entry without a field is about a record whose lost value nobody can tell. Times are epoch seconds.
    """

    connection: str
    stream: str
    ext: str
    field: str
    owner: str
    ours: Any
    theirs: Any
    wanted: Any
    seen: int
    state: State = "open"
    why: str = ""
    rounds: int = 0
    crossed: bool = False
    closed: int | None = None
    id: str = ""

    @property
    def standing(self) -> bool:
        """Whether it is still to be settled, or left as it is by a person."""
        return self.state != "closed"


_COLUMNS = "d.connection, d.stream, d.ext, d.field, d.owner, d.state, d.why, d.rounds, d.seen, d.closed, d.body"


class Drifts:
    """The table `drift`."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def some(self, connection: str) -> bool:
        """Whether a connection has any entry."""
        sql = "SELECT 1 FROM drift WHERE connection = :connection LIMIT 1"
        return bool(self._db.rows(sql, {"connection": connection}))

    def of_records(self, connection: str, exts: Sequence[str]) -> dict[tuple[str, str], Drift]:
        """(external id, field) -> its entry, settled or not."""
        found = {}
        for listed, params in listings(exts):
            sql = f"SELECT {_COLUMNS} FROM drift d WHERE d.connection = :connection AND d.ext IN {listed}"
            for row in self._db.rows(sql, {**params, "connection": connection}):
                drift = self._drift(row)
                found[drift.ext, drift.field] = drift
        return found

    def save(self, drifts: Iterable[Drift]) -> None:
        """Put entries in the place of those of the same fields; inside the caller's transaction."""
        self._db.many(
            "INSERT INTO drift (connection, stream, ext, field, owner, state, why, rounds, seen, closed, body)"
            " VALUES (:connection, :stream, :ext, :field, :owner, :state, :why, :rounds, :seen, :closed, :body)"
            " ON CONFLICT (connection, stream, ext, field) DO UPDATE SET owner = excluded.owner, state = excluded.state,"
            " why = excluded.why, rounds = excluded.rounds, seen = excluded.seen, closed = excluded.closed,"
            " body = excluded.body",
            [self._params(drift) for drift in drifts],
        )

    def _params(self, drift: Drift) -> dict[str, Any]:
        plain = ("connection", "stream", "ext", "field", "owner", "state", "why", "rounds", "seen", "closed")
        body = {"ours": drift.ours, "theirs": drift.theirs, "wanted": drift.wanted, "crossed": drift.crossed}
        sealed = self._vault.seal(body, f"drift:{drift.connection}")
        return {**{name: getattr(drift, name) for name in plain}, "body": sealed}

    def written(self, connection: str, stream: str, ext: str, field: str, why: str, *, anew: bool) -> None:
        """Our value stands there again (or was not kept: `why`). `anew`: a person said so, and rounds count from there."""
        self._db.execute(
            "UPDATE drift SET state = 'closed', why = :why, closed = :now, rounds ="
            " CASE WHEN :anew = 1 THEN 0 ELSE rounds + 1 END WHERE connection = :connection AND stream = :stream"
            " AND ext = :ext AND field = :field AND state = 'open'",
            {
                "connection": connection, "stream": stream, "ext": ext, "field": field, "why": why,
                "anew": int(anew), "now": self.now(),
            },
        )  # fmt: skip

    def list(self, *, every: bool = False, customer: str = "", count: int = 1000) -> list[Drift]:
        """What is not settled, or every entry, the newest first; of one customer's records or of all."""
        sql = (
            f"SELECT {_COLUMNS} FROM drift d WHERE (:every = 1 OR d.state <> 'closed') AND (:customer = '' OR EXISTS"
            " (SELECT 1 FROM record r WHERE r.connection = d.connection AND r.stream = d.stream AND r.ext = d.ext"
            " AND r.customer = :customer)) ORDER BY d.seen DESC, d.connection, d.stream, d.ext, d.field LIMIT :count"
        )
        params = {"every": int(every), "customer": customer, "count": count}
        return [self._drift(row) for row in self._db.rows(sql, params)]

    def find(self, name: str) -> Drift | None:
        """The unsettled entry of this id."""
        return next((drift for drift in self.list(count=1_000_000) if drift.id == name), None)

    def tally(self) -> dict[tuple[str, str], int]:
        """(owner, state) -> how many entries are not settled."""
        sql = (
            "SELECT owner, state, COUNT(*) FROM drift WHERE state <> 'closed'"
            " GROUP BY owner, state ORDER BY owner, state"
        )
        return {(owner, state): count for owner, state, count in self._db.rows(sql)}

    def forget_before(self, at: int) -> int:
        """Retention: drop entries settled before `at`."""
        with self._db.writing("retention"):
            return self._db.execute("DELETE FROM drift WHERE state = 'closed' AND closed < :at", {"at": at})

    def _drift(self, row: Row) -> Drift:
        connection, stream, ext, field, owner, state, why, rounds, seen, closed, blob = row
        body = self._vault.open(bytes(blob), f"drift:{connection}")
        found = Drift(
            connection, stream, ext, field, owner, body["ours"], body["theirs"], body["wanted"], seen, state, why,
            rounds, body["crossed"], closed,
        )  # fmt: skip
        return replace(found, id=self._vault.name("drift", connection, stream, ext, field, length=8).lower())

    def now(self) -> int:
        """The moment that entries of now are marked with."""
        return int(self._clock.now().timestamp())
