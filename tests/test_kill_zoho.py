"""Killed anywhere, store and CRM end as after an undisturbed run: the CRM's twin in a process that survives the kill."""

from __future__ import annotations

import random
import uuid
from pathlib import Path

import pytest

from tests.kill_storm import Locate, Storm, Tell, shard, tell
from tests.kill_systems import ZOHO

pytestmark = pytest.mark.usefixtures("kill_clock")
SHARDS = 6
QUICK = 3
"""So many of the shards run each time, the others in the long suite."""


def in_schemas_of(url: str) -> Locate:
    prefix, sign = f"z{uuid.uuid4().hex[:8]}", "&" if "?" in url else "?"
    return lambda name, _: f"{url}{sign}schema={prefix}_{name}"


@pytest.mark.parametrize(
    "number", [*range(QUICK), *(pytest.param(number, marks=pytest.mark.slow) for number in range(QUICK, SHARDS))]
)
def test_killed_at_every_site(tmp_path: Path, number: int, record_property: Tell) -> None:
    kills = Storm(ZOHO, tmp_path).at_points(shard(number, SHARDS))
    tell(kills, record_property)
    assert kills.total() >= 15


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SHARDS))
def test_killed_at_every_site_on_postgresql(tmp_path: Path, number: int, postgres_url: str) -> None:
    kills = Storm(ZOHO, tmp_path, in_schemas_of(postgres_url)).at_points(shard(number, SHARDS))
    assert kills.total() >= 15


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_killed_at_random_moments_and_between_write_and_receipt(
    tmp_path: Path, number: int, record_property: Tell
) -> None:
    kills = Storm(ZOHO, tmp_path).at_random(random.Random(number), 12)
    tell(kills, record_property)
    assert kills["between write and receipt"] == 6
    assert kills.total() >= 10
