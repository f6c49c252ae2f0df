"""`kehub sandbox up|down|faults`: an invented brand to try things out on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json
from hub.cli.show import cell, emit, show
from hub.errors import SettingsError
from hub.testing import sandbox, standin
from hub.testing.sandbox_yaml import SYSTEMS
from hub.testing.twin_faults import COMMON, FAULTS, fault

app = command_app(help="An invented brand with stand-in systems on this computer, to try things out.")

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)]
Systems = Annotated[str, typer.Option(help="Which systems beside the tills, with commas between.")]
_DEFAULT = Path("kehub-sandbox")
_ALL = ",".join(SYSTEMS)


@app.command()
def up(
    folder: Folder = _DEFAULT,
    people: Annotated[int, typer.Option(min=1, help="How many people there are; Fxiaoke has at most 300.")] = 500,
    seed: Annotated[int, typer.Option(help="Another number makes other people.")] = 7,
    port: Annotated[int, typer.Option(min=0, max=65_000, help="The first stand-in's; 0 takes free ones.")] = 0,
    systems: Systems = _ALL,
    json: Json = False,
) -> None:
    """Start the stand-ins and write a brand's files and configuration into a folder (kehub-sandbox)."""
    chosen = [name.strip() for name in systems.split(",") if name.strip()]
    found = sandbox.up(folder, people=people, seed=seed, port=port, systems=chosen)
    if json:
        emit(asdict(found))
        return
    print(f"{found.people} invented people.")
    for each in found.systems:
        print(f"The stand-in for {each.system} answers at {each.url} (process {each.pid}).")
    print(f"Next: cd {folder} && kehub doctor && kehub sync")
    print(f"End:  kehub sandbox down {folder}")


@app.command()
def down(folder: Folder = _DEFAULT) -> None:
    """Stop the stand-ins; the folder stays."""
    print("Stopped." if sandbox.down(_meant(folder)) else "No sandbox runs here.")


@app.command()
def faults(
    system: Annotated[str, typer.Argument(metavar="[SYSTEM]", help="zoho, fxiaoke, ...; else all.")] = "",
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME[=JSON]]...", help='Such as 429={"times":3}.')
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Switch off the named ones, or all.")] = False,
    known: Annotated[bool, typer.Option("--list", help="Tell the names there are, with their meaning.")] = False,
    folder: Annotated[Path, typer.Option("--dir", help="The sandbox's folder.")] = _DEFAULT,
    json: Json = False,
) -> None:
    """Let a stand-in misbehave while it runs, or show which faults are on."""
    if known:
        _tell_known(json)
        return
    found = _running(_meant(folder))
    chosen = (found.system(system),) if system else found.systems
    asked = dict(_fault(text) for text in wanted or [])
    for each in chosen:
        _switch(each.url, asked, clear)
    on = {each.system: standin.ask(each.url, "GET", "faults") for each in chosen}
    if json:
        emit(on)
        return
    rows = [(name, fault, _strikes(options)) for name, each in on.items() for fault, options in each.items()]
    show(("system", "fault", "strikes"), rows, empty="No faults are on.")


def _tell_known(json: bool) -> None:
    if json:
        emit({name: known.meaning for name, known in FAULTS.items()})
        return
    rows = [(name, known.meaning, ", ".join(known.options)) for name, known in FAULTS.items()]
    show(("fault", "what happens", "options"), rows)
    print(f"Each has the options {', '.join(COMMON)}, too; docs/faults.md tells what they take.")


def _strikes(options: dict[str, Any]) -> str:
    """How often a fault still strikes and where, with its own options, without what is as it always is."""
    given = {name: value for name, value in options.items() if value not in ("", 0) and name != "times"}
    times = options["times"]
    return cell({("always" if times is None else f"{times} times"): "", **given})


def _switch(url: str, asked: dict[str, Any], clear: bool) -> None:
    """Switch a stand-in's faults; nothing asked and nothing to clear changes nothing."""
    if clear:
        standin.ask(url, "DELETE", "faults?" + "&".join(f"name={name}" for name in asked))
    elif asked:
        standin.ask(url, "POST", "faults", asked)


def _fault(text: str) -> tuple[str, dict[str, Any]]:
    """`NAME` or `NAME=JSON`; SettingsError for an unknown name or option, and for options that are no JSON object."""
    name, _, options = text.partition("=")
    try:
        read = orjson.loads(options or "{}")
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise SettingsError("options are a JSON object", where=name, remedy=f"""write '{name}={{"times": 3}}'""")
    try:
        fault(name, read)
    except ValueError as error:
        raise SettingsError(str(error), where="sandbox", remedy="see `kehub sandbox faults --list`") from None
    return name, read


def _meant(folder: Path) -> Path:
    """The folder, or this one when none is named and the usual one holds no sandbox."""
    return folder if (folder / "sandbox.json").exists() or folder != _DEFAULT else Path()


def _running(folder: Path) -> sandbox.Sandbox:
    found = sandbox.running(folder)
    if found is None:
        raise SettingsError("no sandbox runs here", where=str(folder), remedy="`kehub sandbox up` starts one")
    return found
