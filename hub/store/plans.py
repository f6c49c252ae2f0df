"""Plans: the standing rows of wanted changes, the plan they make up, approvals and brakes.

Rows stand until they are applied or no longer wanted; a plan is the digest over a connection's rows (`plan_sums`). Rows
carry their approval by their own digest: a later plan that holds the same row keeps what was approved of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from hub.clock import Clock
from hub.store.database import Database, Row, listings, names
from hub.store.meta import Meta
from hub.store.plan_sums import Look, PlanSums
from hub.vault import Vault
from hub.written import written


class PlanRow(NamedTuple):
    """One wanted change. `fields` maps our field -> {base, theirs, wanted, why}; `key` is the row's place in its plan."""

    connection: str
    key: str
    customer: str
    action: str
    ext: str
    fields: dict[str, dict[str, Any]]
    reason: str
    digest: bytes = b""
    state: str = "open"
    code: str = ""
    field: str = ""


@dataclass(frozen=True)
class Plan:
    """A connection's plan: `digest` names exactly its rows."""

    connection: str
    digest: str
    run: int
    state: str
    rows: int
    at: int
    difference: str


@dataclass(frozen=True)
class Approval:
    """A standing approval: who, until when (epoch seconds), and which brakes it releases."""

    connection: str
    digest: str
    actor: str
    at: int
    until: int
    released: frozenset[str]


@dataclass(frozen=True)
class Brake:
    """What holds one kind of change of one connection."""

    connection: str
    kind: str
    subject: str
    note: str


class _Stood(NamedTuple):
    """What is asked of a row that stands before another is put in its place."""

    digest: bytes
    customer: str
    action: str


_NONE = _Stood(b"", "", "")
_COLUMNS = "connection, key, customer, action, ext, body, reason, digest, state, code, field"


class Plans:
    """The tables `plan_row`, `plan`, `approval`, `approved_row` and `brake`."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._meta = Meta(db)
        self.sums = PlanSums(db, vault)

    # -- rows

    def some(self) -> bool:
        """Whether any row stands."""
        return bool(self._db.rows("SELECT 1 FROM plan_row LIMIT 1"))

    def replace(
        self, customers: Sequence[str], exts: Mapping[str, Sequence[str]], rows: Sequence[PlanRow], *, first: bool = False
    ) -> None:  # fmt: skip
        """Put `rows` in the place of all standing rows of these customers and of these records, by connection.

        A row that stands already is left as it is, with its approval and what became of it. `first`: none stood when one
        began.
        """
        standing = {} if first else self._standing(customers, exts, rows)
        wanted = {(row.connection, row.key): (row, self._digest(row)) for row in rows}
        over = [at for at, stood in standing.items() if at not in wanted or wanted[at][1] != stood.digest]
        fresh = [
            (row, digest)
            for at, (row, digest) in wanted.items()
            if standing.get(at, _NONE)[:2] != (digest, row.customer)
        ]
        self._db.many("DELETE FROM plan_row WHERE connection = ? AND key = ?", over)
        for connection in sorted({at[0] for at in over} | {row.connection for row, _ in fresh}):
            here = [entry for entry in fresh if entry[0].connection == connection]
            self._insert(connection, here, first=first)
            stood = {key: row for (place, key), row in standing.items() if place == connection}
            gone = [(stood[key].digest, stood[key].action) for place, key in over if place == connection]
            come = [(digest, row.action) for row, digest in here if stood.get(row.key, _NONE).digest != digest]
            self.sums.move(connection, gone, come, first=first)
            self._unsettle(connection)

    def _insert(self, connection: str, fresh: Sequence[tuple[PlanRow, bytes]], *, first: bool) -> None:
        texts = [written(row.fields) for row, _ in fresh]
        bodies = self._vault.sealed(texts, f"plan_row:{connection}")
        self._db.many(
            "INSERT INTO plan_row (connection, key, customer, action, ext, fields, body, digest, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            + ("" if first else " ON CONFLICT (connection, key) DO UPDATE SET customer = excluded.customer"),
            [
                (connection, row.key, row.customer, row.action, row.ext, ",".join(sorted(row.fields)), body, digest, row.reason)
                for (row, digest), body in zip(fresh, bodies, strict=True)
            ],
        )  # fmt: skip

    def _standing(
        self, customers: Sequence[str], exts: Mapping[str, Sequence[str]], rows: Sequence[PlanRow]
    ) -> dict[tuple[str, str], _Stood]:
        """By connection and key: rows of these customers; those of these records, and in the places of `rows`, whoever they
        were made for.
        """
        select = "SELECT connection, key, digest, customer, action FROM plan_row WHERE"
        found: list[Row] = []
        for listed, params in listings(customers):
            found += self._db.rows(f"{select} customer IN {listed}", params)
        for connection, records in exts.items():
            keys = [key for ext in records for key in (ext, f"tag:{ext}")]
            keys += [row.key for row in rows if row.connection == connection and not row.ext]
            for listed, params in listings(keys):
                place = f"connection = :connection AND key IN {listed}"
                found += self._db.rows(f"{select} {place}", {**params, "connection": connection})
        return {(c, key): _Stood(bytes(digest), customer, action) for c, key, digest, customer, action in found}

    def _digest(self, row: PlanRow) -> bytes:
        sides = {name: [side["base"], side["theirs"], side["wanted"]] for name, side in row.fields.items()}
        text = written([row.connection, row.key, row.action, row.ext, sides])
        return self._vault.digest("plan_row", text)

    def rows(self, connection: str, *, limit: int = 1_000_000, offset: int = 0) -> list[PlanRow]:
        """A connection's standing rows in key order."""
        sql = f"SELECT {_COLUMNS} FROM plan_row WHERE connection = :connection ORDER BY key LIMIT :limit OFFSET :offset"
        found = self._db.rows(sql, {"connection": connection, "limit": limit, "offset": offset})
        return [self._row(row) for row in found]

    def of_customer(self, customer: str) -> list[PlanRow]:
        """A customer's standing rows."""
        sql = f"SELECT {_COLUMNS} FROM plan_row WHERE customer = :customer ORDER BY connection, key"
        return [self._row(row) for row in self._db.rows(sql, {"customer": customer})]

    def _row(self, row: Row) -> PlanRow:
        connection, key, customer, action, ext, body, reason, digest, state, code, field = row
        fields = self._vault.open(bytes(body), f"plan_row:{connection}")
        return PlanRow(connection, key, customer, action, ext, fields, reason, bytes(digest), state, code, field)

    def approved(self, connection: str) -> list[tuple[PlanRow, Approval]]:
        """Rows that a standing approval covers and no brake holds, in key order."""
        approvals = {approval.digest: approval for approval in self.approvals(connection)}
        brakes = {brake.subject: brake.kind for brake in self.brakes(connection)}
        listed, params = names("d", sorted(approvals) or [""])
        sql = (
            f"SELECT {', '.join('p.' + column.strip() for column in _COLUMNS.split(','))}, a.plan FROM plan_row p"
            " JOIN approved_row a ON a.connection = p.connection AND a.digest = p.digest"
            f" WHERE p.connection = :connection AND a.plan IN {listed}"
            " ORDER BY p.key, a.plan"
        )
        found: dict[str, tuple[PlanRow, Approval]] = {}
        for *row, plan in self._db.rows(sql, {**params, "connection": connection}):
            approval, (key, action) = approvals[plan], (row[1], row[3])
            held = action in brakes and brakes[action] not in approval.released
            if not held and (key not in found or found[key][1].at <= approval.at):
                found[key] = (self._row(tuple(row)), approval)
        return list(found.values())

    def mark(self, row: PlanRow, state: str, code: str = "", field: str = "") -> None:
        """Note what became of a row that stays listed."""
        self._db.execute(
            "UPDATE plan_row SET state = :state, code = :code, field = :field WHERE connection = :connection AND key = :key",
            {"state": state, "code": code, "field": field, "connection": row.connection, "key": row.key},
        )

    def remove(self, row: PlanRow) -> None:
        """The row is done, and its approval is used up: the same change, wanted again, asks again."""
        place = {"connection": row.connection, "digest": row.digest}
        self._db.execute(
            "DELETE FROM plan_row WHERE connection = :connection AND key = :key AND digest = :digest",
            {**place, "key": row.key},
        )
        self._db.execute("DELETE FROM approved_row WHERE connection = :connection AND digest = :digest", place)
        self._moved(row.connection)

    def tally(self, connection: str) -> dict[str, int]:
        """Rows by action."""
        return dict(self.sums.look(connection).rows)

    # -- the plan as a whole

    def look(self, connection: str) -> Look:
        """What the standing rows come to, whose sum is kept from now on."""
        return self.sums.begin(connection)

    def digest(self, connection: str) -> str:
        """The digest over the standing rows, each looked at; "" when there are none."""
        return self.sums.count(connection).digest

    def publish(self, run: int, connection: str, look: Look | None = None) -> Plan | None:
        """Make the standing rows the connection's one open plan; the same rows keep their digest and approval.

        `look`: the rows were looked at just now.
        """
        digest, tally = look or self.look(connection)
        count = sum(tally.values())
        former = self.open(connection)
        if former is not None and former.digest == digest:
            return former
        if former is not None:
            self._state(former, "replaced" if digest else "done")
        if not digest:
            return None
        difference = "" if former is None else f"{count - former.rows:+d} rows against {former.digest}"
        self._db.execute(
            "INSERT INTO plan (digest, connection, run, state, rows, at, difference)"
            " VALUES (:digest, :connection, :run, 'open', :rows, :at, :difference)"
            " ON CONFLICT (connection, digest) DO UPDATE SET state = 'open', run = excluded.run, at = excluded.at",
            {
                "digest": digest, "connection": connection, "run": run, "rows": count, "at": self._now(),
                "difference": difference,
            },
        )  # fmt: skip
        return self.open(connection)

    def _state(self, plan: Plan, state: str) -> None:
        self._db.execute(
            "UPDATE plan SET state = :state WHERE connection = :connection AND digest = :digest",
            {"state": state, "connection": plan.connection, "digest": plan.digest},
        )

    def open(self, connection: str) -> Plan | None:
        """The connection's open plan."""
        found = [plan for plan in self.latest(connection) if plan.state == "open"]
        return found[0] if found else None

    def latest(self, connection: str | None = None, count: int = 50) -> list[Plan]:
        """Plans, newest first."""
        rows = self._db.rows(
            "SELECT connection, digest, run, state, rows, at, difference FROM plan"
            " WHERE :connection = '' OR connection = :connection ORDER BY at DESC, run DESC, connection, digest LIMIT :count",
            {"connection": connection or "", "count": count},
        )
        return [Plan(*row) for row in rows]

    def discard(self, connection: str) -> int:
        """Drop a connection's rows, plan and approvals; the next run plans afresh. Returns how many rows went."""
        with self._db.writing("discard", durable=True):
            plan = self.open(connection)
            if plan is not None:
                self._state(plan, "discarded")
            self._db.execute(
                "UPDATE customer SET due = 1 WHERE due <> 1 AND id IN"
                " (SELECT customer FROM plan_row WHERE connection = :connection)",
                {"connection": connection},
            )
            self._moved(connection)
            for table in ("approval", "approved_row"):
                self._db.execute(f"DELETE FROM {table} WHERE connection = :connection", {"connection": connection})
            return self._db.execute("DELETE FROM plan_row WHERE connection = :connection", {"connection": connection})

    # -- approvals

    def approve(self, connection: str, digest: str, actor: str, hours: float, released: Iterable[str]) -> None:
        """Store who approved exactly these rows, and until when."""
        until = self._now() + int(hours * 3600)
        with self._db.writing("approve", durable=True):
            self._db.execute(
                "INSERT INTO approval (connection, digest, actor, at, until, released)"
                " VALUES (:connection, :digest, :actor, :at, :until, :released) ON CONFLICT (connection, digest)"
                " DO UPDATE SET actor = excluded.actor, at = excluded.at, until = excluded.until,"
                " released = excluded.released",
                {
                    "connection": connection, "digest": digest, "actor": actor, "at": self._now(), "until": until,
                    "released": ",".join(sorted(released)),
                },
            )  # fmt: skip
            self._db.execute(
                "INSERT INTO approved_row (connection, digest, plan)"
                " SELECT connection, digest, :plan FROM plan_row WHERE connection = :connection"
                " ON CONFLICT (connection, digest, plan) DO NOTHING",
                {"plan": digest, "connection": connection},
            )

    def approvals(self, connection: str) -> list[Approval]:
        """Approvals that have not expired."""
        rows = self._db.rows(
            "SELECT connection, digest, actor, at, until, released FROM approval"
            " WHERE connection = :connection AND until > :now ORDER BY at, digest",
            {"connection": connection, "now": self._now()},
        )
        return [replace(Approval(*row), released=frozenset(filter(None, row[5].split(",")))) for row in rows]

    def unapproved(self, connection: str) -> int:
        """How many standing rows no approval in force covers."""
        rows = self._db.rows(
            "SELECT COUNT(*) FROM plan_row p WHERE p.connection = :connection AND NOT EXISTS (SELECT 1 FROM approved_row a"
            " JOIN approval v ON v.connection = a.connection AND v.digest = a.plan AND v.until > :now"
            " WHERE a.connection = p.connection AND a.digest = p.digest)",
            {"connection": connection, "now": self._now()},
        )
        return int(rows[0][0])

    def forget_approvals(self) -> None:
        """Retention: approvals that have expired go."""
        with self._db.writing("retention"):
            for table, column in (("approved_row", "plan"), ("approval", "digest")):
                self._db.execute(
                    f"DELETE FROM {table} WHERE {column} IN (SELECT digest FROM approval WHERE until <= :now)",
                    {"now": self._now()},
                )

    # -- brakes

    def brake(self, run: int, connection: str, found: Sequence[tuple[str, str, str]], kinds: Sequence[str]) -> None:
        """Replace a connection's brakes of these kinds by `found`: (kind, subject, note)."""
        for kind in kinds:
            self._db.execute(
                "DELETE FROM brake WHERE connection = :connection AND kind = :kind",
                {"connection": connection, "kind": kind},
            )
        self._db.many(
            "INSERT INTO brake (connection, kind, subject, note, run) VALUES (:connection, :kind, :subject, :note, :run)",
            [
                {"connection": connection, "kind": kind, "subject": subject, "note": note, "run": run}
                for kind, subject, note in found
            ],
        )

    def brakes(self, connection: str | None = None) -> list[Brake]:
        """The brakes that hold now."""
        rows = self._db.rows(
            "SELECT connection, kind, subject, note FROM brake WHERE :connection = '' OR connection = :connection"
            " ORDER BY connection, kind, subject",
            {"connection": connection or ""},
        )
        return [Brake(*row) for row in rows]

    def braked(self, connection: str) -> str:
        """The limits under which a connection's rows were braked and published as they stand; "" when they moved since."""
        return self._meta.get(f"braked:{connection}") or ""

    def settled(self, connection: str, limits: str) -> None:
        """The rows as they stand are braked and published: until they move there is nothing to do about them."""
        self._meta.put(f"braked:{connection}", limits)

    def _moved(self, connection: str) -> None:
        """Rows have gone one by one: what they come to is counted when it is next asked for."""
        self.sums.forget(connection)
        self._unsettle(connection)

    def _unsettle(self, connection: str) -> None:
        self._meta.drop(f"braked:{connection}")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
