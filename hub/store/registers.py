"""Typed tables keyed by record: orders with lines, cases; and the registers of stores and staff.

Orders and cases point to the buyer's record, which never changes; their `customer` is a cache that resolve rewrites.
"""

from __future__ import annotations

from typing import Any

from hub.store.database import Database, Params
from hub.store.records import Incoming
from hub.vault import Vault

_ORDER = (
    "rid", "connection", "number", "buyer", "customer", "placed_at", "placed_on", "delivered_on", "channel", "store",
    "staff", "status", "payment", "currency", "total", "refunded", "source_ref", "counts",
)  # fmt: skip
_LINE = ("rid", "line", "sku", "batch", "category", "quantity", "price", "discount", "refunded")
_CASE = (
    "rid", "connection", "number", "buyer", "customer", "kind", "channel", "opened_at", "promised_at", "answered_at",
    "closed_at", "state", "sku", "batch", "cause", "unit",
)  # fmt: skip


def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{column}' for column in columns)})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"
    )


_ORDERS_SQL = _upsert("orders", _ORDER, ("rid",))
_LINES_SQL = _upsert("order_line", _LINE, ("rid", "line"))
_CASES_SQL = _upsert("cases", _CASE, ("rid",))
_STORE_SQL = _upsert("store_place", ("code", "name", "type", "region", "parent", "opening_hours", "origin"), ("code",))
_STAFF_SQL = _upsert("staff_member", ("code", "body", "store", "role", "origin"), ("code",))


class Registers:
    """The tables of what happened and of who works where."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def orders(self, connection: str, found: list[tuple[Incoming, int]], buyers: dict[str, int], counts: bool) -> None:
        """Land order rows and their lines; their customers become due, before and after a change of buyer.

        An order that carries another system's number (`source_ref`) is that system's to count.
        """
        rids = [{"rid": rid} for _, rid in found]
        self._due("orders", rids)
        self._db.many(
            _ORDERS_SQL,
            [
                self._row(
                    _ORDER, connection, item, rid, buyers, counts=int(counts and not (item.typed or {})["source_ref"])
                )
                for item, rid in found
            ],
        )
        self._db.many("DELETE FROM order_line WHERE rid = :rid", rids)
        self._db.many(_LINES_SQL, [{"rid": rid, **line} for item, rid in found for line in item.lines])
        self._cache("orders", rids)

    def cases(self, connection: str, found: list[tuple[Incoming, int]], buyers: dict[str, int]) -> None:
        """Land case rows."""
        rids = [{"rid": rid} for _, rid in found]
        self._due("cases", rids)
        self._db.many(_CASES_SQL, [self._row(_CASE, connection, item, rid, buyers) for item, rid in found])
        self._cache("cases", rids)

    @staticmethod
    def _row(
        columns: tuple[str, ...], connection: str, item: Incoming, rid: int, buyers: dict[str, int], **extra: Any
    ) -> Params:
        typed = item.typed or {}
        row = {column: typed.get(column) for column in columns}
        return row | {"rid": rid, "connection": connection, "buyer": buyers.get(item.ext)} | extra

    def _cache(self, table: str, rids: list[Params]) -> None:
        self._db.many(
            f"UPDATE {table} SET customer = (SELECT r.customer FROM record r WHERE r.rid = {table}.buyer)"
            " WHERE rid = :rid",
            rids,
        )
        self._due(table, rids)

    def _due(self, table: str, rids: list[Params]) -> None:
        self._db.many(
            f"UPDATE customer SET due = 1 WHERE id IN (SELECT customer FROM {table} WHERE rid = :rid)",
            rids,
        )

    def stores(self, origin: str, rows: list[dict[str, Any]]) -> None:
        """Land rows of the store register; `origin` is the connection that brought them."""
        blank = dict.fromkeys(("region", "parent", "opening_hours"))
        self._db.many(_STORE_SQL, [{**blank, **row, "origin": origin} for row in rows])

    def staff(self, origin: str, rows: list[dict[str, Any]]) -> None:
        """Land rows of the staff register; names are sealed."""
        self._db.many(
            _STAFF_SQL,
            [
                {
                    "code": row["code"], "body": self._vault.seal({"name": row["name"]}, "staff_member"),
                    "store": row.get("store"), "role": row.get("role"), "origin": origin,
                }
                for row in rows
            ],
        )  # fmt: skip

    def purchases(self, customer: str, count: int = 10) -> list[dict[str, Any]]:
        """A customer's newest orders, for `why` and `customers show`."""
        columns = ("connection", "number", "placed_on", "channel", "store", "status", "currency", "total", "refunded",
                   "counts", "source_ref")  # fmt: skip
        rows = self._db.rows(
            f"SELECT {', '.join(columns)} FROM orders WHERE customer = :customer"
            " ORDER BY placed_at DESC, connection, number LIMIT :count",
            {"customer": customer, "count": count},
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many orders, lines, cases, stores and staff the store holds."""
        tables = ("orders", "order_line", "cases", "store_place", "staff_member")
        return {table: int(self._db.rows(f"SELECT COUNT(*) FROM {table}")[0][0]) for table in tables}
