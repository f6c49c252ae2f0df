"""The twin's first records: what a web shop holds of the invented population.

Every third purchase came in by the web, and the till books it too: such an order carries the till's number in the meta
field `_till_number`, by which a brand that reads both counts it once.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from connectors.woocommerce.twin.books import Books
from connectors.woocommerce.twin.replies import Values
from hub.testing.people import ZONE, Line, Person, Population, Purchase, Sighting

SYSTEM = "shop"
_STATES = {
    "paid": "processing", "shipped": "completed", "done": "completed", "returned": "refunded", "cancelled": "cancelled",
}  # fmt: skip
_SHARE = 0.35


def seed(books: Books, population: Population) -> None:
    """Fill the books; a third of the accounts was never edited, one order in eight was imported in one second."""
    chance = population.chance("shop:times")
    end = int(datetime.combine(population.today, time(), ZONE).timestamp()) - 1
    imported = end - int(timedelta(days=200).total_seconds())
    accounts: dict[int, int] = {}
    products: dict[str, int] = {}
    for seen in population.sightings(SYSTEM):
        created = min(int(seen.registered.timestamp()), end)
        record = books.add_customer(account(seen), at=created)
        record.person = seen.person
        if chance.random() > 0.33:
            books.touch(record, chance.randrange(created, end + 1))
        accounts.setdefault(seen.person, record.id)
    for purchase in population.orders:
        if chance.random() > _SHARE:
            continue
        placed = int(purchase.placed.timestamp())
        for line in purchase.lines:
            if line.sku not in products:
                products[line.sku] = books.add_product(_product(line), at=placed).id
        order = books.add_order(web_order(books, population, purchase, accounts, products), at=placed)
        order.person = purchase.person
        later = imported if placed < imported and chance.random() < 0.125 else placed + chance.randrange(3 * 86_400)
        books.touch(order, min(later, max(placed, end)))


def account(seen: Sighting) -> Values:
    """An account as its owner filled it in; a shop has an e-mail address of everybody."""
    return {
        "email": seen.email or f"user{seen.person}@shop.example.net",
        "username": f"member{seen.person}",
        "first_name": seen.given or "",
        "last_name": seen.family,
        "billing": _address(seen),
        "meta_data": [{"key": "newsletter_optout", "value": "yes"}] if seen.opted_out else [],
    }


def web_order(
    books: Books, population: Population, purchase: Purchase, accounts: dict[int, int], products: dict[str, int]
) -> Values:
    """An order of an account's owner, or of a guest; a guest may leave a phone, an address, both or neither."""
    person = population.person(purchase.person)
    account_id = 0 if purchase.guest else accounts.get(purchase.person, 0)
    billing = _billing(person)
    if not account_id:
        billing["phone"] = purchase.phone or ""
    refunded = purchase.refunded
    return {
        "status": _STATES[purchase.status],
        "currency": purchase.currency,
        "total": f"{purchase.total:.2f}",
        "discount_total": f"{sum(line.discount for line in purchase.lines):.2f}",
        "customer_id": account_id,
        "billing": billing,
        "payment_method": purchase.payment,
        "payment_method_title": purchase.payment,
        "line_items": [_item(line, place, products) for place, line in enumerate(purchase.lines, 1)],
        "refunds": [{"id": 1, "reason": "", "total": f"-{refunded:.2f}"}] if refunded else [],
        "meta_data": [{"key": "_till_number", "value": purchase.number}, {"key": "_store", "value": purchase.store}],
    }


def _address(seen: Sighting) -> Values:
    return {
        "first_name": seen.given or "", "last_name": seen.family, "phone": seen.phone or "", "email": seen.email or "",
        "address_1": seen.street or "", "address_2": seen.district or "", "city": seen.city or "",
        "state": seen.province or "", "postcode": seen.postcode or "", "country": "CN" if seen.city else "",
    }  # fmt: skip


def _billing(person: Person) -> Values:
    return {
        "first_name": person.given, "last_name": person.family, "phone": person.phone or "",
        "email": person.email or "", "address_1": person.street, "city": person.city, "state": person.province,
        "postcode": person.postcode, "country": "CN",
    }  # fmt: skip


def _item(line: Line, place: int, products: dict[str, int]) -> Values:
    return {
        "id": place,
        "name": line.name,
        "product_id": products[line.sku],
        "variation_id": 0,
        "quantity": line.quantity,
        "subtotal": f"{line.unit_price * line.quantity:.2f}",
        "total": f"{line.total:.2f}",
        "total_tax": "0.00",
        "sku": line.sku,
        "price": float(line.total / line.quantity),
        "meta_data": [],
    }


def _product(line: Line) -> Values:
    category = {"id": 1, "name": line.category, "slug": line.category}
    return {"name": line.name, "sku": line.sku, "price": f"{line.unit_price:.2f}", "categories": [category]}
