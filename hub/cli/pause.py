"""`kehub pause` and `kehub unpause`: leave a connection out of runs, and take it in again."""

from __future__ import annotations

import typer

from hub.cli.edge import command_app
from hub.cli.opening import As, opened

app = command_app()
unpause_app = command_app()


@app.command()
def pause(ctx: typer.Context, connection: str, actor: As = "") -> None:
    """Leave a connection out of runs."""
    with opened(ctx, actor) as setup:
        setup.store.runs.pause(setup.config.connection(connection).name, setup.actor)
        setup.record("pause", connection=connection)
    print(f"{connection} is paused; `kehub unpause {connection}` takes it in again.")


@unpause_app.command()
def unpause(ctx: typer.Context, connection: str, actor: As = "") -> None:
    """Take a paused connection in again."""
    with opened(ctx, actor) as setup:
        found = setup.config.connection(connection)
        lifted = setup.store.runs.unpause(found.name)
        setup.record("unpause", connection=connection)
    print(f"{connection} takes part again." if lifted else f"{connection} was not paused by `kehub pause`.")
    if found.paused:
        print("It is still paused in the configuration (`paused: true`).")
