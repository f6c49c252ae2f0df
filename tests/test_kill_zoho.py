"""Killed anywhere, store and CRM end as after an undisturbed run: the CRM's twin in a process that survives the kill."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.kill_site import Site, prepare, shop_files, twin
from tests.killing import ROOT, points, run, sites, survive

PEOPLE = 300
SHARDS = 6
Locate = Callable[[str, Path], str]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    monkeypatch.setenv("ZOHO_SECRET", "twin-client-secret")
    monkeypatch.setenv("ZOHO_REFRESH", "1000.refresh.twin")


def in_a_file(name: str, folder: Path) -> str:
    return str(folder / "kehub.db")


def in_schemas_of(url: str) -> Locate:
    prefix, sign = f"z{uuid.uuid4().hex[:8]}", "&" if "?" in url else "?"
    return lambda name, _: f"{url}{sign}schema={prefix}_{name}"


def step_of(failpoint: str) -> str:
    """The step of the flow that a failpoint lies in."""
    site = failpoint.split(":")[1] if failpoint.startswith("commit") else failpoint.split(":")[0]
    steps = {"page": "observe", "window": "observe", "registers": "observe", "decide_due": "decide"}
    steps |= {"decide_profile": "decide", "plan_rows": "plan", "publish": "plan", "published": "apply"}
    steps |= dict.fromkeys(("intent", "push", "write", "receipts", "approve"), "apply")
    return steps.get(site, site)


def calm(tmp_path: Path, locate: Locate) -> tuple[Any, Counter[str], Path]:
    """The outcome of an undisturbed run, and the failpoints it passed."""
    files, folder, log = shop_files(tmp_path / "files", PEOPLE), tmp_path / "calm", tmp_path / "log"
    with twin(PEOPLE) as url:
        site = prepare(folder, locate("calm", folder), url, files)
        assert run(folder, log=log) == 0
        return site.outcome(), sites(log), files


def storm(tmp_path: Path, shard: int, locate: Locate) -> Counter[str]:
    """Kill at each point of this shard, in a store and a CRM of its own; kills by step."""
    wanted, passed, files = calm(tmp_path, locate)
    kills: Counter[str] = Counter()
    for number, failpoint in enumerate(points(passed)[shard::SHARDS]):
        folder = tmp_path / f"storm{number}"
        with twin(PEOPLE) as url:
            site = prepare(folder, locate(f"storm{number}", folder), url, files)
            assert survive(folder, failpoint), failpoint
            same(site, wanted, failpoint)
        shutil.rmtree(folder)
        kills[step_of(failpoint)] += 1
    return kills


def same(site: Site, wanted: Any, what: str) -> None:
    found = site.outcome()
    assert found[1] == wanted[1], f"{what}: the CRM differs"
    assert found[0] == wanted[0], f"{what}: the store differs"
    inserted = site.control("counters")["rows"].get("insert", 0)
    assert inserted == sum(1 for line in wanted[0] if line.startswith("receipt") and '"create"' in line), what


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_site(tmp_path: Path, shard: int, record_property: Callable[[str, object], None]) -> None:
    kills = storm(tmp_path, shard, in_a_file)
    tell(kills, record_property)
    assert kills.total() >= 15


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_site_on_postgresql(tmp_path: Path, shard: int, postgres_url: str) -> None:
    assert storm(tmp_path, shard, in_schemas_of(postgres_url)).total() >= 15


def tell(kills: Counter[str], record_property: Callable[[str, object], None]) -> None:
    """Hand the counts to the session's closing lines."""
    for step, count in kills.items():
        record_property(f"kills: {step}", count)


def kill_when(site: Site, due: Callable[[float], bool]) -> bool:
    """Start the driver and kill it as soon as `due`; whether it was still alive then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.drive", str(site.folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    began = time.monotonic()
    while process.poll() is None and not due(time.monotonic() - began):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(3))
def test_killed_at_random_moments_and_between_write_and_receipt(
    tmp_path: Path, shard: int, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    wanted, _, files = calm(tmp_path, in_a_file)
    lasts = time.monotonic() - began - 1.0  # less what the twin takes to start
    chance = random.Random(shard)
    kills: Counter[str] = Counter()
    for number in range(12):
        folder = tmp_path / f"random{number}"
        with twin(PEOPLE) as url:
            site = prepare(folder, in_a_file("", folder), url, files)
            if number % 2:
                skip = chance.randrange(3)
                site.control("faults", {"stall_after_write": {"seconds": 20, "times": 1, "skip": skip}})
                assert kill_when(site, lambda _, site=site: site.control("written")["unanswered"] > 0)
                kills["between write and receipt"] += 1
            else:
                moment = chance.uniform(0.1, 0.8) * lasts
                kills["at random"] += kill_when(site, lambda spent, moment=moment: spent > moment)
            assert run(folder) == 0
            same(site, wanted, f"random {number}")
    tell(kills, record_property)
    assert kills["between write and receipt"] == 6
    assert kills.total() >= 10
