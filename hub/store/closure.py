"""What a change touches: due records with all that share a customer, a verdict or a key with them, a part at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.store.bodies import Body
from hub.store.database import Database, Row, listings
from hub.store.verdicts import Verdict, Verdicts
from hub.vault import Vault

PART = 4000
"""Due records that are looked at together: what bounds the memory, however many are due."""


@dataclass(slots=True)
class Node:
    """A customer record as resolve sees it; `founded` lists the customer ids that this record founded.

    Name, birthday and gender are the system's own words, taken from the sealed body where records of one phone are compared.
    """

    rid: int
    connection: str
    stream: str
    ext: str
    customer: str | None
    gone: bool
    due: bool
    body: bytes | None
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
    """A key that two or more records hold: how many, counted up to one too many, and those of them at hand."""

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

    def __init__(self, db: Database, verdicts: Verdicts, most: int) -> None:
        self._db = db
        self._verdicts = verdicts
        self._most = most
        self._judged = verdicts.some()

    def parts(self) -> Iterator[Affected]:
        """All that due records touch; whoever takes a part leaves none of its records due."""
        sql = f"SELECT {_NODE} FROM record WHERE due = 1 AND noun = 'customers' ORDER BY rid LIMIT :part"
        while due := self._db.rows(sql, {"part": PART}):
            yield self._part(due)

    def _part(self, due: list[Row]) -> Affected:
        found = Affected({}, [], {}, set())
        shared: dict[bytes, Shared] = {}
        worn: set[str] = set()
        fresh = _take(due, found)
        while fresh:
            rids = [node.rid for node in fresh]
            customers = {node.customer for node in fresh if node.customer} - worn
            worn |= customers
            edge = {*self._elsewhere(self._shared(rids, shared)), *self._wearing(customers)}
            if self._judged:
                edge |= self._verdicts.partners(rids)
            fresh = self._nodes(edge - found.nodes.keys(), found)
        for entry in shared.values():
            entry.rids.sort()
        found.keys = sorted(shared.values())
        found.verdicts = self._verdicts.touching(sorted(found.nodes)) if self._judged else []
        found.customers = self._customers(found.nodes, worn)
        return found

    def _nodes(self, rids: Iterable[int], found: Affected) -> list[Node]:
        fresh = []
        for listed, params in listings(sorted(rids)):
            fresh += _take(self._db.rows(f"SELECT {_NODE} FROM record WHERE rid IN {listed}", params), found)
        return fresh

    def _shared(self, rids: Sequence[int], known: dict[bytes, Shared]) -> list[Shared]:
        """Note the keys of these records that others hold as well; returns those that were not known.

        Of a key that very many hold no more than one too many are counted.
        """
        fresh = []
        for listed, params in listings(rids):
            sql = (
                "SELECT a.key, a.kind, a.rid, (SELECT COUNT(*) FROM"
                " (SELECT 1 FROM identity b WHERE b.key = a.key LIMIT :enough) x)"
                f" FROM identity a WHERE a.rid IN {listed}"
            )
            for key, kind, rid, holders in self._db.rows(sql, {**params, "enough": self._most + 1}):
                if holders > 1:
                    if (entry := known.get(key := bytes(key))) is None:
                        entry = known[key] = Shared(key, kind, holders, [])
                        fresh.append(entry)
                    entry.rids.append(rid)
        return fresh

    def _elsewhere(self, keys: Iterable[Shared]) -> Iterator[int]:
        """All holders of those of these keys that join anybody and have holders who are not at hand."""
        wanted = sorted(entry.key for entry in keys if len(entry.rids) < entry.holders <= self._most)
        for listed, params in listings(wanted):
            for (rid,) in self._db.rows(f"SELECT rid FROM identity WHERE key IN {listed}", params):
                yield rid

    def _wearing(self, customers: Iterable[str]) -> Iterator[int]:
        for listed, params in listings(sorted(customers)):
            for (rid,) in self._db.rows(f"SELECT rid FROM record WHERE customer IN {listed}", params):
                yield rid

    def _customers(self, nodes: dict[int, Node], worn: Iterable[str]) -> dict[str, Known]:
        """All ids founded by these records or worn by them, and note on each node what it founded."""
        found: dict[str, Known] = {}
        for column, values in (("founder", sorted(nodes)), ("id", sorted(worn))):
            for listed, params in listings(values):
                sql = f"SELECT id, founder, created_run, merged_into FROM customer WHERE {column} IN {listed}"
                found.update((row[0], Known(*row)) for row in self._db.rows(sql, params))
        for known in found.values():
            if known.founder in nodes:
                nodes[known.founder].founded.append(known.id)
        return found


_NODE = "rid, connection, stream, ext, customer, gone, due, body"


def _take(rows: Iterable[Row], found: Affected) -> list[Node]:
    fresh = [Node(*row) for row in rows]
    found.nodes.update((node.rid, node) for node in fresh)
    found.due.update(node.rid for node in fresh if node.due)
    return fresh


def describe(vault: Vault, nodes: Iterable[Node]) -> None:
    """Fill in names, birthdays and genders of these records, which a shared key makes worth comparing."""
    for node in nodes:
        if node.body is not None:
            opened = vault.open(bytes(node.body), f"record:{node.connection}:{node.stream}")
            words = Body.from_json(opened).words()
            node.name, node.birthday, node.gender = map(words.get, ("name", "birthday", "gender"))
