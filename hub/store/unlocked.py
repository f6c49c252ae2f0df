"""SQLite without the locks that threads need which share a connection: ours have one each (`PerThread`).

By itself SQLite takes a lock at each value it hands out and counts each allocation under another: a twentieth of all that
comes after a pull. It can be told only before its first use in a process; elsewhere, or later, it stays as it is.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from importlib.util import find_spec

_MULTITHREAD, _MEMSTATUS = 2, 9
"""From sqlite3.h."""


def _settle() -> None:
    found = find_spec("_sqlite3") if sys.platform == "linux" else None
    if found is not None and found.origin is not None:
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(found.origin)
            library.sqlite3_config(_MULTITHREAD)
            library.sqlite3_config(_MEMSTATUS, 0)


_settle()

import sqlite3  # noqa: E402 - only now

__all__ = ["sqlite3"]
