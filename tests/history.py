"""Random histories of a brand whose rules remember, look back by windows, calendar years and days, and read each other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import orjson
from hypothesis import HealthCheck, settings

import connectors.memory.connector as memory
from hub.clock import FixedClock
from hub.connector import CODE, Field
from hub.errors import SettingsError
from sync import verdict
from tests.conftest import NOW
from tests.scene import THREE, Scene

SYSTEMS = ("crm", "shop", "till")
RECORDS = tuple((system, id_) for system in SYSTEMS for id_ in ("1", "2"))
PHONES = ("+8613812345678", "+8613900001111", "+8613712121212", "+8613700000004")
BIRTHDAYS = (None, "1996-03-02", "1996-02-29", "1985-12-31", "2008-03-05")
AGES = (0, 1, 5, 29, 30, 59, 60, 89, 179, 180, 300, 363, 364, 365, 366, 420, 729, 731, -1, -3, -20)
TOTALS = ("0", "50", "100", "300", "500", "1000")

CONNECTIONS = (
    THREE[: THREE.index("rules:")]
    + "{rules}"
    + """
connections:
  crm: {{type: memory, system: crm, writable: false}}
  shop: {{type: memory, system: shop, writable: false}}
  till: {{type: memory, system: till, writable: false}}
"""
)

FIRST = """
rules:
  facts:
    big_60d: {count: orders, where: "total >= 300", window: 60d}
    big_on: {max: placed_on, where: "total >= 300"}
  tiers:
    plain: [{tier: gold, when: "spend_365d >= 1000 or big_60d >= 2"}, {tier: silver, spend_365d: 100}, {tier: member}]
    grace:
      grace_days: 20
      ladder: [{tier: gold, spend_365d: 1000}, {tier: silver, when: "spend_365d >= 100"}, {tier: member}]
    step:
      downgrade: one_step
      grace_days: 7
      ladder:
        - {tier: a, when: "orders_90d >= 3"}
        - {tier: b, when: "orders_90d >= 2"}
        - {tier: c, when: "orders_90d >= 1"}
        - {tier: d}
    never:
      downgrade: never
      ladder: [{tier: gold, when: "days_since(last_order_on) < 30 and orders_30d >= 2"}, {tier: member}]
    yearly:
      review: anniversary
      grace_days: 15
      ladder: [{tier: gold, spend_365d: 1000}, {tier: silver, spend_365d: 300}, {tier: member}]
    calendar:
      grace_days: 1
      ladder:
        - {tier: gold, when: "spend_ytd >= 500 or spend_last_year >= 1000"}
        - {tier: silver, when: "spend_ytd >= 100"}
        - {tier: member}
    store:
      downgrade: one_step
      review: anniversary
      ladder:
        - {tier: x, when: "orders_on('channel', 'store', '60d') >= 2"}
        - {tier: y, when: "orders_on('channel', 'store', '60d') >= 1"}
        - {tier: z}
    lately:
      grace_days: 3
      ladder:
        - {tier: hot, when: "days_since(big_on) <= 30"}
        - {tier: warm, when: "days_since(last_order_on) between 10 and 100"}
        - {tier: cold}
    grown:
      grace_days: 2
      ladder: [{tier: adult, when: "age >= 30 and has_phone"}, {tier: young, when: "age >= 18"}, {tier: unknown}]
    known:
      downgrade: never
      ladder: [{tier: many, when: "records >= 2"}, {tier: one}]
  segments:
    sleeping: "days_since(last_order_on) >= 60"
    sleeping gold: "in_segment(sleeping) and tier_of(grace) = 'gold'"
    rising: "orders_30d > orders_90d - orders_30d and not in_segment(sleeping)"
    of age: "age >= 30"
  rfm: {refresh: weekly}
"""
"""Programmes of all kinds."""

SECOND = (
    FIRST.replace("spend_365d: 1000", "spend_365d: 600").replace("grace_days: 20", "grace_days: 5")
    .replace("downgrade: never\n      ladder: [{tier: gold", "grace_days: 4\n      ladder: [{tier: gold")
    .replace("- orders_30d and", "and").replace("window: 60d", "window: 40d")
)  # fmt: skip
THIRD = (
    FIRST.replace("grace_days: 20\n", "review: anniversary\n").replace("age >= 30 and", "age >= 29 and")
    .replace("    plain: [", "    plain:\n      grace_days: 9\n      ladder: [")
    .replace("review: anniversary\n      grace_days: 15", "downgrade: earned").replace("refresh: weekly", "refresh: monthly")
)  # fmt: skip
RULES = (FIRST, SECOND, THIRD)

GRANTS = (("grace", "gold"), ("plain", "gold"), ("step", "b"), ("yearly", "silver"))

# -- what happens

_records, _orders = st.sampled_from(RECORDS), st.integers(0, 40)
customers = st.tuples(st.just("customer"), _records, st.sampled_from((None, *PHONES)), st.sampled_from(BIRTHDAYS))
orders = st.tuples(
    st.just("order"), _records, st.sampled_from(TOTALS), st.sampled_from(AGES), st.sampled_from((None, "store", "web"))
)
words = st.tuples(
    st.just("word"), _orders,
    st.sampled_from(({"refunded": "1000"}, {"refunded": "50"}, {"refunded": "0"}, {"status": "cancelled"}, {"status": "paid"},
                     {"status": "pending"}, {"total": "300"}, {"customer": "1"}, {"customer": "2"}, {"channel": "store"})),
)  # fmt: skip
days = st.tuples(st.just("days"), st.sampled_from((1, 1, 2, 6, 7, 19, 20, 30, 31, 61, 95, 366)))
judged = st.one_of(
    st.tuples(st.just("merge"), _records, _records), st.tuples(st.just("split"), _records), st.tuples(st.just("undo")),
    st.tuples(st.just("remove"), _records),
)  # fmt: skip
granted = st.tuples(st.just("grant"), _records, st.sampled_from(GRANTS), st.sampled_from((0, 3, 30)))
rules = st.tuples(st.just("rules"), st.integers(0, 2))
faults = st.tuples(st.just("fail"), st.sampled_from(SYSTEMS))
happenings = st.one_of(customers, orders, orders, words, days, days, judged, granted, rules, faults)
beginnings = st.lists(st.one_of(customers, orders, orders), min_size=4, max_size=14)


@dataclass
class History:
    """Plays what happens on a scene; a `fail` lasts until the end of the run."""

    scene: Scene
    count: int = 0
    verdicts: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    def play(self, happening: tuple[Any, ...]) -> None:
        with suppress(SettingsError, KeyError, AssertionError):  # nobody there, or one customer already
            getattr(self, f"do_{happening[0]}")(*happening[1:])

    def do_customer(self, record: tuple[str, str], phone: str | None, birthday: str | None) -> None:
        self.scene.customer(*record, phone=phone, birthday=birthday)

    def do_order(self, record: tuple[str, str], total: str, days_ago: int, channel: str | None) -> None:
        self.count += 1
        self.scene.order(record[0], f"o{self.count}", total, days_ago, customer=record[1], channel=channel)

    def do_word(self, number: int, fields: dict[str, str]) -> None:
        known = sorted((name, id_) for name in SYSTEMS for id_ in self.scene.system(name).orders)
        if known:
            system, id_ = known[number % len(known)]
            self.scene._next(system).put("orders", {"id": id_, **fields})

    def do_days(self, count: int) -> None:
        self.scene.advance(count)

    def do_merge(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        self.verdicts.append(verdict.merge(self.scene.hub, self.scene.who(*one), self.scene.who(*other), "told us"))

    def do_split(self, record: tuple[str, str]) -> None:
        named = [":".join(record)]
        self.verdicts.append(verdict.split(self.scene.hub, self.scene.who(*record), named, "not her"))

    def do_undo(self) -> None:
        if self.verdicts:
            verdict.undo(self.scene.hub, self.verdicts.pop())

    def do_remove(self, record: tuple[str, str]) -> None:
        self.scene._next(record[0]).remove(record[1])

    def do_grant(self, record: tuple[str, str], granted: tuple[str, str], until_days: int) -> None:
        self.scene.hub.as_of = self.scene.today.toordinal()
        self.scene.grant(*record, *granted, until_days)

    def do_rules(self, number: int) -> None:
        self.scene.reconfigure(configured(RULES[number]))

    def do_fail(self, system: str) -> None:
        self.failing.add(system)

    def sync(self) -> None:
        """A run; what fails, fails at its first request."""
        for name in self.failing:
            self.scene.system(name).fail["read"] = 1
        self.scene.sync(plan_only=True)


def configured(text: str) -> str:
    """A configuration with these rules, for a scene."""
    return CONNECTIONS.replace("{rules}", text.replace("{", "{{").replace("}", "}}"))


@contextmanager
def playing(location: str = "", text: str = FIRST) -> Iterator[History]:
    """A brand of its own, whose orders tell their channel."""
    known = memory.ORDERS
    memory.ORDERS = replace(known, fields=(*known.fields, Field("channel", "channel", CODE)))
    with tempfile.TemporaryDirectory(prefix="kehub-history-") as name:
        folder = Path(name)
        scene = Scene(folder, location or str(folder / "kehub.db"), FixedClock(NOW), yaml=configured(text))
        try:
            yield History(scene)
        finally:
            scene.close()
            memory.ORDERS = known


def profile(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


# -- what came of it

_LIVING = "customer IN (SELECT id FROM customer WHERE merged_into IS NULL)"


def outcome(scene: Scene, *, facts: bool = True) -> dict[str, list[Any]]:
    """Facts that rules read, decisions with the days of those that remember, stays, memories and holds of the living."""
    remember = {one.name for one in scene.hub.rules.programmes if one.remembers}
    rows = scene.store.db.rows
    decisions = rows(f"SELECT customer, programme, value, since FROM decision WHERE to_day = 0 AND {_LIVING}")
    memories = rows(f"SELECT customer, programme, base, base_day, state, next_day FROM tier_memory WHERE {_LIVING}")
    found: dict[str, list[Any]] = {
        "decisions": sorted((*row[:3], row[3] if row[1] in remember else "") for row in decisions),
        "stays": sorted(rows(f"SELECT customer, segment FROM membership WHERE to_day = 0 AND {_LIVING}")),
        "memories": sorted((*row[:4], _dayless(row[4]), row[5]) for row in memories if row[1] in remember),
        "held": sorted(rows("SELECT customer, programme, value FROM held")),
    }
    if facts:
        columns = ", ".join(sorted(_read(scene)))
        found["facts"] = sorted(rows(f"SELECT customer, {columns} FROM facts WHERE {_LIVING}"), key=repr)
        found["values"] = sorted(rows(f"SELECT customer, name, value FROM fact_value WHERE {_LIVING}"))
    return found


def _dayless(state: str) -> dict[str, Any]:
    return {name: value for name, value in orjson.loads(state).items() if name != "day"}


def _read(scene: Scene) -> frozenset[str]:
    from sync import reads

    return reads.wanted(scene.hub.rules, reads.dialect(scene.store)).columns


def same(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> None:
    """Equal, or told by table."""
    for table, rows in one.items():
        theirs = other[table]
        mine = [row for row in rows if row not in theirs]
        assert rows == theirs, (table, mine, [row for row in theirs if row not in rows])


def everybody_again(history: History) -> dict[str, list[Any]]:
    """What one gets by looking at everybody on this day, without reading anything again."""
    scene = history.scene
    scene.look_at_everybody()
    for name in SYSTEMS:
        scene.store.runs.pause(name, "tester")
    scene.sync(plan_only=True)
    for name in SYSTEMS:
        scene.store.runs.unpause(name)
    return outcome(scene)
