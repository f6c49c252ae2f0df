"""A side in a process of its own, and what its tree used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Used:
    """CPU seconds of a process and all it waited for, wall seconds, and the largest of them in MB; what it printed."""

    cpu: float
    wall: float
    mb: float
    requests: int = 0
    told: dict[str, Any] = field(default_factory=dict)


def run(
    *arguments: object,
    python: str = sys.executable,
    fine: Sequence[int] = (0,),
    shown: bool = False,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Used:
    """Run `python -m ARGUMENTS`, or a program that is named by its path; `shown`: what it prints is passed on."""
    words = list(map(str, arguments))
    command = words if words[0].startswith("/") else [python, "-m", *words]
    known = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    known.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling what is installed compiled is no work of theirs
    begun = time.monotonic()
    process = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{text[-2000:]}")
    if shown:
        print(text)
    last = text.strip().rpartition("\n")[2]
    told = json.loads(last) if last.startswith("{") else {}
    return Used(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, told=told)


@contextmanager
def served(*arguments: object) -> Iterator[str]:
    """A server's address, as its first line tells it, for the length of the block."""
    command = [sys.executable, "-m", *map(str, arguments)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()


def ask(url: str, path: str, method: str = "POST") -> Mapping[str, int]:
    """A call to the page server's own controls."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_bench/{path}", method=method)) as answer:
        found: Mapping[str, int] = json.load(answer)
        return found


def requests(url: str) -> Mapping[str, int]:
    """How often each call was made since the last reset."""
    return ask(url, "counts", "GET")
