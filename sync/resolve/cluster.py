"""Union-find over identity keys, with three guards: crowded keys, phones of two people, clusters over the limit.

A guard stops a key from joining anything new and opens a question; it never takes apart what is already one customer.
What a person has judged comes before all keys and guards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hub.store import Store
from hub.store.closure import Affected, Node, Shared
from hub.store.identities import TIE
from sync.resolve.asked import Asked, place
from sync.resolve.groups import Groups, judged
from sync.resolve.names import bare, contradict


@dataclass(frozen=True)
class Limits:
    """How many records may share one key, how many one customer may have, and whether systems contradict each other."""

    records_per_key: int = 8
    cluster: int = 50
    names_across: bool = True


def cluster(
    store: Store, affected: Affected, ranks: Mapping[str, int], limits: Limits, asked: Asked
) -> tuple[list[list[Node]], int]:
    """Components of records in resolve order, and how many phones are held for two people."""
    nodes = sorted(affected.nodes.values(), key=lambda n: (ranks.get(n.connection, 999), n.connection, n.stream, n.ext))
    at = {node.rid: number for number, node in enumerate(nodes)}
    crowded = [entry for entry in affected.keys if entry.holders > limits.records_per_key]
    free = [entry for entry in affected.keys if entry.holders <= limits.records_per_key]
    asked.look_at(affected.keys, crowded)
    _describe(store, affected, free, limits)
    guarded = 0
    groups = judged(len(nodes), at, affected.verdicts)
    ties = [[at[rid] for rid in rids if rid in at] for _, kind, _, rids in free if kind == TIE]
    followers = _join_made(nodes, groups, ties)
    two = partial(contradict, across=limits.names_across)
    for key, kind, _, rids in free:
        holders = sorted(at[rid] for rid in rids if rid in at and kind != TIE)
        if kind == "phone" and two([nodes[number] for number in holders], _one(groups, at)):
            guarded += _ask_names(store, key, [nodes[number] for number in holders], groups, at, two)
            _join_standing(groups, nodes, holders)
            _join_namesakes(groups, nodes, holders)
        else:
            groups.gather(holders)
    for _, _, _, rids in crowded:
        _join_standing(groups, nodes, [at[rid] for rid in rids if rid in at])
    _join_gone(nodes, groups, ties, followers)
    return _within_limit(nodes, groups, affected, limits, asked), guarded


def _describe(store: Store, affected: Affected, keys: Iterable[Shared], limits: Limits) -> None:
    """Who somebody is matters only where records that may contradict each other share a phone."""
    wanted: set[int] = set()
    for _, kind, _, rids in keys:
        if kind == "phone" and (limits.names_across or _one_home([affected.nodes[rid] for rid in rids])):
            wanted.update(rids)
    store.people.describe(affected, wanted)


def _one_home(nodes: Sequence[Node]) -> bool:
    """Whether two of these records are of one system's stream."""
    return len({(node.connection, node.stream) for node in nodes}) < len(nodes)


def _one(groups: Groups, place: Mapping[int, int]) -> Callable[[Node, Node], bool]:
    """Whether two records are one person by verdict or by what we made: their names then contradict nothing."""
    return lambda one, other: groups.root(place[one.rid]) == groups.root(place[other.rid])


def _ask_names(
    store: Store, key: bytes, holders: list[Node], groups: Groups, place: Mapping[int, int], two: Callable[..., bool]
) -> int:
    """Ask about several people on one key, unless a person has judged each contradiction."""
    one = _one(groups, place)
    if two(holders, lambda a, b: one(a, b) or groups.parted(place[a.rid], place[b.rid])):
        store.questions.ask("names", key.hex(), field="phone", count=len(holders))
        return 1
    return 0


def _join_standing(groups: Groups, nodes: list[Node], holders: Iterable[int]) -> None:
    """A guarded key still holds together what it already held together."""
    found: dict[str, list[int]] = defaultdict(list)
    for item in holders:
        found[nodes[item].customer or ""].append(item)
    for customer, items in found.items():
        if customer:
            groups.gather(items)


def _join_namesakes(groups: Groups, nodes: list[Node], holders: Iterable[int]) -> None:
    """On a phone of several people, the same name is the same person."""
    found: dict[str, list[int]] = defaultdict(list)
    for item in holders:
        found["" if nodes[item].gone else bare(nodes[item].name or "")].append(item)
    for letters, items in found.items():
        if letters:
            groups.gather(items)


def _join_made(nodes: list[Node], groups: Groups, ties: Sequence[list[int]]) -> set[int]:
    """What we made follows the record it was made from, whatever keys it has; returns what follows.

    A tie is [the record, what was made from it].
    """
    followers = [(first, number) for first, *others in ties for number in others if not nodes[first].gone]
    return {number for first, number in followers if groups.join(first, number)}


def _join_gone(nodes: list[Node], groups: Groups, ties: Sequence[list[int]], followers: Collection[int]) -> None:
    """A gone record stays in its customer.

    Once a record is gone, what was made from it and has kin of its own by now goes its own way; others made from records
    that are gone are no kin.
    """
    made = {number for _, *others in ties for number in others}
    left = [(first, number) for first, *others in ties for number in others if nodes[first].gone]
    alone = {number for _, number in left}
    kin = {groups.root(number) for number, node in enumerate(nodes) if not (node.gone or number in alone)}
    orphans = [(first, number) for first, number in left if nodes[number].gone or groups.root(number) not in kin]
    led = {*followers, *(number for _, number in orphans)}
    homes = _homes(nodes, led)
    for number, node in enumerate(nodes):
        found = homes.get(node.customer or "", []) if node.gone and number not in led else []
        any(groups.join(home, number) for home in sorted(found, key=lambda home: home in made))
    for first, number in orphans:
        groups.join(first, number)


def _homes(nodes: list[Node], led: Collection[int]) -> dict[str, list[int]]:
    """customer -> where its gone records go: its living founder, its living records, else all to the first gone one."""
    living: dict[str, list[int]] = defaultdict(list)
    for number, node in enumerate(nodes):
        for founded in node.founded if not node.gone else ():
            living[founded].insert(0, number)
        if node.customer is not None and not node.gone:
            living[node.customer].append(number)
    gone: dict[str, list[int]] = {}
    for number, node in enumerate(nodes):
        if node.customer is not None and number not in led:
            gone.setdefault(node.customer, [number])
    return {**gone, **living}


def _within_limit(
    nodes: list[Node], groups: Groups, affected: Affected, limits: Limits, asked: Asked
) -> list[list[Node]]:
    """The components; one over the size limit is held back, and the question about one that is not ends."""
    found: list[list[Node]] = []
    held: set[tuple[str, str]] = set()
    for part in groups.parts():
        members = [nodes[number] for number in part]
        if len(members) > limits.cluster:
            held.add(("", place(members[0])))
            found += _held_back(asked.store, members, affected)
        else:
            found.append(members)
    asked.end_clusters(nodes, held)
    return found


def _held_back(store: Store, members: list[Node], affected: Affected) -> list[list[Node]]:
    """A cluster over the limit is a question: what was one customer or was judged one stays one, the rest stays apart."""
    store.questions.ask("cluster", place(members[0]), count=len(members), exact=True)
    groups = judged(len(members), {node.rid: number for number, node in enumerate(members)}, affected.verdicts)
    _join_standing(groups, members, range(len(members)))
    return [[members[number] for number in part] for part in groups.parts()]
