"""Decisions: tiers and stages as periods, decisions held back, and who is looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.store.database import Database, listings, names
from hub.store.dialects import typed
from hub.store.meta import Meta

_DUE = "c.due > 0 AND c.id > :last AND COALESCE(c.merged_into, '') = ''"
"""Due customers in the order of their ids. A plain IS NULL would make SQLite go through all that were never merged."""

_UNGRANTED = (
    " AND NOT EXISTS (SELECT 1 FROM record r JOIN tier_grant g ON g.rid = r.rid"
    " WHERE r.customer = c.id AND g.programme = :programme)"
)

_NOW = (
    "CREATE TEMP TABLE IF NOT EXISTS decision_now (customer {text} NOT NULL, standing {text}, value {text} NOT NULL,"
    " since {int}, seen {text} NOT NULL, PRIMARY KEY (customer)){flat}"
)
"""What a programme decides otherwise than it stands, and for whom it decides first: of this thread's connection."""

_STANDS = (
    "programme = :programme AND to_day = 0 AND customer IN (SELECT customer FROM decision_now WHERE standing <> '')"
)
_TAKEN_BACK = f"DELETE FROM decision WHERE {_STANDS} AND from_day >= :day"
_CLOSED = f"UPDATE decision SET to_day = :day WHERE {_STANDS}"
_AGAIN = (
    "UPDATE decision SET to_day = 0, since = COALESCE((SELECT n.since FROM decision_now n"
    " WHERE n.customer = decision.customer), since)"
    " WHERE programme = :programme AND to_day = :day AND customer IN (SELECT d.customer"
    " FROM decision_now n CROSS JOIN decision d WHERE d.customer = n.customer AND d.programme = :programme"
    " AND d.value = n.value AND d.to_day = :day)"
    " AND value = (SELECT n.value FROM decision_now n WHERE n.customer = decision.customer)"
)
_BEGUN = (
    "INSERT INTO decision (customer, programme, value, from_day, since, rules, seen)"
    " SELECT n.customer, CAST(:programme AS TEXT), n.value, CAST(:day AS BIGINT),"
    " COALESCE(n.since, CAST(:day AS BIGINT)),"
    " CAST(:rules AS TEXT), n.seen FROM decision_now n WHERE n.standing IS NULL OR NOT EXISTS (SELECT 1 FROM decision d"
    " WHERE d.customer = n.customer AND d.programme = :programme AND d.to_day = 0) ORDER BY n.customer"
)
"""How what was judged lands: periods of today go, others end, what ended today goes on, the rest begins."""

PAGE = 2000
"""Customers whose decisions change that are worked on together."""


class Decided(NamedTuple):
    """One customer's standing decision in a programme ("" for none yet) and what the rules say now.

    `since`: the day from which it holds by the ledger (0 for what was always held), None for the day on which it is decided.
    `seen`: the values that the rules have read.
    """

    customer: str
    standing: str
    value: str
    since: int | None = None
    seen: str = ""


class Moves(NamedTuple):
    """How many went from one value to another, and the median of the days for which they had held the one before."""

    old: str
    new: str
    customers: int
    days: float


_ALIVE = "JOIN customer c ON c.id = d.customer AND c.merged_into IS NULL"

_MOVES = f"""
WITH moved AS (
  SELECT d.value AS old, n.value AS new, n.from_day - COALESCE(NULLIF(d.since, 0), d.from_day) AS stayed
  FROM decision d {_ALIVE}
  JOIN decision n ON n.customer = d.customer AND n.programme = d.programme AND n.from_day = d.to_day
  WHERE d.programme = :programme AND d.to_day >= :low AND d.to_day <= :high AND d.to_day > 0 AND n.value <> d.value),
placed AS (
  SELECT old, new, stayed, COUNT(*) OVER (PARTITION BY old, new) AS n,
    ROW_NUMBER() OVER (PARTITION BY old, new ORDER BY stayed) AS place FROM moved)
SELECT old, new, MAX(n), MIN(stayed), MAX(stayed) FROM placed WHERE place IN ((n + 1) / 2, (n + 2) / 2)
GROUP BY old, new ORDER BY old, new
"""
"""The median lies between the two in the middle, which are one where the number is odd."""


class Decisions:
    """The tables `decision` and `held`, and who is due for the sake of rules or a hold."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._meta = Meta(db)

    # -- who is due

    def meta(self, name: str) -> str | None:
        """A remembered value of the decide step (`decided_on`, `rules`)."""
        return self._meta.get(name)

    def remember(self, name: str, value: str) -> None:
        """Set such a value."""
        self._meta.put(name, value)

    def everybody_due(self, *, changed: bool) -> None:
        """Other rules, or none before: all customers are decided once. `changed`: what their records tell is read again too."""
        sql = "UPDATE customer SET due = :due WHERE merged_into IS NULL AND due <> 1 AND due <> :due"
        self._db.execute(sql, {"due": 1 if changed else 2})

    def keep_rules(self, digest: str, text: str) -> None:
        """Keep the rules' text, by which decisions are told later."""
        sql = "INSERT INTO rule_text (digest, body) VALUES (:digest, :body) ON CONFLICT (digest) DO NOTHING"
        self._db.execute(sql, {"digest": digest, "body": text})

    def rules_of(self, digest: str) -> str | None:
        """The text of the rules with a digest."""
        rows = self._db.rows("SELECT body FROM rule_text WHERE digest = :digest", {"digest": digest})
        return rows[0][0] if rows else None

    def held_due(self) -> None:
        """Customers with a held decision are looked at each time: the stream may be complete by now."""
        self._db.execute("UPDATE customer SET due = 2 WHERE due = 0 AND id IN (SELECT customer FROM held)")

    # -- decisions

    def judge(
        self, programme: str, expression: str, seen: str, params: dict[str, Any], *, but_granted: bool = False
    ) -> None:
        """Run a rule over the facts of due customers, once, for `differing` and `land`; in the transaction of both.

        `seen` is an expression of the values that it reads. `but_granted`: not of those to whom staff have granted something.
        """
        self._nothing_judged()
        sql = (
            "INSERT INTO decision_now (customer, standing, value, seen) SELECT n.customer, n.standing, n.value, n.seen FROM"
            f" (SELECT c.id AS customer, d.value AS standing, {expression} AS value, {seen} AS seen FROM customer c"
            "    CROSS JOIN facts f"
            "    LEFT JOIN decision d ON d.customer = c.id AND d.programme = :programme AND d.to_day = 0"
            f"  WHERE {_DUE} AND f.customer = c.id{_UNGRANTED * but_granted}) n WHERE n.standing IS NULL OR n.standing <> n.value"
        )
        self._db.execute(sql, {**params, "programme": programme, "last": ""})

    def _nothing_judged(self) -> None:
        for statement in (_NOW, "DELETE FROM decision_now"):
            self._db.script([typed(self._db, statement)])

    def differing(self) -> Iterator[list[Decided]]:
        """Those whose standing decision differs from what was judged, in pages by id."""
        sql = (
            "SELECT customer, standing, value, seen FROM decision_now WHERE standing IS NOT NULL AND customer > :last"
            " ORDER BY customer LIMIT :page"
        )
        last = ""
        while rows := self._db.rows(sql, {"last": last, "page": PAGE}):
            yield [Decided(customer, standing, value, None, seen) for customer, standing, value, seen in rows]
            last = rows[-1][0]

    def leave_out(self, customers: Collection[str]) -> None:
        """What was judged of these does not land."""
        self._db.many("DELETE FROM decision_now WHERE customer = ?", [(customer,) for customer in sorted(customers)])

    def land(self, programme: str, rules: str, day: int) -> int:
        """All that was judged, at once: standing periods close and others open; those who have none get their first.

        What is taken back on the same day leaves no trace.
        """
        bound = {"programme": programme, "day": day}
        for statement in (_TAKEN_BACK, _CLOSED, _AGAIN):
            self._db.execute(statement, bound)
        self._db.execute(_BEGUN, {**bound, "rules": rules})
        return int(self._db.rows("SELECT COUNT(*) FROM decision_now")[0][0])

    def reading(self, customers: Sequence[str], seen: str, params: dict[str, Any]) -> dict[str, str]:
        """customer -> the values that a rule reads, by such an expression."""
        found: dict[str, str] = {}
        for listed, more in listings(customers):
            sql = f"SELECT f.customer, {seen} FROM facts f WHERE f.customer IN {listed}"
            found.update(dict(self._db.rows(sql, {**params, **more})))
        return found

    def known_to(self, customers: Sequence[str], connections: Sequence[str]) -> set[str]:
        """Which of these customers have a record in one of these connections."""
        found: set[str] = set()
        where, extra = names("c", connections)
        for listed, params in listings(customers):
            sql = f"SELECT DISTINCT customer FROM record WHERE customer IN {listed} AND connection IN {where}"
            found.update(customer for (customer,) in self._db.rows(sql, {**params, **extra}))
        return found

    def settle(self, programme: str, rules: str, day: int, found: Sequence[Decided]) -> None:
        """Land what was worked out elsewhere, as `land` does what was judged here."""
        self._nothing_judged()
        self._db.many("INSERT INTO decision_now (customer, standing, value, since, seen) VALUES (?, ?, ?, ?, ?)", found)
        self.land(programme, rules, day)

    def standing_since(self, programme: str, customers: Sequence[str]) -> dict[str, tuple[str, int | None]]:
        """customer -> its standing value in a programme, and since when it holds."""
        found: dict[str, tuple[str, int | None]] = {}
        for listed, params in listings(customers):
            sql = (
                "SELECT customer, value, since FROM decision WHERE programme = :programme AND to_day = 0"
                f" AND customer IN {listed}"
            )
            found.update({row[0]: (row[1], row[2]) for row in self._db.rows(sql, {**params, "programme": programme})})
        return found

    def correct_since(self, programme: str, since: Mapping[str, int]) -> None:
        """The ledger has learnt that what stands holds since another day."""
        self._db.many(
            "UPDATE decision SET since = ? WHERE programme = ? AND customer = ? AND to_day = 0",
            [(day, programme, customer) for customer, day in since.items()],
        )

    def ungranted(self, programme: str) -> Iterator[list[tuple[str, str, int]]]:
        """(customer, standing value, since) of all to whom staff have granted nothing in a programme, in pages by id."""
        sql = (
            "SELECT c.id, d.value, COALESCE(d.since, d.from_day) FROM decision d JOIN customer c ON c.id = d.customer"
            " WHERE d.programme = :programme AND d.to_day = 0 AND c.id > :last AND c.merged_into IS NULL"
            f"{_UNGRANTED} ORDER BY c.id LIMIT :page"
        )
        last = ""
        while rows := self._db.rows(sql, {"programme": programme, "last": last, "page": PAGE}):
            yield [(customer, value, since) for customer, value, since in rows]
            last = rows[-1][0]

    def standing(self, customers: Sequence[str]) -> dict[str, dict[str, str]]:
        """customer -> programme -> value, as decided."""
        found: dict[str, dict[str, str]] = {customer: {} for customer in customers}
        for listed, params in listings(customers):
            sql = f"SELECT customer, programme, value FROM decision WHERE to_day = 0 AND customer IN {listed}"
            for customer, programme, value in self._db.rows(sql, params):
                found[customer][programme] = value
        return found

    def periods(self, customer: str) -> list[dict[str, Any]]:
        """A customer's decisions as periods, oldest first."""
        columns = ("programme", "value", "from_day", "to_day", "since", "rules", "seen")
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

    # -- who moved

    def moves(self, programme: str, low: int, high: int) -> list[Moves]:
        """The changes from one value to another on the days from `low` to `high`, of living customers."""
        rows = self._db.rows(_MOVES, {"programme": programme, "low": low, "high": high})
        return [Moves(old, new, count, (least + most) / 2) for old, new, count, least, most in rows]

    def stays(self, programme: str, low: int, high: int) -> dict[str, int]:
        """value -> periods of it of which some day, the one that ends it included, lies between `low` and `high`."""
        sql = (
            f"SELECT d.value, COUNT(*) FROM decision d {_ALIVE} WHERE d.programme = :programme AND d.from_day <= :high"
            " AND (d.to_day = 0 OR d.to_day >= :low) GROUP BY d.value ORDER BY d.value"
        )
        return dict(self._db.rows(sql, {"programme": programme, "low": low, "high": high}))

    def entries(self, programme: str, low: int, high: int) -> dict[str, int]:
        """value -> customers whose first period in a programme began with it between `low` and `high`."""
        sql = (
            f"SELECT d.value, COUNT(*) FROM decision d {_ALIVE} WHERE d.programme = :programme"
            " AND d.from_day >= :low AND d.from_day <= :high AND NOT EXISTS (SELECT 1 FROM decision b"
            " WHERE b.customer = d.customer AND b.programme = d.programme AND b.from_day < d.from_day)"
            " GROUP BY d.value ORDER BY d.value"
        )
        return dict(self._db.rows(sql, {"programme": programme, "low": low, "high": high}))

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

    def unhold(self, programme: str, keep: Collection[str]) -> None:
        """Drop the holds of due customers that no longer wait."""
        due = [
            customer
            for (customer,) in self._db.rows(
                "SELECT h.customer FROM held h JOIN customer c ON c.id = h.customer"
                " WHERE h.programme = :programme AND c.due > 0",
                {"programme": programme},
            )
        ]
        self._db.many(
            "DELETE FROM held WHERE customer = :customer AND programme = :programme",
            [{"customer": customer, "programme": programme} for customer in due if customer not in keep],
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

    def waiting_since(self, programme: str, customers: Sequence[str]) -> dict[str, int]:
        """customer -> the day on which its decision in a programme began to wait."""
        found: dict[str, int] = {}
        for listed, params in listings(customers):
            sql = f"SELECT customer, since_day FROM held WHERE programme = :programme AND customer IN {listed}"
            found.update(dict(self._db.rows(sql, {**params, "programme": programme})))
        return found

    def decided(self, customers: Sequence[str]) -> None:
        """These customers' changes have been planned: they are no longer due."""
        for listed, params in listings(customers):
            self._db.execute(f"UPDATE customer SET due = 0 WHERE id IN {listed}", params)
