"""Places where a test may kill this process. Production cost: one look at a module variable.

`KEHUB_FAILPOINT=SITE:N` kills the process with SIGKILL at the N-th pass of SITE (1 = first). `KEHUB_FAILPOINT_LOG=FILE`
appends each pass, so that a test learns which sites there are and how often each is passed. The sites are: before and
after every commit (`commit:NAME:before|after`) and before and after every request that writes (`write:before|after`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

_target = os.environ.get("KEHUB_FAILPOINT", "")
_log = os.environ.get("KEHUB_FAILPOINT_LOG", "")
_armed = bool(_target or _log)
_passes: Counter[str] = Counter()
_lock = threading.Lock()


def hit(site: str) -> None:
    """Pass a failpoint."""
    if _armed:
        _pass(site)


def _pass(site: str) -> None:
    with _lock:
        _passes[site] += 1
        count = _passes[site]
        if _log:
            with open(_log, "a", encoding="ascii") as log:
                log.write(f"{site}\n")
    if f"{site}:{count}" == _target:
        os.kill(os.getpid(), signal.SIGKILL)
