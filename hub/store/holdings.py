"""What tiers with a memory rest on: what was held when the rules changed, the next day to look, and what staff granted.

A state is text that `sync/holding.py` writes and reads; the store keeps it. A grant belongs to a record, so that it goes
where the record goes when customers are merged and split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.database import Database, listings
from hub.vault import Vault

_PEOPLE = "c.due > 0 AND COALESCE(c.merged_into, '') = ''"


class Memory(NamedTuple):
    """What is remembered of a customer in a programme: what was held at the end of the last day of other rules ("" where
    there were none), that day, and what is held now."""

    customer: str
    base: str
    base_day: int
    state: str


class Granted(NamedTuple):
    """A tier that staff have granted, from a day up to and including another."""

    id: str
    customer: str
    programme: str
    value: str
    from_day: int
    until_day: int
    actor: str
    reason: str


class Holdings:
    """The tables `tier_memory` and `tier_grant`."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    # -- memory

    def remembered(self, programme: str, customers: Sequence[str]) -> dict[str, list[Memory]]:
        """What is remembered of these customers, and of the aliases that live on in them."""
        found: dict[str, list[Memory]] = {customer: [] for customer in customers}
        for listed, params in listings(customers):
            sql = (
                "SELECT COALESCE(c.merged_into, c.id), m.customer, m.base, m.base_day, m.state FROM customer c"
                " JOIN tier_memory m ON m.customer = c.id AND m.programme = :programme"
                f" WHERE c.id IN {listed} OR c.merged_into IN {listed} ORDER BY m.customer"
            )
            for customer, *row in self._db.rows(sql, {**params, "programme": programme}):
                found[customer].append(Memory(*row))
        return found

    def remember(self, programme: str, rows: Iterable[tuple[str, str, int | None]]) -> None:
        """Store (customer, state, the next day on which the calendar alone can change it)."""
        self._db.many(
            "INSERT INTO tier_memory (programme, customer, state, next_day) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (programme, customer) DO UPDATE SET state = excluded.state, next_day = excluded.next_day",
            [(programme, *row) for row in rows],
        )

    def rebase(self, programme: str, day: int) -> None:
        """The rules change: what is held now, at the end of a day, is what the new ones go on from.

        Aliases hold nothing of their own: what is known of them is of the day on which they were merged.
        """
        sql = (
            "UPDATE tier_memory SET base = state, base_day = :day WHERE programme = :programme AND customer IN"
            " (SELECT id FROM customer WHERE merged_into IS NULL)"
        )
        self._db.execute(sql, {"programme": programme, "day": day})

    def calendar_due(self, last: int, as_of: int) -> int:
        """Whose tier a review, the end of a grace or a grant touches in (last, as_of]."""
        granted = "SELECT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid WHERE"
        return sum(
            self._db.execute(
                f"UPDATE customer SET due = 2 WHERE due = 0 AND COALESCE(merged_into, '') = '' AND id IN ({people})",
                {"last": last, "as_of": as_of},
            )
            for people in (
                "SELECT customer FROM tier_memory WHERE next_day > :last AND next_day <= :as_of",
                f"{granted} g.from_day > :last AND g.from_day <= :as_of",
                f"{granted} g.until_day >= :last AND g.until_day < :as_of",
            )
        )

    # -- grants

    def grant(self, rid: int, given: Granted) -> None:
        """Store a grant to the customer that a record belongs to."""
        values = {name: value for name, value in given._asdict().items() if name not in ("customer", "reason")}
        body = self._vault.seal({"reason": given.reason}, f"tier_grant:{given.id}")
        self._db.execute(
            "INSERT INTO tier_grant (id, rid, programme, value, from_day, until_day, actor, body)"
            " VALUES (:id, :rid, :programme, :value, :from_day, :until_day, :actor, :body)",
            {**values, "rid": rid, "body": body},
        )

    def withdraw(self, id_: str, last_day: int) -> str | None:
        """End a grant with a day; gives its customer, None where no such grant is in force."""
        known = {"id": id_, "day": last_day}
        sql = (
            "SELECT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid WHERE g.id = :id AND g.until_day > :day"
        )
        rows = self._db.rows(sql, known)
        if rows:
            self._db.execute("UPDATE tier_grant SET until_day = :day WHERE id = :id", known)
        return rows[0][0] if rows else None

    def granted(self, customers: Sequence[str], programme: str = "") -> dict[str, list[Granted]]:
        """The grants of these customers, those that are over as well; in one programme or in all."""
        found: dict[str, list[Granted]] = {}
        for listed, params in listings(customers):
            sql = (
                "SELECT g.id, r.customer, g.programme, g.value, g.from_day, g.until_day, g.actor, g.body"
                f" FROM tier_grant g JOIN record r ON r.rid = g.rid WHERE r.customer IN {listed}"
                " AND (:programme = '' OR g.programme = :programme) ORDER BY g.from_day, g.id"
            )
            for *row, body in self._db.rows(sql, {**params, "programme": programme}):
                reason = self._vault.open(bytes(body), f"tier_grant:{row[0]}")["reason"]
                found.setdefault(row[1], []).append(Granted._make((*row, reason)))
        return found

    def ever_granted(self, programme: str) -> list[str]:
        """All customers to whom anything was ever granted in a programme."""
        sql = (
            "SELECT DISTINCT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid"
            " WHERE g.programme = :programme AND r.customer IS NOT NULL ORDER BY r.customer"
        )
        return [row[0] for row in self._db.rows(sql, {"programme": programme})]

    def due_with_grants(self, programme: str) -> list[str]:
        """Due customers to whom anything was ever granted in a programme."""
        sql = (
            "SELECT DISTINCT c.id FROM tier_grant g JOIN record r ON r.rid = g.rid JOIN customer c ON c.id = r.customer"
            f" WHERE g.programme = :programme AND {_PEOPLE} ORDER BY c.id"
        )
        return [row[0] for row in self._db.rows(sql, {"programme": programme})]
