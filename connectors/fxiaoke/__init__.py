"""Fxiaoke (纷享销客), both ways: customers of any object and sales orders are read, customers are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.fxiaoke.connector import Fxiaoke

    return [Fxiaoke]
