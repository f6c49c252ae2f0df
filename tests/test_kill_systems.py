"""Killed anywhere, hub and systems end as after an undisturbed run: the twins in a process that survives the kill."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill_storm import Locate, Storm, Tell, once, shard, tell
from tests.kill_systems import FXIAOKE, WOOCOMMERCE, ZOHO, System

pytestmark = pytest.mark.usefixtures("kill_clock")
SHARDS = {ZOHO.name: (6, 3, 15), FXIAOKE.name: (4, 0, 25), WOOCOMMERCE.name: (4, 0, 25)}
"""By system: into how many shards its sites are cut, how many of them run each time, the fewest kills of a shard."""


def shards() -> Iterator[object]:
    """(system, number of the shard); those that do not run each time are for the long suite."""
    for system in (ZOHO, FXIAOKE, WOOCOMMERCE):
        count, quick, _ = SHARDS[system.name]
        for number in range(count):
            marks = () if number < quick else (pytest.mark.slow,)
            yield pytest.param(system, number, marks=marks, id=f"{system.name}-{number}")


def named(system: object) -> str | None:
    """How a system stands in a test's id."""
    return system.name if isinstance(system, System) else None


def in_schemas_of(url: str) -> Locate:
    prefix, sign = f"z{uuid.uuid4().hex[:8]}", "&" if "?" in url else "?"
    return lambda name, _: f"{url}{sign}schema={prefix}_{name}"


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("system", [FXIAOKE, WOOCOMMERCE], ids=named)
def test_killed_between_the_hub_and_the_system(
    tmp_path: Path, system: System, number: int, record_property: Tell
) -> None:
    kills = Storm(system, tmp_path).at_points(once(number, 2))
    tell(kills, record_property)
    assert kills.total() == 5


@pytest.mark.parametrize(("system", "number"), [*shards()])
def test_killed_at_every_site(tmp_path: Path, system: System, number: int, record_property: Tell) -> None:
    count, _, fewest = SHARDS[system.name]
    kills = Storm(system, tmp_path).at_points(shard(number, count))
    tell(kills, record_property)
    assert kills.total() >= fewest


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6))
def test_killed_at_every_site_on_postgresql(tmp_path: Path, number: int, postgres_url: str) -> None:
    kills = Storm(ZOHO, tmp_path, in_schemas_of(postgres_url)).at_points(shard(number, 6))
    assert kills.total() >= 15


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("system", [ZOHO, FXIAOKE, WOOCOMMERCE], ids=named)
def test_killed_at_random_moments_and_between_write_and_receipt(
    tmp_path: Path, system: System, number: int, record_property: Tell
) -> None:
    kills = Storm(system, tmp_path).at_random(random.Random(number), 12)
    tell(kills, record_property)
    assert kills["between write and receipt"] == 6
    assert kills.total() >= 10
