"""The reference connector: a system in memory (or in one JSON file), with everything a connector can have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.memory.connector import Memory

    return [Memory]
