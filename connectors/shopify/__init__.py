"""Shopify, both ways: customers and orders of a shop are read, customers are written, webhooks are heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connectors of this plugin."""
    from connectors.shopify.connector import Shopify

    return [Shopify]
