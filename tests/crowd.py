"""Customers and facts put straight into a store: what tests of decisions over many customers need, without any system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hub.clock import FixedClock
from hub.store import Store, create_store
from tests.conftest import MASTER, NOW


@dataclass
class Crowd:
    """One store, and short words for who is in it."""

    store: Store

    @classmethod
    def at(cls, location: str) -> Crowd:
        """A crowd in a new store."""
        return cls(create_store(location, MASTER, FixedClock(NOW)))

    def add(self, customer: str, **facts: Any) -> None:
        """Somebody, due, with these facts (the same id again: with others)."""
        with self.store.db.writing("crowd"):
            self.store.db.execute(
                "INSERT INTO customer (id, founder, created_run) VALUES (:id, 1, 1)"
                " ON CONFLICT (id) DO UPDATE SET due = 1, merged_into = NULL",
                {"id": customer},
            )
            self.store.db.execute("DELETE FROM facts WHERE customer = :id", {"id": customer})
            row = {"customer": customer, "as_of": 0, **facts}
            columns = ", ".join(row)
            slots = ", ".join(f":{name}" for name in row)
            self.store.db.execute(f"INSERT INTO facts ({columns}) VALUES ({slots})", row)

    def merge(self, customer: str, into: str) -> None:
        """A customer becomes another one's alias, as resolve does it."""
        with self.store.db.writing("crowd"):
            bound = {"id": customer, "into": into}
            self.store.db.execute("UPDATE customer SET merged_into = :into, due = 1 WHERE id = :id", bound)
            self.store.db.execute("DELETE FROM facts WHERE customer = :id", {"id": customer})
            self.store.people.make_due([into])

    def settled(self) -> None:
        """Nobody is due any more."""
        with self.store.db.writing("crowd"):
            self.store.db.execute("UPDATE customer SET due = 0")

    def orders(self, rows: Iterable[dict[str, Any]]) -> None:
        """Orders, each with at least `customer`, `placed_on` and `total`; whoever buys is somebody, and due."""
        orders = list(rows)
        columns = ("rid", "customer", "placed_on", "total", "refunded", "status", "currency", "counts")
        with self.store.db.writing("crowd"):
            first = self.store.db.rows("SELECT COALESCE(MAX(rid), 0) + 1 FROM orders")[0][0]
            self.store.db.many(
                "INSERT INTO customer (id, founder, created_run) VALUES (?, 1, 1) ON CONFLICT DO NOTHING",
                [(buyer,) for buyer in sorted({row["customer"] for row in orders if row["customer"]})],
            )
            usual = {"refunded": 0, "status": "done", "currency": "CNY", "counts": 1}
            self.store.db.many(
                f"INSERT INTO orders ({', '.join(columns)}, connection, number, placed_at, channel)"
                f" VALUES ({', '.join(f':{name}' for name in columns)}, 'till', 'n', 0, 'store')",
                [{**usual, **row, "rid": first + number} for number, row in enumerate(orders)],
            )

    def clear(self) -> None:
        """Nobody any more."""
        with self.store.db.writing("crowd"):
            for table in ("customer", "facts", "membership", "orders", "rfm_cut"):
                self.store.db.execute(f"DELETE FROM {table}")
