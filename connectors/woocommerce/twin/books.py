"""The twin's books: customers, orders with their refunds, products; ids in sequence, times of change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.woocommerce.twin.replies import Values

ADDRESS = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone",
)  # fmt: skip


@dataclass
class Record:
    """A customer, an order or a product. `created` and `modified` are epoch seconds; None: never edited."""

    id: int
    values: Values
    created: int
    modified: int | None
    person: int | None = None

    @property
    def status(self) -> str:
        """An order's status."""
        return str(self.values.get("status", ""))


class Books:
    """All that the shop holds. `now` gives the twin's time; what is written is stamped with it, to the second."""

    def __init__(self, now: Callable[[], datetime], zone: str) -> None:
        self.customers: dict[int, Record] = {}
        self.orders: dict[int, Record] = {}
        self.products: dict[int, Record] = {}
        self.zone = ZoneInfo(zone)
        self._now = now
        self._users = itertools.count(101)
        self._posts = itertools.count(5001)
        self._metas = itertools.count(9001)

    def now(self) -> int:
        """The twin's time in epoch seconds."""
        return int(self._now().timestamp())

    def add_customer(self, values: Values, *, at: int | None = None) -> Record:
        """A new account; what is not given is empty."""
        at = self.now() if at is None else at
        email = values.get("email", "")
        whole: Values = {
            "email": email, "first_name": "", "last_name": "", "role": "customer",
            "username": values.get("username") or email.partition("@")[0],
            "billing": {**dict.fromkeys(ADDRESS, ""), "email": ""}, "shipping": dict.fromkeys(ADDRESS, ""),
            "is_paying_customer": False, "avatar_url": "", "meta_data": [],
        }  # fmt: skip
        record = Record(next(self._users), whole, at, None)
        self.customers[record.id] = record
        self.merge(record, values)
        return record

    def add_order(self, values: Values, *, at: int | None = None) -> Record:
        """A new order; what is not given is empty."""
        at = self.now() if at is None else at
        id_ = next(self._posts)
        address: Values = dict.fromkeys(ADDRESS, "")
        whole: Values = {
            "parent_id": 0, "number": str(id_), "order_key": f"wc_order_{id_}", "status": "pending", "currency": "CNY",
            "discount_total": "0.00", "shipping_total": "0.00", "total": "0.00", "total_tax": "0.00",
            "prices_include_tax": True, "customer_id": 0, "customer_note": "",
            "billing": {**address, "email": ""}, "shipping": {**address}, "payment_method": "",
            "payment_method_title": "", "transaction_id": "", "meta_data": [], "line_items": [], "refunds": [],
        }  # fmt: skip
        record = Record(id_, whole, at, at)
        self.orders[id_] = record
        self.merge(record, values)
        return record

    def add_product(self, values: Values, *, at: int) -> Record:
        """A new product."""
        record = Record(next(self._posts), dict(values), at, at)
        self.products[record.id] = record
        return record

    def merge(self, record: Record, values: Values, *, null_deletes: bool = True) -> None:
        """Put values into a record: addresses merge field by field, meta data key by key."""
        for name, value in values.items():
            if name in ("billing", "shipping"):
                record.values[name].update(value)
            elif name == "meta_data":
                for entry in value:
                    self._put_meta(record, entry, null_deletes)
            else:
                record.values[name] = value

    def touch(self, record: Record, at: int | None = None) -> None:
        """The record changed just now."""
        record.modified = self.now() if at is None else at

    def refund(self, order: Record, amount: str, reason: str = "") -> Values:
        """Give money back on an order; all of it makes the order `refunded`."""
        refund: Values = {"id": next(self._posts), "reason": reason, "total": f"-{amount}"}
        order.values["refunds"].append(refund)
        given = sum(float(one["total"]) for one in order.values["refunds"])
        if given + float(order.values["total"]) <= 0:
            order.values["status"] = "refunded"
        self.touch(order)
        return refund

    def drop_customer(self, record: Record) -> None:
        """An account goes; its orders stay, as a guest's."""
        del self.customers[record.id]
        for order in self.orders.values():
            if order.values["customer_id"] == record.id:
                order.values["customer_id"] = 0

    def shown(self, record: Record) -> Values:
        """A record as the shop shows it."""
        times: Values = {}
        for name, at in (("date_created", record.created), ("date_modified", record.modified)):
            times |= self._times(name, at)
        return {"id": record.id, **times, **record.values}

    def _times(self, name: str, at: int | None) -> Values:
        """A time as the site's and as UTC, both without an offset."""
        if at is None:
            return {name: None, f"{name}_gmt": None}
        moment = datetime.fromtimestamp(at, UTC)
        local, gmt = moment.astimezone(self.zone).replace(tzinfo=None), moment.replace(tzinfo=None)
        return {name: local.isoformat(), f"{name}_gmt": gmt.isoformat()}

    def _put_meta(self, record: Record, entry: Values, null_deletes: bool) -> None:
        """An existing key is changed where it stands (its own row when the id names one), a new one is added."""
        rows: list[Values] = record.values["meta_data"]
        same = [row for row in rows if row["id"] == entry.get("id")] or [r for r in rows if r["key"] == entry["key"]]
        if entry.get("value") is None:
            if null_deletes and same:
                rows.remove(same[0])
        elif same:
            same[0]["value"] = entry["value"]
        else:
            rows.append({"id": next(self._metas), "key": entry["key"], "value": entry["value"]})
