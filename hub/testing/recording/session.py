"""One recording: the connection is checked and read through a door that keeps what it hears and lets no write pass; then
everything personal is replaced, the result is read by the connector itself as a proof, looked through for leaks, and
written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from hub.clock import Clock, FixedClock
from hub.connector import Connector, Finding, Page, Stream, Token, Window
from hub.errors import HubError, SettingsError, UnsafePlan
from hub.http.keyring import TokenStore
from hub.http.transport import Line
from hub.testing.recording.fixture import FACTS, SEED, Exchange, refuse_full, write
from hub.testing.recording.invented import Invented
from hub.testing.recording.kinds import Kinds
from hub.testing.recording.leaks import refuse_leaks
from hub.testing.recording.replay import Replay
from hub.testing.recording.scrub import Scrubber
from hub.testing.recording.seed import rows_as_ours
from hub.testing.recording.tape import ReadingDoor, Tape

_WORDS = (("good", True), ("bad", False))
_TRIES = 6
Make = Callable[[], Connector[Any]]


@dataclass
class Session:
    """One recording of one connection.

    `make` gives the connector without a door. `only` are the streams to read (none: all), `most` the pages of each (0:
    to the end). `tokens` is the store's: the sign-in is done anew, so that it is in the recording too.
    """

    make: Make
    clock: Clock
    tokens: TokenStore
    only: Sequence[str] = ()
    most: int = 0
    proxy: str = ""
    ca_bundle: str = ""
    timeout: float = 60.0
    tape: Tape = field(default_factory=Tape)
    findings: list[Finding] = field(default_factory=list)
    _read: dict[str, int] = field(default_factory=dict)

    def record(self, folder: Path) -> dict[str, Any]:
        """Record into a folder, and give the facts; nothing is written when anything fails.

        SettingsError for an unknown stream, a folder that is in use, a connector without a network; UnsafePlan when a
        personal value would be left, or the recording cannot be read by the connector itself.
        """
        refuse_full(folder)
        if not self.make().uses_http:
            remedy = "copy its files and change them by hand"
            raise SettingsError("this connection uses no network", where=self._name, remedy=remedy)
        with self._opened(self.tape.line, Renewing(self.tokens), self.clock) as connector:
            streams = self._streams(connector)
            self.findings = list(connector.check())
            for stream in streams:
                self.tape.stream = stream.name
                self._read[stream.name] = sum(len(page.rows) for page in self._pages(connector, stream))
        for left in reversed(range(_TRIES)):
            try:
                exchanges, facts, seed = self._scrubbed(streams)
                break
            except UnsafePlan:
                if not left:
                    raise
        write(folder, exchanges, facts, seed)
        return {**facts, "folder": str(folder)}

    def _scrubbed(self, streams: Sequence[Stream]) -> tuple[list[Exchange], dict[str, Any], dict[str, Any]]:
        """Everything that is to be written, looked through. What chance drew may be somebody's by accident: then
        UnsafePlan is raised, and another draw is worth a try."""
        scrubber = self._scrubber(streams)
        exchanges = scrubber.all(self.tape.heard)
        seed = rows_as_ours(streams, self._read_again(exchanges), scrubber.invented.place)
        facts = self._facts(scrubber, exchanges)
        self._look_over(exchanges, {FACTS: facts, SEED: seed}, scrubber)
        return exchanges, facts, seed

    # -- reading

    @contextmanager
    def _opened(
        self, lines: Callable[[str, str, float], Line], tokens: TokenStore, clock: Clock
    ) -> Iterator[Connector[Any]]:
        connector = self.make()
        dialect = replace(connector.dialect(), timeout=self.timeout)
        with ReadingDoor(
            self._name, dialect, clock=clock, tokens=tokens, proxy=self.proxy, ca_bundle=self.ca_bundle, lines=lines
        ) as door:
            connector.tools = replace(connector.tools, http=door)
            yield connector

    @property
    def _name(self) -> str:
        return self.make().tools.connection

    def _streams(self, connector: Connector[Any]) -> list[Stream]:
        known = {one.name: one for one in connector.streams()}
        unknown = [name for name in self.only if name not in known]
        if unknown:
            what, remedy = f"{self._name} has no stream {unknown[0]!r}", "streams: " + ", ".join(known)
            raise SettingsError(what, where="--stream", remedy=remedy)
        chosen = [known[name] for name in self.only] or list(known.values())
        return [replace(one, mapping=connector.tools.mapping(one)) for one in chosen]

    def _pages(self, connector: Connector[Any], stream: Stream) -> Iterator[Page]:
        pages = connector.read(stream, Window(None, connector.server_time()), None)
        try:
            yield from islice(pages, self.most or None)
        finally:
            if isinstance(pages, Generator):  # what it has under way ends in this thread
                pages.close()

    def _read_again(self, exchanges: Sequence[Exchange]) -> dict[str, list[dict[str, Any]]]:
        """The rows that the connector reads from the scrubbed recording; UnsafePlan unless they are as many as before."""
        try:
            return self._replayed(Replay(exchanges))
        except UnsafePlan:
            raise
        except HubError as fault:
            lost = next((f"{one.method} {one.path}" for one in exchanges if one.holds == "other"), "")
            what = "the connector cannot read the recording"
            remedy = f"the answer to {lost} is no JSON and cannot be kept: read without it" if lost else fault.what
            raise UnsafePlan(what, where=fault.where or self._name, remedy=remedy, code=fault.code) from None

    def _replayed(self, replay: Replay) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with self._opened(replay.line, InMemory(), FixedClock(self.clock.now())) as connector:
            list(connector.check())
            for stream in self._streams(connector):
                found[stream.name] = [dict(row) for page in self._pages(connector, stream) for row in page.rows]
                if len(found[stream.name]) != self._read[stream.name]:
                    what = f"of {self._read[stream.name]} rows only {len(found[stream.name])} can be read from it again"
                    raise UnsafePlan(what, where=stream.name, remedy="record again when nobody changes anything there")
        return found

    # -- replacing

    def _scrubber(self, streams: Sequence[Stream]) -> Scrubber:
        connector = self.make()
        every = [replace(one, mapping=connector.tools.mapping(one)) for one in connector.streams()]
        read = [one for one in every if one.name not in {stream.name for stream in streams}]
        decided = {value for values in connector.tools.decides.values() for value in values}
        invented = Invented(connector.tools.place)
        return Scrubber(Kinds((*streams, *read)), invented, codes=frozenset(decided), secrets=secrets_of(connector))

    def _look_over(self, exchanges: Sequence[Exchange], more: dict[str, Any], scrubber: Scrubber) -> None:
        files: dict[str, Any] = {f"{place:04d}.json": vars(one) for place, one in enumerate(exchanges, 1)}
        place = scrubber.invented.place
        refuse_leaks({**files, **more}, scrubber.originals, scrubber.secrets, place)

    def _facts(self, scrubber: Scrubber, exchanges: Sequence[Exchange]) -> dict[str, Any]:
        connector = self.make()
        fields = sorted(scrubber.kept.keys() | scrubber.replaced.keys())
        return {
            "type": connector.type,
            "connection": self._name,
            "exchanges": len(exchanges),
            "rows": self._read,
            "checks": {word: sum(1 for one in self.findings if one.good is good) for word, good in _WORDS},
            "whole": not self.most,
            "fields": [
                {
                    "field": name,
                    "as": kind,
                    "kept": scrubber.kept[name, kind],
                    "replaced": scrubber.replaced[name, kind],
                }
                for name, kind in fields
            ],
        }


def secrets_of(connector: Connector[Any]) -> frozenset[str]:
    """The secret values of a connection's settings, at any depth."""
    return frozenset(_secrets(connector.settings))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for one in vars(value).values():
            yield from _secrets(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets(one)


def _none(token: Token) -> bool:
    return False


@dataclass
class Renewing:
    """A store's tokens, of which the first one is taken for stale: so the sign-in is seen once."""

    tokens: TokenStore
    renewed: bool = False

    def held(self, connection: str) -> Token:
        """As the store's."""
        return self.tokens.held(connection)

    def claim(self, connection: str, holder: str, usable: Callable[[Token], bool]) -> Any:
        """As the store's."""
        return self.tokens.claim(connection, holder, usable if self.renewed else _none)

    def keep(self, connection: str, body: Mapping[str, Any], expires: int) -> None:
        """As the store's."""
        self.renewed = True
        self.tokens.keep(connection, body, expires)

    def refuse(self, connection: str, until: int) -> None:
        """As the store's."""
        self.tokens.refuse(connection, until)

    def release(self, connection: str, holder: str) -> None:
        """As the store's."""
        self.tokens.release(connection, holder)


@dataclass
class InMemory:
    """A token for the length of a replay."""

    token: Token = field(default_factory=Token)

    def held(self, connection: str) -> Token:
        """What is there."""
        return self.token

    def claim(self, connection: str, holder: str, usable: Callable[[Token], bool]) -> Any:
        """The token, or the right to fetch one."""
        return ("usable" if usable(self.token) else "ours"), self.token

    def keep(self, connection: str, body: Mapping[str, Any], expires: int) -> None:
        """Keep it."""
        self.token = Token(dict(body), expires)

    def refuse(self, connection: str, until: int) -> None:
        """A recording asks nobody to wait."""

    def release(self, connection: str, holder: str) -> None:
        """Nobody else wants it."""
