"""Webhooks: whether a delivery is the shop's own, and the ping that is none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Mapping

_PING = re.compile(rb"webhook_id=\d+")


def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    """Whether `X-WC-Webhook-Signature` is that of the raw body under the webhook's secret.

    The shop signs with the secret as it was typed, HTML entities decoded. Compared in constant time.
    """
    digest = hmac.new(html.unescape(secret).encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a post is the unsigned form `webhook_id=N` that a shop sends when a webhook is made; answer 200 to it."""
    signed = any(name.lower().startswith("x-wc-webhook-") for name in headers)
    return not signed and _PING.fullmatch(body.strip()) is not None
