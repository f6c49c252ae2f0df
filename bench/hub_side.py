"""The hub against the page server, in a process of its own.

    python -m bench.hub_side FOLDER URL [pull|rest|all]

`pull` reads and lands with all duties and stops there; `rest` reads nothing, and resolves, decides and plans what a pull
has landed in the folder; `all` does both. It prints one line of JSON: CPU and wall seconds and peak memory (MB) of this
process when each step began, and at the end; and the CPU seconds of each step.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

KEY = b"b" * 32


def configuration(url: str, *, paused: bool = False) -> str:
    """Two connections to the page server, and the rules of a loyalty programme; JSON is YAML."""
    crm = {
        "type": "zoho", "data_centre": "cn", "accounts_url": url, "api_url": url, "client_id": "${BENCH}",
        "client_secret": "${BENCH}", "refresh_token": "${BENCH}", "orders": False, "credits_per_day": 100_000_000,
    }  # fmt: skip
    shop = {
        "type": "woocommerce", "url": url, "consumer_key": "${BENCH}", "consumer_secret": "${BENCH}",
        "auth": "basic", "calls_per_minute": 100_000_000, "sweep_hours": 24,
    }  # fmt: skip
    connections = {name: {**one, "paused": paused} for name, one in (("crm", crm), ("shop", shop))}
    ladder = [
        {"tier": "platinum", "spend_365d": 20000},
        {"tier": "gold", "spend_365d": 8000},
        {"tier": "silver", "spend_365d": 2000},
        {"tier": "standard"},
    ]
    rules = {"tiers": {"membership": ladder}}
    return json.dumps({"brand": {"name": "Bench"}, "rules": rules, "connections": connections})


def prepare(folder: Path, url: str, *, paused: bool) -> None:
    """The configuration, and the key where the hub looks for it."""
    os.environ["KEHUB_KEY"] = base64.b64encode(KEY).decode()
    os.environ["BENCH"] = "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kehub.yaml").write_text(configuration(url, paused=paused), encoding="utf-8")


def used(begun: float) -> dict[str, float]:
    """What this process has used so far."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": found.ru_utime + found.ru_stime, "wall": time.monotonic() - begun, "mb": found.ru_maxrss / 1024}


def main(folder: Path, url: str, part: str) -> None:
    """One sync, or its first part; makes the store at first use."""
    begun = time.monotonic()
    prepare(folder, url, paused=part == "rest")
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
