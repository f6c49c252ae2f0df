"""A twin of a system that keeps its people in one table, as small systems do: what they have in common, done once.

class KilnTwin(TableTwin):
    name, module, modified, title = "kiln", "guests", "edited", "who"
    def row(self, seen): return {"who": seen.name, "tel": seen.phone}
    def endpoints(self): return [Endpoint("GET", "/guests", self._list)]
    def _list(self, call):
        page = self.page(call, self.listed(), call.query.get("after", ""), 100)
        return Answer(200, {"guests": page.rows, "count": page.total, "more": page.more})
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

from hub.clock import Clock
from hub.testing.people import Population, Sighting
from hub.testing.twin import Call, Twin
from hub.testing.twin_control import Wish

Row = dict[str, Any]  # JSON


@dataclass(frozen=True)
class TablePage:
    """One page of a listing as the faults leave it: its rows, the total that is told with it, whether more follow.

    `last` is the id behind which the next page begins, whatever became of this one's rows; "" where none follows.
    """

    rows: Sequence[Row]
    total: int
    more: bool
    last: str = ""


class TableTwin(Twin):
    """A twin with one table of records, seeded with the people whom the population shows under its `name`.

    `module` is the table's name for `edit`, `records` and what is noted as written; `key`, `modified` and `title` are
    their fields for a record's id, its time of last change (an ISO time in UTC), and the name that a fault may spoil.
    """

    module: ClassVar[str] = "customers"
    key: ClassVar[str] = "id"
    modified: ClassVar[str] = "modified"
    title: ClassVar[str] = "name"

    def __init__(self, population: Population | None = None, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(population, clock, latency)
        self.table: dict[str, Row] = {}
        self._numbers = count(1)
        self._people = {self.put(self.row(seen)): seen.person for seen in self.population.sightings(self.name)}

    def row(self, seen: Sighting) -> Row:
        """A new record of somebody, by their field names, without id and time of change."""
        raise NotImplementedError("a table holds people")

    def put(self, values: Row, id_: str | None = None) -> str:
        """Change a record, or make one (without an id) under the next number; its id. Nothing is noted as written."""
        id_ = id_ or f"{self.name[:1]}{next(self._numbers):06d}"
        kept = self.table.get(id_, {self.key: id_})
        self.table[id_] = {**kept, **values, self.modified: self.clock.now().isoformat()}
        return id_

    def write(self, values: Row, id_: str | None = None) -> str:
        """`put`, and note it as written through the interface: what a writing endpoint calls."""
        stored = self.put(values, id_)
        self.wrote("update" if id_ else "create", self.module, stored, values)
        return stored

    def listed(self, since: str = "") -> list[Row]:
        """The records in the order of their ids: all, or those that changed at `since` (an ISO time in UTC) or later."""
        return [row for _, row in sorted(self.table.items()) if row[self.modified] >= since]

    def page(self, call: Call, rows: Sequence[Row], start: int | str, size: int) -> TablePage:
        """One page of a listing's `rows`, with the faults that strike it.

        `start` is how many rows come before it, or the id behind which it begins, where rows go by id.
        """
        shown, total = self.pages.capped(call, rows)
        passed = start if isinstance(start, int) else sum(row[self.key] <= start for row in shown)
        first, size = self.pages.cut(call, passed, size)
        part = [dict(row) for row in shown[first : first + size]]
        more = first + size < len(shown)
        last = str(part[-1][self.key]) if part and more else ""
        return TablePage(
            self.pages.shown(call, part, self.title, lambda kind: self._drift(part[0], kind)), total, more, last
        )

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change or delete."""
        id_ = None if wish["op"] == "create" else str(wish["id"])
        if id_ is not None and id_ not in self.table:
            raise ValueError("there is no such record")
        if wish["op"] == "delete":
            del self.table[str(id_)]
            return {"id": id_}
        return {"id": self.put(wish.get("values", {}), id_)}

    def records(self, module: str) -> dict[str, Row]:
        """The records by id."""
        return {id_: dict(row) for id_, row in self.table.items()}

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All records without their times of change."""
        hidden = {self.modified} if ids else {self.modified, self.key}
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in self.table.values()]
        return {self.module: sorted(rows, key=lambda row: sorted(map(str, row.items())))}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        return {id_: person for id_, person in self._people.items() if id_ in self.table}

    def _drift(self, first: Row, kind: str) -> None:
        """The first record of the page just read changes or goes, or one comes that is much like it."""
        op = kind if kind in ("delete", "create") else "change"
        hidden = (self.key, self.modified)
        values = {name: value for name, value in first.items() if name not in hidden} if op == "create" else {}
        self.edit({"op": op, "id": first[self.key], "values": values})
