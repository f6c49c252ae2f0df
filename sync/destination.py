"""A connection that can be written to, as plan and apply see it."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from hub.connector import Field, Stream, Tagging, Target
from hub.names import PARTS
from hub.store.plans import PlanRow
from hub.tags import TAGS
from sync.mapping import LISTS, is_decided

TAG = "tag"
"""The kind of change that adds and removes tags by calls of their own."""


def key_of(action: str, ext: str) -> str:
    """The place in its plan of a change to a record that is there."""
    return f"{TAG}:{ext}" if action == TAG else ext


@dataclass(frozen=True)
class Destination:
    """A connection that can be written to: its stream with the mapping, what it can do, and what is switched on."""

    name: str
    stream: Stream
    target: Target
    create: bool = False
    tagging: Tagging | None = None

    @cached_property
    def _fields(self) -> tuple[Field, ...]:
        return tuple(entry for entry in self.stream.mapping.writable() if entry.ours not in LISTS)

    def fields(self) -> tuple[Field, ...]:
        """The mapped fields that take part in plans; fields of several values have no three ways and are only read."""
        return self._fields

    @cached_property
    def _places(self) -> tuple[tuple[Field, ...], ...]:
        """The fields by the place that they go to."""
        places: dict[str, list[Field]] = {}
        for entry in self._fields:
            places.setdefault(entry.theirs, []).append(entry)
        return tuple(map(tuple, places.values()))

    def chosen(self, wanted: Rows[str, Any]) -> list[Field]:
        """The fields to compare: of several that go to one place the last one of which something is known."""
        known = tuple([name for name in self._contested if wanted.get(name) is not None])
        found = self._chosen.get(known)
        if found is None:
            found = self._chosen[known] = [
                next((entry for entry in reversed(entries) if entry.ours in known), entries[0])
                for entries in self._places
            ]
        return found

    @cached_property
    def _chosen(self) -> dict[tuple[str, ...], list[Field]]:
        """The fields to compare, by which of the contested ones are known."""
        return {}

    @cached_property
    def _contested(self) -> tuple[str, ...]:
        return tuple(entry.ours for entries in self._places if len(entries) > 1 for entry in entries)

    @cached_property
    def rivals(self) -> dict[str, frozenset[str]]:
        """field -> the others that go to the same place."""
        shared = [{entry.ours for entry in entries} for entries in self._places if len(entries) > 1]
        return {ours: frozenset(names - {ours}) for names in shared for ours in names}

    @cached_property
    def believed(self) -> frozenset[str]:
        """What plans ask of a golden record: what the hub decides is not in it, and parts of a name need the whole one."""
        ours = {entry.ours for entry in self._fields if not is_decided(entry.ours)}
        return frozenset(ours | {"name"} if ours.intersection(PARTS) else ours)

    def required(self) -> set[str]:
        """The fields that are written where the system wants a value."""
        places = {entry.theirs for entry in self.stream.mapping.fields if entry.required}
        return {entry.ours for entry in self.fields() if entry.theirs in places}

    @property
    def tags_apart(self) -> bool:
        """Whether tags have calls of their own, and with them rows of their own in a plan."""
        return self.tagging is not None and self.tagging.batch > 0

    def batch(self, action: str) -> int:
        """The most rows of a kind that go together."""
        return self.tagging.batch if self.tagging and action == TAG else self.target.batch

    def rows(self, ext: str, customer: str, sides: dict[str, dict[str, Any]]) -> list[PlanRow]:
        """The rows that change a record so."""
        if not sides:
            return []
        parts = {"update": sides}
        if TAGS in sides and self.tags_apart:
            parts = {"update": {name: side for name, side in sides.items() if name != TAGS}, TAG: {TAGS: sides[TAGS]}}
        return [
            PlanRow(self.name, key_of(action, ext), customer, action, ext, part, _reason(part))
            for action, part in parts.items()
            if part
        ]


def _reason(sides: Rows[str, dict[str, Any]]) -> str:
    return _reasons(tuple([(name, side["why"]) for name, side in sides.items()]))


@lru_cache(maxsize=1024)
def _reasons(whys: tuple[tuple[str, str], ...]) -> str:
    """The reasons of a row's fields in one text; thousands of rows have the same ones."""
    return "; ".join(f"{name}: {why}" for name, why in sorted(whys))
