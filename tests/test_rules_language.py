"""What the rule language reads, what it refuses and how it says so, and that no text whatever gets past it."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import nodes
from rules.calls import FUNCTIONS
from rules.catalogue import CATALOGUE, REFUSED, WINDOWS, Fact
from rules.faults import Fault
from rules.nodes import Constant, Measure, depth, walk
from rules.reading import LONGEST, MOST, World, Wrong, read, told
from rules.sql import Sql
from tests.wrong_rules import WRONG

OWN = {
    "visits": Fact("visits", "count", "custom", "visits of the app", ("到访次数",)),
    "per_visit": Fact("per_visit", "money", "custom", "spent a visit", derived="spend_life / visits"),
    "regular": Fact("regular", "flag", "custom", "comes often", derived="visits >= 3 and recency < 90"),
    "loop": Fact("loop", "number", "custom", "", derived="hoop + 1"),
    "hoop": Fact("hoop", "number", "custom", "", derived="loop * 2"),
    "broken": Fact("broken", "number", "custom", "", derived="nothing / 2"),
}
WORLD = World(
    facts=CATALOGUE | OWN,
    segments={"big": read("spend_365d >= 3000"), "vip": None},
    programmes={"membership": ("black", "gold", "银卡")},
)
"""What the rules of these tests may name."""


def words(text: str, **others: Any) -> str:
    return read(text, WORLD, **others).words


def faults(text: str, **others: Any) -> tuple[Fault, ...]:
    with pytest.raises(Wrong) as caught:
        read(text, others.pop("world", WORLD), **others)
    assert caught.value.faults, "a text is refused for a reason"
    return caught.value.faults


# -- what is refused


@pytest.mark.parametrize(("marked", "what", "meant", "remedy"), WRONG, ids=[row[0] for row in WRONG])
def test_each_wrong_text_is_told_what_is_wrong_where_and_what_to_do(
    marked: str, what: str, meant: str, remedy: str
) -> None:
    text = marked.replace("‹", "").replace("›", "")
    [fault] = faults(text, within="self")
    place = text[fault.offset : fault.offset + fault.length]
    assert f"{text[: fault.offset]}‹{place}›{text[fault.offset + fault.length :]}" == marked
    assert (fault.what, fault.meant, fault.remedy) == (what, meant, remedy)
    assert meant or remedy or "itself wrong" in what


def test_there_are_many_kinds_of_wrong() -> None:
    assert len({(what, remedy) for _, what, _, remedy in WRONG}) > 120


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_text() -> None:
    found = faults("spnd_365d > 3 and phone = '1' and (city = 3 or age > 30% or tier_of(membership) = 'golden')")
    assert [(fault.offset, fault.what) for fault in found] == [
        (0, "there is no fact spnd_365d"),
        (18, "no rule may read phone: it identifies a person and is sealed"),
        (42, "city is a text, 3 is a number"),
        (53, "a share is written as a number"),
        (82, "membership has no tier 'golden'"),
    ]


def test_names_are_told_even_where_the_text_has_no_shape() -> None:
    assert [fault.what for fault in faults("spnd_365d > 3 and (phone is null or")] == [
        "there is no fact spnd_365d",
        "this bracket is not closed",
        "no rule may read phone: it identifies a person and is sealed",
        "something is missing behind `or`",
    ]


def test_an_error_of_a_rule_is_an_error_of_settings_with_a_line_for_each_fault() -> None:
    with pytest.raises(Wrong) as caught:
        read("agee > 3 and city = 3", WORLD)
    assert str(caught.value) == (
        "there is no fact agee; did you mean age?\ncity is a text, 3 is a number; texts stand in single quotes"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("field", REFUSED)
def test_no_field_that_identifies_a_person_can_be_read(field: str) -> None:
    for text in (f"{field} is not null", f"{field.upper()} = 'x'", f"days_since({field}) > 1", f"({field} = 'x' or"):
        assert any("it identifies a person" in fault.what for fault in faults(text, world=World()))
    [fault] = faults(f"{field} = 'x'")
    assert fault.remedy == REFUSED[field]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("(" * 33 + "age" + ")" * 33 + " > 3", "more than 32 brackets within each other"),
        ("not " * 40 + "has_phone", "more than 32 of `not` and `-` within each other"),
        ("+".join(["age"] * 40) + " > 3", "more than 32 steps within each other"),
        ("age > 3 or " * 133 + "has_phone", "this has 403 parts, a rule has at most 400"),
        ("x" * 4001, "this has 4001 characters, a rule has at most 4000"),
        ("age in (" + "1," * 1000 + "1)", "a list has at most 1000 values, this one 1001"),
        ("orders_life" + "*orders_life" * 20 + " > 3", "this could grow beyond any number"),
        ("city = '\0'", "this text has a character that cannot be stored"),
        ("city = '\ud800'", "this text has a character that cannot be stored"),
        ("age > 3 \x07", "the character U+0007 is not part of rules"),
    ],
    ids=lambda text: text[:20].encode("ascii", "replace").decode(),
)
def test_limits_are_told(text: str, what: str) -> None:
    assert [fault.what for fault in faults(text)] == [what]


def test_texts_at_the_limits_are_read() -> None:
    read("(" * 32 + "age > 3" + ")" * 32)
    read("age > 3 or " * 132 + "has_phone")
    read("+".join(["age"] * 29) + " > 3")
    rule = read("age in (" + ",".join(map(str, [*range(9)] * 111)) + ")")
    assert len(rule.tree.options) == 9  # type: ignore[union-attr]


def test_segments_count_towards_the_parts_of_a_rule() -> None:
    half = read(" or ".join(["age > 3"] * 70))
    read("in_segment(half)", World(segments={"half": half}))
    [fault] = faults("in_segment(half) and in_segment(half)", world=World(segments={"half": half}))
    assert fault.what == "this has 425 parts, a rule has at most 400"


def test_facts_that_need_each_other_are_read_up_to_a_limit_and_never_for_long() -> None:
    def chained(link: str) -> World:
        made = {f"d{n}": Fact(f"d{n}", "count", "custom", "", derived=link.format(n - 1)) for n in range(1, 20)}
        return World(facts=CATALOGUE | made | {"d0": Fact("d0", "count", "custom", "")})

    assert read("d8 > 1", chained("d{} + 1")).reads == {"d0"}
    [fault] = faults("d9 > 1", world=chained("d{} + 1"))
    assert fault.what.endswith("more than 8 facts that need each other")
    doubled = chained("d{0} + d{0}")
    assert read("d7 > 1", doubled).words.count("d0") == 2**7
    [fault] = faults("d8 > 1", world=doubled)
    assert fault.what == "the fact d8 is itself wrong: this has 511 parts, a rule has at most 400"
    [fault] = faults("d8 > 1", world=chained(" + ".join(["d{0}"] * 30)))
    assert "is itself wrong" in fault.what


def test_what_must_be_a_value_is_no_condition_and_has_thresholds_that_are_known() -> None:
    assert words("aov_365d", wants="value") == words("spend_365d / orders_365d", wants="value")
    assert [fault.what for fault in faults("age > 3", wants="value")] == ["a condition stands where a value is wanted"]
    assert [fault.what for fault in faults("recency", wants="value")] == [
        "recency can only be compared with a constant"
    ]
    assert words("2.5", wants="value") == "Constant(kind='number', value=2.5)"


# -- the place, for people


def test_the_caret_stands_under_the_place_though_characters_are_wide() -> None:
    text = "城市 = '上海' and 消费额 > 3"
    [fault] = faults(text)
    assert told(text, fault) == "城市 = '上海' and 消费额 > 3\n" + " " * 18 + "^" * 6


def test_only_the_line_of_the_place_is_shown() -> None:
    text = "age > 3\n\tand citty = 'a'\nand has_phone"
    [fault] = faults(text)
    assert told(text, fault) == " and citty = 'a'\n     ^^^^^"
    assert told("", Fault(0, 0, "")) == "\n^"


def test_a_long_line_is_shown_around_the_place() -> None:
    text = "age > 3 and " * 20 + "agee > 3" + " and age > 3" * 20
    [fault] = faults(text)
    line, carets = told(text, fault).split("\n")
    assert len(line) == 120
    assert line[carets.index("^") : carets.rindex("^") + 1] == "agee"


def test_combining_marks_take_no_column() -> None:
    text = "city = 'e\u0301' and agee > 3"
    [fault] = faults(text)
    assert told(text, fault).split("\n")[1] == " " * 15 + "^^^^"


# -- what is read


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("spend_365d >= 3000", "3000 <= spend_365d"),
        ("spend_365d >= 3000", "近365天消费 >= 3000"),
        ("spend_365d >= 3000", "Spend_365D>=3000.00"),
        ("spend_365d >= 3000", "spend_365d　＞＝　３０００"),
        ("spend_365d >= 3000", "近365天消费 ≥ 3000"),
        ("spend_365d >= 3000", "((spend_365d) >= (3000))"),
        ("spend_365d >= 3000", "spend_365d >= 2 * (1000 + 500)"),
        ("spend_365d <= 3000", "spend_365d ≤ 3000"),
        ("city in ('上海', '杭州')", "城市 IN （'上海'，'杭州'）"),
        ("city in ('上海', '杭州')", "city in ('上海'、'杭州', '上海')"),
        ("city <> 'a'", "city != 'a'"),
        ("city <> 'a'", "city ≠ 'a'"),
        ("has_phone", "has_phone = true"),
        ("has_phone", "1 = has_phone"),
        ("city not in ('a')", "not city in ('a')"),
        ("city not like 'a%'", "not (city like 'a%')"),
        ("age not between 1 and 2", "not age between 1 and 2"),
        ("city is not null", "not city is null"),
        ("recency >= 180", "days_since(last_order_on) >= 180"),
        ("距末单天数 >= 180", "days_since(末单日期) >= 180"),
        ("180 < recency", "days_since(last_order_on) > 180"),
        ("aov_365d > 3", "spend_365d / orders_365d > 3"),
        ("purchase_interval > 3", "(last_order_on - first_order_on) / (orders_life - 1) > 3"),
        ("last_order_on > '2026-01-01'", "last_order_on > date '2026-01-01'"),
        ("age > 3 and (has_phone and has_email)", "age > 3 and (has_phone and has_email)"),
        ("in_segment(vip)", "in_segment('vip')"),
        ("tier_of(membership) = 'gold'", "'gold' = tier_of('membership')"),
        ("orders_on(sku, 'x')  > 1", "orders_on('sku', 'x', 'life') > 1"),
        ("spend_on(sku, 'x', '030D') > 1", "spend_on('sku', 'x', '30d') > 1"),
        ("regular and age > 3", "(visits >= 3 and days_since(last_order_on) < 90) and age > 3"),
        ("regular", "regular = 1"),
        ("not regular", "regular <> true"),
        ("not regular", "0 = regular"),
        ("age > 1 or age > 2 and age > 3", "age > 1 or (age > 2 and age > 3)"),
        ("not age > 1 and age > 2", "(not (age > 1)) and age > 2"),
        ("age - 1 - 2 * 3 > 0", "(age - 1) - (2 * 3) > 0"),
        ("-age * 2 < 1", "(-age) * 2 < 1"),
    ],
)
def test_different_spellings_of_a_rule_are_the_same_rule(text: str, same: str) -> None:
    assert words(text) == words(same)


def test_rules_that_say_different_things_have_different_words() -> None:
    texts = [
        "spend_365d >= 3000", "spend_365d > 3000", "spend_365d >= 3000.01", "orders_365d >= 3000", "city = '3000'", "city = 'a'",
        "city = 'A'", "city like 'a'", "not city = 'a'", "city is null", "age - 1 - 2 > 0", "age - (1 - 2) > 0",
        "in_segment(vip)",        "in_segment(big)", "has_tag('vip')", "spend_on(sku, 'a') > 1", "orders_on(sku, 'a') > 1",
        "true", "false",
    ]  # fmt: skip
    assert len({words(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("digits", "text", "minor"),
    [
        (2, "3000", 300_000),
        (0, "3000", 3000),
        (0, "3000.0", 3000),
        (3, "1.5", 1500),
        (2, "0.01", 1),
        (2, "3000 / 8", 37_500),
    ],
)
def test_amounts_are_in_the_currency_of_the_brand(digits: int, text: str, minor: int) -> None:
    for rule in (f"spend_life >= {text}", f"spend_life + {text} > gross_life", f"spend_life between {text} and 5000"):
        tree = read(rule, World(digits=digits)).tree
        assert minor in [node.value for node in walk(tree) if isinstance(node, Constant) and node.kind == "money"]


@pytest.mark.parametrize(("digits", "decimals"), [(0, "no decimals"), (2, "at most 2 decimals")])
def test_an_amount_has_no_more_decimals_than_its_currency(digits: int, decimals: str) -> None:
    [fault] = faults("spend_life >= 1.005", world=World(digits=digits))
    assert fault.remedy == f"the currency has {decimals}"
    read("spend_life * 1.005 >= aov_life / 0.125", World(digits=digits))


def test_texts_keep_what_they_are() -> None:
    found = words("city in ('（full，width）', 'it''s', 'AND', '--', '30%', 'e\u0301', '%', '{{x}}', ';')")
    for text in ("（full，width）", "it's", "AND", "--", "30%", "e\u0301", "{{x}}", ";"):
        assert repr(text) in found


# -- what is known of a rule


def test_a_rule_knows_what_it_reads() -> None:
    rule = read(
        "aov_365d > 3 and in_segment(big) and in_segment(vip) and visits > 1 and tier_of(membership) = 'gold'"
        " and has_tag('常客') and orders_on(category, '鞋/跑鞋', '365d') > spend_on(sku, 'x') / spend_on(sku, 'x')",
        WORLD,
    )
    assert rule.reads == {"spend_365d", "orders_365d", "visits"}
    assert rule.measures == (
        Measure("orders:category:鞋/跑鞋:365d", "orders", "category", "鞋/跑鞋", "365d"),
        Measure("spend:sku:x:life", "spend", "sku", "x", "life"),
    )
    assert (rule.lists, rule.segments, rule.programmes, rule.tags) == (
        {"vip"},
        {"vip", "big"},
        {"membership"},
        {"常客"},
    )


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        (">= 180", {180}), ("> 180", {181}), ("< 180", {180}), ("<= 180", {181}), ("= 180", {180, 181}), ("<> 180", {180, 181}),
        ("between 30 and 60", {30, 61}), ("not between 30 and 60", {30, 61}), ("in (1, 5)", {1, 2, 5, 6}), ("is null", set()),
        (">= -30", {-30}), ("> 2 * 90", {181}),
    ],
)  # fmt: skip
def test_the_days_on_which_a_rule_can_change_its_mind_are_known(condition: str, days: set[int]) -> None:
    rule = read(f"days_since(last_order_on) {condition} and age > 3")
    assert rule.days == {"last_order_on": days}


def test_the_days_of_a_rule_are_those_on_which_its_answer_changes() -> None:
    connection = sqlite3.connect(":memory:")
    for condition in (">= 3", "> 3", "< 3", "<= 3", "= 3", "<> 3", "between 2 and 4", "in (1, 5)", "not in (2, 3)"):
        rule = read(f"recency {condition}")
        sql = Sql("sqlite")
        query = f"SELECT {sql.condition(rule.tree)} FROM (SELECT :n + 100 AS as_of, 100 AS last_order_on) f"
        answers = [connection.execute(query, {**sql.params, "n": n}).fetchone()[0] for n in range(-1, 9)]
        changes = {n for n in range(9) if answers[n + 1] != answers[n]}
        known = rule.days["last_order_on"]
        assert changes <= known if "in" in condition else changes == known, condition
    connection.close()


def test_the_days_of_a_segment_and_of_several_facts_are_gathered() -> None:
    world = World(segments={"sleeping": read("recency > 180")})
    rule = read("in_segment(sleeping) or days_since(registered_on) < 30 or recency >= 365", world)
    assert rule.days == {"last_order_on": {181, 365}, "registered_on": {30}}


def test_a_rule_can_be_explained_in_the_words_of_its_text() -> None:
    rule = read(
        "(近365天消费>=3000 or not aov_365d  >  5) and in_segment(big) and has_phone and city not in ('a')", WORLD
    )
    assert [rule.said(leaf) for leaf in rule.leaves] == [
        "近365天消费>=3000", "aov_365d  >  5", "in_segment(big)", "has_phone", "city not in ('a')",
    ]  # fmt: skip
    average = rule.leaves[1].left  # type: ignore[attr-defined]
    assert (average.called, rule.said(average)) == ("aov_365d", "aov_365d")
    assert rule.leaves[0].left.called == ""  # type: ignore[attr-defined]
    assert read("age", wants="value").leaves == ()


def test_days_are_ordinals() -> None:
    tree = read("last_order_on >= '2024-02-29'").tree
    assert tree.right.value == date(2024, 2, 29).toordinal()  # type: ignore[union-attr]


@pytest.mark.parametrize("fact", [fact for fact in CATALOGUE.values() if fact.derived], ids=lambda fact: fact.name)
def test_every_derived_fact_of_the_catalogue_reads_stored_facts_and_has_its_kind(fact: Fact) -> None:
    if fact.name == "recency":
        assert read("recency >= 1").reads == {"last_order_on"}
        return
    rule = read(fact.name, wants="value")
    assert rule.tree.kind == fact.kind  # type: ignore[union-attr]
    assert all(not CATALOGUE[name].derived for name in rule.reads)


def test_no_two_facts_have_one_name() -> None:
    names = [name.lower() for fact in CATALOGUE.values() for name in (fact.name, *fact.zh)]
    assert len(names) == len(set(names))
    assert not set(names) & set(REFUSED)


# -- what binds stronger than what

SUM = st.lists(
    st.sampled_from(["age", "orders_life", "open_cases", "-age", "1", "2", "3"]), min_size=1, max_size=4
).flatmap(
    lambda terms: st.lists(st.sampled_from([" + ", " - ", " * "]), min_size=len(terms), max_size=len(terms)).map(
        lambda signs: "orders_365d" + "".join(sign + term for sign, term in zip(signs, terms, strict=True))
    )
)
END = st.one_of(
    st.tuples(st.sampled_from([" = ", " <> ", " < ", " >= "]), SUM).map("".join),
    st.sampled_from([" is null", " is not null", " in (1, 2, 3)", " not in (-1, 0)"]),
    st.tuples(st.sampled_from([" between ", " not between "]), st.just("-1 and "), SUM).map("".join),
)
TERM = st.tuples(st.sampled_from(["", "", "not ", "not not "]), SUM, END).map("".join)


@pytest.fixture(scope="module")
def small() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE facts (age, orders_life, open_cases, orders_365d)")
    values = (None, -1, 0, 2)
    connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", product(values, values, values, (None, 1, 3)))
    yield connection
    connection.close()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TERM, min_size=1, max_size=4), st.lists(st.sampled_from([" and ", " or "]), min_size=4, max_size=4))
def test_operators_bind_as_in_sql(small: sqlite3.Connection, terms: list[str], joins: list[str]) -> None:
    text = terms[0] + "".join(join + term for join, term in zip(joins, terms[1:], strict=False))
    sql = Sql("sqlite")
    ours = small.execute(f"SELECT {sql.condition(read(text).tree)} FROM facts f", sql.params).fetchall()
    assert ours == small.execute(f"SELECT {text} FROM facts").fetchall()


# -- whatever one writes


_BITS = (
    "spend_365d age city has_phone last_order_on recency aov_365d 3000 0.5 'a' '上海' '2026-01-01' ( ) , ; and or not in like"
    " between is null true date + - * / = <> <= >= < > == && || ! % ? :x {{x}} \" ' “ ” -- /* days_since( in_segment( tier_of("
    " orders_on( has_tag( membership vip select from case when f. 元 万 30% 3,000 。 ， （ ） 且 \\ \0 \ud800 😀 e\u0301 \n \t"
    " phone 手机号 nothing"
)
BITS = st.sampled_from(_BITS.split(" "))
GLUE = st.sampled_from(["", " ", " ", " "])
SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
ATTACKS = (
    "'; DROP TABLE facts; --", "' OR '1'='1", "') OR 1=1 --", "x' UNION SELECT body FROM record --", "\\' OR 1=1 --", "%s",
    "%(x)s", ":r0", "?", "$1", "*/ DROP", "a\\", "''", "'||(SELECT 1)||'", "\u02bc OR 1=1", "＇ OR 1=1",
)  # fmt: skip


def try_to_read(text: str) -> None:
    """It is a rule, or it is told why not; and nothing of its texts is in the SQL."""
    try:
        rule = read(text, WORLD)
    except Wrong as error:
        told_well(text, error)
        return
    assert depth(rule.tree) <= 32
    assert sum(1 for _ in walk(rule.tree)) <= MOST
    for dialect in ("sqlite", "postgresql"):
        sql = Sql(dialect, tag=str.encode)  # type: ignore[arg-type]
        clean(sql.condition(rule.tree))
    assert (rule.words, rule.days, rule.reads, rule.measures, rule.leaves) is not None


def told_well(text: str, error: Wrong) -> None:
    assert error.faults
    for fault in error.faults:
        assert 0 <= fault.offset <= fault.offset + fault.length <= len(text)
        assert "\n" in told(text, fault)
        assert fault.what


def clean(sql: str) -> None:
    """Only our own characters: no quotes of either kind but PostgreSQL's empty one, no comments, no places for others."""
    assert sql.isascii()
    assert not set(sql.replace("ESCAPE ''", "")) & set("'\"`;?%$\\#@{}[]|&!~^")
    assert "--" not in sql
    assert "/*" not in sql
    assert "::" not in sql


@SETTINGS
@given(st.lists(st.tuples(BITS, GLUE), max_size=25))
def test_whatever_bits_of_rules_are_put_together_are_read_or_told(bits: list[tuple[str, str]]) -> None:
    try_to_read("".join(bit + glue for bit, glue in bits))


@SETTINGS
@given(st.text(max_size=60))
def test_whatever_text_is_read_or_told(text: str) -> None:
    try_to_read(text)


@SETTINGS
@given(st.text(max_size=30))
def test_whatever_stands_in_quotes_is_a_parameter_and_nothing_else(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    asked = f"city = {quoted} or city like {quoted} or city in ({quoted}, {quoted}) or has_tag('x') or favourite_sku <> {quoted}"
    if any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text):
        assert {fault.what for fault in faults(asked)} == {"this text has a character that cannot be stored"}
        return
    rule = read(asked, WORLD)
    sql = Sql("postgresql", tag=str.encode)
    clean(sql.condition(rule.tree))
    assert list(sql.params.values()).count(text) == 4


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_leaves_its_quotes(attack: str) -> None:
    try_to_read(f"city = '{attack}'")
    try_to_read(attack)
    quoted = "'" + attack.replace("'", "''") + "'"
    for text in (f"city = {quoted}", f"has_tag({quoted})", f"orders_on(category, {quoted}) > 1", f"city like {quoted}"):
        rule = read(text, WORLD)
        sql = Sql("sqlite", tag=str.encode)
        clean(sql.condition(rule.tree))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3999, ")" * 3999, "not " * 1000, "-" * 3999, "- " * 1998 + "age", "1+" * 1997 + "1 > 2", "age>" * 999 + "1",
        "age is null " + "is null " * 490, "a." * 1999, "age and " * 499 + "age", "days_since(" * 300, "age in (" * 400,
        "age between 1 and " * 200 + "2", "'" * 3999, "1," * 1999, "((age))=" * 400, "not(" * 900, "age*" * 999 + "age",
        "{{" * 1999, "has_phone or " * 300 + "has_phone", "has_phone and has_email or " * 140 + "true",
        "age like 'x' like " * 200,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_texts_made_to_exhaust_the_reader_are_told(text: str) -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            try_to_read(text)

    assert len(text) <= LONGEST
    deep(sys.getrecursionlimit() // 3)


def test_only_names_that_are_names_become_part_of_sql() -> None:
    odd = {"x; --": Fact("x; --", "count", "profile", "", ("x",))}
    with pytest.raises(ValueError, match="no name of a column"):
        Sql("sqlite").condition(read("x > 1", World(facts=odd)).tree)
    with pytest.raises(ValueError, match="no name of a column"):
        Sql("sqlite", facts="f; DROP")
    with pytest.raises(ValueError, match="tags cannot be looked up"):
        Sql("sqlite").condition(read("has_tag('x')").tree)


# -- the page about it

PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
BRAND = World(segments={"sleeping": read("recency > 180")}, programmes={"membership": ("black", "gold", "silver")})


def examples(sort: str) -> list[str]:
    return re.findall(rf"^```{sort}\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", examples("rule"))
def test_every_example_of_the_page_is_a_rule(text: str) -> None:
    rule = read(text, BRAND)
    Sql("sqlite", tag=str.encode).condition(rule.tree)


@pytest.mark.parametrize("example", examples("wrong"), ids=lambda example: example.split("\n")[0])
def test_every_wrong_example_of_the_page_gets_the_message_that_it_shows(example: str) -> None:
    text = example.split("\n")[0]
    found = faults(text, world=BRAND)
    assert "\n".join(f"{told(text, fault)}\n{fault}" for fault in found) == example


def test_the_page_tells_every_construct() -> None:
    assert len(examples("rule")) >= 20
    assert len(examples("wrong")) >= 8
    trees = [node for text in examples("rule") for node in walk(read(text, BRAND).tree)]
    told_of = {type(node) for node in trees}
    everything = {kind for kind in vars(nodes).values() if isinstance(kind, type) and issubclass(kind, nodes.Node)}
    assert everything - told_of <= {nodes.Node, nodes.Value, nodes.Condition, nodes.Minus}
    for function in FUNCTIONS:
        assert f"`{function}`" in PAGE
    for window in WINDOWS:
        assert f"'{window}'" in PAGE or re.fullmatch(r"\d+d", window)
