"""The demo, smaller than `make demo` runs it: the same walk with the same checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_demo_holds_its_counts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.testing.demo", str(tmp_path / "demo"), "--people", "300"],
        capture_output=True,
        text=True,
        timeout=180,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "The demo's counts hold" in done.stdout
    assert "  NO  " not in done.stdout
