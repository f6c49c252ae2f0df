"""Webhooks: whether a delivery is the shop's own, what it speaks of, and the ping that is none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.woocommerce.wire.rows import customer_of
from hub.connector import Delivery, Heard, Hint
from hub.errors import AuthError, Rejected

_STREAMS = {"customer": "customers", "order": "orders"}
_CHANGES = ("created", "updated", "restored")
_PING = re.compile(rb"webhook_id=\d+")


def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    """Whether `X-WC-Webhook-Signature` is that of the raw body under the webhook's secret.

    The shop signs with the secret as it was typed, HTML entities decoded. Compared in constant time.
    """
    digest = hmac.new(html.unescape(secret).encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode("utf-8", "replace"))


def heard(delivery: Delivery, secret: str, *, orders: bool) -> Heard:
    """What a delivery speaks of; AuthError for one that is not the shop's, Rejected for one without sense.

    A delivery's id is the same for two of one webhook in one second: the key is made of the body and the topic, too.
    The shop signs the body alone. What its other headers say can only lead to records being read that need not be.
    """
    headers, body = delivery.headers, delivery.body
    if is_ping(headers, body):
        return Heard("ping")
    if not (secret and is_genuine(secret, body, headers.get("x-wc-webhook-signature", ""))):
        raise AuthError("the delivery is not signed with this connection's webhook_secret")
    topic, id_ = headers.get("x-wc-webhook-topic", ""), headers.get("x-wc-webhook-delivery-id", "")
    key = hashlib.sha256(b"\0".join((topic.encode(), id_.encode(), body))).hexdigest()
    return Heard(key, hints=tuple(_hints(topic, body, orders)))


def _hints(topic: str, body: bytes, orders: bool) -> Iterator[Hint]:
    resource, _, event = topic.partition(".")
    stream = _STREAMS.get(resource, "")
    if not stream or event not in (*_CHANGES, "deleted"):
        return
    row = _object(body)
    if stream == "customers" or orders:
        yield Hint(stream, _id(row), "gone" if event == "deleted" else "changed")
    if stream == "orders" and (account := customer_of(row)):
        yield Hint("customers", str(account))  # what nobody tells of accounts, their orders hint at


def _object(body: bytes) -> dict[str, Any]:
    try:
        row = json.loads(body)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise Rejected("the delivery holds no record")
    return row


def _id(row: Mapping[str, Any]) -> str:
    """The record's id; none where the user who made the webhook has lost his rights: then an error is delivered."""
    text = str(row.get("id") or "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Rejected("the delivery names no record", field="id")
    return text


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a post is the unsigned form `webhook_id=N` that a shop sends when a webhook is made; answer 200 to it."""
    signed = any(name.lower().startswith("x-wc-webhook-") for name in headers)
    return not signed and _PING.fullmatch(body.strip()) is not None
