"""The floor: a bare loop that lands the same two files with pydantic and sqlite3, and none of the hub's duties."""

from __future__ import annotations

import csv
import sqlite3
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from bench.files import MEMBERS, ORDERS, Columns
from hub.testing.shopfiles import MEMBERS_A, ORDERS_A


class Member(BaseModel):
    """A row of the member file."""

    number: str
    name: str
    phone: str
    email: str
    city: str


class Line(BaseModel):
    """A row of the order file."""

    number: str
    member: str
    placed: datetime
    sku: str
    quantity: Decimal
    unit_price: Decimal


def rows(path: Path, columns: Columns, kind: type[BaseModel]) -> list[tuple[object, ...]]:
    """The file's rows as validated tuples."""
    with path.open(encoding="gb18030", newline="") as file:
        found = []
        for row in csv.DictReader(file):
            item = kind.model_validate({name: row[columns[name]] for name in kind.model_fields})
            found.append(tuple(str(value) for value in item.model_dump().values()))
        return found


def main(folder: Path) -> None:
    """Land both files."""
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE IF NOT EXISTS member (number PRIMARY KEY, name, phone, email, city)")
    db.execute("CREATE TABLE IF NOT EXISTS line (number, member, placed, sku, quantity, unit_price)")
    db.execute("BEGIN")
    db.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?)", rows(folder / MEMBERS, MEMBERS_A, Member))
    db.execute("DELETE FROM line")
    db.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", rows(folder / ORDERS, ORDERS_A, Line))
    db.execute("COMMIT")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
