"""The command line's edge: help, exit codes, and a user's mistakes told without a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from hub.cli import COMMANDS, main
from hub.clock import FixedClock
from hub.store import open_store
from tests.conftest import MASTER, NOW
from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]

LIGHT = """
import resource, sys
from hub.cli import main
try:
    main(["--help"])
except SystemExit as ended:
    heavy = {"pydantic", "httpx", "sqlite_utils", "rich", "openpyxl", "cryptography"} & set(sys.modules)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(ended.code, sorted(heavy), spent.ru_utime + spent.ru_stime, file=sys.stderr)
"""


def test_help_is_light_and_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    code, heavy, spent = done.stderr.split(" ", 1)[0], "[]" in done.stderr, float(done.stderr.split()[-1])
    assert (code, heavy) == ("0", True), done.stderr
    assert spent < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_in_the_words_of_the_list(name: str, site: Site) -> None:
    text = site.kehub(name, "--help")
    assert text.startswith(f"Usage: kehub {name}")
    assert COMMANDS[name] in " ".join(text.split())
    assert import_module(f"hub.cli.{'pause' if name == 'unpause' else name}").__doc__


def test_a_mistyped_command_is_a_usage_error_with_a_guess(site: Site) -> None:
    site.kehub("statsu", code=2)
    assert "Did you mean 'status'" in site.err
    site.kehub("sync", "--ful", code=2)
    site.kehub("sync", "--full", "--since", "2026-01-01", code=2)
    site.kehub("sync", "--as-of", "yesterday", code=2)


def test_the_configuration_is_named_before_or_after_the_command_or_by_a_variable(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    site.kehub("status", code=2)
    assert "there is no configuration here" in site.err
    site.kehub("--config", str(site.folder), "status")
    site.kehub("status", f"--config={site.folder / 'kehub.yaml'}")
    monkeypatch.setenv("KEHUB_CONFIG", str(site.folder))
    site.kehub("status")


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("brand: {name: [", "kehub.yaml:2:1"),
        (YAML.replace("type: memory, system: crm", "type: memry, system: crm"), 'did you mean "memory"'),
        (YAML.replace("brakes", "brkaes"), 'did you mean "brakes"'),
        (YAML.replace("kehub.db", "elsewhere.db"), "run `kehub init`"),
    ],
)
def test_a_wrong_configuration_is_told_with_place_and_remedy(site: Site, yaml: str, told: str) -> None:
    site.write(yaml)
    for command in ("status", "sync"):
        site.kehub(command, code=2)
        assert told in site.err
    assert any(told in check["note"] for check in site.facts("doctor", code=2) if not check["good"])


def test_a_wrong_key_is_told_and_never_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
    monkeypatch.setenv("KEHUB_KEY", other)
    site.kehub("sync", code=2)
    assert "does not open this store" in site.err
    monkeypatch.setenv("KEHUB_KEY", "nonsense")
    site.kehub("sync", code=2)
    assert "not a key" in site.err
    assert "nonsense" not in site.err
    monkeypatch.delenv("KEHUB_KEY")
    site.kehub("sync", code=2)
    assert "set KEHUB_KEY or restore the key file" in site.err


def test_a_store_of_a_newer_kehub_is_refused(site: Site) -> None:
    with sqlite3.connect(site.folder / "kehub.db") as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kehub', 'm9999_later', 'now')"
        )
    db.close()
    site.kehub("status", code=2)
    assert "newer KeHub" in site.err


def test_what_is_no_store_is_refused(site: Site) -> None:
    (site.folder / "kehub.db").write_text("a letter to grandmother, which is no database at all" * 50)
    for left in ("kehub.db-wal", "kehub.db-shm"):
        (site.folder / left).unlink(missing_ok=True)
    site.kehub("sync", code=2)
    assert "not a store" in site.err


def test_a_second_sync_names_who_is_at_work(site: Site) -> None:
    busy = open_store(str(site.folder / "kehub.db"), MASTER, FixedClock(NOW))
    busy.leases.take(["read:crm"])
    site.kehub("sync", code=4)
    assert f"process {os.getpid()} on " in site.err
    busy.leases.release()
    busy.close()
    site.kehub("sync")


def test_a_bug_is_one_line_without_anything_personal(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError("张伟 +8613812345678")

    monkeypatch.setattr("hub.cli.status.standing", broken)
    site.kehub("status", code=1)
    assert site.out == ""
    assert "a bug in KeHub (KeyError at tests/test_cli.py:" in site.err
    assert "KEHUB_DEBUG=1" in site.err
    assert "138" not in site.err
    monkeypatch.setenv("KEHUB_DEBUG", "1")
    with pytest.raises(SystemExit):
        main(["status"])
    assert "Traceback" in site.capsys.readouterr().err


def test_ctrl_c_ends_quietly_and_gives_everything_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sync.engine.resolve", interrupted)
    site.kehub("sync", code=130)
    assert site.err.startswith("Stopped.")
    monkeypatch.undo()
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("KEHUB_KEY", "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=")
    site.kehub("sync")


def test_init_makes_a_folder_that_works_and_overwrites_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEHUB_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(site.folder / "home"))
    text = site.kehub("init", "shop", "--brand", "My shop")
    (key,) = (site.folder / "home" / "kehub").iterdir()
    assert key.name.startswith("my-shop-")
    assert key.stat().st_mode & 0o777 == 0o600
    assert str(key) in text
    assert site.facts("--config", "shop", "status")["brand"] == "My shop"
    before = (site.folder / "shop" / "kehub.yaml").read_bytes()
    site.kehub("init", "shop", code=2)
    assert (site.folder / "shop" / "kehub.yaml").read_bytes() == before


def test_init_makes_a_store_in_a_database(site: Site, schema_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAND_STORE", schema_url.removeprefix("postgresql://"))
    site.kehub("init", "shop", "--store", "postgresql://${BRAND_STORE}")
    assert "${BRAND_STORE}" in (site.folder / "shop" / "kehub.yaml").read_text(encoding="utf-8")
    assert site.facts("--config", "shop", "status")["customers"] == 0
    site.kehub("init", "shop2", "--store", "postgresql://nobody@127.0.0.1:1/none", code=4)
    assert list((site.folder / "shop2").iterdir()) == []


def test_init_leaves_nothing_half_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEHUB_KEY")
    taken = site.folder / "taken.key"
    taken.write_text("a key that must not be lost")
    site.kehub("init", "shop", "--key-file", str(taken), code=2)
    assert list((site.folder / "shop").iterdir()) == []
    assert taken.read_text() == "a key that must not be lost"
    site.kehub("init", "shop", "--preset", "startr", code=2)
    assert 'did you mean "starter"' in site.err
    site.kehub("init", "/proc/no/such/place", code=2)
    site.kehub("init", str(site.folder / "kehub.yaml" / "below"), code=2)
    assert "starter" in site.kehub("init", "--preset", "list", "shop")


def test_keys_new_prints_or_writes_and_never_overwrites(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(site.kehub("keys", "new").strip()) == 44
    file = Path("new.key")
    site.kehub("keys", "new", "--file", str(file))
    before = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    site.kehub("keys", "new", "--file", str(file), code=2)
    assert file.read_bytes() == before


def test_the_schema_names_every_connector(site: Site) -> None:
    assert "memory" in site.kehub("schema")
