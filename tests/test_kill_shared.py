"""Two processes at one Fxiaoke connection, one of which dies holding what both share: token, lease, budget."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.command import Ended, kehub
from tests.kill_site import Site, prepare, served, shop_files
from tests.kill_systems import FXIAOKE, System
from tests.killing import ROOT, run, until

TOKEN = "POST /cgi/corpAccessToken/get/V2"


@contextmanager
def opened(tmp_path: Path, system: System = FXIAOKE) -> Iterator[Site]:
    """A brand whose hub has not run yet."""
    folder = tmp_path / "brand"
    with served(system) as url:
        yield prepare(folder, str(folder / "kehub.db"), url, shop_files(tmp_path / "files", system.people), system)


def together(site: Site, count: int, *command: str, **env: str) -> list[Ended]:
    """The same command, so many processes side by side."""
    with ThreadPoolExecutor(count) as pool:
        return [one.result() for one in [pool.submit(kehub, site.folder, *command, **env) for _ in range(count)]]


def counted(site: Site) -> tuple[int, Any]:
    """How many tokens were asked for, and the rules that were broken."""
    counters = site.control("counters")
    return counters["calls"].get(TOKEN, 0), counters["violations"]


@pytest.mark.parametrize(("killed_at", "asked"), [("commit:token:after:1", 1), ("commit:token:before:2", 2)])
def test_who_dies_renewing_the_token_keeps_nobody_from_it(tmp_path: Path, killed_at: str, asked: int) -> None:
    """Killed with the renewal claimed, and with the token fetched and not yet stored; on the machine's clock."""
    with opened(tmp_path) as site:
        assert run(site.folder, killed_at) == -signal.SIGKILL
        assert counted(site)[0] == asked - 1
        assert [bad(one) for one in together(site, 2, "doctor", "--json")] == [[], []]
        assert counted(site) == (asked, {})


def bad(doctor: Ended) -> list[str]:
    """What `doctor` found to be wrong with the connection, the twin's clock left out: it stands still."""
    found = [one for one in doctor.facts if one["area"] == "connection" and one["subject"].startswith("fxiaoke")]
    assert any("sign-in" in one["subject"] for one in found), doctor.out
    return [f"{one['subject']}: {one['note']}" for one in found if not (one["good"] or "clock" in one["subject"])]


@pytest.mark.usefixtures("kill_clock")
def test_who_dies_writing_is_followed_at_once_by_the_next(tmp_path: Path) -> None:
    with opened(tmp_path) as calm:
        assert run(calm.folder) == 0
        wanted = calm.outcome()
    with opened(tmp_path / "again") as site:
        site.control("faults", {"stall_after_write": {"seconds": 60, "times": 1, "skip": 3}})
        first = subprocess.Popen(
            [sys.executable, "-m", "tests.drive", str(site.folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert until(lambda: site.control("written")["unanswered"] > 0)
        second = kehub(site.folder, "sync")
        assert (second.code, f"process {first.pid}" in second.err) == (4, True), second.err
        assert [one.code for one in together(site, 2, "status")] == [0, 0]
        first.kill()
        first.wait()
        assert run(site.folder) == 0
        assert site.outcome() == wanted
        assert counted(site) == (1, {})


@pytest.mark.slow
def test_a_budget_that_a_dead_process_reserved_is_free_again_with_its_window(tmp_path: Path) -> None:
    """On the machine's clock: eight calls of an interface in twenty seconds, for everybody."""

    def few(url: str) -> dict[str, Any]:
        return {**FXIAOKE.settings(url), "calls": 8}

    with opened(tmp_path, replace(FXIAOKE, settings=few, options={**FXIAOKE.options, "calls": 8})) as site:
        assert run(site.folder, "commit:budget:after:1") == -signal.SIGKILL
        assert [bad(one) for one in together(site, 2, "doctor", "--json")] == [[], []]
        assert counted(site) == (1, {})
