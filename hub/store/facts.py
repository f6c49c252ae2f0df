"""The facts that rules see: a row a customer, filled set-wise for whom a change or the calendar touches.

`fill` and `fill_due` bring the stored rows up to a day; `at` and `everybody_at` make the rows of past days in temporary tables
of this thread's connection; `live` makes one customer's. All run the same statements (`hub/store/facts_sql.py`). The profile
columns come from the golden record: save them first (`save_profile`), then fill.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from typing import Any

from hub.store.database import Database, Params, Row, chunks, listings
from hub.store.dialects import typed
from hub.store.facts_calendar import calendar_due, event_days, not_in, prepare
from hub.store.facts_day import DAY_COLUMNS, numbers
from hub.store.facts_events import other_days
from hub.store.facts_money import load_rates, rated
from hub.store.facts_sql import Frame, bought_params, counts, day_params, made, profiles, statements
from hub.store.facts_wanted import COLUMNS, EVERYTHING, PROFILE, TEXTS, Bought, Counted, Wanted
from hub.tags import fold
from hub.vault import Vault

__all__ = ["COLUMNS", "EVERYTHING", "PROFILE", "Bought", "Counted", "Facts", "Wanted"]

_BATCH = 20_000
"""Moments that are filled together."""

_profile = itemgetter("customer", *PROFILE)

_LIVING = "COALESCE(merged_into, '') = ''"
"""A plain IS NULL would make SQLite go through all that were never merged."""


class Facts:
    """The tables `facts`, `fact_value` and `customer_tag`."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    # -- bringing the stored facts up to a day

    def prepare(self, wanted: Wanted, bought: Bought) -> None:
        """Make the indexes that these facts need where they are missing; inside a write transaction."""
        prepare(self._db, wanted, bought)

    def calendar_due(self, last: int, as_of: int, wanted: Wanted, bought: Bought) -> int:
        """Mark as due (2) whom the calendar touches in (last, as_of]; returns how many were not due before."""
        return calendar_due(self._db, last, as_of, wanted, bought)

    def fill(self, customers: Sequence[str], as_of: int, wanted: Wanted, bought: Bought) -> int:
        """Bring the wanted facts of these customers up to a day, the others to NULL; profile columns stay.

        Returns how many of their orders are left out because their currency has no rate.
        """
        left_out = 0
        for listed, params in listings(sorted(set(customers))):
            people = f"(SELECT id AS customer FROM customer WHERE id IN {listed})"
            self._run(Frame(people, params | day_params(as_of, bought), as_of), wanted, bought)
            left_out += self._unrated(f"orders o WHERE o.customer IN {listed}", params, as_of, bought)
        return left_out

    def fill_due(self, as_of: int, wanted: Wanted, bought: Bought, within: tuple[str, str] | None = None) -> int:
        """The same for all who are due, or for those of them whose id lies `within` two (of `parts`)."""
        low, high = within or ("", "")
        due = f"due > 0 AND {_LIVING}" + " AND id >= :b_low AND id <= :b_high" * (within is not None)
        params: Params = {"b_low": low, "b_high": high} if within else {}
        people = f"(SELECT id AS customer FROM customer WHERE {due})"
        self._run(Frame(people, params | day_params(as_of, bought), as_of), wanted, bought)
        # CROSS JOIN: the few orders in other currencies first, then whose they are
        whose = f"orders o CROSS JOIN customer c WHERE c.id = o.customer AND {due.replace('id ', 'c.id ')}"
        return self._unrated(whose, params, as_of, bought)

    def parts(self, size: int = 100_000) -> Iterator[tuple[str, str]]:
        """Those who are due in runs of ids, for `fill_due` in several transactions."""
        sql = f"SELECT id FROM customer WHERE due > 0 AND {_LIVING} AND id > :last ORDER BY id LIMIT :size"
        last = ""
        while ids := self._db.rows(sql, {"last": last, "size": size}):
            yield ids[0][0], ids[-1][0]
            last = ids[-1][0]

    def _run(self, frame: Frame, wanted: Wanted, bought: Bought) -> None:
        load_rates(self._db, bought)
        params = frame.params | bought_params(bought)
        for sql, more in statements(frame, wanted, bought):
            self._db.execute(sql, params | more)

    def _unrated(self, orders: str, params: Params, as_of: int, bought: Bought) -> int:
        """Orders that would count if their currency had a rate; the index over other currencies makes it cheap."""
        sql = (
            f"SELECT COUNT(*) FROM {orders} AND {not_in(bought)} AND {counts(bought)} AND +o.placed_on <= :b_as_of"
            f" AND NOT {rated(bought)}"
        )
        return int(self._db.rows(sql, params | bought_params(bought) | {"b_as_of": as_of})[0][0])

    # -- the profile part

    def save_profile(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Land the profile columns of some customers, given with `customer`."""
        sets = ", ".join(f"{name} = excluded.{name}" for name in PROFILE)
        self._db.many(
            f"INSERT INTO facts (customer, as_of, {', '.join(PROFILE)}) VALUES (?, ?{', ?' * len(PROFILE)})"
            f" ON CONFLICT (customer) DO UPDATE SET {sets}",
            [(customer, 0, *profile) for customer, *profile in map(_profile, rows)],
        )

    def save_tags(self, tags: Mapping[str, Collection[str]]) -> None:
        """Land the tags of some customers, as hashes that `tag` gives again."""
        for listed, params in listings(sorted(tags)):
            self._db.execute(f"DELETE FROM customer_tag WHERE customer IN {listed}", params)
        rows = sorted({(customer, self.tag(text)) for customer, texts in tags.items() for text in texts})
        self._db.many("INSERT INTO customer_tag (customer, tag) VALUES (?, ?)", rows)

    def tag(self, text: str) -> bytes:
        """What stands for a tag in the table."""
        return self._vault.index("tag", fold(text))

    # -- facts that somebody else makes

    def rows(self, customers: Sequence[str], columns: Collection[str]) -> Iterator[dict[str, Any]]:
        """Some stored columns of these customers, with `customer` and `as_of`."""
        names = ("customer", "as_of", *sorted(set(columns) & set(COLUMNS)))
        for listed, params in listings(customers):
            for row in self._db.rows(f"SELECT {', '.join(names)} FROM facts WHERE customer IN {listed}", params):
                yield dict(zip(names, row, strict=True))

    def save_values(self, name: str, values: Mapping[str, int | None]) -> None:
        """Store one fact of the brand's own for some customers; None leaves it unknown."""
        self._db.many("DELETE FROM fact_value WHERE customer = ? AND name = ?", [(one, name) for one in values])
        known = [(one, name, value) for one, value in values.items() if value is not None]
        self._db.many("INSERT INTO fact_value (customer, name, value) VALUES (?, ?, ?)", known)

    # -- reading

    def of(self, customer: str) -> dict[str, Any] | None:
        """One customer's stored facts by column, `as_of` among them, and those counted by the brand's rules by name."""
        rows = self._db.rows(f"SELECT as_of, {', '.join(COLUMNS)} FROM facts WHERE customer = :c", {"c": customer})
        if not rows:
            return None
        values = self._db.rows("SELECT name, value FROM fact_value WHERE customer = :c ORDER BY name", {"c": customer})
        return dict(zip(("as_of", *COLUMNS), rows[0], strict=True)) | dict(values)

    def live(self, customer: str, as_of: int, bought: Bought, wanted: Wanted = EVERYTHING) -> dict[str, Any]:
        """One customer's facts made afresh for a day; the profile columns as stored."""
        self._clear("live")
        self._fill_moments([(customer, as_of)], replace(wanted, columns=wanted.columns | set(PROFILE)), bought, "live")
        rows = self._db.rows(f"SELECT as_of, {', '.join(COLUMNS)} FROM facts_live")
        values = self._db.rows("SELECT name, value FROM value_live ORDER BY name")
        return dict(zip(("as_of", *COLUMNS), rows[0], strict=True)) | dict(values)

    # -- past days

    def at(self, moments: Iterable[tuple[str, int]], wanted: Wanted, bought: Bought) -> None:
        """Make `facts_then` and `value_then`: the facts of these customers on these days, with today's knowledge."""
        self._clear("then")
        rest = iter(moments)
        while batch := list(islice(rest, _BATCH)):
            self._fill_moments(batch, wanted, bought, "then")

    def everybody_at(self, as_of: int, wanted: Wanted, bought: Bought) -> None:
        """The same for all living customers on one day."""
        self._clear("then")
        people = f"(SELECT id AS customer FROM customer WHERE {_LIVING})"
        frame = Frame(people, day_params(as_of, bought), as_of, "facts_then", "value_then", keyed=True)
        self._past(frame, wanted, bought)

    def assume(self, customer: str, columns: Mapping[str, Any], values: Mapping[str, int]) -> None:
        """Put these columns and counted values in place of what `at` has made of a customer: for trying rules out."""
        known = [name for name in COLUMNS if name in columns]
        if known:
            sets = ", ".join(f"{name} = :{name}" for name in known)
            self._db.execute(f"UPDATE facts_then SET {sets} WHERE customer = :who", {**columns, "who": customer})
        self._db.many(
            "INSERT INTO value_then (customer, as_of, name, value)"
            " SELECT customer, as_of, :name, :value FROM facts_then WHERE customer = :who",
            [{"who": customer, "name": name, "value": value} for name, value in sorted(values.items())],
        )

    def event_days(
        self, customers: Sequence[str], wanted: Wanted, bought: Bought, since: int, until: int
    ) -> Iterator[tuple[str, int]]:
        """(customer, day) in order: all days in (since, until] on which an order fact of theirs can change."""
        return event_days(self._db, customers, wanted, bought, since, until)

    def other_days(self, customers: Sequence[str], wanted: Wanted, bought: Bought) -> Iterator[tuple[str, int]]:
        """(customer, day) of all days, of any time, on which facts of theirs change that no order tells."""
        return other_days(self._db, customers, wanted, bought)

    def then(self, expression: str, params: Params) -> Iterator[Row]:
        """(customer, day, value of an expression over `facts_then f`) of what `at` or `everybody_at` made, in order."""
        sql = f"SELECT f.customer, f.as_of, {expression} FROM facts_then f ORDER BY f.customer, f.as_of"
        return self._db.stream(sql, params)

    def _fill_moments(self, moments: Iterable[tuple[str, int]], wanted: Wanted, bought: Bought, then: str) -> None:
        rows: list[Row] = [(customer, *numbers(day, bought.zone)) for customer, day in sorted(set(moments))]
        self._db.execute("DELETE FROM facts_moment")
        for part in chunks(rows, 100):  # outside a transaction each statement is one of its own
            slots = ", ".join([f"(?{', ?' * len(DAY_COLUMNS)})"] * len(part))
            sql = f"INSERT INTO facts_moment (customer, {', '.join(DAY_COLUMNS)}) VALUES {slots}"
            self._db.many(sql, [tuple(value for row in part for value in row)])
        until = max(row[1] for row in rows)
        frame = Frame("facts_moment", {}, until, f"facts_{then}", f"value_{then}", dated=True, keyed=True)
        self._past(frame, wanted, bought)

    def _past(self, frame: Frame, wanted: Wanted, bought: Bought) -> None:
        self._run(frame, wanted, bought)
        if columns := wanted.of(PROFILE):
            self._db.execute(profiles(frame, columns), frame.params)
        for name in sorted(wanted.made):
            self._db.execute(made(frame), {"b_name": name})

    def _clear(self, then: str) -> None:
        """Empty temporary tables, made where this thread's connection has none yet."""
        columns = ", ".join(f"{name} {{{'text' if name in TEXTS else 'int'}}}" for name in COLUMNS)
        days = ", ".join(f"{name} {{int}} NOT NULL" for name in DAY_COLUMNS)
        for name, body, key in (
            ("facts_moment", f"customer {{text}} NOT NULL, {days}", "customer, as_of"),
            (f"facts_{then}", f"customer {{text}} NOT NULL, as_of {{int}} NOT NULL, {columns}", "customer, as_of"),
            (f"value_{then}", "customer {text} NOT NULL, as_of {int} NOT NULL, name {text} NOT NULL,"
                              " value {int} NOT NULL", "customer, as_of, name"),
        ):  # fmt: skip
            make = f"CREATE TEMP TABLE IF NOT EXISTS {name} ({body}, PRIMARY KEY ({key})){{flat}}"
            self._db.script([typed(self._db, make)])
            self._db.execute(f"DELETE FROM {name}")
