"""`kehub hints list|done`: what webhooks spoke of and no run has read yet, and requests that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import As, Json, opened
from hub.cli.show import Facts, emit, moment, show
from hub.errors import SettingsError
from hub.store.hints import REQUESTS
from sync.setup import Setup

WANTED = {"erase": "To be forgotten", "disclose": "To be told what is known"}
app = command_app(help="What webhooks spoke of: list what waits, put away what is dealt with.")


@app.command(name="list")
def list_hints(ctx: typer.Context, json: Json = False) -> None:
    """List what waits for the next run, by stream, and the requests of people about what is known of them."""
    with opened(ctx) as setup:
        facts = hint_facts(setup)
    if json:
        emit(facts)
        return
    columns = ("connection", "stream", "said", "#records", "since")
    rows = [[f["connection"], f["stream"], f["event"], f["count"], f["since"]] for f in facts["waiting"]]
    show(columns, rows, empty="Nothing waits to be read.")
    for one in facts["requests"]:
        print(f"{WANTED[one['event']]}, asked for {one['since']}: {one['connection']}.{one['stream']} {one['id']}")
    if facts["requests"]:
        print("When that is done everywhere: `kehub hints done CONNECTION ID`.")


def hint_facts(setup: Setup) -> Facts:
    """What waits for a run, and what waits for a person; ids of requests are told, since a person must act on them."""
    tally = setup.store.hints.tally().items()
    return {
        "waiting": [
            {"connection": connection, "stream": stream, "event": event, "count": count, "since": moment(first)}
            for (connection, stream, event), (count, first) in tally
            if event not in REQUESTS
        ],
        "requests": [
            {
                "event": one.event,
                "connection": one.connection,
                "stream": one.stream,
                "id": one.ext,
                "since": moment(one.first),
            }
            for one in setup.store.hints.requests()
        ],
        "refused": [
            {"connection": connection, "reason": reason, "count": count}
            for (connection, reason), count in sorted(setup.store.hints.refusals().items())
        ],
    }


@app.command()
def done(
    ctx: typer.Context,
    connection: str,
    external_id: Annotated[str, typer.Argument(metavar="ID", help="The record's id there.")],
    actor: As = "",
) -> None:
    """Put away the request about a record, once a person has dealt with it."""
    with opened(ctx, actor) as setup:
        wanted = [one for one in setup.store.hints.requests() if (one.connection, one.ext) == (connection, external_id)]
        if not wanted:
            raise SettingsError("no such request waits", where=connection, remedy="see `kehub hints list`")
        with setup.store.db.writing("hints done"):
            setup.store.hints.done(wanted)
        setup.record("hints done", connection=connection, requests=len(wanted))
    print("Put away.")
