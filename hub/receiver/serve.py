"""The receiver behind a socket: few connections, none of them for long without saying what it wants."""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from hub.settings.shape import Receiver

HEAD_BYTES = 16_384
"""The most that the headers of a call may hold."""


def server_for(app: ASGIApp, own: Receiver) -> uvicorn.Server:
    """A quiet server within the receiver's limits; more connections than allowed are answered 503 at once."""

    class Line(H11Protocol):
        """A caller's connection: one that does not say within `body_seconds` what it wants is closed."""

        _patience: asyncio.TimerHandle | None = None
        _last: object = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._patience is not None:
                self._patience.cancel()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._patience = self.loop.call_later(own.body_seconds, self._look)

        def _look(self) -> None:
            idle = self.cycle is None or self.cycle.response_complete
            if idle and self._last is self.cycle:
                self.transport.abort()
            else:
                self._last = self.cycle
                self._wait()

    config = uvicorn.Config(
        app, http=Line, ws="none", loop="asyncio", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, limit_concurrency=own.connections, h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=5, timeout_graceful_shutdown=10, backlog=256,
    )  # fmt: skip
    return uvicorn.Server(config)
