"""The twin's books: customers and orders, numbered in sequence, with times of change in whole seconds."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Values = dict[str, Any]  # JSON
FIRST_CUSTOMER, FIRST_ORDER = 7_000_000_001, 5_000_000_001
NO_CONSENT = {"state": "NOT_SUBSCRIBED", "level": "SINGLE_OPT_IN", "at": None}


class Unknown(Exception):
    """There is no such record."""


@dataclass
class Record:
    """A customer or an order, by the names that the connector's rows have. Times are epoch seconds."""

    id: int
    values: Values
    created: int
    updated: int
    person: int | None = None
    tags: list[str] = field(default_factory=list)
    metafields: dict[tuple[str, str], Values] = field(default_factory=dict)
    consents: dict[str, Values] = field(default_factory=dict)


class Books:
    """All that the shop holds. `now` gives the twin's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.customers: dict[int, Record] = {}
        self.orders: dict[int, Record] = {}
        self._now = now
        self._numbers = {"customers": itertools.count(FIRST_CUSTOMER), "orders": itertools.count(FIRST_ORDER)}

    def now(self) -> int:
        """The twin's time in epoch seconds."""
        return int(self._now().timestamp())

    def of(self, module: str) -> dict[int, Record]:
        """The records of `customers` or `orders`."""
        if module not in ("customers", "orders"):
            raise KeyError(module)
        return self.customers if module == "customers" else self.orders

    def add(self, module: str, values: Mapping[str, Any], *, at: int | None = None) -> Record:
        """A new record; what is not given is empty."""
        at = self.now() if at is None else at
        id_ = next(self._numbers[module])
        record = Record(id_, _blank(module, id_, at), at, at)
        if module == "customers":
            record.consents = {"email": dict(NO_CONSENT), "sms": dict(NO_CONSENT)}
        self.of(module)[id_] = record
        self.merge(record, values)
        return record

    def merge(self, record: Record, values: Mapping[str, Any]) -> None:
        """Put values into a record as a clerk would: objects merge field by field, metafields key by key."""
        for name, value in values.items():
            if name == "metafields":
                self.set_metafields(record, value)
            elif name.startswith("metafields."):
                _, namespace, key = name.split(".")
                self.set_metafields(record, {namespace: {key: value}})
            elif name == "customer" and isinstance(value, Mapping):
                record.values[name] = int(value["id"]) if value.get("id") else None
            elif name == "tags":
                record.tags = list(value or ())
            elif name == "optedOut":
                for channel, out in value.items():
                    record.consents[channel]["state"] = "UNSUBSCRIBED" if out else "SUBSCRIBED"
            elif isinstance(value, Mapping) and isinstance(record.values.get(name), dict):
                record.values[name].update(value)
            else:
                record.values[name] = value

    def set_metafields(self, record: Record, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Set metafields by namespace and key; None and "" take one away."""
        for namespace, keys in values.items():
            for key, value in keys.items():
                if value in (None, ""):
                    record.metafields.pop((namespace, key), None)
                else:
                    record.metafields[namespace, key] = {"value": str(value), "type": "single_line_text_field"}

    def touch(self, record: Record, at: int | None = None) -> None:
        """The record changed just now."""
        record.updated = self.now() if at is None else at

    def drop(self, module: str, id_: int) -> None:
        """A record goes; a customer's orders stay, as a guest's."""
        del self.of(module)[id_]
        if module == "customers":
            for order in self.orders.values():
                if order.values["customer"] == id_:
                    order.values["customer"] = None

    def merged(self, kept: int, gone: int) -> None:
        """Two customers become one: the orders move to the one that is kept."""
        for order in self.orders.values():
            if order.values["customer"] == gone:
                order.values["customer"] = kept
                self.touch(order)
        self.customers[kept].tags = list(dict.fromkeys(self.customers[kept].tags + self.customers[gone].tags))
        del self.customers[gone]
        self.touch(self.customers[kept])

    def holder(self, field_: str, value: str, but: Record | None = None) -> Record | None:
        """The customer, other than `but`, that holds an e-mail address or a phone."""
        wanted = _bare(field_, value)
        found = (one for one in self.customers.values() if one is not but and one.values.get(field_))
        return next((one for one in found if _bare(field_, str(one.values[field_])) == wanted), None)


def digest(metafield: Mapping[str, Any]) -> str:
    """What tells whether a metafield is still as it was."""
    return hashlib.sha256(str(metafield["value"]).encode()).hexdigest()


def shown_time(at: int | None) -> str | None:
    """A time as the shop shows it: UTC, whole seconds."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def row(record: Record) -> Values:
    """A record in the form that the connector's rows have."""
    found = {"id": str(record.id), **record.values, "tags": list(record.tags)}
    found |= {"createdAt": shown_time(record.created), "updatedAt": shown_time(record.updated)}
    if "customer" in found:
        found["customer"] = {"id": str(found["customer"] or "")}
    nested: Values = {}
    for (namespace, key), one in sorted(record.metafields.items()):
        nested.setdefault(namespace, {})[key] = one["value"]
    return {**found, "metafields": nested, "consents": record.consents}


def _bare(name: str, value: str) -> str:
    return value.casefold() if name == "email" else "".join(char for char in value if char.isdecimal())


def _blank(module: str, id_: int, at: int) -> Values:
    address = {"address1": None, "address2": None, "city": None, "province": None, "countryCodeV2": None, "zip": None,
               "phone": None, "firstName": None, "lastName": None}  # fmt: skip
    if module == "customers":
        return {"email": None, "phone": None, "firstName": None, "lastName": None, "locale": "en", "note": None,
                "taxExempt": False, "defaultAddress": address}  # fmt: skip
    return {
        "name": f"#{id_ - FIRST_ORDER + 1001}", "customer": None, "email": None, "phone": None, "note": None,
        "sourceName": "web", "test": False, "cancelledAt": None, "closed": False, "processedAt": shown_time(at),
        "displayFinancialStatus": "PENDING", "displayFulfillmentStatus": "UNFULFILLED", "currencyCode": "CNY",
        "total": "0.00", "refunded": "0.00", "paymentGatewayNames": [], "billingAddress": {**address}, "lines": [],
    }  # fmt: skip
