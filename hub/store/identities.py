"""Identity keys: the keyed hashes by which records that speak of one person find each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hub.store.bodies import Body
from hub.store.database import Database, Params, listings
from hub.vault import Vault

IDENTITY = {
    "phone": "phone",
    "other_phones": "phone",
    "email": "email",
    "other_emails": "email",
    "wechat_unionid": "unionid",
    "wechat_openid": "openid",
    "member_card": "card",
}
"""Fields that say who somebody is, and the kind of key they make."""

TIE = "created"
"""The kind of key that ties a record we made ourselves to the record it was made from. It is no evidence of anything."""

_ADD = "INSERT INTO identity (key, rid, kind) VALUES (?, ?, ?) ON CONFLICT (key, rid) DO NOTHING"

_Entry = tuple[bytes, int, str]
"""A key, the record that holds it, and its kind."""

TOGETHER = 32_000
"""How many keys wait at most before they are sorted in."""


class Identities:
    """The tables `identity` and, for keys that wait until many are sorted into it together, `identity_new`.

    Keys are hashes: those of one page lie all over the table, and for each a page of it would be written. Who holds a key
    that waits has no customer yet, so that nobody asks for it before resolve does.
    """

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault
        self._waiting = 0

    def put(self, bodies: Mapping[int, Body], known: set[int], *, loading: bool = False) -> None:
        """Replace the keys of these records, of which only `known` can have any; whoever shared a lost one is due.

        `loading`: a read brings them, and the keys of new ones wait, see `sort_in`.
        """
        if known:
            self.sort_in()
        wanted = {rid: self._keys_of(body) for rid, body in bodies.items()}
        standing: dict[int, set[bytes]] = {rid: set() for rid in known}
        for key, rid in self._of(sorted(known)):
            standing[rid].add(key)
        self._lose([(key, rid) for rid, keys in standing.items() for key in keys - wanted[rid].keys()])
        waiting: list[_Entry] = []
        fresh: list[_Entry] = []
        for rid, keys in wanted.items():
            place = waiting if loading and rid not in standing else fresh
            place += ((key, rid, kind) for key, kind in keys.items() if key not in standing.get(rid, ()))
        self._db.many(_ADD, sorted(fresh))
        self._db.many("INSERT INTO identity_new (key, rid, kind) VALUES (?, ?, ?)", waiting)
        self._waiting += len(waiting)
        if self._waiting >= TOGETHER:
            self.sort_in()

    def sort_in(self) -> None:
        """Put the keys that wait in their places, in the order of the table, so that each page of it is gone to once."""
        self._waiting = 0
        if self._db.rows("SELECT 1 FROM identity_new LIMIT 1"):
            with self._db.writing("identity"):
                self._db.execute(  # without a WHERE, SQLite would take ON for that of a join
                    "INSERT INTO identity (key, rid, kind) SELECT key, rid, kind FROM identity_new WHERE rid > 0"
                    " ORDER BY key, rid ON CONFLICT (key, rid) DO NOTHING"
                )
                self._db.execute("DELETE FROM identity_new")

    def let_go(self, rids: Sequence[int]) -> None:
        """These records say no longer who somebody is; ties stay, so that what we made ourselves never stands alone."""
        self.sort_in()
        self._lose(list(self._of(rids)))

    def _of(self, rids: Sequence[int]) -> Iterable[tuple[bytes, int]]:
        for listed, params in listings(rids):
            sql = f"SELECT key, rid FROM identity WHERE rid IN {listed} AND kind <> :tie"
            for key, rid in self._db.rows(sql, {**params, "tie": TIE}):
                yield bytes(key), rid

    def _lose(self, lost: Sequence[tuple[bytes, int]]) -> None:
        if lost:
            self._db.many("DELETE FROM identity WHERE key = ? AND rid = ?", lost)
            due = "UPDATE record SET due = 1 WHERE rid IN (SELECT rid FROM identity WHERE key = ?)"
            self._db.many(due, [(key,) for key, _ in lost])

    def _keys_of(self, body: Body) -> dict[bytes, str]:
        keys, words = {}, body.words()
        for name in IDENTITY.keys() & words.keys():
            kind, value = IDENTITY[name], words[name]
            for word in value if isinstance(value, list) else () if value is None else (value,):
                keys[self._vault.index(kind, word)] = kind
        return keys

    # -- ties

    def tie(self, create_key: str, rids: Iterable[int]) -> None:
        """The record we created and the one it was created from hold a key of their own in common."""
        key = self._vault.index(TIE, create_key)
        self._db.many(_ADD, [(key, rid, TIE) for rid in rids])

    def tied(self, create_key: str) -> str | None:
        """The customer of the record for which something is made under this key."""
        rows = self._db.rows(
            "SELECT r.customer FROM identity i JOIN record r ON r.rid = i.rid WHERE i.key = :key ORDER BY i.rid",
            {"key": self._vault.index(TIE, create_key)},
        )
        return str(rows[0][0]) if rows and rows[0][0] else None

    # -- looking up

    def find(self, kind: str, value: str) -> list[str]:
        """Customers who hold this identity key."""
        rows = self._db.rows(
            "SELECT DISTINCT r.customer FROM identity i JOIN record r ON r.rid = i.rid"
            " WHERE i.key = :key AND r.customer IS NOT NULL ORDER BY r.customer",
            {"key": self._vault.index(kind, value)},
        )
        return [customer for (customer,) in rows]

    def holders(self, key: bytes, most: int) -> list[int]:
        """The first records that hold a key."""
        params: Params = {"key": key, "most": most}
        sql = "SELECT rid FROM identity WHERE key = :key ORDER BY rid LIMIT :most"
        return [rid for (rid,) in self._db.rows(sql, params)]
