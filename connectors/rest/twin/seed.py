"""The club's first members and purchases, of the invented population; one member in twenty has left."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from connectors.rest.twin.books import Books, Values
from hub.testing.people import ZONE, Population, Sighting

SYSTEM = "club"
_STATES = {"paid": "paid", "shipped": "sent", "done": "done", "returned": "back", "cancelled": "void"}
_SHARE = 0.2
_LEFT = 0.05


def seed(books: Books, population: Population) -> None:
    """Fill the books."""
    chance = population.chance("club:times")
    end = int(datetime.combine(population.today, time(), ZONE).timestamp()) - 1
    numbers: dict[int, str] = {}
    for seen in population.sightings(SYSTEM):
        made = min(int(seen.registered.timestamp()), end)
        record = books.add_member(member(seen), at=made)
        record.person, record.changed = seen.person, chance.randrange(made, end + 1)
        if chance.random() < _LEFT:
            record.values["status"] = "closed"
        numbers.setdefault(seen.person, record.number)
    for bought in population.orders:
        if chance.random() > _SHARE:
            continue
        placed = int(bought.placed.timestamp())
        items = [
            {"code": one.sku, "title": one.name, "group": one.category, "count": one.quantity, "price": f"{one.unit_price:.2f}",
             "off": f"{one.discount:.2f}", "back": f"{one.refunded:.2f}"}
            for one in bought.lines
        ]  # fmt: skip
        values: Values = {
            "member": None if bought.guest else numbers.get(bought.person), "mobile": bought.phone or "",
            "state": _STATES[bought.status], "total": f"{bought.total:.2f}", "back": f"{bought.refunded:.2f}",
            "money": bought.currency, "items": items,
        }  # fmt: skip
        purchase = books.add_purchase(values, at=placed)
        purchase.person = bought.person
        late = placed + int(timedelta(days=2).total_seconds() * chance.random())
        purchase.changed = min(late, max(placed, end))


def member(seen: Sighting) -> Values:
    """A member as the club's form took it."""
    return {
        "name": seen.name, "mobile": seen.phone or "", "email": seen.email or "",
        "gender": {"female": "F", "male": "M"}.get(seen.gender or "", ""), "birthday": seen.birthday,
        "no_mail": seen.opted_out,
        "address": {
            "province": seen.province or "", "city": seen.city or "", "street": seen.street or "",
            "postcode": seen.postcode or "",
        },
    }  # fmt: skip
