"""A brand for tests: a configuration and a store of its own in a folder, and what the hub does with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hub.clock import FixedClock
from hub.connector import Connector, Page, Row, Stream, Window
from hub.errors import HubError
from hub.maker import FactMaker
from hub.plugins import Plugins, load_plugins
from hub.settings import Configuration, load
from hub.settings.connections import Catalogue
from hub.store import Store, create_store
from hub.vault import Keys
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.lanes import Outcome
from sync.setup import Setup, open_setup

MASTER = b"m" * 32
KEYS = Keys({1: b"d" * 32}, b"i" * 32, b"s" * 32)
T = TypeVar("T")
Records = dict[str, bytes]
"""The fingerprints of records by their ids."""


@cache
def installed() -> Plugins:
    """The plugins of this environment, loaded once: they are the same in every test."""
    return load_plugins()


class Among:
    """The installed plugins, with one connector that is not installed, or that takes an installed one's place."""

    def __init__(self, connector: type[Connector[Any]]) -> None:
        self._connector = connector

    def connector(self, type: str) -> type[Connector[Any]] | None:
        """The connector of this type."""
        return self._connector if type == self._connector.type else installed().connector(type)

    def connectors(self) -> dict[str, type[Connector[Any]]]:
        """All connectors by type."""
        return {**installed().connectors(), self._connector.type: self._connector}

    def within(self, folders: Iterable[Path]) -> Among:
        """Itself: folders bring nothing to a test."""
        return self

    def why_missing(self, type: str) -> str:
        """Why a plugin that should bring this type does not."""
        return installed().why_missing(type)

    def fact_makers(self, plugin: str) -> dict[str, FactMaker] | None:
        """The facts that a plugin makes."""
        return installed().fact_makers(plugin)


@contextmanager
def opened(file: Path, clock: FixedClock, plugins: Catalogue | None = None) -> Iterator[Setup]:
    """Configuration and store, as a command opens them."""
    with set_up(load(file, plugins or installed()), clock) as setup:
        yield setup


@contextmanager
def set_up(config: Configuration, clock: FixedClock) -> Iterator[Setup]:
    """A configuration's store, as a command opens it."""
    setup = open_setup(config, clock, "tester")
    try:
        yield setup
    finally:
        setup.close()


def fixed_keys(location: str, clock: FixedClock) -> None:
    """Make a store whose keys are the same in every test, so that ids and digests are too.

    A new file is a copy of one that was made once: a store takes longer to make than many a test to run.
    """
    file = Path(location)
    if "://" in location or file.exists():
        _made(location, clock)
        return
    content = _template(clock.now())
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)


@cache
def _template(now: datetime) -> bytes:
    """The file of an empty store that was made at this time."""
    with TemporaryDirectory(prefix="kehub-site-") as folder:
        file = Path(folder) / "kehub.db"
        _made(str(file), FixedClock(now))
        return file.read_bytes()


def _made(location: str, clock: FixedClock) -> None:
    import hub.store as stores
    from hub.store.migrations import migrate

    db = stores.connect(location)
    migrate(db, clock)
    with db.writing("keys"):
        if not db.rows("SELECT 1 FROM key_ring"):
            stores._save_keys(db, MASTER, KEYS)
    db.close()
    create_store(location, MASTER, clock).close()


class Site:
    """One configuration, the store it names, and one clock; `connection` is the one that tests are about."""

    connection: str
    file: Path
    clock: FixedClock
    plugins: Catalogue | None = None
    told: list[str]
    """What errors told, where a site keeps it."""
    _loaded_from: tuple[object, ...] = ()
    _config: Configuration | None = None

    # -- what the hub does

    def opened(self) -> AbstractContextManager[Setup]:
        """Configuration and store; the file is read again only when it, or the environment, is another than before."""
        now = (self.file, self.file.read_bytes(), *sorted(os.environ.items()))
        if now != self._loaded_from or self._config is None:
            self._loaded_from, self._config = now, load(self.file, self.plugins or installed())
        return set_up(self._config, self.clock)

    @contextmanager
    def connector(self) -> Iterator[Any]:
        """The system's connector with a door of its own."""
        with self.opened() as setup:
            yield setup.connector(setup.config.connection(self.connection))

    def sync(self, **ask: Any) -> Report:
        """One run."""
        with self.opened() as setup:
            return sync(setup, Ask(**ask))

    def apply(self, digest: str) -> Report:
        """Approve a plan and push it."""
        with self.opened() as setup:
            plan = find_plan(setup, digest)
            approve(setup, plan, ())
            return push(setup, [plan.connection])

    def sync_and_apply(self, **ask: Any) -> tuple[Report, Report | None]:
        """A run, then what it planned for the system."""
        report = self.sync(**ask)
        plan = report.plans.get(self.connection)
        return report, self.apply(plan.digest) if plan else None

    def note(self, *errors: Exception) -> None:
        """Keep what errors told, in full."""
        self.told += [f"{error!r} {error}" for error in errors]

    def tried(self, act: Callable[[], Report]) -> Report | None:
        """Do something that may end in an error of ours, as a person would who tries a command; None when it did."""
        try:
            report = act()
        except HubError as error:
            self.note(error)
            return None
        self.note(*report.errors.values())
        return report

    # -- what came of it

    def look(self, act: Callable[[Store], T]) -> T:
        """Something read from the store."""
        with self.opened() as setup:
            return act(setup.store)

    def tally(self) -> dict[str, int]:
        """The receipts by state."""
        return dict(self.look(lambda store: store.receipts.tally(self.connection)))

    def held_records(self, name: str) -> Records:
        """The fingerprints of a stream's living records in the store, by id."""
        sql = (
            "SELECT ext, fingerprint FROM record WHERE connection = :connection AND stream = :stream AND gone = 0"
            " AND placeholder = 0"
        )
        named = {"connection": self.connection, "stream": name}
        return self.look(lambda store: {ext: bytes(fingerprint) for ext, fingerprint in store.db.rows(sql, named)})

    def watermark(self, name: str) -> int | None:
        """How far a stream has been read, in epoch seconds; None before its first complete read."""
        return self.look(lambda store: store.marks.get(self.connection, name).watermark)


def stream(connector: Connector[Any], name: str = "customers") -> Stream:
    """A stream as the site maps it."""
    (found,) = (one for one in connector.streams() if one.name == name)
    return replace(found, mapping=connector.tools.mapping(found))


def read(connector: Connector[Any], window: Window, position: Row | None = None, name: str = "customers") -> list[Page]:
    """All pages of one read."""
    return list(connector.read(stream(connector, name), window, position))


def outcome(report: Report, connection: str, name: str = "customers") -> Outcome:
    """What a run read of one stream."""
    (lane,) = (lane for lane in report.lanes if lane.name == connection)
    return lane.outcomes[name]
