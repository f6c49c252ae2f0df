"""The drift inbox: what somebody there made of a field that we wrote, and what follows from it by the field's owner.

    hub      written back, and said so; after so many rounds, or once accepted, it waits for a person instead
    theirs   taken over, and listed
    shared   a question, never a write

An entry opens when a plan finds the change and closes by itself: when our value stands there again, when both sides
agree, when a person answered, or when the record is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field, replace
from typing import Any

from hub.connector import Field
from hub.store.drifts import Drift
from hub.store.records import Stored
from sync.compare import Sides, Verdict, same
from sync.mapping import owner

Place = tuple[str, str]
"""A record's external id and our field."""


@dataclass
class Inbox:
    """The entries of one destination, as far as a batch of customers touches them. `most`: rounds until it asks."""

    connection: str
    stream: str
    known: dict[Place, Drift]
    answers: Rows[Place, str]
    most: int
    now: int
    _fresh: dict[Place, Drift] = field(default_factory=dict)
    _visited: set[Place] = field(default_factory=set)
    _by_record: dict[str, list[Drift]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for drift in self.known.values():
            self._by_record[drift.ext].append(drift)

    def knows(self, ext: str) -> bool:
        """Whether there is any entry of a record, settled or not."""
        return ext in self._by_record

    def weigh(
        self, entry: Field, ext: str, sides: Sides, verdict: Verdict, forms: Collection[str], lost: Rows[str, Any]
    ) -> Verdict:
        """The verdict on a field in the light of the inbox; `ask` where a person must say whose word counts.

        `lost` are our acknowledged writes there that somebody has replaced since the last plan.
        """
        place = (ext, entry.ours)
        self._visited.add(place)
        known = self.known.get(place)
        if verdict in ("agree", "take") and entry.ours in lost and not (known and known.standing):
            self._fresh[place] = self._closed(self._entry(entry, ext, sides, lost[entry.ours]), "taken over")
            return verdict
        if not _moved(sides, known, forms) or verdict not in ("write", "nothing"):
            self._settle(place, "agreed" if verdict != "take" else "taken over")
            return verdict
        if known and known.state == "accepted" and same(known.theirs, sides.theirs, forms):
            return "nothing"
        found = self._open(entry, ext, sides, known)
        if verdict == "write" and owner(entry) == "hub" and found.rounds >= self.most:
            return "write" if self.answers.get(place) == "hub" else "ask"
        return verdict

    def answered(self, entry: Field, ext: str) -> bool:
        """Whether an answer still has something to hold for: until our value stands there again."""
        place = (ext, entry.ours)
        return place in self.answers and place in self._fresh and self._fresh[place].standing

    def rounds_of(self, entry: Field, ext: str) -> int:
        """How often we have written this field of this record back."""
        return self._fresh[ext, entry.ours].rounds

    def leave(self, record: Stored) -> None:
        """All fields of a record were looked at: what stands of others has nothing to stand on any more."""
        for drift in self._by_record.get(record.ext, ()):
            place = (drift.ext, drift.field)
            if place not in self._visited and drift.standing:
                self._fresh[place] = self._closed(drift, "gone" if record.gone else "not written any more")

    def changed(self) -> Iterator[Drift]:
        """The entries to store."""
        return (drift for place, drift in sorted(self._fresh.items()) if drift != self.known.get(place))

    # -- parts

    def _entry(self, entry: Field, ext: str, sides: Sides, ours: Any) -> Drift:
        return Drift(
            self.connection, self.stream, ext, entry.ours, owner(entry), ours, sides.theirs, sides.wanted, self.now
        )

    def _open(self, entry: Field, ext: str, sides: Sides, known: Drift | None) -> Drift:
        fresh = self._entry(entry, ext, sides, sides.base)
        if known is not None:
            rounds = known.rounds if known.wanted == sides.wanted and known.state != "accepted" else 0
            fresh = replace(fresh, rounds=rounds, id=known.id)
            if known.state == "open" and known.theirs == sides.theirs:
                ours = known.ours if known.crossed else sides.base
                fresh = replace(fresh, seen=known.seen, crossed=known.crossed, ours=ours)
        self._fresh[ext, entry.ours] = fresh
        return fresh

    def _settle(self, place: Place, why: str) -> None:
        known = self.known.get(place)
        if known is not None and known.standing:
            self._fresh[place] = self._closed(known, "accepted" if known.state == "accepted" else why)

    def _closed(self, drift: Drift, why: str) -> Drift:
        return replace(drift, state="closed", why=why, rounds=0, closed=self.now)


def _moved(sides: Sides, known: Drift | None, forms: Collection[str]) -> bool:
    """Whether theirs is another word than we want, and came after what both agreed on."""
    if same(sides.theirs, sides.wanted, forms):
        return False
    crossed = known is not None and known.state == "open" and known.crossed and known.theirs == sides.theirs
    return crossed or (sides.has_base and not same(sides.base, sides.theirs, forms))
