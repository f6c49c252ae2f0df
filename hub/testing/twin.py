"""The twin kit: what a stateful stand-in for a vendor's system is built on, served over HTTP on the loopback.

A twin states its endpoints and keeps its own records; the kit does the rest: a clock that can be moved, the Date
header, counters, faults (`twin_faults`), the control side under `/_twin/` (`twin_control`).

    class ShopTwin(Twin):
        name = "shop"
        def endpoints(self): return [Endpoint("GET", "/customers/{id}", self.one), ...]
        def one(self, call): return Answer(200, {"id": call.params["id"]})

    with serving(ShopTwin()) as url: ...        # in a thread, for tests
    python -m hub.testing.serve shop            # in a process of its own
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from hub.clock import Clock, RealClock
from hub.testing.people import Population
from hub.testing.twin_control import TwinClock, Wish, control_app
from hub.testing.twin_counts import Counts
from hub.testing.twin_deliver import Post
from hub.testing.twin_faults import Faults
from hub.testing.twin_pages import Pages
from hub.testing.twin_server import Stage, cut, serving

__all__ = [
    "Answer", "Call", "Clock", "Endpoint", "Kind", "Population", "Refusal", "Stage", "Twin", "TwinClock", "Wish",
    "serving",
]  # fmt: skip

Kind = Literal["read", "write", "auth"]
Found = TypeVar("Found")
_HTML = b"<!doctype html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"


@dataclass(frozen=True, eq=False)
class Call:
    """One request as a twin sees it; `params` are the parts of the path, header names are in lower case."""

    method: str
    path: str
    template: str
    kind: Kind
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none."""
        return orjson.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as form fields."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What a twin answers: a status, and a body of JSON, of bytes as they stand, or none."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body on the wire; a lone surrogate, which orjson refuses, goes out as the escape it came from."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        try:
            return orjson.dumps(self.body)
        except TypeError:
            return json.dumps(self.body).encode()


class Refusal(Exception):
    """A call that ends in an error: raised wherever a twin notices, answered by the kit with `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class Endpoint:
    """One call that a twin answers: method, path template, function, and whether it reads, writes or signs in."""

    method: str
    path: str
    answer: Callable[[Call], Answer]
    kind: Kind = "read"


class Twin:
    """Base of all twins, and the ASGI app that serves one.

    A call runs to its end before the next one starts; only waiting (`latency`, a stalled answer) overlaps. `latency`
    is in seconds and makes calls overlap, as they would in the real system.
    """

    name: ClassVar[str] = ""

    def __init__(self, population: Population | None = None, clock: Clock | None = None, latency: float = 0.0) -> None:
        self.population = population or Population()
        self.clock = TwinClock(clock or RealClock())
        self.latency = latency
        self.faults = Faults()
        self.pages = Pages(lambda fault, call: self.struck(fault, call) if self.lists(call) else None)
        self.counts = Counts()
        self.open_calls: list[Call] = []
        self._date_ahead = timedelta(0)
        self._endpoints = [(endpoint, compile_path(endpoint.path)[0]) for endpoint in self.endpoints()]
        self._control = control_app(self)

    def endpoints(self) -> Iterable[Endpoint]:
        """The calls that this twin answers; the first that matches wins."""
        raise NotImplementedError("a twin states its endpoints")

    def guard(self, call: Call) -> Answer | None:
        """Refuse a call before it is looked at (credentials, budget, concurrency); None lets it in.

        A Refusal that is raised here, or by an endpoint, is the call's answer.

        `open_calls` are the calls under way, this one among them.
        """
        return None

    def seal(self, call: Call, answer: Answer) -> Answer:
        """Add to an answer what every answer carries (limit headers)."""
        return answer

    def refusal(self, reason: str) -> Answer:
        """The system's own answer for `429`, `500`, `error_in_200`, `not_found` and `method`."""
        return Answer({"429": 429, "not_found": 404, "method": 405}.get(reason, 500), {"error": reason})

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """Everything that the system holds, canonical: two runs that end alike give equal states."""
        return {}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        return {}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """Create, change or delete a record as a user of the system would."""
        raise ValueError("this twin cannot be edited")

    def records(self, module: str) -> dict[str, dict[str, Any]]:
        """The living records of a module (as `edit` names it) by id, in the form that the connector's rows have."""
        raise NotImplementedError("a twin shows its records")

    def settle_in(self, folder: Path) -> None:
        """Take a folder for what a system without a network keeps in files; the configuration lies there too."""

    def nest(self, field: str, value: Any) -> dict[str, Any]:
        """The values of a wish that sets one field, by the name that a mapping gives it (dots walk into objects)."""
        head, _, rest = field.partition(".")
        return {head: self.nest(rest, value) if rest else value}

    def named(self, call: Call) -> Wish | None:
        """The first record that a writing call would change, as `edit` wants it named; None for other calls."""
        return None

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """Further POST routes of the control side, by name."""
        return {}

    def kill_tokens(self, *, for_good: bool) -> None:
        """Let all access tokens be invalid from now on; `for_good` means that they cannot be renewed either."""

    def lists(self, call: Call) -> bool:
        """Whether a call walks a listing; a look-up of rows that it names is no page of one, and no page fault's."""
        return True

    def tells(self, module: str, id_: str, url: str, secret: str) -> Post:
        """The webhook by which the system tells that a record changed just now, signed with a secret for an address."""
        raise NotImplementedError("this twin tells nothing by webhook")

    def race_tokens(self) -> None:
        """Let another client fetch a token, so that those in use are dead."""

    def struck(self, fault: str, call: Call) -> dict[str, Any] | None:
        """Whether a fault of the twin's own keeping strikes this call: its options, or None."""
        return self.faults.strikes(fault, call.kind, call.path)

    def wrote(self, op: str, module: str, record: str, fields: Iterable[str]) -> None:
        """Note that a record was written through the API; `automation` is a call that let automations start."""
        if op == "automation":
            self.counts.violations["automations_fired"] += 1
            return
        self.counts.rows[op] += 1
        self.counts.writes.append({"op": op, "module": module, "id": record, "fields": sorted(fields)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith("/_twin/"):
            await self._control(scope, receive, send)
            return
        await self._serve(Request(scope, receive), send)

    async def _serve(self, request: Request, send: Send) -> None:
        endpoint, params = self._find(request.method, request.url.path)
        call = await _call(request, endpoint, params)
        self.counts.calls[f"{call.method} {call.template}"] += 1
        self.counts.kinds[call.kind] += 1
        self.open_calls.append(call)
        self.counts.peak = max(self.counts.peak, len(self.open_calls))
        try:
            skew = self.struck("clock_skew", call) or {}
            seconds, header_only = float(skew.get("seconds", 0)), bool(skew.get("header_only"))
            self.clock.lean(0 if header_only else seconds)
            self._date_ahead = timedelta(seconds=seconds if header_only else 0)
            if (stall := self.struck("stall_before", call)) is not None:
                await asyncio.sleep(float(stall.get("seconds", 5)))
                await cut(request)
            elif self.struck("drop_before", call) is not None:
                await cut(request)
            else:
                await self._answer(request, send, call, endpoint)
        finally:
            self.open_calls.remove(call)

    async def _answer(self, request: Request, send: Send, call: Call, endpoint: Endpoint) -> None:
        """Let the call in or refuse it, wait as long as it takes, let it take effect, answer."""
        refusal = self._disturbed(call) or _answered(self.guard, call)
        if self.latency and refusal is None:
            await asyncio.sleep(self.latency)
        before = len(self.counts.writes)
        answer = self.seal(call, refusal or self._spoilt(call, self._done(call, endpoint)))
        effect = len(self.counts.writes) > before
        self.counts.written += effect
        self.counts.unanswered += effect
        try:
            await self._reply(request, send, call, answer)
        finally:
            self.counts.unanswered -= effect

    def _done(self, call: Call, endpoint: Endpoint) -> Answer:
        """Let the call take effect, and a clerk edit one of its records just before or just after."""
        named = self._named(call) if call.kind == "write" else None
        edit = self.struck("crossed_edit", call) if named else None
        late = edit is not None and edit.get("when", "before") == "after"
        if named and edit is not None and not late:
            self._cross(named, edit)
        answer = _answered(endpoint.answer, call)
        if named and edit is not None and late:
            self._cross(named, edit)
        return answer

    def _named(self, call: Call) -> Wish | None:
        try:
            return self.named(call)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None  # a body that makes no sense names nothing; the endpoint refuses it

    def _cross(self, named: Wish, edit: dict[str, Any]) -> None:
        self.clock.advance(1)
        self.edit({"op": "change", **named, "values": edit.get("values", {})})

    async def _reply(self, request: Request, send: Send, call: Call, answer: Answer) -> None:
        if (stall := self.struck("stall_after_write", call)) is not None:
            await asyncio.sleep(float(stall.get("seconds", 5)))
        if self.struck("drop_after", call) is not None:
            await cut(request)
            return
        self.counts.statuses[str(answer.status)] += 1
        await self._response(answer)(request.scope, request.receive, send)

    def _response(self, answer: Answer) -> Response:
        is_json = answer.body is not None and not isinstance(answer.body, bytes)
        kind = {"content-type": "application/json;charset=UTF-8"} if is_json else {}
        date = {"date": format_datetime(self.clock.now() + self._date_ahead, usegmt=True)}
        return Response(answer.content(), answer.status, {**kind, **date, **answer.headers})

    def _disturbed(self, call: Call) -> Answer | None:
        """The answer of a fault that keeps the call from happening."""
        if (dead := self.struck("dead_token", call)) is not None:
            self.kill_tokens(for_good=bool(dead.get("for_good")))
        if self.struck("racing_token", call) is not None:
            self.race_tokens()
        for fault in ("429", "500"):
            if (options := self.struck(fault, call)) is not None:
                after = options.get("retry_after")
                refusal = self.refusal(fault)
                return refusal if after is None else Answer(refusal.status, refusal.body, {"retry-after": str(after)})
        if self.struck("error_in_200", call) is not None:
            return Answer(200, self.refusal("error_in_200").body)
        if self.struck("html_in_200", call) is not None:
            return Answer(200, _HTML, {"content-type": "text/html; charset=utf-8"})
        return None

    def _spoilt(self, call: Call, answer: Answer) -> Answer:
        """The answer as it comes out when its JSON ends half-way."""
        if answer.status != 200 or self.struck("truncated", call) is None:
            return answer
        content = answer.content()
        return Answer(200, content[: len(content) // 2], {"content-type": "application/json;charset=UTF-8"})

    def _find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        found = [(one, match) for one, pattern in self._endpoints if (match := pattern.match(path))]
        for endpoint, match in found:
            if endpoint.method == method:
                return endpoint, _parts(match)
        reason = "method" if found else "not_found"
        return Endpoint(method, "(none)", lambda _: self.refusal(reason)), {}


def _answered(act: Callable[[Call], Found], call: Call) -> Found | Answer:
    """What `act` finds, or the answer of the refusal that it ends in."""
    try:
        return act(call)
    except Refusal as refusal:
        return refusal.answer


def _parts(match: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value is not None}


async def _call(request: Request, endpoint: Endpoint, params: dict[str, str]) -> Call:
    return Call(
        method=request.method,
        path=request.url.path,
        template=endpoint.path,
        kind=endpoint.kind,
        params=params,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        base_url=str(request.base_url).rstrip("/"),
    )
