"""The twin's first records: what HubSpot holds of the invented population.

Some of the purchases were copied here from the tills: such an order carries the till's number in `kehub_source_ref`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from connectors.hubspot.twin.books import Books, Record
from connectors.hubspot.twin.relations import TYPES
from connectors.hubspot.twin.replies import Values
from hub.testing.people import ZONE, Person, Population, Purchase, Sighting

SYSTEM = "hubspot"
_SHARE = 0.35


def seed(books: Books, population: Population) -> None:
    """Fill the books; one contact in eight was imported in one instant, so that times of change tie."""
    chance = population.chance(f"{SYSTEM}:times")
    end = (int(datetime.combine(population.today, time(), ZONE).timestamp()) - 1) * 1000
    imported = end - int(timedelta(days=200).total_seconds()) * 1000
    contacts: dict[int, Record] = {}
    for seen in population.sightings(SYSTEM):
        created = min(int(seen.registered.timestamp()) * 1000, end)
        record = books.insert("contacts", contact(books, seen), at=created)
        record.person = seen.person
        changed = imported if created < imported and chance.random() < 0.125 else chance.randrange(created, end + 1)
        books.update(record, {}, at=changed)
        contacts.setdefault(seen.person, record)
    for purchase in population.orders:
        if chance.random() > _SHARE:
            continue
        placed = int(purchase.placed.timestamp()) * 1000
        buyer = None if purchase.guest else contacts.get(purchase.person)
        order = books.insert("orders", web_order(population.person(purchase.person), purchase), at=placed)
        order.person = purchase.person
        books.update(order, {}, at=min(placed + chance.randrange(3 * 86_400_000), max(placed, end)))
        if buyer is not None:
            books.link("orders", order.id, "contacts", buyer.id, TYPES["orders", "contacts"])
    for record in (*books.kinds["contacts"].rows.values(), *books.kinds["orders"].rows.values()):
        record.known.clear()


def contact(books: Books, seen: Sighting) -> Values:
    """A contact as a form or a clerk filled it in; no two have one address."""
    email = (seen.email or "").lower()
    free = bool(email) and books.kinds["contacts"].having("email", email) is None
    return {
        "email": email if free else None, "firstname": seen.given or None, "lastname": seen.family, "phone": seen.phone,
        "address": " ".join(filter(None, (seen.district, seen.street))) or None, "city": seen.city,
        "state": seen.province, "zip": seen.postcode, "country": "中国" if seen.city else None,
        "hs_email_optout": "true" if seen.opted_out else None, "lifecyclestage": "customer",
    }  # fmt: skip


def web_order(person: Person, purchase: Purchase) -> Values:
    """An order as a shop's connection puts it there."""
    return {
        "hs_order_name": f"Order {purchase.number}", "hs_external_order_id": f"HS-{purchase.number}",
        "hs_external_order_status": purchase.status, "hs_currency_code": purchase.currency,
        "hs_total_price": f"{purchase.total:.2f}", "hs_refund_amount": f"{purchase.refunded:.2f}",
        "hs_source_store": purchase.store, "hs_billing_address_name": person.name,
        "hs_billing_address_email": (person.email or "").lower() or None,
        "hs_billing_address_phone": purchase.phone or person.phone,
        "hs_external_created_date": purchase.placed.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "kehub_source_ref": purchase.number,
    }  # fmt: skip
