"""A day as SQL needs it: where its windows begin, when it ends in UTC, which day of the year it is; and times as days.

Nothing here asks the database for a date: what depends on the calendar or the brand's zone goes in as numbers.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

EPOCH_DAY = date(1970, 1, 1).toordinal()
_STEP = timedelta(days=14)

DAY_COLUMNS = ("as_of", "year_on", "before_on", "ends_at", "since_at", "age_year", "age_day")
"""The numbers of a day, in the order in which `numbers` gives them.

as_of: the day itself; year_on, before_on: first day of its year and of the year before; ends_at: the second at which it
ends in the brand's zone; since_at: the second at which the 365 days up to it began; age_year, age_day: its year, and
month * 100 + day of the last birthdays that have come.
"""


@lru_cache(maxsize=4096)
def numbers(as_of: int, zone: tzinfo) -> tuple[int, ...]:
    """The numbers of a day, see `DAY_COLUMNS`."""
    day = date.fromordinal(as_of)
    first, before = date(day.year, 1, 1).toordinal(), date(max(day.year - 1, 1), 1, 1).toordinal()
    return (as_of, first, before, begin(as_of + 1, zone), begin(as_of - 364, zone), day.year, _birthdays_until(day))


def _birthdays_until(day: date) -> int:
    """Whoever was born on 29 February has their birthday on the 28th where there is no 29th."""
    born = 29 if (day.month, day.day) == (2, 28) and not isleap(day.year) else day.day
    return day.month * 100 + born


def begin(day: int, zone: tzinfo) -> int:
    """The second (since 1970 UTC) at which a day begins in a zone."""
    plain = date.fromordinal(day)
    return int(datetime(plain.year, plain.month, plain.day, tzinfo=zone).timestamp())


@lru_cache(maxsize=64)
def offset(at: str, zone: tzinfo, until: int) -> str:
    """SQL for the zone's offset in seconds at the time `at` (SQL too), for times up to the end of the year of `until`."""
    *later, (_, first) = reversed(list(_changes(zone, date.fromordinal(until).year)))
    whens = " ".join(f"WHEN {at} >= {second} THEN {seconds}" for second, seconds in later)
    return f"CASE {whens} ELSE {first} END" if whens else str(first)


def local_hour(at: str, zone: tzinfo, until: int) -> str:
    """SQL for the hour of the day of a time."""
    return f"((({at} + {offset(at, zone, until)}) % 86400 + 86400) % 86400 / 3600)"


def local_day_of(at: str, zone: tzinfo, until: int) -> str:
    """SQL for the day of a time."""
    return f"(({at} + {offset(at, zone, until)}) / 86400 + {EPOCH_DAY})"


def _changes(zone: tzinfo, year: int) -> Iterator[tuple[int, int]]:
    """(second, offset from then on) of a zone from 1970 to the end of a year: sampled, then found to the second."""
    at, end = datetime(1970, 1, 1, tzinfo=UTC), datetime(min(year + 1, 9999), 1, 1, tzinfo=UTC)
    seconds = _offset_at(at, zone)
    yield 0, seconds
    while at < end:
        following = min(at + _STEP, end)
        if (new := _offset_at(following, zone)) != seconds:
            yield _change_between(at, following, zone), new
            seconds = new
        at = following


def _change_between(low: datetime, high: datetime, zone: tzinfo) -> int:
    before = _offset_at(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset_at(middle, zone) == before else (low, middle)
    return int(high.timestamp())


def _offset_at(at: datetime, zone: tzinfo) -> int:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return int(found.total_seconds())
