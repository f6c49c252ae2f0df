"""Webhooks of the shop: signed over the body alone, never sent again, two of one second under one delivery id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
from collections.abc import Iterator
from typing import Any

from connectors.woocommerce.twin.books import Books
from hub.testing.twin import Wish
from hub.testing.twin_deliver import Post


def sign(secret: str, topic: str, body: bytes, delivery: str) -> dict[str, str]:
    """The headers of a delivery."""
    digest = hmac.new(html.unescape(secret).encode(), body, hashlib.sha256).digest()
    resource, _, event = topic.partition(".")
    return {
        "content-type": "application/json", "user-agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.1.0)",
        "x-wc-webhook-source": "https://shop.example.net/", "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource, "x-wc-webhook-event": event, "x-wc-webhook-id": "7",
        "x-wc-webhook-signature": base64.b64encode(digest).decode(), "x-wc-webhook-delivery-id": delivery,
    }  # fmt: skip


def posts(books: Books, wish: Wish) -> Iterator[Post]:
    """The deliveries of a wish; each of its `events` is {"topic": "order.updated", "id": ...} or {"ping": true}."""
    second = hashlib.md5(f"7{books.now()}".encode(), usedforsecurity=False).hexdigest()
    for event in wish["events"]:
        if event.get("ping"):
            yield Post(b"webhook_id=7", {"content-type": "application/x-www-form-urlencoded"})
            continue
        body = json.dumps(_payload(books, str(event["topic"]), int(event["id"]))).encode()
        yield Post(body, sign(str(wish["secret"]), str(event["topic"]), body, second))


def _payload(books: Books, topic: str, id_: int) -> dict[str, Any]:
    """The record as it is now; of one that was deleted, its id."""
    if topic.endswith(".deleted"):
        return {"id": id_}
    held = books.customers if topic.startswith("customer.") else books.orders
    return books.shown(held[id_])
