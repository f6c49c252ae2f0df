"""Where the twin and the stand of a connector are: beside the connector's own class, whoever it is from.

A connector whose class is in the package `shop` (or a module of it) has `shop.twin`, with `TWIN` and `STAND`; one that is
a single file has both in the file itself, or in a file beside it whose name ends in `_twin`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from hub.errors import SettingsError
from hub.folder_plugins import FolderPlugin
from hub.plugins import ConnectorClass, load_plugins
from hub.testing.stand import Stand


def twin_module(name: str, folders: Iterable[Path] = ()) -> ModuleType:
    """The module with the twin of a connector type, or of a dotted name; `folders` are those of plugins.

    ModuleNotFoundError when there is no such type, or it has no twin.
    """
    if "." in name:
        return import_module(name)
    if find_spec(f"connectors.{name}") is not None:  # without looking at what else is installed
        return import_module(f"connectors.{name}.twin")
    plugins = load_plugins(folders=folders)
    kind = plugins.connector(name)
    if kind is None:
        why = plugins.why_missing(name) or "no package and no folder of plugins brings this type"
        raise ModuleNotFoundError(why)
    return beside(kind)


def beside(kind: ConnectorClass) -> ModuleType:
    """The module with a connector class's twin; ModuleNotFoundError where it has none."""
    own = sys.modules[kind.__module__]
    if hasattr(own, "TWIN"):
        return own
    for place in _places(own):
        if find_spec(place) is not None:
            return import_module(place)
    raise ModuleNotFoundError(f'the connector "{kind.type}" brings no twin: a module {next(_places(own))} with TWIN')


def stand_of(name: str, folders: Iterable[Path] = ()) -> Stand:
    """How a connector and its twin meet; SettingsError where there is none."""
    try:
        found = getattr(twin_module(name, folders), "STAND", None)
    except ModuleNotFoundError as error:
        raise SettingsError(str(error), where=name, remedy="see docs/plugins.md, twins") from None
    if not isinstance(found, Stand):
        raise SettingsError("its twin states no STAND", where=name, remedy="see hub.testing.stand")
    return found


def stand_at(place: str) -> Stand | None:
    """The stand of a connector that is not installed: the folder of its code, or the name of a package in reach.

    None where there is no such folder or package; SettingsError where it cannot be loaded, or has no stand.
    """
    plugin = FolderPlugin(Path(place).resolve().name, Path(place).resolve(), Path(place).resolve().parent)
    lies = (plugin.path / "__init__.py").is_file()
    if not lies and not (place.isidentifier() and find_spec(place)):
        return None
    try:
        home = plugin.load() if lies else import_module(place)
        twin = import_module(f"{home.__name__}.twin")
    except Exception as error:  # somebody's code may fail in any way
        missing = isinstance(error, ModuleNotFoundError) and str(error.name).endswith(f"{plugin.name}.twin")
        what = "it brings no twin that could be played against" if missing else "this code cannot be loaded"
        raise SettingsError(what, where=plugin.reason(error), remedy="see docs/tutorial/first-connector.md") from error
    found = getattr(twin, "STAND", None)
    if not isinstance(found, Stand) or found.connector is None:
        remedy = "write STAND = Stand(..., connector=...) into it; see docs/tutorial/first-connector.md"
        raise SettingsError("its twin states no STAND that names the connector", where=place, remedy=remedy)
    return found


def _places(own: ModuleType) -> Iterator[str]:
    """Where a twin may be, from the nearest on: in the module's own package, in those around it, in a file beside it."""
    if hasattr(own, "__path__"):
        yield f"{own.__name__}.twin"
        return
    package = own.__name__.rpartition(".")[0]
    single = not hasattr(sys.modules.get(package), "__file__") or sys.modules[package].__file__ is None
    if single:
        yield f"{own.__name__}_twin"
        return
    while package and getattr(sys.modules.get(package), "__file__", None):
        yield f"{package}.twin"
        package = package.rpartition(".")[0]
