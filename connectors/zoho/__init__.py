"""Zoho CRM, both ways: contacts and sales orders are read, contacts are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.zoho.connector import Zoho

    return [Zoho]
