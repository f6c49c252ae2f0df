"""The questions that resolve asked in earlier runs, read once a run: about keys that are guarded, and large clusters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hub.store import Store
from hub.store.closure import Node, Shared
from hub.store.questions import Question

OF_KEYS = ("names", "crowded")


@dataclass
class Asked:
    """What stands open about keys, whether anything was asked about clusters, and the crowded keys met in this run."""

    store: Store
    about: Mapping[str, list[Question]]
    clusters: bool
    crowded: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, store: Store) -> Asked:
        """Read them; those about keys that nobody shares any more end."""
        about: dict[str, list[Question]] = defaultdict(list)
        for question in store.questions.open(kinds=OF_KEYS):
            about[question.subject].append(question)
        shared = store.people.holders([bytes.fromhex(subject) for subject in sorted(about)])
        asked = cls(store, about, bool(store.questions.subjects("cluster", "")))
        asked._drop(subject for subject in about if bytes.fromhex(subject) not in shared)
        return asked

    def look_at(self, keys: Iterable[Shared], crowded: Iterable[Shared]) -> None:
        """Questions about keys that are looked at again are asked anew or not at all; crowded ones are asked."""
        still = {entry.key for entry in crowded}
        if self.about:
            self._drop(
                subject for entry in keys if entry.key not in still and (subject := entry.key.hex()) in self.about
            )
        fresh = sorted(still - self.crowded)
        counts = self.store.people.holders(fresh)
        for entry in crowded:
            if entry.key in counts:
                self.store.questions.ask("crowded", entry.key.hex(), field=entry.kind, count=counts[entry.key])
        self.crowded.update(fresh)

    def _drop(self, subjects: Iterable[str]) -> None:
        for subject in subjects:
            for question in self.about[subject]:
                self.store.questions.drop(question.kind, subject, field=question.field)

    def end_clusters(self, nodes: Iterable[Node], held: Collection[tuple[str, str]]) -> None:
        """A question about a cluster that is not over the limit any more ends."""
        if self.clusters:
            self.store.questions.end("cluster", "", {place(node) for node in nodes}, held)


def place(node: Node) -> str:
    """What a question about a record's cluster calls it."""
    return f"{node.connection}.{node.stream}.{node.ext}"
