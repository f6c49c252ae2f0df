"""A shopping centre's kiosk, as a connector for KeHub that somebody else wrote."""

from hub.connector import Connector, hookimpl
from kehub_kiosk.connector import Kiosk


@hookimpl
def kehub_connectors() -> list[type[Connector]]:
    """The kiosk."""
    return [Kiosk]
