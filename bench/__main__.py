"""Run both sides in turn and print the medians and the ratio; see bench/README.md."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.files import write

ROOT = Path(__file__).parent.parent


def cpu(module: str, folder: Path) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one side in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", module, str(folder)], cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{module} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def pairs(folder: Path, count: int) -> None:
    """Cold pulls in turn, then pulls with nothing changed."""
    cold: dict[str, list[tuple[float, float]]] = {"floor": [], "hub": []}
    warm = []
    for _ in range(count):
        for name, module, files in (("floor", "bench.floor", "floor.db*"), ("hub", "bench.hub_side", "kehub.db*")):
            for old in folder.glob(files):
                old.unlink()
            cold[name].append(cpu(module, folder))
        warm.append(cpu("bench.hub_side", folder))
    for name, found in (*cold.items(), ("hub, nothing changed", warm)):
        seconds, memory = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{name:22} {seconds:7.2f} CPU s {memory:7.0f} MB peak")
    ratio = statistics.median(hub[0] / floor[0] for hub, floor in zip(cold["hub"], cold["floor"], strict=True))
    print(f"cold pull with all duties, decide and plan: {ratio:.1f} x the bare loop")


def main() -> None:
    """Parse, prepare, measure."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=3)
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kehub-bench-"))
    try:
        write(folder, wanted.people)
        print(f"{wanted.people} people, median of {wanted.pairs} pairs, {os.cpu_count()} cores")
        pairs(folder, wanted.pairs)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
