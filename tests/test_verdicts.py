"""merge and split: a person's verdict outweighs keys and guards, is undone without a trace, and systems follow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from hub.clock import FixedClock
from hub.errors import SettingsError
from hub.store.check import canonical, check
from sync import verdict
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene
from tests.test_cli_site import Site, site

__all__ = ["site"]


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    assert check(found.store) == []
    found.close()


def merge(scene: Scene, one: str, other: str) -> str:
    """Merge the customers of two records, given as connection:id."""
    names = [scene.who(*place.split(":")) for place in (one, other)]
    return verdict.merge(scene.hub, names[0], names[1], "told us")


def split(scene: Scene, *records: str) -> str:
    """Split records, given as connection:id, from the customer of the first."""
    return verdict.split(scene.hub, scene.who(*records[0].split(":")), records, "not her")


def partition(scene: Scene) -> set[frozenset[str]]:
    """After a run; and a look at everybody gives the same."""
    assert scene.sync().errors == {}
    found = scene.parts()
    scene.look_at_everybody()
    again = scene.resolve()
    assert (again.created, again.moved) == (0, 0)
    assert scene.parts() == found
    return found


def settled(scene: Scene) -> list[str]:
    """The store as text, without history: who belonged where, what was decided of ids that live on as aliases, and
    the keys of creates that were planned once."""
    aliases = scene.store.db.rows("SELECT id FROM customer WHERE merged_into IS NOT NULL")
    left_out = ("link ", "verdict ", "mark ", "certificate ", "receipt ", "shadow ",
                *(f'decision ["{alias}"' for (alias,) in aliases))  # fmt: skip
    lines = (line for line in canonical(scene.store) if not line.startswith(left_out))
    return [line for line in lines if not (line.startswith("identity ") and '"created"' in line)]


# -- what a verdict does


def test_a_merge_joins_what_no_key_joins_and_its_undoing_parts_them(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=OTHER)
    partition(scene)
    before, ids = settled(scene), (scene.who("crm", "a"), scene.who("till", "7"))
    made = merge(scene, "crm:a", "till:7")
    assert partition(scene) == {frozenset({"crm.a", "till.7"})}
    assert scene.store.people.current(ids[1]) == ids[0]
    verdict.undo(scene.hub, made)
    assert len(partition(scene)) == 2
    assert (scene.who("crm", "a"), scene.who("till", "7")) == ids
    assert settled(scene) == before


def test_a_split_parts_what_keys_join_and_its_undoing_joins_them(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.customer("till", "8", phone=PHONE)
    partition(scene)
    made = split(scene, "till:8")
    assert partition(scene) == {frozenset({"crm.a", "till.7"}), frozenset({"till.8"})}
    verdict.undo(scene.hub, made)
    assert partition(scene) == {frozenset({"crm.a", "till.7", "till.8"})}


def test_a_merge_and_a_split_bring_orders_tiers_and_remote_fields_along_and_back(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("crm", "b", phone=OTHER)
    scene.customer("till", "7", phone=OTHER)
    scene.order("till", "o1", "600", customer="7")
    scene.order("shop", "o2", "600", phone=PHONE)
    scene.rounds()

    def remote() -> dict[str, Any]:
        rows = scene.crm.customers
        return {id_: (rows[id_].get("hub_id"), rows[id_]["tier"], rows[id_].get("stage")) for id_ in "ab"}

    before, ids, parts = remote(), (scene.who("crm", "a"), scene.who("crm", "b")), scene.parts()
    said = [line for line in settled(scene) if not line.startswith("record ")]
    assert [before[id_][1] for id_ in "ab"] == ["silver", "silver"]
    merge(scene, "crm:a", "crm:b")
    scene.rounds()
    assert scene.facts(ids[0])["spend_life"] == 120000
    assert [remote()[id_][:2] for id_ in "ab"] == [(ids[0], "gold"), (ids[0], "gold")]
    leaving = [r for r in scene.store.records.of_customers([ids[0]])[ids[0]] if r.ext in ("b", "7")]
    split(scene, *(f"{r.connection}:{r.ext}" for r in leaving))
    scene.rounds()
    assert (scene.who("crm", "a"), scene.who("crm", "b")) == ids
    assert [scene.facts(name)["spend_life"] for name in ids] == [60000, 60000]
    assert remote() == before
    assert scene.parts() == parts
    assert [line for line in settled(scene) if not line.startswith("record ")] == said


def test_verdicts_hold_on_both_databases(tmp_path: Path, clock: FixedClock, location: str) -> None:
    scene = Scene(tmp_path, location, clock, yaml=THREE)
    for system, id_, name in (("crm", "a", "张伟"), ("till", "7", "张伟"), ("till", "8", "李娜")):
        scene.customer(system, id_, phone=PHONE, name=name)
    before = partition(scene)
    made = merge(scene, "till:7", "till:8")
    assert len(partition(scene)) == 1
    verdict.undo(scene.hub, made)
    assert partition(scene) == before
    split(scene, "crm:a")
    assert len(partition(scene)) == 3
    assert check(scene.store) == []
    scene.close()


# -- against guards, other verdicts and the order of things


@pytest.mark.parametrize("crowd", [0, 8])
def test_a_merge_outweighs_names_and_crowds_and_can_be_undone_all_the_same(scene: Scene, crowd: int) -> None:
    scene.customer("till", "1", phone=PHONE, name="张伟")
    scene.customer("till", "2", phone=PHONE, name="李娜")
    for number in range(crowd):
        scene.customer("shop", f"{number}", phone=PHONE)
    before = partition(scene)
    assert scene.questions()
    made = merge(scene, "till:1", "till:2")
    assert frozenset({"till.1", "till.2"}) in partition(scene)
    assert bool(scene.questions("names")) is False
    verdict.undo(scene.hub, made)
    assert partition(scene) == before
    assert scene.questions()


def test_two_people_on_one_phone_who_were_judged_apart_are_no_question(scene: Scene) -> None:
    scene.customer("till", "1", phone=PHONE, name="张伟")
    scene.customer("till", "2", phone=PHONE)
    scene.sync()
    split(scene, "till:2")
    scene.customer("till", "2", name="李娜")
    assert len(partition(scene)) == 2
    assert scene.questions() == []


def test_the_newest_verdict_on_a_pair_counts_and_undoing_it_brings_the_older_one_back(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    first = split(scene, "till:7")
    assert len(partition(scene)) == 2
    second = merge(scene, "crm:a", "till:7")
    assert len(partition(scene)) == 1
    verdict.undo(scene.hub, second)
    assert len(partition(scene)) == 2
    verdict.undo(scene.hub, first)
    assert len(partition(scene)) == 1


def test_asking_twice_stores_once(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=OTHER)
    scene.sync()
    assert merge(scene, "crm:a", "till:7") == merge(scene, "till:7", "crm:a")
    assert scene.store.db.rows("SELECT COUNT(*) FROM verdict") == [(1,)]


def test_a_third_record_never_bridges_a_split(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    split(scene, "till:7")
    scene.sync()
    scene.customer("shop", "s", phone=PHONE, email="a@shop.cn")
    scene.customer("till", "7", email="a@shop.cn")
    for parts in (partition(scene), partition(scene)):
        assert not any({"crm.a", "till.7"} <= part for part in parts)


def test_a_correction_goes_with_its_record(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("crm", "a")
    scene.correct(one, phone=THIRD)
    scene.sync()
    split(scene, "crm:a")
    assert len(partition(scene)) == 2
    assert {record.connection for record in scene.store.records.of_customers([one])[one]} == {"crm", "staff"}


def test_what_the_hub_created_goes_with_its_record_and_never_without(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.rounds()
    scene.customer("till", "8", phone=PHONE)
    scene.sync()
    with pytest.raises(SettingsError):
        split(scene, "shop:new-1")
    split(scene, "till:7")
    assert partition(scene) == {frozenset({"till.7", "shop.new-1"}), frozenset({"till.8"})}
    scene.rounds()
    assert {row["hub_id"] for row in scene.system("shop").customers.values()} == set(scene.ids())


def test_a_split_of_a_gone_record_takes_its_orders_along(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    one = scene.who("crm", "a")
    scene.till.remove("7")
    scene.sync()
    split(scene, "till:7")
    assert len(partition(scene)) == 2
    assert scene.facts(one)["orders_life"] == 0
    assert scene.facts(scene.who("till", "7"))["orders_life"] == 1


def test_the_order_in_which_records_arrive_changes_nothing(tmp_path: Path) -> None:
    outcomes = set()
    records = (("crm", "a"), ("till", "7"), ("till", "8"), ("shop", "s"))
    for number, order in enumerate(permutations(records)):
        folder = tmp_path / str(number)
        folder.mkdir()
        scene = Scene(folder, str(folder / "kehub.db"), FixedClock(NOW), yaml=THREE)
        for system, id_ in order:
            scene.customer(system, id_, phone=PHONE)
            scene.sync()
        split(scene, "till:8")
        scene.sync()
        outcomes.add(frozenset(scene.parts()))
        outcomes.add(frozenset(partition(scene)))
        scene.close()
    assert len(outcomes) == 1


@pytest.mark.parametrize("named", [["till:8"], ["crm:a", "till:7"], ["staff:x"], ["nonsense"]])
def test_what_cannot_be_split_is_refused(scene: Scene, named: list[str]) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    with pytest.raises(SettingsError):
        verdict.split(scene.hub, scene.who("crm", "a"), named, "why")
    with pytest.raises(SettingsError):
        merge(scene, "crm:a", "till:7")
    with pytest.raises(SettingsError):
        verdict.undo(scene.hub, "nothing")


def test_a_verdict_speaks_of_everybodys_own_records_and_never_of_what_the_hub_made(scene: Scene) -> None:
    scene.customer("till", "1", phone=PHONE)
    scene.customer("till", "2", phone=OTHER)
    scene.rounds()
    shop = scene.system("shop")
    made = {row["hub_id"]: id_ for id_, row in shop.customers.items()}
    ids = {number: scene.who("till", number) for number in "12"}
    merge(scene, "till:1", "till:2")
    assert scene.store.db.rows("SELECT COUNT(*) FROM verdict") == [(1,)]
    scene.rounds()
    split(scene, "till:1")
    scene.rounds()
    assert {number: scene.who("till", number) for number in "12"} == ids
    assert {scene.who("shop", id_): id_ for id_ in shop.customers} == made
    told = scene.store.db.rows("SELECT DISTINCT one FROM verdict UNION SELECT DISTINCT other FROM verdict")
    rids = [(rid,) for (rid,) in scene.store.db.rows("SELECT rid FROM record WHERE connection = 'till' ORDER BY rid")]
    assert sorted(told) == rids


# -- whatever happens

PHONES = st.sampled_from([None, PHONE, OTHER, THIRD])
NAMES = st.sampled_from([None, "张伟", "李娜"])
ENTRIES = st.lists(st.tuples(st.sampled_from(["crm", "shop", "till"]), PHONES, NAMES), min_size=2, max_size=7)
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 30)), max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(entries=ENTRIES, earlier=STEPS, one=st.integers(0, 30), other=st.integers(0, 30))
def test_a_merge_and_its_undoing_leave_nothing_behind(
    entries: list[tuple[str, Any, Any]], earlier: list[tuple[bool, int, int]], one: int, other: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder), f"{folder}/kehub.db", FixedClock(NOW), yaml=THREE)
        try:
            for number, (system, phone, name) in enumerate(entries):
                scene.customer(system, f"{number}", phone=phone, name=name)
                scene.order("till", f"o{number}", "150", phone=phone)
            partition(scene)
            for joins, first, second in earlier:
                judge(scene, joins, first, second)
                partition(scene)
            before = settled(scene)
            made = judge(scene, True, one, other)
            partition(scene)
            if made:
                verdict.undo(scene.hub, made)
                partition(scene)
                assert settled(scene) == before
            assert check(scene.store) == []
        finally:
            scene.close()


def judge(scene: Scene, joins: bool, one: int, other: int) -> str:
    """Merge two customers, or split a record from its own, chosen by number; empty when that cannot be."""
    ids = scene.ids()
    first, second = ids[one % len(ids)], ids[other % len(ids)]
    records = scene.store.records.of_customers([first])[first]
    record = records[other % len(records)]
    with suppress(SettingsError):
        if joins:
            return verdict.merge(scene.hub, first, second, "told us")
        return verdict.split(scene.hub, first, [f"{record.connection}:{record.ext}"], "not her")
    return ""


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@example(  # what a person merged is merged further when the name that stood against it goes
    entries=[("crm", None, "张伟"), ("till", PHONE, "张伟"), ("till", PHONE, None), ("till", PHONE, "李娜"),
             ("till", PHONE, None), ("till", OTHER, "张伟"), ("till", THIRD, "李娜")],
    one=4, other=21, gone={3}, at_once=True,
)  # fmt: skip
@example(  # somebody comes for the sake of the one who was merged
    entries=[("crm", PHONE, "张伟"), ("till", PHONE, None), ("shop", PHONE, "李娜")],
    one=0, other=3, gone={0}, at_once=False,
)  # fmt: skip
@given(
    entries=ENTRIES,
    one=st.integers(0, 30),
    other=st.integers(0, 30),
    gone=st.sets(st.integers(0, 6), min_size=1, max_size=3),
    at_once=st.booleans(),
)
def test_a_merge_is_undone_though_records_went_in_the_meantime(
    entries: list[tuple[str, Any, Any]], one: int, other: int, gone: set[int], at_once: bool
) -> None:
    """Whoever went, the founder of the surviving id or of the other: all is as if nobody had ever merged."""
    outcomes = []
    for merged in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            scene = Scene(Path(folder), f"{folder}/kehub.db", FixedClock(NOW), yaml=THREE)
            try:
                outcomes.append(life(scene, entries, (one, other) if merged else None, sorted(gone), at_once))
            finally:
                scene.close()
    assert outcomes[0] == outcomes[1]


def test_a_merge_is_undone_though_another_founder_went_home_before(scene: Scene) -> None:
    entries = [("crm", PHONE, "李娜"), ("shop", THIRD, "张伟"), ("till", PHONE, "张伟"), ("till", PHONE, "张伟"),
               ("shop", THIRD, "张伟"), ("till", THIRD, None), ("crm", THIRD, None)]  # fmt: skip
    for number, (system, phone, name) in enumerate(entries):
        scene.customer(system, f"{number}", phone=phone, name=name)
    before = partition(scene)
    made = merge(scene, "till:3", "shop:1")
    partition(scene)
    for number in (3, 5, 6):
        scene.system(entries[number][0]).remove(f"{number}")
    partition(scene)
    verdict.undo(scene.hub, made)
    assert partition(scene) == before


def life(
    scene: Scene, entries: list[tuple[str, Any, Any]], merged: tuple[int, int] | None, gone: list[int], at_once: bool
) -> list[str]:
    """Records are entered, perhaps merged, some go, the merge is taken back: what came of it."""
    for number, (system, phone, name) in enumerate(entries):
        scene.customer(system, f"{number}", phone=phone, name=name)
        scene.order("till", f"o{number}", "150", customer=f"{number}")
    scene.sync()
    made = judge(scene, True, *merged) if merged else ""
    if made:
        scene.sync()
    for number in gone:
        if number < len(entries):
            scene.system(entries[number][0]).remove(f"{number}")
            if not at_once:
                scene.sync()
    scene.sync()
    if made:
        verdict.undo(scene.hub, made)
    scene.sync()
    assert check(scene.store) == []
    return settled(scene)


@pytest.mark.parametrize("leaving", ["a", "b"])
def test_a_merge_is_undone_though_a_founder_is_gone(scene: Scene, leaving: str) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "1", phone=PHONE)
    scene.customer("crm", "b", phone=OTHER)
    scene.customer("till", "2", phone=OTHER)
    scene.order("till", "o1", "600", customer="1")
    scene.order("till", "o2", "700", customer="2")
    before, ids = partition(scene), [scene.who("till", number) for number in "12"]
    made = merge(scene, "crm:a", "crm:b")
    assert len(partition(scene)) == 1
    scene.crm.remove(leaving)
    assert len(partition(scene)) == 1
    verdict.undo(scene.hub, made)
    assert partition(scene) == before
    assert [scene.who("till", number) for number in "12"] == ids
    assert [scene.facts(name)["spend_life"] for name in ids] == [60000, 70000]


# -- on the command line


def test_verdicts_are_given_shown_and_taken_back(site: Site) -> None:
    site.settled(2)
    made = site.facts("customers", "merge", "crm:a0", "crm:a1", "--reason", "same lady", "--as", "anna")
    site.kehub("sync", code=3)
    (told,) = site.facts("why", "crm:a0")["verdicts"]
    assert (told["id"], told["kind"], told["actor"], told["reason"]) == (made["verdict"], "same", "anna", "same lady")
    assert told["pairs"] == [["crm:a0", "crm:a1"], ["crm:a0", "till:t1"], ["crm:a1", "till:t0"], ["till:t0", "till:t1"]]
    assert "same lady" in site.kehub("why", "crm:a1")
    assert "apart" in site.kehub("customers", "split", "crm:a0", "crm:a1", "till:t1", "--reason", "no")
    site.kehub("sync")
    assert site.facts("why", "crm:a0")["customer"] != site.facts("why", "crm:a1")["customer"]
    assert "taken back" in site.kehub("customers", "undo", made["verdict"])
    site.kehub("customers", "undo", made["verdict"], code=2)
    site.kehub("customers", "merge", "crm:a0", "crm:a1", "--reason", " ", code=2)


def test_same_is_an_answer_to_a_question_about_names(site: Site) -> None:
    site.till.put("customers", {"id": "t1", "name": "张伟", "phone": "+8613812345678"})
    site.till.put("customers", {"id": "t2", "name": "李娜", "phone": "+8613812345678"})
    site.kehub("sync", code=3)
    (question,) = site.facts("questions", "list")
    assert question["answers"] == ["same", "seen"]
    told = site.kehub("questions", "answer", question["id"], "same", "--as", "anna")
    site.kehub("sync")
    assert site.facts("why", "till:t1")["customer"] == site.facts("why", "till:t2")["customer"]
    assert site.facts("questions", "list") == []
    (judged,) = site.facts("why", "till:t1")["verdicts"]
    assert judged["id"] in told
    site.kehub("customers", "undo", judged["id"])
    site.kehub("sync", code=3)
    assert [each["kind"] for each in site.facts("questions", "list")] == ["names"]
