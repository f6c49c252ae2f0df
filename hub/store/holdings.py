"""What tiers with a memory rest on: what was held when the rules changed, the next day to look, and what staff granted.

A state is text that `sync/holding.py` writes and reads; the store keeps it. A grant belongs to a record, so that it goes
where the record goes when customers are merged and split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.database import Database, listings


class Memory(NamedTuple):
    """One customer's memory of a programme: what was held at the end of `base_day`, and what is held now."""

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

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- memory

    def remembered(self, programme: str, customers: Sequence[str]) -> dict[str, Memory]:
        """What is remembered of these customers, and of those who were merged into them: under whom they are now."""
        found: dict[str, Memory] = {}
        for listed, params in listings(customers):
            sql = (
                "SELECT customer, base, base_day, state FROM tier_memory"
                f" WHERE programme = :programme AND customer IN {listed} ORDER BY customer"
            )
            found |= {row[0]: Memory(*row) for row in self._db.rows(sql, {**params, "programme": programme})}
        return found

    def remember(self, programme: str, rows: Iterable[tuple[str, str, int | None]]) -> None:
        """Store (customer, state, the next day on which the calendar alone can change it)."""
        self._db.many(
            "INSERT INTO tier_memory (customer, programme, state, next_day) VALUES (:customer, :programme, :state, :day)"
            " ON CONFLICT (customer, programme) DO UPDATE SET state = excluded.state, next_day = excluded.next_day",
            [
                {"customer": customer, "programme": programme, "state": state, "day": day}
                for customer, state, day in rows
            ],
        )

    def rebase(self, programme: str, day: int) -> None:
        """The rules change: what is held now is what the new ones go on from."""
        self._db.execute(
            "UPDATE tier_memory SET base = state, base_day = :day WHERE programme = :programme",
            {"day": day, "programme": programme},
        )

    def calendar_due(self, last: int, as_of: int) -> int:
        """Whose tier a review, the end of a grace or a grant touches in (last, as_of]."""
        count = 0
        for people in (
            "SELECT customer FROM tier_memory WHERE next_day > :last AND next_day <= :as_of",
            "SELECT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid"
            " WHERE g.from_day > :last AND g.from_day <= :as_of",
            "SELECT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid"
            " WHERE g.until_day >= :last AND g.until_day < :as_of",
        ):
            count += self._db.execute(
                f"UPDATE customer SET due = 2 WHERE due = 0 AND COALESCE(merged_into, '') = '' AND id IN ({people})",
                {"last": last, "as_of": as_of},
            )
        return count

    # -- grants

    def grant(self, rid: int, given: Granted) -> None:
        """Store a grant to the customer that a record belongs to."""
        self._db.execute(
            "INSERT INTO tier_grant (id, rid, programme, value, from_day, until_day, actor, reason)"
            " VALUES (:id, :rid, :programme, :value, :from_day, :until_day, :actor, :reason)",
            {**{name: value for name, value in given._asdict().items() if name != "customer"}, "rid": rid},
        )

    def withdraw(self, id_: str, last_day: int) -> str | None:
        """End a grant with a day; gives its customer, None where no such grant is in force."""
        rows = self._db.rows(
            "SELECT r.customer FROM tier_grant g JOIN record r ON r.rid = g.rid"
            " WHERE g.id = :id AND g.until_day > :day",
            {"id": id_, "day": last_day},
        )
        if rows:
            self._db.execute(
                "UPDATE tier_grant SET until_day = :day WHERE id = :id", {"id": id_, "day": last_day}
            )
        return rows[0][0] if rows else None

    def granted(self, customers: Sequence[str], programme: str = "") -> dict[str, list[Granted]]:
        """The grants of these customers, those that are over as well; in one programme or in all."""
        found: dict[str, list[Granted]] = {}
        for listed, params in listings(customers):
            sql = (
                "SELECT g.id, r.customer, g.programme, g.value, g.from_day, g.until_day, g.actor, g.reason"
                f" FROM tier_grant g JOIN record r ON r.rid = g.rid WHERE r.customer IN {listed}"
                " AND (:programme = '' OR g.programme = :programme) ORDER BY g.from_day, g.id"
            )
            for row in self._db.rows(sql, {**params, "programme": programme}):
                found.setdefault(row[1], []).append(Granted(*row))
        return found

    def due_with_grants(self, programme: str) -> list[str]:
        """Due customers to whom anything was ever granted in a programme."""
        sql = (
            "SELECT DISTINCT c.id FROM tier_grant g JOIN record r ON r.rid = g.rid JOIN customer c ON c.id = r.customer"
            " WHERE g.programme = :programme AND c.due > 0 AND COALESCE(c.merged_into, '') = '' ORDER BY c.id"
        )
        return [row[0] for row in self._db.rows(sql, {"programme": programme})]


