"""How a run keeps its memory small: pages are many short-lived objects that pass between threads."""

from __future__ import annotations

from contextlib import suppress

_HEAP = {-8: 1, -3: 512 * 1024, -1: 4 * 1024 * 1024}
"""From glibc's malloc.h: at most one arena; from which size on a block is no part of it; how much may stay free at its end."""


def one_heap() -> None:
    """Let all threads share a heap. glibc gives each its own, and what lanes make and the writer frees leaves holes in all
    of them: a tenth of the memory of a pull. Only one thread computes at a time, so none waits. Large blocks, as a query's
    answer takes, go back to the system: glibc would keep room for them once it had seen one. Elsewhere nothing happens.
    """
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        adjust = ctypes.CDLL(None).mallopt
        for what, value in _HEAP.items():
            adjust(what, value)
