"""Days on which facts change that no order tells: thresholds of other days, birthdays, cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo

from hub.model import local_day
from hub.store.database import Database, listings
from hub.store.facts_wanted import CASES, PROFILE, Bought, Wanted


def other_days(db: Database, customers: Sequence[str], wanted: Wanted, bought: Bought) -> Iterator[tuple[str, int]]:
    """(customer, day) of all such days, of any time."""
    names = [name for name in sorted(wanted.days) if name in PROFILE]
    birthdays = "age" in wanted.columns
    for listed, params in listings(customers):
        if names or birthdays:
            columns = ", ".join(("birth_month", "birth_day", *names))
            for customer, month, day, *known in db.rows(
                f"SELECT customer, {columns} FROM facts WHERE customer IN {listed}", params
            ):
                for name, at in zip(names, known, strict=True):
                    yield from ((customer, at + days) for days in wanted.days[name] if at is not None)
                if birthdays and month and day:
                    yield from ((customer, at) for at in _birthdays(month, day))
        if wanted.of(CASES) or wanted.days.keys() & set(CASES):
            yield from _cases(db, listed, params, wanted, bought.zone)


def _birthdays(month: int, day: int) -> Iterator[int]:
    for year in range(1990, 2101):
        leap = (month, day) == (2, 29) and date(year, 3, 1).toordinal() - date(year, 2, 28).toordinal() == 1
        yield date(year, month, 28 if leap else day).toordinal()


def _cases(
    db: Database, listed: str, params: dict[str, object], wanted: Wanted, zone: tzinfo
) -> Iterator[tuple[str, int]]:
    after = {0, 365, *(days for name in CASES for days in wanted.days.get(name, ()))}
    sql = f"SELECT customer, opened_at, answered_at, closed_at FROM cases WHERE customer IN {listed}"
    for customer, *times in db.rows(sql, params):
        for at in times:
            if at is not None:
                day = local_day(datetime.fromtimestamp(at, UTC), zone)
                yield from ((customer, day + days) for days in after)
