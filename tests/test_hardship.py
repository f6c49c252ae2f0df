"""What a machine can do to a run: a full disk, a read-only mount, a lost key, two runs at once. Nothing good is lost."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Ended, kehub
from tests.conftest import NOW
from tests.test_kill_memory import outcome, prepare


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "brand"
    prepare(made, str(made / "kehub.db"))
    return made


def expect_told(ended: Ended, code: int, *words: str) -> None:
    """The command ended with this code and says these words, without a traceback."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err + ended.out
    for word in words:
        assert word in ended.err, ended.err


def test_a_full_disk_ends_the_run_clearly_and_the_next_run_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    calm = tmp_path / "calm"
    prepare(calm, str(calm / "kehub.db"))
    assert kehub(calm, "sync").code == 3
    wanted = outcome(calm, str(calm / "kehub.db"))
    stopped = 0
    for limit in range(250_000, 650_000, 50_000):
        folder = tmp_path / "full"
        shutil.rmtree(folder, ignore_errors=True)
        prepare(folder, str(folder / "kehub.db"))
        ended = kehub(folder, "sync", file_limit=limit)
        if ended.code != 3:
            expect_told(ended, 4, "disk")
            stopped += 1
        assert kehub(folder, "sync").code == 3
        assert outcome(folder, str(folder / "kehub.db")) == wanted
    assert stopped >= 2


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounting needs root on Linux")
def test_a_read_only_mount_is_named(folder: Path) -> None:
    script = f'mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} && cd {folder} && exec "$@"'
    ended = kehub(folder, "sync", prefix=("unshare", "-m", "sh", "-c", script, "sh"))
    expect_told(ended, 2, "kehub.db", "mount")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (base64.b64encode(b"x" * 32).decode(), ("the master key does not open this store",)),
        ("not base64!", ("not a key", "KEHUB_KEY")),
        ("", ("the master key cannot be read",)),
    ],
    ids=["wrong", "garbled", "lost"],
)
def test_a_lost_or_wrong_key_is_a_clear_error_at_start(folder: Path, key: str, words: tuple[str, ...]) -> None:
    expect_told(kehub(folder, "sync", KEHUB_KEY=key), 2, *words)


def test_a_file_that_is_no_store_is_left_alone(folder: Path) -> None:
    (folder / "kehub.db").write_bytes(b"my holiday photographs" * 1000)
    expect_told(kehub(folder, "sync"), 2, "not a store")
    assert (folder / "kehub.db").read_bytes() == b"my holiday photographs" * 1000


def test_a_second_sync_says_who_holds_what(folder: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from hub.clock import system_clock; from hub.plugins import load_plugins;"
        "from hub.settings import load; from sync.setup import open_setup; import time;"
        f"s = open_setup(load(Path({str(folder / 'kehub.yaml')!r}), load_plugins()), system_clock(), 'first');"
        "s.store.leases.take(['decide']); print('held', flush=True); time.sleep(60)"
    )
    first = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        expect_told(kehub(folder, "sync"), 4, "another process is at work on decide", str(first.pid))
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
    assert kehub(folder, "sync").code == 3  # a holder that is dead is taken over at once


def test_a_store_of_a_newer_version_is_refused_untouched(folder: Path) -> None:
    from hub.store import connect

    db = connect(str(folder / "kehub.db"))
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kehub', 'm0999_future', 'then')"
    )
    db.close()
    before = (folder / "kehub.db").read_bytes()
    expect_told(kehub(folder, "sync"), 2, "newer KeHub", "m0999_future")
    assert (folder / "kehub.db").read_bytes() == before


def test_a_lease_whose_holder_is_on_another_host_is_respected_until_it_ends(folder: Path) -> None:
    from hub.store import connect

    now = int(NOW.timestamp())
    db = connect(str(folder / "kehub.db"))
    sql = "INSERT INTO lease (task, holder, fence, until) VALUES ('decide', 'elsewhere/1/1/a', 7, :until)"
    db.execute(sql, {"until": now + 30})
    expect_told(kehub(folder, "sync"), 4, "elsewhere")
    db.execute("UPDATE lease SET until = :until", {"until": now - 1})
    db.close()
    assert kehub(folder, "sync").code == 3
