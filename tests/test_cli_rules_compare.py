"""Two sets of rules on the customers of a store, and who moved: every count is counted here a second way."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest

from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]

TODAY = date(2026, 3, 1)
NEW = YAML.replace("spend_365d: 1000, orders_365d: 2", "when: spend_365d >= 600")
MEMORY = """
brand: {name: Test brand}
rules:
  tiers:
    main:
      ladder:
        - {tier: gold, spend_365d: 1000}
        - {tier: silver, spend_365d: 100}
        - {tier: member}
      grace_days: 60
  lifecycle: {at_risk_days: 90, lost_days: 200}
"""


@dataclass
class Shop:
    """A till with orders, and what their buyers would hold, reckoned by hand."""

    site: Site
    orders: dict[int, list[tuple[date, int]]] = field(default_factory=dict)

    def opens(self, people: int = 40, seed: int = 7) -> None:
        chance = random.Random(seed)
        for number in range(people):
            phone = f"+86138123456{number:02d}"
            for system, letter in ((self.site.crm, "a"), (self.site.till, "t")):
                system.put("customers", {"id": f"{letter}{number}", "name": f"张{number}", "phone": phone})
            days = sorted(chance.sample(range(2, 900), chance.randint(0, 5)))
            self.orders[number] = [(TODAY - timedelta(days=ago), chance.choice((60, 150, 400, 700))) for ago in days]
            for place, (day, total) in enumerate(self.orders[number]):
                placed = f"{day}T12:00:00+08:00"
                row = {"id": f"o{number}-{place}", "customer": f"t{number}", "placed": placed, "total": f"{total}.00"}
                self.site.till.put("orders", row)

    def decided(self, monkeypatch: pytest.MonkeyPatch, on: date) -> None:
        """A run on a later day, when all systems answer for that day."""
        now = datetime(on.year, on.month, on.day, 8, tzinfo=UTC)
        monkeypatch.setenv("KEHUB_CLOCK", now.isoformat())
        for system in (self.site.crm, self.site.till):
            system.now = int(now.timestamp())
        self.site.kehub("sync", code=3)

    def figures(self, number: int, on: date) -> tuple[int, int]:
        """(spend, orders) in the 365 days up to a day."""
        found = [total for day, total in self.orders[number] if 0 <= (on - day).days < 365]
        return sum(found), len(found)

    def old(self, number: int, on: date) -> str:
        spend, orders = self.figures(number, on)
        return "gold" if spend >= 1000 and orders >= 2 else "silver" if spend >= 100 else "member"

    def new(self, number: int, on: date) -> str:
        spend, _ = self.figures(number, on)
        return "gold" if spend >= 600 else "silver" if spend >= 100 else "member"

    def slow(self, number: int, on: date) -> str:
        """Tiers that fall to what is earned after 60 days in which the held one was not: day by day."""
        names, held, short = ("gold", "silver", "member"), 2, 0
        day = date(2022, 1, 1)
        while day <= on:
            spend, _ = self.figures(number, day)
            earned = 0 if spend >= 1000 else 1 if spend >= 100 else 2
            short = short + 1 if earned > held else 0
            if earned < held or short > 60:
                held, short = earned, 0
            day += timedelta(days=1)
        return names[held]


@pytest.fixture
def shop(site: Site) -> Shop:
    found = Shop(site)
    found.opens()
    site.kehub("sync", code=3)
    (site.folder / "new.yaml").write_text(NEW, encoding="utf-8")
    (site.folder / "memory.yaml").write_text(MEMORY, encoding="utf-8")
    return found


def matrix(facts: dict[str, object], programme: str) -> dict[tuple[str, str], int]:
    (one,) = [each for each in facts["programmes"] if each["programme"] == programme]  # type: ignore[attr-defined]
    return {(row["old"], row["new"]): row["customers"] for row in one["matrix"]}


def changed(people: list[list[str]]) -> int:
    return sum(one != other for values in people for one, other in pairwise(values))


def test_customers_are_counted_where_they_are_under_both(shop: Shop) -> None:
    facts = shop.site.facts("rules", "compare", "current", "new.yaml")
    both = [(shop.old(number, TODAY), shop.new(number, TODAY)) for number in shop.orders]
    assert matrix(facts, "main") == Counter(both)
    assert len(facts["programmes"][0]["moves"]) == sum(one != other for one, other in both) > 0
    assert facts["programmes"][1]["moves"] == []
    who = {one["customer"]: (one["old"], one["new"]) for one in facts["programmes"][0]["moves"]}
    for number, pair in enumerate(both):
        customer = shop.site.facts("customers", "find", f"till:t{number}")[0]["customer"] if number < 8 else ""
        assert not customer or who.get(customer, ("", "")) == (pair if pair[0] != pair[1] else ("", ""))


def test_changes_of_what_is_sent_are_counted_look_by_look(shop: Shop) -> None:
    facts = shop.site.facts("rules", "compare", "current", "new.yaml", "--as-of", "2025-01-01..2026-03-01")
    looks = [date.fromisoformat(day) for day in facts["looks"]]
    assert (looks[0], looks[-1], len(looks)) == (date(2025, 1, 1), TODAY, 13)
    writes = {(one["connection"], one["field"]): one for one in facts["writes"]}
    assert ("crm", "tier") in writes
    assert not [name for name, _ in writes if name == "till"]
    told = writes["crm", "tier"]
    assert told["old"] == changed([[shop.old(number, day) for day in looks] for number in shop.orders]) > 0
    assert told["new"] == changed([[shop.new(number, day) for day in looks] for number in shop.orders])
    assert writes["crm", "stage"]["old"] == writes["crm", "stage"]["new"]


def test_tiers_with_a_memory_are_followed_from_the_beginning(shop: Shop) -> None:
    span = ("--as-of", "2025-09-01..2026-03-01", "--every", "60")
    facts = shop.site.facts("rules", "compare", "current", "memory.yaml", *span)
    looks = [date.fromisoformat(day) for day in facts["looks"]]
    assert [(later - day).days for day, later in pairwise(looks)] == [60, 60, 60, 1]
    slow = [[shop.slow(number, day) for day in looks] for number in shop.orders]
    assert matrix(facts, "main") == Counter((shop.old(n, TODAY), slow[n][-1]) for n in shop.orders)
    (tier,) = [one for one in facts["writes"] if one["field"] == "tier"]
    assert tier["new"] == changed(slow)
    assert facts["programmes"][0]["remembers"] == {"old": False, "new": True}
    assert facts["programmes"][1]["moves"], "other days make other stages"


def test_a_grant_counts_on_the_days_for_which_it_is_given(shop: Shop) -> None:
    number = next(n for n in shop.orders if shop.old(n, TODAY) == "member" == shop.new(n, TODAY))
    for dates in (("--until", "2026-03-31"), ("--from", "2025-11-01", "--until", "2025-12-01")):
        shop.site.kehub("customers", "grant", f"crm:a{number}", "main", "gold", *dates, "--reason", "x")
    facts = shop.site.facts("rules", "compare", "current", "new.yaml")
    both = Counter((shop.old(n, TODAY), shop.new(n, TODAY)) for n in shop.orders)
    both["member", "member"] -= 1
    both["gold", "gold"] += 1
    assert matrix(facts, "main") == +both


def test_nothing_is_written_by_a_comparison(shop: Shop) -> None:
    before = shop.site.kehub("status"), shop.site.facts("runs", "list")
    shop.site.kehub("rules", "compare", "new.yaml", "memory.yaml")
    assert (shop.site.kehub("status"), shop.site.facts("runs", "list")) == before


def test_a_comparison_is_told_to_people(shop: Shop) -> None:
    text = shop.site.kehub("rules", "compare", "current", "memory.yaml", "--most", "1")
    for told in (
        "40 customers as of 2026-03-01", "with today's knowledge", "main (followed from the beginning)", "would move: ",
        " more", "Changes of what is sent, from 2025-03-01 to 2026-03-01 on 13 days", "under memory.yaml",
    ):  # fmt: skip
        assert told in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("current", "nowhere.yaml"), "there is no configuration here"),
        (("current", "new.yaml", "--as-of", "soon"), '"soon" is no date'),
        (("current", "new.yaml", "--as-of", "2026-01-01..2025-01-01"), "before the first"),
    ],
)
def test_a_wrong_comparison_is_told(site: Site, arguments: tuple[str, ...], told: str) -> None:
    (site.folder / "new.yaml").write_text(NEW, encoding="utf-8")
    site.kehub("rules", "compare", *arguments, code=2)
    assert told in site.err


def test_rules_are_compared_where_nobody_is(site: Site) -> None:
    facts = site.facts("rules", "compare", "current", "current")
    assert (facts["customers"], facts["programmes"][0]["matrix"]) == (0, [])


# -- moves


def test_moves_are_counted_with_shares_and_the_median_of_days(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    site, days = shop.site, [TODAY + timedelta(days=each) for each in (0, 40, 90, 170, 260)]
    for day in days[1:]:
        shop.decided(monkeypatch, day)
    facts = site.facts("rules", "moves", "main", "--from", "2026-03-02", "--to", days[-1].isoformat())
    wanted: dict[tuple[str, str], list[int]] = {}
    held = Counter[str]()
    for number in shop.orders:
        values = [shop.old(number, day) for day in days]
        since, value = days[0], values[0]
        held[value] += 1
        for day, after in zip(days[1:], values[1:], strict=True):
            if after != value:
                wanted.setdefault((value, after), []).append((day - since).days)
                since, value = day, after
                held[after] += 1
    found = {(one["from"], one["to"]): (one["count"], one["median_days"]) for one in facts["moves"]}
    assert found == {pair: (len(stayed), median(stayed)) for pair, stayed in wanted.items()}
    assert found
    assert facts["stays"] == held
    for one in facts["moves"]:
        assert one["share"] == round(one["count"] / held[one["from"]], 4)
    assert facts["entries"] == {}
    first = site.facts("rules", "moves", "main", "--from", "2026-03-01", "--to", "2026-03-01")
    assert (first["entries"], first["moves"]) == (Counter(shop.old(n, TODAY) for n in shop.orders), [])


def test_moves_are_shown_as_a_picture(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.decided(monkeypatch, date(2026, 9, 1))
    text = shop.site.kehub("rules", "moves", "stage")
    assert "stage, 2025-09-02 to 2026-09-01" in text
    assert "███ 100%" in text
    assert "184 d" in text
    assert "?" not in text
    assert "(first seen)" in text
    shop.site.kehub("rules", "moves", "stag", code=2)
    assert 'did you mean "stage"' in shop.site.err
