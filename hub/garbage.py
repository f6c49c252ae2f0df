"""How seldom Python looks for circles among its objects. Modules, pages and batches of customers are many objects and hardly
a circle, and a process that ends gives everything back anyway.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_BETWEEN_COLLECTIONS = 50_000
"""New objects between two looks for cycles, until what is wanted stands."""


@contextmanager
def few_collections() -> Iterator[None]:
    """Looking for cycles after each few hundred new objects costs a tenth of starting a command, a tenth of a pull, and a
    twentieth of what comes after it.
    """
    before = gc.get_threshold()
    gc.set_threshold(_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def none_at_the_end() -> None:
    """Python's last looks at everything there is, when a process ends, cost a tenth of a short one and free nothing for
    anybody: leave them out.
    """
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
