"""The application: which call goes where, and what it is answered.

    POST /hooks/CONNECTION   200 kept (or heard before)   401 forged, stale, early   404   405   408   413   422
                             429 too much waits for a run   503 the store cannot be written now (both with Retry-After)
    POST /events             200 with what became of each row   401   413   400, 422 (no row was good)   429, 503
    GET  /healthz            whether the store can be read, what waits, what was refused and why

No answer in the two hundreds is given before what was said outlives a power cut. The log names connections and reasons.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.deliveries import Delivery
from hub.errors import HubError
from hub.receiver.bodies import Unfit, body_of
from hub.receiver.desk import LATER, Desk
from hub.receiver.events import Intake
from hub.receiver.hooks import Hooks
from hub.settings import Configuration
from hub.store import Store

LOG = logging.getLogger("kehub.receiver")
TIDY = 30.0
"""Seconds between two writings of the counts of refused calls."""

EVENTS = "/events"
"""What refused calls to it are counted under; no connection can have this name."""


class Receiver:
    """What the calls share: the store behind its desk, and the counts of refused calls until they are written."""

    def __init__(self, config: Configuration, store: Store) -> None:
        self.config = config
        self.store = store
        own = config.receiver
        self.desk = Desk(max(2, own.connections // 2), own.answer_seconds, store.db.leave)
        self.hooks = Hooks(config, store)
        self.intake = Intake(config, store)
        self._refused: Counter[tuple[str, str]] = Counter()

    # -- the calls

    async def hook(self, request: Request) -> Response:
        """A system posts a delivery."""
        name = request.path_params["connection"]
        if not self.hooks.knows(name):
            return _answer(404)
        return await self._guarded(name, lambda: self._hooked(name, request))

    async def _hooked(self, name: str, request: Request) -> Response:
        body = await self._body(request)
        delivery = Delivery(request.method, self._address(request), dict(request.headers), body)
        fresh = await self.desk.turn(lambda: self.hooks.take(name, delivery))
        return _answer(200, {"heard": "now" if fresh else "before"})

    async def events(self, request: Request) -> Response:
        """One of ours posts events."""
        return await self._guarded(EVENTS, lambda: self._took(request))

    async def _took(self, request: Request) -> Response:
        body = await self._body(request)
        source = self.intake.sender(request.headers, body)
        rows = self.intake.rows(body)
        found = await self.desk.turn(lambda: self.intake.take(source, rows))
        results = Counter(row.result for row in found)
        told = {name: results[name] for name in ("taken", "duplicate", "refused")}
        status = 422 if results["refused"] == len(found) else 200
        return _answer(status, {**told, "rows": [row.told() for row in found]})

    async def health(self, request: Request) -> Response:
        """Whether the store answers, what waits, and what was refused."""
        try:
            found = await self.desk.turn(self._standing)
        except (Unfit, HubError):
            return _answer(503, {"ok": False})
        return _answer(200, {"ok": True, **found})

    # -- what they have in common

    def _address(self, request: Request) -> str:
        """The address as its sender wrote it; a web server before us ends https and may drop a folder."""
        if not (public := self.config.receiver.public_url):
            return str(request.url)
        query = request.url.query
        return f"{public.rstrip('/')}/hooks/{request.path_params['connection']}{'?' if query else ''}{query}"

    async def _body(self, request: Request) -> bytes:
        own = self.config.receiver
        return await body_of(request, own.max_bytes, own.body_seconds)

    async def _guarded(self, name: str, act: Callable[[], Awaitable[Response]]) -> Response:
        try:
            return await act()
        except Unfit as unfit:
            return self._refuse(name, unfit)
        except HubError as fault:
            LOG.error("%s: %s", name, fault.what)
            return self._refuse(name, Unfit(503, "store", LATER))
        except Exception as fault:  # its text may be personal
            LOG.error("%s: a bug, %s", name, type(fault).__name__)
            return self._refuse(name, Unfit(500, "bug"))

    def _refuse(self, name: str, unfit: Unfit) -> Response:
        self._refused[name, unfit.reason] += 1
        if self._refused[name, unfit.reason] == 1:  # one line, however many come until the counts are written
            LOG.warning("%s: refused, %s", name, unfit.reason)
        headers = {"retry-after": str(unfit.retry_after)} if unfit.retry_after else {}
        if unfit.status in (408, 413):  # the rest of the body is on its way still
            headers["connection"] = "close"
        return _answer(unfit.status, {"refused": unfit.reason}, headers)

    def _standing(self) -> dict[str, Any]:
        waiting: Counter[str] = Counter()
        for (connection, _, _), (count, _) in self.store.hints.tally().items():
            waiting[connection] += count
        refused: dict[str, dict[str, int]] = {}
        for (name, reason), count in sorted((self.store.hints.refusals() + self._refused).items()):
            refused.setdefault(name, {})[reason] = count
        return {"waiting": dict(waiting), "refused": refused}

    # -- from time to time

    def tidy(self) -> None:
        """Write the counts of refused calls, and forget deliveries heard long ago."""
        counts, self._refused = self._refused, Counter()
        try:
            if counts:
                self.store.hints.refused(counts)
            day = 86_400
            now = int(self.store.clock.now().timestamp())
            self.store.hints.forget_before(now - self.config.retention.heard_days * day)
        except HubError:
            self._refused.update(counts)

    async def keep_tidy(self) -> None:
        """Tidy up again and again, whenever nobody waits."""
        while True:
            await asyncio.sleep(TIDY)
            with suppress(Unfit, HubError):
                await self.desk.turn(self.tidy)

    def close(self) -> None:
        """Finish what was begun; the store stays open."""
        self.desk.close()
        self.tidy()


def receiver(config: Configuration, store: Store) -> Starlette:
    """The application over a store opened with little patience (`open_store(..., patience=1)`); mount it anywhere."""
    shared = Receiver(config, store)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tidying = asyncio.create_task(shared.keep_tidy())
        try:
            yield
        finally:
            tidying.cancel()
            await asyncio.to_thread(shared.close)

    routes = [
        Route("/hooks/{connection}", shared.hook, methods=["POST"]),
        Route("/events", shared.events, methods=["POST"]),
        Route("/healthz", shared.health, methods=["GET"]),
    ]
    made = Starlette(routes=routes, lifespan=lifespan)
    made.state.receiver = shared  # whoever mounts it calls `tidy` and `close`: a mounted application has no lifespan
    return made


def _answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body or {}), status, headers, media_type="application/json")
