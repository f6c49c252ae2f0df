"""`kehub schema`: the JSON Schema of kehub.yaml."""

from __future__ import annotations

import typer

from hub.cli.edge import command_app
from hub.cli.opening import configuration_path
from hub.cli.show import emit
from hub.plugins import load_plugins
from hub.settings import json_schema
from hub.settings.folders import plugin_folders

app = command_app()


@app.command()
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of kehub.yaml, for editors."""
    emit(json_schema(load_plugins(folders=plugin_folders(configuration_path(ctx)))))
