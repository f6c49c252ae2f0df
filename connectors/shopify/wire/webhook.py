"""Webhooks: whether a delivery is the shop's own, and which records it speaks of.

A delivery is signed over its raw body, and nothing else, with the app's client secret: when it was triggered is not
signed, and stays the same when it is sent again for hours, so it proves no time. Its body shows part of a record only, and
neither tags nor consents: it is a hint, and the record is read again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from connectors.shopify.wire.rows import number_of
from hub.connector import Delivery, Heard, Hint
from hub.errors import AuthError, Rejected

Event = Literal["changed", "gone", "erase", "disclose"]
_PRIVACY: Mapping[str, Event] = {"customers/redact": "erase", "customers/data_request": "disclose"}
_OF_CUSTOMER = ("customer_id", "customerId", "admin_graphql_api_customer_id", "admin_graphql_api_id", "id")
_OF_ORDER = ("order_id", "admin_graphql_api_order_id", "admin_graphql_api_id", "id")
_WRAPPED = "order_edit"


def heard(delivery: Delivery, secrets: Sequence[str], *, orders: bool = True) -> Heard:
    """What a delivery says, of orders where they are read.

    AuthError for one that is not the shop's own, Rejected for one that makes no sense.
    """
    signature = delivery.headers.get("x-shopify-hmac-sha256", "")
    if not any(is_genuine(secret, delivery.body, signature) for secret in secrets):
        remedy = (
            "set `client_secret` to that of the app whose webhooks these are; after a change also `old_client_secret`"
        )
        raise AuthError("this is not signed with the app's client secret", where="webhook", remedy=remedy)
    topic = delivery.headers.get("x-shopify-topic", "").lower()
    body = _body(delivery.body)
    key = delivery.headers.get("x-shopify-webhook-id") or _digest(topic, delivery.body)
    found = dict.fromkeys(hints(topic, body))
    return Heard(key, hints=tuple(one for one in found if orders or one.stream != "orders"))


def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    """Whether a signature is that of the raw body under a client secret. Compared in constant time."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def hints(topic: str, body: Mapping[str, Any]) -> Iterator[Hint]:
    """The records that a delivery of a topic speaks of; none for topics that one does not read."""
    area, deed = re.split(r"[/._]", topic)[0], topic.rpartition("/")[2]
    if topic in _PRIVACY:
        customer = body.get("customer")
        yield from _hint("customers", customer if isinstance(customer, dict) else {}, ("id",), _PRIVACY[topic])
    elif topic == "customers/merge":
        yield from _merged(body)
    elif area in ("customers", "customer"):
        yield from _hint("customers", body, _OF_CUSTOMER, "gone" if deed == "delete" else "changed")
    elif area == "orders":
        edit = body.get(_WRAPPED)
        about = edit if isinstance(edit, dict) else body
        yield from _hint("orders", about, _OF_ORDER, "gone" if deed == "delete" else "changed")
    elif area == "refunds":
        yield from _hint("orders", body, ("order_id",), "changed")


def _hint(stream: str, body: Mapping[str, Any], names: Iterable[str], event: Event) -> Iterator[Hint]:
    found = next((id_ for name in names if (id_ := number_of(body.get(name)))), "")
    if not found:
        raise Rejected("a delivery that names no record", where="webhook", field=next(iter(names)))
    yield Hint(stream, found, event)


def _merged(body: Mapping[str, Any]) -> Iterator[Hint]:
    """Of two customers one is kept and one is gone; a merge that failed names nobody."""
    events: Mapping[str, Event] = {"kept": "changed", "deleted": "gone"}
    for name, value in body.items():
        event = next((event for word, event in events.items() if word in name), None)
        if event and (id_ := number_of(value)):
            yield Hint("customers", id_, event)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Rejected("a delivery that is no JSON object", where="webhook")
    return found


def _digest(topic: str, body: bytes) -> str:
    return hashlib.sha256(topic.encode() + b"\0" + body).hexdigest()
