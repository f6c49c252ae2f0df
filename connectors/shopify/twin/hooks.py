"""Webhooks: what the shop would post, signed over the raw body, for a test to deliver as and as often as it likes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from connectors.shopify.twin.books import Books, Record, Values, shown_time
from hub.testing.twin import Wish
from hub.testing.twin_deliver import Post

_SHOP = {"shop_id": 1, "shop_domain": "twin.myshopify.com"}


def posts(books: Books, wish: Wish, version: str, now: datetime, first: int) -> list[Post]:
    """The deliveries of a wish's `events`, each as `delivery` takes one, signed with its `secret`."""
    made = [
        delivery(books, event, str(wish["secret"]), version, now, number)
        for number, event in enumerate(wish["events"], first)
    ]
    return [Post(one["body"].encode(), one["headers"]) for one in made]


def delivery(books: Books, wish: Wish, secret: str, version: str, now: datetime, number: int) -> dict[str, Any]:
    """A delivery of `topic` about the record `id`: its headers, and its body as text.

    `signed_with` signs with another secret, `webhook_id` repeats an earlier delivery.
    """
    topic = str(wish["topic"])
    body = json.dumps(_body(books, topic, wish), ensure_ascii=False).encode()
    key = str(wish.get("signed_with") or secret).encode()
    signature = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": signature,
        "x-shopify-shop-domain": str(_SHOP["shop_domain"]),
        "x-shopify-api-version": version,
        "x-shopify-webhook-id": str(wish.get("webhook_id") or f"b54557e4-bdd9-4b37-8a5f-{number:012d}"),
        "x-shopify-event-id": f"98880550-7158-44d4-b7cd-{number:012d}",
        "x-shopify-triggered-at": f"{now:%Y-%m-%dT%H:%M:%S}.123456789Z",
    }
    return {"headers": headers, "body": body.decode()}


def _body(books: Books, topic: str, wish: Wish) -> Values:
    """The body, in the shape of the old REST resources: without tags, consents or totals of orders."""
    area, _, deed = topic.partition("/")
    if topic == "shop/redact":
        return dict(_SHOP)
    id_ = int(wish["id"])
    if topic in ("customers/redact", "customers/data_request"):
        record = books.customers.get(id_)
        values = record.values if record else {}
        person = {"id": id_, "email": values.get("email"), "phone": values.get("phone")}
        lists = {"orders_to_redact": []} if deed == "redact" else {"orders_requested": [], "data_request": {"id": 9999}}
        return {**_SHOP, "customer": person, **lists}
    if topic == "customers/merge":
        kept, gone = (f"gid://shopify/Customer/{one}" for one in (id_, wish["gone"]))
        names = ("admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id")
        return {**dict(zip(names, (kept, gone), strict=True)), "admin_graphql_api_job_id": None, "status": "completed"}
    if deed == "delete":
        return {"id": id_}
    if deed == "edited":
        return {"order_edit": {"id": 1, "order_id": id_}}
    if topic == "customers_email_marketing_consent/update":
        return {"customer_id": id_, "email_marketing_consent": {"state": "subscribed"}}
    record = books.of(area)[id_]
    return _customer(record) if area == "customers" else _order(record)


def _customer(record: Record) -> Values:
    names = {"first_name": "firstName", "last_name": "lastName", "email": "email", "phone": "phone", "note": "note"}
    found = {theirs: record.values[ours] for theirs, ours in names.items()}
    gid = f"gid://shopify/Customer/{record.id}"
    return {"id": record.id, **found, "updated_at": shown_time(record.updated), "admin_graphql_api_id": gid}


def _order(record: Record) -> Values:
    found = {name: record.values[name] for name in ("name", "email", "phone")}
    gid = f"gid://shopify/Order/{record.id}"
    return {"id": record.id, **found, "updated_at": shown_time(record.updated), "admin_graphql_api_id": gid}
