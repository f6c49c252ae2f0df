"""The installed command, run as a user runs it: in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parent.parent
KEHUB = Path(sys.executable).parent / "kehub"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What it printed with `--json`."""
        return orjson.loads(self.out)


def kehub(
    folder: Path, *arguments: str, file_limit: int = 0, prefix: tuple[str, ...] = (), limit: float = 120, **env: str
) -> Ended:
    """Run `kehub` in a folder; `file_limit` is the largest file it may write, `limit` its seconds."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, resource.RLIM_INFINITY))

    done = subprocess.run(
        [*prefix, str(KEHUB), *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **env},
        capture_output=True,
        preexec_fn=small_files if file_limit else None,
        timeout=limit,
        text=True,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
