"""Facts: each means what the catalogue says, for any day, the same whether all are filled or only whom a change touches."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.store import connect
from hub.store.database import Database
from hub.store.facts import COLUMNS, EVERYTHING, Bought, Counted, Facts, Wanted
from hub.store.facts_money import ratio
from hub.store.facts_wanted import COUNTED
from hub.store.migrations import STEPS, migrate
from hub.testing.site import KEYS
from hub.vault import Vault
from rules.catalogue import CATALOGUE, DIMENSIONS
from tests.histories import Bill, Call, History, Line, convert, counted, expected, put_bill

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
CNY = Bought("CNY", SHANGHAI)
RATES = (
    ("USD", date(2024, 1, 1).toordinal(), Decimal("7.1034")), ("USD", date(2025, 3, 9).toordinal(), Decimal("7.25")),
    ("JPY", date(2023, 6, 1).toordinal(), Decimal("0.04815")),
)  # fmt: skip
PEOPLE = ("a", "b", "c")
BY = (
    Counted("shoes", "365d", "orders", "category", "鞋"), Counted("runners", "life", "spend", "category", "鞋/跑鞋"),
    Counted("sku", "90d", "orders", "sku", "K1"), Counted("online", "ytd", "spend", "channel", "online"),
    Counted("store", "last_year", "orders", "store", "S1"), Counted("in_city", "45d", "orders", "city", "上海"),
    Counted("in_province", "life", "spend", "province", "江苏"), Counted("region", "life", "orders", "region", "East"),
    Counted("wechat", "30d", "orders", "payment", "wechat"),
)  # fmt: skip
PLACES = {"S1": ("上海", "上海", "East"), "S2": ("苏州", "江苏", "East"), "S3": ("北京", "北京", "North")}


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def second(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def bill(text: str, customer: str = "a", zone: ZoneInfo = SHANGHAI, **fields: Any) -> Bill:
    return Bill(customer, second(text if "T" in text else f"{text}T12:00:00", zone), **fields)


@pytest.fixture
def facts(database: Database) -> Facts:
    return Facts(database, Vault(KEYS))


def filled(facts: Facts, history: History, as_of: str, bought: Bought = CNY, **wanted: Any) -> dict[str, Any]:
    """The facts of `a` after everybody was filled."""
    history.put(facts._db, bought, PEOPLE)
    with facts._db.writing("fill"):
        facts.fill_due(day(as_of), Wanted(frozenset(COLUMNS), **wanted), bought)
    found = facts.of("a")
    assert found is not None
    return found


def test_the_stored_facts_are_those_of_the_catalogue() -> None:
    assert set(COLUMNS) == {fact.name for fact in CATALOGUE.values() if fact.group not in ("derived", "custom")}
    assert {one.by for one in BY} == DIMENSIONS.keys()


# -- what each fact means, at its edges


@pytest.mark.parametrize("days", [30, 90, 180, 365])
def test_a_window_of_days_holds_the_day_itself_and_no_more(facts: Facts, days: int) -> None:
    today = date(2025, 6, 15)
    edges = [today + timedelta(days=1), today, today - timedelta(days=days - 1), today - timedelta(days=days)]
    found = filled(
        facts, History([bill(one.isoformat(), total=10**n) for n, one in enumerate(edges)]), today.isoformat()
    )
    assert (found[f"orders_{days}d"], found[f"spend_{days}d"]) == (2, 110)
    assert (found["first_order_on"], found["last_order_on"]) == (edges[3].toordinal(), today.toordinal())


def test_calendar_years_are_the_brands_own(facts: Facts) -> None:
    days = ("2023-12-31", "2024-01-01", "2024-12-31T23:59:59", "2025-01-01T00:00:00", "2025-01-02")
    found = filled(facts, History([bill(one, total=10**n) for n, one in enumerate(days)]), "2025-01-01")
    assert (found["orders_ytd"], found["spend_ytd"]) == (1, 1000)
    assert (found["orders_last_year"], found["spend_last_year"]) == (2, 110)


def test_money_given_back(facts: Facts) -> None:
    """In full: the order is none, but what was paid and given back remains; an order of nothing stays an order."""
    bills = [bill("2025-05-01", total=1000, refunded=1000), bill("2025-05-02", total=500, refunded=499),
             bill("2025-05-03", total=0), bill("2024-05-03", total=70, refunded=20)]  # fmt: skip
    found = filled(facts, History(bills), "2025-06-01")
    assert (found["orders_life"], found["spend_life"], found["orders_365d"], found["spend_365d"]) == (3, 51, 2, 1)
    assert (found["gross_life"], found["refunded_life"], found["gross_365d"], found["refunded_365d"]) == (
        1570, 1519, 1500, 1499)  # fmt: skip
    assert found["first_order_on"] == day("2024-05-03")


def test_statuses_of_the_brand_and_orders_that_another_system_counts(facts: Facts) -> None:
    bills = [
        bill("2025-05-01", status=status) for status in ("pending", "paid", "shipped", "done", "cancelled", "returned")
    ]
    history = History([*bills, bill("2025-05-01", counts=0)])
    assert filled(facts, history, "2025-06-01")["orders_life"] == 4
    facts.fill(["a"], day("2025-06-01"), EVERYTHING, Bought("CNY", SHANGHAI, ("done", "pending")))
    assert (facts.of("a") or {})["orders_life"] == 2


def test_the_favourite_is_of_most_orders_then_latest_then_first_by_name(facts: Facts) -> None:
    twice = (Line("K1", "鞋"), Line("K1", "鞋"), Line("K2", "衣"))
    bills = [
        bill("2025-05-01T09:30:00", store="S2", channel="online", lines=twice),
        bill("2025-05-02T09:10:00", store="S1", channel="phone", lines=(Line("K2", "衣"),)),
        bill("2025-05-08T21:00:00", store="S1", channel="online", total=50, refunded=50, lines=(Line("K1", "鞋"),)),
        bill("2025-05-09T21:00:00", store="S2", channel="phone"), bill("2025-05-09T21:00:00", store="S0", channel="phone"),
    ]  # fmt: skip
    found = filled(facts, History(bills), "2025-06-01")
    assert (found["favourite_sku"], found["favourite_category"]) == ("K2", "衣")
    assert (found["favourite_store"], found["favourite_channel"]) == ("S2", "phone")
    assert (found["usual_hour"], found["usual_weekday"], found["channel_type"]) == (21, 5, "online")


@pytest.mark.parametrize(
    ("channels", "expected"),
    [((), None), (("store",), "store"), (("phone", "online"), "online"), (("store", "other"), "both")],
)
def test_the_type_of_channel(facts: Facts, channels: tuple[str, ...], expected: str | None) -> None:
    bills = [bill("2025-05-01", channel=channel) for channel in channels]
    assert filled(facts, History(bills), "2025-06-01")["channel_type"] == expected


def test_the_hour_is_the_brands_in_summer_and_in_winter(facts: Facts) -> None:
    texts = (
        "2025-03-09T01:59:59",
        "2025-03-09T03:00:00",
        "2025-07-01T03:30:00",
        "2025-11-02T01:30:00",
        "2025-12-01T03:10:00",
    )
    history = History([bill(text, zone=NEW_YORK) for text in texts])
    found = filled(facts, history, "2026-01-01", Bought("CNY", NEW_YORK))
    assert found["usual_hour"] == 3


def test_facts_of_cases(facts: Facts) -> None:
    calls = [
        Call(
            "a",
            second("2025-05-01T23:59:59"),
            second("2025-05-03T08:00:00"),
            second("2025-06-02T00:00:00"),
            "closed",
            2,
        ),
        Call("a", second("2024-06-01T23:59:59"), None, second("2024-06-05T10:00:00"), "solved", 5),
        Call("a", second("2025-06-02T00:00:00")),
    ]
    found = filled(facts, History(calls=calls), "2025-06-01")
    assert [found[name] for name in ("open_cases", "cases_365d", "cases_life")] == [1, 1, 2]
    assert (found["last_case_on"], found["last_contact_on"]) == (day("2025-05-01"), day("2025-05-03"))
    later = facts.live("a", day("2025-06-02"), CNY)
    assert (found["last_satisfaction"], later["last_satisfaction"]) == (5, 2)  # said when the case is closed
    assert [later[name] for name in ("open_cases", "cases_365d", "cases_life", "last_contact_on")] == [
        1, 2, 3, day("2025-06-02")]  # fmt: skip


@pytest.mark.parametrize(
    ("born", "as_of", "age"),
    [
        ((1990, 6, 15), "2025-06-14", 34), ((1990, 6, 15), "2025-06-15", 35), ((2000, 2, 29), "2025-02-27", 24),
        ((2000, 2, 29), "2025-02-28", 25), ((2000, 2, 29), "2024-02-28", 23), ((2000, 2, 29), "2024-02-29", 24),
        ((None, 6, 15), "2025-06-15", None),
    ],
)  # fmt: skip
def test_age_counts_birthdays(facts: Facts, born: tuple[int | None, int, int], as_of: str, age: int | None) -> None:
    assert filled(facts, History(born={"a": born}), as_of)["age"] == age


def test_who_bought_nothing_has_noughts_and_blanks(facts: Facts) -> None:
    found = filled(facts, History(), "2025-06-01")
    assert {found[name] for name in COUNTED if name.startswith(("orders", "spend", "gross", "refunded", "disc"))} == {0}
    assert {found[name] for name in ("first_order_on", "last_order_on", "favourite_sku", "usual_hour", "age")} == {None}


def test_what_is_not_wanted_is_not_known(facts: Facts) -> None:
    filled(facts, History([bill("2025-05-01", lines=(Line(),))]), "2025-06-01")
    with facts._db.writing("fill"):
        facts.fill_due(day("2025-06-01"), Wanted(frozenset({"spend_30d", "favourite_sku"})), CNY)
    found = facts.of("a") or {}
    assert {name for name in COUNTED if found[name] is not None} == {"spend_30d", "favourite_sku"}


# -- counted by something


def test_a_categorys_path_counts_with_all_below_it_and_nothing_beside_it(facts: Facts) -> None:
    paths = ("鞋", "鞋/跑鞋", "鞋/跑鞋/男", "鞋0", "鞋-子", "鞋油", "衣")
    bills = [
        bill("2025-05-01", lines=(Line("K", path, "2", 50, 1, 10**n), Line("K", "x"))) for n, path in enumerate(paths)
    ]
    wanted = (Counted("n", "life", "orders", "category", "鞋"), Counted("m", "life", "spend", "category", "鞋/跑鞋"))
    found = filled(facts, History(bills), "2025-06-01", counted=wanted)
    assert (found["n"], found["m"]) == (3, 2 * 99 - 10 - 100)


def test_quantities_have_decimals_and_sums_are_exact(facts: Facts) -> None:
    line = Line("K1", "x", "1.005", 100)
    wanted = (Counted("paid", "life", "spend", "sku", "K1"),)
    found = filled(facts, History([bill("2025-05-01", lines=(line,))] * 3), "2025-06-01", counted=wanted)
    assert found["paid"] == 303


def test_a_fact_of_the_brands_own(facts: Facts) -> None:
    bills = [bill("2025-05-01", channel="online"), bill("2025-05-03", channel="online", total=70, currency="USD"),
             bill("2025-05-09"), bill("2024-05-01", channel="online"), bill("2025-05-04", "b")]  # fmt: skip
    wanted = (
        Counted(
            "last_online_on", "365d", aggregate="MAX(o.placed_on)", where="o.channel = :r0", params={"r0": "online"}
        ),
        Counted("dearest", "life", aggregate="MAX(o.total - o.refunded)"),
    )
    found = filled(facts, History(bills), "2025-06-01", Bought("CNY", SHANGHAI, rates=RATES), counted=wanted)
    assert (found["last_online_on"], found["dearest"]) == (day("2025-05-03"), 10000)
    assert (facts.of("b") or {}).get("last_online_on") is None


# -- money


def test_orders_in_a_currency_without_a_rate_are_left_out_and_counted(facts: Facts) -> None:
    bills = [bill("2025-05-01"), bill("2025-05-01", currency="USD"), bill("2023-05-01", currency="USD")]
    bills += [bill("2025-05-01", "b", currency="EUR", status=status) for status in ("done", "pending")]
    history = History(bills)
    history.put(facts._db, CNY, PEOPLE)
    rated = Bought("CNY", SHANGHAI, rates=RATES)
    with facts._db.writing("fill"):
        facts.prepare(EVERYTHING, CNY)
        assert facts.fill_due(day("2025-06-01"), EVERYTHING, CNY) == 3
        assert facts.fill(["a", "c"], day("2025-06-01"), EVERYTHING, CNY) == 2
        assert facts.fill_due(day("2025-06-01"), EVERYTHING, rated) == 2
    assert (facts.of("a") or {})["spend_life"] == 10000 + 72500


@pytest.mark.parametrize("rate", ["7.1034", "0.04815", "0.00046051234567", "15.123456789012345678", "1"])
@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_amounts_are_converted_exactly_and_half_a_unit_goes_up(facts: Facts, rate: str, currency: str) -> None:
    bought = Bought("CNY", SHANGHAI, rates=((currency, day("2025-01-01"), Decimal(rate)),))
    amounts = [0, 1, 49, 50, 5000, 99999999, 123456789012]
    bills = [bill("2025-05-01", currency=currency, total=amount) for amount in amounts]
    exact = [convert(amount, currency, day("2025-05-01"), bought) or 0 for amount in amounts]
    found = filled(facts, History(bills), "2025-06-01", bought)["gross_life"]
    assert abs(found - sum(exact)) <= (
        sum(amounts) // 10**7 if len(rate) > 12 else 0
    )  # a rate of too many digits is rounded


def test_a_rate_is_a_fraction_that_fits() -> None:
    assert ratio(Decimal("7.1034"), 0) == (35517, 5000)
    assert ratio(Decimal("0.048"), 2) == (24, 5)
    num, den = ratio(Decimal("7.123456789012345678"), 0)
    assert num * den < 4 * 10**18


# -- any history


ATS = st.integers(second("2023-11-01T00:00:00"), second("2025-12-31T00:00:00"))
LINE = st.builds(
    Line, st.sampled_from(["K1", "K2"]), st.sampled_from([None, "鞋", "鞋/跑鞋", "鞋/跑鞋/男", "鞋0", "衣"]),
    st.sampled_from(["1", "2", "0.5"]), st.integers(0, 999), st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip
BILL = st.builds(
    Bill, st.sampled_from(PEOPLE), ATS, st.sampled_from([0, 1, 100, 999]), st.sampled_from([0, 0, 1, 100]),
    st.sampled_from(["store", "online", "phone"]), st.sampled_from([None, *PLACES]),
    st.sampled_from(["done", "done", "paid", "pending", "returned"]), st.sampled_from([None, "wechat"]),
    st.sampled_from(["CNY", "CNY", "USD", "JPY", "EUR"]), st.sampled_from([1, 1, 1, 0]), st.lists(LINE, max_size=2).map(tuple),
)  # fmt: skip
CALL = st.builds(
    Call, st.sampled_from(PEOPLE), ATS, st.none() | ATS, st.none() | ATS,
    st.sampled_from(["open", "waiting", "solved", "closed"]), st.none() | st.integers(1, 5),
)  # fmt: skip
BORN = st.dictionaries(
    st.sampled_from(PEOPLE),
    st.tuples(st.none() | st.integers(1950, 2010), st.sampled_from([2, 6, 12]), st.integers(1, 29)), max_size=3,
)  # fmt: skip
HISTORY = st.builds(History, st.lists(BILL, max_size=12), st.lists(CALL, max_size=3), st.just(PLACES), BORN)
DAYS = st.integers(day("2023-12-01"), day("2026-06-01"))
BOUGHT = st.sampled_from(
    [CNY, Bought("CNY", NEW_YORK, rates=RATES), Bought("CNY", SHANGHAI, ("done", "pending"), RATES)]
)
EVERY = Wanted(frozenset(COLUMNS), BY, {"last_order_on": frozenset((30, 180)), "first_order_on": frozenset((365,))})
SOME = Wanted(
    frozenset({"orders_30d", "spend_ytd", "orders_last_year", "last_order_on", "cases_365d", "age", "channel_type"}), BY[3:6],
    {"last_order_on": frozenset((10, 90))},
)  # fmt: skip
RELAXED = settings(
    deadline=None, max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # stores are emptied, not made again
)  # fmt: skip


def emptied(database: Database) -> Facts:
    with database.writing("empty"):
        for table in ("customer", "orders", "order_line", "cases", "store_place", "facts", "fact_value"):
            database.execute(f"DELETE FROM {table}")
    return Facts(database, Vault(KEYS))


def of(facts: Facts, customer: str) -> dict[str, Any]:
    """What is stored, but for the profile; as_of too is left out, which whom nobody touches keeps."""
    found = facts.of(customer) or {}
    return {name: value for name, value in found.items() if name in COUNTED or name not in (*COLUMNS, "as_of")}


@RELAXED
@given(history=HISTORY, as_of=DAYS, bought=BOUGHT)
def test_facts_are_what_one_counts_by_hand(database: Database, history: History, as_of: int, bought: Bought) -> None:
    facts = emptied(database)
    history.put(database, bought, PEOPLE)
    with database.writing("fill"):
        facts.fill_due(as_of, EVERY, bought)
    for customer in PEOPLE:
        by = {one.name: counted(history, customer, as_of, bought, one) for one in BY}
        wanted = expected(history, customer, as_of, bought) | {
            name: value for name, value in by.items() if value is not None
        }
        assert of(facts, customer) == wanted
        live = facts.live(customer, as_of, bought, EVERY)
        assert {name: live[name] for name in wanted} == wanted


@RELAXED
@given(history=HISTORY, moments=st.lists(st.tuples(st.sampled_from(PEOPLE), DAYS), min_size=1), bought=BOUGHT)
def test_the_facts_of_a_past_day_are_those_that_a_fill_of_that_day_makes(
    database: Database, history: History, moments: list[tuple[str, int]], bought: Bought
) -> None:
    facts = emptied(database)
    history.put(database, bought, PEOPLE)
    facts.at(moments, SOME, bought)
    then = facts_then(database)
    assert then.keys() == set(moments)
    facts.everybody_at(moments[0][1], SOME, bought)
    assert facts_then(database).keys() == {(customer, moments[0][1]) for customer in PEOPLE}
    then |= facts_then(database)
    for (customer, as_of), found in then.items():
        with database.writing("fill"):
            facts.fill([customer], as_of, SOME, bought)
        assert found == of(facts, customer)


def facts_then(database: Database) -> dict[tuple[str, int], dict[str, Any]]:
    found = {}
    for customer, as_of, *row in database.rows(f"SELECT customer, as_of, {', '.join(COUNTED)} FROM facts_then"):
        found[customer, as_of] = dict(zip(COUNTED, row, strict=True))
    for customer, as_of, name, value in database.rows("SELECT customer, as_of, name, value FROM value_then"):
        found[customer, as_of][name] = value
    return found


@RELAXED
@given(
    history=HISTORY, start=DAYS, bought=BOUGHT, wanted=st.sampled_from([EVERY, SOME]),
    steps=st.lists(st.tuples(st.sampled_from([1, 1, 3, 29, 30, 31, 90, 200, 370, 800]), st.none() | BILL), max_size=6),
)  # fmt: skip
def test_whom_calendar_and_changes_touch_is_enough(
    database: Database, history: History, start: int, bought: Bought, wanted: Wanted,
    steps: list[tuple[int, Bill | None]],
) -> None:  # fmt: skip
    facts = emptied(database)
    history.put(database, bought, PEOPLE)
    today = start
    for days, more in [(0, None), *steps]:
        with database.writing("day"):
            if more is not None:
                put_bill(database, bought, more)
            facts.prepare(wanted, bought)
            facts.calendar_due(today, today + days, wanted, bought)
            today += days
            facts.fill_due(today, wanted, bought)
            database.execute("UPDATE customer SET due = 0")
        found = {customer: of(facts, customer) for customer in PEOPLE}
        facts.everybody_at(today, wanted, bought)
        assert found == {customer: row for (customer, _), row in facts_then(database).items()}


@RELAXED
@given(history=HISTORY, since=DAYS, length=st.integers(0, 500), bought=BOUGHT)
def test_between_event_days_no_figure_of_orders_changes(
    database: Database, history: History, since: int, length: int, bought: Bought
) -> None:
    facts = emptied(database)
    history.put(database, bought, PEOPLE)
    found = list(facts.event_days(PEOPLE, SOME, bought, since, since + length))
    assert found == sorted(set(found))
    changes = {
        (customer, after)
        for customer in PEOPLE
        for after in range(since + 1, since + length + 1)
        if seen(history, customer, after, bought) != seen(history, customer, after - 1, bought)
    }
    assert changes <= set(found)


def seen(history: History, customer: str, as_of: int, bought: Bought) -> list[Any]:
    """Figures of orders, and on which side of their thresholds the days since the last one are."""
    found = expected(history, customer, as_of, bought)
    last = found["last_order_on"]
    sides = [last is not None and as_of - last >= days for days in SOME.days["last_order_on"]]
    names = sorted(SOME.columns - {"cases_365d", "age"})
    return (
        [found[name] for name in names]
        + sides
        + [counted(history, customer, as_of, bought, one) for one in SOME.counted]
    )


# -- the calendar


def test_the_calendar_goes_by_ranges_of_indexes_alone(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = connect(str(tmp_path / "kehub.db"))
    migrate(db, clock)
    facts, told = Facts(db, Vault(KEYS)), list[str]()
    wanted = Wanted(
        EVERY.columns, BY, {**EVERY.days, "registered_on": frozenset((7,)), "last_online_on": frozenset((3,))}
    )
    with db.writing("prepare"):
        facts.prepare(wanted, CNY)
    execute = db.execute

    def explained(sql: str, params: dict[str, Any] | None = None) -> int:
        told.extend(str(row[3]) for row in db.rows(f"EXPLAIN QUERY PLAN {sql}", params))
        return execute(sql, params)

    monkeypatch.setattr(db, "execute", explained)
    with db.writing("due"):
        facts.calendar_due(day("2024-12-30"), day("2025-01-03"), wanted, CNY)
    db.close()
    assert len(told) > 40
    assert {
        line
        for line in told
        if not re.match(r"SEARCH (customer|orders|facts|fact_value|cases) USING|LIST SUBQUERY", line)
    } == set()


def test_filling_some_does_not_go_through_the_orders_of_all(tmp_path: Path, clock: FixedClock) -> None:
    from hub.store.facts_sql import Frame, bought_params, day_params, statements

    db = connect(str(tmp_path / "kehub.db"))
    migrate(db, clock)
    people = "(SELECT id AS customer FROM customer WHERE due > 0 AND COALESCE(merged_into, '') = '')"
    frame = Frame(people, day_params(739000, CNY) | bought_params(CNY), 739000)
    for sql, more in statements(frame, EVERY, CNY):
        plan = [str(row[3]) for row in db.rows(f"EXPLAIN QUERY PLAN {sql}", frame.params | more)]
        assert [line for line in plan if re.match(r"SCAN (o|l|k|f|orders|order_line|cases|facts)\b", line)] == [], sql
    db.close()


def test_nobody_becomes_due_on_the_same_day_and_who_is_due_stays_so(facts: Facts) -> None:
    History([bill("2025-05-01"), bill("2025-05-01", "b")]).put(facts._db, CNY, PEOPLE)
    with facts._db.writing("due"):
        facts._db.execute("UPDATE customer SET due = 0 WHERE id <> 'b'")
        assert facts.calendar_due(day("2025-05-01"), day("2025-05-01"), EVERY, CNY) == 0
        assert facts.calendar_due(day("2025-04-30"), day("2025-05-01"), EVERY, CNY) == 1
    assert facts._db.rows("SELECT id, due FROM customer ORDER BY id") == [("a", 2), ("b", 1), ("c", 0)]


def test_a_birthday_on_29_february_is_due_on_the_28th(facts: Facts) -> None:
    wanted = Wanted(frozenset({"age"}))
    history = History(born={"a": (2000, 2, 29), "b": (2000, 3, 1)})
    history.put(facts._db, CNY, PEOPLE)
    for last, as_of, due in (
        ("2025-02-27", "2025-02-28", "a"), ("2024-02-27", "2024-02-28", ""), ("2024-02-28", "2024-02-29", "a"),
        ("2025-02-28", "2025-03-01", "b"), ("2023-01-01", "2025-01-01", "ab"),
    ):  # fmt: skip
        with facts._db.writing("due"):
            facts._db.execute("UPDATE customer SET due = 0")
            facts.calendar_due(day(last), day(as_of), wanted, CNY)
        assert "".join(one for (one,) in facts._db.rows("SELECT id FROM customer WHERE due = 2 ORDER BY id")) == due


def test_a_day_that_the_brands_rules_count_has_thresholds_too(facts: Facts) -> None:
    own = Counted("last_online_on", "life", aggregate="MAX(o.placed_on)", where="o.channel = 'online'")
    wanted = Wanted(counted=(own,), days={"last_online_on": frozenset((10,))})
    History([bill("2025-05-01", channel="online")]).put(facts._db, CNY, PEOPLE)
    with facts._db.writing("due"):
        facts.prepare(wanted, CNY)
        facts.fill_due(day("2025-05-05"), wanted, CNY)
        facts._db.execute("UPDATE customer SET due = 0")
        assert facts.calendar_due(day("2025-05-05"), day("2025-05-10"), wanted, CNY) == 0
        assert facts.calendar_due(day("2025-05-10"), day("2025-05-11"), wanted, CNY) == 1


def test_those_who_are_due_come_in_parts(facts: Facts) -> None:
    History([bill("2025-05-01", one) for one in PEOPLE]).put(facts._db, CNY, PEOPLE)
    parts = list(facts.parts(2))
    assert parts == [("a", "b"), ("c", "c")]
    with facts._db.writing("fill"):
        facts.fill_due(day("2025-05-01"), EVERYTHING, CNY, parts[0])
    assert [facts.of(one) is not None for one in PEOPLE] == [True, True, False]


def test_past_days_can_be_asked_for_inside_and_outside_a_transaction(facts: Facts) -> None:
    History([bill("2025-05-01")]).put(facts._db, CNY, PEOPLE)
    moments = [("a", day("2025-05-01")), ("a", day("2025-04-30"))]
    for _ in range(2):
        facts.at(moments, EVERY, CNY)
        with facts._db.writing("past"):
            facts.at(moments, EVERY, CNY)
        with suppress(ZeroDivisionError), facts._db.writing("undone"):
            facts.at(moments[:1], EVERY, CNY)
            raise ZeroDivisionError
    facts.at(moments, EVERY, CNY)
    rows = facts._db.rows("SELECT as_of, orders_life FROM facts_then ORDER BY as_of")
    assert rows == [(moments[1][1], 0), (moments[0][1], 1)]


# -- upgrades


def test_an_upgraded_store_keeps_its_facts_and_decides_everybody_once(location: str, clock: FixedClock) -> None:
    db = connect(location)
    late = [STEPS.pop() for step in STEPS[9:]]
    try:
        migrate(db, clock)
    finally:
        STEPS.extend(reversed(late))
    with db.writing("old"):
        db.execute("INSERT INTO customer (id, founder, created_run, due) VALUES ('a', 1, 1, 0)")
        db.execute("INSERT INTO facts (customer, as_of, spend_365d, city) VALUES ('a', 7, 5, '上海')")
    migrate(db, clock)
    found = Facts(db, Vault(KEYS)).of("a") or {}
    assert (found["as_of"], found["spend_365d"], found["city"], found["spend_30d"]) == (7, 5, "上海", None)
    assert db.rows("SELECT due FROM customer") == [(1,)]
    db.close()
