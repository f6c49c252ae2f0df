"""`kehub quarantine list|replay`: rows that could not be taken, and trying them again after the mapping was mended."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import As, Json, opened
from hub.cli.show import Facts, emit, show
from sync.replay import replay as replay_rows
from sync.setup import Setup

app = command_app(help="Rows that could not be taken: list them, or try them again.")

Where = Annotated[str, typer.Argument(metavar="[CONNECTION]", show_default=False)]


@app.command(name="list")
def list_rows(
    ctx: typer.Context,
    connection: Where = "",
    most: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 50,
    json: Json = False,
) -> None:
    """List rows in quarantine with place and reason; never their values."""
    with opened(ctx) as setup:
        facts = _held(setup, connection)
    if json:
        emit(facts)
        return
    columns = ("connection", "stream", "id there", "place", "their field", "reason")
    rows = [[f["connection"], f["stream"], f["ext"], f["place"], f["field"], f["reason"]] for f in facts]
    show(columns, rows[:most], empty="Nothing is in quarantine.")
    _tell_rest(facts, most)


def _held(setup: Setup, connection: str) -> list[Facts]:
    name = setup.config.connection(connection).name if connection else None
    shown = ("connection", "stream", "ext", "place", "field", "reason")
    return [{part: getattr(entry, part) for part in shown} for entry in setup.store.quarantine.list(name)]


def _tell_rest(facts: list[Facts], most: int) -> None:
    if len(facts) > most:
        print(f"and {len(facts) - most} more; the commonest reasons:")
        for (field, reason), count in Counter((f["field"], f["reason"]) for f in facts).most_common(5):
            print(f"  {count} x {field}: {reason}" if field else f"  {count} x {reason}")
    if facts:
        print("Mend the mapping in kehub.yaml (or the row at its source), then `kehub quarantine replay`.")


@app.command()
def replay(ctx: typer.Context, connection: Where = "", actor: As = "", json: Json = False) -> None:
    """Normalise the rows again with the present mapping, and land those that now pass."""
    with opened(ctx, actor) as setup:
        chosen = [setup.config.connection(connection)] if connection else list(setup.config.connections)
        held = {stream for stream, _ in setup.store.quarantine.counts()}
        done = [asdict(found) for each in chosen if each.name in held for found in replay_rows(setup, each)]
        setup.record("quarantine replay", landed=sum(found["landed"] for found in done))
    if json:
        emit(done)
    else:
        rows = [[d["connection"], d["stream"], d["landed"], d["still_held"], d["undecodable"]] for d in done]
        columns = ("connection", "stream", "#landed", "#still held", "#to be read again")
        show(columns, rows, empty="Nothing is in quarantine.")
        if any(d["landed"] for d in done):
            print("`kehub sync` decides about what was landed.")
