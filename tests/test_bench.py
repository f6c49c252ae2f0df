"""The bench still measures what it says: a small run of each measurement, in which the right rows must land."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def measured(folder: Path, *arguments: str) -> dict[str, float]:
    """Figure -> what was measured; the bench ends with an error where wrong rows have landed."""
    small = ("--contacts", "300", "--customers", "2000", "--pairs", "1")
    command = [sys.executable, "-m", "bench", *small, "--folder", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    lines = (re.match(r"(.+?)\s{2,}(\d+\.\d\d)\b", line) for line in done.stdout.splitlines())
    return {found[1].strip(): float(found[2]) for found in lines if found}


@pytest.mark.parametrize(
    ("only", "figures"),
    [
        ("pull", ("cold pull, against the floor", "peak memory in the pull", "hub: requests", "floor: requests")),
        ("after", ("resolve, facts, decide, plan, against SQL by hand", "peak memory with resolve and decide")),
        (
            "rules",
            (
                "everybody, first time, against SQL by hand",
                "everybody, rules changed, against SQL by hand",
                "everybody, rules changed: peak memory",
                "100 changed (read again), against SQL by hand",
                "100 changed (not read again), against SQL by hand",
                "the same of 200 customers",
            ),
        ),
        ("daily", ("nothing changed, 4 connections", "0.1 % changed", "kehub --help")),
    ],
)
def test_a_small_run_lands_the_right_rows_and_tells_its_figures(
    tmp_path: Path, only: str, figures: tuple[str, ...]
) -> None:
    found = measured(tmp_path, "--only", only)
    assert set(figures) <= found.keys()
    assert all(found[name] > 0 for name in figures)
