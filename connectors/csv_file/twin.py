"""The files of an invented till as a twin: a member list and receipts, written anew with every change."""

from __future__ import annotations

import csv
import os
from itertools import count
from pathlib import Path
from typing import Any

from hub.testing.people import Purchase, Sighting
from hub.testing.stand import Stand
from hub.testing.twin import Clock, Endpoint, Population, Twin, Wish

Row = dict[str, Any]  # JSON
_MADE = count(1)
_NAMES = {"customers": "members.csv", "orders": "receipts.csv"}
_COLUMNS = {
    "customers": ("no", "name", "phone", "email", "city", "note"),
    "orders": ("receipt", "member", "placed", "total", "currency"),
}
_KEYS = {"customers": "no", "orders": "receipt"}


class FilesTwin(Twin):
    """Two files in a folder."""

    name = "csv_file"

    def __init__(self, population: Population | None = None, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(population, clock, latency)
        members = [_member(seen) for seen in self.population.sightings("pos:A")]
        receipts = [_receipt(bought) for bought in self.population.orders_in("pos:A")]
        self._tables = {
            "customers": {row["no"]: row for row in members},
            "orders": {row["receipt"]: row for row in receipts},
        }
        self._folder: Path | None = None

    def settle_in(self, folder: Path) -> None:
        """The folder that the files lie in."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._write()

    def endpoints(self) -> list[Endpoint]:
        """None: files are read without a network."""
        return []

    def records(self, module: str) -> dict[str, Row]:
        """The rows of a file by their key, as the connector lays them out."""
        return {key: {"key": key, **row} for key, row in self._tables[module].items()}

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All rows in the order of their keys."""
        return {name: [rows[key] for key in sorted(rows)] for name, rows in self._tables.items()}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change or delete; then the files are exported again."""
        module = wish.get("module", "customers")
        rows, key = self._tables[module], _KEYS[module]
        id_ = str(wish.get("id") or f"M{next(_MADE)}")
        if wish["op"] == "delete":
            del rows[id_]
        else:
            rows[id_] = {**dict.fromkeys(_COLUMNS[module], ""), **rows.get(id_, {}), **wish["values"], key: id_}
        self._write()
        return {"id": id_}

    def _write(self) -> None:
        if self._folder is None:
            return
        for module, name in _NAMES.items():
            path = self._folder / name
            with path.open("w", encoding="utf-8", newline="") as file:
                out = csv.DictWriter(file, _COLUMNS[module])
                out.writeheader()
                out.writerows(self._tables[module].values())
            rested = self.clock.now().timestamp() - 60  # nobody writes to it any more
            os.utime(path, (rested, rested))


def _member(seen: Sighting) -> Row:
    found = {name: getattr(seen, name) or "" for name in _COLUMNS["customers"] if name != "no"}
    return {"no": seen.key, **found}


def _receipt(bought: Purchase) -> Row:
    placed = bought.placed.replace(microsecond=0).isoformat()
    return {"receipt": bought.number, "member": "", "placed": placed, "total": str(bought.total), "currency": "CNY"}


TWIN = FilesTwin
STAND = Stand(
    "csv_file",
    FilesTwin,
    {
        "streams": {
            "customers": {
                "path": "{folder}/members.csv",
                "mode": "snapshot",
                "key": ["no"],
                "columns": {"name": "name", "phone": "phone", "email": "email", "city": "city", "note": "note"},
            },
            "orders": {
                "path": "{folder}/receipts.csv",
                "mode": "append",
                "key": ["receipt"],
                "columns": {"number": "receipt", "placed_at": "placed", "total": "total", "currency": "currency"},
                "fixed": {"status": "done"},
            },
        }
    },
    {},
    {"customers": "customers", "orders": "orders"},
    strikes=(),
    exempt={
        "reads_page_by_page": "a file is read as a whole",
        "tells_its_version": "files have no version",
    },
)
