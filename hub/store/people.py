"""Who is who: customers, links, and the records that a change can touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.store.bodies import Body
from hub.store.database import Database, chunks, names
from hub.store.verdicts import Verdict, Verdicts
from hub.vault import Vault


@dataclass
class Node:
    """A customer record as resolve sees it; `founded` lists the customer ids that this record founded.

    Name, birthday and gender are the system's own words, filled in where records of one phone are compared.
    """

    rid: int
    connection: str
    stream: str
    ext: str
    customer: str | None
    gone: bool
    name: str | None = None
    birthday: str | None = None
    gender: str | None = None
    founded: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """A customer id: who founded it, when, and into whom it was merged."""

    id: str
    founder: int
    created_run: int
    merged_into: str | None


@dataclass
class Affected:
    """Everything one resolve step may change: records, the keys they share, the customers they belong to.

    `verdicts` are those that stand on two of these records, the newest first.
    """

    nodes: dict[int, Node]
    keys: list[tuple[bytes, str, list[int]]]
    customers: dict[str, Known]
    due: set[int]
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class Assignment:
    """What resolve decided: each record's customer, which ids are new, merged or live again, who is due."""

    of: dict[int, str]
    created: list[Known]
    merged: dict[str, str | None]
    due: set[str]
    reasons: dict[int, str]


class People:
    """The tables `customer` and `link`, and the closure over `identity`."""

    def __init__(self, db: Database, vault: Vault, verdicts: Verdicts) -> None:
        self._db = db
        self._vault = vault
        self._verdicts = verdicts

    # -- what a change touches

    def affected(self, most: int) -> Affected:
        """Due records, and all that share with them a customer, a verdict, or a key which at most `most` hold."""
        due = {rid for (rid,) in self._db.rows("SELECT rid FROM record WHERE due = 1 AND noun = 'customers'")}
        whole = int(self._db.rows("SELECT COUNT(*) FROM record WHERE noun = 'customers'")[0][0])
        rids = self._all() if len(due) * 2 > whole else self._closure(due, most)
        nodes = self._nodes(rids)
        keys = self._shared(nodes.keys(), all_of_them=len(rids) == whole)
        judged = self._verdicts.standing() if len(rids) == whole else self._verdicts.touching(sorted(rids))
        return Affected(nodes, keys, self._customers(nodes), due, judged)

    def _all(self) -> set[int]:
        return {rid for (rid,) in self._db.rows("SELECT rid FROM record WHERE noun = 'customers'")}

    def _closure(self, due: set[int], most: int) -> set[int]:
        found: set[int] = set()
        edge = set(due)
        while edge:
            found |= edge
            edge = self._same_customer(edge) | self._same_key(edge, most) | self._verdicts.partners(sorted(edge))
            edge -= found
        return found

    def _same_customer(self, rids: Iterable[int]) -> set[int]:
        found: set[int] = set()
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = f"SELECT rid FROM record WHERE customer IN (SELECT customer FROM record WHERE rid IN {listed})"
            found.update(rid for (rid,) in self._db.rows(sql, params))
        return found

    def _same_key(self, rids: Iterable[int], most: int) -> set[int]:
        found: set[int] = set()
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = (
                "SELECT i.rid FROM identity i JOIN (SELECT j.key FROM identity j WHERE j.key IN"
                f" (SELECT key FROM identity WHERE rid IN {listed}) GROUP BY j.key HAVING COUNT(*) <= :most) s"
                " ON s.key = i.key"
            )
            found.update(rid for (rid,) in self._db.rows(sql, {**params, "most": most}))
        return found

    def _nodes(self, rids: set[int]) -> dict[int, Node]:
        nodes = {}
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = f"SELECT rid, connection, stream, ext, customer, gone FROM record WHERE rid IN {listed}"
            for rid, connection, stream, ext, customer, gone in self._db.rows(sql, params):
                nodes[rid] = Node(rid, connection, stream, ext, customer, bool(gone))
        return nodes

    def _shared(self, rids: Iterable[int], *, all_of_them: bool) -> list[tuple[bytes, str, list[int]]]:
        """Keys that two or more records hold (also records outside the set, for blocked keys), in key order."""
        holders: dict[tuple[bytes, str], list[int]] = defaultdict(list)
        for key, kind, rid in self._holders(sorted(rids), all_of_them):
            holders[bytes(key), kind].append(rid)
        return [(key, kind, found) for (key, kind), found in sorted(holders.items()) if len(found) > 1]

    def _holders(self, rids: Sequence[int], all_of_them: bool) -> Iterable[tuple[Any, ...]]:
        order = " ORDER BY key, rid"
        if all_of_them:
            return self._db.rows(f"SELECT key, kind, rid FROM identity{order}")
        found: dict[tuple[bytes, int], str] = {}
        for part in chunks(rids):
            listed, params = names("k", part)
            sql = f"SELECT key, kind, rid FROM identity WHERE key IN (SELECT key FROM identity WHERE rid IN {listed})"
            found.update({(bytes(key), rid): kind for key, kind, rid in self._db.rows(sql, params)})
        return [(key, found[key, rid], rid) for key, rid in sorted(found)]

    def _customers(self, nodes: dict[int, Node]) -> dict[str, Known]:
        """All ids founded by these records or worn by them, and note on each node what it founded."""
        found: dict[str, Known] = {}
        worn = sorted({node.customer for node in nodes.values() if node.customer})
        for column, values in (("founder", sorted(nodes)), ("id", worn)):
            for part in chunks(values):
                listed, params = names("k", part)
                sql = f"SELECT id, founder, created_run, merged_into FROM customer WHERE {column} IN {listed}"
                found.update((row[0], Known(*row)) for row in self._db.rows(sql, params))
        for known in found.values():
            if known.founder in nodes:
                nodes[known.founder].founded.append(known.id)
        return found

    def describe(self, affected: Affected, rids: Iterable[int]) -> None:
        """Fill in names, birthdays and genders of these records, which a shared key makes worth comparing."""
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = f"SELECT rid, connection, stream, body FROM record WHERE rid IN {listed} AND body IS NOT NULL"
            for rid, connection, stream, body in self._db.rows(sql, params):
                if rid in affected.nodes:
                    opened = Body.from_json(self._vault.open(bytes(body), f"record:{connection}:{stream}"))
                    node = affected.nodes[rid]
                    node.name, node.birthday, node.gender = map(opened.said, ("name", "birthday", "gender"))

    def made_from(self, rids: Iterable[int]) -> set[int]:
        """What the hub made from these records: corrections, and what it created elsewhere."""
        found: set[int] = set()
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = (
                "SELECT i.rid FROM identity i JOIN (SELECT key, MIN(rid) AS first FROM identity WHERE kind = 'created'"
                f" AND key IN (SELECT key FROM identity WHERE rid IN {listed}) GROUP BY key) t ON t.key = i.key"
                f" WHERE t.first IN {listed}"
            )
            found.update(rid for (rid,) in self._db.rows(sql, params))
        return found

    def holders(self, key: bytes) -> int:
        """How many records hold an identity key."""
        return int(self._db.rows("SELECT COUNT(*) FROM identity WHERE key = :key", {"key": key})[0][0])

    def keys_of(self, rids: Sequence[int]) -> set[bytes]:
        """The identity keys that these records hold."""
        found: set[bytes] = set()
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            found.update(
                bytes(key) for (key,) in self._db.rows(f"SELECT key FROM identity WHERE rid IN {listed}", params)
            )
        return found

    # -- writing what resolve decided

    def assign(self, run: int, affected: Affected, decided: Assignment) -> int:
        """Write links, aliases and caches; returns how many records changed their customer."""
        self._db.many(
            "INSERT INTO customer (id, founder, merged_into, created_run, due) VALUES (:id, :founder, NULL, :run, 1)",
            [{"id": known.id, "founder": known.founder, "run": run} for known in decided.created],
        )
        self._alias(decided.merged)
        moved = {rid: to for rid, to in decided.of.items() if affected.nodes[rid].customer != to}
        self._link(run, moved, decided.reasons)
        self._follow(moved)
        self._db.many("UPDATE customer SET due = 1 WHERE id = :id", [{"id": name} for name in sorted(decided.due)])
        self._db.many("UPDATE record SET due = 0 WHERE rid = :rid", [{"rid": rid} for rid in affected.due])
        return len(moved)

    def _alias(self, merged: dict[str, str | None]) -> None:
        rows = [{"id": alias, "into": into} for alias, into in sorted(merged.items())]
        self._db.many("UPDATE customer SET merged_into = :into WHERE id = :id", rows)
        gone = [row for row in rows if row["into"] is not None]
        for table in ("facts", "held"):
            self._db.many(f"DELETE FROM {table} WHERE customer = :id", [{"id": row["id"]} for row in gone])
        self._db.many("DELETE FROM plan_row WHERE customer = :id AND action = 'create'",
                      [{"id": row["id"]} for row in gone])  # fmt: skip
        # an alias of an alias points at the survivor as well
        self._db.many("UPDATE customer SET merged_into = :into WHERE merged_into = :id", gone)

    def _link(self, run: int, moved: dict[int, str], reasons: dict[int, str]) -> None:
        self._db.many(
            "UPDATE link SET to_run = :run WHERE rid = :rid AND to_run IS NULL",
            [{"run": run, "rid": rid} for rid in moved],
        )
        self._db.many(
            "INSERT INTO link (rid, customer, from_run, reason) VALUES (:rid, :customer, :run, :reason)",
            [
                {"rid": rid, "customer": customer, "run": run, "reason": reasons.get(rid, "")}
                for rid, customer in moved.items()
            ],
        )
        self._db.many(
            "UPDATE record SET customer = :customer WHERE rid = :rid",
            [{"customer": customer, "rid": rid} for rid, customer in moved.items()],
        )

    def adopt(self, run: int, rid: int, customer: str) -> None:
        """Link a record that we created ourselves to its customer."""
        self._link(run, {rid: customer}, {rid: "created by the hub"})
        self._follow({rid: customer})

    def go_back(self, rid: int, verdict: str) -> None:
        """Undo the step by which this verdict brought a record into its customer, with all that came in that step.

        A guarded key holds together what it finds together; without this it would hold what a verdict had joined.
        """
        came = self._db.rows(_CAME_TOGETHER, {"rid": rid, "reason": by_verdict(verdict)})
        merged = {home for record, home, founder, into, _ in came if record == founder and into is not None}
        standing = {home for _, home, _, into, _ in came if into is None}  # its founder went back before
        moved = {record: home for record, home, _, _, _ in came if home in merged | standing}
        self.make_due(sorted({*merged, *standing, *(left for *_, left in came)}))
        self._alias(dict.fromkeys(merged))
        self._link(0, moved, dict.fromkeys(moved, "verdict undone"))
        self._follow(moved)

    def make_due(self, customers: Sequence[str]) -> None:
        """These customers are decided and planned again by the next run."""
        self._db.many("UPDATE customer SET due = 1 WHERE id = :id", [{"id": name} for name in customers])

    def make_connection_due(self, connection: str) -> None:
        """All customers of a connection are decided and planned again: an answer may concern any of them."""
        self._db.execute(
            "UPDATE customer SET due = 1 WHERE merged_into IS NULL AND id IN"
            " (SELECT customer FROM record WHERE connection = :connection)",
            {"connection": connection},
        )

    def _follow(self, moved: dict[int, str]) -> None:
        rows = [{"customer": customer, "rid": rid} for rid, customer in moved.items()]
        for table in ("orders", "cases"):
            self._db.many(f"UPDATE {table} SET customer = :customer WHERE buyer = :rid", rows)

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

    def due(self) -> list[str]:
        """Customers touched by a change since they were last decided, in id order."""
        sql = "SELECT id FROM customer WHERE due > 0 AND merged_into IS NULL ORDER BY id"
        return [customer for (customer,) in self._db.rows(sql)]


def by_verdict(verdict: str) -> str:
    """The reason of a link that a person's verdict made."""
    return f"verdict {verdict}"


_BEFORE = "(SELECT MAX(p.seq) FROM link p WHERE p.rid = l.rid AND p.seq < l.seq)"
_CAME_TOGETHER = (
    "SELECT l.rid, c.id, c.founder, c.merged_into, m.customer FROM link m"
    " JOIN link l ON l.customer = m.customer AND l.from_run = m.from_run AND l.to_run IS NULL"
    f" JOIN link b ON b.seq = {_BEFORE} JOIN customer c ON c.id = b.customer"
    " AND (c.merged_into = m.customer OR (c.merged_into IS NULL AND c.id <> m.customer))"
    " WHERE m.rid = :rid AND m.to_run IS NULL AND m.reason = :reason ORDER BY l.rid"
)
"""Of a record that this verdict moved: all that came into its customer in the same run, with the ids they came from."""
