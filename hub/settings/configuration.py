"""A checked configuration, as the rest of KeHub sees it."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from hub.connector import Connector, ConnectorSettings, Mapping, Stream
from hub.errors import SettingsError
from hub.forms import Place
from hub.model import Brand, StaffMember, StorePlace
from hub.settings.fields import SiteField, mapping_digest, merged
from hub.settings.problems import guess
from hub.settings.rule_shape import Rules
from hub.settings.shape import Brakes, IdentityLimits, Network, Receiver, Retention
from rules.ruleset import RuleSet

ConnectorClass = type[Connector[Any]]


@dataclass(frozen=True)
class Connection:
    """One system as this brand connects it.

    `rank` is the order of writing, from 1; 0 is left to the built-in connection of staff corrections. `settings` is
    the connector's own model, checked. `fields` is the site's field map for all streams, see `mapping`.
    """

    name: str
    rank: int
    type: str
    connector_class: ConnectorClass
    settings: ConnectorSettings
    apply: str = "ask"
    paused: bool = False
    create: bool = False
    fields: tuple[SiteField, ...] = ()
    hook_window_seconds: int | None = None

    def mapping(self, stream: Stream) -> Mapping:
        """The stream's mapping with the site's field map laid over it."""
        return merged(stream.mapping, stream.name, self.fields)

    def mapping_digest(self, stream: Stream, place: Place) -> str:
        """Changes when the same foreign row would be read as another record."""
        return mapping_digest(self.mapping(stream), place)


@dataclass(frozen=True)
class Configuration:
    """One brand's `kehub.yaml`. `store` is an absolute path or a PostgreSQL address (which holds a password).

    `written` are the rules as they stand in the file, `rules` what they mean.
    """

    path: Path
    brand: Brand
    place: Place
    store: str = field(repr=False)
    key_file: str
    retention: Retention
    network: Network
    identity: IdentityLimits
    brakes: Brakes
    approval_hours: int
    hold_days: int
    stores: tuple[StorePlace, ...]
    staff: tuple[StaffMember, ...]
    survivorship: Rows[str, tuple[str, ...]]
    written: Rules
    rules: RuleSet
    connections: tuple[Connection, ...]
    receiver: Receiver = field(default_factory=Receiver)

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def rules_digest(self) -> str:
        """Changes when somebody may be decided otherwise: rules, survivorship, time zone or currency; never by the
        file's formatting or by writing a default out."""
        brand = [self.brand.time_zone, self.brand.currency]
        bought = [self.written.bought, [rate.model_dump(mode="json") for rate in self.written.rates]]
        read = [self.rules.digest, bought, {name: list(order) for name, order in self.survivorship.items()}, brand]
        text = orjson.dumps(read, option=orjson.OPT_SORT_KEYS)
        return blake2b(text, digest_size=16).hexdigest()

    def connection(self, name: str) -> Connection:
        """The connection of this name; SettingsError when there is none."""
        for connection in self.connections:
            if connection.name == name:
                return connection
        names = [connection.name for connection in self.connections]
        remedy = "connections: " + (", ".join(names) or "none yet")
        raise SettingsError(
            f'no connection is called "{name}"{guess(name, names)}', where=str(self.path), remedy=remedy
        )
