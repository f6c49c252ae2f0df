"""Serving a twin over HTTP on the loopback, with a line that can be cut in the middle of a call."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, cast

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

Peer = tuple[str, int]


class Line(H11Protocol):
    """A client's connection; all open ones are known by the client's address, so that a fault can cut one."""

    open: ClassVar[dict[Peer, asyncio.Transport]] = {}
    _peer: Peer | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer = cast(Peer, tuple(transport.get_extra_info("peername")[:2]))
        self.open[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._peer is not None:
            self.open.pop(self._peer, None)
        super().connection_lost(exc)


async def cut(request: Request) -> None:
    """End the call's connection without an answer."""
    client = request.client
    if client is not None and (line := Line.open.get((client.host, client.port))) is not None:
        line.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass


def server_for(app: ASGIApp) -> uvicorn.Server:
    """A quiet server: no log of calls, no Date of its own (the twin's clock is the only time there is)."""
    config = uvicorn.Config(
        app,
        http=Line,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def bind(port: int = 0) -> socket.socket:
    """A listening socket on the loopback; port 0 takes a free one."""
    # Named as TCP: asyncio switches off Nagle's delay (40 ms a call) only for sockets that say so.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(128)
    return listening


def url_of(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


class Stage:
    """An app that hands every call to the twin on it: one server for many short-lived twins, one after the other."""

    def __init__(self) -> None:
        self.twin: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by the twin that is on stage now."""
        assert self.twin is not None, "no twin is on stage"
        await self.twin(scope, receive, send)


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve an app (a `Twin`) in a thread for the length of the block; yields its base URL."""
    with running(server_for(app), port) as url:
        yield url


@contextmanager
def running(server: uvicorn.Server, port: int = 0) -> Iterator[str]:
    """Run a server in a thread for the length of the block; yields its base URL."""
    listening = bind(port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="twin", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.002)
        yield url_of(listening)
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listening.close()
