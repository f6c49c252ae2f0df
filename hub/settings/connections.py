"""The connections of a configuration: finding each one's connector and checking its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from hub.connector import ConnectorSettings
from hub.maker import FactMaker
from hub.settings.check import Checker
from hub.settings.clear import secrets_in_the_clear
from hub.settings.configuration import Connection, ConnectorClass
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.shape import BUILT_IN, CONNECTION_NAME, ConnectionShape
from hub.settings.tree import Leaf, Node, Table

_OWN = tuple(ConnectionShape.model_fields)


class Catalogue(Protocol):
    """What the settings ask of the plugins (`hub.plugins.Plugins`)."""

    def connector(self, type: str) -> ConnectorClass | None:
        """The connector of this type; only what is needed for it is loaded."""
        ...

    def connectors(self) -> dict[str, ConnectorClass]:
        """All connectors by type."""
        ...

    def within(self, folders: Iterable[Path]) -> Catalogue:
        """The same with the plugins that lie in these folders."""
        ...

    def why_missing(self, type: str) -> str:
        """Why a connector that should be there is not; empty when nothing is known of it."""
        ...

    def fact_makers(self, plugin: str) -> dict[str, FactMaker] | None:
        """The facts that a plugin makes, by name; None when there is no such plugin."""
        ...


class ConnectionReader:
    """Reads the entries below `connections`."""

    def __init__(self, plugins: Catalogue, checker: Checker, problems: Problems) -> None:
        self._plugins = plugins
        self._checker = checker
        self._problems = problems

    def all(self, node: Node | None) -> list[Connection]:
        """The good connections in the order of writing, ranked from 1."""
        if node is None or (isinstance(node, Leaf) and node.value is None):
            return []
        if not isinstance(node, Table):
            remedy = "write `NAME:` and below it `type: ...`"
            self._problems.add(node.spot, '"connections": a mapping (key: value) is wanted here', remedy=remedy)
            return []
        ranked = enumerate(node.entries.items(), 1)
        found = [self._one(rank, name, entry, node.keys[name]) for rank, (name, entry) in ranked]
        return [connection for connection in found if connection is not None]

    def _one(self, rank: int, name: str, node: Node, home: Spot) -> Connection | None:
        self._check_name(name, home)
        if not isinstance(node, Table):
            self._problems.add(home, f'the connection "{name}" is empty', remedy="write `type: ...` below it")
            return None
        connector = self._connector(node)
        beside = connector.Settings.model_fields if connector else ()
        shape = self._checker.validated(ConnectionShape, node.only(_OWN), home, beside)
        settings = self._settings(connector, node.without(_OWN), home) if connector else None
        if shape is None or settings is None or connector is None:
            return None
        entries = {key: value for key, value in shape if key != "type"}
        return Connection(name, rank, shape.type, connector, settings, **entries)

    def _check_name(self, name: str, home: Spot) -> None:
        if name == BUILT_IN:
            remedy = "choose another name for the connection"
            self._problems.add(home, f'"{name}" is the built-in connection of staff corrections', remedy=remedy)
        elif not re.fullmatch(CONNECTION_NAME, name):
            remedy = "use lower-case letters, digits and _, with a letter first"
            self._problems.add(home, f'"{name}" cannot be the name of a connection', remedy=remedy)

    def _connector(self, node: Table) -> ConnectorClass | None:
        leaf = node.entries.get("type")
        if not isinstance(leaf, Leaf) or leaf.value is None:
            return None
        found = None if leaf.text == BUILT_IN else self._plugins.connector(leaf.text)
        if found is None:
            self._no_connector(leaf)
        return found

    def _no_connector(self, leaf: Leaf) -> None:
        reason = self._plugins.why_missing(leaf.text)
        if reason and leaf.text != BUILT_IN:
            what = f'the connector "{leaf.text}" cannot be used: {reason}'
            self._problems.add(leaf.spot, what, remedy="`kehub doctor` tells more")
            return
        known = sorted(set(self._plugins.connectors()) - {BUILT_IN})
        remedy = "known types: " + ", ".join(known)
        meant = nearest(leaf.text, known)
        nobody = (
            "" if meant or leaf.text == BUILT_IN else ": no installed package and no folder of `plugins:` brings it"
        )
        self._problems.add(leaf.spot, f'unknown connector type "{leaf.text}"{nobody}', meant=meant, remedy=remedy)

    def _settings(self, connector: ConnectorClass, table: Table, home: Spot) -> ConnectorSettings | None:
        secrets_in_the_clear(connector.Settings, table, self._problems)
        return self._checker.validated(connector.Settings, table, home, _OWN)
