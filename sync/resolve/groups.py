"""Union-find that knows who must not come together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from hub.store.verdicts import Verdict


class Groups:
    """Union-find; the smaller position becomes the root, so the outcome does not depend on the order of unions.

    Groups that are parted refuse every union that would bring them together.
    """

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self._foes: dict[int, set[int]] = {}

    def root(self, item: int) -> int:
        """The group's representative."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, one: int, other: int) -> bool:
        """Make two groups one; False when they are parted."""
        low, high = sorted((self.root(one), self.root(other)))
        if high in self._foes.get(low, ()):
            return False
        self._parent[high] = low
        if low != high:
            self._inherit(low, high)
        return True

    def _inherit(self, low: int, high: int) -> None:
        for foe in self._foes.pop(high, ()):
            self._foes[foe] = (self._foes[foe] - {high}) | {low}
            self._foes.setdefault(low, set()).add(foe)

    def gather(self, items: Iterable[int]) -> None:
        """Join each with the first before it that it may join."""
        heads: list[int] = []
        for item in sorted(items):
            if not any(self.join(head, item) for head in heads):
                heads.append(item)

    def part(self, one: int, other: int) -> None:
        """Keep two groups apart from now on, unless they are one already."""
        first, second = self.root(one), self.root(other)
        if first != second:
            self._foes.setdefault(first, set()).add(second)
            self._foes.setdefault(second, set()).add(first)

    def parted(self, one: int, other: int) -> bool:
        """Whether two groups must not come together."""
        return self.root(other) in self._foes.get(self.root(one), ())

    def parts(self) -> list[list[int]]:
        """All groups, each in position order, in the order of their first members."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parent)):
            found[self.root(item)].append(item)
        return [found[root] for root in sorted(found)]


def judged(size: int, place: Mapping[int, int], verdicts: Sequence[Verdict]) -> Groups:
    """Groups as persons have judged, the newest verdict first: one that contradicts newer ones is passed over."""
    groups = Groups(size)
    for verdict in verdicts:
        if verdict.one in place and verdict.other in place:
            act = groups.join if verdict.kind == "same" else groups.part
            act(place[verdict.one], place[verdict.other])
    return groups
