"""The doors through which plugins enter. Built-in connectors come through the same ones as strangers'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.connector import Connector
    from hub.maker import FactMaker

hookspec = pluggy.HookspecMarker("kehub")


@hookspec
def kehub_connectors() -> Sequence[type[Connector[Any]]]:  # type: ignore[empty-body]
    """The connector classes this plugin brings.

    Returns a sequence of `hub.connector.Connector` subclasses, each with a `type` of its own; an empty sequence means
    that the plugin brings none. Called once at start; must do no I/O.
    """


@hookspec
def kehub_facts() -> Sequence[FactMaker]:  # type: ignore[empty-body]
    """The facts this plugin can make (`hub.maker.FactMaker`), which a brand names by `plugin:` below `rules: facts:`.

    Returns a sequence, each with a name of its own within the plugin; an empty one means that it brings none. Called
    when a configuration names the plugin; must do no I/O.
    """
