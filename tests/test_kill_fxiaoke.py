"""Killed anywhere while it works with Fxiaoke, the hub ends as if it had never been disturbed; nobody is made twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.kill_storm import Storm, Tell, once, shard, tell
from tests.kill_systems import FXIAOKE

pytestmark = pytest.mark.usefixtures("kill_clock")
SHARDS = 4


@pytest.mark.parametrize("number", range(2))
def test_killed_between_the_hub_and_the_system(tmp_path: Path, number: int, record_property: Tell) -> None:
    kills = Storm(FXIAOKE, tmp_path).at_points(once(number, 2))
    tell(kills, record_property)
    assert kills.total() == 5


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SHARDS))
def test_killed_at_every_site(tmp_path: Path, number: int, record_property: Tell) -> None:
    kills = Storm(FXIAOKE, tmp_path).at_points(shard(number, SHARDS))
    tell(kills, record_property)
    assert kills.total() >= 25


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_killed_at_random_moments_and_between_write_and_receipt(
    tmp_path: Path, number: int, record_property: Tell
) -> None:
    kills = Storm(FXIAOKE, tmp_path).at_random(random.Random(number), 12)
    tell(kills, record_property)
    assert kills["between write and receipt"] == 6
    assert kills.total() >= 10
