"""What went over the wire: kept in memory, with everything personal still in it, while a connection is only read."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.errors import UnsafePlan
from hub.http.answer import Answer
from hub.http.auth import Outgoing
from hub.http.door import Door
from hub.http.transport import Body, Fault, Line


@dataclass(frozen=True)
class Heard:
    """One exchange as it was. `stream` is the one that was being read, "" while the connection was checked."""

    stream: str
    method: str
    origin: str
    path: str
    query: tuple[tuple[str, str], ...] = field(repr=False)
    body: Any = field(repr=False)
    answer: Answer


@dataclass
class Tape:
    """All exchanges of one recording, in the order in which their answers came."""

    stream: str = ""
    heard: list[Heard] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outgoing: Outgoing, body: Body, answer: Answer) -> None:
        """Keep one exchange."""
        origin, path, query, told = asked(outgoing, body)
        with self._lock:
            self.heard.append(Heard(self.stream, outgoing.method, origin, path, query, told, answer))

    def line(self, proxy: str = "", ca_bundle: str = "", timeout: float = 60.0) -> Line:
        """A line that keeps what goes over it."""
        return _Recording(self, proxy, ca_bundle, timeout)


class _Recording(Line):
    def __init__(self, tape: Tape, proxy: str, ca_bundle: str, timeout: float) -> None:
        super().__init__(proxy, ca_bundle, timeout)
        self._tape = tape

    def send(self, outgoing: Outgoing, body: Body, timeout: float | None = None) -> Answer | Fault:
        got = super().send(outgoing, body, timeout)
        if isinstance(got, Answer):
            self._tape.add(outgoing, body, got)
        return got


class ReadingDoor(Door):
    """A door through which nothing is written, whatever a connector asks for."""

    def request(self, method: str, path: str, *, writes: bool = False, **more: Any) -> Answer:
        """As `Door.request`; UnsafePlan for a request that writes."""
        if writes:
            what = "the connector wants to write while it is only being read"
            raise UnsafePlan(what, where=self.connection, remedy="nothing was sent; tell the connector's author")
        return super().request(method, path, **more)


def asked(outgoing: Outgoing, body: Body) -> tuple[str, str, tuple[tuple[str, str], ...], Any]:
    """A request taken apart: the system's address, the path, the parameters in pairs, and the body as a value."""
    parts = urlsplit(outgoing.url)
    query = (*parse_qsl(parts.query, keep_blank_values=True), *_pairs(outgoing.params))
    told = outgoing.json if outgoing.json is not None else _form(body.content)
    return f"{parts.scheme}://{parts.netloc}", unquote(parts.path), query, told


def _pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters as they go out; a list's values one by one."""
    listed = ((name, value if isinstance(value, list | tuple) else [value]) for name, value in params.items())
    return [(name, _text(one)) for name, values in listed for one in values]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _form(content: Any) -> Any:
    """Form fields; other bodies, which may be files, only by that they are there."""
    if isinstance(content, Mapping):
        return dict(content)
    return None if not content else {"(bytes)": len(content)}
