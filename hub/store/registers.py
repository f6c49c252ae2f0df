"""Typed tables keyed by record: orders with lines, cases; and the registers of stores and staff.

Orders and cases point to the buyer's record, which never changes; their `customer` is a cache that resolve rewrites.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from hub.store.database import Database, Row, listings
from hub.store.records import Incoming
from hub.vault import Vault

OrderColumns = tuple[Any, ...]
"""What the store keeps of an order, as `_ORDER` names it."""

_ORDER = (
    "number", "placed_at", "placed_on", "delivered_on", "channel", "store", "staff", "status", "payment", "currency",
    "total", "refunded", "source_ref",  # the last one: it decides whether an order counts
)  # fmt: skip
_LINE = ("line", "sku", "batch", "category", "quantity", "price", "discount", "refunded")
_CASE = (
    "number", "kind", "channel", "opened_at", "promised_at", "answered_at", "closed_at", "state", "sku", "batch", "cause",
    "unit", "satisfaction",
)  # fmt: skip
_PLACE = ("code", "name", "type", "region", "city", "province", "parent", "opening_hours", "origin")
_OF = ("rid", "connection", "buyer", "customer")
"""What is added to an order and to a case: `customer` is the cache, filled from the buyer's record."""


def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    slots = ", ".join(f":{column}" for column in columns)
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({slots})"
    return f"{insert} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"


_ORDER_ROW = (*_OF, *_ORDER, "counts")
_CASE_ROW = (*_OF, *_CASE)
_LINES_SQL = f"INSERT INTO order_line (rid, {', '.join(_LINE)}) VALUES (?{', ?' * len(_LINE)})"
_CASE_OF = itemgetter(*_CASE)
_STORE_SQL = _upsert("store_place", _PLACE, ("code",))
_STAFF_SQL = _upsert("staff_member", ("code", "body", "store", "role", "origin"), ("code",))
_LAID_DOWN = {"name": "laid down: orders_buyer"}


Landed = Sequence[tuple[Incoming, int]]
"""Records that are new or changed, with their internal ids."""


class Registers:
    """The tables of what happened and of who works where."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def orders(
        self, connection: str, found: Landed, known: Collection[int], buyers: Mapping[str, int], counts: bool,
        *, loading: bool = False,
    ) -> None:  # fmt: skip
        """Land order rows and their lines, of which only `known` can be there already; their customers become due.

        An order that changes its buyer concerns both. One that carries another system's number (`source_ref`) is that
        system's to count. `loading`: see `Store.finish_loading`.
        """
        if loading:
            self._lay_down()
        self._due("orders", known)
        rows, held = [], self._customers(set(buyers.values()))
        for item, rid in found:
            buyer = buyers.get(item.ext)
            counted = int(counts and not item.order[-1])
            rows.append((rid, connection, buyer, held.get(buyer), *item.order, counted))
        self._put("orders", _ORDER_ROW, rows, known)
        lines = {rid: [(number, *line) for number, line in enumerate(item.lines, 1)] for item, rid in found}
        if known:
            lines = self._amended_lines(lines, known)
        self._db.many(_LINES_SQL, [(rid, *line) for rid, those in lines.items() for line in those])
        self._due("record", set(buyers.values()))

    def _put(self, table: str, columns: Sequence[str], rows: Sequence[Row], known: Collection[int]) -> None:
        """Write rows, of which only `known` can be there already."""
        fresh = self._amended(table, columns, rows, known) if known else rows
        slots = ", ".join("?" * len(columns))
        self._db.many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({slots})", fresh)

    def _amended(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], known: Collection[int]
    ) -> Sequence[Row]:
        """Write of the rows that are there what differs, so that indexes without any of it are left alone; gives those
        that are not there.
        """
        standing: dict[int, Row] = {}
        for listed, params in listings(sorted(known)):
            sql = f"SELECT {', '.join(columns)} FROM {table} WHERE rid IN {listed}"
            standing.update((row[0], row) for row in self._db.rows(sql, params))
        amended: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in rows:
            both = zip(columns, standing.get(row[0], row), row, strict=True)
            differing = {name: new for name, old, new in both if old != new}
            if differing:
                amended[tuple(differing)].append((*differing.values(), row[0]))
        for names, values in amended.items():
            sets = ", ".join(f"{name} = ?" for name in names)
            self._db.many(f"UPDATE {table} SET {sets} WHERE rid = ?", values)
        return [row for row in rows if row[0] not in standing]

    def _amended_lines(self, lines: Mapping[int, list[Row]], known: Collection[int]) -> dict[int, list[Row]]:
        """Take away the lines of orders that had others; gives those that are to be written."""
        standing: dict[int, list[Row]] = defaultdict(list)
        for listed, params in listings(sorted(known)):
            sql = f"SELECT rid, {', '.join(_LINE)} FROM order_line WHERE rid IN {listed} ORDER BY rid, line"
            for rid, *line in self._db.rows(sql, params):
                standing[rid].append(tuple(line))
        differing = {rid: those for rid, those in lines.items() if standing.get(rid, []) != those}
        self._db.many("DELETE FROM order_line WHERE rid = ?", [(rid,) for rid in sorted(standing.keys() & differing)])
        return differing

    def _lay_down(self) -> None:
        """Before the first orders land, take away the index by buyer, which nobody asks before resolve does: made in one go
        when all have landed, it costs a fraction of being written to with each order."""
        if not self._db.rows("SELECT 1 FROM orders LIMIT 1"):
            self._db.execute("DROP INDEX IF EXISTS orders_buyer")
            self._db.execute(
                "INSERT INTO meta (name, value) VALUES (:name, '') ON CONFLICT (name) DO NOTHING", _LAID_DOWN
            )

    def stand(self) -> None:
        """Make the index again that was taken away for a first load, also of a run that did not come to its end."""
        if self._db.rows("SELECT 1 FROM meta WHERE name = :name", _LAID_DOWN):
            with self._db.writing("index"):
                self._db.sort("CREATE INDEX IF NOT EXISTS orders_buyer ON orders (buyer)")
                self._db.execute("DELETE FROM meta WHERE name = :name", _LAID_DOWN)

    def cases(self, connection: str, found: Landed, known: Collection[int], buyers: Mapping[str, int]) -> None:
        """Land case rows."""
        self._due("cases", known)
        rows, held = [], self._customers(set(buyers.values()))
        for item, rid in found:
            buyer = buyers.get(item.ext)
            rows.append((rid, connection, buyer, held.get(buyer), *_CASE_OF(item.typed or {})))
        self._put("cases", _CASE_ROW, rows, known)
        self._due("record", set(buyers.values()))

    def _due(self, table: str, rids: Collection[int]) -> None:
        """The customers that these orders, cases or records have now are looked at again."""
        for listed, params in listings(sorted(rids) if self._resolved() else ()):
            held = f"SELECT customer FROM {table} WHERE rid IN {listed}"
            self._db.execute(f"UPDATE customer SET due = 1 WHERE due <> 1 AND id IN ({held})", params)

    def _customers(self, buyers: Collection[int]) -> dict[int | None, str]:
        """Record of a buyer -> its customer, where it has one."""
        found: dict[int | None, str] = {}
        for listed, params in listings(sorted(buyers) if self._resolved() else ()):
            sql = f"SELECT rid, customer FROM record WHERE rid IN {listed} AND customer IS NOT NULL"
            found.update(self._db.rows(sql, params))
        return found

    def _resolved(self) -> bool:
        """Whether there are customers at all: not before the first records were resolved."""
        return bool(self._db.rows("SELECT 1 FROM customer LIMIT 1"))

    def stores(self, origin: str, rows: list[dict[str, Any]]) -> None:
        """Land rows of the store register; `origin` is the connection that brought them."""
        blank = dict.fromkeys(_PLACE[3:8])
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
