"""`kehub schema`: the JSON Schema of kehub.yaml."""

from __future__ import annotations

from hub.cli.edge import command_app
from hub.cli.show import emit
from hub.plugins import load_plugins
from hub.settings import json_schema

app = command_app()


@app.command()
def schema() -> None:
    """Print the JSON Schema of kehub.yaml, for editors."""
    emit(json_schema(load_plugins()))
