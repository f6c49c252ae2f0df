"""The reference connector: read this one first. It pages, resumes, deletes, writes and looks up, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.memory.fields import CUSTOMERS, ORDERS
from connectors.memory.system import MemorySystem, Row, in_file, system
from hub.connector import Connector, ConnectorSettings, End, Page, RowResult, Stream, Target, Window, Write
from hub.errors import Transient


class MemorySettings(ConnectorSettings):
    """`system` names a system in this process; `file` one in a JSON file. `counts` as for any order stream."""

    system: str = "main"
    file: Path | None = None
    page_size: int = 50
    writable: bool = True
    counts: bool = True
    guard: bool = True


class Memory(Connector[MemorySettings]):
    """A system without a network."""

    type = "memory"
    Settings = MemorySettings
    uses_http = False
    erases = True
    version = "1"

    @property
    def system(self) -> MemorySystem:
        """The system this connection is connected to."""
        if self.settings.file is None:
            return system(self.settings.system)
        return in_file(Path(self.tools.folder) / self.settings.file)

    def streams(self) -> Sequence[Stream]:
        """Customers with a delete feed, and orders."""
        overlap = timedelta(seconds=5)
        return (
            Stream("customers", "customers", CUSTOMERS, "bracketed", deletes="feed", overlap=overlap),
            Stream("orders", "orders", ORDERS, "bracketed", overlap=overlap, counts=self.settings.counts),
        )

    def target(self) -> Target | None:
        """Customers, in batches of ten, created only under a key of their own."""
        if not self.settings.writable:
            return None
        return Target(
            batch=10,
            guard="read_first" if self.settings.guard else "none",
            create_key="hub_key",
            creates=True,
            native_idempotency=True,
        )

    def server_time(self) -> datetime:
        """The system's own time."""
        return datetime.fromtimestamp(self.system.time(), UTC)

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """Rows changed in the window in (modified, id) order; the place is the last row's, so drift loses nothing."""
        found = self.system
        total = len(getattr(found, stream.name)) if window.full else None  # it counts all rows, not a window's
        last = ("", "") if position is None else (position["modified"], position["id"])
        before = total if position is None else position["before"]
        since = "" if window.since is None else window.since.isoformat()
        while True:
            found = self._asked("read")
            rows = sorted(getattr(found, stream.name).values(), key=_order)
            page = [row for row in rows if _order(row) > last and row["modified"] >= since][: self.settings.page_size]
            if not page:
                break
            last = _order(page[-1])
            yield Page(rows=page, position={"modified": last[0], "id": last[1], "before": before})
        edge = 0 if window.since is None else int(window.since.timestamp())
        gone = [id_ for id_, at in found.deleted if at >= edge and id_ not in found.customers]
        after = len(getattr(found, stream.name)) if window.full else None
        yield Page(gone=gone if stream.name == "customers" else [], end=End(before, after))

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Rows by id."""
        rows = self._asked("fetch").customers
        return {id_: rows[id_] for id_ in ids if id_ in rows}

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Change or create rows; a create with a key that exists changes that row."""
        found = self._asked("write")
        found.writes += 1
        results = [self._one(found, entry) for entry in batch]
        found.save()
        if found.take_fault("answer"):
            raise Transient("the answer got lost", unclear=True, where=self.tools.connection)
        return results

    def _one(self, found: MemorySystem, entry: Write) -> RowResult:
        id_ = entry.external_id or next(
            (row["id"] for row in found.customers.values() if row.get("hub_key") == entry.create_key), None
        )
        if id_ is None:
            found.created += 1
            id_ = f"new-{found.created}"
        elif entry.external_id and id_ not in found.customers:
            return RowResult(entry.key, "rejected", code="NOT_FOUND", field="id")
        values = {name: found.keep.get(name, value) for name, value in entry.values.items()}
        if any(value == "forbidden" for value in values.values()):
            return RowResult(entry.key, "rejected", code="INVALID", field="name")
        own = {"hub_key": entry.create_key} if entry.create_key else {}
        found.receive({"id": id_, **values, **own}, "update" if entry.external_id else "create")
        return RowResult(entry.key, "ok", external_id=id_)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """Rows created under these keys."""
        rows = self._asked("lookup").customers.values()
        return {row["hub_key"]: row["id"] for row in rows if row.get("hub_key") in create_keys}

    def erase(self, ids: Sequence[str]) -> Sequence[RowResult]:
        """Rows that are gone, and known to the list of deletes by nothing but their ids."""
        for id_ in ids:
            self._asked("write").remove(id_)
        return [RowResult(id_, "ok", external_id=id_) for id_ in ids]

    def _asked(self, what: str) -> MemorySystem:
        found = self.system
        found.reads += 1
        if found.take_fault(what):
            raise Transient(f"the system did not {what}", where=self.tools.connection)
        return found


def _order(row: Row) -> tuple[str, str]:
    return row["modified"], row["id"]
