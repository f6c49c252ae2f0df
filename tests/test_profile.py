"""The profile part of facts: what records tell of a person, and nothing that says who it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.forms import Place
from hub.store.bodies import Body
from hub.store.facts import PROFILE
from hub.store.records import Stored
from rules.catalogue import CATALOGUE
from sync import facts
from sync.facts import Profiler
from sync.golden import Survivorship
from tests.scene import PHONE, THREE, Scene

PROFILER = Profiler(Survivorship({}, {}), Place())


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def record(connection: str = "crm", since: int = 0, gone: bool = False, **values: Any) -> Stored:
    return Stored(1, connection, "customers", "x", "a", gone, False, Body(values, dict.fromkeys(values, since)))


def profile(*records: Stored) -> dict[str, Any]:
    return PROFILER.profile(records)


def test_a_profile_has_the_columns_of_the_store_and_the_catalogue() -> None:
    assert profile(record()).keys() == set(PROFILE)
    assert set(PROFILE) == {fact.name for fact in CATALOGUE.values() if fact.group == "profile"}


def test_what_is_known_of_a_person() -> None:
    found = profile(
        record(phone="+85251234567", email="a@b.cn", birthday="1990-06-15", wechat_openid="o", gender="female", city="上海",
               registered_at="2025-02-28T16:30:00Z", name="张伟"),
        record("till", birthday="1990-06-15"), record("till", gone=True, province="x"),
    )  # fmt: skip
    assert {name: found[name] for name in ("has_phone", "has_email", "has_wechat", "phone_region", "gender", "city")} == {
        "has_phone": 1, "has_email": 1, "has_wechat": 1, "phone_region": "HK", "gender": "female", "city": "上海"}  # fmt: skip
    assert (found["birth_year"], found["birth_month"], found["birth_day"]) == (1990, 6, 15)
    assert (found["records"], found["systems"], found["quality"], found["province"]) == (2, 2, 100, None)
    assert found["registered_on"] == date(2025, 3, 1).toordinal()  # the brand's day


def test_of_an_empty_record_nothing_is_known() -> None:
    found = profile(record())
    assert {name for name, value in found.items() if value} == {"records", "systems"}
    assert {found[name] for name in ("phone_region", "youngest_born_on", "confirmed_on", "birth_year")} == {None}


def test_children_are_named_dates_that_begin_so_and_have_a_year() -> None:
    dates = {
        "Child 1": "2015-03-01",
        "孩子二": "2019-05-20",
        "child3": "--04-01",
        "wedding": "2010-01-01",
        "grandchild": "2020-01-01",
    }
    found = profile(record(**{f"named_dates.{name}": day for name, day in dates.items()}))
    assert found["children"] == 2
    assert found["eldest_born_on"] == date(2015, 3, 1).toordinal()
    assert found["youngest_born_on"] == date(2019, 5, 20).toordinal()


@pytest.mark.parametrize(
    ("records", "quality"),
    [
        ((record(name="A", email="a@b.cn"),), 40),
        ((record(name="A", phone=PHONE), record("till", phone=PHONE)), 50),
        ((record(name="A", phone=PHONE), record("till", phone="+8613900001111")), 33),
        ((record(name="Wei Zhang"), record("till", name="WEI ZHANG")), 33),
        ((record(name="Wei Zhang"), record("till", name="Li Na")), 17),
    ],
)
def test_quality_is_what_is_known_and_what_is_agreed_on(records: tuple[Stored, ...], quality: int) -> None:
    assert profile(*records)["quality"] == quality


def test_a_person_is_confirmed_when_a_system_last_changed_its_own_word() -> None:
    mine = record(since=at("2025-05-01T20:00:00"), phone=PHONE, gender="male")
    mine.body.since["gender"] = at("2025-09-01T00:00:00")  # says nothing of who or where somebody is
    mine.body.values["city"], mine.body.since["city"] = "上海", at("2025-08-01T00:00:00")
    mine.body.ours["city"] = ("苏州", at("2025-05-03T10:00:00"))  # our own write displaced this
    clerk = record("staff", since=at("2025-10-01T00:00:00"), phone=PHONE)
    gone = record("till", since=at("2025-11-01T00:00:00"), gone=True, phone=PHONE)
    assert profile(mine, clerk, gone)["confirmed_on"] == date(2025, 5, 3).toordinal()
    assert profile(record(since=at("2025-05-01T20:00:00"), phone=PHONE))["confirmed_on"] == date(2025, 5, 2).toordinal()


def test_tags_are_the_hubs_own_and_interests_of_living_records() -> None:
    records = (record(tags=["kehub-gold"], interests=["茶"]), record("till", interests=["围棋", "茶"]),
               record("till", gone=True, interests=["x"]))  # fmt: skip
    assert facts.tags(records) == {"kehub-gold", "茶", "围棋"}


EXAMPLES = [phonenumbers.example_number(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]


@given(st.sampled_from([number for number in EXAMPLES if number is not None]))
def test_the_region_of_a_number_is_the_librarys(number: phonenumbers.PhoneNumber) -> None:
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for _ in range(2):  # the second time from memory
        assert facts.region(text) == phonenumbers.region_code_for_number(number)
    assert facts.region("+80012345678") is None


# -- in a run


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    found.close()


def test_a_change_of_records_changes_the_profile_and_the_calendar_leaves_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.order("till", "o", "100", 364, customer="7")
    scene.sync()
    scene.customer("till", "7", phone=PHONE, city="苏州")
    scene.sync()
    one = scene.who("till", "7")
    assert (scene.facts(one)["city"], scene.facts(one)["orders_365d"]) == ("苏州", 1)
    monkeypatch.setattr(Profiler, "profile", lambda *_: pytest.fail("nothing was changed"))
    scene.advance(days=1)
    scene.sync()
    assert (scene.facts(one)["city"], scene.facts(one)["orders_365d"]) == ("苏州", 0)


def test_tags_stand_in_the_store_as_hashes(scene: Scene) -> None:
    store = scene.store.facts
    with scene.store.db.writing("tags"):
        store.save_tags({"a": {"Tea ", "tea", "围棋"}, "b": ["tea"]})
        store.save_tags({"b": []})
    found = scene.store.db.rows("SELECT customer, tag FROM customer_tag ORDER BY customer, tag")
    assert found == sorted([("a", store.tag("TEA")), ("a", store.tag("围棋"))])


def test_what_is_merged_away_leaves_no_facts(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("shop", "s", email="a@b.cn")
    scene.sync()
    scene.customer("shop", "s", phone=PHONE)
    scene.sync()
    assert [one for (one,) in scene.store.db.rows("SELECT customer FROM facts")] == scene.ids()
