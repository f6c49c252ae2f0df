"""RFM: cut points and groups against a referee in plain Python, on both databases, and schedules day by day."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import SettingsError
from hub.forms import Place
from hub.store.facts import Bought, Wanted
from rules.rfm import (
    CELLS,
    GROUPS,
    NONE,
    Cuts,
    Refresh,
    Rfm,
    Window,
    due_day,
    groups_sql,
    score,
    scores,
    spread,
)
from sync.rfm import bring_up_to_date, cuts, read_by
from tests.crowd import Crowd

TODAY = date(2026, 3, 1).toordinal()
BOUGHT = Bought("CNY", Place().zone)

PUBLISHED = {
    "champions": ((4, 5), (4, 5)), "loyal_customers": ((2, 5), (3, 5)), "potential_loyalists": ((3, 5), (1, 3)),
    "new_customers": ((4, 5), (1, 1)), "promising": ((3, 4), (1, 1)), "need_attention": ((2, 3), (2, 3)),
    "about_to_sleep": ((2, 3), (1, 2)), "cannot_lose_them": ((1, 1), (4, 5)), "at_risk": ((1, 2), (2, 5)),
    "hibernating": ((1, 2), (1, 2)), "lost": ((1, 2), (1, 2)),
}  # fmt: skip
"""The ranges of recency, and of frequency and monetary, with which the trade publishes the groups."""


@pytest.fixture
def crowd(location: str) -> Iterator[Crowd]:
    made = Crowd.at(location)
    yield made
    made.store.close()


# -- the table


def test_every_pair_of_scores_has_one_group_and_every_group_a_pair() -> None:
    assert set(CELLS) == {(row, column) for row in range(1, 6) for column in range(1, 6)}
    assert {group.name for group in GROUPS} == {*CELLS.values(), NONE} == {*PUBLISHED, NONE}
    assert len(GROUPS) == 12


@pytest.mark.parametrize(("cell", "group"), CELLS.items())
def test_each_cell_lies_within_the_published_range_of_its_group(cell: tuple[int, int], group: str) -> None:
    for place, (low, high) in zip(cell, PUBLISHED[group], strict=True):
        assert low <= place <= high


def test_the_page_shows_the_table_that_the_program_goes_by() -> None:
    page = (Path(__file__).parent.parent / "docs" / "segments.md").read_text(encoding="utf-8")
    labels = {group.name: group.label for group in GROUPS}
    for row in range(1, 6):
        cells = " | ".join(labels[CELLS[row, column]] for column in range(1, 6))
        assert f"\n| {row} | {cells} |\n" in page


# -- schedules


@pytest.mark.parametrize(
    ("refresh", "as_of", "expected"),
    [
        ("monthly", "2026-03-01", "2026-03-01"),
        ("monthly", "2026-03-31", "2026-03-01"),
        ("quarterly", "2026-03-31", "2026-01-01"),
        ("quarterly", "2026-12-31", "2026-10-01"),
        ("weekly", "2026-03-01", "2026-02-23"),
        ("weekly", "2026-03-02", "2026-03-02"),
        ("never", "2026-03-05", "2026-03-05"),
    ],
)
def test_cut_points_are_of_the_latest_scheduled_day(refresh: Refresh, as_of: str, expected: str) -> None:
    day = date.fromisoformat(expected).toordinal()
    asked = date.fromisoformat(as_of).toordinal()
    assert due_day(refresh, None, asked) == day
    assert due_day(refresh, day, asked) is None
    assert due_day(refresh, day - 1, asked) == (None if refresh == "never" else day)


@given(
    refresh=st.sampled_from(["weekly", "monthly", "quarterly", "never"]),
    start=st.integers(TODAY, TODAY + 500),
    steps=st.lists(st.integers(1, 120), max_size=6),
)
def test_jumps_end_with_the_cut_points_of_single_days(refresh: Refresh, start: int, steps: list[int]) -> None:
    def last_of(days: Sequence[int]) -> int | None:
        last: int | None = None
        for day in days:
            last = due_day(refresh, last, day) or last
        return last

    jumps = [start + sum(steps[:number]) for number in range(len(steps) + 1)]
    assert last_of(jumps) == last_of(range(start, jumps[-1] + 1))


# -- scores


@pytest.mark.parametrize(("steps", "expected"), [(5, [1, 2, 3, 4, 5]), (4, [1, 2, 4, 5]), (3, [1, 3, 5]), (2, [1, 5])])
def test_fewer_steps_are_spread_over_the_scores(steps: int, expected: list[int]) -> None:
    assert [spread(step, steps) for step in range(1, steps + 1)] == expected


def test_equal_figures_have_equal_scores_and_fewer_days_the_better_one() -> None:
    assert [score(value, (1, 1, 1, 3)) for value in (0, 1, 2, 3, 4)] == [1, 1, 4, 4, 5]
    assert [score(value, (10, 20, 30, 40), fewer=True) for value in (0, 10, 11, 40, 41)] == [5, 5, 4, 2, 1]


def test_steps_beyond_the_table_are_refused() -> None:
    with pytest.raises(SettingsError, match="2 to 5 steps"):
        Rfm(steps=6)


def test_recency_falls_on_the_days_that_the_calendar_is_told() -> None:
    found = Cuts(Rfm(), TODAY, (10, 20, 20, 40), (1, 2, 3, 4), (1, 2, 3, 4))
    falls = [
        days for days in range(1, 60)
        if score(days, found.recency, fewer=True) < score(days - 1, found.recency, fewer=True)
    ]  # fmt: skip
    assert found.day_thresholds() == falls == [11, 21, 41]


# -- against a referee


def invented(seed: int, count: int) -> list[dict[str, Any]]:
    """Orders of some customers over two years: many ties, refunds, other currencies, some that do not count."""
    chance = Random(seed)
    rows = []
    for number in range(count):
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 7))):
            total = chance.choice((0, 100, 100, 990, chance.randrange(1, 5000)))
            rows.append({
                "customer": f"c{number:03}", "placed_on": TODAY - chance.randrange(-20, 700), "total": total,
                "refunded": chance.choice((0, 0, 0, total, total // 2)), "counts": chance.choice((1, 1, 1, 1, 0)),
                "status": chance.choice(("done", "done", "pending", "cancelled", "shipped")),
                "currency": chance.choice(("CNY", "CNY", "CNY", "USD")),
            })  # fmt: skip
    return rows


def bought(rows: list[dict[str, Any]], day: int, window: int) -> dict[str, tuple[int, int, int]]:
    """customer -> (days since the last order, orders, spend) of the window, by the referee."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        counts = row["counts"] and row["currency"] == "CNY" and row["status"] not in ("pending", "cancelled")
        back = row["refunded"] >= row["total"] and row["total"] != 0
        if counts and not back and day - window < row["placed_on"] <= day:
            found.setdefault(row["customer"], []).append(row)
    return {
        customer: (
            day - max(row["placed_on"] for row in mine), len(mine), sum(row["total"] - row["refunded"] for row in mine)
        )
        for customer, mine in found.items()
    }  # fmt: skip


def ranked(values: list[int], steps: int) -> tuple[int, ...]:
    """The values at the ranks ceil(k * n / steps)."""
    rising = sorted(values)
    return tuple(rising[math.ceil(k * len(rising) / steps) - 1] for k in range(1, steps))


def referee(rows: list[dict[str, Any]], day: int, steps: int, window: int) -> dict[str, tuple[int, ...]]:
    columns = list(zip(*bought(rows, day, window).values(), strict=True))
    names = ("recency", "frequency", "monetary")
    return {name: ranked(list(values), steps) for name, values in zip(names, columns, strict=True)}


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6, 59, 200])
@pytest.mark.parametrize("steps", [2, 5])
@pytest.mark.parametrize("window", ["365d", "life"])
def test_cut_points_are_the_values_at_their_ranks(crowd: Crowd, count: int, steps: int, window: Window) -> None:
    rows = [
        {"customer": "c", "placed_on": TODAY, "total": 5}, *invented(count, count),
        {"customer": None, "placed_on": TODAY, "total": 1},
    ]  # fmt: skip
    crowd.orders(rows)
    crowd.add("never bought")
    usual = {"counts": 1, "currency": "CNY", "status": "done", "refunded": 0}
    known = [{**usual, **row} for row in rows if row["customer"]]
    rfm = Rfm(steps, window)
    with crowd.store.db.writing("decide"):
        crowd.store.facts.everybody_at(TODAY, Wanted(read_by(rfm)), BOUGHT)
        found = crowd.store.cuts.compute(window, steps)
    assert found == referee(known, TODAY, steps, rfm.days or 10_000)


def test_nobody_who_bought_makes_no_cut_points(crowd: Crowd) -> None:
    assert bring(crowd, Rfm(), TODAY) is None
    crowd.add("a")
    expression, params = groups_sql(None, TODAY)
    assert crowd.store.db.rows(f"SELECT {expression} FROM facts f", params) == [(NONE,)]


def bring(crowd: Crowd, rfm: Rfm, as_of: int) -> Cuts | None:
    with crowd.store.db.writing("decide"):
        new = bring_up_to_date(crowd.store, "rfm", rfm, as_of, BOUGHT)
    found = cuts(crowd.store, "rfm", rfm, as_of)
    assert not new or (found and found.day == due_day(rfm.refresh, None, as_of))
    return found


@pytest.mark.parametrize("steps", [3, 5])
@pytest.mark.parametrize("window", ["365d", "life"])
def test_everybodys_group_is_the_referees(crowd: Crowd, steps: int, window: Window) -> None:
    rows = invented(7, 150)
    crowd.orders(rows)
    ever, inside = bought(rows, TODAY, 10_000), bought(rows, TODAY, 365 if window == "365d" else 10_000)
    everybody = [f"c{number:03}" for number in range(150)]
    for name in everybody:
        crowd.add(name)
    rfm = Rfm(steps, window)
    found = bring(crowd, rfm, TODAY)
    assert found is not None
    with crowd.store.db.writing("decide"):
        crowd.store.facts.fill(everybody, TODAY, Wanted(read_by(rfm)), BOUGHT)
    expression, params = groups_sql(found, TODAY)
    groups: dict[str, str] = dict(crowd.store.db.rows(f"SELECT f.customer, {expression} FROM facts f", params))
    points = referee(rows, TODAY, steps, 365 if window == "365d" else 10_000)
    assert sorted(groups) == everybody
    for name, group in groups.items():
        assert group == judged(ever, inside, points, name), name
        assert group == by_facts(crowd, found, name)
    assert len(set(groups.values())) >= 6


def judged(
    ever: dict[str, tuple[int, int, int]], inside: dict[str, tuple[int, int, int]],
    points: dict[str, tuple[int, ...]], name: str,
) -> str:  # fmt: skip
    """The referee's group: each score is how many cut points a figure exceeds, and the table by its published words."""
    if name not in ever:
        return NONE
    _, orders, spend = inside.get(name, (0, 0, 0))
    steps = len(points["recency"]) + 1
    places = [
        steps - sum(ever[name][0] > point for point in points["recency"]),
        1 + sum(orders > point for point in points["frequency"]),
        1 + sum(spend > point for point in points["monetary"]),
    ]
    recency, frequency, monetary = (place if steps == 5 else place * 2 - 1 for place in places)
    return CELLS[recency, math.floor((frequency + monetary) / 2 + 0.5)]


def by_facts(crowd: Crowd, found: Cuts, name: str) -> str:
    """What `why` computes of one customer's facts."""
    columns = ("last_order_on", "orders_365d", "spend_365d", "orders_life", "spend_life")
    sql = f"SELECT {', '.join(columns)} FROM facts WHERE customer = :name"
    (row,) = crowd.store.db.rows(sql, {"name": name})
    made = scores(found, dict(zip(columns, row, strict=True)), TODAY)
    return made.group if made else NONE


def test_about_a_fifth_has_each_score_where_figures_differ(crowd: Crowd) -> None:
    crowd.orders(
        {"customer": f"c{number}", "placed_on": TODAY - number, "total": 100 + number} for number in range(100)
    )
    found = bring(crowd, Rfm(refresh="never"), TODAY)
    assert found is not None
    assert Counter(score(number, found.recency, fewer=True) for number in range(100)) == dict.fromkeys(range(1, 6), 20)
    assert Counter(score(100 + number, found.monetary) for number in range(100)) == dict.fromkeys(range(1, 6), 20)


# -- kept


def test_cut_points_are_kept_with_their_days_and_never_overwritten(crowd: Crowd) -> None:
    crowd.orders({"customer": f"c{number}", "placed_on": TODAY - number, "total": number + 1} for number in range(10))
    first = bring(crowd, Rfm(), TODAY)
    crowd.orders([{"customer": "late", "placed_on": TODAY - 5, "total": 10_000}])
    assert bring(crowd, Rfm(), TODAY + 20) == first
    second = bring(crowd, Rfm(), TODAY + 31)
    assert (first and first.day, second and second.day) == (TODAY, TODAY + 31)
    assert first != second
    assert [day for day, _ in crowd.store.cuts.history(Rfm().programme("rfm"))] == [TODAY, TODAY + 31]
    assert cuts(crowd.store, "rfm", Rfm(), TODAY + 30) == first
    assert cuts(crowd.store, "rfm", Rfm(window="life"), TODAY + 30) is None  # another way of scoring has its own


@pytest.mark.parametrize("refresh", ["weekly", "monthly"])
def test_a_jump_of_days_finds_the_groups_of_single_days(crowd: Crowd, refresh: Refresh) -> None:
    rows = invented(3, 60)
    crowd.orders(rows)
    rfm = Rfm(refresh=refresh)
    jumped = bring(crowd, rfm, TODAY + 47)
    assert jumped is not None
    with crowd.store.db.writing("again"):
        crowd.store.db.execute("DELETE FROM rfm_cut")
    for day in range(TODAY, TODAY + 48):
        daily = bring(crowd, rfm, day)
    assert daily == jumped
    assert jumped.day == (date(2026, 4, 13) if refresh == "weekly" else date(2026, 4, 1)).toordinal()
    assert date.fromordinal(TODAY + 47) == date(2026, 3, 1) + timedelta(days=47)
