"""`kehub connectors`: what is here, what of it cannot be used, how good it is (`score`), recordings, and a new one."""

from __future__ import annotations

from dataclasses import asdict

import typer

from hub.cli.edge import DONE, USAGE, command_app, leave
from hub.cli.new_connector import new
from hub.cli.opening import Json, configuration_path
from hub.cli.record import record
from hub.cli.score import score
from hub.cli.show import Facts, emit, show
from hub.connector import Connector
from hub.plugins import load_plugins
from hub.settings import ConnectorClass
from hub.settings.folders import plugin_folders

app = command_app(help="The connectors that are here: list, make and score them, record what a system answers.")


@app.callback()
def family() -> None:
    """The connectors that are here: list, make and score them, record what a system answers."""


app.command()(new)
app.command()(record)
app.command()(score)


@app.command(name="list")
def list_connectors(ctx: typer.Context, json: Json = False) -> None:
    """List types with what they read and write, and plugins that cannot be used."""
    plugins = load_plugins(folders=plugin_folders(configuration_path(ctx)))
    found = [_facts(type_, kind, plugins.origin(type_)) for type_, kind in plugins.connectors().items()]
    faults = [asdict(fault) for fault in plugins.faults()]
    if json:
        emit({"connectors": found, "faults": faults})
    else:
        rows = [[f["type"], f["distribution"], f["version"], f["reads"], f["writes"]] for f in found]
        show(("type", "from", "version", "reads", "writes"), rows)
        show(("cannot be used", "from", "because"), [[f["plugin"], f["distribution"], f["reason"]] for f in faults])
    leave(USAGE if faults else DONE)


def _facts(type_: str, kind: ConnectorClass, origin: str) -> Facts:
    writes = kind.target is not Connector.target
    return {
        "type": type_,
        "distribution": origin,
        "version": kind.version or None,
        "reads": _streams(kind),
        "writes": writes,
        "summary": (kind.__doc__ or "").partition("\n")[0],
    }


def _streams(kind: ConnectorClass) -> list[str] | str:
    """The streams of a connector whose settings do not change them; else they are as configured."""
    from hub.clock import system_clock
    from hub.connector import Place, Tools

    try:
        made = kind(kind.Settings(), Tools("", system_clock(), Place(), "."))
        return [stream.name for stream in made.streams()]
    except Exception:  # a stranger's settings may want anything; then only a configuration tells
        return "as configured"
