"""P11: nothing personal in logs, errors, run records, temporary files, file names, or in the store's bytes."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.testing.leaks import disguises, found_in, found_under
from hub.testing.people import CANARIES
from tests.command import KEHUB, Ended, kehub
from tests.conftest import NOW
from tests.kill_site import Site, prepare, shop_files, twin

SECRETS = {"token": ("twin-client-secret", "1000.refresh.twin")}
PERSONAL = {**CANARIES, **SECRETS}
PEOPLE = 60


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    files = shop_files(tmp_path / "files", PEOPLE)
    with twin(PEOPLE) as url:
        yield prepare(tmp_path / "brand", str(tmp_path / "brand" / "kehub.db"), url, files)


def assert_clean(ended: Ended) -> Ended:
    """The command's output holds nothing personal."""
    assert found_in(ended.out.encode(), PERSONAL) == []
    assert found_in(ended.err.encode(), PERSONAL) == []
    return ended


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    name = CANARIES["name"][0]
    for number, form in enumerate(sorted(disguises(name))):
        (tmp_path / f"planted{number}").write_bytes(b"before " + form + b" after")
    hits = found_under(tmp_path, CANARIES)
    assert len({hit.split(":")[0] for hit in hits}) == len(disguises(name))
    for offset in range(4):
        hidden = base64.b64encode(b"x" * offset + name.encode() + b"yz")
        assert found_in(hidden, CANARIES), offset


def test_a_whole_life_leaves_nothing_personal_behind(site: Site, tmp_path: Path) -> None:
    assert_clean(kehub(site.folder, "doctor"))
    site.control("faults", {"error_in_200": {"times": 1, "skip": 2}, "undecodable_row": {"times": 1}})
    assert_clean(kehub(site.folder, "sync"))
    ended = assert_clean(kehub(site.folder, "sync", "--json"))
    assert ended.code == 3, ended.err
    digest = ended.facts["plans"][0]["digest"]
    site.control("faults", {"500": {"times": 2}})
    assert_clean(kehub(site.folder, "apply", digest, "--release", "share"))
    for command in (("status",), ("status", "--json"), ("runs", "list"), ("runs", "show", "--json"), ("plan", "list"),
                    ("quarantine", "list"), ("questions", "list"), ("questions", "drift"), ("store", "check")):  # fmt: skip
        assert_clean(kehub(site.folder, *command))
    assert found_under(site.folder, PERSONAL) == []
    assert found_under(tmp_path / "temporary", PERSONAL) == []


def test_a_bug_tells_its_place_and_not_its_text(site: Site) -> None:
    site.control("faults", {"html_in_200": {"times": 3}, "truncated": {"times": 3}})
    assert_clean(kehub(site.folder, "sync", KEHUB_DEBUG="1"))


def copies(site: Site, target: Path) -> Path:
    """The store's files as they are on disk now."""
    target.mkdir()
    for path in site.folder.glob("kehub.db*"):
        shutil.copy(path, target / path.name)
    return target


def test_a_run_stopped_or_killed_in_the_middle_has_nothing_personal_on_disk(site: Site, tmp_path: Path) -> None:
    stopped = subprocess.Popen(
        [str(KEHUB), "sync"], cwd=site.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    store = site.folder / "kehub.db-wal"
    while stopped.poll() is None and not (store.exists() and store.stat().st_size > 100_000):
        time.sleep(0.002)
    assert stopped.poll() is None, "the run was over before it could be stopped"
    stopped.send_signal(signal.SIGSTOP)
    stopped_at = copies(site, tmp_path / "stopped")
    stopped.send_signal(signal.SIGKILL)
    stopped.wait()
    killed = copies(site, tmp_path / "killed")
    for folder in (stopped_at, killed, tmp_path / "temporary"):
        assert found_under(folder, PERSONAL) == []
    assert (killed / "kehub.db-wal").stat().st_size > 100_000
    assert os.stat(site.folder / "kehub.db").st_mode & 0o077 == 0
