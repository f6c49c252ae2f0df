"""The demo: a sandbox from an empty folder, a first sync, the plans, the applies, a second sync, one "why".

    python -m hub.testing.demo [FOLDER] [--people N]
    python -m hub.testing.demo_storm [FOLDER] [--people N]    # the same in bad weather

It runs the installed `kehub` as a user would, shows what it prints, and checks its own counts from `--json`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from hub.testing.demo_checks import Checks, check, everywhere
from hub.testing.sandbox import Sandbox, down, up

KEHUB = Path(sys.executable).parent / "kehub"
_NOTE = """\
A sandbox of {people} invented people: Zoho CRM, Fxiaoke (at most 300 of them), a WooCommerce shop, the tills of two shops.
Fxiaoke's stand-in allows 1,000 calls in 20 seconds, a real tenant 100: there the same rows would take ten times as long.
"""


class Demo:
    """One walk through the sandbox in `folder`."""

    def __init__(self, folder: Path, people: int, seed: int = 7) -> None:
        self.folder = folder
        self.people = people
        self.seed = seed

    def run(self) -> None:
        """The whole walk; the stand-ins are stopped at the end, the folder stays to look at."""
        down(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        print(_NOTE.format(people=self.people))
        found = up(self.folder, people=self.people, seed=self.seed)
        for each in found.systems:
            print(f"The stand-in for {each.system} answers at {each.url}")
        try:
            self._walk(found)
        finally:
            down(self.folder)

    def _walk(self, found: Sandbox) -> None:
        checks = Checks(found)
        self.show("doctor", codes=(0,))
        plans = self._read(checks)
        self.show("status", codes=(0, 3))
        self.show("plan", "show", plans[0]["digest"], "--per-page", "12", codes=(0, 3))
        self.show("plan", "export", "plan.xlsx", plans[0]["digest"], codes=(0, 3))
        written = self._write(plans)
        self.show("sync", codes=(0, 3))
        checks.agreed(self.facts("sync", codes=(0, 3)), written)
        self.show("why", self._somebody(found), codes=(0,))
        print(f"\nThe demo's counts hold. Look around: cd {self.folder} && {KEHUB} --help")

    def _read(self, checks: Checks) -> list[dict[str, Any]]:
        """The first sync; gives its plans."""
        report = self.facts("sync", codes=(3,))
        checks.first(report)
        plans: list[dict[str, Any]] = report["plans"]
        check("a plan for each system that is written to", len(plans), len(checks.systems))
        return plans

    def _write(self, plans: Sequence[dict[str, Any]]) -> Counter[str]:
        """Apply the plans one by one; tells how many rows each connection acknowledged."""
        written: Counter[str] = Counter()
        for plan in plans:
            applied = self.facts("apply", plan["digest"], "--release", "share", codes=(0, 3))
            for done in applied["plans"]:
                tags = plan["actions"].get("tag", 0)  # these rows are counted by what stands there in the end
                written[plan["connection"]] += done["rows"].get("ack", 0) - tags
                check(f"{plan['connection']}: every row was acknowledged", done["rows"], {"ack": plan["rows"]})
        return written

    def _somebody(self, found: Sandbox) -> str:
        """A member of shop A of whom the hub holds a record from every connection."""
        for name in everywhere(found):
            records = self.facts("why", name, codes=(0, 2, 4))["records"]
            if len({record["connection"] for record in records}) == len(found.systems) + 2:
                return name
        raise SystemExit("the demo failed: nobody is one customer in all systems")

    # -- running commands

    def show(self, *words: str, codes: Sequence[int]) -> None:
        """Run a command and let it print."""
        self._announce(words)
        self._expect(words, subprocess.run([KEHUB, *words], cwd=self.folder).returncode, codes)  # noqa: S603

    def facts(self, *words: str, codes: Sequence[int]) -> Any:
        """Run a command with --json and give its facts."""
        self._announce((*words, "--json"))
        done = subprocess.run([KEHUB, *words, "--json"], cwd=self.folder, stdout=subprocess.PIPE)  # noqa: S603
        self._expect(words, done.returncode, codes)
        return orjson.loads(done.stdout)

    def _announce(self, words: Sequence[str]) -> None:
        print(f"\n$ kehub {' '.join(words)}\n", flush=True)

    @staticmethod
    def _expect(words: Sequence[str], code: int, codes: Sequence[int]) -> None:
        if code not in codes:
            raise SystemExit(f"`kehub {' '.join(words)}` ended with {code}, expected {codes}")


def main(kind: type[Demo] = Demo, arguments: Sequence[str] | None = None) -> None:
    """Run a demo in a folder."""
    parser = argparse.ArgumentParser(description=(kind.__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"))
    parser.add_argument("--people", type=int, default=2000)
    wanted = parser.parse_args(arguments)
    kind(wanted.folder, wanted.people).run()


if __name__ == "__main__":
    main()
