"""`kehub connectors new`: what it makes passes everything at once, and it never writes over anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import SettingsError
from hub.testing.contract.run import misfits
from hub.testing.found import stand_at, stand_of
from hub.testing.scaffold import LONGEST, flaw_in, package_of, write_package
from hub.testing.scaffold.sprout.twin import STAND as SPROUT
from tests.command import ROOT, kehub

LONG = "a" + "_bcd" * 5 + "xyz"
HERE = {"PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package for a connector named tulip."""
    folder = tmp_path_factory.mktemp("made")
    ended = kehub(folder, "connectors", "new", "tulip", "--to", "here")
    assert ended.code == 0, ended.err
    assert "Next: kehub connectors score here/kehub-tulip/kehub_tulip" in ended.out
    return folder / "here" / "kehub-tulip"


def run(folder: Path, *command: str, **env: str) -> str:
    """A Python tool run in a folder, which must be content."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder, env={**os.environ, **HERE, **env}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_connector_has_every_line_of_its_score_card_done(made: Path) -> None:
    card = kehub(made, "connectors", "score", "kehub_tulip", "--json", limit=300, **HERE)
    assert card.code == 0, card.err
    (found,) = card.facts["cards"]
    assert found["type"] == "tulip"
    assert len(found["lines"]) > 50
    assert {line["state"] for line in found["lines"]} <= {"done", "exempt"}
    exempt = {line["reason"] for line in found["lines"] if line["state"] == "exempt"}
    assert exempt == set(misfits(SPROUT).values()) - {""}


@pytest.mark.slow
def test_its_own_tests_pass_alone_and_under_the_named_faults(made: Path) -> None:
    told = run(made, "pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in told
    assert "failed" not in told
    assert "warning" not in told
    assert int(told.rpartition(" passed")[0].split()[-1]) > 120


def test_its_own_tests_are_found_and_pass_a_check_alone_and_under_a_fault(made: Path) -> None:
    chosen = "reads_every_record or drop_after-one_plan_has_one_effect"
    assert "2 passed" in run(made, "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen)


@pytest.mark.parametrize("name", ["tulip", "my_shop2", LONG])
def test_it_has_nothing_that_ruff_finds(name: str, tmp_path: Path) -> None:
    write_package(name, tmp_path, ())
    run(tmp_path / f"kehub-{name.replace('_', '-')}", "ruff", "check", "--no-cache", ".")
    write_package(name, tmp_path, (), package=False)
    run(tmp_path / name, "ruff", "check", "--no-cache", "--isolated", "--line-length", "120", ".")


def test_it_is_formatted_and_its_types_hold(made: Path) -> None:
    run(made, "ruff", "format", "--no-cache", "--check", ".")
    told = run(made, "mypy", "--strict", "--cache-dir", str(made.parent / "mypy"), ".", MYPYPATH=str(ROOT))
    assert "no issues found in 5 source files" in told


def test_its_entry_point_names_the_module_with_its_hook(made: Path) -> None:
    import tomllib

    project = tomllib.loads((made / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"]["kehub"] == {"tulip": "kehub_tulip"}
    found = stand_at(str(made / "kehub_tulip"))
    assert found is not None
    assert found.connector is not None
    assert (found.type, found.connector.type) == ("tulip", "tulip")
    assert "def kehub_connectors" in (made / "kehub_tulip" / "__init__.py").read_text("utf-8")


def test_it_can_be_installed_and_is_then_found_by_its_entry_point(made: Path, tmp_path: Path) -> None:
    source, lib = tmp_path / "source", tmp_path / "lib"
    shutil.copytree(made, source)
    pip = ["pip", "--disable-pip-version-check", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    run(tmp_path, *pip, "--target", str(lib), str(source))
    listed = kehub(tmp_path, "connectors", "list", "--json", PYTHONPATH=f"{ROOT}{os.pathsep}{lib}").facts
    (row,) = (one for one in listed["connectors"] if one["type"] == "tulip")
    assert (row["distribution"], row["version"], row["writes"]) == ("kehub-tulip 0.1.0", "v1", True)
    assert not [fault for fault in listed["faults"] if fault["plugin"] == "tulip"]


def test_no_word_of_the_one_it_was_made_from_is_left() -> None:
    for package in (True, False):
        for path, text in package_of("my_shop", package=package).items():
            assert "sprout" not in (path + text).lower(), path
    assert "class MyShop(" in package_of("my_shop")["kehub-my-shop/kehub_my_shop/connector.py"]


def test_the_code_alone_may_lie_in_a_folder_of_plugins(tmp_path: Path) -> None:
    ended = kehub(tmp_path, "connectors", "new", "my_shop", "--no-package", "--to", "plugins")
    assert ended.code == 0, ended.err
    names = {path.name for path in (tmp_path / "plugins" / "my_shop").iterdir()}
    assert names == {"__init__.py", "connector.py", "fields.py", "twin.py", "README.md"}
    (tmp_path / "kehub.yaml").write_text("brand: {name: A brand}\nplugins: plugins\n", encoding="utf-8")
    (row,) = (
        one for one in kehub(tmp_path, "connectors", "list", "--json").facts["connectors"] if one["type"] == "my_shop"
    )
    assert (row["distribution"], row["writes"]) == ("plugins/my_shop", True)
    assert stand_of("my_shop", [tmp_path / "plugins"]).type == "my_shop"
    again = kehub(tmp_path, "connectors", "new", "my_shop", "--to", "elsewhere")
    assert "a connector of this name is here already" in again.err


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("Tulip", "lower-case"), ("9lives", "a letter first"), ("a", "2 to 24"), ("x" * (LONGEST + 1), "2 to 24"),
        ("a__b", "single _"), ("../up", "lower-case"), ("zoho", "here already"), ("class", "Python's own"),
        ("page", "called Page"), ("connector", "called Connector"), ("stand", "called Stand"),
    ],
)  # fmt: skip
def test_a_name_that_will_not_do_is_refused_with_the_reason(name: str, because: str, tmp_path: Path) -> None:
    assert because in flaw_in(name, ["zoho"])
    with pytest.raises(SettingsError, match="choose another name"):
        write_package(name, tmp_path, ["zoho"])
    assert list(tmp_path.iterdir()) == []


def test_the_command_knows_which_types_are_taken(tmp_path: Path) -> None:
    ended = kehub(tmp_path, "connectors", "new", "woocommerce")
    assert ended.code == 2
    assert "a connector of this name is here already" in ended.err


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_nothing_is_written_over(there: str, tmp_path: Path) -> None:
    home = tmp_path / "kehub-tulip"
    if there == "folder":
        home.mkdir()
        (home / "pyproject.toml").write_text("mine")
    elif there == "file":
        home.write_text("mine")
    else:
        home.symlink_to(tmp_path / "nowhere")
    before = look(tmp_path)
    with pytest.raises(SettingsError, match="this is there already") as caught:
        write_package("tulip", tmp_path, ())
    assert caught.value.where == str(home)
    assert look(tmp_path) == before


def look(folder: Path) -> dict[str, str]:
    """What lies in a folder."""
    return {str(path): path.read_text() if path.is_file() else "" for path in sorted(folder.rglob("*"))}


def test_half_a_package_is_taken_away_again(tmp_path: Path) -> None:
    ended = kehub(tmp_path, "connectors", "new", "tulip", file_limit=2000)
    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_code_that_cannot_be_scored_is_told_with_the_reason(tmp_path: Path) -> None:
    write_package("tulip", tmp_path, (), package=False)
    write_package("crocus", tmp_path, (), package=False)
    (tmp_path / "tulip" / "twin.py").write_text("1 / 0\n")
    (tmp_path / "crocus" / "twin.py").unlink()
    with pytest.raises(SettingsError, match=r"twin\.py:1: ZeroDivisionError.*this code cannot be loaded"):
        stand_at(str(tmp_path / "tulip"))
    with pytest.raises(SettingsError, match="no twin that could be played against"):
        stand_at(str(tmp_path / "crocus"))
    assert stand_at(str(tmp_path / "rose")) is stand_at("rose") is stand_at("./rose") is None
    ended = kehub(tmp_path, "connectors", "score", "rose")
    assert ended.code == 2
    assert 'no connector is called "rose"' in ended.err


def test_a_stand_that_names_no_connector_says_how_to_name_it(tmp_path: Path) -> None:
    write_package("tulip", tmp_path, (), package=False)
    twin = tmp_path / "tulip" / "twin.py"
    twin.write_text(twin.read_text("utf-8").replace("    connector=Tulip,\n", ""), encoding="utf-8")
    with pytest.raises(SettingsError, match="connector="):
        stand_at(str(tmp_path / "tulip"))
