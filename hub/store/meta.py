"""What the store remembers of itself, a value under a name: the day it was decided for, what plans come to, and the like."""

from __future__ import annotations

from hub.store.database import Database


class Meta:
    """The table `meta`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, name: str) -> str | None:
        """The value of this name."""
        rows = self._db.rows("SELECT value FROM meta WHERE name = :name", {"name": name})
        return str(rows[0][0]) if rows else None

    def put(self, name: str, value: str) -> None:
        """Remember a value, in place of the one before."""
        self._db.execute(
            "INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )

    def drop(self, name: str) -> None:
        """Remember nothing of this name."""
        self._db.execute("DELETE FROM meta WHERE name = :name", {"name": name})
