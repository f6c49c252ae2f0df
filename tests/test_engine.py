"""The flow end to end over systems in memory, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.memory.connector import Memory
from connectors.memory.fields import CUSTOMERS
from hub.clock import FixedClock
from hub.connector import Page, Stream, Window
from hub.errors import Conflict, SettingsError
from sync.observe import judge
from tests.brand import Brand
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene


@pytest.fixture
def brand(tmp_path: Path, location: str, clock: FixedClock) -> Brand:
    return Brand(tmp_path, location, clock)


def test_one_customer_is_made_of_two_records_and_written_back_once(brand: Brand) -> None:
    brand.crm.put("customers", {"id": "a", "name": "张伟", "phone": "138 1234 5678"})
    brand.till.put("customers", {"id": "7", "name": "张伟", "phone": PHONE, "email": "Wei@Shop.cn"})
    brand.till.put("orders", {"id": "o1", "customer": "7", "placed": "2026-02-20T10:00:00+08:00", "total": "1500.00"})
    report = brand.sync()
    assert report.errors == {}
    assert report.resolved is not None
    assert report.resolved.created == 1
    plan = report.plans["crm"]
    assert plan.rows == 1
    applied = brand.apply(plan.digest)
    assert dict(applied.applied["crm"].rows) == {"ack": 1}
    row = brand.crm.customers["a"]
    assert row["tier"] == "gold"
    assert row["stage"] == "first_time"
    assert row["phone"] == "138 1234 5678"  # theirs, and the same number: never touched
    writes = brand.crm.writes
    again = brand.sync()
    assert again.plans == {}
    assert again.state == "done"
    assert brand.crm.writes == writes


# -- reading: no silence


@pytest.fixture
def scene(tmp_path: Path, location: str, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, location, clock, yaml=THREE)
    yield found
    found.close()


def held_by(scene: Scene, connection: str) -> set[str]:
    return {record.ext for record in scene.store.records.living(connection, "customers")}


def watermark(scene: Scene, connection: str = "till", stream: str = "customers") -> int:
    found = scene.store.marks.get(connection, stream).watermark
    assert found is not None
    return found


def test_a_read_that_fails_moves_no_watermark_and_the_next_one_goes_on(scene: Scene) -> None:
    scene.customer("till", "1", phone=PHONE)
    scene.sync()
    mark = watermark(scene)
    scene.advance(1)
    scene.customer("till", "2", phone=OTHER)
    scene.till.fail["read"] = 1
    report = scene.sync()
    assert set(report.errors) == {"till"}
    assert report.state == "failed"
    assert watermark(scene) == mark
    scene.sync()
    assert held_by(scene, "till") == {"1", "2"}
    assert watermark(scene) > mark


@pytest.mark.parametrize("fails_at", [2, 3, 4])
def test_a_read_cut_short_between_pages_resumes_and_loses_nothing_that_changed_meanwhile(
    tmp_path: Path, clock: FixedClock, fails_at: int
) -> None:
    scene = Scene(tmp_path, str(tmp_path / "k.db"), clock, yaml=THREE, till_options=", page_size: 2")
    for number in range(6):
        scene.customer("till", f"{number}", phone=f"1381234567{number}")
    answered = iter(range(1, 100))
    take = type(scene.till).take_fault
    scene.till.take_fault = lambda what: next(answered) == fails_at if what == "read" else take(scene.till, what)
    assert set(scene.sync().errors) == {"till"}
    scene.customer("till", "0", phone=OTHER)
    scene.till.remove("1")
    scene.customer("till", "6", phone=THIRD)
    assert scene.sync().errors == {}
    assert held_by(scene, "till") == {"0", "2", "3", "4", "5", "6"}
    assert scene.sync().errors == {}
    scene.close()


def test_reading_since_a_later_day_leaves_no_gap(scene: Scene) -> None:
    scene.sync()
    scene.advance(days=1)
    scene.customer("till", "1", phone=PHONE)
    scene.advance(days=2)
    assert scene.sync(since=scene.clock.now() - timedelta(days=1)).errors == {}
    assert held_by(scene, "till") == {"1"}


def test_a_connector_that_forgets_its_end_certifies_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Memory.read

    def endless(self: Memory, *asked: Any) -> Iterator[Page]:
        yield from (page for page in read(self, *asked) if page.end is None)

    scene.customer("till", "1", phone=PHONE)
    monkeypatch.setattr(Memory, "read", endless)
    report = scene.sync()
    assert set(report.errors) == {"crm", "shop", "till"}
    assert scene.store.marks.get("till", "customers").watermark is None


def test_a_silent_cap_certifies_nothing_and_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Memory.read

    def capped(self: Memory, *asked: Any) -> Iterator[Page]:
        for page in read(self, *asked):
            yield Page(page.rows[:2], page.position, page.gone, end=page.end)

    for number in range(4):
        scene.customer("till", f"{number}", phone=f"1381234567{number}")
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "read", capped)
        report = scene.sync()
    assert set(report.errors) == {"till"}
    assert scene.store.marks.get("till", "customers").watermark is None
    assert scene.sync().errors == {}
    assert len(held_by(scene, "till")) == 4


def test_a_mistake_of_a_connector_while_reading_stops_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Memory.read

    def mistaken(self: Memory, *asked: Any) -> Iterator[Page]:
        if self.tools.connection == "crm":
            raise KeyError("a bug")
        yield from read(self, *asked)

    scene.customer("till", "1", phone=PHONE)
    monkeypatch.setattr(Memory, "read", mistaken)
    report = scene.sync()
    assert set(report.errors) == {"crm"}
    assert held_by(scene, "till") == {"1"}


def test_a_bad_row_is_quarantined_alone_and_leaves_when_it_is_mended(scene: Scene) -> None:
    scene.customer("till", "1", phone=PHONE)
    scene.till.put("orders", {"id": "o", "customer": "1", "placed": "yesterday", "total": "1"})
    scene.order("till", "p", "150", customer="1")
    scene.sync()
    assert [(e.stream, e.ext, e.field) for e in scene.store.quarantine.list()] == [("orders", "o", "placed")]
    assert scene.facts(scene.ids()[0])["spend_life"] == 15000
    scene.order("till", "o", "150", customer="1")
    scene.sync()
    assert scene.store.quarantine.list() == []
    assert scene.facts(scene.ids()[0])["spend_life"] == 30000


@pytest.mark.parametrize(
    ("strength", "swept", "seen", "before", "after", "earned"),
    [
        ("chain", False, 5, None, None, "chain"),
        ("chain", False, 5, 5, 5, "chain"),  # never more than the connector states
        ("chain", False, 4, 5, 5, ""),
        ("bracketed", False, 5, 5, 5, "bracketed"),
        ("bracketed", False, 4, 5, 5, ""),
        ("bracketed", False, 4, 5, 4, "chain"),  # the total moved while we read
        ("bracketed", False, 6, 5, 5, "chain"),  # one went and one came: equal totals prove nothing
        ("bracketed", True, 5, 5, 5, "bracketed"),
        ("swept", True, 5, 5, 5, "swept"),
        ("swept", True, 6, 5, 5, "chain"),
        ("swept", False, 5, 5, 5, "bracketed"),
        ("swept", True, 5, None, None, "swept"),
    ],
)
def test_a_certificate_never_says_more_than_was_proved(
    strength: Any, swept: bool, seen: int, before: int | None, after: int | None, earned: str
) -> None:
    stream = Stream("customers", "customers", CUSTOMERS, strength)
    assert judge(stream, Window(None, NOW), seen, 0, before, after, swept, 0) == earned


def test_a_known_shortfall_and_rows_without_an_id_are_counted_in() -> None:
    stream = Stream("customers", "customers", CUSTOMERS, "bracketed")
    assert judge(stream, Window(None, NOW), 3, 1, 5, 5, False, 1) == "bracketed"
    assert judge(stream, Window(None, NOW), 3, 0, 5, 5, False, 1) == ""


def test_a_personal_id_is_hashed_in_quarantine_as_everywhere(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Memory.streams
    monkeypatch.setattr(Memory, "streams", lambda self: [replace(s, personal_ids=True) for s in streams(self)])
    for day in ("yesterday", "2026-02-01"):
        scene.till.put("orders", {"id": PHONE, "placed": day, "total": "1"})
        scene.sync(only=["till"])
        exts = {ext for (ext,) in scene.store.db.rows("SELECT ext FROM quarantine UNION SELECT ext FROM record")}
        assert exts == {scene.store.vault.index("ext", PHONE).hex()}
    assert scene.store.quarantine.list() == []


# -- who may work at a time


def test_a_second_run_at_the_same_time_is_told_who_is_at_work(scene: Scene) -> None:
    other = scene.setup()
    other.store.leases.take(["decide"])
    with pytest.raises(Conflict, match="another process is at work on decide"):
        scene.sync()
    other.close()
    assert scene.sync().errors == {}


def test_a_run_that_was_killed_is_marked_broken_by_the_next(scene: Scene) -> None:
    run = scene.store.runs.start("sync", "tester", 1, "")
    scene.sync()
    found = scene.store.runs.get(run)
    assert found is not None
    assert found.state == "broken"


def test_a_run_asked_to_look_back_is_refused_before_it_reads(scene: Scene) -> None:
    scene.sync()
    reads = scene.till.reads
    with pytest.raises(SettingsError, match="already decided"):
        scene.sync(as_of=scene.today - timedelta(days=1))
    assert scene.till.reads == reads
    assert {run.state for run in scene.store.runs.latest()} <= {"done", "waiting", "failed"}


def test_the_threads_of_a_run_leave_no_connection_behind(scene: Scene) -> None:
    for _ in range(3):
        scene.sync()
        assert len(scene.store.db._connections._open) == 1  # type: ignore[attr-defined]
