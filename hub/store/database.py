"""One way to talk to SQLite and PostgreSQL: the same SQL with `:names`, one writer at a time.

Reads see committed data. `writing(site)` opens a write transaction that no other writer, of this or another process, can
overlap (BEGIN IMMEDIATE; on PostgreSQL an advisory lock): a read-then-write inside is safe. Nothing inside may wait for
a network.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Generic, Protocol, TypeVar

from hub import failpoints

Row = tuple[Any, ...]
Params = dict[str, Any]


class Database(Protocol):
    """What the store needs of a database."""

    dialect: str

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        """All rows of a query."""

    def stream(self, sql: str, params: Params | None = None) -> Iterator[Row]:
        """The rows of a query, a few at a time, for results of any size."""

    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement; returns how many rows it touched."""

    def many(self, sql: str, rows: Iterable[Params] | Iterable[Row]) -> None:
        """Run one statement for each of `rows`: parameters by name, or in the order of the statement's `?`."""

    def writing(self, site: str, *, durable: bool = False) -> AbstractContextManager[None]:
        """A write transaction; `site` names it for failpoints; `durable` survives a power cut once committed."""

    def script(self, statements: Iterable[str]) -> None:
        """Run schema statements inside the open transaction."""

    def weigh(self, *tables: str) -> None:
        """Let the database look at how large these tables have become, where it would else plan for what they were."""

    def sort(self, statement: str) -> None:
        """Run a statement that sorts a whole table, as making an index does, in little memory."""

    def leave(self) -> None:
        """Close this thread's connection: the last thing a thread does that ends before the store is closed."""

    def close(self) -> None:
        """Close this thread's and all other connections."""


_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 500)
"""How many parameters an `IN` list has: few lengths make few statements, which the database need not read anew."""


def names(prefix: str, values: Sequence[Any]) -> tuple[str, Params]:
    """A parenthesised list of parameters for `IN`, and the parameters: `names("k", [1, 2])` -> `(:k0, :k1)`, {...}.

    A list is as long as one of `_LENGTHS`; the last value stands in it as often as that takes.
    """
    if not values:
        return "()", {}
    longer = bisect_left(_LENGTHS, len(values))
    length = _LENGTHS[longer] if longer < len(_LENGTHS) else len(values)
    listed, keys = _slots(prefix, length)
    return listed, dict(zip(keys, chain(values, repeat(values[-1])), strict=False))


@lru_cache(maxsize=64)
def _slots(prefix: str, count: int) -> tuple[str, tuple[str, ...]]:
    keys = tuple(f"{prefix}{number}" for number in range(count))
    return "(" + ", ".join(f":{key}" for key in keys) + ")", keys


def chunks(values: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """`values` in runs of at most `size`, for `IN` lists within every database's limit."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def listings(values: Sequence[Any]) -> Iterator[tuple[str, Params]]:
    """`values` as lists for `IN` with their parameters, see `names` and `chunks`."""
    return (names("k", part) for part in chunks(values))


class Closes(Protocol):
    """Anything that can be closed."""

    def close(self) -> None: ...


C = TypeVar("C", bound=Closes)


class PerThread(Generic[C]):
    """A connection a thread, opened on first use, so that no two threads ever share one."""

    def __init__(self, connect: Callable[[], C]) -> None:
        self._connect = connect
        self._local = threading.local()
        self._open: list[C] = []
        self._lock = threading.Lock()

    def get(self) -> C:
        """This thread's connection."""
        found: C | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            with self._lock:
                self._open.append(found)
        return found

    def leave(self) -> None:
        """Close this thread's connection: the thread ends."""
        found: C | None = getattr(self._local, "connection", None)
        if found is not None:
            del self._local.connection
            with self._lock:
                self._open.remove(found)
            found.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()


class Nesting:
    """Keeps one write transaction a thread: a nested `writing` joins the outer one, failpoints fire at the outer."""

    def __init__(self) -> None:
        self._local = threading.local()

    @property
    def open(self) -> bool:
        """Whether this thread is inside a write transaction."""
        return getattr(self._local, "depth", 0) > 0

    @contextmanager
    def enter(self, site: str, whole: AbstractContextManager[None]) -> Iterator[None]:
        if self.open:
            yield
            return
        with whole:
            self._local.depth = 1
            try:
                yield
                failpoints.hit(f"commit:{site}:before")
            finally:
                self._local.depth = 0
        failpoints.hit(f"commit:{site}:after")
