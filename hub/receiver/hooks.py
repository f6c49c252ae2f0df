"""Webhooks: a delivery is proven by its connector, must lie in its window, and is kept once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hub.connector import Connector, Tools
from hub.deliveries import Delivery, Heard
from hub.errors import AuthError, Rejected
from hub.receiver.bodies import Unfit
from hub.settings import Configuration, Connection
from hub.store import Store

_LONGEST = 500
"""Bytes of an id; a longer one is none."""


class Hooks:
    """The connections that can be posted to, each with a connector that has no way out: hearing calls nobody."""

    def __init__(self, config: Configuration, store: Store) -> None:
        self._store = store
        self._config = config
        self._connections = {one.name: one for one in config.connections if one.connector_class.hooks}
        self._connectors: dict[str, Connector[Any]] = {}

    def knows(self, name: str) -> bool:
        """Whether there is a connection of this name that can be posted to."""
        return name in self._connections

    def take(self, name: str, delivery: Delivery) -> bool:
        """Keep a delivery; False when it was heard before. Unfit where it is forged, out of its time or makes no sense.

        Raises as `hub.store.hints.Hints.hear` where it cannot be kept now.
        """
        connection = self._connections[name]
        heard = _proven(lambda: _sound(self._connector(connection).webhook(delivery)))
        self._check_time(connection, heard)
        return self._store.hints.hear(name, heard.key, heard.hints, self._config.receiver.backlog)

    def _check_time(self, connection: Connection, heard: Heard) -> None:
        if heard.sent is None:
            return
        window = timedelta(seconds=connection.hook_window_seconds or self._config.receiver.window_seconds)
        age = self._store.clock.now() - heard.sent
        if age > window:
            raise Unfit(401, "stale")
        if -age > window:
            raise Unfit(401, "early")

    def _connector(self, connection: Connection) -> Connector[Any]:
        made = self._connectors.get(connection.name)
        if made is None:
            config = self._config
            tools = Tools(
                connection.name, self._store.clock, config.place, str(config.folder), mapping=connection.mapping
            )
            made = self._connectors[connection.name] = connection.connector_class(connection.settings, tools)
        return made


def _sound(heard: Heard) -> Heard:
    """A delivery whose ids can be ids; ValueError else."""
    for word in (heard.key, *(hint.external_id for hint in heard.hints)):
        if not 0 < len(word.encode()) <= _LONGEST:
            raise ValueError("not an id")
    return heard


def _proven(prove: Callable[[], Heard]) -> Heard:
    """What the connector makes of a delivery; one that makes it stumble in any other way is none of its system's."""
    try:
        return prove()
    except AuthError:
        raise Unfit(401, "forged") from None
    except (Rejected, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unfit(422, "senseless") from None
