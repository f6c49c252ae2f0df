"""resolve: guards, order, aliases and their return; who is who is a function of the records and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.store.check import check
from sync.resolve.names import same_name
from sync.staff import take_back
from sync.verdict import merge, split
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    found.close()


def partition(scene: Scene) -> set[frozenset[str]]:
    """After a run; and a look at everybody gives the same."""
    assert scene.sync().errors == {}
    found = scene.parts()
    scene.look_at_everybody()
    again = scene.resolve()
    assert (again.created, again.moved) == (0, 0)
    assert scene.parts() == found
    return found


# -- keys


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"phone": "138 1234 5678"}, {"phone": PHONE}, True),
        ({"email": "Wei@Shop.CN"}, {"email": "wei@shop.cn"}, True),
        ({"phone": PHONE}, {"phone2": PHONE}, True),
        ({"phone": PHONE, "email": "a@shop.cn"}, {"phone": OTHER, "email": "a@shop.cn"}, True),
        ({"phone": PHONE}, {"phone": OTHER}, False),
        ({"name": "张伟"}, {"name": "张伟"}, False),
        ({}, {}, False),
        ({"phone": PHONE, "name": "张伟"}, {"phone": PHONE, "name": "伟 张"}, True),
        ({"phone": PHONE, "name": "张伟"}, {"phone": PHONE, "name": "李娜"}, False),
        ({"phone": PHONE, "name": "张伟"}, {"phone": PHONE, "name": "Zhang Wei"}, True),
        ({"email": "a@shop.cn", "name": "张伟"}, {"email": "a@shop.cn", "name": "李娜"}, True),
    ],
)
def test_exact_keys_join_records_of_two_systems_unless_names_say_that_a_phone_is_shared(
    scene: Scene, one: dict[str, str], other: dict[str, str], same: bool
) -> None:
    scene.customer("crm", "a", **one)
    scene.customer("till", "7", **other)
    assert len(partition(scene)) == (1 if same else 2)
    asked = not same and one.get("phone") == other.get("phone") is not None
    assert bool(scene.questions("names")) == asked


BORN, OTHER_DAY, NO_YEAR = {"birthday": "1990-05-01"}, {"birthday": "1991-06-02"}, {"birthday": "--06-02"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"name": "张伟"}, {"name": "Ann Lee"}, True),
        ({"name": "张伟", **BORN}, {"name": "Ann Lee", **OTHER_DAY}, False),
        ({"name": "张伟", **BORN}, {"name": "Ann Lee", **NO_YEAR}, True),
        ({"name": "张伟", "gender": "male"}, {"name": "Ann Lee", "gender": "female"}, False),
        ({**BORN}, {**OTHER_DAY}, False),
        ({"name": "张伟", "gender": "male", **BORN}, {"name": "张伟", "gender": "female", **OTHER_DAY}, True),
    ],
)
def test_where_names_cannot_be_compared_birthday_and_gender_tell_people_of_one_phone_apart(
    scene: Scene, one: dict[str, str], other: dict[str, str], same: bool
) -> None:
    scene.customer("crm", "a", phone=PHONE, **one)
    scene.customer("till", "7", phone=PHONE, **other)
    assert len(partition(scene)) == (1 if same else 2)
    assert bool(scene.questions("names")) == (not same)


def test_a_brand_whose_systems_hold_nicknames_compares_names_within_a_system_only(scene: Scene) -> None:
    scene.reconfigure(THREE + "identity: {{names_across_systems: false}}\n")
    scene.customer("crm", "a", phone=PHONE, name="张伟")
    scene.customer("till", "7", phone=PHONE, name="爱吃鱼的猫")
    assert len(partition(scene)) == 1
    scene.customer("till", "8", phone=PHONE, name="李娜")
    assert frozenset({"till.8"}) in partition(scene)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A. Smith", "Anna Smith", True),
        ("caixi", "Xi Cai", True),
        ("Cai Ruo Xi", "ruoxi cai", True),
        ("Smith, Anna", "ANNA  SMITH", True),
        ("Bob Smith", "Anna Smith", False),
        ("B. Smith", "Anna Smith", False),
        ("王小明", "王明小", True),
        ("王小明", "王大明", False),
        ("张伟", "Zhang Wei", None),
        ("张伟", "", None),
    ],
)
def test_spellings_of_one_name_are_told_from_two_names(one: str, other: str, same: bool | None) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


def test_a_chain_of_keys_makes_one_customer(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("shop", "s", phone=PHONE, email="a@shop.cn")
    scene.customer("till", "7", email="a@shop.cn")
    assert partition(scene) == {frozenset({"crm.a", "shop.s", "till.7"})}


# -- guards


def test_a_crowded_key_joins_nobody_and_asks(scene: Scene) -> None:
    for number in range(9):
        scene.customer("till", f"{number}", phone=PHONE)
    assert len(partition(scene)) == 9
    assert [kind for kind, _, _ in scene.questions()] == ["crowded"]


def test_a_key_that_becomes_crowded_splits_nobody(scene: Scene) -> None:
    for number in range(8):
        scene.customer("till", f"{number}", phone=PHONE)
    assert len(partition(scene)) == 1
    scene.customer("till", "8", phone=PHONE)
    assert partition(scene) == {frozenset(f"till.{n}" for n in range(8)), frozenset({"till.8"})}


def test_a_key_that_is_no_longer_crowded_joins(scene: Scene) -> None:
    for number in range(9):
        scene.customer("till", f"{number}", phone=PHONE)
    partition(scene)
    scene.customer("till", "8", phone=None)
    assert partition(scene) == {frozenset(f"till.{n}" for n in range(8)), frozenset({"till.8"})}


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        ("张伟", "李娜", 2),
        ("Zhang Wei", "Li Na", 2),
        ("Zhang Wei", "zhang  wei", 1),
        ("Wei Zhang", "Zhang Wei", 1),
        ("张伟", "Zhang Wei", 1),
        ("Zhang", "Zhang Wei", 1),
        ("张", "张伟", 2),
        ("张伟", None, 1),
        ("Zoë", "Zoe", 1),
    ],
)
def test_two_names_on_one_phone_in_one_system_are_two_people_unless_they_are_variants(
    scene: Scene, one: str, other: str | None, parts: int
) -> None:
    scene.customer("till", "1", phone=PHONE, name=one)
    scene.customer("till", "2", phone=PHONE, name=other)
    assert len(partition(scene)) == parts
    assert bool(scene.questions("names")) == (parts == 2)


def test_a_record_elsewhere_goes_with_its_namesake_on_a_phone_of_two_people(scene: Scene) -> None:
    scene.customer("till", "1", phone=PHONE, name="张伟")
    scene.customer("till", "2", phone=PHONE, name="李娜")
    scene.customer("crm", "a", phone=PHONE, name="李娜")
    assert partition(scene) == {frozenset({"till.1"}), frozenset({"till.2", "crm.a"})}


def test_a_cluster_over_the_limit_is_a_question_and_what_was_one_stays_one(tmp_path: Path, clock: FixedClock) -> None:
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE + "identity: {{max_cluster: 3}}\n")
    for number in range(3):
        scene.customer("till", f"{number}", phone=PHONE)
    scene.sync()
    scene.customer("crm", "a", phone=PHONE)
    assert partition(scene) == {frozenset({"till.0", "till.1", "till.2"}), frozenset({"crm.a"})}
    assert scene.questions("cluster")
    scene.close()


# -- order


RECORDS = (
    ("crm", "a", {"phone": PHONE}), ("till", "7", {"phone": PHONE, "email": "a@shop.cn"}),
    ("shop", "s", {"email": "a@shop.cn"}), ("till", "8", {"phone": OTHER}),
)  # fmt: skip


def test_the_order_in_which_records_arrive_in_a_run_changes_nothing(tmp_path: Path) -> None:
    outcomes = set()
    for number, order in enumerate(permutations(RECORDS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        scene = Scene(folder, str(folder / "kehub.db"), FixedClock(NOW), yaml=THREE)
        for system, id_, fields in order:
            scene.customer(system, id_, **fields)
        scene.sync()
        outcomes.add((frozenset(scene.parts()), tuple(scene.ids())))
        scene.close()
    assert len(outcomes) == 1


def test_the_first_record_in_resolve_order_founds_the_customer(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("crm", "b", phone=PHONE)
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    expected = "C" + scene.store.vault.name("customer", "crm", "customers", "a", "0", length=16)
    assert scene.ids() == [expected]


# -- merge and split


def test_of_two_customers_the_older_survives_and_the_other_lives_on_as_its_alias(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    older = scene.who("till", "7")
    scene.customer("crm", "a", phone=OTHER)
    scene.sync()
    younger = scene.who("crm", "a")
    scene.customer("crm", "a", phone=PHONE)
    partition(scene)
    assert scene.who("crm", "a") == older
    assert scene.store.people.current(younger) == older
    assert scene.store.people.aliases(older) == [younger]


def test_a_split_gives_the_alias_back_to_the_part_it_came_from(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=OTHER)
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    one, other = scene.who("crm", "a"), scene.who("till", "7")
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    assert scene.who("till", "7") == one
    assert scene.decided(one)["main"] == "silver"
    scene.customer("till", "7", phone=OTHER)
    partition(scene)
    assert (scene.who("crm", "a"), scene.who("till", "7")) == (one, other)
    assert (scene.facts(one)["spend_life"], scene.facts(other)["spend_life"]) == (0, 15000)
    assert (scene.decided(one)["main"], scene.decided(other)["main"]) == ("member", "silver")


def test_a_part_that_never_had_an_id_gets_a_new_one(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("crm", "a")
    scene.customer("till", "7", phone=OTHER)
    partition(scene)
    assert scene.who("crm", "a") == one
    assert scene.who("till", "7") not in (one, "")


def test_aliases_of_aliases_resolve_and_come_back_one_by_one(scene: Scene) -> None:
    for system, id_, phone in (("crm", "a", PHONE), ("till", "7", OTHER), ("shop", "s", THIRD)):
        scene.customer(system, id_, phone=phone)
        scene.sync()
    first, second, third = scene.who("crm", "a"), scene.who("till", "7"), scene.who("shop", "s")
    scene.customer("shop", "s", phone=OTHER)
    scene.sync()
    scene.customer("till", "7", phone=PHONE, phone2=OTHER)
    partition(scene)
    assert {scene.store.people.current(i) for i in (first, second, third)} == {first}
    scene.customer("shop", "s", phone=THIRD)
    partition(scene)
    assert [scene.store.people.current(i) for i in (first, second, third)] == [first, first, third]


# -- gone


def test_a_gone_record_keeps_its_customer_its_id_and_its_orders(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", customer="7")
    scene.sync()
    one = scene.who("till", "7")
    scene.till.remove("7")
    partition(scene)
    assert scene.ids() == [one]
    assert scene.facts(one)["orders_life"] == 1
    assert scene.facts(one)["has_phone"] == 0


def test_when_the_founder_goes_the_id_stays_with_those_who_are_left(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("crm", "a")
    scene.crm.remove("a")
    partition(scene)
    assert (scene.who("crm", "a"), scene.who("till", "7")) == (one, one)


def test_when_all_records_of_a_customer_go_they_stay_one_customer(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", customer="7")
    scene.sync()
    one = scene.who("crm", "a")
    scene.crm.remove("a")
    scene.sync()
    scene.till.remove("7")
    partition(scene)
    assert scene.ids() == [one]
    assert scene.facts(one)["orders_life"] == 1


def test_a_record_that_comes_back_is_who_it_was(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("till", "7")
    scene.till.remove("7")
    scene.sync()
    scene.till.deleted.clear()
    scene.customer("till", "7", phone=OTHER)
    partition(scene)
    assert scene.who("till", "7") == one


def test_the_key_of_a_gone_record_joins_nobody(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    scene.till.remove("7")
    scene.sync()
    scene.customer("till", "8", phone=PHONE)
    assert len(partition(scene)) == 2


# -- corrections


def test_a_corrected_customer_is_found_by_the_new_key_at_once(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    one = scene.who("crm", "a")
    scene.correct(one, phone=OTHER)
    assert scene.store.identities.find("phone", OTHER) == [one]
    assert check(scene.store) == []


def test_a_correction_stays_with_its_customer_when_the_record_it_was_made_on_goes(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("crm", "a")
    scene.correct(one, name="王芳")
    scene.sync()
    scene.crm.remove("a")
    partition(scene)
    assert scene.ids() == [one]


def test_corrections_of_a_gone_record_are_no_kin_to_each_other_but_stay_with_it(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=OTHER)
    scene.sync()
    one = scene.who("crm", "a")
    for city in ("Suzhou", "Wuxi"):
        scene.correct(one, phone=THIRD, city=city)
    merge(scene.hub, one, scene.who("till", "7"), "told us")
    scene.crm.remove("a")
    partition(scene)
    assert scene.ids() == [one]


def test_a_correction_does_not_draw_the_id_away_from_the_records(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("till", "8", phone=PHONE)
    scene.sync()
    one = scene.who("till", "7")
    scene.correct(one, name="王芳")
    scene.sync()
    scene.till.remove("7")
    partition(scene)
    assert scene.who("till", "8") == one


def test_a_second_correction_survives_the_end_of_the_first(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    one = scene.who("till", "7")
    first = scene.correct(one, name="王芳")
    scene.sync()
    scene.correct(one, city="Suzhou")
    take_back(scene.hub, first)
    partition(scene)
    assert scene.ids() == [one]
    golden = scene.hub.survivorship.golden(scene.store.records.of_customers([one])[one])
    assert golden.get("city") == "Suzhou"
    assert "name" not in golden


def test_what_is_corrected_in_the_second_in_which_an_earlier_correction_went_to_another_stands(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    one = scene.who("till", "7")
    made = {scene.correct(one, name="王芳")}
    split(scene.hub, one, ["crm:a"], "not her")
    scene.resolve()
    hers = [scene.who(*place) for place in (("crm", "a"), ("till", "7"))]
    made |= {scene.correct(customer, name="王芳") for customer in hers}
    assert len(made) == 3
    for customer in hers:
        assert scene.hub.survivorship.golden(scene.store.records.of_customers([customer])[customer])["name"] == "王芳"


def test_a_corrected_part_of_a_split_founds_its_id_on_a_record_not_on_the_correction(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.sync()
    scene.crm.remove("a")
    scene.sync()
    scene.correct(scene.who("till", "7"), name="王芳")
    scene.crm.deleted.clear()
    scene.customer("crm", "a", phone=OTHER)
    partition(scene)
    founders = scene.store.db.rows("SELECT DISTINCT r.connection FROM customer c JOIN record r ON r.rid = c.founder")
    assert ("staff",) not in founders


# -- orders without a customer record


def test_a_buyer_known_by_phone_only_is_a_customer_and_joins_its_record_later(scene: Scene) -> None:
    scene.order("till", "o", "150", phone=PHONE)
    scene.sync()
    (one,) = scene.ids()
    assert scene.facts(one)["spend_life"] == 15000
    scene.customer("crm", "a", phone=PHONE)
    partition(scene)
    assert scene.who("crm", "a") == one


def test_a_buyer_not_read_yet_is_a_placeholder_that_the_record_fills(scene: Scene) -> None:
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    (one,) = scene.ids()
    scene.customer("till", "7", phone=PHONE, name="张伟")
    partition(scene)
    assert scene.who("till", "7") == one
    assert scene.facts(one)["has_phone"] == 1


def test_an_order_without_any_key_is_kept_and_counted_for_nobody(scene: Scene) -> None:
    scene.order("till", "o", "150")
    scene.sync()
    assert scene.ids() == []
    assert scene.store.registers.counts()["orders"] == 1


def test_an_order_that_changes_its_buyer_counts_for_the_new_one_only(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("till", "8", phone=OTHER)
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    scene.till.put("orders", {"id": "o", "customer": "8"})
    scene.sync()
    assert [scene.facts(scene.who("till", i))["spend_life"] for i in "78"] == [0, 15000]
    scene.till.put("orders", {"id": "o", "customer": None})
    scene.sync()
    assert [scene.facts(scene.who("till", i))["spend_life"] for i in "78"] == [0, 0]


# -- questions end with their cause


@pytest.mark.parametrize("change", [{"phone": OTHER}, {"phone": None}, {"name": "张伟"}, None])
def test_a_question_about_names_ends_when_they_no_longer_contradict(
    scene: Scene, change: dict[str, str | None] | None
) -> None:
    scene.customer("till", "1", phone=PHONE, name="张伟")
    scene.customer("till", "2", phone=PHONE, name="李娜")
    scene.sync()
    assert scene.questions("names")
    if change is None:
        scene.till.remove("2")
    else:
        scene.customer("till", "2", **change)
    partition(scene)
    assert scene.questions() == []


def test_a_question_about_a_crowded_key_ends_when_the_crowd_has_gone(scene: Scene) -> None:
    for number in range(9):
        scene.customer("till", f"{number}", phone=PHONE)
    scene.sync()
    assert scene.questions("crowded")
    scene.customer("till", "8", phone=None)
    scene.sync()
    assert scene.questions() == []
