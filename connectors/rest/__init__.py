"""Any simple REST system, both ways, by declaration alone: what a connection writes in YAML is all there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.rest.connector import Rest

    return [Rest]
