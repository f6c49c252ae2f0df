"""Facts and decisions: the stored facts table that rules see, tiers and stages as periods, decisions held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.store.database import Database, chunks, names

PROFILE = (
    "registered_on", "gender", "province", "city", "home_store", "birth_year", "birth_month", "birth_day", "has_phone",
    "has_email", "records",
)  # fmt: skip
"""Columns of `facts` that come from the golden record; the others come from orders."""

_WINDOW = 365

_REFILL = """
UPDATE facts SET as_of = :as_of, orders_365d = n.orders_365d, spend_365d = n.spend_365d,
       orders_life = n.orders_life, spend_life = n.spend_life,
       first_order_on = n.first_on, last_order_on = n.last_on
  FROM (SELECT c.id AS customer,
               COUNT(CASE WHEN o.placed_on > :edge THEN 1 END) AS orders_365d,
               COALESCE(SUM(CASE WHEN o.placed_on > :edge THEN o.total - o.refunded END), 0) AS spend_365d,
               COUNT(o.rid) AS orders_life, COALESCE(SUM(o.total - o.refunded), 0) AS spend_life,
               MIN(o.placed_on) AS first_on, MAX(o.placed_on) AS last_on
          FROM customer c
          LEFT JOIN orders o ON o.customer = c.id AND o.counts = 1 AND o.currency = :currency
               AND o.status NOT IN ('pending', 'cancelled') AND o.placed_on <= :as_of
               AND (o.refunded < o.total OR o.total = 0)
         WHERE c.due > 0 AND c.merged_into IS NULL
         GROUP BY c.id) n
 WHERE facts.customer = n.customer
"""


@dataclass(frozen=True)
class Decided:
    """One customer's standing decision in a programme and what the rules say now."""

    customer: str
    standing: str | None
    value: str


class Decisions:
    """The tables `facts`, `decision` and `held`, and who is due by the calendar."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- who is due

    def meta(self, name: str) -> str | None:
        """A remembered value of the decide step (`decided_on`, `rules`)."""
        rows = self._db.rows("SELECT value FROM meta WHERE name = :name", {"name": name})
        return str(rows[0][0]) if rows else None

    def remember(self, name: str, value: str) -> None:
        """Set such a value."""
        self._db.execute(
            "INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )

    def everybody_due(self) -> None:
        """Other rules, or none before: all customers are decided once."""
        self._db.execute("UPDATE customer SET due = 1 WHERE merged_into IS NULL AND due = 0")

    def calendar_due(self, last: int, as_of: int, thresholds: Sequence[int]) -> int:
        """Mark whom the calendar touches in (last, as_of]: one index range for each window edge and day threshold."""
        count = 0
        for source, column, days in (
            ("orders", "placed_on", 0),
            ("orders", "placed_on", _WINDOW),
            *(("facts", "last_order_on", days) for days in thresholds),
        ):
            count += self._db.execute(
                "UPDATE customer SET due = 2 WHERE due = 0 AND merged_into IS NULL AND id IN"
                f" (SELECT customer FROM {source} WHERE {column} > :low AND {column} <= :high)",
                {"low": last - days, "high": as_of - days},
            )
        return count

    def held_due(self) -> None:
        """Customers with a held decision are looked at each time: the stream may be complete by now."""
        self._db.execute("UPDATE customer SET due = 2 WHERE due = 0 AND id IN (SELECT customer FROM held)")

    # -- facts

    def profile(self, rows: Sequence[dict[str, Any]], as_of: int) -> None:
        """Land the golden record's plain fields of some customers."""
        columns = ("customer", "as_of", *PROFILE)
        sets = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        self._db.many(
            f"INSERT INTO facts ({', '.join(columns)}) VALUES ({', '.join(f':{column}' for column in columns)})"
            f" ON CONFLICT (customer) DO UPDATE SET {sets}",
            [{"as_of": as_of, **row} for row in rows],
        )

    def refill(self, as_of: int, currency: str) -> None:
        """Recompute the order facts of all due customers in one statement."""
        self._db.execute(_REFILL, {"as_of": as_of, "edge": as_of - _WINDOW, "currency": currency})

    def uncounted(self, currency: str) -> int:
        """How many orders of due customers count for nothing because they are in another currency."""
        rows = self._db.rows(
            "SELECT COUNT(*) FROM orders o JOIN customer c ON c.id = o.customer"
            " WHERE c.due > 0 AND o.counts = 1 AND o.currency <> :currency",
            {"currency": currency},
        )
        return int(rows[0][0])

    def facts(self, customer: str) -> dict[str, Any] | None:
        """One customer's facts by column name."""
        columns = (
            "as_of", "orders_365d", "spend_365d", "orders_life", "spend_life", "first_order_on", "last_order_on",
            *PROFILE,
        )  # fmt: skip
        rows = self._db.rows(
            f"SELECT {', '.join(columns)} FROM facts WHERE customer = :customer",
            {"customer": customer},
        )
        return dict(zip(columns, rows[0], strict=True)) if rows else None

    # -- decisions

    def differing(self, programme: str, expression: str, params: dict[str, Any]) -> list[Decided]:
        """Run a rule over the facts of due customers; only those whose standing decision differs come back."""
        sql = (
            "SELECT n.customer, d.value, n.value FROM"
            f" (SELECT f.customer AS customer, {expression} AS value FROM facts f"
            "    JOIN customer c ON c.id = f.customer AND c.due > 0 AND c.merged_into IS NULL) n"
            " LEFT JOIN decision d ON d.customer = n.customer AND d.programme = :programme AND d.to_day = 0"
            " WHERE d.value IS NULL OR d.value <> n.value ORDER BY n.customer"
        )
        return [Decided(*row) for row in self._db.rows(sql, {**params, "programme": programme})]

    def evaluate(self, customer: str, expression: str, params: dict[str, Any]) -> Any:
        """What a rule's expression says of one customer."""
        sql = f"SELECT {expression} FROM facts f WHERE f.customer = :customer"
        rows = self._db.rows(sql, {**params, "customer": customer})
        return rows[0][0] if rows else None

    def known_to(self, customers: Sequence[str], connections: Sequence[str]) -> set[str]:
        """Which of these customers have a record in one of these connections."""
        found: set[str] = set()
        where, extra = names("c", connections)
        for part in chunks(customers):
            listed, params = names("k", part)
            sql = f"SELECT DISTINCT customer FROM record WHERE customer IN {listed} AND connection IN {where}"
            found.update(customer for (customer,) in self._db.rows(sql, {**params, **extra}))
        return found

    def settle(self, programme: str, rules: str, day: int, found: Sequence[Decided]) -> None:
        """Close the standing periods and open new ones; what is taken back on the same day leaves no trace."""
        closed = self._db.rows(
            "SELECT customer, value FROM decision WHERE programme = :programme AND to_day = :day",
            {"programme": programme, "day": day},
        )
        ended_today = {(customer, value) for customer, value in closed}
        keys = [{"customer": entry.customer, "programme": programme, "day": day} for entry in found]
        where = " WHERE customer = :customer AND programme = :programme AND to_day = 0"
        self._db.many(f"DELETE FROM decision{where} AND from_day >= :day", keys)
        self._db.many(f"UPDATE decision SET to_day = :day{where}", keys)
        new = [{**key, "value": entry.value, "rules": rules} for key, entry in zip(keys, found, strict=True)]
        again = [row for row in new if (row["customer"], row["value"]) in ended_today]
        self._db.many(
            "UPDATE decision SET to_day = 0"
            " WHERE customer = :customer AND programme = :programme AND to_day = :day AND value = :value",
            [{name: value for name, value in row.items() if name != "rules"} for row in again],
        )
        self._db.many(
            "INSERT INTO decision (customer, programme, value, from_day, rules)"
            " VALUES (:customer, :programme, :value, :day, :rules)",
            [row for row in new if (row["customer"], row["value"]) not in ended_today],
        )

    def standing(self, customers: Sequence[str]) -> dict[str, dict[str, str]]:
        """customer -> programme -> value, as decided."""
        found: dict[str, dict[str, str]] = {customer: {} for customer in customers}
        for part in chunks(customers):
            listed, params = names("k", part)
            sql = f"SELECT customer, programme, value FROM decision WHERE to_day = 0 AND customer IN {listed}"
            for customer, programme, value in self._db.rows(sql, params):
                found[customer][programme] = value
        return found

    def periods(self, customer: str) -> list[dict[str, Any]]:
        """A customer's decisions as periods, oldest first."""
        columns = ("programme", "value", "from_day", "to_day", "rules")
        rows = self._db.rows(
            f"SELECT {', '.join(columns)} FROM decision WHERE customer = :customer ORDER BY programme, from_day",
            {"customer": customer},
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def shares(self) -> dict[str, dict[str, int]]:
        """programme -> value -> number of customers."""
        found: dict[str, dict[str, int]] = {}
        rows = self._db.rows(
            "SELECT d.programme, d.value, COUNT(*) FROM decision d JOIN customer c ON c.id = d.customer"
            " WHERE d.to_day = 0 AND c.merged_into IS NULL GROUP BY d.programme, d.value ORDER BY d.programme, d.value"
        )
        for programme, value, count in rows:
            found.setdefault(programme, {})[value] = count
        return found

    # -- held decisions

    def hold(self, programme: str, day: int, reason: str, found: Sequence[Decided]) -> None:
        """Remember decisions that wait; the day on which the wait began stays."""
        self._db.many(
            "INSERT INTO held (customer, programme, value, reason, since_day)"
            " VALUES (:customer, :programme, :value, :reason, :day) ON CONFLICT (customer, programme) DO UPDATE"
            " SET value = excluded.value, reason = excluded.reason",
            [
                {"customer": entry.customer, "programme": programme, "value": entry.value, "reason": reason, "day": day}
                for entry in found
            ],
        )

    def unhold(self, programme: str, keep: Sequence[str]) -> None:
        """Drop the holds of due customers that no longer wait."""
        due = [
            customer
            for (customer,) in self._db.rows(
                "SELECT h.customer FROM held h JOIN customer c ON c.id = h.customer"
                " WHERE h.programme = :programme AND c.due > 0",
                {"programme": programme},
            )
        ]
        kept = set(keep)
        self._db.many(
            "DELETE FROM held WHERE customer = :customer AND programme = :programme",
            [{"customer": customer, "programme": programme} for customer in due if customer not in kept],
        )

    def held(self, customer: str | None = None) -> list[dict[str, Any]]:
        """Held decisions of one customer or of all."""
        columns = ("customer", "programme", "value", "reason", "since_day")
        rows = self._db.rows(
            f"SELECT {', '.join(columns)} FROM held WHERE :customer = '' OR customer = :customer"
            " ORDER BY customer, programme",
            {"customer": customer or ""},
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def decided(self, customers: Sequence[str]) -> None:
        """These customers' changes have been planned: they are no longer due."""
        for part in chunks(customers):
            listed, params = names("k", part)
            self._db.execute(f"UPDATE customer SET due = 0 WHERE id IN {listed}", params)
