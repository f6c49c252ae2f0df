"""The demo: a sandbox from an empty folder, a first sync, the plan, the apply, a second sync, one "why".

    python -m hub.testing.demo [FOLDER] [--people N]

It runs the installed `kehub` as a user would, shows what it prints, and checks its own counts from `--json`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from hub.testing.people import Population
from hub.testing.sandbox import PRESET, down, up

KEHUB = Path(sys.executable).parent / "kehub"


class Demo:
    """One walk through the sandbox in `folder`."""

    def __init__(self, folder: Path, people: int, seed: int = 7) -> None:
        self.folder = folder
        self.people = people
        self.seed = seed

    def run(self) -> None:
        """The whole walk; the stand-in is stopped at the end, the folder stays to look at."""
        down(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        print(f"A sandbox of {self.people} invented people: Zoho CRM and the tills of two shops ({PRESET}).\n")
        found = up(self.folder, people=self.people, seed=self.seed)
        print(f"Zoho's stand-in answers at {found.url}; configuration: {self.folder / 'kehub.yaml'}")
        try:
            self._walk()
        finally:
            down(self.folder)

    def _walk(self) -> None:
        self.show("doctor", codes=(0,))
        first = self.facts("sync", codes=(3,))
        self._check_first(first)
        (plan,) = first["plans"]
        self.show("status", codes=(0, 3))
        self.show("plan", "show", plan["digest"], "--per-page", "12", codes=(0, 3))
        self.show("plan", "export", "plan.xlsx", codes=(0, 3))
        applied = self.facts("apply", plan["digest"], "--release", "share", codes=(0, 3))
        self._check_applied(plan, applied)
        self.show("sync", codes=(0, 3))
        again = self.facts("sync", codes=(0, 3))
        self._check_quiet(again)
        self.show("why", self._somebody(), codes=(0,))
        print(f"\nThe demo's counts hold. Look around: cd {self.folder} && {KEHUB} --help")

    # -- running commands

    def show(self, *words: str, codes: Sequence[int]) -> None:
        """Run a command and let it print."""
        print(f"\n$ kehub {' '.join(words)}\n", flush=True)
        self._expect(words, subprocess.run([KEHUB, *words], cwd=self.folder).returncode, codes)  # noqa: S603

    def facts(self, *words: str, codes: Sequence[int]) -> Any:
        """Run a command with --json and give its facts."""
        print(f"\n$ kehub {' '.join(words)} --json", flush=True)
        done = subprocess.run([KEHUB, *words, "--json"], cwd=self.folder, stdout=subprocess.PIPE)  # noqa: S603
        self._expect(words, done.returncode, codes)
        return orjson.loads(done.stdout)

    @staticmethod
    def _expect(words: Sequence[str], code: int, codes: Sequence[int]) -> None:
        if code not in codes:
            raise SystemExit(f"`kehub {' '.join(words)}` ended with {code}, expected {codes}")

    # -- what must be true

    def _check_first(self, report: Any) -> None:
        population = Population(self.people, self.seed)
        streams = {f"{s['connection']}.{s['stream']}": s for s in report["streams"]}
        for name, system in (("crm", "zoho"), ("shop_a", "pos:A"), ("shop_b", "pos:B")):
            stream = streams[f"{name}.customers"]
            wanted = len(population.sightings(system))
            _check(f"{name}: every record was read or set aside", stream["new"] + stream["quarantined"], wanted)
            _check(f"{name}: the read is certified", bool(stream["certificate"]), True)
        records = sum(s["new"] for name, s in streams.items() if name.endswith(".customers"))
        created = report["resolved"]["created"]
        print(f"{records} records (and {report['resolved']['records'] - records} buyers) are {created} customers.")
        _check("many records became one customer", created < records * 0.75, True)

    def _check_applied(self, plan: Any, applied: Any) -> None:
        (done,) = applied["plans"]
        calls = -(-plan["rows"] // 100)
        _check("every row of the plan was acknowledged", done["rows"], {"ack": plan["rows"]})
        _check("a hundred rows a call, read before and after", [done["writes"], done["guards"], done["read_backs"]],
               [calls] * 3)  # fmt: skip

    def _check_quiet(self, report: Any) -> None:
        _check("the second sync finds nothing to write", (report["plans"], report["applied"]), ([], []))
        _check("and no system failed", report["errors"], [])

    def _somebody(self) -> str:
        """A member of shop A whom the CRM knows too, under a phone of their own."""
        population = Population(self.people, self.seed)
        both = population.known("zoho") & population.known("pos:A")
        phones = [person.phone for person in population.people]
        for sighting in population.sightings("pos:A"):
            person = population.person(sighting.person)
            bought = sum(order.person == person.number for order in population.orders)
            if person.number > 3 and person.number in both and phones.count(person.phone) == 1 and bought > 3:
                return f"shop_a:{sighting.key}"
        raise SystemExit("nobody in this population is known to both")


def _check(what: str, found: object, wanted: object) -> None:
    print(f"  {'ok' if found == wanted else 'NO'}  {what}: {found if found != {} else 'nothing'}")
    if found != wanted:
        raise SystemExit(f"the demo failed: {what}: wanted {wanted}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo in a folder."""
    parser = argparse.ArgumentParser(prog="python -m hub.testing.demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo"))
    parser.add_argument("--people", type=int, default=2000)
    wanted = parser.parse_args(arguments)
    Demo(wanted.folder, wanted.people).run()


if __name__ == "__main__":
    main()
