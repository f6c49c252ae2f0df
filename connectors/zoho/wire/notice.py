"""Notifications: whether a post is Zoho's, and which records it speaks of.

Zoho signs nothing: it sends back the token that the channel was made with, so https is a must. Of a post, only the
module, the ids and the operation are believed; values are read again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hub.connector import Delivery, Heard, Hint
from hub.errors import AuthError, Rejected


def heard(delivery: Delivery, token: str, streams: Mapping[str, str]) -> Heard:
    """What a notification speaks of; `streams` gives each module's stream. AuthError where the token is another one."""
    try:
        post = json.loads(delivery.body)
    except ValueError:
        post = None
    given = post.get("token") if isinstance(post, dict) else None
    if not (token and isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())):
        raise AuthError("the notification does not carry this connection's notification_token")
    stream = streams.get(str(post.get("module")), "")
    hints = tuple(_hints(stream, post)) if stream else ()
    return Heard(hashlib.sha256(delivery.body).hexdigest(), _sent(post.get("server_time")), hints)


def _hints(stream: str, post: Mapping[str, Any]) -> Iterator[Hint]:
    ids = post.get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, str) and one.isascii() and one.isdecimal() for one in ids):
        raise Rejected("the notification names no records", field="ids")
    for one in dict.fromkeys(ids):
        yield Hint(stream, one, "gone" if post.get("operation") == "delete" else "changed")


def _sent(server_time: Any) -> datetime | None:
    """Their time in milliseconds."""
    if type(server_time) is not int or not 0 < server_time < 10**14:
        return None
    return datetime.fromtimestamp(server_time / 1000, UTC)
