"""What the docs claim exists: files, tests, commands, settings."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.promised import promises, ways

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_promise_names_tests_that_exist() -> None:
    rows = promises()
    assert {f"P{number}" for number in range(1, 14)} <= {row.point for row in rows}
    for row in rows:
        assert row.state == "not yet" or row.tests, f"{row.point} holds by no test"
        for file, name in row.tests:
            assert name in names_of(file), f"{row.point}: {file} has no {name}"


def test_every_way_of_a_partial_read_names_a_test_that_exists() -> None:
    assert ways()
    for file, name in ways():
        assert name in names_of(file), f"partial-reads.md: {file} has no {name}"


@cache
def names_of(file: str) -> frozenset[str]:
    """What a test file defines: functions, classes, and names at its top."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    return frozenset(found | {target.id for target in targets if isinstance(target, ast.Name)})


def test_the_readme_names_every_connector_and_make_target() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in (ROOT / "connectors").iterdir():
        if (folder / "__init__.py").exists():
            assert f"`{folder.name}`" in readme
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "test-all", "test-vendor", "lint", "bench", "docs"} <= targets
    for target in re.findall(r"make ([a-z-]+)", readme):
        assert target in targets


def test_the_readme_shows_the_score_card_of_every_connector() -> None:
    from docs.__main__ import SAMPLES
    from docs.cards import readme_cell

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in readme.splitlines() if line.startswith("| `")}
    for name in (*SAMPLES, "memory"):
        assert readme_cell(name) in rows[name], f"the README should say {readme_cell(name)} of {name}"


def test_every_command_is_named_in_the_commands_page() -> None:
    from hub.cli import COMMANDS

    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"kehub {name}" in page


def test_every_error_is_drawn_in_its_tree() -> None:
    import hub.errors

    tree = hub.errors.__doc__ or ""
    kinds = [kind for kind in vars(hub.errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) < 10
    for kind in kinds:
        assert kind.__name__ in tree


def test_the_generated_pages_are_as_they_would_be_written() -> None:
    from docs.__main__ import PAGES

    for name, make in PAGES.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == make(), f"run `make docs` for {name}"


def test_each_system_has_a_page_with_the_same_headings_and_what_the_program_knows_of_it() -> None:
    from docs.__main__ import HEADINGS, SAMPLES

    served = {folder.parent.name for folder in (ROOT / "connectors").glob("*/fields.py")} - {"memory"}
    assert set(SAMPLES) == served == {page.stem for page in (ROOT / "docs" / "systems").glob("*.md")}
    for name in SAMPLES:
        text = (ROOT / "docs" / "systems" / f"{name}.md").read_text(encoding="utf-8")
        assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == HEADINGS, name
        parts = set(re.findall(r"<!-- (\w+): written by `make docs` -->", text))
        assert parts == {"settings", "streams", "fields", "target"}, name
        for told in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
            assert len(told.split()) > 20 or "only reads" in told, f"{name} has a part that says next to nothing"


def test_the_commands_of_the_readme_are_there() -> None:
    from hub.cli import COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^ +kehub ([a-z-]+)|`kehub ([a-z-]+)", readme, re.MULTILINE))
    assert named
    assert {one or other for one, other in named} <= set(COMMANDS)


def test_every_setting_of_a_connector_is_told_in_its_page() -> None:
    from docs.__main__ import SAMPLES
    from hub.plugins import load_plugins

    for name, kind in load_plugins().connectors().items():
        page = ROOT / "docs" / ("connectors.md" if name not in SAMPLES else f"systems/{name}.md")
        for field in kind.Settings.model_fields:
            assert f"`{field}`" in page.read_text(encoding="utf-8"), f"{name}: {field}"
