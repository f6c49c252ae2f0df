"""resolve: one customer out of many records, by exact keys, in a fixed order, with guards.

An id belongs to the component in which its founding record is. That one sentence gives all the rules: of two customers
in one component the older survives and the other lives on as an alias; when they part again the alias goes back to the
part it came from; a part without any founder gets a new id; no id is ever given to somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hub.store import Store
from hub.store.closure import Affected, Known, Node
from hub.store.people import Assignment, by_verdict
from sync.resolve.asked import Asked
from sync.resolve.cluster import Limits, cluster


@dataclass(frozen=True)
class Resolved:
    """What one resolve step did, for the run's record."""

    records: int
    created: int
    merged: int
    parted: int
    moved: int
    blocked: int


def resolve(store: Store, run: int, ranks: Mapping[str, int], limits: Limits) -> Resolved:
    """Resolve all new and changed records in one transaction, a part after the other: no two parts touch."""
    done: Counter[str] = Counter()
    with store.db.writing("resolve"):
        store.leases.check("decide")
        store.finish_loading()
        asked: Asked | None = None
        sweep = store.people.mostly_due()
        for affected in store.people.affected(limits.records_per_key):
            asked = asked or Asked.of(store)
            clusters, guarded = cluster(store, affected, ranks, limits, asked)
            decided = assign(store, affected, clusters)
            done["moved"] += store.people.assign(run, affected, decided, follow=not sweep)
            done["records"] += len(affected.due)
            done["created"] += len(decided.created)
            done["merged"] += sum(1 for into in decided.merged.values() if into)
            done["parted"] += sum(1 for into in decided.merged.values() if into is None)
            done["blocked"] += guarded
        if sweep and done["moved"]:
            store.people.follow_all()
    done["blocked"] += len(asked.crowded) if asked else 0
    return Resolved(**{name: done[name] for name in Resolved.__annotations__})


def assign(store: Store, affected: Affected, clusters: list[list[Node]]) -> Assignment:
    """Give each component its customer id."""
    decided = Assignment({}, [], {}, set(), {})
    for nodes in clusters:
        ids = [affected.customers[name] for node in nodes for name in node.founded]
        survivor = _oldest(ids, nodes) if ids else _found(store, nodes[0], affected, decided)
        for known in ids:
            into = None if known.id == survivor else survivor
            if known.merged_into != into:
                decided.merged[known.id] = into
        _wear(affected, nodes, survivor, decided)
    return decided


def _oldest(ids: list[Known], nodes: list[Node]) -> str:
    place = {node.rid: number for number, node in enumerate(nodes)}
    return min(ids, key=lambda known: (known.created_run, place[known.founder], known.id)).id


def _found(store: Store, founder: Node, affected: Affected, decided: Assignment) -> str:
    """A new id from the founding record; a record that founds a second customer gets another.

    Only this record can have founded an id of the same name before, so what it founded is all there is to compare with.
    """
    count = 0
    while True:
        parts = (founder.connection, founder.stream, founder.ext, str(count))
        name = "C" + store.vault.name("customer", *parts, length=16)
        if name not in affected.customers:
            decided.created.append(Known(name, founder.rid, 0, None))
            return name
        count += 1


def _wear(affected: Affected, nodes: list[Node], survivor: str, decided: Assignment) -> None:
    before = {node.customer for node in nodes if node.customer}
    touched = any(node.rid in affected.due for node in nodes) or before != {survivor}
    for node in nodes:
        decided.of[node.rid] = survivor
        if node.customer != survivor:
            decided.reasons[node.rid] = _reason(node, nodes, affected)
    if touched:
        decided.due.add(survivor)
    decided.due |= {name for name in before if name != survivor and name in affected.customers}


def _reason(node: Node, nodes: list[Node], affected: Affected) -> str:
    if len(nodes) == 1:
        return "founded"
    judged = (v.id for v in affected.verdicts if v.kind == "same" and node.rid in (v.one, v.other))
    newest = next(judged, "")
    return by_verdict(newest) if newest else "shared key"
