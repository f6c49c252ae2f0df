"""Who many values at once name: by identity key, by a customer's id or alias, by the id in a system."""

from __future__ import annotations

from collections.abc import Sequence

from hub.store.database import Database, listings
from hub.vault import Vault

_STREAMS = "(SELECT k.stream FROM mark k WHERE k.connection = :connection)"
"""The streams of a connection; with them the index of external ids serves."""


class Lookups:
    """Reads `identity`, `customer` and `record`; each answer maps a value to the customers it names, by id."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def by_key(self, kind: str, values: Sequence[str]) -> dict[str, list[str]]:
        """By identity keys of one kind, spelled canonically."""
        keys = {self._vault.index(kind, value): value for value in values}
        found: dict[str, list[str]] = {}
        for listed, params in listings(list(keys)):
            sql = (
                "SELECT DISTINCT i.key, r.customer FROM identity i JOIN record r ON r.rid = i.rid"
                f" WHERE i.key IN {listed} AND r.customer IS NOT NULL ORDER BY i.key, r.customer"
            )
            for key, customer in self._db.rows(sql, params):
                found.setdefault(keys[bytes(key)], []).append(customer)
        return found

    def by_id(self, values: Sequence[str]) -> dict[str, list[str]]:
        """By a customer's id, in whatever case, or one that lives on as an alias."""
        asked = {value.upper(): value for value in values}
        found: dict[str, list[str]] = {}
        for listed, params in listings(list(asked)):
            sql = f"SELECT id, COALESCE(merged_into, id) FROM customer WHERE id IN {listed} ORDER BY id"
            found.update({asked[name]: [customer] for name, customer in self._db.rows(sql, params)})
        return found

    def by_ext(self, connection: str, values: Sequence[str]) -> dict[str, list[str]]:
        """By the ids in one system; where those are personal, they are kept as keyed hashes."""
        asked = {self._vault.index("ext", value).hex(): value for value in values} | {value: value for value in values}
        found: dict[str, list[str]] = {}
        for listed, params in listings(list(asked)):
            sql = (
                f"SELECT DISTINCT ext, customer FROM record WHERE connection = :connection AND stream IN {_STREAMS}"
                f" AND ext IN {listed} AND noun = 'customers' AND customer IS NOT NULL ORDER BY ext, customer"
            )
            for ext, customer in self._db.rows(sql, {**params, "connection": connection}):
                found.setdefault(asked[ext], []).append(customer)
        return found
