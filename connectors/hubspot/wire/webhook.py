"""Webhooks: whether a delivery is HubSpot's own, and which records its events speak of.

A delivery holds up to a hundred events, comes again when it was not answered, and in no order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Literal

import orjson

from connectors.hubspot.wire.settings import Scheme
from hub.connector import Delivery, Hint, Row
from hub.errors import AuthError, Rejected

_DECODED = re.compile(r"%(?:3A|2F|3F|40|21|27|28|29|2A|2C|3B|24)", re.IGNORECASE)
_TIME = "x-hubspot-request-timestamp"
_RANKS: dict[str, int] = {"v1": 1, "v2": 2, "v3": 3}
_TYPES = {"contact": "customers", "0-1": "customers", "order": "orders", "0-123": "orders"}
_KEY = ("subscriptionId", "objectId", "occurredAt", "propertyName", "eventId", "subscriptionType", "primaryObjectId")


def signature_v3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """Base64 of HMAC-SHA256 over method, address (some characters of it decoded), raw body and time."""
    signed = (method + decoded(url)).encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def signature_v2(secret: str, method: str, url: str, body: bytes) -> str:
    """Hex of SHA-256 over secret, method, address and raw body."""
    return hashlib.sha256((secret + method + url).encode() + body).hexdigest()


def signature_v1(secret: str, body: bytes) -> str:
    """Hex of SHA-256 over secret and raw body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def decoded(url: str) -> str:
    """An address as it is signed: only twelve characters are decoded."""
    return _DECODED.sub(lambda found: chr(int(found[0][1:], 16)), url)


def proven(delivery: Delivery, secret: str, weakest: Scheme) -> datetime | None:
    """When a genuine delivery was sent; None where its signature covers no time. AuthError for any other.

    Whether that is too long ago (HubSpot says five minutes) is for the receiver to say.
    """
    headers = delivery.headers
    given, scheme = headers.get("x-hubspot-signature-v3", ""), "v3"
    if not given:
        given, scheme = headers.get("x-hubspot-signature", ""), headers.get("x-hubspot-signature-version", "v1").lower()
    if not secret or not given or _RANKS.get(scheme, 0) < _RANKS[weakest]:
        remedy = "set webhook_secret, and webhook_signature to the scheme that HubSpot signs with"
        raise AuthError("the delivery is not signed as the settings ask", remedy=remedy)
    timestamp = headers.get(_TIME, "") if scheme == "v3" else ""
    wanted = {
        "v3": lambda: signature_v3(secret, delivery.method, delivery.url, delivery.body, timestamp),
        "v2": lambda: signature_v2(secret, delivery.method, delivery.url, delivery.body),
        "v1": lambda: signature_v1(secret, delivery.body),
    }[scheme]()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise AuthError("the delivery's signature is not HubSpot's")
    return _moment(timestamp) if scheme == "v3" else None


def _moment(timestamp: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,14}", timestamp):
        raise AuthError("the delivery does not say when it was sent")
    return datetime.fromtimestamp(int(timestamp) / 1000, UTC)


def events_of(body: bytes) -> list[Row]:
    """The events of a delivery; Rejected when there is something else in it."""
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Rejected("the delivery is not a list of events")
    return found


def key_of(events: list[Row]) -> str:
    """Equal for the same events, whatever the attempt and its order: their own ids alone are not unique."""
    told = sorted(orjson.dumps([str(one.get(name)) for name in _KEY]) for one in events)
    return blake2b(b"\n".join(told), digest_size=16).hexdigest()


def hints_of(events: list[Row]) -> list[Hint]:
    """The records that the events speak of, each once for each thing that is said to have happened."""
    return list(dict.fromkeys(hint for event in events for hint in _hints(event)))


def _hints(event: Row) -> Iterator[Hint]:
    kind, _, deed = str(event.get("subscriptionType")).partition(".")
    stream = _TYPES.get(str(event.get("objectTypeId")) if kind == "object" else kind)
    if stream is None:
        return
    if deed == "merge":
        kept = _id(event.get("newObjectId")) or _id(event.get("primaryObjectId"))
        merged = event.get("mergedObjectIds")
        others = {_id(event.get("primaryObjectId")), *map(_id, merged if isinstance(merged, list) else ())} - {kept, ""}
        yield from (Hint(stream, one, "gone") for one in sorted(others))
        yield from (Hint(stream, kept),) if kept else ()
        return
    events: dict[str, Literal["gone", "erase"]] = {"deletion": "gone", "privacyDeletion": "erase"}
    for one in filter(None, [_id(event.get("objectId") or event.get("fromObjectId"))]):
        yield Hint(stream, one, events.get(deed, "changed"))


def _id(value: Any) -> str:
    return str(value) if str(value).isdecimal() else ""
