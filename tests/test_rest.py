"""A declared REST system against its twin, over HTTP, through the engine: reading in every declared way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.connector import Window
from hub.testing.twin import Stage
from tests.rest_site import ACCESS, PAGINGS, Declared, Site, declared, living, outcome, stand

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    def make(
        size: int = 100, change: Callable[[Declared], None] | None = None, create: bool = False, **twin: Any
    ) -> Site:
        found = stand(stage[0], clock, **twin)
        text = declared(stage[1], found.options, size, change, create)
        return Site(tmp_path, clock, found, stage[1], create=create, declared=text)

    return make


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("auth", ACCESS)
def test_each_way_of_paging_reads_everything_behind_each_way_of_coming_in(opened: Open, paging: str, auth: str) -> None:
    site = opened(7, paging=paging, auth=auth)
    report = site.sync()
    assert report.errors == {}
    assert (outcome(report).certificate, outcome(report).quarantined) == ("swept", 0)
    assert site.look(living) == {one.number for one in site.members}
    assert outcome(report, "orders").certificate == "swept"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.purchases)
    if paging != "whole":
        assert site.calls("GET /v1/members") >= len(site.twin.books.members) // 7
