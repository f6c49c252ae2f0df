"""What a scheduled run costs as a whole process: nothing changed, and one row in a thousand; and the bare command."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import hub_config
from bench.check import landed
from bench.figures import Figure
from bench.process import Used, ask, run, served
from hub.testing.sandbox_yaml import environment

KEHUB = Path(sys.executable).with_name("kehub")
WAITS = 3
EVERY = 1000
"""One row in so many changes."""
AGO = 302
"""So many seconds ago: the hub reads the last five minutes in the next run, against late rows."""
GAP = 4
"""Seconds after the first run in which nothing happens: what changed must lie behind its window, however short it was."""


@dataclass(frozen=True)
class Daily:
    """Runs of `kehub` over four connections: the page server's two, a stand-in of Fxiaoke, a till's files."""

    folder: Path
    url: str
    runs: int
    rows: Mapping[str, int]

    def figures(self) -> Iterator[Figure]:
        """A first sync, then runs after it, each over a copy of the same store."""
        with served("hub.testing.serve", "fxiaoke", "--people", 200) as fxiaoke:
            first = self.folder / "daily"
            shutil.rmtree(first, ignore_errors=True)
            hub_config.files(first)
            self._kehub(first, "init", str(first))
            config = hub_config.configuration(self.url, fxiaoke)
            (first / "kehub.yaml").write_text(config, encoding="utf-8")
            self._kehub(first, "sync", "--plan-only")
            yield self._figure("nothing changed, 4 connections", first, 0.9)
            time.sleep(GAP)
            at = ask(self.url, f"change?every={EVERY}&ago={AGO}")["at"]
            yield self._figure("0.1 % changed", first, 1.2)
            self._all_landed(at)
            ask(self.url, "reset")
        helps = [run(KEHUB, "--help").cpu for _ in range(self.runs)]
        yield Figure("kehub --help", statistics.median(helps), 0.3, "s")

    def _figure(self, name: str, first: Path, must: float) -> Figure:
        found = []
        for _ in range(self.runs):
            copy = self.folder / "day"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(first, copy)
            found.append(self._kehub(copy, "sync", "--plan-only"))
        wall = statistics.median(used.wall for used in found)
        return Figure(name, statistics.median(used.cpu for used in found), must, "s", note=f"{wall:.2f} s of wall")

    def _all_landed(self, at: int) -> None:
        """Stop the measurement if the last run missed a change."""
        counted = f"SELECT count(*) FROM record WHERE modified >= {at} AND connection ="
        queries = {"contacts": f"{counted} 'crm'", "orders": f"{counted} 'shop' AND stream = 'orders'"}
        found = landed(self.folder / "day" / "kehub.db", queries)
        if any(found[name] != number // EVERY for name, number in self.rows.items()):
            raise SystemExit(f"a run after a change landed {found} of {self.rows}")

    def _kehub(self, folder: Path, *arguments: str) -> Used:
        known = {**hub_config.environment(), **environment({"fxiaoke": ""}), "KEHUB_CONFIG": str(folder)}
        return run(KEHUB, *arguments, fine=(0, WAITS), environment=known)
