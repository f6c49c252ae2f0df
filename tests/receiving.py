"""A receiver in front of a shop's twin: for tests of webhooks and events."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from connectors.woocommerce.twin.hooks import sign
from hub.receiver.events import signature
from hub.settings.shape import Receiver
from tests.listening import Listening
from tests.woocommerce_site import Site

SECRET = "a shop's webhook secret & more"
KEY, KEY_SECRET = "site-1", "an-event-key-of-the-site"


@dataclass
class Shop(Listening, Site):
    """A shop whose webhooks come to a receiver of ours; `receiver` is that block of the configuration."""

    receiver: str = ""

    def __post_init__(self) -> None:
        os.environ.update({"WOO_HOOKS": SECRET, "EVENT_KEY": KEY_SECRET})
        self.settings = "    webhook_secret: ${WOO_HOOKS}\n" + self.settings
        super().__post_init__()

    def write(self, **changed: Any) -> None:
        """Write the configuration with the receiver's block."""
        super().write(**changed)
        block = f"receiver:\n  keys: {{{KEY}: '${{EVENT_KEY}}'}}\n{self.receiver}"
        self.file.write_text(self.file.read_text(encoding="utf-8") + block, encoding="utf-8")


def post(url: str, body: Any, topic: str = "order.updated", **headers: str) -> httpx.Response:
    """Post a delivery as a shop does, signed as it would be."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/hooks/shop", content=raw, headers={**sign(SECRET, topic, raw, delivery="d1"), **named})


def tell(url: str, body: Any, at: float, **headers: str) -> httpx.Response:
    """Post events, signed."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    moment = str(int(at))
    own = {"kehub-key": KEY, "kehub-timestamp": moment, "kehub-signature": signature(KEY_SECRET, moment, raw)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/events", content=raw, headers={**own, **named})


__all__ = ["KEY", "KEY_SECRET", "SECRET", "Receiver", "Shop", "post", "tell"]
