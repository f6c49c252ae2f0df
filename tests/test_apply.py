"""apply and settle: the approved rows and no others, a receipt for every effect, nothing repeated that cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.memory.connector import Memory
from hub.clock import FixedClock
from hub.connector import RowResult, Target, Write
from hub.errors import AuthError, Rejected, Transient
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene

OWN_NAME = "fields: [{{ours: name, theirs: name, owner: hub}}]"
HUB_NAMES = THREE.replace("system: crm{crm}", f"system: crm{{crm}}, {OWN_NAME}")
UNGUARDED = THREE.replace("system: crm{crm}", "system: crm{crm}, guard: false")


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=HUB_NAMES)
    yield found
    found.close()


def many(scene: Scene, count: int) -> None:
    for number in range(count):
        scene.customer("crm", f"a{number:02d}", phone=f"138123456{number:02d}")


def states(scene: Scene) -> dict[str, int]:
    return scene.store.receipts.tally()


def plan_and_apply(scene: Scene, connection: str = "crm") -> Any:
    return scene.apply(scene.sync().plans[connection].digest, "share").applied[connection]


# -- rejected rows


def test_a_rejected_row_stays_listed_with_code_and_field_and_is_tried_again(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("crm", "b", phone=OTHER)
    scene.customer("till", "7", phone=PHONE, name="forbidden")
    done = plan_and_apply(scene)
    assert dict(done.rows) == {"ack": 1, "rejected": 1}
    assert [(row.key, row.state, row.code, row.field) for row in scene.rows()] == [("a", "rejected", "INVALID", "name")]
    assert states(scene) == {"ack": 1, "rejected": 1}
    again = scene.sync()
    assert dict(again.applied["crm"].rows) == {"rejected": 1}  # its approval still stands
    scene.customer("till", "7", name="张伟")
    plan_and_apply(scene)
    assert scene.crm.customers["a"]["name"] == "张伟"
    assert scene.rows() == []


def refusing(monkeypatch: pytest.MonkeyPatch, bad: set[str]) -> list[int]:
    """Let the CRM refuse a whole batch that holds one of these ids; returns the sizes of the batches it saw."""
    sizes: list[int] = []
    write = Memory.write

    def strict(self: Memory, batch: Sequence[Write]) -> Sequence[RowResult]:
        sizes.append(len(batch))
        if any(entry.external_id in bad for entry in batch):
            raise Rejected("the batch is refused", field="name", code="BAD_BATCH")
        return write(self, batch)

    monkeypatch.setattr(Memory, "write", strict)
    return sizes


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_row_stands_alone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(scene, 10)
    sizes = refusing(monkeypatch, {"a03"})
    done = plan_and_apply(scene)
    assert dict(done.rows) == {"ack": 9, "rejected": 1}
    assert sizes == [10, 5, 2, 3, 1, 2, 1, 1, 5]
    assert [(row.key, row.code) for row in scene.rows()] == [("a03", "BAD_BATCH")]
    assert states(scene) == {"ack": 9, "rejected": 1}


# -- the guard


def test_a_row_that_moved_since_it_was_planned_is_skipped_and_planned_afresh(scene: Scene) -> None:
    many(scene, 2)
    plan = scene.sync().plans["crm"]
    scene.customer("crm", "a00", tier="vip")
    done = scene.apply(plan.digest, "share").applied["crm"]
    assert dict(done.rows) == {"moved": 1, "ack": 1}
    assert scene.crm.customers["a00"]["tier"] == "vip"
    scene.sync()
    (row,) = scene.rows()
    why = "differs there, the hub owns it"
    assert row.fields["tier"] == {"base": None, "theirs": "vip", "wanted": "member", "why": why}
    assert row.state == "open"


def test_an_edit_of_another_field_is_kept_by_the_write(scene: Scene) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    scene.customer("crm", "a00", city="上海")
    scene.apply(plan.digest)
    assert (scene.crm.customers["a00"]["city"], scene.crm.customers["a00"]["tier"]) == ("上海", "member")


def test_a_row_deleted_there_since_it_was_planned_is_skipped(scene: Scene) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    scene.crm.remove("a00")
    assert dict(scene.apply(plan.digest).applied["crm"].rows) == {"moved": 1}
    scene.sync()
    assert scene.rows() == []


def test_without_a_guard_an_edit_before_the_push_is_overwritten(tmp_path: Path, clock: FixedClock) -> None:
    """Nobody can know of it: a connection without a guard is one for systems that nobody edits."""
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=UNGUARDED)
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    scene.customer("crm", "a00", tier="vip")
    scene.apply(plan.digest)
    assert scene.crm.customers["a00"]["tier"] == "member"
    scene.close()


# -- failures and unclear answers


def test_a_write_that_fails_before_it_begins_leaves_no_receipt_and_is_tried_again(scene: Scene) -> None:
    many(scene, 3)
    plan = scene.sync().plans["crm"]
    scene.crm.fail["write"] = 1
    report = scene.apply(plan.digest)
    assert isinstance(report.errors["crm"], Transient)
    assert states(scene) == {}
    scene.sync()
    assert states(scene) == {"ack": 3}


def test_an_update_whose_answer_got_lost_is_settled_by_reading_back(scene: Scene) -> None:
    many(scene, 3)
    plan = scene.sync().plans["crm"]
    scene.crm.fail["answer"] = 1
    scene.apply(plan.digest)
    assert states(scene) == {"ack": 3}
    assert scene.crm.writes == 1
    assert "crm" not in scene.sync().plans
    assert scene.crm.writes == 1


def test_an_update_that_cannot_be_read_back_is_unknown_until_it_can(scene: Scene) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    lose_answer_and_read_back(scene, "crm")
    scene.apply(plan.digest)
    assert states(scene) == {"unknown": 1}
    report = scene.sync()
    assert dict(report.settled["crm"]) == {"ack": 1}
    assert scene.crm.writes == 1


def lose_answer_and_read_back(scene: Scene, name: str) -> None:
    """The next write takes effect, its answer gets lost, and the read-back after it fails."""
    found = scene.system(name)
    found.fail["answer"] = 1
    take = type(found).take_fault

    def faulty(self: Any, what: str) -> bool:
        hit = take(self, what)
        if hit and what == "answer":
            self.fail["fetch"] = 1
        return hit

    found.take_fault = faulty.__get__(found)


def test_a_create_whose_answer_got_lost_is_looked_up_and_never_repeated(scene: Scene) -> None:
    shop = scene.system("shop")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    digest = scene.sync().plans["shop"].digest
    shop.fail["answer"] = 1
    scene.apply(digest)
    assert states(scene) == {"unknown": 1}
    report = scene.sync()
    assert dict(report.settled["shop"]) == {"ack": 1}
    assert (shop.created, shop.writes) == (1, 1)
    assert len(scene.ids()) == 1
    assert scene.rows("shop") == []


def test_a_create_that_never_arrived_is_sent_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.customer("till", "7", phone=PHONE)
    digest = scene.sync().plans["shop"].digest
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "write", never_arrived)
        scene.apply(digest)
    assert states(scene) == {"unknown": 1}
    scene.sync()
    assert states(scene) == {"ack": 1}
    assert scene.system("shop").created == 1


def never_arrived(self: Memory, batch: Sequence[Write]) -> Sequence[RowResult]:
    raise Transient("no answer", unclear=True)


def test_while_a_create_cannot_be_looked_up_nobody_creates_again(scene: Scene) -> None:
    """Not even when the customer is another one by now, with another create key."""
    shop = scene.system("shop")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    digest = scene.sync().plans["shop"].digest
    shop.fail["answer"] = 1
    scene.apply(digest)
    scene.customer("crm", "a", phone=PHONE)  # sorts first: another create key
    shop.fail.update(lookup=1, read=1)
    scene.sync()
    assert scene.rows("shop") == [] or all(row.action != "create" for row in scene.rows("shop"))
    report = scene.rounds(2)
    assert report.errors == {}
    assert (shop.created, len(shop.customers), len(scene.ids())) == (1, 1, 1)


def test_a_create_that_is_settled_after_its_customer_was_merged_belongs_to_the_survivor(scene: Scene) -> None:
    shop = scene.system("shop")
    scene.customer("crm", "a", phone=OTHER)
    scene.customer("shop", "s", phone=OTHER)
    scene.sync()
    scene.customer("till", "7", phone=PHONE, name="张伟")
    digest = scene.sync().plans["shop"].digest
    shop.keep = {"phone": THIRD}
    shop.fail["answer"] = 1
    scene.apply(digest)
    scene.customer("till", "7", phone=OTHER)
    shop.fail.update(lookup=1, read=1)
    scene.sync()
    report = scene.rounds(2)
    assert report.errors == {}
    assert len(scene.ids()) == 1
    assert shop.created == 1


def test_intents_that_could_not_be_settled_are_not_sent_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process died between call and answer; at the next run the system cannot be asked what became of it."""
    shop = scene.system("shop")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    digest = scene.sync().plans["shop"].digest
    with monkeypatch.context() as patch:
        patch.setattr("sync.apply.Applier._results", killed)
        with pytest.raises(KeyboardInterrupt):
            scene.apply(digest)
    assert states(scene) == {"intent": 1}
    writes = shop.writes
    shop.fail["lookup"] = 1
    shop.fail["read"] = 1
    scene.sync()
    assert shop.writes == writes
    assert states(scene) == {"intent": 1}
    scene.sync()
    assert states(scene) == {"ack": 1}
    assert shop.created == 1


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_write_that_is_unclear_and_was_read_before_it_was_settled_is_no_evidence(scene: Scene) -> None:
    """The read lands our own words before we know that they are ours; once settled they must not count."""
    shop = scene.system("shop")
    scene.customer("shop", "s", email="a@shop.cn")
    scene.customer("till", "7", email="a@shop.cn", phone=PHONE)
    digest = scene.sync().plans["shop"].digest
    lose_answer_and_read_back(scene, "shop")
    scene.apply(digest)
    assert states(scene) == {"unknown": 1}
    shop.fail["fetch"] = 1  # the next settle fails, but reading works
    scene.sync()
    scene.rounds(1)
    assert states(scene) == {"ack": 1}
    scene.customer("till", "7", email="b@shop.cn")
    scene.rounds(1)
    assert scene.who("shop", "s") != scene.who("till", "7")
    assert shop.customers["s"].get("phone") is None


def test_a_row_edited_by_somebody_while_our_write_was_unclear_is_crossed(scene: Scene) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    lose_answer_and_read_back(scene, "crm")
    scene.apply(plan.digest)
    scene.customer("crm", "a00", tier="vip")
    report = scene.sync()
    assert dict(report.settled["crm"]) == {"crossed": 1}
    assert states(scene) == {"crossed": 1}
    (row,) = scene.rows()
    assert row.fields["tier"]["theirs"] == "vip"
    scene.rounds(1)
    assert scene.crm.customers["a00"]["tier"] == "member"
    assert scene.store.receipts.tally("crm") == {"ack": 1, "crossed": 1}


def test_a_row_deleted_while_our_write_was_unclear_is_crossed_as_soon_as_that_is_known(scene: Scene) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    lose_answer_and_read_back(scene, "crm")
    scene.apply(plan.digest)
    scene.crm.remove("a00")
    assert dict(scene.sync().settled["crm"]) == {"unknown": 1}, "that it is not there is not known before the read"
    assert dict(scene.sync().settled["crm"]) == {"crossed": 1}
    assert (scene.rows(), states(scene)) == ([], {"crossed": 1})


def test_a_mistake_of_the_connector_while_writing_is_unclear_and_stops_no_other_system(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("shop", "s", phone=OTHER)
    report = scene.sync()
    for plan in report.plans.values():
        scene.hub.store.plans.approve(plan.connection, plan.digest, "tester", 72, ["share"])
    write = Memory.write

    def mistaken(self: Memory, batch: Sequence[Write]) -> Sequence[RowResult]:
        if self.tools.connection == "crm":
            raise KeyError("a bug")
        return write(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Memory, "write", mistaken)
        report = scene.sync()
    assert set(report.errors) == {"crm"}
    assert scene.system("shop").customers["s"]["tier"] == "member"
    scene.rounds(1)
    assert scene.crm.customers["a"]["tier"] == "member"


def test_an_error_of_one_system_leaves_the_others_to_be_written(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("shop", "s", phone=OTHER)
    report = scene.sync()
    for plan in report.plans.values():
        scene.hub.store.plans.approve(plan.connection, plan.digest, "tester", 72, ["share"])
    fetch = Memory.fetch

    def closed(self: Memory, ids: Sequence[str]) -> dict[str, Any]:
        if self.tools.connection == "crm":
            raise AuthError("signed out")
        return fetch(self, ids)

    monkeypatch.setattr(Memory, "fetch", closed)
    report = scene.sync()
    assert isinstance(report.errors["crm"], AuthError)
    assert report.state == "failed"
    assert scene.system("shop").customers["s"]["tier"] == "member"


def test_rows_that_should_come_later_stay_open_without_a_receipt(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    many(scene, 2)
    plan = scene.sync().plans["crm"]
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "write", lambda self, batch: [RowResult(entry.key, "retry_after") for entry in batch])
        done = scene.apply(plan.digest).applied["crm"]
    assert dict(done.rows) == {"later": 2}
    assert states(scene) == {}
    scene.sync()
    assert states(scene) == {"ack": 2}


def test_a_refused_row_is_never_sent_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    many(scene, 1)
    plan = scene.sync().plans["crm"]
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "write", lambda self, batch: [RowResult(e.key, "refused", code="POLICY") for e in batch])
        scene.apply(plan.digest)
    for _ in range(2):
        scene.sync()
    assert scene.crm.writes == 0
    assert [(row.state, row.code) for row in scene.rows()] == [("refused", "POLICY")]


# -- echoes


@pytest.mark.parametrize("kept", ["Somebody Else", "", "ZHANG WEI"])
def test_a_system_that_keeps_something_else_is_not_written_to_for_ever(scene: Scene, kept: str) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE, name="Zhang Wei")
    scene.crm.keep = {"name": kept}
    scene.rounds(3)
    assert scene.crm.writes == 1
    assert scene.rows() == []
    assert scene.questions("not_kept", "echo") == [("echo" if kept == "ZHANG WEI" else "not_kept", "name", "a")]


def test_an_echo_counts_only_after_two_customers_showed_it(scene: Scene) -> None:
    for number, name in enumerate(["Zhang Wei", "Li Na", "Wang Fang"]):
        scene.customer("crm", f"a{number}", phone=f"1381234567{number}")
        scene.customer("till", f"t{number}", phone=f"1381234567{number}", name=name)
        scene.crm.keep = {"name": name.upper()}
        scene.rounds(1)
        assert len(scene.questions("echo")) == (number == 0)  # proved, it is no question any more
    assert scene.store.receipts.echoes("crm") == {"name": {"case"}}


def test_what_a_system_made_of_our_words_is_no_evidence(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE, name="Zhang Wei")
    scene.crm.keep = {"name": "ZHANG WEI"}
    scene.rounds(1)
    (one,) = scene.ids()
    records = scene.store.records.of_customers([one])[one]
    assert scene.hub.survivorship.golden(records)["name"] == "Zhang Wei"


# -- no evidence from ourselves


@pytest.mark.parametrize("owner", ["fill_empty: true", "owner: hub", "owner: shared"])
def test_a_merge_that_we_wrote_into_a_system_can_still_be_taken_apart(
    tmp_path: Path, clock: FixedClock, owner: str
) -> None:
    """The CRM holds our copies of both keys; when the sources part, so do the customers, and the CRM is repaired."""
    mapped = ", ".join(f"{{{{ours: {name}, theirs: {name}, {owner}}}}}" for name in ("phone", "email", "name"))
    yaml = THREE.replace("system: crm{crm}", f"system: crm{{crm}}, fields: [{mapped}]")
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    scene.customer("crm", "a", email="a@shop.cn")
    scene.customer("till", "7", phone=PHONE, email="a@shop.cn", name="张伟")
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    scene.answer("first", "hub")
    scene.rounds(1)
    assert len(scene.ids()) == 1
    row = scene.crm.customers["a"]
    assert (row["phone"], row["name"], row["tier"]) == (PHONE, "张伟", "silver")
    scene.sync(full=True)
    scene.customer("till", "7", email="b@shop.cn")
    scene.rounds(2)
    assert scene.who("crm", "a") != scene.who("till", "7")
    row = scene.crm.customers["a"]
    assert (row["email"], row["phone"], row["name"], row["tier"]) == ("a@shop.cn", None, None, "member")
    assert scene.facts(scene.who("till", "7"))["spend_life"] == 15000
    writes = scene.crm.writes
    again = scene.sync(full=True)
    assert "crm" not in again.plans
    assert scene.crm.writes == writes
    scene.close()


def test_a_record_we_created_says_nothing_of_its_own_and_stays_with_its_customer(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE, email="a@shop.cn", name="张伟")
    scene.rounds(1)
    shop = scene.system("shop")
    ((created, row),) = shop.customers.items()
    assert row["phone"] == PHONE
    scene.customer("till", "8", phone=OTHER)
    scene.customer("till", "7", phone=OTHER, email=None, name=None)
    scene.rounds(2)
    assert scene.who("shop", created) == scene.who("till", "7") == scene.who("till", "8")
    assert (shop.customers[created]["phone"], shop.customers[created].get("email")) == (OTHER, None)
    assert len(shop.customers) == 1


def test_a_record_we_created_stays_when_the_record_it_was_made_from_goes(scene: Scene) -> None:
    scene.customer("till", "7", phone=PHONE)
    scene.order("till", "o", "150", customer="7")
    scene.rounds(1)
    (one,) = scene.ids()
    scene.till.remove("7")
    scene.rounds(1)
    assert scene.ids() == [one]
    (row,) = scene.system("shop").customers.values()
    assert (row["hub_id"], row["tier"]) == (one, "silver")


def test_a_record_that_goes_empties_nothing_that_was_written_from_it(tmp_path: Path, clock: FixedClock) -> None:
    fills = ", fill_empty: true"
    yaml = THREE.replace(fills, "").replace("fields: [", "fields: [{{ours: name, theirs: name}}, ")
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.rounds(1)
    scene.customer("till", "7", phone=PHONE, name=None)
    scene.rounds(1)
    ((id_, row),) = scene.system("shop").customers.items()
    assert (row["phone"], row.get("name")) == (PHONE, None), "what a system takes back goes with us, too"
    scene.till.remove("7")
    report = scene.rounds(1)
    assert (report.plans, scene.system("shop").customers[id_]["phone"]) == ({}, PHONE)
    scene.close()


def test_a_name_that_we_wrote_ourselves_does_not_make_two_people_one(tmp_path: Path, clock: FixedClock) -> None:
    """Two people on one phone stay apart however alike we made their names: the CRM's own words count."""
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=HUB_NAMES)
    scene.customer("crm", "a", email="a@shop.cn", name="张伟")
    scene.customer("crm", "b", email="a@shop.cn", name="李娜")
    scene.rounds(1)
    assert {row["name"] for row in scene.crm.customers.values()} == {"李娜"}
    scene.customer("crm", "a", email=None, phone=OTHER)
    scene.sync()  # they part, and our name for both still stands in the CRM
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("crm", "b", phone=PHONE)
    scene.sync()
    assert len(scene.ids()) == 2
    scene.close()


# -- systems of other kinds


def test_a_create_without_a_key_to_look_it_up_waits_for_the_systems_settle_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    target = Target(batch=10, creates=True, create_key="hub_key", settle=timedelta(minutes=10))
    monkeypatch.setattr(Memory, "target", lambda self: target if self.settings.writable else None)
    scene.customer("till", "7", phone=PHONE)
    digest = scene.sync().plans["shop"].digest
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "write", never_arrived)
        scene.apply(digest)
    assert dict(scene.sync().settled["shop"]) == {"unknown": 1}
    scene.advance(days=0.01)
    assert dict(scene.sync().settled["shop"]) == {"not done": 1}
    assert states(scene) == {"ack": 1}


def test_what_a_system_makes_of_a_record_that_we_create_is_no_evidence(scene: Scene) -> None:
    scene.system("shop").keep = {"name": "Unknown", "phone": THIRD}
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.rounds(2)
    (one,) = scene.ids()
    golden = scene.hub.survivorship.golden(scene.store.records.of_customers([one])[one])
    assert (golden["name"], golden["phone"], golden.get("other_phones")) == ("张伟", PHONE, None)


def test_a_receipt_carries_who_approved_its_row_and_in_which_plan(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE)
    first = scene.sync().plans["crm"].digest
    scene.store.plans.approve("crm", first, "Ann", 72, ())
    scene.customer("crm", "b", phone=OTHER)
    scene.crm.fail["fetch"] = 1
    second = scene.sync().plans["crm"].digest
    scene.store.plans.approve("crm", second, "Bob", 72, ())
    scene.advance(days=0.01)
    scene.sync()
    found = {receipt.ext: (receipt.plan, receipt.actor) for receipt in scene.store.receipts.list(connection="crm")}
    assert found["b"] == (second, "Bob")
    assert found["a"] in ((first, "Ann"), (second, "Bob"))


def test_an_edit_of_a_record_whose_create_was_unclear_is_an_edit_and_no_rewriting(scene: Scene) -> None:
    """The hub takes back what is its own, and leaves what is theirs."""
    shop = scene.system("shop")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    digest = scene.sync().plans["shop"].digest
    shop.fail["answer"] = 1
    scene.apply(digest)
    (created,) = shop.customers
    scene.customer("shop", created, tier=None, name="李娜")
    scene.rounds(2)
    assert (shop.customers[created]["tier"], shop.customers[created]["name"]) == ("member", "李娜")
    assert scene.questions("not_kept") == []


def test_what_we_made_from_a_record_stays_with_it_whoever_joined_and_left_in_between(scene: Scene) -> None:
    """Between plan and push somebody joins whose record sorts first; after they part nothing is made twice."""
    shop = scene.system("shop")
    scene.customer("till", "7", phone=PHONE, name="张伟")
    scene.sync()
    scene.customer("crm", "a", phone=PHONE)
    scene.hub.store.plans.approve("shop", scene.store.plans.open("shop").digest, "tester", 72, ())
    shop.fail["write"] = 1
    digest = scene.sync().plans["shop"].digest
    scene.apply(digest)
    scene.customer("crm", "a", phone=OTHER)
    scene.rounds(3)
    assert scene.who("crm", "a") != scene.who("till", "7")
    assert len(shop.customers) == shop.created == 2
    for row in shop.customers.values():
        assert row["phone"] == (PHONE if row["hub_id"] == scene.who("till", "7") else OTHER)


def test_a_record_that_we_made_and_somebody_deleted_is_not_made_again(scene: Scene) -> None:
    """Not even when the record it was made from goes to another customer."""
    shop = scene.system("shop")
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE)
    scene.rounds(1)
    (created,) = shop.customers
    shop.remove(created)
    scene.rounds(1)
    scene.customer("crm", "a", phone=OTHER)
    scene.customer("till", "7", email="a@shop.cn")
    scene.customer("till", "8", phone=OTHER)
    scene.rounds(2)
    made_for = {row["hub_id"] for row in shop.customers.values()}
    assert scene.who("shop", created) == scene.who("crm", "a") == scene.who("till", "8")
    assert made_for == {scene.who("till", "7")}
