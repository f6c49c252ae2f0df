"""plan: exactly the changes that are wanted, with a digest one approves, brakes, questions, and approvals that end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.errors import UnsafePlan
from tests.scene import OTHER, PHONE, THREE, Scene

SHARED = THREE.replace(
    "{{type: memory, system: crm{crm}}}",
    "{{type: memory, system: crm{crm}, fields: [{{ours: city, theirs: city, owner: shared}},"
    " {{ours: email, theirs: email, owner: shared}}]}}",
)
AUTO = THREE.replace("system: crm{crm}", "system: crm{crm}, apply: auto")
BRAKED = THREE.replace("share: 1,", "share: 0.3,")


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    found.close()


def opened(tmp_path: Path, clock: FixedClock, yaml: str) -> Scene:
    return Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)


def changes(scene: Scene, connection: str = "crm") -> dict[str, dict[str, Any]]:
    """key -> field -> wanted."""
    return {row.key: {f: s["wanted"] for f, s in row.fields.items()} for row in scene.rows(connection)}


# -- what is in a plan


def test_each_record_of_a_customer_gets_what_the_hub_decides_and_none_is_created(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("crm", "b", phone=PHONE)
    scene.sync()
    (one,) = scene.ids()
    own = {"id": one, "tier": "member", "stage": "prospect"}
    assert changes(scene) == {"a": own, "b": own}


def test_a_customer_without_a_record_there_is_created_where_that_is_switched_on(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.sync()
    assert changes(scene, "crm") == {}
    ((key, wanted),) = changes(scene, "shop").items()
    assert key.startswith("new:")
    assert (wanted["name"], wanted["phone"], wanted["tier"]) == ("张伟", PHONE, "member")
    assert scene.ids()[0] not in key


def test_a_value_that_does_not_fit_is_a_question_and_never_cut(tmp_path: Path, clock: FixedClock) -> None:
    field = "{{ours: name, theirs: name, max_length: 3}}"
    scene = opened(tmp_path, clock, THREE.replace("{{ours: id, theirs: hub_id}}", field))
    scene.customer("shop", "s", phone=PHONE)
    scene.customer("till", "7", phone=PHONE, name="Maximilian")
    scene.sync()
    assert "name" not in changes(scene, "shop").get("s", {})
    scene.close()


def test_a_writable_field_of_many_values_is_left_alone(tmp_path: Path, clock: FixedClock) -> None:
    field = "{{ours: other_phones, theirs: phone2, write: true}}"
    scene = opened(tmp_path, clock, THREE.replace("{{ours: id, theirs: hub_id}}", field))
    scene.customer("shop", "s", phone=PHONE)
    scene.customer("till", "7", phone=PHONE, phone2=OTHER)
    assert scene.rounds(2).errors == {}
    assert scene.system("shop").customers["s"].get("phone2") is None
    scene.close()


def test_a_gone_record_is_never_written_to(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    assert changes(scene)
    scene.crm.remove("a")
    scene.sync()
    assert changes(scene) == {}


def test_a_merge_moves_the_rows_of_the_record_to_the_customer_that_survives(scene: Scene) -> None:
    scene.customer("till", "7", phone=OTHER)
    scene.sync()
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    scene.customer("crm", "a", phone=OTHER)
    scene.sync()
    assert changes(scene)["a"]["id"] == scene.who("till", "7")
    assert [key for key in changes(scene, "shop") if key.startswith("new:")] != []
    assert len(changes(scene, "shop")) == 1


# -- the digest


def test_the_same_run_twice_gives_the_same_plan(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    first = scene.sync().plans["crm"]
    assert scene.sync().plans["crm"] == first
    scene.look_at_everybody()
    assert scene.sync().plans["crm"] == first


def test_other_rows_replace_the_plan_and_say_what_differs(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    first = scene.sync().plans["crm"]
    scene.customer("crm", "b", phone=OTHER)
    second = scene.sync().plans["crm"]
    assert second.digest != first.digest
    assert second.difference == f"+1 rows against {first.digest}"
    with pytest.raises(UnsafePlan, match="this plan is replaced"):
        scene.apply(first.digest)
    assert scene.crm.writes == 0


@pytest.mark.parametrize("change", ["survivorship", "create", "tiers"])
def test_another_configuration_looks_at_everybody_again(scene: Scene, change: str) -> None:
    scene.customer("crm", "a", phone=PHONE, name="Wei")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.customer("till", "8", phone=OTHER)
    scene.rounds(1)
    assert changes(scene) == changes(scene, "shop") == {}
    yaml, wanted = {
        "survivorship": (THREE + "survivorship: {{name: [crm]}}\n", ("shop", "new-", "name", "Wei")),
        "create": (
            THREE.replace("system: crm{crm}", "system: crm{crm}, create: true"), ("crm", "new:", "phone", OTHER),
        ),
        "tiers": (THREE.replace("tier: member", "tier: friend"), ("crm", "a", "tier", "friend")),
    }[change]  # fmt: skip
    scene.reconfigure(yaml)
    assert scene.sync().errors == {}
    connection, key, field, value = wanted
    found = {k: v for k, v in changes(scene, connection).items() if k.startswith(key)}
    assert [v.get(field) for v in found.values()] == [value]


# -- first load and conflicts


def test_a_shared_field_that_was_never_agreed_is_one_question_for_all(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, SHARED)
    for number, (crm, till) in enumerate([("上海", "北京"), ("广州", "深圳"), ("杭州", "杭州")]):
        scene.customer("crm", f"a{number}", phone=f"1381234567{number}", city=crm)
        scene.customer("till", f"t{number}", phone=f"1381234567{number}", city=till)
    scene.sync()
    assert scene.questions("first") == [("first", "city", "all")]
    assert all("city" not in fields for fields in changes(scene).values())
    (question,) = scene.store.questions.open(samples=True)
    assert question.count == 2
    assert {(s["theirs"], s["wanted"]) for s in question.samples} == {("上海", "北京"), ("广州", "深圳")}
    scene.answer("first", "hub")
    scene.sync()
    cities = {key: fields.get("city") for key, fields in changes(scene).items()}
    assert cities == {"a0": "北京", "a1": "深圳", "a2": None}
    scene.close()


def test_answered_with_theirs_their_values_stay(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, SHARED)
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.customer("till", "7", phone=PHONE, city="北京")
    scene.sync()
    scene.answer("first", "theirs")
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "上海"
    assert scene.questions() == []
    scene.customer("till", "7", city="成都")
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "成都"  # agreed on theirs; the hub's own later change is written
    scene.close()


def conflicting(tmp_path: Path, clock: FixedClock, count: int) -> Scene:
    """Customers whose shared city was agreed, then changed in the CRM and in the till at once."""
    scene = opened(tmp_path, clock, SHARED)
    for number in range(count):
        scene.customer("crm", f"a{number}", phone=f"1381234567{number}", city="上海")
        scene.customer("till", f"t{number}", phone=f"1381234567{number}", city="上海")
    scene.rounds(1)
    for number in range(count):
        scene.customer("crm", f"a{number}", city="广州")
        scene.customer("till", f"t{number}", city="深圳")
    scene.sync()
    return scene


def test_each_conflict_over_a_shared_field_is_a_question_of_its_own(tmp_path: Path, clock: FixedClock) -> None:
    scene = conflicting(tmp_path, clock, 3)
    assert scene.questions("conflict") == [("conflict", "city", f"a{number}") for number in range(3)]
    assert changes(scene) == {}
    scene.answer("conflict", "hub")
    scene.sync()
    assert {key: fields["city"] for key, fields in changes(scene).items()} == {f"a{n}": "深圳" for n in range(3)}
    scene.close()


def test_a_conflict_that_ends_by_itself_is_no_question_any_more(tmp_path: Path, clock: FixedClock) -> None:
    scene = conflicting(tmp_path, clock, 2)
    scene.customer("crm", "a0", city="深圳")
    scene.sync()
    assert scene.questions("conflict") == [("conflict", "city", "a1")]
    scene.close()


def test_an_answer_settles_its_conflict_and_not_the_next_one(tmp_path: Path, clock: FixedClock) -> None:
    scene = conflicting(tmp_path, clock, 1)
    scene.answer("conflict", "hub")
    scene.rounds(1)
    assert scene.crm.customers["a0"]["city"] == "深圳"
    scene.customer("crm", "a0", city="拉萨")
    scene.customer("till", "t0", city="成都")
    scene.sync()
    assert scene.questions("conflict") == [("conflict", "city", "a0")]
    assert changes(scene) == {}
    scene.close()


# -- brakes


@pytest.mark.parametrize(
    ("customers", "touched", "held"), [(30, 9, False), (30, 10, True), (33, 10, True), (34, 10, False)]
)
def test_changes_to_more_than_the_share_from_ten_rows_wait_for_a_person(
    tmp_path: Path, clock: FixedClock, customers: int, touched: int, held: bool
) -> None:
    scene = opened(tmp_path, clock, BRAKED)
    for number in range(customers):
        scene.customer("crm", f"a{number:02d}", phone=f"138123456{number:02d}")
    scene.rounds(1)
    for number in range(touched):
        scene.order("till", f"o{number}", "150", phone=f"138123456{number:02d}")
    plan = scene.sync(only=["crm", "till"]).plans["crm"]
    assert plan.rows == touched
    assert bool(scene.store.plans.brakes("crm")) is held
    writes = scene.crm.writes
    scene.apply(plan.digest)
    assert (scene.crm.writes == writes) is held
    if held:
        scene.apply(plan.digest, "share")
    assert scene.rows() == []
    scene.close()


def test_a_brake_holds_its_kind_of_change_and_its_connection_only(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, BRAKED)
    for number in range(12):
        scene.customer("till", f"{number:02d}", phone=f"138123456{number:02d}")
    scene.customer("crm", "a", phone=OTHER)
    scene.customer("shop", "s", phone=OTHER)
    report = scene.sync()
    assert {(b.connection, b.subject) for b in scene.store.plans.brakes()} == {("shop", "create")}
    for plan in report.plans.values():
        scene.apply(plan.digest)
    assert scene.crm.customers["a"]["tier"] == scene.system("shop").customers["s"]["tier"] == "member"
    assert scene.system("shop").created == 0
    scene.close()


# -- approvals


def test_nothing_is_written_before_somebody_approves(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    for _ in range(3):
        scene.sync()
    assert scene.crm.writes == 0


def test_an_approval_stays_good_for_the_same_rows_of_a_later_plan_and_for_no_others(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    plan = scene.sync().plans["crm"]
    scene.crm.fail["write"] = 1
    scene.apply(plan.digest)
    scene.customer("crm", "b", phone=OTHER)
    scene.sync()
    assert scene.crm.customers["a"]["tier"] == "member"
    assert "tier" not in scene.crm.customers["b"]
    assert set(changes(scene)) == {"b"}


def test_an_approval_expires(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    plan = scene.sync().plans["crm"]
    scene.crm.fail["write"] = 1
    scene.apply(plan.digest)
    scene.advance(days=3.01)
    scene.sync()
    assert "tier" not in scene.crm.customers["a"]
    scene.apply(scene.sync().plans["crm"].digest)
    assert scene.crm.customers["a"]["tier"] == "member"


def test_an_approval_is_used_up_by_the_change_it_was_given_for(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.rounds(1)
    for count in (1, 2):
        scene.customer("crm", "a", tier=None)
        plan = scene.sync().plans["crm"]
        assert "tier" in changes(scene)["a"], f"time {count}: written again without a new approval"
        scene.apply(plan.digest)
        assert scene.crm.customers["a"]["tier"] == "member"


def test_a_discarded_plan_is_not_applied_by_an_approval_it_once_had(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    plan = scene.sync().plans["crm"]
    scene.crm.fail["write"] = 1
    scene.apply(plan.digest)
    assert scene.store.plans.discard("crm") == 1
    scene.sync()
    assert scene.crm.writes == 0
    assert set(changes(scene)) == {"a"}


def test_an_approval_covers_exactly_the_rows_that_were_shown(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    digest = scene.sync().plans["crm"].digest
    scene.customer("crm", "a", phone=OTHER, tier="vip")
    scene.sync()
    with pytest.raises(UnsafePlan):
        scene.apply(digest)
    assert scene.crm.writes == 0


def test_apply_auto_asks_the_first_time_and_then_writes_by_itself_what_no_brake_holds(
    tmp_path: Path, clock: FixedClock
) -> None:
    scene = opened(tmp_path, clock, AUTO)
    scene.customer("crm", "a", phone=PHONE)
    plan = scene.sync().plans["crm"]
    assert scene.crm.writes == 0
    scene.apply(plan.digest)
    scene.order("till", "o", "150", phone=PHONE)
    report = scene.sync()
    assert scene.crm.customers["a"]["tier"] == "silver"
    assert "crm" not in report.plans
    scene.close()


def test_apply_auto_leaves_braked_rows_to_a_person(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, AUTO.replace("share: 1,", "share: 0.3,"))
    scene.customer("crm", "a", phone=PHONE)
    scene.rounds(1)
    for number in range(12):
        scene.customer("crm", f"n{number:02d}", phone=f"138123456{number:02d}")
    report = scene.sync()
    assert report.plans["crm"].rows == 12
    assert report.state == "waiting"
    scene.apply(report.plans["crm"].digest, "share")
    assert scene.rows() == []
    scene.close()


@pytest.mark.parametrize("digest", ["", "abc", "zzzzzzzz"])
def test_a_digest_that_names_no_plan_is_refused(scene: Scene, digest: str) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.sync()
    with pytest.raises(UnsafePlan):
        scene.apply(digest)
