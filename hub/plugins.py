"""Finds and loads plugins, one by one; a broken one is a `Fault` for `kehub doctor`, never fatal.

Everything comes through the entry points of group `kehub`, our own connectors too, or lies in a folder that the
configuration names (`hub.folder_plugins`). A plugin is loaded when a connector of its name is asked for, all of them
when the whole list is.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any

import pluggy

from hub import hookspecs
from hub.connector import Connector, ConnectorSettings
from hub.errors import SettingsError
from hub.folder_plugins import FolderPlugin, plugins_in
from hub.maker import FactMaker
from hub.settings.shape import CONNECTION_NAME, ConnectionShape

GROUP = "kehub"
OURS = ("hub", "connectors", "rules", "sync", "config")
"""Our top-level packages; nobody else's may have these names."""

ConnectorClass = type[Connector[Any]]
Source = EntryPoint | FolderPlugin
"""What brings a plugin: an installed distribution, or a file in a folder."""


@dataclass(frozen=True, order=True)
class Fault:
    """A plugin, or one connector of it, that cannot be used, and why. `distribution` is a file's place for one that lies
    in a folder."""

    plugin: str
    distribution: str
    reason: str


@dataclass(frozen=True, order=True)
class Foreign:
    """A package of somebody else under one of our names; `distribution` is empty for a plain folder."""

    package: str
    distribution: str
    place: str


class Plugins:
    """The plugins of this environment, loaded as they are needed."""

    def __init__(self, found: Iterable[EntryPoint], block: Collection[str] = (), folders: Iterable[Path] = ()) -> None:
        self._found, self._block = tuple(found), block
        self._folders = tuple(dict.fromkeys(folder.resolve() for folder in folders))
        lying: list[Source] = [plugin for folder in self._folders for plugin in plugins_in(folder, OURS)]
        self._waiting: list[Source] = sorted(
            (entry for entry in [*self._found, *lying] if entry.name not in block), key=_order
        )
        self._pluggy = pluggy.PluginManager(GROUP)
        self._pluggy.add_hookspecs(hookspecs)
        self._claims: dict[str, list[tuple[Source, ConnectorClass]]] = {}
        self._facts: dict[str, list[FactMaker]] = {}
        self._faults: list[Fault] = []
        self._broken: list[tuple[FolderPlugin, str]] = []

    def within(self, folders: Iterable[Path]) -> Plugins:
        """These plugins and those that lie in some folders; itself where it has these folders already."""
        wanted = tuple(folder.resolve() for folder in folders)
        return self if set(wanted) <= set(self._folders) else Plugins(self._found, self._block, wanted)

    def connector(self, type: str) -> ConnectorClass | None:
        """The connector of this type; other plugins are loaded only where none of this name brings it."""
        steps: tuple[Callable[[Source], bool], ...] = (
            lambda entry: entry.name == type and _installed(entry),
            lambda entry: _installed(entry) and not _is_ours(entry),  # whose names ours are not is not known before
            lambda entry: entry.name == type,
            lambda entry: True,
        )
        for wanted in steps:
            if type not in self._claims:
                self._load(wanted)
        return self._winner(type)[1] if type in self._claims else None

    def connectors(self) -> dict[str, ConnectorClass]:
        """All connectors by type; loads every plugin."""
        self._load(lambda entry: True)
        return {type: self._winner(type)[1] for type in sorted(self._claims)}

    def fact_makers(self, plugin: str) -> dict[str, FactMaker] | None:
        """The facts that the plugin of an entry point's name makes, by name; None when there is no such plugin."""
        self._load(lambda entry: entry.name == plugin)
        brought = self._facts.get(plugin)
        return None if brought is None else {maker.name: maker for maker in brought}

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the plugins of this environment; loads every one."""
        self._load(lambda entry: True)
        doubles = [
            _fault(entry, f'the connector type "{type}" is already brought by {_label(self._winner(type)[0])}')
            for type, claims in self._claims.items()
            for entry, connector in claims
            if connector is not self._winner(type)[1]
        ]
        return tuple(sorted({*self._faults, *doubles}))

    def why_missing(self, type: str) -> str:
        """Why the plugin that should bring this type does not; empty when there is no such plugin."""
        named = (fault.reason for fault in self._faults if fault.plugin == type)
        return next(named, "") or next((why for plugin, why in self._broken if type in plugin.types()), "")

    def origin(self, type: str) -> str:
        """Where the connector of this type comes from: a distribution with its version, or a file in a folder."""
        if self.connector(type) is None:
            return "-"
        entry = self._winner(type)[0]
        if isinstance(entry, FolderPlugin):
            return entry.place
        return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "-"

    def _winner(self, type: str) -> tuple[Source, ConnectorClass]:
        """Of several plugins with one type ours counts, then an installed one, then the one that is named after it."""
        return min(
            self._claims[type],
            key=lambda claim: (not _is_ours(claim[0]), not _installed(claim[0]), claim[0].name != type),
        )

    def _load(self, wanted: Callable[[Source], bool]) -> None:
        chosen = [entry for entry in self._waiting if wanted(entry)]
        self._waiting = [entry for entry in self._waiting if not wanted(entry)]
        for entry in chosen:
            try:
                self._register(entry)
            except (Exception, SystemExit) as error:  # a stranger's code may fail in any way
                self._blame(entry, error)

    def _blame(self, entry: Source, error: BaseException) -> None:
        reason = entry.reason(error) if isinstance(entry, FolderPlugin) else _reason(error)
        self._faults.append(_fault(entry, reason))
        if isinstance(entry, FolderPlugin):
            self._broken.append((entry, reason))

    def _register(self, entry: Source) -> None:
        plugin, name = entry.load(), _label(entry)
        self._pluggy.register(plugin, name)
        try:
            self._pluggy.check_pending()
            if not self._pluggy.get_hookcallers(plugin):
                raise TypeError(
                    "it implements no hook of KeHub (wanted: kehub_connectors or kehub_facts, marked with @hookimpl)"
                )
            brought = self._brought(plugin, "kehub_connectors")
            made = self._brought(plugin, "kehub_facts")
        except (Exception, SystemExit):
            self._pluggy.unregister(plugin, name)
            raise
        for connector in brought:
            self._claim(entry, connector)
        self._facts[entry.name] = [maker for maker in made if isinstance(maker, FactMaker)]

    def _brought(self, plugin: object, hook: str) -> list[object]:
        others = [other for other in self._pluggy.get_plugins() if other is not plugin]
        answers = self._pluggy.subset_hook_caller(hook, remove_plugins=others)()
        return [one for answer in answers for one in answer]

    def _claim(self, entry: Source, connector: Any) -> None:
        flaw = connector_flaw(connector)
        if flaw:
            self._faults.append(_fault(entry, f"{getattr(connector, '__name__', connector)!s}: {flaw}"))
        else:
            self._claims.setdefault(connector.type, []).append((entry, connector))


def connector_flaw(connector: object) -> str:
    """What keeps an object from being a connector class; empty when nothing does."""
    if not (isinstance(connector, type) and issubclass(connector, Connector)):
        return "not a subclass of hub.connector.Connector"
    name = getattr(connector, "type", None)
    if not isinstance(name, str) or not re.fullmatch(CONNECTION_NAME, name):
        return "its `type` must be lower-case letters, digits and _, with a letter first"
    settings = getattr(connector, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, ConnectorSettings)):
        return "its `Settings` must be a subclass of hub.connector.ConnectorSettings"
    taken = sorted(set(settings.model_fields) & set(ConnectionShape.model_fields))
    return f"its `Settings` use a key that every connection has: {', '.join(taken)}" if taken else ""


def load_plugins(block: Collection[str] = (), folders: Iterable[Path] = ()) -> Plugins:
    """The plugins installed here and those in `folders`, without the ones named in `block`; none is imported yet."""
    return Plugins(entry_points(group=GROUP), block, folders)


def foreign_packages(found: Iterable[Distribution] | None = None) -> tuple[Foreign, ...]:
    """Whoever else ships a package or a folder under one of our names (such names exist on PyPI).

    Looks at what the installed distributions list and at where Python finds each name. Takes some milliseconds, as
    it reads each distribution's list of files.
    """
    shipped = {row for dist in (distributions() if found is None else found) for row in _shipped(dist)}
    home = Path(__file__).resolve().parents[1]
    named = {row.package for row in shipped}
    shadows = {Foreign(name, "", place) for name in OURS for place in _elsewhere(name, home) if name not in named}
    return tuple(sorted(shipped | shadows))


def refuse_foreign() -> None:
    """Stop when one of our packages is not ours: SettingsError with the culprits' names."""
    culprits = [f'"{row.package}" of {row.distribution or row.place}' for row in foreign_packages()]
    if culprits:
        what = "another package has a name of KeHub's: " + ", ".join(culprits)
        raise SettingsError(what, where=sys.prefix, remedy="install kehub in an environment of its own")


_LISTED = re.compile(rf"^({'|'.join(OURS)})(?:/|\.py,|$)", re.MULTILINE)


def _shipped(dist: Distribution) -> Iterator[Foreign]:
    """RECORD is what wheels list, top_level.txt what older installations have."""
    listed = (dist.read_text("RECORD") or "") + "\n" + (dist.read_text("top_level.txt") or "")
    for package in set(_LISTED.findall(listed)):
        if dist.name.lower() != GROUP:
            yield Foreign(package, dist.name, str(dist.locate_file(package)))


def _elsewhere(name: str, home: Path) -> Iterator[str]:
    spec = importlib.util.find_spec(name)
    places = [Path(place).resolve() for place in (spec.submodule_search_locations if spec else None) or ()]
    if home / name not in places:
        yield str(places[0]) if places else "nowhere"


def _installed(entry: Source) -> bool:
    return not isinstance(entry, FolderPlugin)


def _is_ours(entry: Source) -> bool:
    return entry.dist is not None and _named(entry.dist).lower() == GROUP


@lru_cache
def _named(dist: Distribution) -> str:
    """A distribution's name, which is read from its files each time that one asks it."""
    return dist.name


def _order(entry: Source) -> tuple[bool, bool, str, str]:
    return not _is_ours(entry), not _installed(entry), _home(entry), entry.name


def _home(entry: Source) -> str:
    """What a plugin is part of: a distribution, or the file itself."""
    if isinstance(entry, FolderPlugin):
        return entry.place
    return _named(entry.dist) if entry.dist else ""


def _label(entry: Source) -> str:
    return str(entry.path) if isinstance(entry, FolderPlugin) else f"{_home(entry) or '-'}:{entry.name}"


def _fault(entry: Source, reason: str) -> Fault:
    return Fault(entry.name, _home(entry), reason)


def _reason(error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"
