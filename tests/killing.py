"""Running a process, killing it at a failpoint, and running it again until it ends by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIMIT = 120


def run(folder: Path, failpoint: str = "", log: Path | None = None) -> int:
    """One life of the driver; returns its exit code (-9 when it was killed)."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KEHUB_FAILPOINT": failpoint}
    if log is not None:
        env["KEHUB_FAILPOINT_LOG"] = str(log)
    done = subprocess.run(
        [sys.executable, "-m", "tests.drive", str(folder)], env=env, cwd=ROOT, timeout=LIMIT, capture_output=True
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"the driver failed ({done.returncode}): {done.stderr.decode()[-3000:]}")
    return done.returncode


def sites(log: Path) -> Counter[str]:
    """How often an undisturbed run passed each failpoint."""
    return Counter(log.read_text(encoding="ascii").split())


def points(passed: Counter[str], skip: tuple[str, ...] = ()) -> list[str]:
    """First, middle and last pass of each site, as KEHUB_FAILPOINT takes them."""
    found = []
    for site, count in sorted(passed.items()):
        if not site.startswith(skip or ("\0",)):
            found += [f"{site}:{number}" for number in sorted({1, (count + 1) // 2, count})]
    return found


def kill_when(folder: Path, due: Callable[[float], bool]) -> bool:
    """Start the driver and kill it as soon as `due`, which is told the seconds so far; whether it was still alive."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.drive", str(folder)], cwd=ROOT, env=env, stderr=subprocess.DEVNULL
    )
    began = time.monotonic()
    while process.poll() is None and not due(time.monotonic() - began):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def until(due: Callable[[], bool]) -> bool:
    """Wait for something that another process does; whether it came."""
    end = time.monotonic() + LIMIT
    while not (came := due()) and time.monotonic() < end:
        time.sleep(0.02)
    return came


def survive(folder: Path, failpoint: str) -> bool:
    """Kill at a failpoint, then run undisturbed to the end; whether the kill happened."""
    killed = run(folder, failpoint) != 0
    if killed:
        assert run(folder) == 0
    return killed
