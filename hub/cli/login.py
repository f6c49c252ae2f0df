"""`kehub login CONNECTION`: turn a code that the system gave into tokens, kept sealed in the store."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import As, opened
from hub.errors import SettingsError

app = command_app()


@app.command()
def login(
    ctx: typer.Context,
    connection: str,
    code: Annotated[str, typer.Option(metavar="CODE", help="Asked for when left out: then no history keeps it.")] = "",
    redirect_uri: Annotated[str, typer.Option(metavar="URL", help="As it was given when the code was asked for.")] = "",
    actor: As = "",
) -> None:
    """Sign in to a system with a code that it gave you."""
    with opened(ctx, actor) as setup:
        found = setup.config.connection(connection)
        door = setup.connector(found).tools.http
        if door is None:
            raise SettingsError("this connection needs no sign-in", where=connection)
        door.login(code or typer.prompt("Code", hide_input=True), redirect_uri)
        setup.record("login", connection=connection)
    print(f"Signed in to {connection}; `kehub doctor` checks what the sign-in allows.")
