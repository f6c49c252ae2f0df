"""The command line: a few lines a command, loaded when it is asked for.

    __init__    the commands and where each lives          edge       what goes wrong becomes text and an exit code
    opening     configuration and store for a command      show       tables for people, JSON for programs

Every other module is one command (or one family of them) and has an `app` of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app, guarded
from hub.garbage import few_collections, none_at_the_end

COMMANDS = {
    "init": "Write a configuration, its key and an empty store into a folder.",
    "doctor": "Check everything a run needs, and say what to do about what is missing.",
    "status": "Show where everything stands: streams, plans, brakes, questions, tiers, segments.",
    "schema": "Print the JSON Schema of kehub.yaml, for editors.",
    "login": "Sign in to a system with a code that it gave you.",
    "sandbox": "An invented brand with stand-in systems on this computer, to try things out.",
    "sync": "Read all systems, decide, and plan what must change.",
    "listen": "Take in webhooks and events until stopped.",
    "pause": "Leave a connection out of runs.",
    "unpause": "Take a paused connection in again.",
    "plan": "Look at the planned changes, export or discard them.",
    "apply": "Approve plans and write their rows, and no others.",
    "map": "Show how a record of theirs becomes one of ours, and back.",
    "why": "Show all that is known of a customer, and why it is so.",
    "customers": "Find, show, correct, merge and split customers.",
    "rules": "Check the rules, test them on invented customers, compare them with others, see who moves.",
    "segments": "Groups of customers: how many are in each, who came and went, who is in several.",
    "quarantine": "Rows that could not be taken: list them, or try them again.",
    "questions": "What only a person can answer: list, and answer; the drift inbox.",
    "hints": "What webhooks spoke of: list what waits, put away what is dealt with.",
    "runs": "List runs, or show what one did.",
    "store": "Check the store.",
    "keys": "Make keys.",
    "connectors": "The connectors that are here: list, make and score them, record what a system answers.",
}
"""Every command with the line that `kehub --help` shows; the module `hub.cli.NAME` holds it."""

_AS_THEY_ARE = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}

app = command_app()


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path, typer.Option(envvar="KEHUB_CONFIG", metavar="PATH", help="The configuration, or its folder.")
    ] = Path("kehub.yaml"),
) -> None:
    """KeHub: one customer out of many systems, a plan one approves, a receipt for every effect.

    Exit codes: 0 done, 1 a bug, 2 settings or usage, 3 something waits for a person, 4 a system failed.
    """
    ctx.obj = config


def _later(name: str) -> Callable[[typer.Context], None]:
    """A command whose module is imported when it is run, so that `kehub --help` imports none of them."""

    def run(ctx: typer.Context) -> None:
        module = import_module(f"hub.cli.{'pause' if name == 'unpause' else name}")
        chosen: typer.Typer = getattr(module, "unpause_app" if name == "unpause" else "app")
        chosen(args=ctx.args, prog_name=f"kehub {name}", obj=ctx.obj)

    return run


for _name, _help in COMMANDS.items():
    app.command(_name, help=_help, add_help_option=False, context_settings=_AS_THEY_ARE)(_later(_name))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code: the entry point `kehub`."""
    wanted = list(sys.argv[1:] if arguments is None else arguments)
    none_at_the_end()
    with few_collections():
        code = guarded(lambda: app(args=_configuration_first(wanted), prog_name="kehub"))
    sys.exit(code)


def _configuration_first(arguments: list[str]) -> list[str]:
    """`--config PATH` may stand anywhere; moved to the front, where the option is declared."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for place, word in enumerate(arguments[:end]):
        length = 2 if word == "--config" else 1 if word.startswith("--config=") else 0
        if length:
            return arguments[place : place + length] + arguments[:place] + arguments[place + length :]
    return arguments
