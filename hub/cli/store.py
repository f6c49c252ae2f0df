"""`kehub store check`: whether the store is sound; its content as text that is equal for equal stores."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hub.cli.edge import DONE, FAILED, command_app, leave
from hub.cli.opening import Json, opened
from hub.cli.show import emit

app = command_app(help="Check the store.")


@app.callback()
def family() -> None:
    """Check the store."""


@app.command()
def check(
    ctx: typer.Context,
    canonical: Annotated[
        bool, typer.Option("--canonical", help="Print the whole content, decrypted, sorted, without times and run ids.")
    ] = False,
    json: Json = False,
) -> None:
    """Look the store over, or print it as canonical text."""
    from hub.store import check as checking

    with opened(ctx) as setup:
        if canonical:
            for line in checking.canonical(setup.store):
                sys.stdout.write(line + "\n")
            return
        problems = list(checking.check(setup.store))
    if json:
        emit({"problems": problems})
    else:
        print("\n".join(map(str, problems)) or "The store is sound.")
    leave(FAILED if problems else DONE)
