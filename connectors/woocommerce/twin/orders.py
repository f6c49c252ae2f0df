"""Orders with their refunds: list, one, change, trash and delete (sheet sections 3, 5, 6 and 10)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connectors.woocommerce.twin.books import Books, Record
from connectors.woocommerce.twin.customers import Note
from connectors.woocommerce.twin.listing import Listing
from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.query import Query, bound, choice, flag, ids, whole
from connectors.woocommerce.twin.replies import Refused, invalid
from hub.testing.twin import Answer, Call

STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft")
_ORDERS = ("date", "id", "include", "title", "slug", "modified")
Test = Callable[[Record], bool]


class Orders:
    """The orders' calls."""

    def __init__(self, books: Books, options: WooOptions, listing: Listing, note: Note) -> None:
        self._books = books
        self._options = options
        self._listing = listing
        self._note = note

    def listed(self, call: Call) -> Answer:
        """`GET /orders`: by time of change where the shop knows how."""
        asked = call.query
        order = choice(asked, "orderby", _ORDERS, "date")
        falling = choice(asked, "order", ("asc", "desc"), "desc") == "desc"
        tests = [*self._tests(asked)]
        found = [record for record in self._books.orders.values() if all(test(record) for test in tests)]
        found.sort(key=lambda record: _key(order, record), reverse=falling)
        return self._listing.page(call, found)

    def one(self, call: Call) -> Answer:
        """`GET /orders/{id}`, in the trash too."""
        return Answer(200, self._listing.one(call.query, self._found(call)))

    def update(self, call: Call) -> Answer:
        """`PUT /orders/{id}`: status, note, meta data; what would recalculate totals is not played."""
        record, body = self._found(call), call.json()
        if body.get("status", record.status) not in (*STATUSES, *self._options.custom_statuses):
            raise invalid("status")
        own = ("status", "meta_data", "customer_note")
        self._books.merge(record, {name: body[name] for name in own if name in body})
        self._books.touch(record)
        self._note("update", "orders", str(record.id), body)
        return Answer(200, self._books.shown(record))

    def delete(self, call: Call) -> Answer:
        """`DELETE /orders/{id}`: into the trash; with `force` beyond it."""
        record = self._found(call)
        if flag(call.query, "force"):
            del self._books.orders[record.id]
        elif record.status == "trash":
            raise Refused("woocommerce_rest_already_trashed", 410)
        else:
            self.trash(record)
        self._note("delete", "orders", str(record.id), ())
        return Answer(200, self._books.shown(record))

    def trash(self, record: Record) -> None:
        """Move an order to the trash."""
        record.values["status"] = "trash"
        if self._options.trash_moves_modified:
            self._books.touch(record)

    def refunds(self, call: Call) -> Answer:
        """`GET /orders/{id}/refunds`."""
        return Answer(200, [{**one, "amount": one["total"].lstrip("-")} for one in self._found(call).values["refunds"]])

    def refund(self, call: Call) -> Answer:
        """`POST /orders/{id}/refunds`."""
        record, body = self._found(call), call.json()
        amount = Decimal(str(body.get("amount", "0")))
        if not 0 < amount <= Decimal(record.values["total"]):
            raise Refused("woocommerce_rest_invalid_order_refund", 400)
        made = self._books.refund(record, str(amount), str(body.get("reason", "")))
        self._note("refund", "orders", str(record.id), body)
        return Answer(201, made)

    def _found(self, call: Call) -> Record:
        record = self._books.orders.get(int(call.params["id"]))
        if record is None:
            raise Refused("woocommerce_rest_shop_order_invalid_id", 404)
        return record

    def _tests(self, asked: Query) -> list[Test]:
        """What each parameter asks of an order; time bounds are exclusive."""
        tests = [self._status(asked.get("status", "any")), *self._bounds(asked)]
        include, exclude = ids(asked, "include"), ids(asked, "exclude")
        if include is not None:
            tests.append(lambda record: record.id in include)
        if exclude is not None:
            tests.append(lambda record: record.id not in exclude)
        if "customer" in asked:
            customer = whole(asked, "customer", 0)
            tests.append(lambda record: record.values["customer_id"] == customer)
        return tests

    def _status(self, asked: str) -> Test:
        wanted = asked.split(",")
        if not set(wanted) <= {"any", "trash", "auto-draft", *STATUSES, *self._options.custom_statuses}:
            raise invalid("status")
        hidden = ("trash", "checkout-draft") if self._options.hides_drafts else ("trash",)
        if "any" in wanted:
            return lambda record: record.status not in hidden or record.status in wanted
        return lambda record: record.status in wanted

    def _bounds(self, asked: Query) -> list[Test]:
        tests: list[Test] = []
        modified: Callable[[Record], int] = lambda record: record.modified or 0  # noqa: E731
        created: Callable[[Record], int] = lambda record: record.created  # noqa: E731
        for name, read in (("modified", modified), ("", created)):
            if name and self._options.ignores_modified:
                continue
            prefix = f"{name}_" if name else ""
            after = bound(asked, f"{prefix}after", self._books.zone)
            before = bound(asked, f"{prefix}before", self._books.zone)
            tests += _between(read, after, before)
        return tests


def _between(read: Callable[[Record], int], after: int | None, before: int | None) -> list[Test]:
    tests: list[Test] = []
    if after is not None:
        tests.append(lambda record: read(record) > after)
    if before is not None:
        tests.append(lambda record: read(record) < before)
    return tests


def _key(order: str, record: Record) -> tuple[Any, int]:
    """What a listing is ordered by; the id breaks ties."""
    return {"modified": record.modified, "date": record.created}.get(order, record.id), record.id
