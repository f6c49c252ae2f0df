"""A connector and its twin face to face: what the connector states, and what people do in the system."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from hub.connector import Field, Row, Stream, Target
from hub.testing.site import Site, stream
from hub.testing.stand import Stand, filled
from sync.mapping import is_decided, pick

NAMES = ("given_name", "name", "family_name", "note", "city", "street")
"""Fields of ours that hold plain text, the first of which a system has is the one that its clerks type into."""


class Facing(Site):
    """One connection of a site, by what its stand tells of it; no name of a system's field or module stands here."""

    stand: Stand
    twin: Any

    # -- what the connector states

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """The connector's streams by name, with the site's field map laid over."""
        with self.connector() as found:
            return {one.name: stream(found, one.name) for one in found.streams()}

    @cached_property
    def target(self) -> Target | None:
        """What the connector can write."""
        with self.connector() as found:
            target: Target | None = found.target()
            return target

    @property
    def aim(self) -> Target:
        """The target of a connector that has one."""
        assert self.target is not None, "the connector has no target"
        return self.target

    @property
    def customers(self) -> Stream:
        """The stream of the people one writes to, or of those one reads."""
        return self.streams[self.target.stream if self.target else self.first]

    @property
    def first(self) -> str:
        """The first stream that holds people."""
        return next((name for name, one in self.streams.items() if one.noun == "customers"), next(iter(self.streams)))

    @cached_property
    def typed(self) -> Field:
        """A field of theirs that clerks type plain text into and the hub reads."""
        fields = self.customers.mapping.fields
        return next(entry for name in NAMES for entry in fields if entry.ours == name and not entry.values)

    @cached_property
    def decided(self) -> Field:
        """A field that the hub decides and writes: the tier where there is one."""
        found = {entry.ours: entry for entry in self.customers.mapping.writable() if is_decided(entry.ours)}
        named = next(name for name in ("tier", "stage", "id") if name in found)
        return found[named]

    def tier(self, ours: str) -> str:
        """How the system spells one of our tiers."""
        return self.decided.values.get(ours, ours)

    # -- what happens in the system

    @property
    def module(self) -> str:
        """The twin's module of the people."""
        return self.stand.modules[self.customers.name]

    def rows(self, name: str | None = None) -> dict[str, Row]:
        """The twin's living records of a stream by id."""
        records: dict[str, Row] = self.twin.records(self.stand.modules[name or self.customers.name])
        return records

    def ids(self, name: str | None = None) -> list[str]:
        """The ids of the twin's living records of a stream."""
        return sorted(self.rows(name))

    def value(self, id_: str, field: Field) -> Any:
        """What a record of the people holds there now."""
        return pick(self.rows()[id_], field.theirs)

    def clerk_types(self, id_: str, text: str, field: Field | None = None) -> None:
        """A user of the system changes a record, a moment later than whatever was before."""
        self._moment()
        self.types_now(id_, text, field)

    def types_now(self, id_: str, text: str, field: Field | None = None) -> None:
        """A user of the system changes a record in this very moment."""
        values = self.twin.nest((field or self.typed).theirs, text)
        self.twin.edit({"op": "change", "module": self.module, "id": id_, "values": values})

    def clerk_deletes(self, id_: str, name: str | None = None) -> None:
        """A user of the system deletes a record."""
        self._moment()
        self.twin.edit({"op": "delete", "module": self.stand.modules[name or self.customers.name], "id": id_})

    def clerk_makes(self, text: str) -> str:
        """A user of the system makes a record; its id."""
        self._moment()
        values = {**self.twin.nest(self.typed.theirs, text), **self.stand.born}
        made = self.twin.edit({"op": "create", "module": self.module, "values": filled(values, text=text)})
        return str(made["id"])

    def _moment(self) -> None:
        self.clock.advance(timedelta(seconds=2))

    def newborn(self) -> Row:
        """The fields of a new record, by their names, as a create sends them."""
        known = {"name": "Neu Kind", "family_name": "Kind", "given_name": "Neu", "phone": "+8613700009876",
                 "email": "newborn@contract.example.net"}  # fmt: skip
        return {entry.theirs: known[entry.ours] for entry in self.customers.mapping.writable() if entry.ours in known}

    def part(self, row: Row, theirs: str) -> Any:
        """A value of a row by the name that a mapping gives it."""
        return pick(row, theirs)

    @property
    def moving(self) -> set[str]:
        """Fields of theirs that change by themselves when a record does."""
        return {self.customers.mapping.modified, self.aim.version if self.target else ""}

    def writes(self) -> list[Row]:
        """What was written through the interface since the counters were reset: ids and names of fields."""
        found: list[Row] = [one for one in self.twin.counts.writes if one["module"] == self.module]
        return found
