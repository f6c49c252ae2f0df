"""`kehub plan show|list|discard|export`: what would be written, to whom, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app, say
from hub.cli.opening import As, Json, opened
from hub.cli.plan_facts import ACTIONS, SORTS, View, chosen_plan, forecast, items, page_facts
from hub.cli.plan_table import tell_page
from hub.cli.show import clock_time, emit
from hub.cli.show import show as show_table
from hub.cli.standing import plan_facts
from hub.errors import SettingsError

app = command_app(help="Look at the planned changes, export or discard them.")

Filters = Annotated[
    list[str] | None, typer.Option("--filter", metavar="KEY=VALUE", help="field=, action=, state= or customer=.")
]


@app.command()
def show(
    ctx: typer.Context,
    which: Annotated[str, typer.Argument(metavar="[DIGEST|CONNECTION]", show_default=False)] = "",
    page: Annotated[int, typer.Option(min=1)] = 1,
    per_page: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    sort: Annotated[str, typer.Option(help=f"{', '.join(SORTS)}; with a - in front from the end.")] = "key",
    filters: Filters = None,
    full: Annotated[bool, typer.Option("--full/--brief", help="Whole values, or their beginnings.")] = False,
    json: Json = False,
) -> None:
    """Show a plan: who, which field, from what to what, why, and what it costs."""
    view = View(page, per_page, sort, _filters(filters or []))
    with opened(ctx) as setup:
        plan = chosen_plan(setup, which)
        facts = page_facts(setup, plan, view)
        zone = setup.config.place.zone
    if json:
        emit(facts)
    else:
        tell_page(facts, full, zone)


def _filters(given: list[str]) -> dict[str, str]:
    found = dict(text.partition("=")[::2] for text in given)
    unknown = sorted(set(found) - {"field", "action", "state", "customer"})
    if unknown:
        what = f'there is no filter "{unknown[0]}"'
        raise SettingsError(what, where="--filter", remedy="field=NAME, action=NAME, state=NAME or customer=ID")
    if found.get("action") not in (None, *ACTIONS):
        raise SettingsError("no such action", where="--filter", remedy=f"actions: {', '.join(ACTIONS)}")
    return found


@app.command(name="list")
def list_plans(
    ctx: typer.Context, count: Annotated[int, typer.Option(min=1, help="How many.")] = 20, json: Json = False
) -> None:
    """List plans, newest first."""
    with opened(ctx) as setup:
        facts = [plan_facts(setup, plan) for plan in setup.store.plans.latest(count=count)]
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    rows = [
        [p["connection"], p["digest"], p["state"], p["rows"], clock_time(p["at"], zone), p["run"], p["approved_by"]]
        for p in facts
    ]
    show_table(("connection", "digest", "state", "#rows", "made", "#run", "approved by"), rows, empty="No plans yet.")


@app.command()
def discard(ctx: typer.Context, connection: str, actor: As = "") -> None:
    """Drop a connection's planned changes; the next run plans them afresh."""
    with opened(ctx, actor) as setup:
        count = setup.store.plans.discard(setup.config.connection(connection).name)
        setup.record("plan discard", connection=connection, rows=count)
    print(f"{count} planned changes for {connection} are discarded; the next `kehub sync` plans afresh.")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx")],
    which: Annotated[str, typer.Argument(metavar="[DIGEST|CONNECTION]", show_default=False)] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a plan into a spreadsheet, one line a field. The file holds customers' values: keep it safe."""
    from hub.cli.plan_export import write_sheet

    if file.suffix.lower() != ".xlsx":
        raise SettingsError("the file's name must end in .xlsx", where=str(file))
    if file.exists() and not force:
        raise SettingsError("this file exists already", where=str(file), remedy="choose another, or give --force")
    with opened(ctx) as setup:
        plan = chosen_plan(setup, which)
        lines = write_sheet(file, items(setup, plan))
        calls, _ = forecast(setup, plan)
    print(f"{file}: {lines} lines, plan {plan.digest} for {plan.connection}, {calls} calls.")
    say("The file holds customers' values: keep it where only the right people can read it.")
