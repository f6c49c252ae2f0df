"""Bringing a store's schema up to date, by the steps of `hub/store/steps.py`; sqlite-utils keeps count of them on SQLite."""

from __future__ import annotations

from hub.clock import Clock
from hub.errors import SettingsError
from hub.store.database import Database
from hub.store.dialects import typed
from hub.store.sqlite import SqliteDatabase
from hub.store.steps import STEPS, Execute


def migrate(db: Database, clock: Clock) -> None:
    """Bring the schema up to date; a store written by a newer KeHub is refused untouched."""

    def execute(sql: str) -> None:
        db.script([typed(db, sql)])

    if isinstance(db, SqliteDatabase):
        _migrate_sqlite(db, execute)
    else:
        _migrate_postgres(db, execute, clock)


def _refuse_newer(applied: set[str]) -> None:
    unknown = sorted(applied - {function.__name__ for function in STEPS})
    if unknown:
        raise SettingsError(
            f"this store was written by a newer KeHub (step {unknown[-1]})",
            where="store",
            remedy="upgrade KeHub, or restore a backup of the older store",
        )


def _migrate_sqlite(db: SqliteDatabase, execute: Execute) -> None:
    applied = _applied_sqlite(db)
    _refuse_newer(applied)
    if len(applied) == len(STEPS):
        return  # the everyday case pays neither the import nor a write lock
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("kehub")
    for function in STEPS:
        migrations(name=function.__name__)(lambda _, run=function: run(execute))
    with db.writing("migrate"):
        migrations.apply(sqlite_utils.Database(db.connection))


def _applied_sqlite(db: SqliteDatabase) -> set[str]:
    if not db.rows("SELECT name FROM sqlite_master WHERE name = '_sqlite_migrations'"):
        return set()
    return {name for (name,) in db.rows("SELECT name FROM _sqlite_migrations WHERE migration_set = 'kehub'")}


def _migrate_postgres(db: Database, execute: Execute, clock: Clock) -> None:
    if not db.rows("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migration'"):
        with db.writing("migrate"):
            execute("CREATE TABLE IF NOT EXISTS migration (name {text} PRIMARY KEY, at {int} NOT NULL)")
    applied = {name for (name,) in db.rows("SELECT name FROM migration")}
    _refuse_newer(applied)
    for function in STEPS:
        if function.__name__ in applied:
            continue
        with db.writing("migrate"):
            if db.rows("SELECT 1 FROM migration WHERE name = :name", {"name": function.__name__}):
                continue  # another process was faster
            function(execute)
            db.execute(
                "INSERT INTO migration (name, at) VALUES (:name, :at)",
                {"name": function.__name__, "at": int(clock.now().timestamp())},
            )
