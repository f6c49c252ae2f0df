"""How a connector and its twin meet: what the contract suite, the score card and the sandbox have to know of both.

Every twin package names its own:

    STAND = Stand("shop", ShopTwin, {"url": "{url}", "key": "${SHOP_KEY}"}, {"SHOP_KEY": "twin-key"}, {"customers": "people"})
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.connector import Connector
from hub.testing.twin import Clock, Population, Twin


@dataclass(frozen=True)
class Stand:
    """A connector's type and its twin, and the connection that leads from one to the other.

    `settings` is the connection's block in the configuration, without `type`; "{url}" in a text is the twin's address,
    "{folder}" the folder that it settled in. `secrets` are the environment variables that it takes. `modules` gives
    the twin's module for each stream, as `Twin.edit` and `Twin.records` name it. `small` are the further settings that
    make a read of some tens of rows take several pages, `jobs` those that make a complete read an export job (none:
    there are no such jobs). `options` are those of the twin (`Options` of its class) under which the suite plays.
    `born` are further values that a new record of the people needs; "{text}" is something that no other record has.
    `signs_with` is the variable among `secrets` that webhooks are signed with. `strikes` are the faults that can strike
    this twin, where not all can. `connector` is the class itself, where it is not installed. `exempt` gives the checks
    that do not fit this system, each with the reason that its score card shows.
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
    signs_with: str = ""
    strikes: tuple[str, ...] | None = None
    connector: builtins.type[Connector[Any]] | None = None
    exempt: Mapping[str, str] = field(default_factory=dict)


def filled(value: Any, **known: object) -> Any:
    """A stand's value with its `{url}`, `{folder}` or `{text}` filled in."""
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"{{{name}}}", str(text))
        return value
    if isinstance(value, Mapping):
        return {name: filled(part, **known) for name, part in value.items()}
    return [filled(part, **known) for part in value] if isinstance(value, list | tuple) else value


def twin_of(kind: type[Twin], population: Population, clock: Clock, options: Mapping[str, Any]) -> Twin:
    """A twin of a kind; `options` are fields of its `Options`, where it has any."""
    own = getattr(kind, "Options", None)
    made: Any = kind
    found: Twin = made(population, clock, **({"options": own(**options)} if own else {}))
    return found
