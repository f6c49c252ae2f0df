"""What a connection's plan rows come to: the digest that names them, and their numbers by action.

The digest is over the sum of the rows' own, which are keyed hashes of 128 bits: the same rows have the same sum, in whatever
order they came, and rows that come or go are added or taken off. So naming a plan of a million rows costs what changed of it.
Whoever approves has it counted row by row again (`count`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import orjson

from hub.store.database import Database
from hub.store.meta import Meta
from hub.vault import Vault
from hub.written import written

_BYTES = 16
"""Of a row's digest; sums are taken modulo as many bits."""

Marks = Iterable[tuple[bytes, str]]
"""(digest, action) of some rows."""


class Look(NamedTuple):
    """The digest over a connection's standing rows, "" when there are none, and their numbers by action."""

    digest: str
    rows: Mapping[str, int]


class PlanSums:
    """Kept in the table `meta`, one a connection, in the transaction that moves the rows; where none is kept one counts."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._meta = Meta(db)
        self._vault = vault

    def look(self, connection: str) -> Look:
        """What the standing rows come to, as it is kept."""
        kept = self._kept(connection)
        return self.count(connection) if kept is None else self._look(connection, *kept)

    def count(self, connection: str) -> Look:
        """What the standing rows come to, row by row."""
        return self._look(connection, *self._counted(connection))

    def begin(self, connection: str) -> Look:
        """What the standing rows come to, whose sum is kept from now on."""
        kept = self._kept(connection)
        if kept is None:
            kept = self._counted(connection)
            self._keep(connection, *kept)
        return self._look(connection, *kept)

    def move(self, connection: str, gone: Marks, come: Marks, *, first: bool = False) -> None:
        """These rows go, those come. `first`: none stood when one began."""
        kept = self._kept(connection) or ((0, Counter[str]()) if first else None)
        if kept is not None:
            (total, rows), (less, fewer), (plus, more) = kept, _summed(gone), _summed(come)
            self._keep(connection, total - less + plus, rows + more - fewer)

    def forget(self, connection: str | None = None) -> None:
        """Rows have moved, of any connection without one: their sum is counted when it is next asked for."""
        if connection is None:
            self._db.execute(f"DELETE FROM meta WHERE name LIKE '{_NAME}%'")
        else:
            self._meta.drop(_NAME + connection)

    def wrong(self) -> list[str]:
        """The connections of which what is kept is not what one counts."""
        names = self._db.rows(f"SELECT name FROM meta WHERE name LIKE '{_NAME}%' ORDER BY name")
        connections = [name.removeprefix(_NAME) for (name,) in names]
        return [connection for connection in connections if self.look(connection) != self.count(connection)]

    def _look(self, connection: str, total: int, rows: Counter[str]) -> Look:
        standing = {action: rows[action] for action in sorted(rows) if rows[action]}
        if not standing:
            return Look("", {})
        digest = self._vault.name("plan", connection, total.to_bytes(_BYTES, "big"), length=12).lower()
        return Look(digest, standing)

    def _counted(self, connection: str) -> tuple[int, Counter[str]]:
        sql = "SELECT digest, action FROM plan_row WHERE connection = :connection"
        return _summed(self._db.stream(sql, {"connection": connection}))

    def _kept(self, connection: str) -> tuple[int, Counter[str]] | None:
        found = self._meta.get(_NAME + connection)
        if found is None:
            return None
        kept = orjson.loads(found)
        return int(kept["sum"], 16), Counter(kept["rows"])

    def _keep(self, connection: str, total: int, rows: Counter[str]) -> None:
        value = written({"sum": f"{total % 2 ** (8 * _BYTES):x}", "rows": rows}).decode()
        self._meta.put(_NAME + connection, value)


_NAME = "plan sum: "


def _summed(marks: Marks) -> tuple[int, Counter[str]]:
    total, rows = 0, Counter[str]()
    for digest, action in marks:
        total += int.from_bytes(digest, "big")
        rows[action] += 1
    return total % 2 ** (8 * _BYTES), rows
