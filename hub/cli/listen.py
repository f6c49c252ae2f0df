"""`kehub listen`: take in webhooks and events."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app, say
from hub.cli.opening import configuration
from hub.clock import system_clock
from hub.errors import SettingsError
from hub.receiver import receiver
from hub.receiver.serve import server_for
from hub.settings import Configuration
from hub.store import open_store
from hub.vault import master_key

app = command_app()


@app.command(no_args_is_help=False)
def listen(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="Where to listen; without it, `receiver.host`.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; without it, `receiver.port`.")] = -1,
) -> None:
    """Take in webhooks and events until stopped.

    Each is kept before it is answered. It reads no system: `kehub sync --hinted` reads what the webhooks spoke of, and so
    does every `kehub sync`.
    """
    config = configuration(ctx)
    own = config.receiver
    store = open_store(
        config.store, master_key(config.key_file, Path(config.folder)), system_clock(), own.answer_seconds / 2
    )
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    try:
        listening = _bound(host or own.host, own.port if port < 0 else port)
        _tell(config, listening)
        with suppress(KeyboardInterrupt):
            server_for(receiver(config, store), own).run(sockets=[listening])
        listening.close()
    finally:
        store.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
    except OSError as fault:
        raise SettingsError(
            f"cannot listen here ({fault.strerror})", where=f"{host}:{port}", remedy="choose another --port or --host"
        ) from None
    listening.listen(256)
    return listening


def _tell(config: Configuration, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    hooks = [f"{address}/hooks/{one.name}" for one in config.connections if one.connector_class.hooks]
    say(f"Listening on {address}", *hooks, *([f"{address}/events"] if config.receiver.keys else []))
