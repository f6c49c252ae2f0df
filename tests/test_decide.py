"""decide: tier and stage are functions of orders and date; lowering waits for complete streams; merges move facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.errors import SettingsError
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THREE, Scene


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    found.close()


def buyer(scene: Scene, *orders: tuple[str, int]) -> None:
    """A customer of the till with orders of so much, so many days ago."""
    scene.customer("till", "7", phone=PHONE)
    for number, (total, days) in enumerate(orders):
        scene.order("till", f"o{number}", total, days, customer="7")


def now(scene: Scene) -> tuple[str, str, int, int]:
    """(tier, stage, orders and spend within 365 days) of the customer of the till."""
    one = scene.who("till", "7")
    decided, facts = scene.decided(one), scene.facts(one)
    return decided["main"], decided["stage"], facts["orders_365d"], facts["spend_365d"] // 100


# -- the calendar


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, ("gold", "first_time", 1, 1000)),
        (179, ("gold", "first_time", 1, 1000)),
        (180, ("gold", "at_risk", 1, 1000)),
        (364, ("gold", "at_risk", 1, 1000)),
        (365, ("member", "lost", 0, 0)),
        (366, ("member", "lost", 0, 0)),
    ],
)
@pytest.mark.parametrize("daily", [False, True], ids=["at first sight", "day by day"])
def test_an_order_leaves_the_window_and_a_customer_lapses_on_exactly_their_days(
    scene: Scene, age: int, expected: tuple[str, str, int, int], daily: bool
) -> None:
    buyer(scene, ("1000", age if not daily else max(age - 2, 0)))
    scene.sync()
    for _ in range(min(age, 2) if daily else 0):
        scene.advance(days=1)
        scene.sync()
    assert now(scene) == expected


def test_day_by_day_equals_one_jump_equals_everybody_afresh(tmp_path: Path) -> None:
    outcomes = []
    for step in (1, 13, 190):
        folder = tmp_path / str(step)
        folder.mkdir()
        scene = Scene(folder, str(folder / "kehub.db"), FixedClock(NOW), yaml=THREE)
        buyer(scene, ("60", 1), ("60", 100), ("900", 180), ("500", 300), ("10", 364), ("70", 365))
        scene.sync()
        for _ in range(190 // step):
            scene.advance(days=step)
            scene.sync(plan_only=True)
        scene.advance(days=190 % step)
        scene.sync()
        outcomes.append(now(scene))
        scene.look_at_everybody()
        scene.sync()
        outcomes.append(now(scene))
        scene.close()
    assert set(outcomes) == {("silver", "at_risk", 2, 120)}


def test_the_day_is_the_brands_not_the_servers(scene: Scene) -> None:
    """16:30 UTC is half past midnight in Shanghai: the order is of the next day there."""
    scene.customer("till", "7", phone=PHONE)
    scene.till.put("orders", {"id": "o", "customer": "7", "placed": "2025-09-01T16:30:00Z", "total": "10"})
    scene.sync(as_of=scene.today)
    assert scene.facts(scene.who("till", "7"))["last_order_on"] == 1 + scene.today.toordinal() - 181


def test_an_order_of_the_future_counts_from_its_day_on(scene: Scene) -> None:
    buyer(scene, ("150", -2))
    scene.sync()
    assert now(scene) == ("member", "prospect", 0, 0)
    scene.advance(days=2)
    scene.sync()
    assert now(scene) == ("silver", "first_time", 1, 150)


def test_decisions_only_move_forward(scene: Scene) -> None:
    buyer(scene, ("150", 1))
    scene.sync()
    with pytest.raises(SettingsError, match="already decided"):
        scene.sync(as_of=scene.today - timedelta(days=1))


def test_nobody_is_due_when_nothing_changed_and_no_day_passed(scene: Scene) -> None:
    buyer(scene, ("150", 1))
    scene.sync()
    decided = scene.sync().decided
    assert decided is not None
    assert (decided.due, decided.calendar) == (0, 0)


# -- orders


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"refunded": "1000"}, ("member", "prospect", 0, 0)),
        ({"refunded": "950"}, ("member", "first_time", 1, 50)),
        ({"refunded": "0"}, ("gold", "first_time", 1, 1000)),
        ({"status": "cancelled"}, ("member", "prospect", 0, 0)),
        ({"status": "pending"}, ("member", "prospect", 0, 0)),
        ({"status": "shipped"}, ("gold", "first_time", 1, 1000)),
        ({"total": "99"}, ("member", "first_time", 1, 99)),
    ],
)
def test_a_later_word_on_an_order_changes_what_it_earned(
    scene: Scene, change: dict[str, str], expected: tuple[str, str, int, int]
) -> None:
    buyer(scene, ("1000", 1))
    scene.sync()
    assert now(scene) == ("gold", "first_time", 1, 1000)
    scene.till.put("orders", {"id": "o0", **change})
    scene.sync()
    assert now(scene) == expected


def test_an_order_delivered_again_changes_nothing(scene: Scene) -> None:
    buyer(scene, ("150", 1))
    scene.sync()
    for _ in range(2):
        scene.till.put("orders", {"id": "o0"})
        scene.sync(full=True)
    assert now(scene) == ("silver", "first_time", 1, 150)


def test_an_order_that_carries_another_systems_number_counts_once(scene: Scene) -> None:
    buyer(scene, ("150", 1))
    scene.customer("shop", "s", phone=PHONE)
    scene.order("shop", "w1", "150", 1, customer="s", source_ref="o0")
    scene.sync()
    assert now(scene) == ("silver", "first_time", 1, 150)


def test_stages_follow_the_number_of_orders(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    found = []
    for number in range(6):
        scene.sync()
        found.append(now(scene)[1])
        scene.order("till", f"o{number}", "1", 1, customer="7")
    assert found == ["prospect", "first_time", "repeat", "repeat", "repeat", "loyal"]


# -- merges


def test_a_merge_moves_the_facts_and_a_split_brings_them_back(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.customer("shop", "s", phone=OTHER)
    scene.order("till", "o", "600", 1, customer="7")
    scene.order("shop", "o", "600", 1, customer="s")
    scene.sync()
    assert now(scene) == ("silver", "first_time", 1, 600)
    scene.customer("shop", "s", phone=PHONE)
    scene.sync()
    assert now(scene) == ("gold", "repeat", 2, 1200)
    scene.customer("shop", "s", phone=OTHER)
    scene.sync()
    assert now(scene) == ("silver", "first_time", 1, 600)
    assert scene.facts(scene.who("shop", "s"))["spend_life"] == 60000


# -- lowering waits


def lapsing(scene: Scene) -> None:
    """A gold customer of the till whose order leaves the window, and a day on which the till cannot be read."""
    buyer(scene, ("1000", 364))
    scene.sync()
    assert now(scene)[:2] == ("gold", "at_risk")
    scene.advance(days=1)
    scene.till.fail["read"] = 1
    scene.sync()


def test_lowering_is_held_while_a_stream_is_incomplete_and_released_when_it_is_complete(scene: Scene) -> None:
    lapsing(scene)
    assert now(scene)[:2] == ("gold", "at_risk")
    held = {row["programme"]: row["value"] for row in scene.store.decisions.held()}
    assert held == {"main": "member", "stage": "lost"}
    assert "till.orders incomplete since 2026-03-01" in scene.store.decisions.held()[0]["reason"]
    scene.sync()
    assert now(scene)[:2] == ("member", "lost")
    assert scene.store.decisions.held() == []


def test_an_order_that_was_missing_ends_the_hold_without_lowering(scene: Scene) -> None:
    lapsing(scene)
    scene.order("till", "late", "1000", 1, customer="7")
    scene.sync()
    assert now(scene)[:2] == ("gold", "repeat")
    assert scene.store.decisions.held() == []


def test_raising_never_waits_and_customers_of_other_systems_are_not_held(scene: Scene) -> None:
    buyer(scene, ("60", 1))
    scene.customer("shop", "s", phone=OTHER)
    scene.order("shop", "old", "1000", 364, customer="s")
    scene.order("shop", "more", "100", 1, phone=PHONE)
    scene.sync()
    scene.advance(days=1)
    scene.till.fail["read"] = 1
    scene.order("shop", "again", "900", 0, phone=PHONE)
    scene.sync()
    assert now(scene)[0] == "gold"
    assert scene.decided(scene.who("shop", "s"))["main"] == "member"


def test_a_hold_that_lasts_becomes_a_question_that_a_person_can_answer(scene: Scene) -> None:
    lapsing(scene)
    for day in range(1, 9):
        scene.advance(days=1)
        scene.till.fail["read"] = 1
        scene.sync()
        assert bool(scene.questions("held")) is (day >= 7)
    assert now(scene)[0] == "gold"
    for question in scene.store.questions.open():
        scene.store.questions.answer(question.id, "yes", "tester")
    scene.till.fail["read"] = 1
    scene.sync()
    assert now(scene)[:2] == ("member", "lost")


def test_a_run_at_midnight_counts_as_complete_in_spite_of_the_overlap(scene: Scene) -> None:
    """The watermark lies the overlap before the read began; the read still was of the new day."""
    buyer(scene, ("1000", 364))
    scene.sync()
    scene.advance(days=8 / 24)  # midnight in Shanghai, to the second
    assert scene.today.isoformat() == "2026-03-02"
    scene.sync()
    assert scene.store.decisions.held() == []
    assert now(scene)[:2] == ("member", "lost")


def test_two_changes_of_one_day_leave_the_periods_as_if_there_had_been_none(scene: Scene) -> None:
    buyer(scene, ("150", 1))
    scene.sync()
    before = scene.store.decisions.periods(scene.who("till", "7"))
    scene.advance(days=1)
    scene.till.put("orders", {"id": "o0", "refunded": "150"})
    scene.sync()
    scene.till.put("orders", {"id": "o0", "refunded": "0"})
    scene.sync()
    assert scene.store.decisions.periods(scene.who("till", "7")) == before


def test_a_question_about_a_hold_ends_with_the_hold_and_its_answer_serves_once(scene: Scene) -> None:
    lapsing(scene)
    for _ in range(8):
        scene.advance(days=1)
        scene.till.fail["read"] = 1
        scene.sync()
    assert scene.questions("held")
    scene.order("till", "late", "1000", 1, customer="7")
    scene.sync()
    assert scene.questions("held") == []
    assert scene.store.questions.answered("held", "") == {}


def test_orders_in_another_currency_are_left_out_and_the_run_says_so(scene: Scene) -> None:
    scene.till.put("customers", {"id": "1", "name": "A", "phone": "+8613800000001"})
    order = {"customer": "1", "placed": "2026-02-20T10:00:00+08:00", "total": "500.00"}
    scene.till.put("orders", {"id": "o1", **order})
    scene.till.put("orders", {"id": "o2", **order, "currency": "USD"})
    report = scene.sync()
    assert report.decided is not None
    assert report.decided.other_currency == 1
