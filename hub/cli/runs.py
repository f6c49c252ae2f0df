"""`kehub runs list|show`: what was run, by whom, and what it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import tzinfo
from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json, opened
from hub.cli.sealed import run_seals, spelled, told
from hub.cli.show import Facts, cell, clock_time, emit
from hub.cli.show import show as show_table
from hub.cli.standing import run_facts
from hub.errors import SettingsError
from sync.setup import Setup

app = command_app(help="List runs, or show what one did.")


@app.command(name="list")
def list_runs(
    ctx: typer.Context, count: Annotated[int, typer.Option(min=1, help="How many.")] = 20, json: Json = False
) -> None:
    """List runs, newest first."""
    with opened(ctx) as setup:
        facts = [run_facts(asdict(run)) for run in setup.store.runs.latest(count)]
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    times = [[clock_time(f[at], zone) for at in ("started", "ended")] for f in facts]
    rows = [[f["id"], f["command"], f["state"], f["actor"], *t, f["as_of"]] for f, t in zip(facts, times, strict=True)]
    show_table(("#run", "command", "state", "by", "began", "ended", "as of"), rows, empty="No runs yet.")


@app.command()
def show(
    ctx: typer.Context,
    run: Annotated[int, typer.Argument(metavar="[RUN]", help="Without a number, the newest.", show_default=False)] = 0,
    json: Json = False,
) -> None:
    """Show what one run did."""
    with opened(ctx) as setup:
        facts = _run(setup, run)
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    began = clock_time(facts["started"], zone)
    print(f"Run {facts['id']}: {facts['command']} by {facts['actor']}, {began}, {facts['state']}")
    rows = [[n["connection"], n["stream"], n["kind"], cell(_telling(n["facts"]))] for n in facts["notes"]]
    show_table(("connection", "stream", "what", "facts"), rows)
    _show_seals(facts["seals"], zone)
    if facts["receipts"]:
        print(f"Receipts: {cell(facts['receipts'])}")


def _show_seals(seals: list[Facts], zone: tzinfo) -> None:
    def at(text: str | None) -> str:
        return clock_time(text, zone)

    rows = [
        [s["connection"], s["stream"], s["earned"] or "none", spelled(s["certificate"], at),
         "; ".join(told(held, at) for held in s["holds"])]
        for s in seals
    ]  # fmt: skip
    show_table(
        ("connection", "stream", "earned", "certificate that stood", "held"), rows, title="What the reads proved"
    )


def _run(setup: Setup, number: int) -> Facts:
    runs = setup.store.runs
    found = runs.get(number) if number else next(iter(runs.latest(1)), None)
    if found is None:
        raise SettingsError("there is no such run", where=str(number or ""), remedy="see `kehub runs list`")
    receipts, notes = setup.store.receipts.list(run=found.id, count=1_000_000), list(runs.notes(found.id))
    return {
        **run_facts(asdict(found)),
        "notes": [asdict(note) for note in notes],
        "seals": run_seals(setup.store, found, notes),
        "receipts": dict(Counter(receipt.state for receipt in receipts)),
    }


def _telling(facts: Facts) -> Facts:
    """The facts of a note that say something: zeros and empty ones left out."""
    return {name: value for name, value in facts.items() if value not in (0, "", None, False, [], {})}
