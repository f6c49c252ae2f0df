"""`kehub rules check|test|compare|moves`: read the rules, try them out, compare them with others, see who moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli import rules_check, rules_compare, rules_moves, rules_trial
from hub.cli.edge import USAGE, command_app, leave
from hub.cli.opening import Json, configuration, configuration_path, opened, rules_of
from hub.cli.rules_compare import Asked
from hub.cli.show import emit
from hub.cli.watching import counted
from hub.settings.load import LoadedRules

app = command_app(help="Check the rules, test them on invented customers, compare them with others, see who moves.")


@app.command()
def check(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", show_default=False, help="Only the rules of this file, without its systems."),
    ] = None,
    json: Json = False,
) -> None:
    """Read the rules, and tell all that is wrong with them, or what was read."""
    loaded = rules_of(file) if file else LoadedRules.of(configuration(ctx))
    facts = rules_check.read(loaded)
    if json:
        emit(facts)
    else:
        rules_check.tell(facts)


@app.command(name="test")
def try_out(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            show_default=False,
            help="Files of cases; without any, rules_tests*.yaml and tests/rules*.yaml beside the configuration.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Try the rules on invented customers, and tell why one does not come out as expected; exit code 2 then."""
    loaded = rules_of(configuration_path(ctx))
    facts = rules_trial.tried(loaded, rules_trial.found(loaded.path.parent, files or []))
    if json:
        emit(facts)
    else:
        rules_trial.tell(facts, loaded.brand.currency)
    leave(USAGE if facts["failed"] else 0)


@app.command()
def compare(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="A configuration, or `current`.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A configuration, or `current`.")],
    as_of: Annotated[
        str, typer.Option(metavar="A..B", help="The days looked at; without it, the 365 days up to today.")
    ] = "",
    every: Annotated[
        int, typer.Option(min=0, metavar="DAYS", help="Days between two looks; without it, so many that 13 looks do.")
    ] = 0,
    most: Annotated[int, typer.Option(min=0, help="How many to name of those who move; --json names all.")] = 10,
    json: Json = False,
) -> None:
    """Compare two sets of rules on the customers of the store: who would be elsewhere, and what would be written."""
    with opened(ctx) as setup, counted("looking", json) as looked:
        asked = Asked.of(setup, old, new, as_of, every)
        facts = rules_compare.compared(setup, asked, looked)
    if json:
        emit(facts)
    else:
        rules_compare.tell(facts, most)


@app.command()
def moves(
    ctx: typer.Context,
    programme: Annotated[str, typer.Argument(metavar="PROGRAMME", help="A programme of tiers, stage or rfm.")],
    since: Annotated[str, typer.Option("--from", metavar="D", help="The first day; without it, 365 days back.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="D", help="The last day; without it, today.")] = "",
    json: Json = False,
) -> None:
    """Show how many customers went from each value of a programme to each other one, and after how long."""
    with opened(ctx) as setup:
        facts = rules_moves.moved(setup, programme, since, until)
    if json:
        emit(facts)
    else:
        rules_moves.tell(facts)
