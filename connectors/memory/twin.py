"""The reference system as a twin: it serves nothing over HTTP, but it is edited, disturbed and looked at as all are."""

from __future__ import annotations

from itertools import count
from typing import Any

from connectors.memory.system import MemorySystem, Row, begun, forget, in_file, system
from hub.testing.people import Sighting
from hub.testing.stand import Stand
from hub.testing.twin import Clock, Endpoint, Population, Twin, Wish

__all__ = ["STAND", "TWIN", "MemorySystem", "MemoryTwin", "Row", "forget", "in_file", "system"]

_FAULTS = {"answer": (("drop_after", "write"),), "write": (("500", "write"), ("drop_before", "write"))}
"""The faults of the kit by what they keep the system from: the others are read faults, of which it knows one."""
_MADE = count(1)


class MemoryTwin(Twin):
    """The system named `main` of this process, begun afresh."""

    name = "memory"

    def __init__(self, population: Population | None = None, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(population, clock, latency)
        self.system = begun("main")
        self.system.clock = lambda: self.clock.now().timestamp()
        self.system.struck = self._strikes
        self.system.log = self.counts.writes
        for seen in self.population.sightings("memory"):
            self.system.put("customers", _customer(seen))

    def endpoints(self) -> list[Endpoint]:
        """None: one reaches it without a network."""
        return []

    def records(self, module: str) -> dict[str, Row]:
        """Customers or orders."""
        return dict(getattr(self.system, module))

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All rows without their times."""
        shown = {
            name: sorted(self.records(name).values(), key=lambda row: str(row["id"]))
            for name in ("customers", "orders")
        }
        return {
            name: [{key: row[key] for key in row if key != "modified"} for row in rows] for name, rows in shown.items()
        }

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change or delete."""
        id_ = str(wish.get("id") or f"made-{next(_MADE)}")
        if wish["op"] == "delete":
            self.system.remove(id_)
        else:
            self.system.put(wish.get("module", "customers"), {"id": id_, **wish["values"]})
        return {"id": id_}

    def _strikes(self, what: str) -> bool:
        return any(
            self.faults.strikes(name, kind, "") is not None for name, kind in _FAULTS.get(what, (("500", "read"),))
        )


def _customer(seen: Sighting) -> Row:
    same = ("name", "phone", "email", "gender", "city", "province", "street", "note")
    row: Row = {"id": seen.key, **{name: getattr(seen, name) for name in same}}
    return {**row, "birthday": seen.birthday, "registered": seen.registered.isoformat(), "no_mail": seen.opted_out}


TWIN = MemoryTwin
STAND = Stand(
    "memory",
    MemoryTwin,
    {"system": "main"},
    {},
    {"customers": "customers", "orders": "orders"},
    small={"page_size": 4},
    strikes=("500", "drop_before", "drop_after"),
    exempt={
        "meets_a_row_that_comes_late": "it knows of its changes at once, and overlaps by seconds",
        "doctor_is_content_with_a_healthy_system": "there is nothing to look at",
    },
)
