"""YAML text as a tree in which every value knows its line and column.

Plain words follow YAML 1.2: only `true`, `false`, `null` and plain numbers are more than text, so that `NO` stays a
country, `007` a store code and `12:30` a time of day.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

from hub.settings.problems import Problems, Spot

Loc = tuple[int | str, ...]

_TEXT = "tag:yaml.org,2002:str"
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")
_WORDS = {"": None, "~": None, "null": None, "true": True, "True": True, "false": False, "False": False}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_QUOTE = "put the text in quotes, or look for a missing quote, bracket or colon here or just above"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value: `text` as written (quotes taken off), `value` as YAML understands it."""

    spot: Spot
    text: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Series:
    """A list."""

    spot: Spot
    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; `keys` tells where each key stands."""

    spot: Spot
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Spot] = field(default_factory=dict)

    def only(self, names: Collection[str]) -> Table:
        """The part with these keys."""
        return Table(self.spot, {name: node for name, node in self.entries.items() if name in names}, self.keys)

    def without(self, names: Collection[str]) -> Table:
        """The part without these keys."""
        return self.only([name for name in self.entries if name not in names])


Node = Leaf | Series | Table


def parse(raw: bytes, problems: Problems) -> Table:
    """The tree of one file; what cannot be read at all is raised at once, the rest is noted."""
    root = _composed(raw, problems)
    if root is None:
        problems.add(Spot(), "the file is empty", remedy="`kehub init` writes one to start from")
    elif not isinstance(root, yaml.MappingNode):
        problems.add(_spot(root), "the file is not a mapping", remedy="start with `brand:` at the beginning of a line")
    problems.settle()
    tree = _Builder(problems).node(root)
    assert isinstance(tree, Table)
    return tree


def parse_series(raw: bytes, problems: Problems, begins: str) -> Series:
    """The tree of a file that is a list, whose first item `begins` so; otherwise as `parse`."""
    root = _composed(raw, problems)
    if root is None:
        problems.add(Spot(), "the file is empty", remedy=f"begin with `{begins}`")
    elif not isinstance(root, yaml.SequenceNode):
        problems.add(_spot(root), "the file is not a list", remedy=f"begin with `{begins}` at the beginning of a line")
    problems.settle()
    tree = _Builder(problems).node(root)
    assert isinstance(tree, Series)
    return tree


def _composed(raw: bytes, problems: Problems) -> Any:
    text = _decoded(raw, problems)
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        _broken(error, raw, text, problems)
    problems.settle()
    raise AssertionError("settled")


def _decoded(raw: bytes, problems: Problems) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(_offset(raw, error.start), "not UTF-8 text", remedy="save the file as UTF-8")
    problems.settle()
    raise AssertionError("settled")


def _offset(raw: bytes, at: int) -> Spot:
    before = raw[:at]
    line_start = before.rfind(b"\n") + 1
    return Spot(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)


def _broken(error: yaml.YAMLError, raw: bytes, text: str, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        spot = _offset(raw, getattr(error, "position", 0))
        problems.add(spot, str(getattr(error, "reason", "not YAML")), remedy="delete the character")
        return
    spot = Spot(mark.line + 1, mark.column + 1)
    line = (text.splitlines() or [""])[min(mark.line, text.count("\n"))]
    if "\t" in line[: mark.column + 1]:
        problems.add(spot, "a tab where YAML wants spaces", remedy="indent with spaces")
    else:
        problems.add(spot, f"not YAML: {getattr(error, 'problem', 'it cannot be read')}", remedy=_QUOTE)


def _spot(node: yaml.Node) -> Spot:
    return Spot(node.start_mark.line + 1, node.start_mark.column + 1)


class _Builder:
    """Turns composed nodes into ours; `_open` holds the nodes being built, for aliases that contain themselves."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._open: set[int] = set()

    def node(self, node: Any) -> Node:
        spot = _spot(node)
        if node.tag.startswith("!") or id(node) in self._open:
            self._problems.add(spot, "a tag or an alias that cannot be used here", remedy="write the value out")
            return Leaf(spot, "", None)
        if isinstance(node, yaml.ScalarNode):
            return Leaf(spot, node.value, node.value if node.tag == _TEXT else _plain(node.value))
        self._open.add(id(node))
        built = self._table(node) if isinstance(node, yaml.MappingNode) else self._series(node)
        self._open.discard(id(node))
        return built

    def _series(self, node: Any) -> Series:
        return Series(_spot(node), tuple(self.node(item) for item in node.value))

    def _table(self, node: Any) -> Table:
        table = Table(_spot(node))
        for key, value in node.value:
            name, spot = key.value, _spot(key)
            if not isinstance(key, yaml.ScalarNode):
                self._problems.add(spot, "a key that is not text", remedy="write `key: value`")
            elif name in table.entries:
                what = f'"{name}" is written twice (first in line {table.keys[name].line})'
                self._problems.add(spot, what, remedy="keep one of them")
            else:
                table.entries[name], table.keys[name] = self.node(value), spot
        return table


def _plain(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def child(node: Node | None, part: int | str) -> Node | None:
    """The value under one key or index; None where there is none."""
    if isinstance(node, Table) and isinstance(part, str):
        return node.entries.get(part)
    if isinstance(node, Series) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def walk(root: Node, loc: Loc) -> list[tuple[int | str, Node]]:
    """The steps from `root` to the value at `loc`, as far as they exist; the names pydantic gives to the members of a
    union are passed over."""
    steps: list[tuple[int | str, Node]] = []
    for part in loc:
        below = child(steps[-1][1] if steps else root, part)
        if below is not None:
            steps.append((part, below))
    return steps
