"""The rows as bytes, rendered once: one file a listing, and where each row begins. Any page is one slice of the file."""

from __future__ import annotations

import json
import mmap
import sys
from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import orjson

from bench.shop import Row, Shop

LISTINGS = ("contacts", "accounts", "orders")


def render(shop: Shop, folder: Path) -> None:
    """Write all listings and, in `truth.json`, what must have landed once they were read."""
    truth = Counter(shop.identities() | {"today": shop.today.toordinal()})
    for name, rows in zip(LISTINGS, (shop.contact_rows(), shop.account_rows(), shop.order_rows()), strict=True):
        starts = array("Q", [0])
        with (folder / f"{name}.rows").open("wb") as file:
            for row in rows:
                starts.append(starts[-1] + file.write(orjson.dumps(row) + b","))
                _count(truth, name, row)
        (folder / f"{name}.starts").write_bytes(starts.tobytes())
    (folder / "truth.json").write_text(json.dumps(truth))


def rendered(shop: Shop, folder: Path) -> bool:
    """Whether this very brand lies there already."""
    try:
        truth = json.loads((folder / "truth.json").read_text())
    except (OSError, ValueError):
        return False
    wanted = {"contacts": shop.contacts, "orders": shop.orders, "today": shop.today.toordinal()}
    return all(truth.get(name, 0) == value for name, value in wanted.items())


def _count(truth: Counter[str], name: str, row: Row) -> None:
    """Numbers and sums that a side cannot get right by chance."""
    truth[name] += 1
    if name == "contacts":
        truth["contact_ids"] += int(row["id"]) % 1_000_003
    elif name == "orders":
        truth["lines"] += len(row["line_items"])
        truth["fen"] += int(row["total"].replace(".", ""))
        truth["pieces"] += sum(line["quantity"] for line in row["line_items"])


class Rows:
    """A rendered listing."""

    def __init__(self, folder: Path, name: str) -> None:
        self._starts = array("Q")
        self._starts.frombytes((folder / f"{name}.starts").read_bytes())
        with (folder / f"{name}.rows").open("rb") as file:
            empty = len(self) == 0
            self._bytes = memoryview(b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def cut(self, start: int, size: int) -> memoryview:
        """The rows from a place on with commas between."""
        end = min(start + size, len(self))
        return self._bytes[self._starts[start] : self._starts[end] - 1] if start < end else self._bytes[:0]

    def row(self, place: int) -> Row:
        """One row, decoded."""
        found: Row = orjson.loads(self.cut(place, 1))
        return found


class Changed:
    """The rows of a listing that changed since it was rendered, each with the time of its change, by place."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._found: dict[int, tuple[int, Row]] = {}

    def put(self, place: int, at: int, row: Row) -> None:
        """The row of a place is another one now."""
        self._found[place] = (at, row)

    def within(self, after: int, before: int) -> list[Row]:
        """The rows that changed after the one and before the other second, by place."""
        return [row for _, (at, row) in sorted(self._found.items()) if after < at < before]

    def shown(self, place: int) -> Row:
        """The row as it is now."""
        return self._found[place][1] if place in self._found else self.rows.row(place)

    def clear(self) -> None:
        """Nothing changed."""
        self._found.clear()


def joined(rows: Iterator[Row] | list[Row]) -> bytes:
    """Rows as they stand in a page."""
    return b",".join(map(orjson.dumps, rows))


def main(folder: Path, contacts: int, orders: int, today: date) -> None:
    """Render in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    render(Shop(contacts, orders, today), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), datetime.fromisoformat(sys.argv[4]).date())
