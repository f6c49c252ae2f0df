"""`kehub sandbox up|down`: an invented brand to try things out on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json
from hub.cli.show import emit
from hub.testing import sandbox

app = command_app(help="An invented brand with stand-in systems on this computer, to try things out.")

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)]
_DEFAULT = Path("kehub-sandbox")


@app.command()
def up(
    folder: Folder = _DEFAULT,
    people: Annotated[int, typer.Option(min=1, help="How many people there are.")] = 500,
    seed: Annotated[int, typer.Option(help="Another number makes other people.")] = 7,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 0,
    json: Json = False,
) -> None:
    """Start the stand-ins and write a brand's files and configuration into a folder (kehub-sandbox)."""
    found = sandbox.up(folder, people=people, seed=seed, port=port)
    if json:
        emit(asdict(found))
        return
    print(f"{found.people} invented people; Zoho's stand-in answers at {found.url} (process {found.pid}).")
    print(f"Next: cd {folder} && kehub doctor && kehub sync")
    print(f"End:  kehub sandbox down {folder}")


@app.command()
def down(folder: Folder = _DEFAULT) -> None:
    """Stop the stand-ins; the folder stays."""
    stopped = sandbox.down(folder if (folder / "sandbox.json").exists() or folder != _DEFAULT else Path())
    print("Stopped." if stopped else "No sandbox runs here.")
