"""Union-find over identity keys, with three guards: crowded keys, contradicting names, clusters over the limit.

A guard stops a key from joining anything new and opens a question; it never takes apart what is already one customer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.store import Store
from hub.store.people import Affected, Node
from hub.store.records import TIE
from sync.resolve.names import bare, contradict


@dataclass(frozen=True)
class Limits:
    """How many records may share one key, and how many one customer may have."""

    records_per_key: int = 8
    cluster: int = 50


class Groups:
    """Union-find; the smaller position becomes the root, so the outcome does not depend on the order of unions."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, item: int) -> int:
        """The group's representative."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Make two groups one."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low

    def parts(self) -> list[list[int]]:
        """All groups, each in position order, in the order of their first members."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parent)):
            found[self.root(item)].append(item)
        return [found[root] for root in sorted(found)]


def cluster(store: Store, affected: Affected, ranks: Mapping[str, int], limits: Limits) -> tuple[list[list[Node]], int]:
    """Components of records in resolve order, and how many keys are guarded."""
    nodes = sorted(affected.nodes.values(), key=lambda n: (ranks.get(n.connection, 999), n.connection, n.stream, n.ext))
    place = {node.rid: number for number, node in enumerate(nodes)}
    crowded, free = _crowded(affected, limits)
    _end_questions(store, affected, {key.hex() for key, _, _ in crowded})
    _fill_names(store, affected, free)
    guarded = _ask_crowded(store, crowded)
    groups = Groups(len(nodes))
    ties = [[place[rid] for rid in rids if rid in place] for _, kind, rids in free if kind == TIE]
    for key, kind, rids in free:
        holders = [rid for rid in rids if rid in place and kind != TIE]
        if kind == "phone" and contradict([affected.nodes[rid] for rid in holders]):
            store.questions.ask("names", key.hex(), field=kind, count=len(holders))
            guarded += 1
            _join_standing(groups, nodes, [place[rid] for rid in holders])
            _join_namesakes(groups, nodes, [place[rid] for rid in holders])
            continue
        for rid in holders[1:]:
            groups.join(place[holders[0]], place[rid])
    for _, _, rids in crowded:
        _join_standing(groups, nodes, [place[rid] for rid in rids if rid in place])
    _join_gone(nodes, groups, ties)
    return _within_limit(store, nodes, groups, limits), guarded


def _crowded(
    affected: Affected, limits: Limits
) -> tuple[list[tuple[bytes, str, list[int]]], list[tuple[bytes, str, list[int]]]]:
    crowded = [entry for entry in affected.keys if len(entry[2]) > limits.records_per_key]
    free = [entry for entry in affected.keys if len(entry[2]) <= limits.records_per_key]
    return crowded, free


def _end_questions(store: Store, affected: Affected, crowded: Collection[str]) -> None:
    """Questions about keys that are looked at again or that nobody shares any more are asked anew or not at all."""
    looked_at = {key.hex() for key, _, _ in affected.keys} - set(crowded)
    asked = [q for q in store.questions.open() if q.kind in ("names", "crowded")]
    alone = {q.subject for q in asked if store.people.holders(bytes.fromhex(q.subject)) < 2}
    for question in asked:
        if question.subject in alone or question.subject in looked_at:
            store.questions.drop(question.kind, question.subject, field=question.field)


def _fill_names(store: Store, affected: Affected, keys: Iterable[tuple[bytes, str, list[int]]]) -> None:
    """Names matter only where two records of one stream share a phone."""
    wanted: set[int] = set()
    for _, kind, rids in keys:
        homes = [(affected.nodes[rid].connection, affected.nodes[rid].stream) for rid in rids if rid in affected.nodes]
        if kind == "phone" and len(set(homes)) < len(homes):
            wanted.update(rids)
    store.people.names(affected, wanted)


def _ask_crowded(store: Store, crowded: Iterable[tuple[bytes, str, list[int]]]) -> int:
    count = 0
    for key, kind, rids in crowded:
        store.questions.ask("crowded", key.hex(), field=kind, count=len(rids))
        count += 1
    return count


def _join_standing(groups: Groups, nodes: list[Node], holders: Iterable[int]) -> None:
    """A guarded key still holds together what it already held together."""
    first: dict[str, int] = {}
    for item in holders:
        customer = nodes[item].customer
        if customer is not None:
            groups.join(first.setdefault(customer, item), item)


def _join_namesakes(groups: Groups, nodes: list[Node], holders: Iterable[int]) -> None:
    """On a phone of several people, the same name is the same person."""
    first: dict[str, int] = {}
    for item in holders:
        letters = bare(nodes[item].name or "")
        if letters and not nodes[item].gone:
            groups.join(first.setdefault(letters, item), item)


def _join_gone(nodes: list[Node], groups: Groups, ties: Sequence[list[int]]) -> None:
    """What we made follows the record it was made from; a gone record stays in its customer.

    A tie is [the record, what was made from it]. Once the record is gone, what was made from it and has kin of its own
    by now goes its own way.
    """
    made = {number for _, *others in ties for number in others}
    followers = [(first, number) for first, *others in ties for number in others if not nodes[first].gone]
    for first, number in followers:
        groups.join(first, number)
    kin = Counter(groups.root(number) for number, node in enumerate(nodes) if not node.gone)
    orphans = [
        (first, number)
        for first, *others in ties
        for number in others
        if nodes[first].gone and (nodes[number].gone or kin[groups.root(number)] == 1)
    ]
    led = {number for _, number in (*followers, *orphans)}
    homes = _homes(nodes, led)
    for number, node in enumerate(nodes):
        found = homes.get(node.customer or "", []) if node.gone and number not in led else []
        if found:
            groups.join(min(found, key=lambda home: home in made), number)
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


def _within_limit(store: Store, nodes: list[Node], groups: Groups, limits: Limits) -> list[list[Node]]:
    """The components; one over the size limit is held back."""
    found: list[list[Node]] = []
    for part in groups.parts():
        members = [nodes[number] for number in part]
        found += [members] if len(members) <= limits.cluster else _held_back(store, members)
    return found


def _held_back(store: Store, members: list[Node]) -> list[list[Node]]:
    """A cluster over the limit is a question: what was one customer stays one, the rest stays apart."""
    store.questions.ask("cluster", f"{members[0].connection}.{members[0].stream}.{members[0].ext}", count=len(members))
    groups = Groups(len(members))
    _join_standing(groups, members, range(len(members)))
    return [[members[number] for number in part] for part in groups.parts()]
