"""PostgreSQL through psycopg 3: one schema a brand, a connection a thread, one writer by an advisory lock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql as compose
from psycopg.abc import Query

from hub.errors import SettingsError, Transient
from hub.store.database import Nesting, Params, PerThread, Row

_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@lru_cache(maxsize=2048)
def _native(sql: str) -> bytes:
    """Our parameters, `:name` or `?`, in psycopg's notation."""
    return _NAME.sub(r"%(\1)s", sql.replace("%", "%%")).replace("?", "%s").encode()


class PostgresDatabase:
    """A store in one schema, named by `?schema=` of the URL (default `kehub`)."""

    dialect = "postgresql"

    def __init__(self, url: str, patience: float = 0) -> None:
        """`patience`: for how many seconds a writer waits for another one, 0 for as long as it takes."""
        self._lock_ms = int(patience * 1000)
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self.schema = options.pop("schema", "kehub")
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", self.schema):
            raise SettingsError("not a schema name", where="store", remedy="use lower-case letters, digits and _")
        self._url = urlunsplit(parts._replace(query=urlencode(options)))
        self._connections = PerThread(self._connect)
        self._nesting = Nesting()

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """This thread's connection, opened on first use."""
        return self._connections.get()

    def _connect(self) -> psycopg.Connection[Row]:
        with self._faults():
            connection = psycopg.connect(self._url, autocommit=True)
            name = compose.Identifier(self.schema)
            connection.execute("SET client_min_messages = warning")
            if self._lock_ms:
                connection.execute(_plain(f"SET lock_timeout = {self._lock_ms}"))
            with suppress(psycopg.errors.UniqueViolation):  # two processes at once: the other one made it
                connection.execute(compose.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
            connection.execute(compose.SQL("SET search_path TO {}").format(name))
        return connection

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        with self._faults():
            return self.connection.execute(_native(sql), params or {}).fetchall()

    def stream(self, sql: str, params: Params | None = None) -> Iterator[Row]:
        with self._faults(), self.connection.transaction(), self.connection.cursor(name="kehub_stream") as cursor:
            cursor.execute(_native(sql), params or {})
            while batch := cursor.fetchmany(1000):
                yield from batch

    def execute(self, sql: str, params: Params | None = None) -> int:
        with self._faults():
            return self.connection.execute(_native(sql), params or {}).rowcount

    def many(self, sql: str, rows: Iterable[Params] | Iterable[Row]) -> None:
        with self._faults(), self.connection.cursor() as cursor:
            cursor.executemany(_native(sql), rows)

    def script(self, statements: Iterable[str]) -> None:
        with self._faults():
            for statement in statements:
                self.connection.execute(_plain(statement))

    def writing(self, site: str, *, durable: bool = False) -> AbstractContextManager[None]:
        return self._nesting.enter(site, self._transaction(durable))

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[None]:
        with self._faults(), self.connection.transaction():
            setting = "on" if durable else "off"
            self.connection.execute(_plain(f"SET LOCAL synchronous_commit = {setting}"))
            self.connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"kehub:{self.schema}",))
            yield

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.InsufficientPrivilege:
            raise SettingsError(
                "the database refuses this user", where="store", remedy="grant it CREATE and USAGE on the schema"
            ) from None
        except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
            raise Transient(
                "the database server is out of space", where="store", remedy="free some, then run again"
            ) from None
        except psycopg.errors.LockNotAvailable:
            raise Transient(
                "another process is writing to the store", where="store", remedy="wait for it to end and run again"
            ) from None
        except psycopg.OperationalError:
            raise Transient(
                "the database server does not answer", where="store", remedy="check `store:` and that it is running"
            ) from None

    def weigh(self, *tables: str) -> None:
        self.script(f"ANALYZE {table}" for table in tables)

    def sort(self, statement: str) -> None:
        """The server sorts."""
        self.execute(statement)

    def leave(self) -> None:
        self._connections.leave()

    def close(self) -> None:
        self._connections.close()


def _plain(text: str) -> Query:
    return text.encode()
