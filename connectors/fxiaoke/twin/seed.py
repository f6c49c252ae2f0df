"""The twin's first records: what Fxiaoke holds of the invented population."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import CLERK, Books, Record, Values
from hub.testing.people import ZONE, Population, Purchase, Sighting

_STATES = {"paid": "s1", "shipped": "s2", "done": "s3", "cancelled": "s4", "returned": "s5"}
_COPIED = 0.25
_NAMES = {
    "AccountObj": ("tel", "email"),
    "ContactObj": ("mobile1", "email"),
    "MemberObj": ("mobile", "email"),
    "Guest__c": ("field_mobile__c", "field_mail__c"),
}
"""Where each object has a person's phone and address."""


def seed(books: Books, population: Population, options: FxiaokeOptions) -> None:
    """Fill the books; one record in eight was imported in one moment, so that times of change tie."""
    chance = population.chance("fxiaoke:times")
    end = _midnight(population.today) - 1000
    imported = end - 200 * 86_400_000
    seen = population.sightings("fxiaoke")
    for one in seen[: options.people_cap] if options.people_cap else seen:
        created = int(one.registered.timestamp()) * 1000
        record = books.insert(options.people_in, person(one, options.people_in), at=created, by=CLERK)
        record.person = one.person
        tied = created < imported and chance.random() < 0.125
        books.update(record, {}, at=imported if tied else chance.randrange(created, end), by=CLERK)
    _orders(books, population, options)


def person(seen: Sighting, name: str) -> Values:
    """A customer as a shop's clerk would have typed it."""
    phone, email = _NAMES[name]
    values: Values = {"name": seen.name, phone: seen.phone, email: seen.email}
    if name != "AccountObj":
        return values
    whole = seen.birthday if seen.birthday and not seen.birthday.startswith("--") else None
    address = "".join(filter(None, (seen.province, seen.city, seen.district, seen.street)))
    return {
        **values,
        "address": address or None,
        "account_type": "1",
        "account_source": "1",
        "remark": seen.note,
        "field_birth__c": _midnight(date.fromisoformat(whole)) if whole else None,
        "field_noMail__c": seen.opted_out,
        "field_card__c": seen.card,
    }


def _orders(books: Books, population: Population, options: FxiaokeOptions) -> None:
    """Copies of some of the tills' orders, with the till's number in a field of its own."""
    chance = population.chance("fxiaoke:copies")
    owners = _owners(list(books.tables[options.people_in].rows.values()))
    for order in population.orders:
        buyer = owners.get(order.person)
        if buyer is None or order.guest or order.shop == "crm" or chance.random() >= _COPIED:
            continue
        values = sales_order(order, buyer, options)
        record = books.insert("SalesOrderObj", values, at=int(order.placed.timestamp()) * 1000, by=CLERK)
        record.person = order.person


def _owners(records: Sequence[Record]) -> dict[int, Record]:
    return {record.person: record for record in reversed(records) if record.person is not None}


def sales_order(order: Purchase, buyer: Record, options: FxiaokeOptions) -> Values:
    """A sales order's header."""
    reference = {"AccountObj": "account_id", "ContactObj": "ship_to_id"}.get(options.people_in)
    money = {"mc_currency": order.currency, "mc_exchange_rate": "1.000000"} if options.multi_currency else {}
    return {
        "name": f"FX-{order.number}",
        **({reference: buyer.id} if reference else {}),
        "order_time": _midnight(order.placed.astimezone(ZONE).date()),
        "order_amount": str(order.total),
        "discount": "100",
        "field_source__c": order.number,
        "field_state__c": _STATES[order.status],
        "field_refund__c": str(order.refunded),
        "field_store__c": order.store,
        **money,
    }


def _midnight(day: date) -> int:
    """Where a day begins in Beijing, in milliseconds: how a pure date is told."""
    return int(datetime.combine(day, time(), ZONE).timestamp()) * 1000
