"""docs/promises.md and docs/partial-reads.md against the tests: those they name must exist, run and pass."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "promises.md"
WAYS = PAGE.parent / "partial-reads.md"
_ROW = re.compile(r"^\| (?P<point>[^|]+) \| (?P<text>[^|]+) \| (?P<state>holds|not yet)(?P<rest>[^|]*)\|$")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@dataclass(frozen=True)
class Promise:
    """One row of the page."""

    point: str
    state: str
    tests: tuple[tuple[str, str], ...]


def promises() -> list[Promise]:
    """The rows of the page, in order."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        row = _ROW.match(line)
        if row:
            tests = tuple((file, name) for file, name in _TEST.findall(row["rest"]))
            found.append(Promise(row["point"].strip(), row["state"], tests))
    return found


def ways() -> set[tuple[str, str]]:
    """The tests that the page on partial reads names."""
    return set(_TEST.findall(WAYS.read_text(encoding="utf-8")))


class Ran:
    """A pytest plugin: after a whole session, a promise whose test did not run and pass turns it red.

    Tests marked `slow`, `vendor` or `journey` are left out where `-m` says so; `make test-all`, `test-vendor` and `test-journey`
    run them.
    """

    def __init__(self, marks: str) -> None:
        self.passed: set[tuple[str, str]] = set()
        self.failed: set[tuple[str, str]] = set()
        self._left_out = [mark for mark in ("slow", "vendor", "journey") if f"not {mark}" in marks]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what passed and what did not."""
        if report.when == "call" and report.passed:
            self.passed.add(_key(report.nodeid))
        elif report.failed:
            self.failed.add(_key(report.nodeid))

    def missing(self) -> list[str]:
        """What the page claims and the run did not show."""
        named = {test for promise in promises() if promise.state == "holds" for test in promise.tests} | ways()
        shown = self.passed - self.failed
        return sorted(f"{file}::{name}" for file, name in named - shown if not self._marked(file, name))

    def _marked(self, file: str, name: str) -> bool:
        tree = ast.parse((PAGE.parent.parent / file).read_text(encoding="utf-8"))
        marks = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]  # a whole file's `pytestmark`
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
                marks += [ast.unparse(decorator) for decorator in node.decorator_list]
        return any(f"pytest.mark.{mark}" in text for mark in self._left_out for text in marks)


def _key(nodeid: str) -> tuple[str, str]:
    file, _, name = nodeid.partition("::")
    return file, re.sub(r"\[.*", "", name.rpartition("::")[2] or name)
