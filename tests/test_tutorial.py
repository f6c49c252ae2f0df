"""The tutorial is short, and whoever follows it ends with a connector that keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.testing.contract import fitting, misfits, play
from hub.testing.found import stand_at
from tests.tutorial import PAGE, ROOT, Reader, as_shown, boxes, lines_to_read, lines_to_write

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that the page leads to: every box followed, in order, every output compared."""
    reader = Reader(tmp_path_factory.mktemp("reader"))
    for box in boxes(TEXT):
        reader.follow(box)
    return reader.folder


def test_every_box_does_what_the_page_says_to_the_last_line_of_the_score_card(package: Path) -> None:
    kinds = [box.kind for box in boxes(TEXT)]
    assert kinds == ["text", "console", "python", "python", "python", "console"]
    ((last, shown),) = boxes(TEXT)[-1].commands
    assert last.startswith("kehub connectors score")
    done, _, all_ = shown[0].split()[1:4]
    assert done == all_
    assert package.name == "kehub-kiln"


def test_there_are_at_most_sixty_lines_to_read_and_a_hundred_to_write() -> None:
    assert len(lines_to_read(TEXT)) <= 60
    assert len(lines_to_write(TEXT)) <= 100
    assert max(map(len, TEXT.splitlines())) <= 120


def test_what_was_written_is_good_code(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(package)
    reader.type("ruff check --no-cache .")
    reader.type("ruff format --no-cache --check .")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    reader.type(f"mypy --strict --cache-dir {package.parent / 'mypy'} .")


@pytest.mark.parametrize(
    ("right", "wrong", "check"),
    [
        ("since = window.since.isoformat() if window.since else None", "since = None", "a_quiet_run_asks_little"),
        ("swept=window.full", "swept=False", "learns_of_deletes"),
    ],
)
def test_the_mistakes_that_it_tells_of_are_found_by_the_lines_that_it_names(
    right: str, wrong: str, check: str, package: Path, tmp_path: Path
) -> None:
    (tmp_path / "code").mkdir()
    for file in (package / "kehub_kiln").glob("*.py"):
        (tmp_path / "code" / file.name).write_text(file.read_text("utf-8").replace(right, wrong), encoding="utf-8")
    assert right in (package / "kehub_kiln" / "connector.py").read_text("utf-8")
    stand = stand_at(str(tmp_path / "code"))
    assert stand is not None
    found = fitting(misfits(stand))[check]
    (tmp_path / "play").mkdir()
    assert play(found, stand, tmp_path / "play").state == "fails"
    words = " ".join(TEXT.split())
    assert wrong in words
    assert found.says.partition(" and ")[0].partition(":")[0] in words


@pytest.mark.slow
def test_it_holds_under_the_faults_too(package: Path) -> None:
    told = Reader(package).type("python -m pytest -q -p no:cacheprovider")
    assert int(told.rpartition(" passed")[0].split()[-1]) > 100


def test_a_line_of_dots_stands_for_any_lines_and_no_other_line_does() -> None:
    assert as_shown("one\ntwo  \nthree\n", ["one", "...", "three"])
    assert as_shown("one\n", ["one", "..."])
    assert not as_shown("one\ntwo\n", ["one"])
    assert not as_shown("one\n", ["on."])
