"""Who is who: customers, links, and the records that a change can touch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.store.closure import Affected, Closure, Known, describe
from hub.store.database import Database, Row, listings
from hub.store.plan_sums import PlanSums
from hub.store.verdicts import Verdicts
from hub.vault import Vault

BATCH = 500
"""Customers that are decided or planned together."""


@dataclass
class Assignment:
    """What resolve decided: each record's customer, which ids are new, merged or live again, who is due."""

    of: dict[int, str]
    created: list[Known]
    merged: dict[str, str | None]
    due: set[str]
    reasons: dict[int, str]


class People:
    """The tables `customer` and `link`."""

    def __init__(self, db: Database, vault: Vault, verdicts: Verdicts) -> None:
        self._db = db
        self._vault = vault
        self._verdicts = verdicts
        self._plan_sums = PlanSums(db, vault)

    # -- what a change touches

    def affected(self, most: int) -> Iterator[Affected]:
        """Due records, and all that share with them a customer, a verdict, or a key which at most `most` hold, in parts.

        A part must be assigned before the next one is asked for.
        """
        return Closure(self._db, self._verdicts, most).parts()

    def mostly_due(self) -> bool:
        """Whether so much is due that the caches of all orders are better brought up to date in one sweep."""
        (due,) = self._db.rows("SELECT COUNT(*) FROM record WHERE due = 1")[0]
        (last,) = self._db.rows("SELECT COALESCE(MAX(rid), 0) FROM record")[0]
        return bool(due * 8 > last)

    def describe(self, affected: Affected, rids: Iterable[int]) -> None:
        """Fill in names, birthdays and genders of these records, which a shared key makes worth comparing."""
        describe(self._vault, [affected.nodes[rid] for rid in rids])

    def made_from(self, rids: Iterable[int]) -> set[int]:
        """What the hub made from these records: corrections, and what it created elsewhere."""
        found: set[int] = set()
        for listed, params in listings(sorted(rids)):
            sql = (
                "SELECT i.rid FROM identity i JOIN (SELECT key, MIN(rid) AS first FROM identity WHERE kind = 'created'"
                f" AND key IN (SELECT key FROM identity WHERE rid IN {listed}) GROUP BY key) t ON t.key = i.key"
                f" WHERE t.first IN {listed} AND i.rid <> t.first"
            )
            found.update(rid for (rid,) in self._db.rows(sql, params))
        return found

    def holders(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """How many records hold each of these identity keys, of those that two or more hold."""
        found: dict[bytes, int] = {}
        for listed, params in listings(keys):
            sql = f"SELECT key, COUNT(*) FROM identity WHERE key IN {listed} GROUP BY key HAVING COUNT(*) > 1"
            found.update((bytes(key), count) for key, count in self._db.rows(sql, params))
        return found

    def keys_of(self, rids: Sequence[int]) -> set[bytes]:
        """The identity keys that these records hold."""
        found: set[bytes] = set()
        for listed, params in listings(sorted(rids)):
            found.update(
                bytes(key) for (key,) in self._db.rows(f"SELECT key FROM identity WHERE rid IN {listed}", params)
            )
        return found

    # -- writing what resolve decided

    def assign(self, run: int, affected: Affected, decided: Assignment, *, follow: bool = True) -> int:
        """Write links, aliases and caches; returns how many records changed their customer.

        Without `follow` the caches of orders and cases are left to `follow_all`.
        """
        self._db.many(
            "INSERT INTO customer (id, founder, created_run) VALUES (?, ?, ?)",
            [(known.id, known.founder, run) for known in decided.created],
        )
        self._alias(decided.merged)
        nodes = affected.nodes
        moved = {rid: to for rid, to in sorted(decided.of.items()) if nodes[rid].customer != to}  # near in the table
        self._link(run, moved, decided.reasons, [rid for rid in moved if nodes[rid].customer is not None],
                   settled=True)  # fmt: skip
        if follow:
            self._follow(moved)
        self.make_due(sorted(decided.due.difference(known.id for known in decided.created)))
        stayed = affected.due.difference(moved)
        self._db.many("UPDATE record SET due = 0 WHERE rid = ?", [(rid,) for rid in stayed])
        return len(moved)

    def _alias(self, merged: dict[str, str | None]) -> None:
        rows = [{"id": alias, "into": into} for alias, into in sorted(merged.items())]
        self._db.many("UPDATE customer SET merged_into = :into WHERE id = :id", rows)
        gone = [row for row in rows if row["into"] is not None]
        for table in ("facts", "fact_value", "customer_tag", "held"):
            self._db.many(f"DELETE FROM {table} WHERE customer = :id", [{"id": row["id"]} for row in gone])
        for listed, params in listings([row["id"] for row in gone]):
            if self._db.execute(f"DELETE FROM plan_row WHERE customer IN {listed} AND action = 'create'", params):
                self._plan_sums.forget()
        # an alias of an alias points at the survivor as well
        self._db.many("UPDATE customer SET merged_into = :into WHERE merged_into = :id", gone)

    def _link(
        self, run: int, moved: dict[int, str], reasons: dict[int, str], linked: Iterable[int], *, settled: bool = False
    ) -> None:
        """Move records; `linked` are those that may have been in a customer before. `settled`: they are due no longer."""
        self._db.many(
            "UPDATE link SET to_run = ? WHERE rid = ? AND to_run IS NULL",
            [(run, rid) for rid in linked],
        )
        self._db.many(
            "INSERT INTO link (rid, customer, from_run, reason) VALUES (?, ?, ?, ?)",
            [(rid, customer, run, reasons.get(rid, "")) for rid, customer in moved.items()],
        )
        self._db.many(
            f"UPDATE record SET customer = ?{', due = 0' if settled else ''} WHERE rid = ?",
            [(customer, rid) for rid, customer in moved.items()],
        )

    def adopt(self, run: int, rid: int, customer: str) -> None:
        """Link a record that we created ourselves to its customer."""
        self._link(run, {rid: customer}, {rid: "created by the hub"}, [rid])
        self._follow([rid])

    def go_back(self, rid: int, verdict: str) -> None:
        """Undo the step by which this verdict brought a record into its customer, with all that came in that step.

        A guarded key holds together what it finds together; without this it would hold what a verdict had joined. Where what
        this verdict had joined was joined further since, its earlier step is undone as well; and whoever came since for the
        sake of those who go, goes too.
        """
        reason = by_verdict(verdict)
        sql = "SELECT seq, customer FROM link WHERE rid = :rid AND to_run IS NULL AND reason = :reason"
        for seq, customer in self._db.rows(sql, {"rid": rid, "reason": reason}):
            since = self._db.rows(_CAME_SINCE, {"seq": seq})
            self._step_back(seq, reason, customer)
            kin = self._kin(customer, {record for record, *_ in since})
            self._send_home(customer, [row for row in since if row[0] not in kin])

    def _step_back(self, seq: int, reason: str, root: str, among: Collection[int] | None = None) -> None:
        """Undo the step that made this link; of an earlier step than the last one, for those `among` whom it left over."""
        found = self._db.rows(_CAME_TOGETHER, {"seq": seq, "root": root})
        came = [row for row in found if (row[-1] is None if among is None else row[0] in among)]
        moved = self._send_home(found[0][4] if found else root, [row[:4] for row in came])
        for earlier in sorted({link for *_, link, why, _ in came if why == reason}):
            self._step_back(earlier, reason, root, moved)

    def _send_home(self, left: str, came: Sequence[Row]) -> dict[int, str]:
        """Take records, given with the ids they came from, out of a customer; gives who went where."""
        merged = {home for record, home, founder, into in came if record == founder and into is not None}
        standing = {home for _, home, _, into in came if into is None}  # its founder went back before
        moved = {record: home for record, home, *_ in came if home in merged | standing}
        self.make_due(sorted({*merged, *standing, *((left,) if came else ())}))
        self._alias(dict.fromkeys(merged))
        self._link(0, moved, dict.fromkeys(moved, "verdict undone"), moved)
        self._follow(moved)
        return moved

    def _kin(self, customer: str, asked: Collection[int]) -> set[int]:
        """Those `asked` whom a key ties to the others of their customer, if only by way of each other."""
        rows = self._db.rows(
            "SELECT i.key, i.rid FROM record r JOIN identity i ON i.rid = r.rid WHERE r.customer = :customer",
            {"customer": customer},
        )
        kin = {rid for _, rid in rows if rid not in asked}
        while more := {rid for key, rid in rows if rid not in kin and any(k == key and r in kin for k, r in rows)}:
            kin |= more
        return kin

    def make_due(self, customers: Sequence[str]) -> None:
        """These customers are decided and planned again by the next run."""
        self._db.many("UPDATE customer SET due = 1 WHERE id = ?", [(name,) for name in customers])

    def make_connection_due(self, connection: str) -> None:
        """All customers of a connection are decided and planned again: an answer may concern any of them."""
        self._db.execute(
            "UPDATE customer SET due = 1 WHERE merged_into IS NULL AND id IN"
            " (SELECT customer FROM record WHERE connection = :connection)",
            {"connection": connection},
        )

    def _follow(self, moved: Iterable[int]) -> None:
        """The orders and cases of these buyers go with them."""
        for listed, params in listings(sorted(moved)):
            for table in ("orders", "cases"):
                self._db.execute(
                    f"UPDATE {table} SET customer = r.customer FROM record r"
                    f" WHERE r.rid = {table}.buyer AND {table}.buyer IN {listed}",
                    params,
                )

    def follow_all(self) -> None:
        """All orders and cases are where their buyers are."""
        for table in ("orders", "cases"):
            self._db.execute(
                f"UPDATE {table} SET customer = r.customer FROM record r WHERE r.rid = {table}.buyer"
                f" AND ({table}.customer IS NULL OR {table}.customer <> r.customer)"
            )

    # -- reading

    def current(self, customer: str) -> str | None:
        """The living id behind an id or an alias; None when it was never given."""
        rows = self._db.rows("SELECT COALESCE(merged_into, id) FROM customer WHERE id = :id", {"id": customer})
        return str(rows[0][0]) if rows else None

    def aliases(self, customer: str) -> list[str]:
        """The ids that live on in this customer."""
        sql = "SELECT id FROM customer WHERE merged_into = :id ORDER BY id"
        return [alias for (alias,) in self._db.rows(sql, {"id": customer})]

    def links(self, customer: str) -> list[dict[str, Any]]:
        """The history of records in this customer, oldest first."""
        columns = ("connection", "stream", "ext", "from_run", "to_run", "reason")
        rows = self._db.rows(
            "SELECT r.connection, r.stream, r.ext, l.from_run, l.to_run, l.reason FROM link l"
            " JOIN record r ON r.rid = l.rid WHERE l.customer = :customer ORDER BY l.seq",
            {"customer": customer},
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def count(self) -> int:
        """How many living customers there are."""
        sql = "SELECT COUNT(*) FROM customer WHERE merged_into IS NULL"
        return int(self._db.rows(sql)[0][0])

    def living(self, connection: str, stream: str, most: int | None) -> int:
        """How many living records a stream holds, counted up to `most`: indexes tell all, and who is not there."""
        here = {"connection": connection, "stream": stream}
        place = "FROM record WHERE connection = :connection AND stream = :stream"
        away = int(self._db.rows(f"SELECT COUNT(*) {place} AND (gone = 1 OR placeholder = 1)", here)[0][0])
        bound = {**here, "most": 2**62 if most is None else most + away}
        return int(self._db.rows(f"SELECT COUNT(*) FROM (SELECT 1 {place} LIMIT :most) x", bound)[0][0]) - away

    def count_due(self) -> int:
        """How many customers are due."""
        sql = "SELECT COUNT(*) FROM customer WHERE due > 0 AND COALESCE(merged_into, '') = ''"
        return int(self._db.rows(sql)[0][0])

    def due(self, *, changed: bool = False) -> Iterator[list[str]]:
        """Customers touched by a change or the calendar since they were last decided, in id order, a few at a time.

        `changed`: only those touched by a change; the calendar leaves a customer's records as they were.
        """
        sql = (
            f"SELECT id FROM customer WHERE due > 0{' AND due = 1' * changed} AND id > :last"
            " AND COALESCE(merged_into, '') = '' ORDER BY id LIMIT :most"
        )
        last = ""
        while rows := self._db.rows(sql, {"last": last, "most": BATCH}):
            yield [customer for (customer,) in rows]
            last = rows[-1][0]


def by_verdict(verdict: str) -> str:
    """The reason of a link that a person's verdict made."""
    return f"verdict {verdict}"


_BEFORE = "(SELECT MAX(p.seq) FROM link p WHERE p.rid = l.rid AND p.seq < l.seq)"
_CAME_TOGETHER = (
    "SELECT l.rid, c.id, c.founder, c.merged_into, m.customer, b.seq, b.reason, l.to_run FROM link m"
    " JOIN link l ON l.customer = m.customer AND l.from_run = m.from_run"
    f" JOIN link b ON b.seq = {_BEFORE} JOIN customer c ON c.id = b.customer"
    " AND (c.merged_into IN (m.customer, :root) OR (c.merged_into IS NULL AND c.id <> m.customer))"
    " WHERE m.seq = :seq ORDER BY l.rid"
)
"""Of the link of a record that a verdict moved: all that came into its customer in the same run, with the ids they came
from, the customer, the links that held them before, and since when they are gone from it."""

_CAME_SINCE = (
    "SELECT l.rid, c.id, c.founder, c.merged_into FROM link m"
    " JOIN link l ON l.customer = m.customer AND l.from_run > m.from_run AND l.to_run IS NULL"
    f" JOIN link b ON b.seq = {_BEFORE} JOIN customer c ON c.id = b.customer AND c.merged_into = m.customer"
    " WHERE m.seq = :seq ORDER BY l.rid"
)
"""Of such a link: all that came into its customer in later runs and are there, with the ids they came from."""
