"""Plugins that lie in a folder beside the configuration and are not installed: the modules and packages found there.

Each is loaded under a private package name made from the folder (`kehub_folder_1a2b3c4d.till`), found by that name's own
search path: `sys.path` stays as it is, so no file in the folder can stand in for a module of Python's or of ours, and
nothing beside the folder is reached. Files of one plugin import each other relatively (`from .wire import ...`).
"""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

_MARKED = re.compile(r"\bhookimpl\b|\bkehub_(?:connectors|facts)\b")
_TYPE = re.compile(r"^\s+type\s*(?::[^=\n]+)?=\s*[\"']([a-z][a-z0-9_]*)[\"']", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class FolderPlugin:
    """A module or package in a folder; `name` is what a configuration calls it by (`plugin:`), as an entry point's is.

    `refusal` is why it must not be loaded at all; empty where it may be.
    """

    name: str
    path: Path
    folder: Path
    refusal: str = ""

    dist = None
    """It belongs to no installed distribution."""

    def load(self) -> Any:
        """Import it; whatever its code raises comes out. A module that is loaded already is not loaded again."""
        if self.refusal:
            raise ImportError(self.refusal)
        return importlib.import_module(f"{_root(self.folder)}.{self.name}")

    @property
    def place(self) -> str:
        """Where it lies, for a reader: its folder's name and its own."""
        return f"{self.folder.name}/{self.path.name}"

    def types(self) -> frozenset[str]:
        """The connector types that its source names, also where it cannot be loaded."""
        return frozenset(found for text in _sources(self.path) for found in _TYPE.findall(text))

    def reason(self, error: BaseException) -> str:
        """What went wrong, after the file and the line of this plugin where it did."""
        first = (str(error).splitlines() or [""])[0]
        if self.refusal:
            return f"{self.path}: {first}"
        if isinstance(error, SyntaxError) and error.filename:
            return f"{error.filename}:{error.lineno or 1}: {type(error).__name__}: {error.msg}"
        lines = [(one.filename, one.lineno) for one in traceback.extract_tb(error.__traceback__)]
        own = [f"{file}:{line}" for file, line in lines if Path(file).resolve().is_relative_to(self.folder)]
        return f"{own[-1] if own else self.path}: {type(error).__name__}: {first}"


def plugins_in(folder: Path, ours: Collection[str]) -> Iterator[FolderPlugin]:
    """The plugins of one folder by name: files and packages whose source marks a hook; `ours` are names nobody may use.

    Hidden ones, and those that begin with an underscore, are left alone.
    """
    folder = folder.resolve()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.stem if path.suffix == ".py" else path.name
        source = path if path.suffix == ".py" else path / "__init__.py"
        if name.startswith(("_", ".")) or not source.is_file():
            continue
        marked = any(_MARKED.search(text) for text in _texts([source]))
        refusal = _refusal(name, source, folder, ours, marked=marked)
        if refusal or marked:
            yield FolderPlugin(name, path, folder, refusal)


def _refusal(name: str, source: Path, folder: Path, ours: Collection[str], *, marked: bool) -> str:
    if name in ours:
        return f'"{name}" is the name of a package of KeHub\'s own: rename it'
    if marked and not name.isidentifier():
        return "its name must be letters, digits and _, with a letter first: rename it"
    if marked and not source.resolve().is_relative_to(folder):
        return "it leads out of the folder: put the file itself here"
    return ""


def _root(folder: Path) -> str:
    """The private package whose modules are those of the folder."""
    name = f"kehub_folder_{blake2b(str(folder).encode(), digest_size=4).hexdigest()}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = module_from_spec(spec)
        importlib.invalidate_caches()  # a folder that was written a moment ago
    return name


def _sources(path: Path) -> Iterator[str]:
    return _texts([path] if path.is_file() else sorted(path.rglob("*.py")))


def _texts(files: list[Path]) -> Iterator[str]:
    for file in files:
        try:
            yield file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            yield "hookimpl"  # cannot be read: told as a fault when it is loaded
