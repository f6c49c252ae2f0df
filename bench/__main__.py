"""Measure, and print the table of figures: see bench/README.md.

python -m bench [--contacts N] [--orders N] [--customers N] [--pairs N] [--only NAME]
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import figures
from bench.bench import Bench
from bench.rules import Rules

NAMES = ("pull", "after", "rules", "daily", "latency")
FURTHER = ("growth",)
"""Measured only when asked for: it reads everything once more."""
SIDES = ("floor", "hub", "rest", "dlt", "profile", "profile_rest")


def main() -> None:
    """Parse, render, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios of the hub to others in one run.")
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--orders", type=int, help="without it, five times the contacts")
    parser.add_argument(
        "--customers", type=int, default=100_000, help="for `rules`: a multiple of 200; ten orders each"
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=NAMES + FURTHER, help="measure only this; may be repeated")
    parser.add_argument("--folder", type=Path, help="where to work; what is left there can be looked at")
    parser.add_argument("--side", choices=SIDES, help="run this side once, alone, and measure nothing else")
    wanted = parser.parse_args()
    orders = 5 * wanted.contacts if wanted.orders is None else wanted.orders
    with _folder(wanted.folder) as folder:
        print(f"{wanted.contacts} contacts, {orders} orders, {wanted.pairs} pairs; {_machine()}", flush=True)
        bench = Bench(folder, wanted.contacts, orders, wanted.pairs, datetime.now(UTC).date())
        if wanted.side:
            bench.alone(wanted.side)
            return
        rules = Rules(folder / "rules", wanted.customers, wanted.pairs)
        for name in wanted.only or NAMES:
            figures.show(rules.figures() if name == "rules" else getattr(bench, name)())


def _machine() -> str:
    """What the figures depend on; a machine that is busy already gives bad ones."""
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, load {busy:.1f}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    folder = chosen or Path(tempfile.mkdtemp(prefix="kehub-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        if chosen is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
