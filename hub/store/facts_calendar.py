"""What the calendar alone changes: whom it touches between two days, by ranges of indexes, and on which days it touches whom.

An order that enters a figure on its day leaves an n-day window n days later. Where no order comes or goes, a figure changes on
1 January, a rule over days at its thresholds, an age on a birthday.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from hub.store.database import Database, Params, listings
from hub.store.facts_day import begin
from hub.store.facts_money import load_rates, rated
from hub.store.facts_sql import bought_params, counts
from hub.store.facts_wanted import CASES, COLUMNS, Bought, Wanted, by_year, edges

_DUE = (
    "UPDATE customer SET due = 2 WHERE due = 0 AND COALESCE(merged_into, '') = '' AND id IN (SELECT customer FROM {of})"
)


class _Range(NamedTuple):
    """Rows of an index that the calendar touches: a table, a condition, its parameters."""

    table: str
    where: str
    params: Params


# -- indexes


def prepare(db: Database, wanted: Wanted, bought: Bought) -> None:
    """Make the indexes that the calendar and the count of orders without a rate need; inside a write transaction."""
    for name, of in _indexes(wanted, bought):
        db.script([f"CREATE INDEX IF NOT EXISTS {name} ON {of}"])


def _indexes(wanted: Wanted, bought: Bought) -> Iterator[tuple[str, str]]:
    for name in sorted(wanted.days):
        if name in COLUMNS:
            yield f"facts_{name}", f"facts ({name})"
        else:
            yield "fact_value_value", "fact_value (name, value)"
    if "age" in wanted.columns:
        yield "facts_birthday", "facts (birth_month, birth_day)"
    if wanted.of(CASES):
        yield from ((f"cases_{name}", f"cases ({name}_at)") for name in ("opened", "answered", "closed"))
    other = not_in(bought).replace("o.", "")
    yield (
        f"orders_not_{bought.currency.lower()}",
        f"orders (customer, placed_on, counts, status, currency) WHERE {other}",
    )


def not_in(bought: Bought) -> str:
    """The condition that an order is in another currency; spelled out, as only so databases see that an index serves."""
    if not (bought.currency.isascii() and bought.currency.isalpha() and bought.currency.isupper()):
        raise ValueError("not a currency")
    return f"o.currency <> '{bought.currency}'"


# -- who is due


def calendar_due(db: Database, last: int, as_of: int, wanted: Wanted, bought: Bought) -> int:
    """Mark whom the days in (last, as_of] touch; returns how many were not due before."""
    if last >= as_of:
        return 0
    ranges = (*_orders(last, as_of, wanted), *_days(last, as_of, wanted), *_birthdays(last, as_of, wanted),
              *_cases(last, as_of, wanted, bought))  # fmt: skip
    return sum(db.execute(_DUE.format(of=f"{table} WHERE {where}"), params) for table, where, params in ranges)


def _span(table: str, column: str, low: int, high: int) -> _Range:
    return _Range(table, f"{column} > :low AND {column} <= :high", {"low": low, "high": high})


def _orders(last: int, as_of: int, wanted: Wanted) -> Iterator[_Range]:
    for days in edges(wanted):
        yield _span("orders", "placed_on", last - days, as_of - days)
    year = date.fromordinal(last).year
    if (
        by_year(wanted) and date.fromordinal(as_of).year > year
    ):  # whatever was of this year or the last one, is no longer
        yield _span("orders", "placed_on", date(year - 1, 1, 1).toordinal() - 1, as_of)


def _days(last: int, as_of: int, wanted: Wanted) -> Iterator[_Range]:
    for name in sorted(wanted.days):
        for days in sorted(wanted.days[name]):
            if name in COLUMNS:
                yield _span("facts", name, last - days, as_of - days)
            else:
                where, params = _span("fact_value", "value", last - days, as_of - days)[1:]
                yield _Range("fact_value", f"name = :name AND {where}", {**params, "name": name})


def _birthdays(last: int, as_of: int, wanted: Wanted) -> Iterator[_Range]:
    """Who was born on 29 February has a birthday on the 28th of other years."""
    if "age" not in wanted.columns:
        return
    first = max(last + 1, as_of - 365)
    months: dict[tuple[int, int], list[int]] = {}
    for day in map(date.fromordinal, range(first, as_of + 1)):
        months.setdefault((day.year, day.month), []).append(day.day)
        if (day.month, day.day) == (2, 28) and not isleap(day.year):
            months[day.year, day.month].append(29)
    for (_, month), days in sorted(months.items()):
        where = "birth_month = :month AND birth_day >= :low AND birth_day <= :high"
        yield _Range("facts", where, {"month": month, "low": days[0], "high": days[-1]})


def _cases(last: int, as_of: int, wanted: Wanted, bought: Bought) -> Iterator[_Range]:
    if not wanted.of(CASES):
        return
    for name in ("opened_at", "answered_at", "closed_at"):  # what lay in the future
        yield _seconds(name, last + 1, as_of + 1, bought)
    if "cases_365d" in wanted.columns:
        yield _seconds("opened_at", last - 364, as_of - 364, bought)


def _seconds(column: str, first: int, end: int, bought: Bought) -> _Range:
    """Cases whose time lies in the days [first, end)."""
    params = {"low": begin(first, bought.zone), "high": begin(end, bought.zone)}
    return _Range("cases", f"{column} >= :low AND {column} < :high", params)


# -- when what changes


def event_days(
    db: Database, customers: Sequence[str], wanted: Wanted, bought: Bought, since: int, until: int
) -> Iterator[tuple[str, int]]:
    """(customer, day) in order: all days in (since, until] on which a figure of theirs can change."""
    if not customers or not wanted.orders or since >= until:
        return
    load_rates(db, bought)
    for listed, params in listings(sorted(set(customers))):
        where = f"o.customer IN {listed} AND {counts(bought)} AND {rated(bought)}"
        known = params | bought_params(bought) | {"b_since": since, "b_until": until}
        found = set(db.rows(_shifted(where, wanted), known))
        if by_year(wanted):
            placed = db.rows(f"SELECT DISTINCT o.customer, o.placed_on FROM orders o WHERE {where}", params | known)
            found |= {(customer, day) for customer, on in placed for day in _new_years_of(on, since, until)}
        yield from sorted(found)


def _shifted(where: str, wanted: Wanted) -> str:
    """Orders' days, each moved by all numbers of days after which an order can matter."""
    return " UNION ".join(
        f"SELECT o.customer AS customer, o.placed_on + {days} AS day FROM orders o WHERE {where}"
        f" AND o.placed_on > :b_since - {days} AND o.placed_on <= :b_until - {days}"
        for days in sorted({*edges(wanted), *_thresholds(wanted)})
    )


def _new_years_of(placed_on: int, since: int, until: int) -> Iterator[int]:
    """The days on which an order leaves this year's figures, and last year's."""
    placed, last = date.fromordinal(placed_on).year, date.fromordinal(until).year
    for year in range(placed + 1, min(placed + 2, last) + 1):
        if since < (day := date(year, 1, 1).toordinal()) <= until:
            yield day


def _thresholds(wanted: Wanted) -> Collection[int]:
    """Days since an order: any order may have been the last one of its time."""
    names = {"first_order_on", "last_order_on", *(one.name for one in wanted.counted)} & wanted.days.keys()
    return {days for name in names for days in wanted.days[name]}
