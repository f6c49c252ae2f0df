"""Who holds what: a name for a process by which others on this host can tell whether it still lives."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path


def this_process() -> str:
    """host/pid/start-time/random: a pid that was given out again has another start time."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex[:6]}"


def alive(holder: str) -> bool:
    """Whether the process of this name still lives; one of which nothing can be known from here is trusted to.

    That is one on another host, on a system that does not tell when a process started, or of another kind of name.
    """
    host, pid, started, *_ = (*holder.split("/"), "", "", "")
    if host != socket.gethostname() or not pid.isdecimal() or not started:
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """The start time of a process as the kernel counts it, "" where that cannot be told or it only waits for burial."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return ""
