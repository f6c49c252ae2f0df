"""The shape of the house: who may import whom, how large things may grow, what an installation weighs."""

from __future__ import annotations

import ast
import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGES = ("hub", "connectors", "rules", "sync")
ROOF = ("hub.cli", "hub.web", "hub.plugins")

MAY_IMPORT = (
    ("hub.model", ()),
    ("hub.errors", ()),
    (r"connectors\.\w+\.twin", ("hub.connector", "hub.model", "hub.errors", "hub.testing", "hub.clock", "hub.forms")),
    (r"connectors\.", ("hub.connector", "hub.model", "hub.errors")),
    (r"rules\.", ("hub.model", "hub.errors", "hub.maker", "rules")),
    (r"sync", ("hub", "rules", "sync")),
    (r"hub\.testing", ("hub", "sync", "connectors")),
    (r"hub\.cli|hub\.plugins", ("hub", "sync", "rules", "connectors")),
    (r"hub\.settings", ("hub", "rules")),  # a configuration is checked as a whole, its predicates too
    (r"hub\.", ("hub",)),
)
"""Module (a pattern from its start) -> what of ours it may import; the first match counts."""


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> set[str]:
    """Our modules that a module imports, lazily and for types included."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            targets = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
        else:
            continue
        for target in targets:
            while target and target not in MODULES:
                target = target.rpartition(".")[0]
            if target and target.split(".")[0] in PACKAGES:
                found.add(target)
    return found - {name}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_its_floor_may(name: str) -> None:
    allowed = next((prefixes for pattern, prefixes in MAY_IMPORT if re.match(pattern, name)), ("hub",))
    own = ".".join(name.split(".")[:2])
    for target in imports(name):
        fine = any(target == prefix or target.startswith(prefix + ".") for prefix in (*allowed, own))
        assert fine, f"{name} must not import {target}"
        roof = any(target.startswith(part) for part in ROOF)
        assert not roof or any(name.startswith(part) for part in (*ROOF, "hub.testing")), f"nothing imports {target}"


def test_there_are_no_import_cycles() -> None:
    graph = {name: imports(name) for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def code_lines(node: ast.AST, source: list[str]) -> int:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    doc = node.body[0]
    skip: set[int] = set()
    if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) and isinstance(doc.value.value, str):
        skip = set(range(doc.lineno, (doc.end_lineno or 0) + 1))
    lines = range(node.lineno, (node.end_lineno or 0) + 1)
    return sum(
        1 for n in lines if n not in skip and source[n - 1].strip() and not source[n - 1].strip().startswith("#")
    )


def functions() -> list[int]:
    sizes = []
    for path in MODULES.values():
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                sizes.append(code_lines(node, text.splitlines()))
    return sizes


def test_functions_stay_as_short_as_in_the_libraries_we_like() -> None:
    sizes = functions()
    for limit, share in ((10, 0.66), (20, 0.85), (40, 0.97), (60, 1.0)):
        assert sum(size <= limit for size in sizes) / len(sizes) >= share, f"at most {limit} lines"


def test_modules_stay_small() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    connectors = {
        name: count for name, count in lines.items() if re.fullmatch(r"connectors\.\w+\.(?!twin|fields)\w+", name)
    }
    assert {name: count for name, count in connectors.items() if count > 150} == {}


def closure(name: str, found: set[str]) -> set[str]:
    """A distribution and everything its base install needs here."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    found.add(key)
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            closure(needed.name, found)
    return found


def test_a_base_install_weighs_at_most_160_mb() -> None:
    size = 0
    for name in closure("kehub", set()) - {"pip", "setuptools"}:
        files = metadata.files(name) or ()
        size += sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())
    size += sum(path.stat().st_size for path in MODULES.values())
    print(f"base install: {size / 1e6:.0f} MB")
    assert size <= 160e6


def test_no_dependency_ships_one_of_our_folder_names() -> None:
    from hub.plugins import foreign_packages

    assert foreign_packages() == ()
