"""Storms of kills over one system: at failpoints, at random moments, between a write and its receipt."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kill_site import Site, prepare, served, shop_files
from tests.kill_systems import System
from tests.killing import kill_when, points, run, sites, survive

Locate = Callable[[str, Path], str]
"""Where the store of a name and folder is."""

Tell = Callable[[str, object], None]
"""Pytest's `record_property`."""


def in_a_file(name: str, folder: Path) -> str:
    """SQLite."""
    return str(folder / "kehub.db")


@dataclass(frozen=True)
class Calm:
    """An undisturbed life: its outcome, the failpoints that it passed, its length in seconds, the till's files."""

    wanted: Any
    passed: Counter[str]
    lasts: float
    files: Path


@dataclass(frozen=True)
class Storm:
    """Kills hubs over one system, each with a store and a twin of its own; counts the kills by step."""

    system: System
    folder: Path
    locate: Locate = in_a_file

    def calm(self) -> Calm:
        """Live undisturbed."""
        files, log = shop_files(self.folder / "files", self.system.people), self.folder / "log"
        with served(self.system) as url:
            site = self._site("calm", url, files)
            began = time.monotonic()
            assert run(site.folder, log=log) == 0
            lasts = time.monotonic() - began
            wanted = site.outcome()
            assert site.control("counters")["violations"] == {}
            return Calm(wanted, sites(log), lasts, files)

    def at_points(self, chosen: Callable[[Counter[str]], Sequence[str]]) -> Counter[str]:
        """Kill once at each of the chosen points, then live undisturbed to the end."""
        calm, kills = self.calm(), Counter[str]()
        for number, failpoint in enumerate(chosen(calm.passed)):
            with served(self.system) as url:
                site = self._site(f"storm{number}", url, calm.files)
                assert survive(site.folder, failpoint), f"{failpoint} was not reached"
                self._same(site, calm, failpoint)
            kills[step_of(failpoint)] += 1
        return kills

    def at_random(self, chance: random.Random, count: int) -> Counter[str]:
        """Kill at a random moment, in turns with killing after a write took effect and before its receipt.

        A machine that was slower in calm than it is now lets a life end before its moment: then moments come earlier.
        """
        calm, kills, lasts = self.calm(), Counter[str](), 1.0
        for number in range(count):
            with served(self.system) as url:
                site = self._site(f"random{number}", url, calm.files)
                if number % 2:
                    skip = chance.randrange(self._writes(calm))
                    site.control("faults", {"stall_after_write": {"seconds": 20, "times": 1, "skip": skip}})
                    assert kill_when(site.folder, lambda _, site=site: site.control("written")["unanswered"] > 0)
                    kills["between write and receipt"] += 1
                else:
                    moment = chance.uniform(0.1, 0.8) * calm.lasts * lasts
                    killed = kill_when(site.folder, lambda spent, moment=moment: spent > moment)
                    kills["at random"] += killed
                    lasts *= 1 if killed else 0.5
                site.control("faults", {"stall_after_write": {"times": 0}})
                assert run(site.folder) == 0
                self._same(site, calm, f"random {number}")
        return kills

    def _site(self, name: str, url: str, files: Path) -> Site:
        folder = self.folder / name
        return prepare(folder, self.locate(name, folder), url, files, self.system)

    def _writes(self, calm: Calm) -> int:
        """How many requests that write an undisturbed life sends."""
        return calm.passed["write:before"]

    def _same(self, site: Site, calm: Calm, what: str) -> None:
        found, counters = site.outcome(), site.control("counters")
        assert found[1] == calm.wanted[1], f"{what}: the system differs"
        assert found[0] == calm.wanted[0], f"{what}: the store differs"
        creates = sum(1 for line in calm.wanted[0] if line.startswith("receipt") and '"create"' in line)
        made = counters["rows"].get(self.system.created, 0)
        assert made == creates, f"{what}: {made} were created under {creates} receipts"
        assert counters["violations"] == {}, f"{what}: rules of the system were broken"
        shutil.rmtree(site.folder)


def shard(number: int, of: int) -> Callable[[Counter[str]], Sequence[str]]:
    """First, middle and last pass of each site, every so many of them."""
    return lambda passed: points(passed, BY_TIME)[number::of]


def once(number: int, of: int) -> Callable[[Counter[str]], Sequence[str]]:
    """The middle pass of each site that a system has a part in, every so many of them."""
    return lambda passed: [f"{site}:{(passed[site] + 1) // 2}" for site in REMOTE[number::of]]


REMOTE = (
    "commit:window:after", "commit:page:after", "commit:intent:after", "push:before", "write:before", "write:after",
    "push:after", "commit:receipts:before", "commit:receipts:after", "commit:moved:after",
)  # fmt: skip
"""Where a kill leaves something half done between the hub and a system."""


BY_TIME = ("commit:lease_renew",)
"""Sites that are passed when time has passed, not at a place of the flow."""


def step_of(failpoint: str) -> str:
    """The step of the flow that a failpoint lies in."""
    site = failpoint.split(":")[1] if failpoint.startswith("commit") else failpoint.split(":")[0]
    steps = {"page": "observe", "window": "observe", "registers": "observe", "decide_due": "decide"}
    steps |= {
        "decide_profile": "decide",
        "decide_facts": "decide",
        "plan_rows": "plan",
        "publish": "plan",
        "published": "apply",
    }
    steps |= dict.fromkeys(("intent", "push", "write", "receipts", "approve", "moved", "settle", "withdraw"), "apply")
    return steps.get(site, site)


def tell(kills: Counter[str], record_property: Tell) -> None:
    """Hand the counts to the session's closing lines."""
    for step, count in kills.items():
        record_property(f"kills: {step}", count)
