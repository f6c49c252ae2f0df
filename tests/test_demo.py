"""The demo, smaller than `make demo` runs it: the same walk with the same checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("name", "people"), [("demo", "300"), pytest.param("demo_storm", "150", marks=pytest.mark.slow)]
)
def test_the_demo_holds_its_counts(tmp_path: Path, name: str, people: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"hub.testing.{name}", str(tmp_path / "demo"), "--people", people],
        capture_output=True,
        text=True,
        timeout=600,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The demo's counts hold" in done.stdout
    assert "  NO  " not in done.stdout
