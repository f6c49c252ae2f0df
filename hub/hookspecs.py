"""The doors through which plugins enter. Built-in connectors come through the same ones as strangers'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.connector import Connector

hookspec = pluggy.HookspecMarker("kehub")


@hookspec
def kehub_connectors() -> Sequence[type[Connector[Any]]]:  # type: ignore[empty-body]
    """The connector classes this plugin brings.

    Returns a sequence of `hub.connector.Connector` subclasses, each with a `type` of its own; an empty sequence means
    that the plugin brings none. Called once at start; must do no I/O.
    """
