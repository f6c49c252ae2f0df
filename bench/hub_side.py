"""The hub against the page server, in a process of its own.

    python -m bench.hub_side FOLDER URL [pull|rest|all]

`pull` reads and lands with all duties and stops there; `rest` reads nothing, and resolves, decides and plans what a pull
has landed in the folder; `all` does both. It prints one line of JSON: CPU and wall seconds and peak memory (MB) of this
process when each step began, and at the end; and the CPU seconds of each step.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from bench.hub_config import KEY, configuration, environment


def used(begun: float) -> dict[str, float]:
    """What this process has used so far."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": found.ru_utime + found.ru_stime, "wall": time.monotonic() - begun, "mb": found.ru_maxrss / 1024}


def main(folder: Path, url: str, part: str) -> None:
    """One sync, or its first part; makes the store at first use."""
    begun = time.monotonic()
    os.environ |= environment()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kehub.yaml").write_text(configuration(url, paused=part == "rest"), encoding="utf-8")
    from hub.clock import RealClock
    from hub.plugins import load_plugins
    from hub.settings import load
    from hub.store import create_store
    from sync import engine
    from sync.progress import Silent
    from sync.setup import open_setup

    class Done(Exception):
        """The part that was asked for is over."""

    class Watch(Silent):
        """Notes what was used when a step begins."""

        def step(self, name: str) -> None:
            steps[name] = used(begun)
            if part == "pull":
                raise Done

    steps: dict[str, dict[str, float]] = {}
    config = load(folder / "kehub.yaml", load_plugins())
    create_store(config.store, KEY, RealClock()).close()
    setup = open_setup(config, RealClock(), "bench")
    try:
        with suppress(Done):
            report = engine.sync(setup, engine.Ask(plan_only=True), Watch())
            if report.errors:
                raise SystemExit(str(report.errors))
    finally:
        setup.close()
    steps["end"] = used(begun)
    spent = {name: after["cpu"] - before["cpu"] for (name, before), (_, after) in pairwise(steps.items())}
    print(json.dumps({"at": steps, "steps": spent}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "all")
