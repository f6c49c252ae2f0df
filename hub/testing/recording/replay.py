"""A recording in the system's place: each request is answered by the recorded exchange that it is most like.

Alike are requests of one method, path and shape (names of parameters, form of the body; what signs a request does not
count). Of several the one whose values agree most is taken, the earliest first, each once; a request that is the same as
before in all but its times may be answered again. What was not recorded is answered by 404.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.http.answer import Answer
from hub.http.auth import Outgoing
from hub.http.transport import Body, Fault, Line
from hub.testing.recording.fixture import Exchange, exchanges_in
from hub.testing.recording.kinds import by_name
from hub.testing.recording.scrub import BASE, is_time
from hub.testing.recording.tape import asked

_NOT_RECORDED = Answer(404, {"content-type": "application/json"}, b'{"error":"NOT_RECORDED"}')


@dataclass(frozen=True)
class _Asked:
    """A request as it is compared: `leaves` are its values with their places, times left out."""

    method: str
    path: str
    shape: frozenset[str]
    leaves: frozenset[tuple[str, str]]


@dataclass
class Replay:
    """A recording that answers; as an ASGI app (`hub.testing.twin.serving`) or as a door's line."""

    exchanges: Sequence[Exchange]
    _asked: list[_Asked] = field(init=False)
    _played: set[int] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)
    """Requests (method and path) that the recording has no answer to."""

    def __post_init__(self) -> None:
        self._asked = [_compared(one.method, one.path, one.query, one.body) for one in self.exchanges]

    def answer(self, method: str, path: str, query: Sequence[Sequence[Any]], body: Any, base: str) -> Answer:
        """What the system answered to the request that is most like this one."""
        wanted = _compared(method, path, query, body)
        place = self._best(wanted)
        if place is None:
            self.unanswered.append(f"{method} {path}")
            return _NOT_RECORDED
        self._played.add(place)
        return _answered(self.exchanges[place], base)

    def _best(self, wanted: _Asked) -> int | None:
        head = (wanted.method, wanted.path, wanted.shape)
        alike = [n for n, one in enumerate(self._asked) if (one.method, one.path, one.shape) == head]
        unplayed = [place for place in alike if place not in self._played]
        again = [place for place in alike if self._asked[place].leaves == wanted.leaves]
        exact = [place for place in again if place not in self._played]
        for places in (exact, again, unplayed):
            if places:
                return max(places, key=lambda place: (len(self._asked[place].leaves & wanted.leaves), -place))
        return None

    def line(self, proxy: str = "", ca_bundle: str = "", timeout: float = 60.0) -> Line:
        """A line that ends here and not in the network."""
        return _Answering(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        raw = await request.body()
        query = parse_qsl(request.url.query, keep_blank_values=True)
        got = self.answer(request.method, request.url.path, query, _body(raw), str(request.base_url).rstrip("/"))
        await Response(got.content, got.status, dict(got.headers))(scope, receive, send)


class _Answering(Line):
    def __init__(self, replay: Replay) -> None:
        super().__init__()
        self._replay = replay

    def send(self, outgoing: Outgoing, body: Body, timeout: float | None = None) -> Answer | Fault:
        origin, path, query, told = asked(outgoing, body)
        return self._replay.answer(outgoing.method, path, query, told, origin)


def replayed(folder: Path) -> Replay:
    """The recording in a folder (`kehub connectors record`), as an app that answers in the system's place, from its start.

    with serving(replayed(Path("tests/recorded"))) as url: ...

    SettingsError where there is none.
    """
    return Replay(exchanges_in(folder))


def _answered(one: Exchange, base: str) -> Answer:
    content = b"" if one.holds == "none" else orjson.dumps(one.answer).replace(BASE.encode(), base.encode())
    return Answer(one.status, {name: value.replace(BASE, base) for name, value in one.headers.items()}, content)


def _compared(method: str, path: str, query: Sequence[Sequence[Any]], body: Any) -> _Asked:
    leaves = [*((f"?{name}", value) for name, value in query), *_leaves(body, "")]
    told = [(place, str(value)) for place, value in leaves if by_name(place.rpartition(".")[2].lstrip("?")) != "secret"]
    shape = frozenset(place for place, _ in told)
    return _Asked(method, path, shape, frozenset((place, text) for place, text in told if not is_time(text)))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, path)
    else:
        yield path, value


def _body(raw: bytes) -> Any:
    """A body as the recording has it: JSON, or form fields."""
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pairs = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
        return pairs or {"(bytes)": len(raw)}
