"""The rules at the command line: read them, try them on invented customers, compare them, see who moves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.maker import FactMaker
from hub.plugins import Plugins
from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]

RULES = """
brand: {name: Test brand}
store: kehub.db
rules:
  facts:
    big_orders: {count: orders, where: total >= 500, window: 180d}
  tiers:
    membership:
      - {tier: gold, when: "spend_365d >= 5000 and orders_365d >= 2 and spend_on('category', '鞋/跑鞋', '365d') >= 1000"}
      - {tier: silver, when: "has_tag('vip') or big_orders >= 3"}
      - {tier: member}
    club:
      ladder:
        - {tier: inner, when: orders_365d >= 5}
        - {tier: outer}
      downgrade: one_step
      review: anniversary
      grace_days: 30
  segments:
    winback: {when: days_since(last_order_on) > 90 and has_phone, means: to be called}
    young: age < 30
    near: city in ('上海', '苏州') and has_phone
    golden: "tier_of('membership') = 'gold'"
    invited: {list: {file: invited.csv}}
    invited winback: in_segment('invited') and in_segment('winback')
connections: {}
"""

CASES = """
- name: gold by money
  as_of: 2026-03-01
  facts: {spend_365d: 5000.00, orders_365d: 2, orders_life: 2, 城市: 上海, last_order_on: 2026-02-01}
  measures: {"spend_on('category', '鞋/跑鞋', '365d')": 3000}
  expect: {membership: gold, club: outer, stage: repeat, segment.winback: false}
- name: a cent is missing
  as_of: 2026-03-01
  facts: {spend_365d: 4999.99, orders_365d: 2, has_phone: true, last_order_on: 2025-11-30}
  measures: {"spend_on('category', '鞋/跑鞋', '365d')": 3000}
  expect: {membership: member, segment.winback: yes}
- name: the ninetieth day
  as_of: 2026-03-01
  facts: {has_phone: true, last_order_on: 2025-12-01}
  expect: {segment.winback: no}
- name: a tag, a list, a standing tier, a birthday
  as_of: 2026-03-01
  facts: {birth_year: 1996, birth_month: 3, birth_day: 2, has_phone: true, last_order_on: 2025-06-01, orders_life: 1}
  tags: [VIP]
  lists: [invited]
  tiers: {membership: gold}
  expect: {tier: silver, segment.young: true, segment.golden: true, segment.invited winback: true, stage: at_risk}
- name: a fact of our own
  as_of: 2026-03-01
  facts: {big_orders: 3, age: 30}
  expect: {membership: silver, segment.young: false, stage: prospect, segment.golden: false}
"""


def rules(site: Site, cases: str = CASES, text: str = RULES) -> None:
    site.write(text)
    (site.folder / "invited.csv").write_text("id\n", encoding="utf-8")
    (site.folder / "rules_tests.yaml").write_text(cases, encoding="utf-8")


# -- check


def test_what_was_read_is_told_with_all_that_the_calendar_watches(site: Site) -> None:
    rules(site)
    facts = site.facts("rules", "check")
    main, club, stage = facts["programmes"]
    assert (main["programme"], main["main"], main["values"]) == ("membership", True, ["gold", "silver", "member"])
    assert main["reads"] == ["big_orders", "orders_365d", "spend_365d", "spend_on('category', '鞋/跑鞋', '365d')"]
    assert club["policy"] == {"downgrade": "one_step", "review": "anniversary", "grace_days": 30}
    assert (stage["programme"], stage["policy"]) == ("stage", None)
    assert [one["segment"] for one in facts["segments"]] == [
        "winback",
        "young",
        "near",
        "golden",
        "invited",
        "invited winback",
    ]
    assert facts["segments"][4]["list"] == {"file": "invited.csv", "column": "id"}
    (own,) = facts["facts"]
    assert (own["fact"], own["window"], own["where"]) == ("big_orders", "180d", "total >= 500")
    reads = facts["reads"]
    assert reads["windows"] == ["180d", "365d", "life"]
    assert reads["days_since"] == {"last_order_on": [91, 180, 365]}
    assert (reads["tags"], reads["lists"], reads["tiers"]) == (["vip"], ["invited"], ["membership"])
    assert {"fact": "age", "kind": "count"} in reads["facts"]


def test_what_was_read_is_told_to_people(site: Site) -> None:
    rules(site)
    text = site.kehub("rules", "check")
    for told in (
        "are sound", "membership (main)", "falls one step, on the anniversary, after 30 days", "count of orders, where",
        "days since last_order_on: rules change their mind at 91, 180, 365", "windows 180d, 365d", "age: on birthdays",
    ):  # fmt: skip
        assert told in text


def test_every_way_in_which_time_alone_changes_something_is_told(site: Site) -> None:
    lines = "{a: spend_ytd > 1 and spend_30d > 2, b: cases_365d > 1, c: age > 3, d: days_since(first_order_on) between 2 and 9}"
    (site.folder / "new.yaml").write_text(f"rules: {{segments: {lines}}}\n", "utf-8")
    text = site.kehub("rules", "check", "new.yaml")
    for told in (
        "the windows 30d", "begin anew on 1 January", "and leave after 365 days", "on birthdays",
        "days since first_order_on: rules change their mind at 2, 10",
    ):  # fmt: skip
        assert told in text


def test_all_that_is_wrong_is_told_with_its_place(site: Site) -> None:
    rules(site, text=RULES.replace("orders_365d >= 5", "orders_356d >= 5").replace("age < 30", "city < 30"))
    site.kehub("rules", "check", code=2)
    assert "kehub.yaml:14:31" in site.err
    assert 'did you mean "orders_365d"' in site.err
    assert "kehub.yaml:21:19" in site.err
    assert "^" in site.err


def test_the_rules_of_a_file_are_read_without_its_systems(site: Site) -> None:
    text = RULES.replace("connections: {}", "connections: {crm: {type: nowhere, secret: '${NOT_SET}'}}")
    (site.folder / "new.yaml").write_text(text, encoding="utf-8")
    assert site.facts("rules", "check", "new.yaml")["file"] == "new.yaml"
    only = "rules:\n  segments: {buyers: orders_life > 0}\n"
    (site.folder / "only.yaml").write_text(only, encoding="utf-8")
    assert site.facts("rules", "check", "only.yaml")["currency"] == "CNY"
    (site.folder / "none.yaml").write_text("store: x\n", encoding="utf-8")
    site.kehub("rules", "check", "none.yaml", code=2)
    assert "there are no rules in this file" in site.err
    (site.folder / "slip.yaml").write_text("brand: {name: x}\nruels: {}\n", encoding="utf-8")
    site.kehub("rules", "check", "slip.yaml", code=2)
    assert 'unknown key "ruels"; did you mean "rules"?' in site.err


def test_segments_may_be_named_before_they_are_written_with_and_without_quotes(site: Site) -> None:
    lines = ("a: in_segment(young_ones) and has_phone", "b: IN_SEGMENT（'a'）", "young_ones: age < 30")
    (site.folder / "new.yaml").write_text("rules:\n  segments:\n" + "".join(f"    {one}\n" for one in lines), "utf-8")
    assert site.facts("rules", "check", "new.yaml")["segments"][1]["reads"] == ["age", "has_phone"]
    (site.folder / "new.yaml").write_text("rules: {segments: {a: in_segment(b), b: in_segment( a )}}\n", "utf-8")
    site.kehub("rules", "check", "new.yaml", code=2)
    assert "the segment is made of itself: a -> b -> a" in site.err


# -- test


def test_what_a_plugin_makes_is_given_to_a_case(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = FactMaker("score", lambda facts: 1, frozenset({"orders_life"}))
    monkeypatch.setattr(Plugins, "fact_makers", lambda self, plugin: {"score": maker})
    text = "brand: {name: x}\nrules: {facts: {score: {plugin: acme}}, segments: {good: score > 5}}\n"
    rules(site, "- {name: n, as_of: 2026-03-01, facts: {score: 6}, expect: {segment.good: yes}}\n", text)
    assert site.facts("rules", "test")["passed"] == 1
    (own,) = site.facts("rules", "check", "kehub.yaml")["facts"]
    assert (own["fact"], own["how"], own["of"]) == ("score", "plugin", "score")
    assert "made by a plugin" in site.kehub("rules", "check", "kehub.yaml")


def test_cases_pass_and_are_summed_up(site: Site) -> None:
    rules(site)
    text = site.kehub("rules", "test")
    assert text.splitlines()[-1] == "5 cases, 16 answers: 5 passed, 0 failed."
    assert "Tested as what the facts alone earn that day, without memory and grants: club." in text
    facts = site.facts("rules", "test", "rules_tests.yaml")
    assert (facts["passed"], facts["failed"]) == (5, 0)
    assert [answer["found"] for answer in facts["cases"][0]["answers"]] == ["gold", "outer", "repeat", "no"]


def test_the_cases_lie_beside_the_configuration(site: Site, tmp_path: Path) -> None:
    rules(site)
    (site.folder / "tests").mkdir()
    (site.folder / "tests" / "rules_more.yaml").write_text(CASES, encoding="utf-8")
    assert site.facts("rules", "test")["passed"] == 10
    (site.folder / "rules_tests.yaml").unlink()
    assert site.facts("rules", "test")["passed"] == 5
    (site.folder / "tests" / "rules_more.yaml").unlink()
    site.kehub("rules", "test", code=2)
    assert "there are no cases to test" in site.err


FAILING = """
- name: too little
  as_of: 2026-03-01
  facts: {spend_365d: 4000, orders_365d: 1}
  expect: {membership: gold, segment.winback: true}
- name: a tag too many
  as_of: 2026-03-01
  tags: [vip]
  expect: {membership: member}
- name: elsewhere
  as_of: 2026-03-01
  facts: {city: 杭州}
  expect: {segment.near: true}
"""


def test_a_case_that_fails_tells_every_comparison_with_both_values(site: Site) -> None:
    rules(site, FAILING)
    text = site.kehub("rules", "test", code=2)
    assert "FAILED  too little  (" in text
    assert "rules_tests.yaml:2:3)" in text
    assert "membership is member, gold was expected" in text
    assert "gold: fails: " in text
    assert "CNY 4,000.00, needs at least CNY 5,000.00" in text
    assert "1, needs at least 2" in text
    assert "segment.winback is no, yes was expected" in text
    assert "segment.winback: unknown: " in text
    assert "membership is silver, member was expected" in text
    assert "silver: holds: has_tag('vip')" in text
    assert "segment.near: fails: needs city in ('上海', '苏州') (is 杭州)" in text
    assert "segment.near: fails: needs has_phone (is 0)" in text
    assert text.splitlines()[-1] == "3 cases, 4 answers: 0 passed, 3 failed."
    facts = site.facts("rules", "test", code=2)
    (spend, *_) = facts["cases"][0]["answers"][0]["clauses"]
    assert (spend["fact"], spend["wanted"], spend["found"], spend["missing"]) == ("spend_365d", 500000, 400000, 100000)


WRONG = """
- name: everything wrong
  as_of: 2026-03-01
  facts: {spend_356d: 1, spend_365d: 1.005, last_order_on: soon, recency: 3, has_phone: maybe, phone: 1}
  measures: {"spend_on('categry', 'a', '365d')": 1, orders_life: 2}
  lists: [invted]
  tiers: {membership: glod}
  expect: {membership: golden, stag: loyal, segment.winbak: true, rfm: champions}
- as_of: yesterday
  expekt: {stage: loyal}
- [1, 2]
- name: nothing
  as_of: 2026-03-01
  expect: {}
"""


def test_all_that_is_wrong_with_cases_is_told_with_its_place(site: Site) -> None:
    rules(site, WRONG)
    site.kehub("rules", "test", code=2)
    lines = [line.strip() for line in site.err.splitlines() if "rules_tests.yaml:" in line]
    for place, told in {
        "4:11": 'did you mean "spend_365d"', "4:38": "amounts of CNY have at most 2 decimals", "4:60": "a date",
        "4:66": "derived from other facts", "4:89": "true or false is wanted", "4:96": '"phone" is no fact',
        "5:14": 'did you mean "category"', "5:53": '"orders_life" is no measure', "6:11": 'did you mean "invited"',
        "7:23": 'did you mean "gold"', "8:24": 'no value of membership is called "golden"', "8:32": 'did you mean "stage"',
        "8:45": 'did you mean "segment.winback"', "8:67": "rest on the figures of all customers",
        "9:10": "a date", "10:3": 'did you mean "expect"', "11:3": "a case is a mapping", "14:11": "nothing is expected",
    }.items():  # fmt: skip
        assert any(f"rules_tests.yaml:{place}:" in line and told in line for line in lines), (place, told, lines)


@pytest.mark.parametrize(
    ("text", "told"), [("", "the file is empty"), ("a: 1\n", "the file is not a list"), ("- [", "not YAML")]
)
def test_a_file_that_holds_no_cases_is_told(site: Site, text: str, told: str) -> None:
    rules(site, text)
    site.kehub("rules", "test", code=2)
    assert told in site.err


def test_the_usual_yaml_has_no_secrets_to_test_with(site: Site) -> None:
    """A brand's own CI has the file and nothing else."""
    site.write(YAML.replace("memory, system: crm", "zoho, client_secret: '${NOT_SET}'"))
    cases = "- {name: n, as_of: 2026-03-01, facts: {spend_365d: 100}, expect: {main: silver}}\n"
    (site.folder / "rules_tests.yaml").write_text(cases, encoding="utf-8")
    (site.folder / "kehub.db").unlink()
    assert "1 case, 1 answers: 1 passed" in site.kehub("rules", "test")


def test_the_example_of_the_page_does_what_the_page_says(site: Site) -> None:
    page = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    for name in ("kehub.yaml", "rules_tests.yaml"):
        (text,) = re.findall(rf"^```yaml {name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        (site.folder / name).write_text(text, encoding="utf-8")
    (told,) = re.findall(r"^```output\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert site.kehub("rules", "test", code=2) == told
    assert site.facts("rules", "check")["segments"][0]["segment"] == "winback"
