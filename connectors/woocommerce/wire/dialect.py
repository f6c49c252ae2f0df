"""How a shop speaks: where, signed how, at what pace; its error codes and what follows from each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.woocommerce.wire.oauth1 import OAuth1
from connectors.woocommerce.wire.settings import WooSettings
from hub.connector import Auth, Basic, Consequence, Dialect, Limit

CODES: Mapping[str, Consequence] = MappingProxyType(
    {
        "woocommerce_rest_authentication_error": "auth",
        "woocommerce_rest_trash_not_supported": "rejected",
        "rest_no_route": "settings",
        "internal_server_error": "transient",
    }
)
"""`woocommerce_rest_cannot_*` is judged by its status: 401 when nobody was recognised, 403 when a right is missing."""


def dialect(settings: WooSettings) -> Dialect:
    """What the door must know of this shop. The shop itself counts no calls; its host may."""
    limits = (Limit("calls", settings.calls_per_minute, 60),)
    return Dialect(settings.url, _auth(settings), codes=CODES, limits=limits, concurrency=settings.parallel)


def _auth(settings: WooSettings) -> Auth:
    key, secret = settings.consumer_key.get_secret_value(), settings.consumer_secret.get_secret_value()
    return OAuth1(key, secret) if settings.signs else Basic(key, secret)
