"""A process for the kill tests: sync, approve and apply everything, sync again, over and over until nothing is left.

    python -m tests.drive FOLDER

It may be killed anywhere and started again; whoever starts it compares the end state with that of an undisturbed run.
`events.json` in the folder, where there is one, tells what the system's users edit once, when a plan stands (`planned`)
and when everything is at rest for the first time (`rested`).
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

from hub.clock import system_clock
from hub.http import ahead
from hub.plugins import load_plugins
from hub.settings import load
from sync import lanes
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.setup import Setup, open_setup

ROUNDS = 9

# How many pages wait for the writer is chance, and so is how long a busy machine makes one wait for an answer: one page a
# transaction and pages always asked ahead, so that each run passes the same points.
lanes.COMMIT, ahead.NEAR = 0, -1.0


def drive(folder: Path) -> None:
    """Bring the brand in `folder` to rest."""
    config = load(folder / "kehub.yaml", load_plugins())
    setup = open_setup(config, system_clock(), "driver")
    try:
        for _ in range(ROUNDS):
            report = sync(setup, Ask())
            _no_errors(report)
            resting = not (report.plans or report.applied or report.settled or changed(report))
            if resting and not happen(folder, "rested"):
                return
            if report.plans:
                happen(folder, "planned")
            for plan in list(report.plans.values()):
                _apply(setup, plan.digest)
        raise SystemExit("the plan never became empty")
    finally:
        setup.close()


def happen(folder: Path, moment: str) -> bool:
    """Let the system's users make their edits of this moment; whether they had not yet.

    A process that is killed in between leaves it to the next one to make them all: none does harm when repeated.
    """
    script, done = folder / "events.json", folder / f"{moment}.done"
    wishes = json.loads(script.read_text("utf-8")) if script.exists() else {}
    if done.exists() or not wishes.get(moment):
        return False
    for wish in wishes[moment]:
        request = urllib.request.Request(f"{wishes['url']}/_twin/edit", data=json.dumps(wish).encode())
        urllib.request.urlopen(request, timeout=30).close()
    done.touch()
    return True


def changed(report: Report) -> int:
    """How many records a run found new or changed."""
    return sum(outcome.new + outcome.changed for lane in report.lanes for outcome in lane.outcomes.values())


def _apply(setup: Setup, digest: str) -> None:
    plan = find_plan(setup, digest)
    approve(setup, plan, ["share"])
    _no_errors(push(setup, [plan.connection]))


def _no_errors(report: Report) -> None:
    for fault in report.errors.values():
        raise fault


if __name__ == "__main__":
    drive(Path(sys.argv[1]))
