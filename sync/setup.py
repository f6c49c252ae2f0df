"""Everything a run works with: configuration, store, clock, and each connection's connector with its way out."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from hub.clock import Clock
from hub.connector import Connector, Stream, Tools
from hub.errors import SettingsError
from hub.model import local_day
from hub.settings import Configuration, Connection
from hub.store import Store, open_store
from hub.vault import master_key
from rules.ruleset import STAGE, RuleSet
from sync.destination import Destination
from sync.golden import Survivorship
from sync.landing import Shore
from sync.normalise import Normaliser


@dataclass
class Setup:
    """One opened configuration; `close` gives back budgets, leases and connections."""

    config: Configuration
    store: Store
    clock: Clock
    actor: str
    as_of: int
    connectors: dict[str, Connector[Any]] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def connector(self, connection: Connection) -> Connector[Any]:
        """The connection's connector, made at first use with a door of its own."""
        made = self.connectors.get(connection.name)
        if made is None:
            made = self.connectors[connection.name] = self._make(connection)
        return made

    def bare(self, connection: Connection) -> Connector[Any]:
        """A connector of the connection without a door: it can state, and calls nobody."""
        tools = Tools(
            connection.name, self.clock, self.config.place, str(self.config.folder), mapping=connection.mapping,
            creates=connection.create, decides=self.decides,
        )  # fmt: skip
        return connection.connector_class(connection.settings, tools)

    def _make(self, connection: Connection) -> Connector[Any]:
        made = self.bare(connection)
        if not made.uses_http:
            return made
        from hub.http.door import Door

        network = self.config.network
        door = Door(
            connection.name,
            replace(made.dialect(), timeout=network.timeout_seconds),
            clock=self.clock,
            tokens=self.store.tokens,
            budgets=self.store.budgets,
            proxy=network.proxy or "",
            ca_bundle=network.ca_bundle or "",
            leave=self.store.db.leave,
        )
        self._stack.callback(door.close)
        made.tools = replace(made.tools, http=door)
        return made

    def readers(self, connection: Connection, only: Iterable[str] = ()) -> list[Normaliser]:
        """One normaliser a stream of the connection, with the site's field map laid over the connector's mapping."""
        wanted = set(only)
        streams = {stream.name: stream for stream in self.connector(connection).streams()}
        unknown = wanted - streams.keys()
        if unknown and not wanted & streams.keys():
            raise SettingsError(
                f"{connection.name} has no stream {sorted(unknown)[0]!r}",
                where="--stream",
                remedy="streams: " + ", ".join(streams),
            )
        return [self._reader(connection, stream) for name, stream in streams.items() if not wanted or name in wanted]

    def _reader(self, connection: Connection, stream: Stream) -> Normaliser:
        mapped = replace(stream, mapping=connection.mapping(stream))
        digest = connection.mapping_digest(stream, self.config.place)
        return Normaliser(mapped, self.config.place, self.store.vault, self.config.brand.currency, digest)

    def destination(self, connection: Connection) -> Destination | None:
        """The connection as a destination; None when it is only read."""
        target = self.connector(connection).target()
        if target is None:
            return None
        (reader,) = self.readers(connection, [target.stream])
        tagging = connection.connector_class.tagging(connection.settings)
        return Destination(connection.name, reader.stream, target, connection.create, tagging)

    def shore(self, connection: Connection, run: int) -> Shore | None:
        """The destination with all that apply and settle need."""
        destination = self.destination(connection)
        if destination is None:
            return None
        (reader,) = self.readers(connection, [destination.target.stream])
        return Shore(self.store, run, destination, self.connector(connection), reader)

    def chosen(self, only: Iterable[str] = ()) -> list[Connection]:
        """The connections a run works on: those asked for, else all that are not paused."""
        names = list(only)
        if names:
            return [self.config.connection(name) for name in names]
        paused = self.store.runs.paused()
        return [c for c in self.config.connections if not c.paused and c.name not in paused]

    @property
    def ranks(self) -> dict[str, int]:
        """connection -> its place in resolve order; corrections come last, so that they never found a customer."""
        return {**{connection.name: connection.rank for connection in self.config.connections}, "staff": 1000}

    @property
    def survivorship(self) -> Survivorship:
        """Who is believed about which field."""
        return Survivorship(self.config.survivorship, self.ranks)

    @property
    def rules(self) -> RuleSet:
        """The brand's rules, with what else decisions rest on."""
        return replace(self.config.rules, basis=self.config.rules_digest)

    @property
    def decides(self) -> dict[str, tuple[str, ...]]:
        """The values that the rules can give each decided field."""
        known = {one.name: tuple(choice.value for choice in one.choices) for one in self.rules.programmes}
        stages = known.pop(STAGE)
        return {"tier": known.get(self.main_tier, ()), STAGE: stages, **{f"tier.{name}": known[name] for name in known}}

    @property
    def basis(self) -> str:
        """Changes when anybody may be decided or planned otherwise: then everybody is looked at once."""
        read: list[Any] = [self.config.rules_digest]
        for connection in self.config.connections:
            destination = self.destination(connection)
            if destination is not None:
                entries = [[e.ours, e.theirs, e.form.name, e.owner, e.fill_empty, sorted(e.values.items()), e.max_length,
                            e.required, e.tags.of, e.tags.prefix, e.tags.own] for e in destination.fields()]  # fmt: skip
                read.append([connection.name, connection.create, entries])
        return blake2b(orjson.dumps(read), digest_size=16).hexdigest()

    @property
    def told(self) -> str:
        """Changes when the same records would tell otherwise who somebody is: then all profiles are made again."""
        read = [{name: list(order) for name, order in self.config.survivorship.items()}, list(self.ranks.items())]
        return blake2b(orjson.dumps([*read, self.config.brand.time_zone]), digest_size=8).hexdigest()

    @property
    def main_tier(self) -> str:
        """The programme that a mapping's plain `tier` means: the first one written."""
        return self.config.rules.main

    def record(self, command: str, **facts: object) -> None:
        """Note in the list of runs who changed what by a command that reads no system."""
        self.store.runs.record(command, self.actor, self.as_of, **facts)

    def close(self) -> None:
        """Give everything back."""
        self._stack.close()
        self.store.leases.release()
        self.store.close()


def open_setup(config: Configuration, clock: Clock, actor: str, as_of: date | None = None) -> Setup:
    """Open the configuration's store with its master key; SettingsError for a lost or wrong key."""
    store = open_store(config.store, master_key(config.key_file, Path(config.folder)), clock)
    day = as_of.toordinal() if as_of else local_day(clock.now(), config.place.zone)
    return Setup(config, store, clock, actor, day)
