"""`${NAME}` in a configuration, from the environment or from a `.env` file beside it."""

from __future__ import annotations

import os
import re
import stat
from collections import ChainMap
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from hub.errors import SettingsError
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.tree import Leaf, Node, Series

_REFERENCE = re.compile(r"(\$?)\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(["'])(.*)\1\s*(?:#.*)?""")


def from_environment(text: str) -> bool:
    """Whether a value takes at least a part of itself from the environment."""
    return any(not match[1] for match in _REFERENCE.finditer(text))


class Environment:
    """The variables a configuration may name; `$${NAME}` is left as the text `${NAME}`."""

    def __init__(self, variables: Mapping[str, str], problems: Problems) -> None:
        self._variables = variables
        self._problems = problems

    def fill(self, node: Node, as_text: Collection[Spot] = ()) -> Any:
        """The plain value of a tree, variables put in; the leaves at `as_text` as they were written."""
        if isinstance(node, Leaf):
            if isinstance(node.value, str):
                return self._filled(node)
            return node.text if node.spot in as_text else node.value
        if isinstance(node, Series):
            return [self.fill(item, as_text) for item in node.items]
        return {name: self.fill(value, as_text) for name, value in node.entries.items()}

    def _filled(self, leaf: Leaf) -> str:
        def put(match: re.Match[str]) -> str:
            return match[0][1:] if match[1] else self._value(match[2], leaf.spot)

        return _REFERENCE.sub(put, leaf.text)

    def _value(self, name: str, spot: Spot) -> str:
        if name in self._variables:
            return self._variables[name]
        if _NAME.fullmatch(name):
            remedy = f"set {name} in the environment or in the .env file beside the configuration"
            meant = nearest(name, self._variables)
            self._problems.add(spot, f"the environment variable {name} is not set", meant=meant, remedy=remedy)
        else:
            remedy = "write ${NAME}, or $${...} for the text"
            self._problems.add(spot, f'"{name}" is no name of a variable', remedy=remedy)
        return ""


def read_environment(folder: Path, environ: Mapping[str, str] | None, problems: Problems) -> Environment:
    """The process's environment (or `environ`) over the `.env` file in `folder`; a file that others can read is
    refused."""
    path = folder / ".env"
    own = os.environ if environ is None else environ
    return Environment(ChainMap(dict(own), _read_file(path, problems)), problems)


def _read_file(path: Path, problems: Problems) -> dict[str, str]:
    if not path.is_file():
        return {}
    if os.name != "nt" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError("the .env file is readable by others", where=str(path), remedy=f"chmod 600 {path}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError("the .env file cannot be read", where=str(path), remedy="save it as UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        _read_line(line.strip(), found, Spot(number, 1), path, problems)
    return found


def _read_line(line: str, found: dict[str, str], spot: Spot, path: Path, problems: Problems) -> None:
    if not line or line.startswith("#"):
        return
    match = _LINE.fullmatch(line)
    if match is None:
        problems.add(spot, "not a line of the form NAME=VALUE", remedy="mend or delete it", file=str(path))
        return
    quoted = _QUOTED.fullmatch(match[2])
    found[match[1]] = quoted[2] if quoted else match[2].partition(" #")[0].strip()
