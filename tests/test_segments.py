"""Segments: a day counts as it ends, merges leave, lists name customers by key, and a jump equals single days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.errors import SettingsError
from hub.forms import Place
from hub.plugins import load_plugins
from hub.settings import load
from hub.store.check import canonical, check
from hub.store.segments import Move, Moved, Period, Size
from sync.listed import read_column
from sync.segments import Judged, Listed, Rule, Segmenter, written
from tests.crowd import Crowd
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene
from tests.test_cli_site import Site, site

__all__ = ["site"]

DAY = 739_000
PLACE = Place()
RICH = ("f.spend_365d >= :r0", {"r0": 100})
"""An expression of the kind that the rule language gives."""


@pytest.fixture
def crowd(location: str) -> Iterator[Crowd]:
    made = Crowd.at(location)
    yield made
    made.store.close()


def judge(crowd: Crowd, day: int, name: str = "rich") -> Moved:
    """Let in and out who is due, by spend."""
    with crowd.store.db.writing("decide"):
        crowd.store.segments.leave_merged(day)
        return crowd.store.segments.judge(name, "d1", day, *RICH)


def periods(crowd: Crowd, customer: str) -> list[tuple[int, int]]:
    """A customer's stays as (from, to), in days from DAY on; 0 at the end while it lasts."""
    found = crowd.store.segments.of_customer(customer)
    return [(period.from_day - DAY, period.to_day and period.to_day - DAY) for period in found]


# -- by a rule


def test_who_fulfils_the_rule_is_in_and_who_no_longer_does_leaves(crowd: Crowd) -> None:
    for name, spend in (("a", 100), ("b", 99), ("c", 500)):
        crowd.add(name, spend_365d=spend)
    assert judge(crowd, DAY) == Moved(2, 0)
    crowd.add("a", spend_365d=0)
    crowd.add("b", spend_365d=200)
    assert judge(crowd, DAY + 1) == Moved(1, 1)
    segments = crowd.store.segments
    assert list(segments.members("rich")) == ["b", "c"]
    assert segments.of_customer("a") == [Period("rich", DAY, DAY + 1, "d1")]
    assert segments.standing(["a", "b", "x"]) == {"a": [], "b": ["rich"], "x": []}
    assert segments.sizes(DAY + 1) == {"rich": Size(2, 1, 1)}
    changes = [(c.day, c.customer, c.entered) for c in segments.changes("rich", DAY + 1, DAY + 9)]
    assert changes == [(DAY + 1, "a", False), (DAY + 1, "b", True)]


def test_only_who_is_due_is_judged(crowd: Crowd) -> None:
    crowd.add("a", spend_365d=100)
    judge(crowd, DAY)
    crowd.settled()
    with crowd.store.db.writing("facts"):
        crowd.store.db.execute("UPDATE facts SET spend_365d = 0")
    assert judge(crowd, DAY + 1) == Moved(0, 0)


def test_an_unknown_fact_is_no_member(crowd: Crowd) -> None:
    crowd.add("a", city="上海")
    crowd.add("b")
    with crowd.store.db.writing("decide"):
        crowd.store.segments.judge("here", "d", DAY, "f.city = :r0", {"r0": "上海"})
        crowd.store.segments.judge("elsewhere", "d", DAY, "f.city <> :r0", {"r0": "上海"})
    assert crowd.store.segments.names() == ["here"]
    assert list(crowd.store.segments.members("here")) == ["a"]


def test_entering_and_leaving_on_one_day_leaves_no_trace(crowd: Crowd) -> None:
    crowd.add("a", spend_365d=100)
    judge(crowd, DAY)
    crowd.add("a", spend_365d=0)
    assert judge(crowd, DAY) == Moved(0, 1)
    assert periods(crowd, "a") == []


def test_coming_back_on_the_day_of_leaving_joins_the_stay(crowd: Crowd) -> None:
    for day, spend in ((0, 100), (5, 0), (5, 100), (5, 0), (5, 100)):
        crowd.add("a", spend_365d=spend)
        judge(crowd, DAY + day)
    assert periods(crowd, "a") == [(0, 0)]
    for day, spend in ((7, 0), (8, 100)):
        crowd.add("a", spend_365d=spend)
        judge(crowd, DAY + day)
    assert periods(crowd, "a") == [(0, 7), (8, 0)]


def test_a_merged_customer_leaves_and_a_split_judges_it_again(crowd: Crowd) -> None:
    crowd.add("a", spend_365d=100)
    crowd.add("b", spend_365d=0)
    judge(crowd, DAY)
    crowd.merge("a", into="b")
    crowd.add("b", spend_365d=100)
    assert list(crowd.store.segments.members("rich")) == []  # an alias is nobody's member, even before the next run
    judge(crowd, DAY + 2)
    assert (periods(crowd, "a"), periods(crowd, "b")) == ([(0, 2)], [(2, 0)])
    crowd.add("a", spend_365d=100)
    crowd.add("b", spend_365d=0)
    judge(crowd, DAY + 4)
    assert (periods(crowd, "a"), periods(crowd, "b")) == ([(0, 2), (4, 0)], [(2, 4)])


def test_a_segment_that_the_rules_no_longer_know_ends(crowd: Crowd) -> None:
    crowd.add("a", spend_365d=100)
    segmenter = Segmenter(crowd.store, PLACE, Path(), ())
    with crowd.store.db.writing("decide"):
        first = segmenter.settle([Rule("rich", *RICH), Rule("all", "1 = 1")], (), DAY, "d1")
        second = segmenter.settle([Rule("all", "1 = 1")], (), DAY + 3, "d2")
        third = segmenter.settle([Rule("all", "1 = 1")], (), DAY + 4, "d2")
    assert first == {"rich": Judged(1, 0), "all": Judged(1, 0)}
    assert second == {"all": Judged(), "rich": Judged(0, 1)}
    assert third == {"all": Judged()}
    assert [(p.segment, p.from_day - DAY, p.to_day and p.to_day - DAY) for p in crowd.store.segments.of_customer("a")] == [
        ("all", 0, 0), ("rich", 0, 3),
    ]  # fmt: skip


def test_some_moves_can_be_held(crowd: Crowd) -> None:
    for name in "abc":
        crowd.add(name, spend_365d=100)
    judge(crowd, DAY)
    for name in "abd":
        crowd.add(name, spend_365d=100 if name == "d" else 0)
    seen: list[Move] = []

    def waiting(moves: object) -> set[str]:
        assert isinstance(moves, list)
        seen.extend(moves)
        return {"a"}

    segmenter = Segmenter(crowd.store, PLACE, Path(), ())
    with crowd.store.db.writing("decide"):
        found = segmenter.settle([Rule("rich", *RICH)], (), DAY + 1, "d1", waiting)
    assert found == {"rich": Judged(1, 1, 1)}
    assert seen == [Move("a", False), Move("b", False), Move("d", True)]
    assert list(crowd.store.segments.members("rich")) == ["a", "c", "d"]


def test_differing_goes_through_all_pages(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.segments.PAGE", 2)
    for number in range(5):
        crowd.add(f"c{number}", spend_365d=100)
    pages = list(crowd.store.segments.differing("rich", *RICH))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({move.customer for page in pages for move in page}) == 5


def test_overlaps_are_counted_for_all_pairs(crowd: Crowd) -> None:
    for name in "abcd":
        crowd.add(name)
    with crowd.store.db.writing("decide"):
        for segment, members in (("x", "abc"), ("y", "bc"), ("z", "d")):
            crowd.store.segments.settle(segment, DAY, "d", list(members), [])
    found = crowd.store.segments.overlap(["x", "y", "z"])
    assert {pair: count for pair, count in found.items() if count} == {
        ("x", "x"): 3, ("y", "y"): 2, ("z", "z"): 1, ("x", "y"): 2, ("y", "x"): 2,
    }  # fmt: skip
    assert crowd.store.segments.overlap([]) == {}


def test_a_store_check_finds_stays_that_overlap(crowd: Crowd) -> None:
    crowd.add("a", spend_365d=100)
    judge(crowd, DAY)
    assert not [fault for fault in check(crowd.store) if "stays" in fault]
    with crowd.store.db.writing("spoil"):
        sql = "INSERT INTO membership (segment, customer, from_day, to_day, rules) VALUES ('rich', 'a', :day, :until, 'd')"
        crowd.store.db.execute(sql, {"day": DAY + 3, "until": DAY + 2})
    assert "2 stays" in "".join(check(crowd.store))
    assert any(line.startswith("membership ") for line in canonical(crowd.store))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("{}", {}),
        ("{segments: {b: orders_life > 1, a: {when: age > 9}}}", {"a": "age > 9", "b": "orders_life > 1"}),
        ("{segments: {v: {list: {file: v.csv, column: phone}}}}", {"v": "list v.csv, by phone"}),
        ("{segments: {v: {list: {file: v.csv}}}}", {"v": "list v.csv, by id"}),
    ],
)
def test_rules_are_shown_as_they_are_written_where_there_are_any(
    tmp_path: Path, rules: str, expected: dict[str, str]
) -> None:
    file = tmp_path / "kehub.yaml"
    file.write_text(f"brand: {{name: A}}\nstore: kehub.db\nrules: {rules}\n", encoding="utf-8")
    found = written(load(file, load_plugins()))
    assert found == expected
    assert list(found) == sorted(expected)


# -- random histories

NAMES = "abcd"
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 100])),
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    ),
    max_size=3,
)
"""A customer's spend changes, or it is merged into another one; a change of spend brings it back."""

HISTORY = st.lists(st.tuples(st.integers(0, 2), CHANGES), min_size=1, max_size=12)
"""So many days pass, things change, and everybody is judged."""


def happen(crowd: Crowd, world: dict[str, int | str], changes: list[tuple[str, int | str]]) -> None:
    """Let things change, in the store and in the referee's world (name -> spend, or the one it is merged into)."""
    for name, what in changes:
        if isinstance(what, int):
            world[name] = what
            crowd.add(name, spend_365d=what)
        elif what != name and {int} == {type(world.get(name)), type(world.get(what))} and name not in world.values():
            world[name] = what
            crowd.merge(name, what)


def land(crowd: Crowd, day: int, way: str) -> None:
    """Judge by each of the three ways that lead to memberships."""
    segments = crowd.store.segments
    with crowd.store.db.writing("decide"):
        segments.leave_merged(day)
        if way == "rule":
            segments.judge("rich", "d", day, *RICH)
        elif way == "pages":
            for page in list(segments.differing("rich", *RICH)):
                entering = [move.customer for move in page if move.enters]
                segments.settle("rich", day, "d", entering, [move.customer for move in page if not move.enters])
        else:
            rows = crowd.store.db.rows("SELECT customer FROM facts WHERE spend_365d >= 100")
            segments.agree("rich", day, "d", (customer for (customer,) in rows))
    crowd.settled()


def stays(ends: dict[int, set[str]], name: str) -> list[tuple[int, int]]:
    """What the periods must be, from who was in at the end of each day that was judged."""
    found: list[tuple[int, int]] = []
    since = -1
    for day, members in sorted(ends.items()):
        if name in members and since < 0:
            since = day
        elif name not in members and since >= 0:
            found.append((since, day))
            since = -1
    return [*found, (since, 0)] if since >= 0 else found


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    made = Crowd.at(str(tmp_path_factory.mktemp("rounds") / "kehub.db"))
    yield made
    made.store.close()


@settings(deadline=None, max_examples=150)
@given(history=HISTORY, ways=st.lists(st.sampled_from(["rule", "pages", "list"]), min_size=1, max_size=3))
def test_a_history_leaves_the_periods_that_the_ends_of_its_days_make(
    rounds: Crowd, history: list[tuple[int, list[tuple[str, int | str]]]], ways: list[str]
) -> None:
    rounds.clear()
    world: dict[str, int | str] = {}
    ends: dict[int, set[str]] = {}
    day = 1
    for number, (pass_, changes) in enumerate(history):
        day += pass_
        happen(rounds, world, changes)
        land(rounds, DAY + day, ways[number % len(ways)])
        ends[day] = {name for name, spend in world.items() if spend == 100}
        assert set(rounds.store.segments.members("rich")) == ends[day]
    for name in NAMES:
        assert periods(rounds, name) == stays(ends, name)


@settings(deadline=None, max_examples=50)
@given(history=HISTORY)
def test_one_jump_ends_where_single_days_end(
    rounds: Crowd, history: list[tuple[int, list[tuple[str, int | str]]]]
) -> None:
    outcomes = []
    for daily in (True, False):
        rounds.clear()
        world: dict[str, int | str] = {}
        for number, (_, changes) in enumerate(history):
            happen(rounds, world, changes)
            if daily or number == len(history) - 1:
                land(rounds, DAY + number, "rule")
        outcomes.append(list(rounds.store.segments.members("rich")))
    assert outcomes[0] == outcomes[1]


# -- lists


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock, location: str) -> Iterator[Scene]:
    card = ", fields: [{ours: member_card, theirs: card}]"
    found = Scene(tmp_path, location, clock, yaml=THREE, till_options=card)
    yield found
    found.close()


def listed(scene: Scene, text: str | bytes, column: str) -> Judged:
    """Settle a segment `vips` by a file of this content."""
    file = scene.folder / "vips.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return settled(scene, column)


def settled(scene: Scene, column: str) -> Judged:
    segmenter = Segmenter(scene.store, PLACE, scene.folder, ("crm", "shop", "till"))
    with scene.store.db.writing("decide"):
        found = segmenter.lists([Listed("vips", "vips.csv", column)], scene.today.toordinal(), "d")["vips"]
        assert segmenter.settle([], ["vips"], scene.today.toordinal(), "d") == {}  # a list is none of the rules' ends
        return found


def vips(scene: Scene) -> list[str]:
    return list(scene.store.segments.members("vips"))


def three(scene: Scene) -> tuple[str, str, str]:
    """Three people, each by keys of one kind."""
    scene.customer("till", "7", phone=PHONE)
    scene.customer("till", "8", email="wei@shop.cn")
    scene.customer("till", "9", card="K-1")
    scene.sync()
    return scene.who("till", "7"), scene.who("till", "8"), scene.who("till", "9")


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("phone", ["138 1234 5678"], [0]),
        ("email", [" Wei@Shop.CN "], [1]),
        ("member_card", ["Ｋ-1"], [2]),
        ("till", ["7", "9"], [0, 2]),
    ],
)
def test_a_list_names_customers_in_the_spelling_of_keys(
    scene: Scene, column: str, values: list[str], wanted: list[int]
) -> None:
    people = three(scene)
    found = listed(scene, f"note,{column}\n" + "".join(f"x,{value}\n" for value in values), column)
    assert found == Judged(len(wanted), 0)
    assert vips(scene) == sorted(people[place] for place in wanted)


def test_a_list_names_customers_by_id_and_alias(scene: Scene) -> None:
    one, two, _ = three(scene)
    scene.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    scene.sync()
    (alive,) = {one, two} & set(scene.ids())
    found = listed(scene, f"id\n{one.lower()}\n{two}\nC0000000000000000\n", "id")
    assert found == Judged(1, 0, unknown=(4,))
    assert vips(scene) == [alive]


def test_lines_that_name_nobody_several_or_nothing_readable_are_told_by_number(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.customer("till", "8", phone=PHONE, name="李娜")
    scene.customer("till", "9", phone=OTHER)
    scene.sync()
    assert len(scene.ids()) == 3
    text = f"\ufeffphone\r\n{PHONE}\r\n\r\n{OTHER}\r\n{THIRD}\r\n12\r\n{OTHER}\r\n"
    found = listed(scene, text, "phone")
    assert found == Judged(1, 0, several=(2,), unknown=(5,), unreadable=(6,))
    assert vips(scene) == [scene.who("till", "9")]


def test_a_list_is_read_again_when_people_merge(scene: Scene) -> None:
    one, two, _ = three(scene)
    listed(scene, f"phone\n{PHONE}\n", "phone")
    scene.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    scene.sync()
    (alive,) = {one, two} & set(scene.ids())
    settled(scene, "phone")
    assert vips(scene) == [alive]


def test_whoever_resolve_merges_away_leaves_and_is_nobodys_business_any_more(scene: Scene) -> None:
    one, two, three_ = three(scene)
    day = scene.today.toordinal()
    with scene.store.db.writing("decide"):
        scene.store.segments.settle("all", day - 9, "d", [one, two, three_], [])
    scene.reconfigure(THREE.replace("rules:\n", "rules:\n  segments: {{all: orders_life >= 0}}\n"))
    scene.customer("till", "8", email="wei@shop.cn", phone=PHONE)
    scene.sync()
    (gone,) = {one, two} - set(scene.ids())
    with scene.store.db.writing("decide"):
        assert scene.store.segments.leave_merged(day) == 0  # the run did it
    assert scene.store.db.rows("SELECT due FROM customer WHERE id = :gone", {"gone": gone}) == [(0,)]
    assert scene.store.segments.of_customer(gone) == [Period("all", day - 9, day, "d")]
    living = {customer: ["all"] for customer in scene.ids()}
    assert scene.store.segments.standing([one, two, three_]) == {gone: [], **living}
    scene.customer("till", "8", email="wei@shop.cn", phone=OTHER)
    scene.sync()
    assert gone in scene.ids()
    assert scene.store.segments.of_customer(gone) == [Period("all", day - 9, 0, "d")]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (b"name\nx\n", ":1", "no column"),
        (b"a,phone\nx\n", ":2:2", "ends before the column"),
        (b'phone\n"13812345678\n', ":2", "not CSV"),
        (b"phone\n13812345678\n\xd5\xc5\n", ":3:1", "not UTF-8"),
        (b"phone\n\n", "", "the list is empty"),
        (b"", ":1", "no column"),
        (None, "", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_taken_is_told_with_its_place_and_keeps_the_members(
    scene: Scene, text: bytes | None, where: str, what: str
) -> None:
    one, *_ = three(scene)
    listed(scene, f"phone\n{PHONE}\n", "phone")
    file = scene.folder / "vips.csv"
    if text is None:
        file.unlink()
        found = settled(scene, "phone")
    else:
        found = listed(scene, text, "phone")
    assert found.problem.startswith(f"{file}{where}: ")
    assert what in found.problem
    assert "138" not in found.problem.replace(str(file), "")
    assert vips(scene) == [one]


def test_a_column_that_holds_no_key_is_refused(scene: Scene) -> None:
    assert "name one of: phone, email, member_card, id, crm" in listed(scene, "age\n7\n", "age").problem


def test_a_quoted_value_may_have_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('note,phone\n"one\ntwo",7\nthree,8\n', encoding="utf-8")
    assert list(read_column(file, "PHONE")) == [(3, "7"), (4, "8")]
    with pytest.raises(SettingsError, match="cannot be read"):
        list(read_column(tmp_path, "phone"))


# -- commands


@pytest.fixture
def shop(site: Site) -> Site:
    """Five people; three are in `rich`, two of them in `lately` as well."""
    site.people(5)
    site.kehub("sync", code=3)
    from hub.store import open_store
    from tests.conftest import MASTER, NOW

    store = open_store(str(site.folder / "kehub.db"), MASTER, FixedClock(NOW))
    ids = [customer for (customer,) in store.db.rows("SELECT id FROM customer ORDER BY id")]
    today = NOW.toordinal()
    with store.db.writing("decide"):
        store.segments.settle("rich", today - 40, "d", ids[:3], [])
        store.segments.settle("lately", today - 1, "d", ids[1:4], [])
        store.segments.settle("lately", today, "d", [], ids[3:4])
    store.close()
    return site


def test_segments_are_listed_and_shown(shop: Site) -> None:
    found = shop.facts("segments", "list")
    assert [(f["segment"], f["size"], f["entered"], f["left"], f["rule"]) for f in found] == [
        ("lately", 2, 3, 1, None), ("rich", 3, 0, 0, None),
    ]  # fmt: skip
    assert "lately" in shop.kehub("segments", "list")
    one = shop.facts("segments", "show", "lately", "--most", "2")
    assert (one["size"], len(one["members"]), one["changes"][0]["change"]) == (2, 2, "left")
    assert one["changes"][0]["day"] == "2026-03-01"
    text = shop.kehub("segments", "show", "lately")
    assert "2 members; in 30 days 3 entered, 1 left" in text
    assert "张" not in text
    shop.kehub("segments", "show", "latly", code=2)
    assert 'did you mean "lately"?' in shop.err


def test_overlaps_are_shown_as_a_picture(shop: Site) -> None:
    found = shop.facts("segments", "overlap")
    assert found["segments"] == ["rich", "lately"]
    pairs = {(p["segment"], p["in"]): (p["customers"], p["share"]) for p in found["pairs"]}
    assert pairs["rich", "lately"] == (2, 0.6667)
    assert pairs["lately", "rich"] == (2, 1.0)
    text = shop.kehub("segments", "overlap", "lately", "rich")
    assert "███ 100%" in text
    assert "2 ▓▓▓  67%" in text


def test_the_ids_of_a_segment_are_exported_and_nothing_else(shop: Site) -> None:
    file = shop.folder / "rich.csv"
    assert shop.facts("segments", "export", "rich", "--out", str(file))["members"] == 3
    head, *ids = file.read_text(encoding="utf-8").split()
    assert head == "customer"
    assert len(ids) == 3
    assert all(len(each) == 17 and each.startswith("C") for each in ids)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "3 ids" in shop.kehub("segments", "export", "rich", "--out", str(file))
    assert "segments export" in shop.kehub("runs", "list")


def test_a_brand_without_segments_is_told_so(site: Site) -> None:
    assert "No segments" in site.kehub("segments", "list")
    assert "No segments" in site.kehub("segments", "overlap")
    site.kehub("segments", "show", "x", code=2)
    assert "none yet" in site.err
