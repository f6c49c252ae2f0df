"""A connector that somebody else wrote: installed with pip, found, configured, synced, scored, and gone without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parent.parent
YAML = """
brand: {name: A brand}
connections:
  hall:
    type: kiosk
    url: "URL"
    key: ${KIOSK_KEY}
    page_size: 7
"""


@dataclass
class Room:
    """A clean environment with KeHub in it, and a brand's folder."""

    home: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    @property
    def installed(self) -> set[str]:
        """What lies in the environment, compiled files left out."""
        (place,) = self.home.glob("lib/python*/site-packages")
        return {str(path.relative_to(place)) for path in place.rglob("*") if "__pycache__" not in path.parts}

    def pip(self, *arguments: str) -> None:
        own = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", "-q"]
        subprocess.run([*own, *arguments], check=True, timeout=120)

    def kehub(self, *arguments: str, code: int = 0) -> str:
        run = [str(self.python), "-c", "from hub.cli import main; main()", *arguments]
        done = subprocess.run(run, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def facts(self, *arguments: str, code: int = 0) -> Any:
        return orjson.loads(self.kehub(*arguments, "--json", code=code))

    @property
    def env(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KEHUB_KEY")}
        return {**ours, "KIOSK_KEY": "kiosk-key", "NO_COLOR": "1", "COLUMNS": "160"}

    def write(self, url: str, **changed: str) -> None:
        text = YAML.replace("URL", url)
        for old, new in changed.items():
            text = text.replace(old, new)
        (self.folder / "kehub.yaml").write_text(
            text.replace("connections:", f"key_file: {self.home}/key\nconnections:")
        )


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The environment is made once; what KeHub needs is taken from the one that runs the tests, and not copied."""
    home = tmp_path_factory.mktemp("room")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=60)
    found = Room(home, tmp_path_factory.mktemp("brand"))
    (place,) = home.glob("lib/python*/site-packages")
    (place / "kehub.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    source = tmp_path_factory.mktemp("source") / "outsider"
    shutil.copytree(ROOT / "tests" / "outsider", source, ignore=shutil.ignore_patterns("__pycache__"))
    bare = found.installed
    found.pip("install", "--no-index", "--no-deps", "--no-build-isolation", str(source))
    assert found.installed - bare
    found.kehub("init", ".", "--key-file", str(home / "key"))
    return found


@pytest.fixture(scope="module")
def url(room: Room) -> Iterator[str]:
    """The outsider's own twin, found by the type of its connector."""
    run = [str(room.python), "-P", "-m", "hub.testing.serve", "kiosk", "--people", "40"]
    with subprocess.Popen(run, cwd=room.folder, env=room.env, stdout=subprocess.PIPE, text=True) as twin:
        assert twin.stdout is not None
        yield orjson.loads(twin.stdout.readline())["url"]
        twin.terminate()


def test_an_outsiders_package_is_found_checked_and_synced_against_its_own_twin(room: Room, url: str) -> None:
    room.write(url)
    (row,) = [one for one in room.facts("connectors", "list")["connectors"] if one["type"] == "kiosk"]
    assert (row["distribution"], row["version"]) == ("kehub-kiosk 1.2.0", "1")
    told = room.facts("doctor")
    assert all(check["good"] for check in told)
    assert any(check["subject"].endswith("members can be read") for check in told)
    told = room.kehub("sync", code=3)  # two of them share a phone, which is a question
    assert "25 new customers" in told
    assert "swept" in told


def test_its_settings_are_checked_with_their_place(room: Room, url: str) -> None:
    room.write(url, page_size="pagesize")
    assert "unknown key" in (told := room.kehub("sync", code=2))
    assert "kehub.yaml:9:5" in told
    assert 'did you mean "page_size"?' in told


def test_it_has_a_score_card_like_our_own(room: Room, tmp_path: Path) -> None:
    (card,) = room.facts("connectors", "score", "kiosk", "--write", str(tmp_path))["cards"]
    assert {line["state"] for line in card["lines"]} == {"done", "exempt"}
    done = sum(line["state"] == "done" for line in card["lines"])
    assert done > 25
    assert f"{done} of {done} lines are done" in (tmp_path / "kiosk.md").read_text(encoding="utf-8")


def test_after_an_uninstall_nothing_is_left_of_it(room: Room, url: str) -> None:
    room.write(url)
    before = room.installed
    room.pip("uninstall", "-y", "kehub-kiosk")
    assert before - room.installed
    assert not [name for name in room.installed if "kiosk" in name]
    told = room.kehub("sync", code=2)
    assert 'unknown connector type "kiosk"' in told
    assert "kehub.yaml:6:11" in told
    assert "no installed package and no folder of `plugins:` brings it" in told
    assert "kiosk" not in {one["type"] for one in room.facts("connectors", "list")["connectors"]}
    (room.folder / "kehub.yaml").write_text(f"brand: {{name: A brand}}\nkey_file: {room.home}/key\n")
    store = next(check for check in room.facts("doctor") if check["area"] == "store")
    assert store["good"]
    room.kehub("store", "check")
