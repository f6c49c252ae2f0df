"""Whether a side landed the right rows: counts and sums that nobody gets right by chance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

Truth = dict[str, int]

FLOOR = {
    "contacts, contact_ids": "SELECT count(*), sum(id % 1000003) FROM contact",
    "accounts": "SELECT count(*) FROM account",
    "orders, fen": "SELECT count(*), sum(total) FROM orders",
    "lines, pieces": "SELECT count(*), sum(quantity) FROM line",
}
_READ = "FROM record WHERE stream = 'customers' AND gone = 0 AND placeholder = 0 AND body IS NOT NULL AND connection ="
HUB = {
    "contacts, contact_ids": f"SELECT count(*), sum(ext % 1000003) {_READ} 'crm'",
    "accounts": f"SELECT count(*) {_READ} 'shop'",
    "orders, fen": "SELECT count(*), sum(total) FROM orders",
    "lines, pieces": "SELECT count(*), sum(CAST(quantity AS INTEGER)) FROM order_line",
    "phones": "SELECT count(DISTINCT key) FROM identity WHERE kind = 'phone'",
    "emails": "SELECT count(DISTINCT key) FROM identity WHERE kind = 'email'",
    "indexes": "SELECT count(*) FROM sqlite_master WHERE name IN ('orders_buyer', 'orders_placed', 'identity_rid')",
}
"""Phones and emails tell that each spelling was read as what it is, indexes that those stand which are made at the end."""


def landed(store: Path, queries: Mapping[str, str]) -> Truth:
    """What a store of SQLite holds."""
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        found: Truth = {}
        for names, query in queries.items():
            found |= zip(names.split(", "), (int(value or 0) for value in db.execute(query).fetchone()), strict=True)
        return found
    finally:
        db.close()


def right(side: str, found: Truth, pages: Path) -> None:
    """Stop the measurement if a side landed anything else than was served: its figures do not count."""
    truth: Truth = json.loads((pages / "truth.json").read_text()) | {"indexes": 3}
    wrong = {name: (count, truth[name]) for name, count in found.items() if count != truth[name]}
    if wrong:
        raise SystemExit(f"{side} landed wrong rows (found, wanted): {wrong}")
