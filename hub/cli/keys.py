"""`kehub keys new`: a fresh master key."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.errors import SettingsError
from hub.vault import new_key, write_key_file

app = command_app(help="Make keys.")


@app.callback()
def family() -> None:
    """Make keys."""


@app.command()
def new(
    file: Annotated[Path | None, typer.Option(metavar="PATH", help="Write it there, readable by its owner.")] = None,
) -> None:
    """Print a fresh value for KEHUB_KEY, or write it to a file. It opens no store that exists already."""
    if file is None:
        print(base64.b64encode(new_key()).decode("ascii"))
        return
    try:
        write_key_file(file)
    except FileExistsError:
        raise SettingsError("this file exists already", where=str(file), remedy="choose another path") from None
    print(f"{file}: keep a copy elsewhere; without it nobody can read the store it was made for.")
