"""Sprout, as a connector for KeHub: members are read, changed and made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from .connector import Sprout

    return [Sprout]
