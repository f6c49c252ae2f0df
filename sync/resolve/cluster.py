"""Union-find over identity keys, with three guards: crowded keys, phones of two people, clusters over the limit.

A guard stops a key from joining anything new and opens a question; it never takes apart what is already one customer.
What a person has judged comes before all keys and guards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hub.store import Store
from hub.store.identities import TIE
from hub.store.people import Affected, Node
from sync.resolve.groups import Groups, judged
from sync.resolve.names import bare, contradict


@dataclass(frozen=True)
class Limits:
    """How many records may share one key, how many one customer may have, and whether systems contradict each other."""

    records_per_key: int = 8
    cluster: int = 50
    names_across: bool = True


def cluster(store: Store, affected: Affected, ranks: Mapping[str, int], limits: Limits) -> tuple[list[list[Node]], int]:
    """Components of records in resolve order, and how many keys are guarded."""
    nodes = sorted(affected.nodes.values(), key=lambda n: (ranks.get(n.connection, 999), n.connection, n.stream, n.ext))
    place = {node.rid: number for number, node in enumerate(nodes)}
    crowded, free = _crowded(affected, limits)
    _end_questions(store, affected, {key.hex() for key, _, _ in crowded})
    _describe(store, affected, free, limits)
    guarded = _ask_crowded(store, crowded)
    groups = judged(len(nodes), place, affected.verdicts)
    ties = [[place[rid] for rid in rids if rid in place] for _, kind, rids in free if kind == TIE]
    followers = _join_made(nodes, groups, ties)
    two = partial(contradict, across=limits.names_across)
    for key, kind, rids in free:
        holders = sorted(place[rid] for rid in rids if rid in place and kind != TIE)
        if kind == "phone" and two([nodes[number] for number in holders], _one(groups, place)):
            guarded += _ask_names(store, key, [nodes[number] for number in holders], groups, place, two)
            _join_standing(groups, nodes, holders)
            _join_namesakes(groups, nodes, holders)
        else:
            groups.gather(holders)
    for _, _, rids in crowded:
        _join_standing(groups, nodes, [place[rid] for rid in rids if rid in place])
    _join_gone(nodes, groups, ties, followers)
    return _within_limit(store, nodes, groups, affected, limits), guarded


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


def _describe(store: Store, affected: Affected, keys: Iterable[tuple[bytes, str, list[int]]], limits: Limits) -> None:
    """Who somebody is matters only where records that may contradict each other share a phone."""
    wanted: set[int] = set()
    for _, kind, rids in keys:
        homes = [(affected.nodes[rid].connection, affected.nodes[rid].stream) for rid in rids if rid in affected.nodes]
        if kind == "phone" and (limits.names_across or len(set(homes)) < len(homes)):
            wanted.update(rids)
    store.people.describe(affected, wanted)


def _ask_crowded(store: Store, crowded: Iterable[tuple[bytes, str, list[int]]]) -> int:
    count = 0
    for key, kind, rids in crowded:
        store.questions.ask("crowded", key.hex(), field=kind, count=len(rids))
        count += 1
    return count


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

    Once a record is gone, what was made from it and has kin of its own by now goes its own way.
    """
    made = {number for _, *others in ties for number in others}
    kin = Counter(groups.root(number) for number, node in enumerate(nodes) if not node.gone)
    orphans = [
        (first, number)
        for first, *others in ties
        for number in others
        if nodes[first].gone and (nodes[number].gone or kin[groups.root(number)] == 1)
    ]
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
    store: Store, nodes: list[Node], groups: Groups, affected: Affected, limits: Limits
) -> list[list[Node]]:
    """The components; one over the size limit is held back, and the question about one that is not ends."""
    found: list[list[Node]] = []
    held: set[tuple[str, str]] = set()
    for part in groups.parts():
        members = [nodes[number] for number in part]
        if len(members) > limits.cluster:
            held.add(("", _place(members[0])))
            found += _held_back(store, members, affected)
        else:
            found.append(members)
    store.questions.end("cluster", "", {_place(node) for node in nodes}, held)
    return found


def _place(node: Node) -> str:
    return f"{node.connection}.{node.stream}.{node.ext}"


def _held_back(store: Store, members: list[Node], affected: Affected) -> list[list[Node]]:
    """A cluster over the limit is a question: what was one customer or was judged one stays one, the rest stays apart."""
    store.questions.ask("cluster", _place(members[0]), count=len(members), exact=True)
    groups = judged(len(members), {node.rid: number for number, node in enumerate(members)}, affected.verdicts)
    _join_standing(groups, members, range(len(members)))
    return [[members[number] for number in part] for part in groups.parts()]
