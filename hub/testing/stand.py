"""How a connector and its twin meet: what the contract suite, the score card and the sandbox have to know of both.

Every twin package names its own:

    STAND = Stand("shop", ShopTwin, {"url": "{url}", "key": "${SHOP_KEY}"}, {"SHOP_KEY": "twin-key"}, {"customers": "people"})
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hub.connector import Connector
from hub.errors import SettingsError
from hub.testing.twin import Twin


@dataclass(frozen=True)
class Stand:
    """A connector's type and its twin, and the connection that leads from one to the other.

    `settings` is the connection's block in the configuration, without `type`; "{url}" in a text is the twin's address,
    "{folder}" the folder that it settled in. `secrets` are the environment variables that it takes. `modules` gives
    the twin's module for each stream, as `Twin.edit` and `Twin.records` name it. `small` are the further settings that
    make a read of some tens of rows take several pages, `jobs` those that make a complete read an export job (none:
    there are no such jobs). `options` are those of the twin (`Options` of its class) under which the suite plays.
    `born` are further values that a new record of the people needs; "{text}" is something that no other record has.
    `strikes` are the faults that can strike this twin, where not all can. `connector` is the class itself, where it is
    not installed. `exempt` gives the checks that do not fit this system, each with the reason that its score card shows.
    """

    type: str
    twin: builtins.type[Twin]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    modules: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    jobs: Mapping[str, Any] = field(default_factory=dict)
    born: Mapping[str, Any] = field(default_factory=dict)
    strikes: tuple[str, ...] | None = None
    connector: builtins.type[Connector[Any]] | None = None
    exempt: Mapping[str, str] = field(default_factory=dict)


def stand_of(connector: builtins.type[Connector[Any]]) -> Stand:
    """The stand of a connector, which its package's `twin` names; SettingsError where there is none."""
    package = connector.__module__
    while package:
        package = package.rpartition(".")[0]
        if package and (found := _named_in(package)):
            return found
    raise _none(connector.type)


def stand_at(place: str) -> Stand | None:
    """The stand of a connector that is not installed: the folder of its code, or the name of a package in reach.

    None where there is no such folder or package; SettingsError where it has no stand, or cannot be loaded. The code in
    a folder is loaded under a name of its own, so that it stands in for nothing that is installed.
    """
    lies = (Path(place) / "__init__.py").is_file()
    if not lies and not all(word.isidentifier() for word in place.split(".")):
        return None
    try:
        found = _named_in(_loaded(Path(place)) if lies else place)
    except ModuleNotFoundError as error:
        if error.name == place.partition(".")[0]:
            return None
        raise _unloadable(place, error) from error
    except Exception as error:  # somebody's code may fail in any way
        raise _unloadable(place, error) from error
    if found is None:
        raise _none(place)
    if found.connector is None:
        what, remedy = "its STAND does not name the connector", "write `connector=` into the STAND"
        raise SettingsError(what, where=place, remedy=remedy)
    return found


def _loaded(folder: Path) -> str:
    """Load a folder as a package; its name."""
    name = f"kehub_at_{blake2b(str(folder.resolve()).encode(), digest_size=4).hexdigest()}"
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if name not in sys.modules and spec is not None and spec.loader is not None:
        sys.modules[name] = module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    return name


def _named_in(package: str) -> Stand | None:
    """The STAND of a package's `twin`; None where it has none."""
    if find_spec(f"{package}.twin") is None:
        return None
    found = getattr(import_module(f"{package}.twin"), "STAND", None)
    return found if isinstance(found, Stand) else None


def _unloadable(place: str, error: Exception) -> SettingsError:
    first = (str(error).splitlines() or [""])[0]
    return SettingsError(f"this code cannot be loaded ({type(error).__name__}: {first})", where=place)


def _none(where: str) -> SettingsError:
    return SettingsError(
        "this connector has no twin that could be played against",
        where=where,
        remedy="write a `twin` beside it that names its STAND; see docs/tutorial/first-connector.md",
    )
