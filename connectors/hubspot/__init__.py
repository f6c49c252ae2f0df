"""HubSpot, both ways: contacts and orders are read, contacts are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.hubspot.connector import HubSpot

    return [HubSpot]
