"""Records: what each system says, landed a page at a time. An unchanged record costs one look-up and no write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from hub.model import NounName
from hub.store.bodies import Body, overtaken, take
from hub.store.database import Database, Params, Row, listings
from hub.store.identities import Identities
from hub.vault import Vault
from hub.written import written

_ext = attrgetter("ext")

SHADOW = ("base", "written", "made", "declined", "left", "unkept", "lost")
"""The parts of a shadow, each field -> value: what both sides last agreed on; what we wrote; what our writes made of
fields that we did not write (the whole name of a new family name); what we wanted and left to them; what we wanted
when we left their word standing (wanted again after a write of ours, that word comes back); what we wrote and they did
not keep; what we wrote and somebody there has replaced since the last plan."""


class Incoming(NamedTuple):
    """A normalised record on its way into the store.

    `values` is a customer's record with empty fields left out, nothing for other nouns, which are only kept. `text` are the
    values as JSON where that was written already; of other nouns the whole body, as it is sealed (`hub.store.bodies.alone`).
    `typed` are the columns of a noun's own table (cases, stores, staff), `order` those of an order and `lines` those of its
    positions, see `hub/store/registers.py`. `buyer` is how an order or a case names its customer: the fields of
    `hub.model.Buyer` that are known.
    """

    ext: str
    values: dict[str, Any]
    modified: int
    fingerprint: bytes
    buyer: dict[str, str] | None = None
    typed: dict[str, Any] | None = None
    order: tuple[Any, ...] = ()
    lines: Sequence[tuple[Any, ...]] = ()
    flaws: tuple[str, ...] = ()
    text: bytes = b""


class Stored(NamedTuple):
    """A record as the later steps see it."""

    rid: int
    connection: str
    stream: str
    ext: str
    customer: str | None
    gone: bool
    placeholder: bool
    body: Body


@dataclass
class Landing:
    """What landing a page did. `rids`: the internal id of each of its records; `known` were in the store before and have
    changed, `made` are new: nobody else's id lies between theirs."""

    unchanged: int = 0
    rids: dict[str, int] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    made: range = range(0)

    @property
    def new(self) -> int:
        """How many records are new."""
        return len(self.made)

    @property
    def changed(self) -> int:
        """How many were there and have changed."""
        return len(self.known)


class _Known(NamedTuple):
    rid: int
    fingerprint: bytes | None
    asleep: int
    """Not 0 for a record that is gone, was missed or never read: landing it wakes it up."""


class Records:
    """The tables `record`, `consent` and `shadow`; identity keys follow what lands and goes."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault
        self.identities = Identities(db, vault)

    # -- landing

    def land(
        self, connection: str, stream: str, noun: NounName, page: Sequence[Incoming], now: int,
        *, made_by_us: bool = False, loading: bool = False,
    ) -> tuple[Landing, list[tuple[Incoming, int]]]:  # fmt: skip
        """Land one page in the open transaction; returns what it did, and the new or changed records with their ids.

        `made_by_us`: we created these records; what was read of them before we knew that is forgotten. `loading`: see
        `Store.finish_loading`.
        """
        latest = {item.ext: item for item in page}
        known, fresh = self._known(connection, stream, list(latest)), list(latest.values())
        if known and not made_by_us:
            differing = {item.ext for item in page if _differs(item, known.get(item.ext))}
            fresh = [item for item in fresh if item.ext in differing]
        fresh.sort(key=_ext)  # ids that are hashes dirty the pages of their index one after the other, not to and fro
        made = self._numbered([item.ext for item in fresh if item.ext not in known])
        rids = {ext: found.rid for ext, found in known.items()} | made
        changed = {rids[item.ext] for item in fresh if item.ext in known}
        first = next(iter(made.values()), 0)
        done = Landing(len(page) - len(fresh), rids, changed, range(first, first + len(made)))
        landed = [(item, rids[item.ext]) for item in fresh]
        if noun != "customers":  # nobody else has a word on these: since when each field stands does not matter
            self._save(connection, stream, noun, landed, changed, [item.text for item in fresh])
            return done, landed
        old = {} if made_by_us else self._bodies(connection, stream, sorted(changed))
        said: dict[str, list[Incoming]] = {}
        for item in page:  # what is said twice of an id lands as if page after page had told it
            said.setdefault(item.ext, []).append(item)
        bodies = self._merged(connection, [(said[item.ext], rid) for item, rid in landed], old, now)
        texts = [bodies[rid].written(item.text) for item, rid in landed]
        self._save(connection, stream, noun, landed, changed, texts)
        self.identities.put(bodies, changed, loading=loading)
        self._consents([(rid, item) for item, rid in landed], changed)
        return done, landed

    def _known(self, connection: str, stream: str, exts: Sequence[str]) -> dict[str, _Known]:
        """Those of these records that are in the store. Pages often come in the order of ids, and new ones lie behind all
        known: where there is nothing between the first and the last of a page, none is looked for.
        """
        ends = {
            "connection": connection,
            "stream": stream,
            "first": min(exts, default=""),
            "last": max(exts, default=""),
        }
        between = "connection = :connection AND stream = :stream AND ext BETWEEN :first AND :last"
        if not self._db.rows(f"SELECT 1 FROM record WHERE {between} LIMIT 1", ends):
            return {}
        columns = "ext, rid, fingerprint, gone + placeholder + absent"
        return {ext: _Known(*row) for ext, *row in self._found(columns, connection, stream, exts)}

    def _rids(self, connection: str, stream: str, exts: Sequence[str]) -> dict[str, int]:
        """Internal ids, which the index alone knows."""
        return dict(self._found("ext, rid", connection, stream, exts))

    def _found(self, columns: str, connection: str, stream: str, exts: Sequence[str]) -> Iterator[Row]:
        for listed, params in listings(exts):
            sql = (
                f"SELECT {columns} FROM record WHERE connection = :connection AND stream = :stream AND ext IN {listed}"
            )
            yield from self._db.rows(sql, {**params, "connection": connection, "stream": stream})

    def _numbered(self, exts: Sequence[str]) -> dict[str, int]:
        """Ids for new records. There is one writer, so nobody else takes them before they are in the table."""
        if not exts:
            return {}
        ((last,),) = self._db.rows("SELECT COALESCE(MAX(rid), 0) FROM record")
        return {ext: rid for rid, ext in enumerate(exts, last + 1)}

    def _bodies(self, connection: str, stream: str, rids: Sequence[int]) -> dict[int, Body]:
        found: dict[int, Body] = {}
        for listed, params in listings(rids):
            sql = f"SELECT rid, body FROM record WHERE rid IN {listed} AND body IS NOT NULL"
            found |= {rid: self._open(connection, stream, body) for rid, body in self._db.rows(sql, params)}
        return found

    def _merged(
        self, connection: str, fresh: Sequence[tuple[Sequence[Incoming], int]], old: Rows[int, Body], now: int
    ) -> dict[int, Body]:
        exts = [said[0].ext for said, _ in fresh]
        shadows = self.shadows(connection, exts) if self.shadowed(connection) else {}
        unclear = self._unclear(connection, exts)
        bodies = {}
        for said, rid in fresh:
            ext, body = said[0].ext, old.get(rid)
            for item in said:
                at = item.modified or now
                if ext not in shadows and ext not in unclear:
                    body = take(body, item.values, at, {})
                else:
                    body = self._beside_ours(connection, item, body, at, shadows.get(ext, {}), unclear.get(ext, {}))
            assert body is not None
            bodies[rid] = body
        return bodies

    def _beside_ours(
        self, connection: str, item: Incoming, old: Body | None, at: int, shadow: dict[str, Any], unclear: Rows[str, Any]
    ) -> Body:  # fmt: skip
        """The body of a record in which we have written; what somebody there has replaced is noted in its shadow."""
        written = {**shadow.get("made", {}), **shadow.get("written", {})}
        sent = {name: value for name, value in unclear.items() if item.values.get(name) == value}
        lost = overtaken(written, item.values)
        body = take(old, item.values, at, {**written, **sent})
        if lost:
            replaced = {name: value for name, value in shadow.get("written", {}).items() if name in lost}
            shadow["lost"] = {**shadow.get("lost", {}), **replaced}
            for part in ("written", "made"):
                shadow[part] = {name: value for name, value in shadow.get(part, {}).items() if name not in lost}
            self.save_shadows(connection, {item.ext: shadow})
        return body

    def _unclear(self, connection: str, exts: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What we have sent for these records without knowing yet whether it arrived: what shows it is no evidence."""
        found: dict[str, dict[str, Any]] = {}
        open_ = "SELECT 1 FROM receipt WHERE connection = :connection AND state IN ('intent', 'unknown') LIMIT 1"
        for listed, params in listings(exts if self._db.rows(open_, {"connection": connection}) else ()):
            sql = (
                "SELECT ext, body FROM receipt WHERE connection = :connection AND state IN ('intent', 'unknown')"
                f" AND ext IN {listed} ORDER BY key"
            )
            for ext, body in self._db.rows(sql, {**params, "connection": connection}):
                sides = self._vault.open(bytes(body), "receipt")
                found.setdefault(ext, {}).update({name: side["wanted"] for name, side in sides.items()})
        return found

    def _save(
        self, connection: str, stream: str, noun: str, fresh: Sequence[tuple[Incoming, int]], known: set[int],
        texts: Sequence[bytes],
    ) -> None:  # fmt: skip
        due = int(noun == "customers")
        sealed = self._vault.sealed(texts, _context(connection, stream))
        rows = [
            (rid, connection, stream, noun, item.ext, item.fingerprint, item.modified, body, due)
            for (item, rid), body in zip(fresh, sealed, strict=True)
        ]
        self._db.many(
            "INSERT INTO record (rid, connection, stream, noun, ext, fingerprint, modified, body, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row for row in rows if row[0] not in known] if known else rows,
        )
        self._db.many(
            "UPDATE record SET fingerprint = ?, modified = ?, body = ?, due = ?, gone = 0, absent = 0, placeholder = 0"
            " WHERE rid = ?",
            [(*row[5:], row[0]) for row in rows if row[0] in known] if known else (),
        )

    def _consents(self, found: list[tuple[int, Incoming]], known: set[int]) -> None:
        self._db.many("DELETE FROM consent WHERE rid = ?", [(rid,) for rid in sorted(known)])
        self._db.many(
            "INSERT INTO consent (rid, channel, purpose, state, at, source) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (rid, said["channel"], said["purpose"], said["state"], item.modified, said.get("source", ""))
                for rid, item in found
                for said in item.values.get("consents", ())
            ],
        )

    # -- placeholders, buyers, absence

    def placeholder(self, connection: str, stream: str, exts: Iterable[str]) -> dict[str, int]:
        """Internal ids of these customer records; one not read yet gets a placeholder."""
        known = self._rids(connection, stream, sorted(set(exts)))
        fresh = self._numbered([ext for ext in sorted(set(exts)) if ext not in known])
        self._db.many(
            "INSERT INTO record (rid, connection, stream, noun, ext, placeholder, due) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(rid, connection, stream, "customers", ext, 1, 1) for ext, rid in fresh.items()],
        )
        return known | fresh

    def mark_gone(self, connection: str, stream: str, exts: Sequence[str]) -> int:
        """These records are taken away: they keep link and orders, and leave identity and survivorship."""
        found = []
        for listed, params in listings(exts):
            sql = (
                "SELECT rid FROM record WHERE connection = :connection AND stream = :stream AND gone = 0"
                f" AND ext IN {listed} ORDER BY rid"
            )
            found += self._db.rows(sql, {**params, "connection": connection, "stream": stream})
        return self.let_go([rid for (rid,) in found])

    def let_go(self, rids: Sequence[int]) -> int:
        """Gone: their identity keys go with them."""
        for listed, params in listings(rids):
            self._db.execute(f"UPDATE record SET gone = 1, due = 1 WHERE rid IN {listed}", params)
            self._uncount(listed, params)
        self.identities.let_go(rids)
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
        return map(self._stored, self._db.stream(sql))

    def _select(self, column: str, values: Sequence[Any]) -> list[Stored]:
        found: list[Stored] = []
        for listed, params in listings(values):
            sql = (
                "SELECT rid, connection, stream, ext, customer, gone, placeholder, body FROM record"
                f" WHERE {column} IN {listed} AND noun = 'customers' ORDER BY connection, stream, ext"
            )
            found += map(self._stored, self._db.rows(sql, params))
        return found

    def _stored(self, row: Row) -> Stored:
        rid, connection, stream, ext, customer, gone, placeholder, body = row
        opened = self._open(connection, stream, body) if body is not None else Body()
        return Stored(rid, connection, stream, ext, customer, bool(gone), bool(placeholder), opened)

    def _open(self, connection: str, stream: str, blob: bytes) -> Body:
        return Body.from_json(self._vault.open(bytes(blob), _context(connection, stream)))

    def holding(self, key: bytes, most: int) -> list[Stored]:
        """The first records that hold an identity key, for whoever must judge it."""
        return self._select("rid", self.identities.holders(key, most))

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
        for listed, params in listings(exts):
            sql = f"SELECT ext, body FROM shadow WHERE connection = :connection AND ext IN {listed}"
            for ext, body in self._db.rows(sql, {**params, "connection": connection}):
                found[ext] = self._vault.open(bytes(body), f"shadow:{connection}")
        return found

    def shadowed(self, connection: str) -> bool:
        """Whether any record of a connection has a shadow."""
        sql = "SELECT 1 FROM shadow WHERE connection = :connection LIMIT 1"
        return bool(self._db.rows(sql, {"connection": connection}))

    def save_shadows(self, connection: str, shadows: Rows[str, dict[str, Any]], *, first: bool = False) -> None:
        """Store the shadows of these records; parts that hold nothing may be left out. `first`: none of them has one."""
        texts = [written(shadow) for shadow in shadows.values()]
        self._db.many(
            "INSERT INTO shadow (connection, ext, body) VALUES (?, ?, ?)"
            + ("" if first else " ON CONFLICT (connection, ext) DO UPDATE SET body = excluded.body"),
            [
                (connection, ext, body)
                for ext, body in zip(shadows, self._vault.sealed(texts, f"shadow:{connection}"), strict=True)
            ],
        )


def _context(connection: str, stream: str) -> str:
    return f"record:{connection}:{stream}"


def _differs(item: Incoming, known: _Known | None) -> bool:
    return known is None or known.asleep != 0 or known.fingerprint is None or known.fingerprint != item.fingerprint
