"""Records: what each system says, landed a page at a time. An unchanged record costs one look-up and no write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.model import Buyer, NounName
from hub.store.bodies import Body, overtaken, take
from hub.store.database import Database, Params, Row, chunks, names
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

SHADOW = ("base", "written", "made", "declined", "left", "unkept", "lost")
"""The parts of a shadow, each field -> value: what both sides last agreed on; what we wrote; what our writes made of
fields that we did not write (the whole name of a new family name); what we wanted and left to them; what we wanted
when we left their word standing (wanted again after a write of ours, that word comes back); what we wrote and they did
not keep; what we wrote and somebody there has replaced since the last plan."""

TIE = "created"
"""The kind of key that ties a record we made ourselves to the record it was made from. It is no evidence of anything."""


@dataclass(frozen=True)
class Incoming:
    """A normalised record on its way into the store.

    `values` is the noun as JSON with empty fields left out; `typed` the columns of its own table (orders, cases, ...).
    """

    ext: str
    values: dict[str, Any]
    modified: int
    fingerprint: bytes
    buyer: Buyer | None = None
    typed: dict[str, Any] | None = None
    lines: Sequence[dict[str, Any]] = ()
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stored:
    """A record as the later steps see it."""

    rid: int
    connection: str
    stream: str
    ext: str
    customer: str | None
    gone: bool
    placeholder: bool
    body: Body = field(default_factory=Body)


@dataclass
class Landing:
    """What landing a page did, for the run's record."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    changed_rids: list[int] = field(default_factory=list)


class Records:
    """The tables `record`, `identity`, `consent` and `shadow`."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    # -- landing

    def land(
        self, connection: str, stream: str, noun: NounName, page: Sequence[Incoming], now: int,
        *, made_by_us: bool = False,
    ) -> tuple[Landing, list[tuple[Incoming, int]]]:  # fmt: skip
        """Land one page; returns the counts, and the new or changed records with their internal ids.

        `made_by_us`: we created these records; what was read of them before we knew that is forgotten.
        """
        page = list({item.ext: item for item in page}.values())  # the last word on an id counts
        known = self._known(connection, stream, [item.ext for item in page])
        fresh = [item for item in page if made_by_us or self._differs(item, known.get(item.ext))]
        done = Landing(unchanged=len(page) - len(fresh), new=sum(1 for item in fresh if item.ext not in known))
        done.changed = len(fresh) - done.new
        bodies = self._merged(connection, stream, noun, fresh, {} if made_by_us else known, now)
        self._save(connection, stream, noun, fresh, bodies)
        rids = self._rids(connection, stream, [item.ext for item in fresh])
        if noun == "customers":
            self._key([(rids[item.ext], bodies[item.ext]) for item in fresh])
            self._consents([(rids[item.ext], item) for item in fresh])
        done.changed_rids = [rids[item.ext] for item in fresh]
        return done, [(item, rids[item.ext]) for item in fresh]

    def _known(self, connection: str, stream: str, exts: Sequence[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for part in chunks(exts):
            listed, params = names("k", part)
            sql = (
                "SELECT ext, rid, fingerprint, gone, placeholder, body, absent FROM record"
                f" WHERE connection = :connection AND stream = :stream AND ext IN {listed}"
            )
            for row in self._db.rows(sql, {**params, "connection": connection, "stream": stream}):
                found[row[0]] = row
        return found

    @staticmethod
    def _differs(item: Incoming, row: Row | None) -> bool:
        return row is None or row[2] is None or bytes(row[2]) != item.fingerprint or bool(row[3] or row[4] or row[6])

    def _merged(
        self, connection: str, stream: str, noun: str, fresh: list[Incoming], known: dict[str, Row], now: int
    ) -> dict[str, Body]:
        exts = [item.ext for item in fresh] if noun == "customers" else []
        shadows, unclear = self.shadows(connection, exts), self._unclear(connection, exts)
        bodies = {}
        for item in fresh:
            row = known.get(item.ext)
            old = self._open(connection, stream, row[5]) if row is not None and row[5] is not None else None
            shadow = shadows.get(item.ext, {})
            written = {**shadow.get("made", {}), **shadow.get("written", {})}
            sent = {name: value for name, value in unclear.get(item.ext, {}).items() if item.values.get(name) == value}
            bodies[item.ext] = take(old, item.values, item.modified or now, {**written, **sent})
            lost = overtaken(written, item.values)
            if lost:
                replaced = {name: value for name, value in shadow.get("written", {}).items() if name in lost}
                shadow["lost"] = {**shadow.get("lost", {}), **replaced}
                for part in ("written", "made"):
                    shadow[part] = {name: value for name, value in shadow.get(part, {}).items() if name not in lost}
                self.save_shadow(connection, item.ext, shadow)
        return bodies

    def _unclear(self, connection: str, exts: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What we have sent for these records without knowing yet whether it arrived: what shows it is no evidence."""
        found: dict[str, dict[str, Any]] = {}
        for part in chunks(exts):
            listed, params = names("k", part)
            sql = (
                "SELECT ext, body FROM receipt WHERE connection = :connection AND state IN ('intent', 'unknown')"
                f" AND ext IN {listed} ORDER BY key"
            )
            for ext, body in self._db.rows(sql, {**params, "connection": connection}):
                sides = self._vault.open(bytes(body), "receipt")
                found.setdefault(ext, {}).update({name: side["wanted"] for name, side in sides.items()})
        return found

    def _save(self, connection: str, stream: str, noun: str, fresh: list[Incoming], bodies: dict[str, Body]) -> None:
        self._db.many(
            "INSERT INTO record (connection, stream, noun, ext, fingerprint, modified, body, due)"
            " VALUES (:connection, :stream, :noun, :ext, :fingerprint, :modified, :body, :due)"
            " ON CONFLICT (connection, stream, ext) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " modified = excluded.modified, body = excluded.body, due = excluded.due, gone = 0, absent = 0,"
            " placeholder = 0",
            [
                {
                    "connection": connection, "stream": stream, "noun": noun, "ext": item.ext,
                    "fingerprint": item.fingerprint, "modified": item.modified, "due": int(noun == "customers"),
                    "body": self._vault.seal(bodies[item.ext].to_json(), _context(connection, stream)),
                }
                for item in fresh
            ],
        )  # fmt: skip

    def _rids(self, connection: str, stream: str, exts: Sequence[str]) -> dict[str, int]:
        return {ext: row[1] for ext, row in self._known(connection, stream, exts).items()}

    # -- identity keys

    def _key(self, found: list[tuple[int, Body]]) -> None:
        """Replace the identity keys of these records; whoever shared a key that goes is looked at again."""
        wanted = {rid: self._keys_of(body) for rid, body in found}
        standing: dict[int, set[bytes]] = {rid: set() for rid in wanted}
        for part in chunks(list(wanted)):
            listed, params = names("k", part)
            sql = f"SELECT key, rid FROM identity WHERE rid IN {listed} AND kind <> :tie"
            for key, rid in self._db.rows(sql, {**params, "tie": TIE}):
                standing[rid].add(bytes(key))
        lost = [(key, rid) for rid, keys in standing.items() for key in keys - wanted[rid].keys()]
        self._db.many("DELETE FROM identity WHERE key = :key AND rid = :rid", _pairs(lost))
        self._db.many("UPDATE record SET due = 1 WHERE rid IN (SELECT rid FROM identity WHERE key = :key)",
                      [{"key": key} for key, _ in lost])  # fmt: skip
        self._db.many(
            "INSERT INTO identity (key, rid, kind) VALUES (:key, :rid, :kind) ON CONFLICT (key, rid) DO NOTHING",
            [
                {"key": key, "rid": rid, "kind": kind}
                for rid, keys in wanted.items()
                for key, kind in keys.items()
                if key not in standing[rid]
            ],
        )

    def _keys_of(self, body: Body) -> dict[bytes, str]:
        keys = {}
        for name, value, _ in body.evidence():
            kind = IDENTITY.get(name)
            for word in (value if isinstance(value, list) else [value]) if kind else ():
                keys[self._vault.index(kind or "", word)] = kind or ""
        return keys

    def _consents(self, found: list[tuple[int, Incoming]]) -> None:
        self._db.many("DELETE FROM consent WHERE rid = :rid", [{"rid": rid} for rid, _ in found])
        self._db.many(
            "INSERT INTO consent (rid, channel, purpose, state, at, source)"
            " VALUES (:rid, :channel, :purpose, :state, :at, :source)",
            [
                {
                    "rid": rid, "channel": consent["channel"], "purpose": consent["purpose"],
                    "state": consent["state"], "at": item.modified, "source": consent.get("source", ""),
                }
                for rid, item in found
                for consent in item.values.get("consents", ())
            ],
        )  # fmt: skip

    def tie(self, create_key: str, rids: Iterable[int]) -> None:
        """The record we created and the one it was created from hold a key of their own in common."""
        key = self._vault.index(TIE, create_key)
        self._db.many(
            "INSERT INTO identity (key, rid, kind) VALUES (:key, :rid, :tie) ON CONFLICT (key, rid) DO NOTHING",
            [{"key": key, "rid": rid, "tie": TIE} for rid in rids],
        )

    def tied(self, create_key: str) -> str | None:
        """The customer of the record for which something is made under this key."""
        rows = self._db.rows(
            "SELECT r.customer FROM identity i JOIN record r ON r.rid = i.rid WHERE i.key = :key ORDER BY i.rid",
            {"key": self._vault.index(TIE, create_key)},
        )
        return str(rows[0][0]) if rows and rows[0][0] else None

    # -- placeholders, buyers, absence

    def placeholder(self, connection: str, stream: str, exts: Iterable[str]) -> dict[str, int]:
        """Internal ids of these customer records; one not read yet gets a placeholder."""
        wanted = sorted(set(exts))
        self._db.many(
            "INSERT INTO record (connection, stream, noun, ext, placeholder, due)"
            " VALUES (:connection, :stream, 'customers', :ext, 1, 1) ON CONFLICT (connection, stream, ext) DO NOTHING",
            [{"connection": connection, "stream": stream, "ext": ext} for ext in wanted],
        )
        return self._rids(connection, stream, wanted)

    def mark_gone(self, connection: str, stream: str, exts: Sequence[str]) -> int:
        """These ids were reported as deleted: they keep link and orders, and leave identity and survivorship."""
        rows = [row for row in self._known(connection, stream, exts).values() if not row[3]]
        return self.let_go([row[1] for row in rows])

    def let_go(self, rids: Sequence[int]) -> int:
        """Gone: their identity keys go with them; ties stay, so that what we made ourselves never stands alone."""
        lost: list[tuple[bytes, int]] = []
        for part in chunks(rids):
            listed, params = names("k", part)
            lost += [(bytes(key), rid) for key, rid in self._db.rows(
                f"SELECT key, rid FROM identity WHERE rid IN {listed} AND kind <> :tie",
                {**params, "tie": TIE})]  # fmt: skip
            self._db.execute(f"UPDATE record SET gone = 1, due = 1 WHERE rid IN {listed}", params)
            self._uncount(listed, params)
        self._db.many("DELETE FROM identity WHERE key = :key AND rid = :rid", _pairs(lost))
        self._db.many("UPDATE record SET due = 1 WHERE rid IN (SELECT rid FROM identity WHERE key = :key)",
                      [{"key": key} for key, _ in lost])  # fmt: skip
        return len(rids)

    def _uncount(self, listed: str, params: Params) -> None:
        """An order that is gone counts no longer: its customer is decided again. One that comes back counts again."""
        self._db.execute(
            f"UPDATE customer SET due = 1 WHERE id IN (SELECT customer FROM orders WHERE rid IN {listed})",
            params,
        )
        self._db.execute(f"UPDATE orders SET counts = 0 WHERE rid IN {listed}", params)

    # -- reading

    def by_ids(self, rids: Sequence[int]) -> dict[int, Stored]:
        """Records by internal id."""
        return {record.rid: record for record in self._select("rid", rids)}

    def of_customers(self, customers: Sequence[str]) -> dict[str, list[Stored]]:
        """All records of these customers."""
        found: dict[str, list[Stored]] = {customer: [] for customer in customers}
        for record in self._select("customer", customers):
            found[record.customer or ""].append(record)
        return found

    def by_exts(self, connection: str, stream: str, exts: Sequence[str]) -> dict[str, Stored]:
        """A connection's records by external id."""
        rids = self._rids(connection, stream, exts)
        return {record.ext: record for record in self.by_ids(list(rids.values())).values()}

    def living(self, connection: str, stream: str) -> list[Stored]:
        """All records of a (small) stream that are not gone."""
        rows = self._db.rows(
            "SELECT rid FROM record WHERE connection = :connection AND stream = :stream AND gone = 0",
            {"connection": connection, "stream": stream},
        )
        return self._select("rid", [rid for (rid,) in rows])

    def every(self) -> Iterator[Stored]:
        """All living customer records, a few at a time: for looking at each of them once."""
        sql = (
            "SELECT rid, connection, stream, ext, customer, gone, placeholder, body FROM record"
            " WHERE noun = 'customers' AND gone = 0 AND placeholder = 0 ORDER BY rid"
        )
        return (self._stored(row) for row in self._db.stream(sql))

    def _select(self, column: str, values: Sequence[Any]) -> list[Stored]:
        found = []
        for part in chunks(values):
            listed, params = names("k", part)
            sql = (
                "SELECT rid, connection, stream, ext, customer, gone, placeholder, body FROM record"
                f" WHERE {column} IN {listed} AND noun = 'customers' ORDER BY connection, stream, ext"
            )
            found += [self._stored(row) for row in self._db.rows(sql, params)]
        return found

    def _stored(self, row: Row) -> Stored:
        rid, connection, stream, ext, customer, gone, placeholder, body = row
        opened = self._open(connection, stream, body) if body is not None else Body()
        return Stored(rid, connection, stream, ext, customer, bool(gone), bool(placeholder), opened)

    def _open(self, connection: str, stream: str, blob: bytes) -> Body:
        return Body.from_json(self._vault.open(bytes(blob), _context(connection, stream)))

    def find(self, kind: str, value: str) -> list[str]:
        """Customers who hold this identity key."""
        rows = self._db.rows(
            "SELECT DISTINCT r.customer FROM identity i JOIN record r ON r.rid = i.rid"
            " WHERE i.key = :key AND r.customer IS NOT NULL ORDER BY r.customer",
            {"key": self._vault.index(kind, value)},
        )
        return [customer for (customer,) in rows]

    def holding(self, key: bytes, most: int) -> list[Stored]:
        """The first records that hold an identity key, for whoever must judge it."""
        sql = "SELECT rid FROM identity WHERE key = :key ORDER BY rid LIMIT :most"
        return self._select("rid", [rid for (rid,) in self._db.rows(sql, {"key": key, "most": most})])

    def counts(self) -> dict[tuple[str, str], int]:
        """How many living records each stream holds."""
        rows = self._db.rows(
            "SELECT connection, stream, COUNT(*) FROM record WHERE gone = 0 AND placeholder = 0"
            " GROUP BY connection, stream ORDER BY connection, stream"
        )
        return {(connection, stream): count for connection, stream, count in rows}

    # -- shadows: what was last agreed and what we last wrote

    def shadows(self, connection: str, exts: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The shadows of these records, see `SHADOW`."""
        found = {}
        for part in chunks(exts):
            listed, params = names("k", part)
            sql = f"SELECT ext, body FROM shadow WHERE connection = :connection AND ext IN {listed}"
            for ext, body in self._db.rows(sql, {**params, "connection": connection}):
                found[ext] = self._vault.open(bytes(body), f"shadow:{connection}")
        return found

    def save_shadow(self, connection: str, ext: str, shadow: dict[str, Any]) -> None:
        """Store one shadow."""
        self._db.execute(
            "INSERT INTO shadow (connection, ext, body) VALUES (:connection, :ext, :body)"
            " ON CONFLICT (connection, ext) DO UPDATE SET body = excluded.body",
            {"connection": connection, "ext": ext, "body": self._vault.seal(shadow, f"shadow:{connection}")},
        )


def _context(connection: str, stream: str) -> str:
    return f"record:{connection}:{stream}"


def _pairs(found: list[tuple[bytes, int]]) -> list[dict[str, Any]]:
    return [{"key": key, "rid": rid} for key, rid in found]
