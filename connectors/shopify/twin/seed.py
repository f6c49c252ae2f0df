"""The twin's first records: what a web shop holds of the invented population.

An e-mail address and a phone belong to one customer at most here, so the second of a family's has neither.
"""

from __future__ import annotations

from datetime import datetime, time

from connectors.shopify.twin.books import Books, Values, shown_time
from hub.testing.people import ZONE, Line, Population, Purchase, Sighting

SYSTEM = "shopify"
_STATES = {
    "paid": ("PAID", "UNFULFILLED", False), "shipped": ("PAID", "FULFILLED", False), "done": ("PAID", "FULFILLED", True),
    "returned": ("REFUNDED", "FULFILLED", True), "cancelled": ("VOIDED", "UNFULFILLED", True),
}  # fmt: skip
_SHARE = 0.35


def seed(books: Books, population: Population) -> None:
    """Fill the books; a third of the customers never changed since they came."""
    chance = population.chance("shopify:times")
    end = int(datetime.combine(population.today, time(), ZONE).timestamp()) - 1
    customers: dict[int, int] = {}
    for seen in population.sightings(SYSTEM):
        created = min(int(seen.registered.timestamp()), end)
        record = books.add("customers", _customer(books, seen), at=created)
        record.person = seen.person
        record.consents["email"]["state"] = "UNSUBSCRIBED" if seen.opted_out else "NOT_SUBSCRIBED"
        if chance.random() > 0.33:
            books.touch(record, chance.randrange(created, end + 1))
        customers.setdefault(seen.person, record.id)
    for purchase in population.orders:
        if chance.random() > _SHARE:
            continue
        placed = int(purchase.placed.timestamp())
        order = books.add("orders", _order(population, purchase, customers), at=placed)
        order.person = purchase.person
        order.updated = min(placed + chance.randrange(3 * 86_400), max(placed, end))


def _customer(books: Books, seen: Sighting) -> Values:
    phone = _e164(seen.phone)
    email = seen.email if seen.email and not books.holder("email", seen.email) else None
    return {
        "firstName": seen.given or None,
        "lastName": seen.family or None,
        "email": email,
        "phone": phone if phone and not books.holder("phone", phone) else None,
        "locale": "zh-CN",
        "defaultAddress": {
            "address1": seen.street, "address2": seen.district, "city": seen.city, "province": seen.province,
            "zip": seen.postcode, "countryCodeV2": "CN" if seen.city else None, "firstName": seen.given or None,
            "lastName": seen.family if seen.city else None,
        },
    }  # fmt: skip


def _order(population: Population, purchase: Purchase, customers: dict[int, int]) -> Values:
    """An order of a customer, or of a guest, who may leave a phone, an address, both or neither."""
    person = population.person(purchase.person)
    owner = None if purchase.guest else customers.get(purchase.person)
    paid, sent, closed = _STATES[purchase.status]
    placed = int(purchase.placed.timestamp())
    address = {"city": person.city, "address1": person.street, "firstName": person.given, "lastName": person.family}
    return {
        "customer": owner,
        "email": person.email if owner else None,
        "phone": None if owner else _e164(purchase.phone),
        "processedAt": shown_time(placed),
        "cancelledAt": shown_time(placed) if purchase.status == "cancelled" else None,
        "displayFinancialStatus": paid,
        "displayFulfillmentStatus": sent,
        "closed": closed,
        "currencyCode": purchase.currency,
        "total": f"{purchase.total:.2f}",
        "refunded": f"{purchase.refunded:.2f}",
        "paymentGatewayNames": [purchase.payment],
        "billingAddress": address,
        "lines": [_line(line) for line in purchase.lines],
    }


def _line(line: Line) -> Values:
    return {
        "sku": line.sku, "name": line.name, "quantity": line.quantity, "price": f"{line.unit_price:.2f}",
        "discount": f"{line.discount:.2f}",
    }  # fmt: skip


def _e164(phone: str | None) -> str | None:
    """A shop keeps phones in one spelling; what is none is left out."""
    digits = "".join(char for char in phone or "" if char.isascii() and char.isdecimal())
    digits = digits.removeprefix("0086").removeprefix("86") if len(digits) > 11 else digits
    return f"+86{digits}" if len(digits) == 11 else None
