"""The drift inbox: what staff made of our words is written back, taken over or asked about, and the entry ends by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.memory.connector import Memory
from hub.clock import FixedClock
from hub.connector import RowResult, Write
from hub.store.drifts import Drift
from sync.drift_answer import accept, refuse
from tests.scene import OTHER, PHONE, THREE, Scene

MAPPED = "fields: [{{{{ours: city, theirs: city, owner: {owner}}}}}]"


def opened(folder: Path, clock: FixedClock, owner: str = "theirs", location: str = "") -> Scene:
    """A brand whose CRM has a city that is owned so, and where the till is believed about cities."""
    fields = MAPPED.format(owner=owner)
    yaml = THREE.replace("system: crm{crm}", f"system: crm{{crm}}, {fields}")
    yaml = yaml.replace("brakes: {{share", "survivorship: {{city: [till]}}\nbrakes: {{share")
    return Scene(folder, location or str(folder / "kehub.db"), clock, yaml=yaml)


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = opened(tmp_path, clock, "hub")
    found.customer("crm", "a", phone=PHONE)
    found.customer("till", "7", phone=PHONE, city="上海")
    found.rounds(1)
    yield found
    found.close()


def inbox(scene: Scene, *, every: bool = False) -> list[Drift]:
    return scene.store.drifts.list(every=every)


def brief(scene: Scene, *, every: bool = False) -> list[tuple[str, Any, Any, str, str]]:
    return [(d.field, d.ours, d.theirs, d.state, d.why) for d in inbox(scene, every=every)]


def push(scene: Scene) -> Any:
    return scene.apply(scene.store.plans.open("crm").digest).applied["crm"]


# -- whose field it is


def test_what_staff_changed_in_a_field_of_ours_is_written_back_and_said(scene: Scene) -> None:
    scene.advance(days=1)
    scene.customer("crm", "a", tier="vip", city="杭州")
    seen = int(scene.clock.now().timestamp())
    scene.sync()
    assert sorted(brief(scene)) == [("city", "上海", "杭州", "open", ""), ("tier", "member", "vip", "open", "")]
    assert {entry.seen for entry in inbox(scene)} == {seen}
    (row,) = scene.rows()
    assert row.fields["tier"]["why"] == "changed there, the hub owns it"
    scene.advance(days=1)
    scene.sync()
    assert {entry.seen for entry in inbox(scene)} == {seen}, "the same entry, and not a new one a run"
    push(scene)
    assert (scene.crm.customers["a"]["tier"], scene.crm.customers["a"]["city"]) == ("member", "上海")
    assert inbox(scene) == []
    assert {why for *_, why in brief(scene, every=True)} == {"written back"}


def test_what_staff_changed_in_a_field_of_theirs_is_taken_over_and_listed(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock)
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.rounds(1)
    scene.customer("till", "7", city="北京")
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "北京"
    scene.customer("crm", "a", city="杭州")
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "杭州"
    assert brief(scene) == []
    assert brief(scene, every=True) == [("city", "北京", "杭州", "closed", "taken over")]
    scene.close()


def test_an_edit_of_what_we_never_wrote_is_no_drift(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock)
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.rounds(1)
    scene.customer("crm", "a", city="杭州", birthday="1990-01-01")
    scene.rounds(1)
    assert brief(scene, every=True) == []
    scene.close()


@pytest.mark.parametrize(("answer", "stands"), [("theirs", "杭州"), ("ours", "上海")])
def test_a_shared_field_is_a_question_and_never_a_write(
    tmp_path: Path, clock: FixedClock, answer: str, stands: str
) -> None:
    scene = opened(tmp_path, clock, "shared")
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.rounds(1)
    scene.customer("crm", "a", city="杭州")
    scene.rounds(2)
    assert scene.questions("conflict") == [("conflict", "city", "a")]
    assert scene.crm.customers["a"]["city"] == "杭州"
    (entry,) = inbox(scene)
    (accept if answer == "theirs" else refuse)(scene.hub, entry)
    scene.rounds(2)
    assert scene.crm.customers["a"]["city"] == stands
    assert (scene.questions("conflict"), inbox(scene)) == ([], [])
    assert brief(scene, every=True)[0][4] == ("taken over" if answer == "theirs" else "written back")
    scene.close()


# -- a person leaves theirs standing


def test_a_tier_that_a_person_accepts_stays_until_they_say_otherwise(scene: Scene) -> None:
    scene.customer("crm", "a", tier="vip")
    digest = scene.sync().plans["crm"].digest
    scene.store.plans.approve("crm", digest, "tester", 72, ())
    (entry,) = inbox(scene)
    accept(scene.hub, entry)
    scene.rounds(2)
    assert scene.crm.customers["a"]["tier"] == "vip", "not even what was approved before is pushed"
    assert [(entry.state, entry.theirs) for entry in inbox(scene)] == [("accepted", "vip")]
    scene.order("till", "o", "150", customer="7")
    scene.rounds(2)
    assert scene.crm.customers["a"]["tier"] == "vip"
    (entry,) = inbox(scene)
    refuse(scene.hub, entry)
    scene.rounds(2)
    assert scene.crm.customers["a"]["tier"] == "silver"
    assert inbox(scene) == []


def test_another_edit_of_an_accepted_field_is_a_new_drift(scene: Scene) -> None:
    scene.customer("crm", "a", tier="vip")
    scene.sync()
    accept(scene.hub, inbox(scene)[0])
    scene.sync()
    scene.customer("crm", "a", tier="black")
    scene.sync()
    assert brief(scene) == [("tier", "member", "black", "open", "")]


def test_a_customers_own_field_that_a_person_accepts_becomes_a_correction_for_all_systems(scene: Scene) -> None:
    scene.customer("crm", "a", city="杭州")
    scene.sync()
    accept(scene.hub, inbox(scene)[0])
    scene.rounds(2)
    assert scene.crm.customers["a"]["city"] == "杭州"
    one = scene.who("crm", "a")
    assert scene.hub.survivorship.golden(scene.store.records.of_customers([one])[one])["city"] == "杭州"
    assert brief(scene, every=True) == [("city", "上海", "杭州", "closed", "accepted")]


def test_nothing_of_what_was_changed_stands_in_the_clear(scene: Scene) -> None:
    scene.customer("crm", "a", tier="secret-word-of-theirs")
    scene.sync()
    assert brief(scene)[0][2] == "secret-word-of-theirs"
    scene.close()
    for path in Path(scene.location).parent.glob("kehub.db*"):
        assert b"secret-word-of-theirs" not in path.read_bytes()


def test_the_inbox_is_the_same_on_both_databases(tmp_path: Path, location: str, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, "shared", location)
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.customer("till", "7", phone=PHONE, city="杭州")
    scene.rounds(1)
    assert (scene.questions(), scene.store.questions.open()[0].count) == ([("first", "city", "all")], 1)
    scene.answer("first", "hub")
    scene.rounds(1)
    assert scene.questions() == []
    assert war(scene, 4)[3] == "vip"
    assert scene.store.drifts.tally() == {("hub", "open"): 1}
    entry = inbox(scene)[0]
    assert scene.store.drifts.find(entry.id) == entry
    assert scene.store.drifts.list(customer=scene.who("crm", "a")) == [entry]
    accept(scene.hub, entry)
    scene.crm.remove("a")
    scene.rounds(1)
    assert [found.why for found in inbox(scene, every=True)] == ["gone"]
    assert scene.store.drifts.forget_before(int(scene.clock.now().timestamp()) + 1) == 1
    scene.close()


# -- how an entry ends


def test_an_entry_ends_when_both_sides_agree_again(scene: Scene) -> None:
    scene.customer("crm", "a", tier="vip")
    scene.sync()
    scene.customer("crm", "a", tier="member")
    scene.sync()
    assert brief(scene, every=True) == [("tier", "member", "vip", "closed", "agreed")]
    assert scene.rows() == []


def test_an_entry_ends_when_the_record_is_gone(scene: Scene) -> None:
    scene.customer("crm", "a", tier="vip")
    scene.sync()
    scene.crm.remove("a")
    scene.sync()
    assert brief(scene, every=True) == [("tier", "member", "vip", "closed", "gone")]


def test_an_entry_ends_when_the_field_is_not_written_any_more(scene: Scene) -> None:
    scene.customer("crm", "a", city="杭州")
    scene.sync()
    scene.reconfigure(scene.yaml.replace("owner: hub}}", "owner: hub, write: false}}"))
    scene.sync()
    assert brief(scene, every=True) == [("city", "上海", "杭州", "closed", "not written any more")]


def test_settled_entries_are_forgotten_as_receipts_are(scene: Scene) -> None:
    scene.customer("crm", "a", tier="vip")
    scene.rounds(1)
    assert len(inbox(scene, every=True)) == 1
    scene.advance(days=scene.hub.config.retention.receipts_days + 1)
    scene.sync()
    assert inbox(scene, every=True) == []


# -- edit wars


def war(scene: Scene, battles: int) -> list[str]:
    """Somebody there sets the tier each time that we wrote it; what stands there after each push."""
    found = []
    for _ in range(battles):
        scene.advance(days=0.01)
        scene.customer("crm", "a", tier="vip")
        scene.rounds(1)
        found.append(scene.crm.customers["a"]["tier"])
    return found


def test_after_three_rounds_an_edit_war_is_a_question(scene: Scene) -> None:
    assert war(scene, 4) == ["member", "member", "member", "vip"]
    assert scene.questions("drift") == [("drift", "tier", "a")]
    assert inbox(scene)[0].rounds == 3
    writes = scene.crm.writes
    scene.rounds(2)
    assert (scene.crm.writes, scene.rows()) == (writes, [])


def test_the_answer_ours_writes_once_more_and_counts_anew(scene: Scene) -> None:
    war(scene, 4)
    refuse(scene.hub, inbox(scene)[0])
    scene.sync()
    scene.sync()
    assert len(scene.rows()) == 1, "the answer holds until it is written"
    push(scene)
    assert scene.crm.customers["a"]["tier"] == "member"
    assert (scene.questions("drift"), inbox(scene)) == ([], [])
    assert war(scene, 4) == ["member", "member", "member", "vip"]


def test_the_answer_theirs_ends_the_war(scene: Scene) -> None:
    war(scene, 4)
    accept(scene.hub, inbox(scene)[0])
    scene.rounds(2)
    assert scene.questions("drift") == []
    assert scene.crm.customers["a"]["tier"] == "vip"


def test_how_many_rounds_there_are_is_a_setting(scene: Scene) -> None:
    scene.reconfigure(scene.yaml.replace("from_rows: 10", "from_rows: 10, write_backs: 1"))
    assert war(scene, 2) == ["member", "vip"]


def test_another_word_of_ours_begins_another_war(scene: Scene) -> None:
    war(scene, 3)
    scene.order("till", "o", "150", customer="7")
    scene.rounds(1)
    assert war(scene, 4) == ["silver", "silver", "silver", "vip"]


# -- owners and refusals


def test_a_field_that_becomes_ours_is_written_whatever_was_declined(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock)
    scene.customer("crm", "a", phone=PHONE, city="杭州")
    scene.customer("till", "7", phone=PHONE, city="上海")
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "杭州"
    scene.reconfigure(scene.yaml.replace("owner: theirs", "owner: hub"))
    scene.rounds(1)
    assert scene.crm.customers["a"]["city"] == "上海"
    scene.close()


def test_a_field_of_ours_that_the_system_does_not_keep_is_not_written_again(scene: Scene) -> None:
    scene.crm.keep = {"tier": "VIP-1"}
    scene.order("till", "o", "150", customer="7")
    scene.rounds(3)
    assert scene.questions("not_kept") == [("not_kept", "tier", "a")]
    assert scene.rows() == []
    scene.crm.keep = {}
    scene.customer("crm", "a", tier="silver")
    scene.sync()
    assert scene.questions("not_kept") == [], "the question ends when both sides agree"


def test_what_a_system_made_of_a_change_of_ours_is_no_evidence(scene: Scene) -> None:
    scene.crm.keep = {"city": "北"}
    scene.customer("till", "7", city="北京市")
    scene.rounds(2)
    one = scene.who("crm", "a")
    words = scene.hub.survivorship.candidates(scene.store.records.of_customers([one])[one])["city"]
    assert [said.value for said in words] == ["北京市"]


# -- edits that cross a push


def crossing(monkeypatch: pytest.MonkeyPatch, scene: Scene, **values: Any) -> None:
    """Somebody edits the CRM's record just after our write and before our read-back; the answer tells times."""
    write = Memory.write

    def crossed(self: Memory, batch: Sequence[Write]) -> Sequence[RowResult]:
        from dataclasses import replace
        from datetime import datetime

        results = write(self, batch)
        stored = datetime.fromisoformat(scene.crm.customers["a"]["modified"])
        if values:
            scene.customer("crm", "a", **values)
            values.clear()
        return [replace(result, stored=stored) for result in results]

    monkeypatch.setattr(Memory, "write", crossed)


def test_an_edit_between_write_and_read_back_is_crossed_and_no_refusal_to_keep(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossing(monkeypatch, scene, tier="vip")
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    assert dict(push(scene).rows) == {"crossed": 1}
    (entry,) = inbox(scene)
    assert (entry.ours, entry.theirs, entry.crossed) == ("silver", "vip", True)
    assert scene.questions("not_kept", "echo") == []
    scene.sync()
    assert [entry.crossed for entry in inbox(scene)] == [True]
    scene.rounds(1)
    assert scene.crm.customers["a"]["tier"] == "silver"
    assert inbox(scene) == []


def test_an_edit_in_between_never_teaches_an_echo(tmp_path: Path, clock: FixedClock, monkeypatch: Any) -> None:
    scene = opened(tmp_path, clock, "hub")
    for number in range(3):
        scene.customer("crm", f"a{number}", phone=f"1381234567{number}")
        scene.customer("till", f"t{number}", phone=f"1381234567{number}", city="New York")
    write = Memory.write

    def shouted(self: Memory, batch: Sequence[Write]) -> Sequence[RowResult]:
        from dataclasses import replace
        from datetime import UTC, datetime

        results = write(self, batch)
        stored = datetime.fromtimestamp(scene.crm.now, UTC)
        for entry in batch:
            if "city" in entry.values:
                scene.customer("crm", entry.external_id or "", city="NEW YORK")
        return [replace(result, stored=stored) for result in results]

    monkeypatch.setattr(Memory, "write", shouted)
    scene.rounds(2)
    assert scene.store.receipts.echoes("crm") == {}
    assert len(scene.questions("echo")) == 3
    scene.close()


def test_two_records_of_one_customer_prove_no_echo(scene: Scene) -> None:
    scene.customer("crm", "b", phone=PHONE)
    scene.crm.keep = {"city": "NEW YORK"}
    scene.customer("till", "7", city="New York")
    scene.rounds(2)
    assert scene.who("crm", "a") == scene.who("crm", "b")
    assert scene.store.receipts.echoes("crm") == {}
    assert len(scene.questions("echo")) == 2


def test_an_unclear_write_that_was_edited_since_is_crossed_and_in_the_inbox(scene: Scene) -> None:
    scene.order("till", "o", "150", customer="7")
    scene.sync()
    scene.crm.fail.update(answer=1)
    take = type(scene.crm).take_fault

    def faulty(self: Any, what: str) -> bool:
        hit = take(self, what)
        if hit and what == "answer":
            self.fail["fetch"] = 1
        return hit

    scene.crm.take_fault = faulty.__get__(scene.crm)
    push(scene)
    scene.customer("crm", "a", tier="vip")
    report = scene.sync()
    assert dict(report.settled["crm"]) == {"crossed": 1}
    assert [(entry.theirs, entry.crossed) for entry in inbox(scene)] == [("vip", True)]


# -- questions end by themselves


def test_the_question_of_a_first_load_counts_who_is_left_and_ends(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, "shared")
    for number in range(3):
        scene.customer("crm", f"a{number}", phone=f"1381234567{number}", city="上海")
        scene.customer("till", f"t{number}", phone=f"1381234567{number}", city="杭州")
    scene.sync()
    (question,) = scene.store.questions.open(samples=True)
    assert (question.kind, question.count, len(question.samples)) == ("first", 3, 3)
    scene.customer("crm", "a0", city="杭州")
    scene.sync()
    (question,) = scene.store.questions.open(samples=True)
    assert (question.count, [sample["ext"] for sample in question.samples]) == (2, ["a1", "a2"])
    scene.crm.remove("a1")
    scene.customer("till", "t2", city="上海")
    scene.sync()
    assert scene.store.questions.open() == []
    scene.close()


def test_the_question_of_a_first_load_ends_when_the_fields_owner_is_settled(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, "shared")
    scene.customer("crm", "a", phone=PHONE, city="上海")
    scene.customer("till", "7", phone=PHONE, city="杭州")
    scene.sync()
    assert scene.questions() == [("first", "city", "all")]
    scene.reconfigure(scene.yaml.replace("owner: shared", "owner: hub"))
    scene.rounds(1)
    assert (scene.questions(), scene.crm.customers["a"]["city"]) == ([], "杭州")
    scene.close()


def test_the_question_about_a_value_too_long_ends_with_it(tmp_path: Path, clock: FixedClock) -> None:
    scene = opened(tmp_path, clock, "hub, max_length: 4")
    scene.customer("crm", "a", phone=PHONE)
    scene.customer("till", "7", phone=PHONE, city="长长长长长")
    scene.sync()
    assert scene.questions() == [("too_long", "city", "all")]
    scene.customer("till", "7", city="短")
    scene.sync()
    assert scene.questions() == []
    scene.close()


def test_the_question_about_a_cluster_over_the_limit_ends_with_it(tmp_path: Path, clock: FixedClock) -> None:
    yaml = THREE.replace("brakes: {{share", "identity: {{max_cluster: 3}}\nbrakes: {{share")
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    for number in range(4):
        scene.customer("till", f"t{number}", email="a@shop.cn" if number < 2 else "b@shop.cn", name="张伟")
    scene.customer("till", "t4", phone=PHONE, name="张伟")
    scene.sync()
    assert scene.questions("cluster") == []
    scene.customer("crm", "a", email="a@shop.cn", phone=OTHER, name="张伟")
    scene.customer("till", "t2", phone=OTHER)
    scene.sync()
    assert len(scene.questions("cluster")) == 1
    scene.customer("till", "t2", phone=None)
    scene.sync()
    assert scene.questions("cluster") == []
    scene.close()
