"""The same rule gives the same answer on SQLite, PostgreSQL and DuckDB, and it is the answer that the rule's own words give.

The judge is a small evaluator in this file, with the three-valued logic of SQL: true, false, unknown.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules.catalogue import CATALOGUE, Fact
from rules.nodes import (
    And,
    Arithmetic,
    Between,
    Compare,
    Constant,
    DaysSince,
    FactOf,
    HasTag,
    In,
    IsNull,
    Like,
    Measured,
    Minus,
    Node,
    Not,
    Or,
    Segment,
    TierOf,
    Truth,
)
from rules.reading import Rule, World, Wrong, read
from rules.sizes import size
from rules.sql import Dialect, Sql

OWN = {
    "visits": Fact("visits", "count", "custom", "visits of the app"),
    "gifts": Fact("gifts", "money", "custom", "gifts received"),
    "wedding_on": Fact("wedding_on", "day", "custom", "day of the wedding"),
    "newsletter": Fact("newsletter", "flag", "custom", "reads the newsletter"),
    "per_visit": Fact("per_visit", "money", "custom", "spent a visit", derived="spend_life / visits"),
}
WORLD = World(
    facts=CATALOGUE | OWN,
    segments={"big": read("spend_life >= 3000 or orders_life > 5"), "guests": None},
    programmes={"membership": ("black", "gold", "银卡")},
)
SHOES = ("orders:category:鞋/跑鞋:365d", "spend:category:鞋/跑鞋:365d", "orders:sku:x'y:life")
VALUES = ("visits", "gifts", "wedding_on", "newsletter", *SHOES)
FACTS = {
    "customer": "text", "as_of": "int", "orders_365d": "int", "orders_life": "int", "spend_365d": "int", "spend_life": "int",
    "first_order_on": "int", "last_order_on": "int", "registered_on": "int", "age": "int", "has_phone": "int", "city": "text",
    "province": "text", "home_store": "text",
}  # fmt: skip
LOOKED_UP = {
    "membership": "text", "guests": "flag", "tagged": "flag", **{f"v{number}": "int" for number in range(len(VALUES))},
}  # fmt: skip
"""What is no column of the facts; on DuckDB these are columns as well."""

Row = dict[str, Any]
TEXTS = (
    None, "", "上海", "上海市", "a", "A", "é", "e\u0301", "😀", "😀b", "a%b", "a_b", "axb", "a\\b", "a\\%b", "o'k", "[a]", "*",
    "?", "a]b", "ß", "İ", "%", "_", "a\nb", "-- x", "gold", "北京", "ａ", "^", "[^a]", "{x}",
)  # fmt: skip
BIG = (2**53, 2**53 + 1, 2**59, 2**60 - 1, 2**60, -(2**60) + 1)
COUNTS = (None, 0, 1, 2, 5, 6, -3, 7, *BIG)
MONEY = (None, 0, 1, 99, 100, 300_000, 299_999, -500, 30_000, *BIG)
DAYS = tuple(
    day and date.fromisoformat(day).toordinal()
    for day in (None, "2024-02-28", "2024-02-29", "2024-03-01", "2025-12-31", "2026-01-01", "0001-01-01", "9999-12-31")
)
AS_OF = tuple(day for day in DAYS[1:6] if day)


def rows() -> list[Row]:
    """Rows of every awkward value beside every other sort, in steps that share no factor."""
    made = []
    for n in range(96):
        row: Row = {
            "customer": f"C{n:02}", "as_of": AS_OF[n % 5], "orders_365d": COUNTS[n % 14], "orders_life": COUNTS[n * 3 % 14],
            "spend_365d": MONEY[n * 7 % 15], "spend_life": MONEY[n * 4 % 15], "first_order_on": DAYS[n * 5 % 8],
            "last_order_on": DAYS[n * 3 % 8], "registered_on": DAYS[n % 8], "age": COUNTS[n * 5 % 8],
            "has_phone": (0, 1, None)[n % 3], "city": TEXTS[n % 32], "province": TEXTS[n * 5 % 32],
            "home_store": TEXTS[n * 7 % 32],
            "membership": (None, "black", "gold", "银卡")[n % 4], "guests": n % 5 == 0, "tagged": n % 7 == 0,
            "v0": COUNTS[n * 9 % 14], "v1": MONEY[n * 2 % 15], "v2": DAYS[n * 7 % 8], "v3": (0, None, 1)[n * 2 % 3],
            "v4": COUNTS[n * 11 % 8], "v5": MONEY[n * 8 % 15], "v6": COUNTS[n * 13 % 8],
        }  # fmt: skip
        made.append(row)
    made.append(
        dict.fromkeys((*FACTS, *LOOKED_UP)) | {"customer": "none", "as_of": AS_OF[0], "guests": False, "tagged": False}
    )
    return made


ROWS = rows()
ORDERED = sorted(ROWS, key=lambda row: row["customer"])


def tag(text: str) -> bytes:
    return b"key of " + text.encode()


# -- the judge


def judge(node: Node, row: Row) -> Any:
    """The value of a node for a row; None is unknown."""
    return JUDGES[type(node)](node, row)


def looked_up(name: str, kind: str, row: Row) -> Any:
    found = row[f"v{VALUES.index(name)}"]
    return 0 if found is None and kind != "day" else found


def alike(row: Row, *nodes: Any) -> list[Any]:
    found = [judge(node, row) for node in nodes]
    if all(size(node).whole for node in nodes):
        return found
    return [None if value is None else float(value) for value in found]


def arithmetic(node: Arithmetic, row: Row) -> Any:
    left, right = judge(node.left, row), judge(node.right, row)
    if left is None or right is None:
        return None
    if not size(node).whole:
        left, right = float(left), float(right)
    if node.sign == "/":
        return left / right if right else None
    found = left + right if node.sign == "+" else left - right if node.sign == "-" else left * right
    assert isinstance(found, float) or abs(found) < 2**63
    return found


OPERATORS = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def compare(node: Compare, row: Row) -> bool | None:
    left, right = alike(row, node.left, node.right)
    return None if left is None or right is None else OPERATORS[node.operator](left, right)


def between(node: Between, row: Row) -> bool | None:
    left, low, high = alike(row, node.left, node.low, node.high)
    above = None if left is None or low is None else left >= low
    below = None if left is None or high is None else left <= high
    return both(above, below)


def within(node: In, row: Row) -> bool | None:
    left, *options = alike(row, node.left, *node.options)
    return None if left is None else left in options


def like(node: Like, row: Row) -> bool | None:
    left = judge(node.left, row)
    pattern = "".join({"%": "(?s:.*)", "_": "(?s:.)"}.get(char, re.escape(char)) for char in node.pattern)
    return None if left is None else re.fullmatch(pattern, left) is not None


def both(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if one is None or other is None else True


def deny(one: bool | None) -> bool | None:
    return None if one is None else not one


JUDGES: dict[type, Any] = {
    FactOf: lambda node, row: looked_up(node.name, node.kind, row) if node.own else row[node.name],
    Constant: lambda node, row: node.value,
    Minus: lambda node, row: None if (found := judge(node.inner, row)) is None else -found,
    Arithmetic: arithmetic,
    DaysSince: lambda node, row: None if (day := judge(node.day, row)) is None else row["as_of"] - day,
    TierOf: lambda node, row: row[node.programme],
    Measured: lambda node, row: looked_up(node.measure.name, node.kind, row),
    Truth: lambda node, row: node.holds,
    Compare: compare,
    In: within,
    Between: between,
    Like: like,
    IsNull: lambda node, row: judge(node.left, row) is None,
    Not: lambda node, row: deny(judge(node.inner, row)),
    And: lambda node, row: reduce(both, (judge(part, row) for part in node.parts)),
    Or: lambda node, row: deny(reduce(both, (deny(judge(part, row)) for part in node.parts))),
    Segment: lambda node, row: row["guests"] if node.inner is None else judge(node.inner, row) is True,
    HasTag: lambda node, row: row["tagged"],
}


# -- the engines


@dataclass
class Engines:
    """The three, with the same rows in each."""

    sqlite: sqlite3.Connection
    postgres: Any
    duck: Any

    def answers(self, rules: list[Rule]) -> dict[str, list[tuple[Any, ...]]]:
        """Of each engine a row for each customer, with the answer of each rule."""
        return {
            "sqlite": self._ask("sqlite", rules), "postgresql": self._ask("postgresql", rules), "duckdb": self._duck(rules),
        }  # fmt: skip

    def _ask(self, dialect: Dialect, rules: list[Rule]) -> list[tuple[Any, ...]]:
        sql = Sql(dialect, tag=tag)
        columns = [asked(sql, rule) for rule in rules]
        return self.run(dialect, f"SELECT {', '.join(columns)} FROM facts f ORDER BY f.customer", sql)

    def run(self, dialect: Dialect, query: str, sql: Sql) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        if dialect == "sqlite":
            return self.sqlite.execute(query, sql.params).fetchall()
        found: list[tuple[Any, ...]] = self.postgres.rows(query, sql.params)
        return found

    def _duck(self, rules: list[Rule]) -> list[tuple[Any, ...]]:
        from rules.ibis_form import condition, value

        table = self.duck.table("wide")
        columns = {name: table[name] for name in LOOKED_UP}
        joined = {
            "tier:membership": columns["membership"], "list:guests": columns["guests"], "tag:常客": columns["tagged"],
            **{f"fact:{name}": columns[f"v{number}"] for number, name in enumerate(VALUES)},
            **{name: columns[f"v{number}"] for number, name in enumerate(VALUES)},
        }  # fmt: skip
        made = {
            f"a{number}": (value if is_value(rule) else condition)(rule.tree, table, joined)
            for number, rule in enumerate(rules)
        }
        found = table.select("customer", **made).order_by("customer").drop("customer").to_pyarrow().to_pylist()
        return [tuple(row.values()) for row in found]


def is_value(rule: Rule) -> bool:
    return hasattr(rule.tree, "kind")


def asked(sql: Sql, rule: Rule) -> str:
    if is_value(rule):
        return sql.value(rule.tree)
    condition = sql.condition(rule.tree)
    return f"CASE WHEN {condition} THEN 1 WHEN NOT {condition} THEN 0 END"


TYPES = {
    "sqlite": {"int": "INTEGER", "text": "TEXT", "blob": "BLOB"},
    "postgresql": {"int": "BIGINT", "text": 'TEXT COLLATE "C"', "blob": "BYTEA"},
}
TABLES = {
    "facts": FACTS,
    "fact_value": {"customer": "text", "name": "text", "value": "int"},
    "daily": {"customer": "text", "name": "text", "value": "int", "as_of": "int"},
    "decision": {"customer": "text", "programme": "text", "value": "text", "to_day": "int"},
    "membership": {"customer": "text", "segment": "text", "to_day": "int"},
    "customer_tag": {"customer": "text", "tag": "blob"},
}


def contents() -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The rows of all tables."""
    for row in ROWS:
        customer = row["customer"]
        yield "facts", tuple(row[name] for name in FACTS)
        for number, name in enumerate(VALUES):
            if row[f"v{number}"] is not None:
                yield "fact_value", (customer, name, row[f"v{number}"])
                yield "daily", (customer, name, row[f"v{number}"], row["as_of"])
            yield "daily", (customer, name, 7, row["as_of"] + 1)
        if row["membership"]:
            yield "decision", (customer, "membership", row["membership"], 0)
        yield "decision", (customer, "membership", "black", 739000)
        if row["guests"]:
            yield "membership", (customer, "guests", 0)
        yield "membership", (customer, "guests", 739000)
        if row["tagged"]:
            yield "customer_tag", (customer, tag("常客"))


@pytest.fixture(scope="module")
def engines(postgres_url: str) -> Iterator[Engines]:
    """All three, filled."""
    import ibis

    from hub.store.postgres import PostgresDatabase

    sqlite, duck = sqlite3.connect(":memory:"), ibis.duckdb.connect()
    postgres = PostgresDatabase(f"{postgres_url}{'&' if '?' in postgres_url else '?'}schema=rules_engines")
    for table, columns in TABLES.items():
        for dialect, execute in (("sqlite", sqlite.execute), ("postgresql", postgres.execute)):
            types = TYPES[dialect]
            execute(f"CREATE TABLE {table} ({', '.join(f'{name} {types[kind]}' for name, kind in columns.items())})")
    for table, row in contents():
        slots = ", ".join("?" * len(row))
        sqlite.execute(f"INSERT INTO {table} VALUES ({slots})", row)
        postgres.many(f"INSERT INTO {table} VALUES ({slots})", [row])
    types = {"int": "BIGINT", "text": "VARCHAR", "flag": "BOOLEAN"}
    wide = FACTS | LOOKED_UP
    duck.raw_sql(f"CREATE TABLE wide ({', '.join(f'{name} {types[kind]}' for name, kind in wide.items())})")
    duck.con.executemany(
        f"INSERT INTO wide VALUES ({', '.join('?' * len(wide))})", [[row[name] for name in wide] for row in ROWS]
    )
    yield Engines(sqlite, postgres, duck)
    sqlite.close()
    postgres.execute("DROP SCHEMA rules_engines CASCADE")
    postgres.close()
    duck.disconnect()


def hold(engines: Engines, rules: list[Rule]) -> None:
    """Every engine says what the judge says."""
    wanted = [tuple(judge(rule.tree, row) for rule in rules) for row in ORDERED]
    for engine, found in engines.answers(rules).items():
        for row, mine, theirs in zip(ORDERED, wanted, found, strict=True):
            for rule, one, other in zip(rules, mine, theirs, strict=True):
                assert one == other, f"{engine}: {rule.text}\nfor {row}:\nit says {other!r}, the judge {one!r}"


# -- rules picked by hand

CONDITIONS = """
spend_365d >= 3000 and city in ('上海', '上海市')
aov_365d >= 300
aov_life / 3 < 0.1
not (spend_365d / orders_365d >= 300)
spend_life = spend_365d + 0.01
spend_365d + spend_life > 0
spend_life * 2 = spend_365d * 2
spend_365d + spend_life + gifts + spend_365d > 3000
spend_life * 4 <> spend_365d * 4
spend_life * 3 >= spend_365d
orders_life * orders_365d > 2
orders_life >= 2.5
orders_life in (1, 2.5, 6)
orders_life between 0.5 and 6
orders_life - orders_365d * 0.5 > 0
-spend_life > -spend_365d
age * 0 = 0 or age is null
city = 'a'
city <> 'A'
city like 'a%b'
city like 'A%'
city like '%'
city like '_'
city like '__'
city like '[a]'
city like '*'
city like '?'
city like '%\\%'
city like 'a\\_b'
city like '[^a]'
city like 'a]%'
city like ''
city not like '%海%'
city = 'o''k'
city in ('é', 'ß', '😀', '')
city = province
city <> home_store or city is null
has_phone
not has_phone
has_phone = false or newsletter
newsletter <> 1
has_phone = newsletter
recency >= 0
recency between -1 and 366
days_since(last_order_on) = 1
days_since(first_order_on) in (0, 1, 366)
days_since(wedding_on) < 0
recency is null
last_order_on >= '2024-02-29'
last_order_on = date '2025-12-31'
last_order_on > first_order_on
last_order_on - first_order_on > 365
last_order_on between '2024-02-29' and '2026-01-01'
wedding_on is not null and wedding_on > registered_on
purchase_interval > 30
visits + 1 > orders_life
gifts * 0.1 >= spend_life * 0.05
per_visit >= 100
tier_of(membership) = 'gold'
tier_of(membership) in ('black', '银卡') or tier_of(membership) is null
tier_of(membership) = city
in_segment(big) and not in_segment('guests')
not in_segment(big)
has_tag('常客') or has_phone
orders_on('category', '鞋/跑鞋', '365d') >= 2
spend_on('category', '鞋/跑鞋', '365d') / orders_on('category', '鞋/跑鞋', '365d') > 50
orders_on('sku', 'x''y') > 0
近365天消费 ＞＝ 3000 and 城市 in （'上海'，'北京'）
true
not false and has_phone
""".strip().splitlines()
HAND = [read(text, WORLD) for text in CONDITIONS]
FIGURES = (
    "spend_life / orders_life", "spend_life", "city", "spend_life * 7 - spend_365d", "orders_life / 3", "-gifts",
    "spend_365d / spend_life", "1 / (orders_life - 1)", "last_order_on - first_order_on",
    "tier_of(membership)", "spend_on('category', '鞋/跑鞋', '365d')", "0.1 + 0.2", "visits * visits * visits",
)  # fmt: skip


def test_rules_picked_by_hand_have_one_answer(engines: Engines) -> None:
    hold(engines, HAND)


def test_values_picked_by_hand_have_one_answer(engines: Engines) -> None:
    hold(engines, [read(text, WORLD, wants="value") for text in FIGURES])


def test_money_is_compared_exactly_where_doubles_would_not_tell_two_amounts_apart(engines: Engines) -> None:
    same = read("spend_365d = spend_life", WORLD)
    row = {"spend_365d": 2**53, "spend_life": 2**53 + 1}
    assert float(row["spend_365d"]) == float(row["spend_life"])
    assert judge(same.tree, row) is False
    sql = Sql("sqlite")
    assert "DOUBLE" not in sql.condition(same.tree)
    assert "DOUBLE" not in sql.condition(
        read("spend_365d + spend_life + gifts + spend_365d - 5 >= 2 * 3000", WORLD).tree
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_first_case_that_holds_is_taken_and_the_last_is_the_floor(engines: Engines, engine: Dialect) -> None:
    cases = [("金'", "spend_life >= 3000"), ("b", "orders_life > 1"), ("floor", "false")]
    sql = Sql(engine)
    text = sql.first_match([(name, read(when, WORLD).tree) for name, when in cases])
    found = engines.run(engine, f"SELECT {text} FROM facts f ORDER BY f.customer", sql)
    assert [value for (value,) in found] == [
        next((name for name, when in cases[:-1] if judge(read(when, WORLD).tree, row)), "floor") for row in ORDERED
    ]
    assert {value for (value,) in found} == {"金'", "b", "floor"}
    alone = Sql(engine)
    assert alone.first_match([("only", read("true").tree)]) == "CAST(:r0 AS TEXT)"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_values_are_those_of_the_day_where_there_is_a_row_for_each_day(engines: Engines, engine: Dialect) -> None:
    rule = read("visits > 1 and wedding_on is not null or gifts = 0 or newsletter", WORLD)
    sql = Sql(engine, facts="g", values="daily", as_of_rows=True)
    found = engines.run(
        engine, f"SELECT g.customer FROM facts g WHERE {sql.condition(rule.tree)} ORDER BY g.customer", sql
    )
    assert [customer for (customer,) in found] == [row["customer"] for row in ORDERED if judge(rule.tree, row)]


# -- rules made up


def numbers(*given: str) -> st.SearchStrategy[str]:
    return st.sampled_from(given)


FIGURE = numbers("0", "1", "2", "3", "5", "0.5", "1.25", "100", "3000", "0.01", "90071992547409.91")
COUNT = numbers(
    "orders_365d", "orders_life", "age", "visits", "orders_on('category', '鞋/跑鞋', '365d')", "orders_on('sku', 'x''y')",
    "(last_order_on - first_order_on)", "(wedding_on - registered_on)",
)  # fmt: skip
AMOUNT = numbers(
    "spend_365d", "spend_life", "gifts", "spend_on('category', '鞋/跑鞋', '365d')", "aov_life", "per_visit"
)
OPERATOR = st.sampled_from(sorted(OPERATORS))


@st.composite
def plain(draw: st.DrawFn, deep: int = 2) -> str:
    """A count or a number."""
    if not deep or draw(st.booleans()):
        return draw(st.one_of(COUNT, COUNT, FIGURE))
    if draw(st.integers(0, 5)) == 0:
        return f"({draw(money(deep - 1))} / {draw(money(deep - 1))})"
    if draw(st.integers(0, 5)) == 0:
        return f"-({draw(plain(deep - 1))})"
    return f"({draw(plain(deep - 1))} {draw(st.sampled_from('+-*/'))} {draw(plain(deep - 1))})"


@st.composite
def money(draw: st.DrawFn, deep: int = 2) -> str:
    """An amount of money."""
    if not deep or draw(st.booleans()):
        return draw(AMOUNT)
    if draw(st.booleans()):
        return f"({draw(money(deep - 1))} {draw(st.sampled_from('*/'))} {draw(plain(deep - 1))})"
    return f"({draw(money(deep - 1))} {draw(st.sampled_from('+-'))} {draw(st.one_of(money(deep - 1), FIGURE))})"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


WORDS = st.sampled_from([text for text in TEXTS if text is not None and "\n" not in text]).map(quoted)
PATTERNS = st.text(st.sampled_from("%_aAb海上*?[]^\\'é😀"), max_size=6).map(quoted)
TEXT = st.sampled_from(["city", "province", "home_store", "tier_of(membership)"])
FREE = st.sampled_from(["city", "province", "home_store"])
DAY = st.sampled_from(["first_order_on", "last_order_on", "registered_on", "wedding_on"])
SPAN = st.sampled_from([-1, 0, 1, 2, 306, 365, 366, 671, 36500])
MOMENT = st.sampled_from(["'2024-02-29'", "date '2025-12-31'", "'2026-01-01'", "'0001-01-01'"])
ALONE = st.sampled_from(
    ["has_phone", "newsletter", "in_segment(big)", "in_segment(guests)", "has_tag('常客')", "true", "false"]
)


@st.composite
def leaf(draw: st.DrawFn) -> str:
    """One comparison."""
    operator, equal = draw(OPERATOR), draw(st.sampled_from(["=", "<>"]))
    refused = draw(st.sampled_from(["", "not "]))
    makes = [
        lambda: f"{draw(money())} {operator} {draw(st.one_of(money(), FIGURE))}",
        lambda: f"{draw(plain())} {operator} {draw(plain())}",
        lambda: f"{draw(st.one_of(money(1), plain(1)))} is {refused}null",
        lambda: f"{draw(money(1))} {refused}between {draw(st.sampled_from([0, 1, -5]))} and {draw(st.one_of(FIGURE, money(0)))}",
        lambda: f"{draw(plain(1))} {refused}in ({', '.join(draw(st.lists(FIGURE, min_size=1, max_size=4)))})",
        lambda: f"{draw(FREE)} {equal} {draw(st.one_of(WORDS, TEXT))}",
        lambda: f"{draw(FREE)} {refused}in ({', '.join(draw(st.lists(WORDS, min_size=1, max_size=4)))})",
        lambda: f"{draw(TEXT)} {refused}like {draw(st.one_of(PATTERNS, WORDS))}",
        lambda: f"{draw(DAY)} {operator} {draw(st.one_of(DAY, MOMENT))}",
        lambda: f"days_since({draw(DAY)}) {operator} {draw(SPAN)}",
        lambda: f"days_since({draw(DAY)}) {refused}in ({draw(SPAN)}, {draw(SPAN)})",
        lambda: draw(ALONE),
        lambda: f"tier_of(membership) {equal} {draw(st.sampled_from(['black', '银卡']).map(quoted))}",
    ]  # fmt: skip
    return draw(st.sampled_from(makes))()


CONDITION = st.recursive(
    leaf(),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=5,
)


TOLD = "constant|division by zero|too large|too small|beyond any number|exact amount|chained|comes first"


def made(texts: list[str], wants: Any = "condition") -> list[Rule]:
    """Those of the texts that are rules: constants beside each other, divisions by zero and the like are told."""
    found = []
    for text in texts:
        try:
            found.append(read(text, WORLD, wants))
        except Wrong as error:
            told = str(error)
            assert re.search(TOLD, told), f"{text}\n{told}"
    assume(found)
    return found


SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(st.lists(CONDITION, min_size=1, max_size=8))
def test_conditions_made_up_have_one_answer(engines: Engines, texts: list[str]) -> None:
    hold(engines, made(texts))


@SETTINGS
@given(st.lists(st.one_of(plain(3), money(3)), min_size=1, max_size=8))
def test_values_made_up_have_one_answer(engines: Engines, texts: list[str]) -> None:
    hold(engines, made(texts, "value"))
