"""Finds and loads plugins, one by one; a broken one is a `Fault` for `kehub doctor`, never fatal.

Everything comes through the entry points of group `kehub`, our own connectors too. An entry point is loaded when a
connector of its name is asked for, all of them when the whole list is.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any

import pluggy

from hub import hookspecs
from hub.connector import Connector, ConnectorSettings
from hub.errors import SettingsError
from hub.maker import FactMaker
from hub.settings.shape import CONNECTION_NAME, ConnectionShape

GROUP = "kehub"
OURS = ("hub", "connectors", "rules", "sync", "config")
"""Our top-level packages; nobody else's may have these names."""

ConnectorClass = type[Connector[Any]]


@dataclass(frozen=True, order=True)
class Fault:
    """A plugin, or one connector of it, that cannot be used, and why."""

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

    def __init__(self, found: Iterable[EntryPoint], block: Collection[str] = ()) -> None:
        self._waiting = sorted((entry for entry in found if entry.name not in block), key=_order)
        self._pluggy = pluggy.PluginManager(GROUP)
        self._pluggy.add_hookspecs(hookspecs)
        self._claims: dict[str, list[tuple[EntryPoint, ConnectorClass]]] = {}
        self._facts: dict[str, list[FactMaker]] = {}
        self._faults: list[Fault] = []

    def connector(self, type: str) -> ConnectorClass | None:
        """The connector of this type; other plugins are loaded only where none of this name brings it."""
        self._load(lambda entry: entry.name == type)
        if type not in self._claims:
            self._load(lambda entry: True)
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
        return next((fault.reason for fault in self._faults if fault.plugin == type), "")

    def _winner(self, type: str) -> tuple[EntryPoint, ConnectorClass]:
        """Of several plugins with one type ours counts, then the one that is named after it."""
        return min(self._claims[type], key=lambda claim: (not _is_ours(claim[0]), claim[0].name != type))

    def _load(self, wanted: Callable[[EntryPoint], bool]) -> None:
        chosen = [entry for entry in self._waiting if wanted(entry)]
        self._waiting = [entry for entry in self._waiting if entry not in chosen]
        for entry in chosen:
            try:
                self._register(entry)
            except (Exception, SystemExit) as error:  # a stranger's code may fail in any way
                self._faults.append(_fault(entry, _reason(error)))

    def _register(self, entry: EntryPoint) -> None:
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

    def _claim(self, entry: EntryPoint, connector: Any) -> None:
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


def load_plugins(block: Collection[str] = ()) -> Plugins:
    """The plugins installed here, without the entry points named in `block`; none is imported yet."""
    return Plugins(entry_points(group=GROUP), block)


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


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name.lower() == GROUP


def _order(entry: EntryPoint) -> tuple[bool, str, str]:
    return not _is_ours(entry), entry.dist.name if entry.dist else "", entry.name


def _label(entry: EntryPoint) -> str:
    return f"{entry.dist.name if entry.dist else '-'}:{entry.name}"


def _fault(entry: EntryPoint, reason: str) -> Fault:
    return Fault(entry.name, entry.dist.name if entry.dist else "", reason)


def _reason(error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"
