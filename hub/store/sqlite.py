"""SQLite in WAL mode, the default: one file, a connection a thread, one writer."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from hub.errors import SettingsError, Transient
from hub.store.database import Nesting, Params, PerThread, Row

PATIENCE = 30.0
"""For how many seconds a writer waits for another one."""

_CACHE_KB = 16_000
"""Pages of indexes that a writer comes back to; SQLite's own 2 MB spill over in the middle of a transaction."""

_SORTING_KB = 3_000
"""What is left of it while a whole table is sorted."""

_WAL_PAGES = 4_000
"""What gathers in the write-ahead log before it goes into the file: batch after batch changes the same pages of indexes."""

_WAL_BYTES = 64_000_000
"""What the write-ahead log is cut back to after a large transaction."""

_PAGE_BYTES = 8192
"""Of a new file: a page of an index that is written to at random costs a system call, whatever its size."""

_WIDE = (50, 10)
"""Rows that one statement inserts: at each step of one SQLite lets go of the interpreter, and begins and ends anew."""

_INSERT = re.compile(r"INSERT INTO (.+) VALUES (\([?, ]+\))( ON CONFLICT .+)?")

# For values of these two types the module looks for a way to adapt them each time, which costs more than to store them.
_itself: dict[Any, Any] = {}
sqlite3.register_adapter(type(None), _itself.get)
sqlite3.register_adapter(bytes, bytearray)

_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@lru_cache(maxsize=256)
def _placed(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement with places instead of names, and the names in their order.

    SQLite looks for each name among all the others whenever it binds: half of what a list of 500 costs.
    """
    return _NAME.sub("?", sql), tuple(_NAME.findall(sql))


def _bound(sql: str, params: Params | None) -> tuple[str, Sequence[Any]]:
    if not params:
        return sql, ()
    placed, names = _placed(sql)
    return placed, [params[name] for name in names]


MEMORY = ":memory:"
"""The location of a store that lives as long as its one thread's connection."""


class SqliteDatabase:
    """A store in one file. Write transactions are BEGIN IMMEDIATE; pages sync NORMAL, claims and receipts FULL."""

    dialect = "sqlite"

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._busy_ms = int(patience * 1000)
        self._connections = PerThread(self._connect)
        self._nesting = Nesting()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened on first use."""
        return self._connections.get()

    def _connect(self) -> sqlite3.Connection:
        try:
            if str(self.path) != MEMORY and not self.path.exists():
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600))
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        except (sqlite3.Error, OSError) as fault:
            raise _told(fault, self.path) from None
        return connection

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        with self._faults():
            return self.connection.execute(*_bound(sql, params)).fetchall()

    def stream(self, sql: str, params: Params | None = None) -> Iterator[Row]:
        with self._faults():
            cursor = self.connection.execute(*_bound(sql, params))
            while batch := cursor.fetchmany(1000):
                yield from batch

    def execute(self, sql: str, params: Params | None = None) -> int:
        with self._faults():
            return self.connection.execute(*_bound(sql, params)).rowcount

    def many(self, sql: str, rows: Iterable[Params] | Iterable[Row]) -> None:
        with self._faults():
            given: list[Any] = list(rows)
            if not given:
                return
            connection, done = self.connection, 0
            for count, wide in _widened(sql):
                while done + count <= len(given):
                    connection.execute(wide, tuple(chain.from_iterable(given[done : done + count])))
                    done += count
            if done < len(given):
                connection.executemany(sql, given[done:])

    def script(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.execute(statement)

    def writing(self, site: str, *, durable: bool = False) -> AbstractContextManager[None]:
        return self._nesting.enter(site, self._transaction(durable))

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[None]:
        with self._faults():
            if durable:
                self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        else:
            with self._faults():
                self._commit()
        finally:
            if durable:
                self.connection.execute("PRAGMA synchronous = NORMAL")

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as fault:
            raise _told(fault, self.path) from None
        except sqlite3.DatabaseError as fault:
            if isinstance(fault, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise _told(fault, self.path) from None

    def weigh(self, *tables: str) -> None:
        """SQLite goes by its indexes, whatever the sizes."""

    def sort(self, statement: str) -> None:
        """SQLite sorts in as much memory as its cache of pages may take, and both together would be too much."""
        self.execute(f"PRAGMA cache_size = -{_SORTING_KB}")
        try:
            self.execute(statement)
        finally:
            self.execute(f"PRAGMA cache_size = -{_CACHE_KB}")

    def leave(self) -> None:
        self._connections.leave()

    def close(self) -> None:
        self._connections.close()


@lru_cache(maxsize=256)
def _widened(sql: str) -> list[tuple[int, str]]:
    """An insert of one row as some of so many; none for what is no such. Where one fails, those before it stay, as row by
    row: SQLite would else note down each page that it touches, for taking the whole statement back.
    """
    found = _INSERT.fullmatch(sql)
    if found is None:
        return []
    head, row, conflict = found.groups("")
    return [(count, f"INSERT OR FAIL INTO {head} VALUES {', '.join([row] * count)}{conflict}") for count in _WIDE]


_SETTINGS = {
    sqlite3.SQLITE_READONLY: ("the store cannot be written", "check the file's and the folder's rights and the mount"),
    sqlite3.SQLITE_CANTOPEN: ("the store cannot be opened", "check the path `store:` and the folder's rights"),
    sqlite3.SQLITE_NOTADB: ("this file is not a store", "check the path `store:`; a store is a SQLite file"),
    sqlite3.SQLITE_CORRUPT: ("the store's file is damaged", "restore it from a backup"),
}
_PASSING = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space and run the same command again; nothing is lost"),
    sqlite3.SQLITE_IOERR: ("the store cannot be written to disk", "check the disk's space and limits, then run again"),
    sqlite3.SQLITE_BUSY: ("another process is writing to the store", "wait for it to end and run again"),
    sqlite3.SQLITE_LOCKED: ("another process is writing to the store", "wait for it to end and run again"),
}


def _told(fault: Exception, path: Path) -> Exception:
    """A database fault as one of our errors; a fault of our own SQL stays what it is."""
    if isinstance(fault, OSError):
        return SettingsError("the store cannot be opened", where=str(path), remedy="check the path and its rights")
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in _SETTINGS:
        what, remedy = _SETTINGS[code]
        return SettingsError(what, where=str(path), remedy=remedy)
    if code in _PASSING:
        what, remedy = _PASSING[code]
        return Transient(what, where=str(path), remedy=remedy)
    return fault
