"""Hints through the engine, on both databases: what may be asked for by id, and what waits for its window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.deliveries import Hint
from hub.errors import Rejected, Transient
from hub.store.check import canonical, check
from tests.conftest import NOW
from tests.scene import PHONE, THREE, Scene


@pytest.fixture
def scene(tmp_path: Path, location: str) -> Iterator[Scene]:
    found = Scene(tmp_path, location, FixedClock(NOW), yaml=THREE)
    found.customer("crm", "a", phone=PHONE, name="张伟")
    found.customer("crm", "b", name="Li Na")
    found.order("till", "o1", phone=PHONE)
    found.sync()
    found.advance(days=0.01)
    yield found
    found.close()


def tell(scene: Scene, connection: str, *hints: Hint, key: str = "k") -> None:
    assert scene.store.hints.hear(connection, key, hints, 100)


def waiting(scene: Scene) -> list[tuple[str, str]]:
    hints = scene.store.hints
    return [
        (one.stream, one.ext)
        for name in ("crm", "shop", "till")
        for told in hints.waiting(name).values()
        for one in told
    ]


def text(scene: Scene) -> list[str]:
    """The records and whose they are, as the store holds them."""
    return [
        line
        for line in canonical(scene.store)
        if line.split()[0] in ("record", "identity", "customer", "link", "orders")
    ]


def test_hinted_records_land_as_a_full_read_lands_them(scene: Scene) -> None:
    scene.customer("crm", "a", phone=PHONE, name="张伟", city="苏州")
    scene.customer("crm", "c", name="王芳")
    marks = [scene.store.marks.get("crm", "customers").watermark]
    tell(scene, "crm", Hint("customers", "a"), Hint("customers", "c"), Hint("customers", "nobody", "gone"))
    report = scene.sync(hinted=True)
    assert (report.errors, [lane.by_id for lane in report.lanes]) == ({}, [{"customers": 3}])
    assert [scene.store.marks.get("crm", "customers").watermark] == marks
    hinted = text(scene)
    assert any("王芳" in line for line in hinted)
    assert waiting(scene) == []
    scene.sync(full=True)
    assert text(scene) == hinted
    assert check(scene.store) == []


def test_a_stream_that_is_not_read_by_id_is_read_by_window_once_that_reaches_so_far(scene: Scene) -> None:
    scene.order("till", "o2", phone=PHONE)
    tell(scene, "till", Hint("orders", "o2"))
    first = scene.sync(hinted=True)
    assert (first.errors, first.lanes[0].outcomes, waiting(scene)) == ({}, {}, [("orders", "o2")])
    scene.advance(days=0.001)
    second = scene.sync(hinted=True)
    assert second.errors == {}
    assert second.lanes[0].outcomes["orders"].certificate
    assert waiting(scene) == []
    assert any('"o2"' in line for line in text(scene))


def test_an_ordinary_run_leaves_what_its_window_did_not_reach(scene: Scene) -> None:
    tell(scene, "till", Hint("orders", "o2"))
    assert scene.sync().errors == {}
    assert waiting(scene) == [("orders", "o2")]
    scene.advance(days=0.001)
    scene.sync()
    assert waiting(scene) == []


def test_a_failing_look_up_keeps_its_hints_and_costs_no_window(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    connector: Any = scene.hub.connector(scene.hub.config.connection("crm"))

    def fails(stream: object, ids: object) -> dict[str, Any]:
        raise Transient("no answer", where="crm")

    monkeypatch.setattr(connector, "named", fails)
    scene.customer("crm", "c", name="王芳")
    tell(scene, "crm", Hint("customers", "c"))
    mark = scene.store.marks.get("crm", "customers").watermark or 0
    report = scene.sync()
    assert report.errors["crm"].what == "no answer"
    assert (scene.store.marks.get("crm", "customers").watermark or 0) > mark
    assert waiting(scene) == [("customers", "c")]


def test_an_id_that_the_system_refuses_is_dropped_and_the_others_land(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector: Any = scene.hub.connector(scene.hub.config.connection("crm"))
    plain = connector.named

    def picky(stream: Any, ids: Any) -> Any:
        if "bad" in ids:
            raise Rejected("not an id", where="crm")
        return plain(stream, ids)

    monkeypatch.setattr(connector, "named", picky)
    scene.customer("crm", "c", name="王芳")
    tell(scene, "crm", Hint("customers", "bad"), Hint("customers", "c"))
    assert scene.sync(hinted=True).errors == {}
    assert waiting(scene) == []
    assert any("王芳" in line for line in text(scene))


def test_what_is_told_while_a_run_reads_stays_for_the_next_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    connector: Any = scene.hub.connector(scene.hub.config.connection("crm"))
    plain, told = connector.named, iter("xyz")

    def interrupted(stream: Any, ids: Any) -> Any:
        rows = plain(stream, ids)
        tell(scene, "crm", Hint("customers", "a"), key=next(told))
        return rows

    monkeypatch.setattr(connector, "named", interrupted)
    tell(scene, "crm", Hint("customers", "a"))
    assert scene.sync(hinted=True).errors == {}
    assert waiting(scene) == [("customers", "a")]


def test_requests_to_erase_change_nothing(scene: Scene) -> None:
    before = text(scene)
    tell(scene, "crm", Hint("customers", "a", "erase"))
    assert scene.sync(hinted=True).lanes == []
    assert text(scene) == before
    assert [one.ext for one in scene.store.hints.requests()] == ["a"]
    assert any(line.startswith("hint ") for line in canonical(scene.store))
