"""The control side of a twin: what a test or a trainer may ask of it, under `/_twin/`. No part of the vendor's API.

    GET  /_twin/state      everything the system holds, sorted, without times of change (`?ids=no`: without ids, too)
    GET  /_twin/truth      {record id: person number}
    GET  /_twin/counters   POST /_twin/counters/reset
    GET  /_twin/writes     [{"op", "module", "id", "fields"}] since the last reset, values left out
    GET  /_twin/written    {"written": n, "unanswered": n}: writes that took effect, and those not yet answered
    GET  /_twin/faults     POST {fault: options}     DELETE (all, or ?name=)
    POST /_twin/edit       {"op": "create|change|delete", "module", "id", "values"} as a user of the system would
    GET  /_twin/clock      POST {"set": ISO time} or {"advance": seconds}      -> {"now": ISO time}
    POST /_twin/NAME       what the twin adds itself, see `Twin.extras`

A wish that makes no sense is answered by 400 and {"error": text}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.clock import Clock
from hub.testing.twin_counts import Counts
from hub.testing.twin_faults import Faults

Wish = dict[str, Any]
"""What a user of the system does, for `Twin.edit`: `op` (create, change or delete), `module`, `id`, `values`."""


class TwinClock:
    """A clock set against another one, so that a test can move the twin's time whatever clock it was given."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = self._leaning = timedelta(0)

    def now(self) -> datetime:
        """The twin's time."""
        return self._base.now() + self._ahead + self._leaning

    def lean(self, seconds: float) -> None:
        """Be wrong by so many seconds, until told otherwise."""
        self._leaning = timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Pause as the underlying clock does."""
        self._base.sleep(seconds)

    def set(self, at: datetime) -> None:
        """Let it be `at` now."""
        self._ahead = at - self._base.now()

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self._ahead += timedelta(seconds=seconds)


class Controlled(Protocol):
    """What the control side needs of a twin."""

    clock: TwinClock
    counts: Counts
    faults: Faults

    def state(self, *, ids: bool = True) -> dict[str, Any]: ...

    def truth(self) -> dict[str, int]: ...

    def edit(self, wish: Wish) -> dict[str, Any]: ...

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]: ...


Act = Callable[[Request, Wish], Any]


def control_app(twin: Controlled) -> Starlette:
    """The control side as an app of its own."""
    routes = [
        _route("GET", "state", lambda request, _: twin.state(ids=request.query_params.get("ids") != "no")),
        _route("GET", "truth", lambda _, __: twin.truth()),
        _route("GET", "counters", lambda _, __: twin.counts.listed()),
        _route("POST", "counters/reset", lambda _, __: twin.counts.reset()),
        _route("GET", "writes", lambda _, __: twin.counts.writes),
        _route("GET", "written", lambda _, __: _written(twin.counts)),
        _route("GET", "faults", lambda _, __: twin.faults.listed()),
        _route("POST", "faults", lambda _, wish: twin.faults.set(wish)),
        _route("DELETE", "faults", lambda request, _: twin.faults.clear(*request.query_params.getlist("name"))),
        _route("POST", "edit", lambda _, wish: twin.edit(wish)),
        _route("GET", "clock", lambda _, __: {"now": twin.clock.now().isoformat()}),
        _route("POST", "clock", lambda _, wish: _move(twin.clock, wish)),
    ]
    for name, act in twin.extras().items():
        routes.append(_route("POST", name, _extra(act)))
    return Starlette(routes=routes)


def _extra(act: Callable[[Wish], Any]) -> Act:
    return lambda _, wish: act(wish)


def _written(counts: Counts) -> dict[str, int]:
    return {"written": counts.written, "unanswered": counts.unanswered}


def _move(clock: TwinClock, wish: Wish) -> dict[str, str]:
    if "set" in wish:
        clock.set(datetime.fromisoformat(str(wish["set"])))
    clock.advance(float(wish.get("advance", 0)))
    return {"now": clock.now().isoformat()}


def _route(method: str, name: str, act: Act) -> Route:
    return Route(f"/_twin/{name}", _answering(act), methods=[method])


def _answering(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            found = act(request, orjson.loads(body) if body else {})
        except (ValueError, KeyError, TypeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        return _json({"ok": True} if found is None else found)

    return answer


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), status, media_type="application/json")
