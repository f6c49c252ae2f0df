"""The store: nothing personal in its bytes, keys and versions that do not fit refused, the same on both databases."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from hub.clock import FixedClock
from hub.errors import HubError, SettingsError
from hub.store import connect, create_store, open_store
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.store.records import Incoming
from hub.store.steps import STEPS
from hub.testing.site import MASTER
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THREE, Scene

PERSONAL = ("13812345678", "wei@shop.cn", "张伟", "Zhang Wei", "人民路", "13900001111")


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    yield found
    found.close()


def full_of_people(scene: Scene) -> None:
    """All that can hold something personal: records, plans, receipts, questions, quarantine, corrections, echoes."""
    scene.customer("crm", "a", phone=PHONE, email="Wei@Shop.cn", name="张伟", street="人民路 1 号", note="13812345678!")
    scene.customer("crm", "b", phone=OTHER, name="forbidden")
    scene.customer("till", "7", phone=PHONE, name="Zhang Wei", city="上海")
    scene.customer("till", "8", phone=PHONE, name="李娜", email="not an address 13900001111")
    scene.order("till", "o", phone=OTHER, email="wei@shop.cn")
    bad = {"id": "bad", "phone": PHONE, "email": "wei@shop.cn", "placed": "张伟", "total": "13812345678x"}
    scene.till.put("orders", bad)
    report = scene.sync()
    scene.correct(scene.who("crm", "a"), name="张伟", phone=OTHER)
    scene.system("shop").keep = {"name": "ZHANG WEI"}
    for plan in report.plans.values():
        scene.apply(plan.digest, "share")
    scene.rounds(1)


def test_nothing_personal_stands_in_the_bytes_of_the_store(scene: Scene) -> None:
    full_of_people(scene)
    scene.store.db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    for file in scene.folder.glob("kehub.db*"):
        content = file.read_bytes().lower()
        for word in PERSONAL:
            for spelling in (word.lower().encode(), orjson.dumps(word.lower())[1:-1], word.encode("utf-16-le")):
                assert spelling not in content, (file.name, word)


def test_nothing_personal_stands_in_runs_notes_questions_and_errors(scene: Scene) -> None:
    full_of_people(scene)
    shown = [str(run) + str(scene.store.runs.notes(run.id)) for run in scene.store.runs.latest(1000)]
    shown += [str(question) for question in scene.store.questions.open()]
    shown += [f"{e.reason}|{e.field}|{e.place}|{e.ext}" for e in scene.store.quarantine.list()]
    shown += [f"{row.reason}|{row.code}|{row.field}|{row.key}" for name in ("crm", "shop") for row in scene.rows(name)]
    assert len(scene.store.quarantine.list()) == 1
    for text in shown:
        assert not any(word in text for word in PERSONAL), text


def test_the_stores_file_is_its_owners_alone(scene: Scene) -> None:
    assert stat.S_IMODE((scene.folder / "kehub.db").stat().st_mode) == 0o600


# -- opening


def test_migrating_twice_changes_nothing(location: str, clock: FixedClock) -> None:
    for _ in range(2):
        db = connect(location)
        migrate(db, clock)
        assert db.rows("SELECT COUNT(*) FROM meta") == [(0,)]
        db.close()


def test_two_processes_may_make_the_same_store_at_once(location: str) -> None:
    code = (
        "import sys; from hub.store import create_store; from hub.clock import RealClock;"
        f"create_store(sys.argv[1], {MASTER!r}, RealClock()).close()"
    )
    found = [subprocess.Popen([sys.executable, "-c", code, location], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(process.wait(), (process.communicate()[1] or b"").decode()[-2000:]) for process in found] == [(0, "")] * 3
    open_store(location, MASTER, FixedClock(NOW)).close()


def test_a_store_of_a_newer_version_is_refused_untouched(location: str, clock: FixedClock) -> None:
    create_store(location, MASTER, clock).close()
    db = connect(location)
    if db.dialect == "sqlite":
        columns = "(migration_set, name, applied_at)"
        db.execute(f"INSERT INTO _sqlite_migrations {columns} VALUES ('kehub', 'm9999_later', 'x')")
    else:
        db.execute("INSERT INTO migration (name, at) VALUES ('m9999_later', 0)")
    db.close()
    with pytest.raises(SettingsError, match="written by a newer KeHub"):
        open_store(location, MASTER, clock)


def test_steps_have_names_that_sort_in_their_order() -> None:
    names = [function.__name__ for function in STEPS]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_the_wrong_key_is_refused_by_name(location: str, clock: FixedClock) -> None:
    create_store(location, MASTER, clock).close()
    with pytest.raises(SettingsError, match="the master key does not open this store"):
        open_store(location, b"x" * 32, clock)


def test_a_store_made_again_keeps_its_keys(location: str, clock: FixedClock) -> None:
    first = create_store(location, MASTER, clock)
    name = first.vault.name("x")
    first.close()
    second = create_store(location, MASTER, clock)
    assert second.vault.name("x") == name
    second.close()


def test_a_store_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(SettingsError, match="there is no store here"):
        open_store(str(tmp_path / "none.db"), MASTER, clock)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("content", [b"not a database, but long enough" * 99, b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_store_is_an_error_of_settings(tmp_path: Path, clock: FixedClock, content: bytes) -> None:
    (tmp_path / "kehub.db").write_bytes(content)
    with pytest.raises(SettingsError):
        open_store(str(tmp_path / "kehub.db"), MASTER, clock)


# -- transactions


def write_and_fail(database: Database) -> None:
    with database.writing("inner"):
        database.execute("INSERT INTO meta (name, value) VALUES ('a', '1')")
    with database.writing("test"):
        database.execute("INSERT INTO meta (name, value) VALUES ('b', '1')")
        raise ZeroDivisionError


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        write_and_fail(database)
    assert database.rows("SELECT name FROM meta") == [("a",)]


def test_a_write_within_a_write_is_part_of_it(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing("outer"):
        write_and_fail(database)
    assert database.rows("SELECT * FROM meta") == []


def test_a_bug_in_our_sql_is_no_error_of_the_users(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        database.rows("SELECT * FROM nowhere")
    assert not isinstance(caught.value, HubError)


def test_text_sorts_by_code_point_on_both(database: Database) -> None:
    words = ["a", "B", "_", "Z", "é", "中", "~", "😀", "1"]
    database.many("INSERT INTO meta (name, value) VALUES (:name, '')", [{"name": word} for word in words])
    assert [name for (name,) in database.rows("SELECT name FROM meta ORDER BY name")] == sorted(words)


def test_many_rows_go_in_as_if_one_after_the_other(database: Database) -> None:
    database.execute("CREATE TABLE trial (name TEXT PRIMARY KEY, said TEXT)")
    rows: list[tuple[str, str | None]] = [
        (f"{number % 30}", None if number == 44 else f"{number}") for number in range(45)
    ]
    one = "INSERT INTO trial (name, said) VALUES (?, ?)"
    database.many(one + " ON CONFLICT (name) DO NOTHING", rows)
    assert dict(database.rows("SELECT name, said FROM trial")) == dict(reversed(rows))
    database.many(one + " ON CONFLICT (name) DO UPDATE SET said = excluded.said", rows)
    assert dict(database.rows("SELECT name, said FROM trial")) == dict(rows)
    with pytest.raises(Exception, match=r"UNIQUE|unique"), database.writing("test"):
        database.many(one, [(f"new {number}", "") for number in range(30)] + rows[:1])
    assert len(database.rows("SELECT name FROM trial")) == 30


@pytest.mark.parametrize("page", [["b", "d"], ["c"], ["a", "b"], ["d", "e"], ["a", "f"], ["c", "c"], []])
def test_a_page_meets_whom_the_store_knows_wherever_its_ids_lie(
    location: str, clock: FixedClock, page: list[str]
) -> None:
    store = create_store(location, MASTER, clock)
    with store.db.writing("test"):
        first, _ = store.records.land("crm", "x", "customers", [Incoming(ext, {}, 1, ext.encode()) for ext in "bcd"], 1)
        again, _ = store.records.land("crm", "x", "customers", [Incoming(ext, {}, 1, ext.encode()) for ext in page], 1)
    fresh = set(page) - set("bcd")
    assert (again.new, again.unchanged) == (len(fresh), len(page) - len(fresh))
    assert {ext: rid for ext, rid in again.rids.items() if ext not in fresh} == {
        ext: first.rids[ext] for ext in page if ext not in fresh
    }
    store.close()


def test_a_reader_sees_what_was_there_before_an_open_write(tmp_path: Path, clock: FixedClock) -> None:
    store = create_store(str(tmp_path / "kehub.db"), MASTER, clock)
    with store.db.writing("test"):
        store.db.execute("INSERT INTO meta (name, value) VALUES ('a', '1')")
        other = sqlite3.connect(tmp_path / "kehub.db")
        assert other.execute("SELECT COUNT(*) FROM meta").fetchone() == (0,)
        other.close()
    store.close()
