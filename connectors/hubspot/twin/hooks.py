"""Webhook deliveries: what happened, a hundred events a time, signed as HubSpot signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson

from connectors.hubspot.twin.books import Books
from connectors.hubspot.twin.options import HubSpotOptions
from hub.testing.twin import Wish
from hub.testing.twin_deliver import Post

MOST = 100
_DECODED = ("%3A", "%2F", "%3F", "%40", "%21", "%27", "%28", "%29", "%2A", "%2C", "%3B", "%24")
"""What is decoded in an address before it is signed; nothing else is."""


class Hooks:
    """Makes the deliveries of what has happened since the last ones."""

    def __init__(self, books: Books, options: HubSpotOptions, now: Callable[[], datetime]) -> None:
        self._books = books
        self._options = options
        self._now = now
        self._sent = 0
        self._last = 0

    def start(self) -> None:
        """Leave out what has happened so far."""
        self._sent = len(self._books.events)

    def posts(self, wish: Wish) -> list[Post]:
        """What `deliver` posts: as `deliveries` has it."""
        told = self.deliveries(wish)
        return [Post(one["body"].encode(), {**one["headers"], "content-type": "application/json"}) for one in told]

    def deliveries(self, wish: Wish) -> list[dict[str, Any]]:
        """`POST /_twin/deliveries` {"url", "scheme", ...}: what has happened since the last ones, as it would arrive there.

        `signed` is the address that is signed, where a proxy stands in between. `scheme` is v3 (the default), v2 or v1;
        `secret` another one than the app's; `age` how many seconds ago they were sent. `again`: what was delivered last
        comes once more, as another attempt.
        """
        if wish.get("again"):
            self._sent = self._last
        self._last = self._sent
        events = self._books.events[self._sent :]
        self._sent = len(self._books.events)
        attempt = {
            "portalId": self._options.portal,
            "appId": self._options.app,
            "attemptNumber": int(bool(wish.get("again"))),
        }
        parts = (events[start : start + MOST] for start in range(0, len(events), MOST))
        return [self._request(wish, [{**event, **attempt} for event in part]) for part in parts]

    def _request(self, wish: Wish, events: list[dict[str, Any]]) -> dict[str, Any]:
        body = orjson.dumps(events)
        return {"method": "POST", "url": wish["url"], "headers": self._signed(wish, body), "body": body.decode()}

    def _signed(self, wish: Wish, body: bytes) -> dict[str, str]:
        secret, scheme = str(wish.get("secret", self._options.client_secret)), str(wish.get("scheme", "v3"))
        url = str(wish.get("signed", wish["url"]))
        if scheme == "v3":
            stamp = str(round((self._now().timestamp() - float(wish.get("age", 0))) * 1000))
            text = f"POST{_signed_as(url)}".encode() + body + stamp.encode()
            digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
            signature = base64.b64encode(digest).decode()
            return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
        text = (secret + (f"POST{url}" if scheme == "v2" else "")).encode() + body
        return {"x-hubspot-signature": hashlib.sha256(text).hexdigest(), "x-hubspot-signature-version": scheme}


def _signed_as(url: str) -> str:
    """An address as it goes into a signature."""
    for code in _DECODED:
        url = url.replace(code, unquote(code)).replace(code.lower(), unquote(code))
    return url
