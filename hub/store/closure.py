"""What a change touches: due records with all that share a customer, a verdict or a key with them, a part at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.store.database import Database, chunks, names
from hub.store.verdicts import Verdict, Verdicts
from hub.vault import Vault

PART = 4000
"""Due records that are looked at together: what bounds the memory, however many are due."""


@dataclass(slots=True)
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


class Known(NamedTuple):
    """A customer id: who founded it, when, and into whom it was merged."""

    id: str
    founder: int
    created_run: int
    merged_into: str | None


class Shared(NamedTuple):
    """A key that two or more records hold: how many, and who; of a crowded key only those at hand."""

    key: bytes
    kind: str
    holders: int
    rids: list[int]


@dataclass
class Affected:
    """Everything that one part of a resolve step may change: records, the keys they share, the customers they belong to.

    `verdicts` are those that stand on two of these records, the newest first.
    """

    nodes: dict[int, Node]
    keys: list[Shared]
    customers: dict[str, Known]
    due: set[int]
    verdicts: list[Verdict] = field(default_factory=list)


class Closure:
    """The closure over customers, verdicts and the keys that at most `most` records hold; no two parts touch.

    That is why a part can be resolved alone: what comes of it does not depend on what else is due.
    """

    def __init__(self, db: Database, vault: Vault, verdicts: Verdicts, most: int) -> None:
        self._db = db
        self._vault = vault
        self._verdicts = verdicts
        self._most = most
        self._judged = verdicts.some()

    def parts(self) -> Iterator[Affected]:
        """All that due records touch; whoever takes a part leaves none of its records due."""
        sql = "SELECT rid FROM record WHERE due = 1 AND noun = 'customers' ORDER BY rid LIMIT :part"
        while due := self._db.rows(sql, {"part": PART}):
            yield self._part({rid for (rid,) in due})

    def _part(self, edge: set[int]) -> Affected:
        found = Affected({}, [], {}, set())
        shared: dict[bytes, Shared] = {}
        worn: set[str] = set()
        while edge:
            fresh = self._nodes(edge, found)
            keys = self._shared(edge, shared)
            customers = {node.customer for node in fresh if node.customer} - worn
            worn |= customers
            edge = {rid for entry in keys if entry.holders <= self._most for rid in entry.rids}
            edge.update(self._wearing(customers))
            if self._judged:
                edge |= self._verdicts.partners([node.rid for node in fresh])
            edge -= found.nodes.keys()
        self._hold_crowded(shared, found.nodes)
        found.keys = sorted(shared.values())
        found.verdicts = self._verdicts.touching(sorted(found.nodes)) if self._judged else []
        found.customers = self._customers(found.nodes, worn)
        return found

    def _nodes(self, rids: Iterable[int], found: Affected) -> list[Node]:
        fresh = []
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = f"SELECT due, rid, connection, stream, ext, customer, gone FROM record WHERE rid IN {listed}"
            for due, *row in self._db.rows(sql, params):
                node = Node(*row)
                found.nodes[node.rid] = node
                fresh.append(node)
                if due:
                    found.due.add(node.rid)
        return fresh

    def _shared(self, rids: Iterable[int], known: dict[bytes, Shared]) -> list[Shared]:
        """The keys of these records that others hold as well and that are not known yet, with all who hold them.

        The two of a key of two come with it; more are asked for, unless they are too many.
        """
        fresh: list[Shared] = []
        for part in chunks(sorted(rids)):
            listed, params = names("k", part)
            sql = (
                "SELECT key, MIN(kind), COUNT(*), MIN(rid), MAX(rid) FROM identity WHERE key IN"
                f" (SELECT key FROM identity WHERE rid IN {listed}) GROUP BY key HAVING COUNT(*) > 1"
            )
            for key, kind, count, first, last in self._db.rows(sql, params):
                if (key := bytes(key)) not in known:
                    known[key] = Shared(key, kind, count, [first, last] if count == 2 else [])
                    fresh.append(known[key])
        several = [entry.key for entry in fresh if 2 < entry.holders <= self._most]
        self._hold(several, known, None)
        return fresh

    def _hold(self, keys: Sequence[bytes], known: dict[bytes, Shared], within: Collection[int] | None) -> None:
        for part in chunks(keys):
            listed, params = names("k", part)
            for key, rid in self._db.rows(
                f"SELECT key, rid FROM identity WHERE key IN {listed} ORDER BY key, rid", params
            ):
                if within is None or rid in within:
                    known[bytes(key)].rids.append(rid)

    def _hold_crowded(self, known: dict[bytes, Shared], nodes: Collection[int]) -> None:
        """Those at hand who hold a crowded key, found from the side that has fewer rows to read."""
        crowded = {key: entry for key, entry in known.items() if entry.holders > max(self._most, 2)}
        if sum(entry.holders for entry in crowded.values()) <= 4 * len(nodes):
            self._hold(sorted(crowded), known, nodes)
            return
        for part in chunks(sorted(nodes)):
            listed, params = names("k", part)
            sql = f"SELECT key, rid FROM identity WHERE rid IN {listed} ORDER BY rid, key"
            for key, rid in self._db.rows(sql, params):
                if (entry := crowded.get(bytes(key))) is not None:
                    entry.rids.append(rid)

    def _wearing(self, customers: Iterable[str]) -> Iterator[int]:
        for part in chunks(sorted(customers)):
            listed, params = names("k", part)
            for (rid,) in self._db.rows(f"SELECT rid FROM record WHERE customer IN {listed}", params):
                yield rid

    def _customers(self, nodes: dict[int, Node], worn: Iterable[str]) -> dict[str, Known]:
        """All ids founded by these records or worn by them, and note on each node what it founded."""
        found: dict[str, Known] = {}
        for column, values in (("founder", sorted(nodes)), ("id", sorted(worn))):
            for part in chunks(values):
                listed, params = names("k", part)
                sql = f"SELECT id, founder, created_run, merged_into FROM customer WHERE {column} IN {listed}"
                found.update((row[0], Known(*row)) for row in self._db.rows(sql, params))
        for known in found.values():
            if known.founder in nodes:
                nodes[known.founder].founded.append(known.id)
        return found


def describe(db: Database, vault: Vault, nodes: dict[int, Node], rids: Iterable[int]) -> None:
    """Fill in names, birthdays and genders of these records, which a shared key makes worth comparing."""
    for part in chunks(sorted(rids)):
        listed, params = names("k", part)
        sql = f"SELECT rid, body FROM record WHERE rid IN {listed} AND body IS NOT NULL"
        for rid, body in db.rows(sql, params):
            if (node := nodes.get(rid)) is not None:
                opened = vault.open(bytes(body), f"record:{node.connection}:{node.stream}")
                values, ours = opened["v"], opened["o"]
                node.name, node.birthday, node.gender = (
                    ours[name][0] if name in ours else values.get(name) for name in ("name", "birthday", "gender")
                )
