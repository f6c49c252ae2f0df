"""How a connector and its twin meet: what the contract suite, the score card and the sandbox have to know of both.

Every twin package names its own:

    STAND = Stand("shop", ShopTwin, {"url": "{url}", "key": "${SHOP_KEY}"}, {"SHOP_KEY": "twin-key"}, {"customers": "people"})
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
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
        if package and find_spec(f"{package}.twin") is not None:
            found = getattr(import_module(f"{package}.twin"), "STAND", None)
            if isinstance(found, Stand):
                return found
    raise SettingsError(
        "this connector has no twin that could be played against",
        where=connector.type,
        remedy="write a `twin` beside it that names its STAND; see docs/tutorial/first-connector.md",
    )
