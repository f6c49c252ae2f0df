"""The reference system itself: rows with ids and times of change, deletes, and ways to misbehave.

It lives in this process under its name, or in a JSON file, so that it can outlive a process that is killed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

Row = dict[str, Any]


@dataclass
class MemorySystem:
    """A stand-in for a remote system. `now` is its own clock, in epoch seconds; each change gets a later time.

    `clock`, where one is given, is the time of changes instead; `struck` says whether a call of a kind fails now; `log`
    tells what was written through the interface.
    """

    customers: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, Row] = field(default_factory=dict)
    deleted: list[tuple[str, int]] = field(default_factory=list)
    now: int = 1_700_000_000
    created: int = 0
    writes: int = 0
    reads: int = 0
    fail: dict[str, int] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    clock: Callable[[], float] | None = None
    struck: Callable[[str], bool] | None = None
    log: list[Row] = field(default_factory=list)

    def time(self) -> int:
        """The system's own time: behind every change so far."""
        return max(self.now + 1, int(self.clock()) if self.clock else 0)

    def stamp(self) -> str:
        """A new time of change: the clock's, else one second after the last."""
        self.now = int(self.clock()) if self.clock else self.now + 1
        return datetime.fromtimestamp(self.now, UTC).isoformat()

    def put(self, table: str, row: Row) -> None:
        """Create or change a row as a user of that system would."""
        rows: dict[str, Row] = getattr(self, table)
        rows[row["id"]] = {**rows.get(row["id"], {}), **row, "modified": self.stamp()}
        self.save()

    def receive(self, row: Row, op: str) -> None:
        """Create or change a customer as the interface does."""
        self.put("customers", row)
        self.log.append({"op": op, "module": "customers", "id": row["id"], "fields": sorted(row.keys() - {"id"})})

    def remove(self, id_: str) -> None:
        """Delete a customer row as a user of that system would."""
        if self.customers.pop(id_, None) is not None:
            self.stamp()
            self.deleted.append((id_, self.now))
            self.save()

    def take_fault(self, name: str) -> bool:
        """Whether a fault that was asked for happens now; each asking is good for so many times."""
        if self.struck is not None and self.struck(name):
            return True
        left = self.fail.get(name, 0)
        if left:
            self.fail[name] = left - 1
        return left > 0

    def save(self) -> None:
        """Write the file, if there is one, whole or not at all."""
        if self.file is None:
            return
        state = {name: getattr(self, name) for name in ("customers", "orders", "deleted", "now", "created", "writes")}
        fresh = self.file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(state))
        os.replace(fresh, self.file)


_SYSTEMS: dict[str, MemorySystem] = {}


def system(name: str) -> MemorySystem:
    """The system of this name in this process, made at first use."""
    return _SYSTEMS.setdefault(name, MemorySystem())


def begun(name: str) -> MemorySystem:
    """A fresh system under this name."""
    _SYSTEMS[name] = MemorySystem()
    return _SYSTEMS[name]


def forget() -> None:
    """Drop all systems of this process."""
    _SYSTEMS.clear()


def in_file(path: Path) -> MemorySystem:
    """The system kept in a JSON file."""
    state = orjson.loads(path.read_bytes()) if path.exists() else {}
    state["deleted"] = [(id_, at) for id_, at in state.get("deleted", [])]
    return MemorySystem(**state, file=path)
