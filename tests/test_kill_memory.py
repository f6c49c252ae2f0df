"""Killed anywhere, the next run ends in the same state as an undisturbed one: systems in files, both databases."""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from connectors.memory.twin import in_file
from hub.clock import FixedClock
from hub.store import open_store
from hub.store.check import canonical, check
from hub.testing.site import MASTER, fixed_keys
from tests.conftest import NOW
from tests.killing import points, run, sites, survive

SHARDS = 4

YAML = """
brand: {{name: Kill test}}
store: "{store}"
rules:
  tiers:
    main: [{{tier: gold, spend_365d: 1000}}, {{tier: silver, spend_365d: 100}}, {{tier: member}}]
    kept:
      grace_days: 5
      ladder: [{{tier: gold, when: "spend_30d >= 600"}}, {{tier: silver, when: "orders_30d >= 1"}}, {{tier: none}}]
  segments: {{spenders: "spend_365d >= 500", kept gold: "tier_of(kept) = 'gold' and not in_segment(spenders)"}}
  rfm: {{refresh: weekly}}
survivorship: {{email: [till]}}
connections:
  crm:
    type: memory
    file: crm.json
    page_size: 4
    create: true
    fields: [{{ours: email, theirs: email, owner: shared, fill_empty: true}}]
  till: {{type: memory, file: till.json, page_size: 5, writable: false}}
"""


def prepare(folder: Path, location: str) -> None:
    """A brand with a dozen people in two systems: merges, families, creates, a row that is refused."""
    folder.mkdir(exist_ok=True)
    (folder / "kehub.yaml").write_text(YAML.format(store=location), encoding="utf-8")
    crm, till = in_file(folder / "crm.json"), in_file(folder / "till.json")
    for number in range(12):
        phone = f"+86138000000{number:02}"
        if number % 3:
            crm.put("customers", {"id": f"c{number:02}", "name": f"Person {number}", "phone": phone})
        if number % 2:
            till.put("customers", {"id": f"t{number:02}", "name": f"Person {number}", "phone": phone,
                                   "email": f"p{number}@shop.cn"})  # fmt: skip
            till.put("orders", {"id": f"o{number}", "customer": f"t{number:02}", "total": str(number * 150),
                                "placed": "2026-02-01T10:00:00+08:00"})  # fmt: skip
    till.put("orders", {"id": "guest", "phone": "+8613900000001", "total": "9", "placed": "2026-02-01T10:00:00+08:00"})
    till.put("orders", {"id": "bad", "total": "nine", "placed": "2026-02-01T10:00:00+08:00"})
    fixed_keys(location, FixedClock(NOW))


def outcome(folder: Path, location: str) -> tuple[list[str], dict[str, object]]:
    """The store as canonical text, and the CRM's rows without their times of change."""
    store = open_store(location, MASTER, FixedClock(NOW))
    try:
        assert check(store) == []
        text = list(canonical(store))
    finally:
        store.close()
    rows = orjson.loads((folder / "crm.json").read_bytes())["customers"]
    for row in rows.values():
        row.pop("modified")
    return text, rows


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())


def storm(tmp_path: Path, shard: int, locate: Callable[[str, Path], str]) -> Counter[str]:
    """Kill at every fourth point from `shard` on, each in a store of its own; kills by step."""
    calm, log = tmp_path / "calm", tmp_path / "log"
    prepare(calm, locate("calm", calm))
    assert run(calm, log=log) == 0
    wanted = outcome(calm, locate("calm", calm))
    assert sum(line.startswith("receipt") for line in wanted[0]) == 11
    kills: Counter[str] = Counter()
    for number, failpoint in enumerate(points(sites(log))[shard::SHARDS]):
        folder = tmp_path / f"storm{number}"
        where = locate(f"storm{number}", folder)
        prepare(folder, where)
        assert survive(folder, failpoint), failpoint
        assert outcome(folder, where) == wanted, failpoint
        kills[failpoint.rpartition(":")[0]] += 1
        shutil.rmtree(folder)
    print(f"kills by site: {dict(kills)}")
    return kills


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_site_on_sqlite(tmp_path: Path, shard: int) -> None:
    assert storm(tmp_path, shard, lambda name, folder: str(folder / "kehub.db")).total() >= 15


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_site_on_postgresql(tmp_path: Path, shard: int, postgres_url: str) -> None:
    prefix, sign = f"k{uuid.uuid4().hex[:8]}", "&" if "?" in postgres_url else "?"

    def locate(name: str, _: Path) -> str:
        return f"{postgres_url}{sign}schema={prefix}_{name}"

    assert storm(tmp_path, shard, locate).total() >= 15
