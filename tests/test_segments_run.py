"""Segments and RFM as a brand meets them: `kehub sync` and what it then shows, with rules and lists in kehub.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.errors import SettingsError
from sync.segments import Judged, spans
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene
from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]

RULES = """
  segments:
    rich: spend_365d >= 300
    here: city = '上海'
    rich_here: in_segment('rich') and in_segment('here')
    others: not in_segment('rich_here')
"""

LISTS = """
  lifecycle:
    stages:
      - {{stage: guest, when: in_segment('vips') and orders_life = 0}}
      - {{stage: buyer, when: orders_life > 0}}
      - {{stage: other}}
  segments:
    vips: {{list: {{file: vips.csv, column: COLUMN}}}}
    rich_vips: in_segment('vips') and spend_life >= 100
"""


def ruled(rules: str) -> str:
    """The scene's configuration with more rules."""
    return THREE.replace("rules:\n", "rules:" + rules, 1)


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, location: str) -> Iterator[Scene]:
    card = ", fields: [{ours: member_card, theirs: card}]"
    found = Scene(tmp_path, location, clock, yaml=ruled(RULES), till_options=card)
    yield found
    found.close()


def inside(scene: Scene, person: str) -> list[str]:
    """The segments of the customer to whom a record of the till belongs."""
    customer = scene.who("till", person)
    return scene.store.segments.standing([customer])[customer]


def stays(scene: Scene, person: str, segment: str) -> list[tuple[int, int | None]]:
    """The stays as days from today on; None at the end while one lasts."""
    return stays_of(scene, scene.who("till", person), segment)


def stays_of(scene: Scene, customer: str, segment: str) -> list[tuple[int, int | None]]:
    today = scene.today.toordinal()
    found = scene.store.segments.of_customer(customer)
    return [(p.from_day - today, p.to_day - today if p.to_day else None) for p in found if p.segment == segment]


def judged(scene: Scene, segment: str = "vips") -> Judged:
    """What a run says of a segment."""
    decided = scene.sync().decided
    assert decided is not None
    return decided.segments[segment]


# -- by rules


def test_a_run_lets_in_and_out_by_rules_that_are_made_of_each_other(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.customer("till", "8", phone=OTHER, city="上海")
    scene.customer("till", "9", phone=THIRD)
    scene.order("till", "a", "300", days_ago=364, customer="7")
    scene.order("till", "b", "299.99", customer="8")
    scene.order("till", "c", "300", customer="9")
    scene.sync()
    assert inside(scene, "7") == ["here", "rich", "rich_here"]
    assert inside(scene, "8") == ["here", "others"]
    assert inside(scene, "9") == ["others", "rich"]
    scene.advance(days=1)  # nobody does anything; the calendar takes an order out of the window
    scene.sync()
    assert inside(scene, "7") == ["here", "others"]
    assert stays(scene, "7", "rich_here") == [(-1, 0)]
    assert stays(scene, "7", "here") == [(-1, None)]


def test_a_segment_that_leaves_the_rules_ends_on_that_day(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.sync()
    scene.advance(days=3)
    scene.reconfigure(ruled("\n  segments: {{others: orders_life = 0}}\n"))
    assert judged(scene, "here") == Judged(left=1)
    assert inside(scene, "7") == ["others"]
    assert stays(scene, "7", "others") == [(-3, None)]
    assert stays(scene, "7", "here") == [(-3, 0)]


def test_a_segment_may_stand_before_those_it_is_made_of_with_or_without_quotes(scene: Scene) -> None:
    scene.reconfigure(ruled("\n  segments: {{a: in_segment(b) and in_segment ('c'), b: orders_life = 0, c: 'true'}}\n"))
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    assert inside(scene, "7") == ["a", "b", "c"]


@pytest.mark.parametrize("inner", ["b", "'b'", '\\"b\\"'])
def test_segments_that_are_made_of_each_other_in_a_ring_are_refused(scene: Scene, inner: str) -> None:
    scene.reconfigure(ruled(f"""\n  segments: {{{{a: "in_segment({inner})", b: in_segment('a')}}}}\n"""))
    with pytest.raises(SettingsError, match="made of itself: a -> b -> a"):
        scene.sync()


def test_who_is_in_follows_a_merge_and_a_split(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("till", "8", email="wei@shop.cn")
    scene.order("till", "a", "200", customer="7")
    scene.order("till", "b", "100", customer="8")
    scene.sync()
    one, two = scene.who("till", "7"), scene.who("till", "8")
    assert inside(scene, "7") == inside(scene, "8") == ["others"]
    scene.advance(days=1)
    scene.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    scene.sync()
    (alive,), (gone,) = {one, two} & set(scene.ids()), {one, two} - set(scene.ids())
    assert inside(scene, "7") == ["others", "rich"]  # 300 together
    assert stays_of(scene, gone, "others") == [(-1, 0)]
    assert stays_of(scene, alive, "others") == [(-1, None)]
    scene.advance(days=1)
    scene.customer("till", "8", email="wei@shop.cn", phone=OTHER)
    scene.sync()
    assert inside(scene, "7") == inside(scene, "8") == ["others"]
    assert stays_of(scene, alive, "rich") == [(-1, 0)]
    assert stays_of(scene, gone, "others") == [(-2, -1), (0, None)]


# -- by lists


@pytest.fixture
def listing(scene: Scene) -> Scene:
    """A brand with a list, which stands in the file `vips.csv` under whatever column the test writes."""
    scene.reconfigure(ruled(LISTS.replace("COLUMN", "phone")))
    for person, keys in (("7", {"phone": PHONE}), ("8", {"email": "wei@shop.cn"}), ("9", {"card": "K-1"})):
        scene.customer("till", person, **keys)
    scene.order("till", "a", "100", customer="8")
    return scene


def put(scene: Scene, *lines: str) -> None:
    """The file of the list."""
    (scene.folder / "vips.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("phone", ["138 1234 5678"]),
        ("email", ["WEI@shop.cn"]),
        ("member_card", ["k-1", "Ｋ-1"]),
        ("till", ["7", "9", "10"]),
    ],
)
def test_a_run_reads_a_list_by_each_kind_of_key(listing: Scene, column: str, values: list[str]) -> None:
    listing.reconfigure(ruled(LISTS.replace("COLUMN", column)))
    put(listing, f"name,{column}", *(f"x,{value}" for value in values))
    found = judged(listing)
    wanted = {"phone": ["7"], "email": ["8"], "member_card": ["9"], "till": ["7", "9"]}[column]
    assert [person for person in "789" if "vips" in inside(listing, person)] == wanted
    assert found == Judged(entered=len(wanted), unknown={"till": (4,), "member_card": (2,)}.get(column, ()))


def test_a_run_reads_a_list_of_the_hubs_own_ids(listing: Scene) -> None:
    put(listing, "phone", PHONE)
    listing.sync()
    put(listing, "id", listing.who("till", "9").lower(), "C0000000000000000")
    listing.reconfigure(ruled(LISTS.replace("COLUMN", "id")))
    assert judged(listing) == Judged(entered=1, left=1, unknown=(3,))
    assert [inside(listing, person) for person in "79"] == [[], ["vips"]]


def test_what_looks_a_list_up_follows_it_on_the_same_day(listing: Scene) -> None:
    def state(person: str) -> tuple[str, list[str]]:
        return listing.decided(listing.who("till", person))["stage"], inside(listing, person)

    put(listing, "phone", OTHER)
    listing.sync()
    assert (state("7"), state("8")) == (("other", []), ("buyer", []))
    for _ in range(2):  # the second time it goes back to what the day began with
        put(listing, "phone", PHONE)
        listing.sync()
        assert state("7") == ("guest", ["vips"])
        put(listing, "phone", OTHER)
        listing.sync()
        assert state("7") == ("other", [])
    assert stays(listing, "7", "vips") == []
    listing.reconfigure(ruled(LISTS.replace("COLUMN", "email")))
    put(listing, "email", "wei@shop.cn")
    listing.sync()
    assert state("8") == ("buyer", ["rich_vips", "vips"])


def test_nobody_is_looked_at_again_for_a_list_that_stays_the_same(listing: Scene) -> None:
    put(listing, "phone", PHONE)
    listing.sync()
    report = listing.sync()
    assert report.decided is not None
    assert (report.decided.due, report.decided.segments) == (0, {"vips": Judged(), "rich_vips": Judged()})


def test_whom_a_list_names_follows_a_merge_and_a_split(listing: Scene) -> None:
    put(listing, "phone", PHONE)
    listing.sync()
    one, two = listing.who("till", "7"), listing.who("till", "8")
    listing.advance(days=1)
    listing.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    assert judged(listing).unknown == ()
    (alive,), (gone,) = {one, two} & set(listing.ids()), {one, two} - set(listing.ids())
    assert listing.store.segments.standing([alive, gone]) == {alive: ["rich_vips", "vips"], gone: []}
    listing.advance(days=1)
    listing.customer("till", "8", email="wei@shop.cn", phone=OTHER)
    listing.sync()
    assert [inside(listing, person) for person in "78"] == [["vips"], []]
    assert listing.decided(listing.who("till", "7"))["stage"] == "guest"


def test_a_list_that_is_missing_keeps_its_members_even_through_a_merge(listing: Scene) -> None:
    put(listing, "phone", PHONE)
    listing.sync()
    (listing.folder / "vips.csv").unlink()
    listing.advance(days=1)
    found = judged(listing)
    assert found.problem.startswith(f"{listing.folder / 'vips.csv'}: the list cannot be read")
    assert (found.entered, found.left, inside(listing, "7")) == (0, 0, ["vips"])
    one, two = listing.who("till", "7"), listing.who("till", "8")
    listing.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    listing.sync()
    (alive,) = {one, two} & set(listing.ids())
    assert inside(listing, "7") == ["rich_vips", "vips"]
    put(listing, "phone", OTHER)
    assert judged(listing).left == 1
    assert listing.store.segments.standing([alive]) == {alive: []}


def test_numbers_of_lines_are_told_in_runs() -> None:
    assert spans([]) == ""
    assert spans([9, 2, 3, 4, 7]) == "2-4, 7, 9"
    assert spans(range(2, 100, 2), most=2) == "2, 4 and 47 more"


# -- RFM

SCORED = ruled("\n  rfm: {{window: 365d, refresh: monthly}}\n")


def shoppers(scene: Scene, *figures: tuple[int, int, int]) -> None:
    """Customers t0, t1, ...: the last order so many days ago, so many orders in the year, of so much each."""
    for number, (days, orders, each) in enumerate(figures):
        scene.customer("till", f"t{number}", phone=f"+861381234{number:04}")
        for order in range(orders):
            scene.order("till", f"o{number}-{order}", str(each), days_ago=days + order, customer=f"t{number}")


FIVE = ((10, 5, 500), (20, 4, 400), (40, 3, 300), (80, 2, 200), (160, 1, 100))
"""The better the later, the oftener and the more: each of five customers has another score, the same in all three."""

GROUPS = ["champions", "champions", "need_attention", "hibernating", "lost"]
"""What the table says of 5/5, 4/4, 3/3, 2/2 and 1/1."""


def groups(scene: Scene) -> list[str]:
    return [scene.decided(scene.who("till", f"t{number}"))["rfm"] for number in range(6)]


def test_rfm_groups_are_a_programme_with_cut_points_of_the_first_of_the_month(scene: Scene) -> None:
    scene.reconfigure(SCORED)
    shoppers(scene, *FIVE, (1, 0, 0))
    scene.sync()
    assert scene.today == date(2026, 3, 1)
    assert groups(scene) == [*GROUPS, "none"]
    history = scene.store.cuts.history("rfm 365d 5")
    points = {"recency": (10, 20, 40, 80), "frequency": (1, 2, 3, 4), "monetary": (10000, 40000, 90000, 160000)}
    assert history == [(scene.today.toordinal(), points)]


def test_between_cut_points_a_group_follows_only_what_the_customer_does(scene: Scene) -> None:
    scene.reconfigure(SCORED)
    shoppers(scene, *FIVE, (1, 0, 0))
    scene.sync()
    scene.advance(days=1)
    scene.order("till", "new", "5000", days_ago=0, customer="t5")
    scene.sync()
    # a day later four of five scores of recency are one lower: 4/5, 3/4, 2/3, 1/2, 1/1; t5 has 5, 1 and 5: 5/3
    assert groups(scene) == ["champions", "loyal_customers", "at_risk", "lost", "lost", "potential_loyalists"]
    assert len(scene.store.cuts.history("rfm 365d 5")) == 1


def test_a_new_month_draws_new_cut_points_and_scores_everybody_anew(scene: Scene) -> None:
    scene.reconfigure(SCORED)
    shoppers(scene, *FIVE, (1, 0, 0))
    scene.sync()
    scene.advance(days=31)  # the first of April: all fall together
    report = scene.sync()
    assert groups(scene) == [*GROUPS, "none"]
    assert report.decided is not None
    assert report.decided.due == 6
    history = scene.store.cuts.history("rfm 365d 5")
    assert [date.fromordinal(day) for day, _ in history] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert history[1][1]["recency"] == (41, 51, 71, 111)


def test_groups_and_segments_found_day_by_day_are_those_of_one_jump_and_of_everybody_looked_at_anew(
    tmp_path: Path,
) -> None:
    outcomes = []
    for step in (1, 9, 63):
        (tmp_path / str(step)).mkdir()
        brand = Scene(tmp_path / str(step), str(tmp_path / str(step) / "k.db"), FixedClock(NOW), yaml=CALENDAR)
        shoppers(brand, *FIVE, (1, 0, 0))
        brand.order("till", "next", "900", days_ago=-50, customer="t5")
        brand.sync()
        for _ in range(63 // step):
            brand.advance(days=step)
            brand.sync(plan_only=True)
        outcomes.append(everybody(brand))
        brand.look_at_everybody()
        brand.sync()
        outcomes.append(everybody(brand))
        brand.close()
    # by the cut points of 1 April (41, 51, 71, 111 days; 1 to 4 orders; 100, 400, 900, 1,600) on 3 May: 73, 83, 103, 143,
    # 223 and 13 days
    assert set(outcomes) == {(
        ("at_risk", ("late",)), ("at_risk", ("late",)), ("at_risk", ()), ("lost", ()), ("lost", ()),
        ("potential_loyalists", ()),
    )}  # fmt: skip


CALENDAR = SCORED.replace(
    "refresh: monthly}}", "refresh: quarterly}}\n  segments: {{late: days_since(last_order_on) between 70 and 90}}"
)


def everybody(brand: Scene) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(zip(groups(brand), (tuple(inside(brand, f"t{number}")) for number in range(6)), strict=True))


# -- what is shown

SITE_RULES = """rules:
  rfm: {window: 365d, refresh: monthly}
  segments:
    bought: orders_life > 0
    vips: {list: {file: vips.csv, column: phone}}
"""


@pytest.fixture
def shop(site: Site) -> Site:
    """Three people with an order of 150 each, and a list that names two of them, one of them twice, and strangers."""
    site.write(YAML.replace("rules:\n", SITE_RULES))
    site.people(3)
    lines = ["13812345600", "13812345601", "13999999990", "13999999991", "12", "13812345600", "13999999992"]
    (site.folder / "vips.csv").write_text("phone\n" + "\n".join(lines), encoding="utf-8")
    site.kehub("sync", code=3)
    return site


def example(language: str) -> str:
    """The page's one example in a language, or of what a command prints."""
    page = (Path(__file__).parent.parent / "docs" / "segments.md").read_text(encoding="utf-8")
    (text,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(text)


def test_the_example_of_the_page_runs_and_prints_what_the_page_says(site: Site) -> None:
    site.write(YAML.replace("rules:\n", example("yaml")))
    site.people(3)
    lines = ["13812345600", "13812345601", "13999999990", "13999999991", "12", "13812345600", "13999999992"]
    (site.folder / "vips.csv").write_text("phone\n" + "\n".join(lines), encoding="utf-8")
    assert example("sync") in site.kehub("sync", code=3)
    assert " ".join(example("why").split()) in " ".join(site.kehub("why", "crm:a0").split())


def test_a_run_tells_who_came_and_which_lines_of_a_list_let_nobody_in(shop: Site) -> None:
    told = ("Segments: vips +2 -0, bought +3 -0", "lines of its list that name nobody: 4-5, 8\n",
            "Segment vips, lines of its list that cannot be read: 6\n")  # fmt: skip
    for words in told:
        assert words in shop.out
    notes = {note["facts"]["segment"]: note["facts"] for note in shop.facts("runs", "show")["notes"]
             if note["kind"] == "segment"}  # fmt: skip
    assert notes == {
        "bought": {"segment": "bought", "entered": 3},
        "vips": {"segment": "vips", "entered": 2, "unknown_lines": "4-5, 8", "unreadable_lines": "6"},
    }
    assert "unknown_lines 4-5, 8" in shop.kehub("runs", "show")
    again = shop.facts("sync", code=3)["decided"]["segments"]["vips"]
    assert (again["entered"], again["unknown"], again["unreadable"]) == (0, [4, 5, 8], [6])


def test_doctor_reads_the_lists_as_a_run_does(shop: Site) -> None:
    lines = "vips.csv names 2 customers; line 4-5, 8: nobody; line 6: what cannot be read"
    assert [check["note"] for check in shop.facts("doctor") if check["area"] == "segment"] == [lines]
    shop.write(YAML.replace("rules:\n", SITE_RULES.replace("column: phone", "column: age")))
    (check,) = [check for check in shop.facts("doctor", code=2) if not check["good"]]
    assert 'cannot be read by "age"' in check["note"]


def test_a_run_tells_of_a_list_that_is_not_there_and_goes_on(shop: Site) -> None:
    (shop.folder / "vips.csv").unlink()
    text = shop.kehub("sync", code=3)
    assert "Segment vips keeps its members:" in text
    assert "vips.csv: the list cannot be read" in text.replace("\n", " ")
    problems = [n["facts"].get("problem") for n in shop.facts("runs", "show")["notes"] if n["kind"] == "segment"]
    assert len(problems) == 1
    assert "put the file there" in problems[0]
    assert shop.facts("status")["segments"] == {"bought": 3, "vips": 2}


def test_segments_are_listed_shown_laid_over_each_other_and_exported_after_a_run(shop: Site) -> None:
    found = [(f["segment"], f["size"], f["entered"], f["left"], f["rule"]) for f in shop.facts("segments", "list")]
    assert found == [("bought", 3, 3, 0, "orders_life > 0"), ("vips", 2, 2, 0, "list vips.csv, by phone")]
    text = shop.kehub("segments", "show", "vips")
    assert "2 members; in 30 days 2 entered, 0 left" in text
    assert "Rule: list vips.csv, by phone" in text
    pairs = {(p["segment"], p["in"]): p["customers"] for p in shop.facts("segments", "overlap")["pairs"]}
    assert (pairs["bought", "vips"], pairs["vips", "bought"], pairs["bought", "bought"]) == (2, 2, 3)
    shop.kehub("segments", "export", "vips", "--out", "out.csv")
    ids = (shop.folder / "out.csv").read_text(encoding="utf-8").split()[1:]
    assert sorted(ids) == sorted(shop.facts("why", f"crm:a{number}")["customer"] for number in (0, 1))


def test_status_shows_the_sizes_of_segments_beside_the_tiers(shop: Site) -> None:
    text = shop.kehub("status")
    assert [line.split() for line in text.splitlines() if line.split()[:1] in (["vips"], ["bought"])] == [
        ["bought", "3"], ["vips", "2"],
    ]  # fmt: skip
    assert shop.facts("status")["decisions"]["rfm"]


def test_why_shows_the_group_with_its_scores_and_the_segments_with_their_days(shop: Site) -> None:
    facts = shop.facts("why", "crm:a0")
    (rfm,) = [decision for decision in facts["decisions"] if decision["programme"] == "rfm"]
    # all three bought the same on the same day: the first of five steps holds all of them
    assert rfm["scores"] == {
        "recency": {"score": 5, "days": 9}, "frequency": {"score": 1, "orders": 1}, "monetary": {"score": 1, "spend": 15000},
    }  # fmt: skip
    assert (rfm["value"], rfm["since"], rfm["cuts_of"]) == ("new_customers", "2026-03-01", "2026-03-01")
    assert rfm["read"]["orders_365d"] == "1"
    assert [(s["segment"], s["from"], s["to"]) for s in facts["segments"]] == [
        ("bought", "2026-03-01", None), ("vips", "2026-03-01", None),
    ]  # fmt: skip
    text = " ".join(shop.kehub("why", "crm:a0").split())
    assert "rfm: new_customers since 2026-03-01: recency 5 (last order 9 days ago), frequency 1 (1 order in" in text
    assert "CNY 150.00); cut points of 2026-03-01" in text
    assert "segments bought since 2026-03-01 vips since 2026-03-01" in text


def test_why_says_why_somebody_has_no_group(site: Site) -> None:
    site.write(YAML.replace("rules:\n", "rules:\n  rfm: {refresh: monthly, window: life}\n"))
    site.crm.put("customers", {"id": "a9", "phone": "+8613812345699"})
    site.kehub("sync", code=3)
    assert "rfm: none since 2026-03-01: nobody had bought when cut points were due" in site.kehub("why", "crm:a9")
    site.people(1)
    site.kehub("sync", code=3)
    assert "rfm: none since 2026-03-01: nothing bought yet" in site.kehub("why", "crm:a9")
    text = " ".join(site.kehub("why", "crm:a0").split())
    assert "frequency 1 (1 order ever), monetary 1 (CNY 150.00)" in text


def test_why_shows_a_stay_that_is_over(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.folder / "vips.csv").write_text("phone\n13812345601\n", encoding="utf-8")
    monkeypatch.setenv("KEHUB_CLOCK", NOW.replace(day=4).isoformat())
    shop.kehub("sync", code=3)
    assert "was in vips from 2026-03-01 to 2026-03-04" in shop.kehub("why", "crm:a0")
    shop.write(YAML)
    shop.kehub("sync", code=3)
    assert list(shop.facts("status")["decisions"]) == ["main", "stage"]  # what RFM had decided is shown no more
    found = shop.facts("segments", "list")
    assert [(f["segment"], f["size"], f["left"], f["rule"]) for f in found] == [
        ("bought", 0, 3, None),
        ("vips", 0, 2, None),
    ]
    assert "none any more" in shop.kehub("segments", "show", "vips")
