"""Drawing purchases: what the invented people bought in the last 500 days, and what they brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

import hub.testing.people_names as stock
from hub.testing.people_facts import STAFF, STORES, ZONE, Line, Person, Purchase, Status
from hub.testing.people_spelling import phone_as_typed

HORIZON = 500
Shop = Literal["A", "B", "crm"]
Knows = Callable[[str, int], bool]
"""Whether a system (`pos:A`, `zoho`) knows the person of a number."""

_GUEST_SHARE = 0.12
_GOODS = tuple((sku, name, category, Decimal(fen) / 100) for sku, name, category, fen in stock.GOODS)
_STORES = {shop: [store.code for store in STORES if store.shop == shop] for shop in ("A", "B")}
_CLERKS = {store.code: [clerk.code for clerk in STAFF if clerk.store == store.code] for store in STORES}
_SHOP_OF = {store.code: store.shop for store in STORES}


@dataclass(frozen=True, slots=True)
class _Buyer:
    """A person with what one must know to place their orders."""

    person: Person
    shops: tuple[Shop, ...]
    days: int


def draw_orders(people: Sequence[Person], knows: Knows, seed: int, today: date) -> tuple[Purchase, ...]:
    """All purchases in the order in which they were placed; numbers count up per shop."""
    chance = Random(f"{seed}:orders")
    drawn: list[Purchase] = []
    for person in people:
        buyer = _Buyer(person, _shops(person, knows), min(HORIZON, (today - person.registered.date()).days))
        drawn += [_purchase(buyer, chance, today) for _ in range(_how_many(buyer, chance))]
    drawn.sort(key=lambda order: (order.placed, order.person))
    return tuple(_numbered(drawn))


def _how_many(buyer: _Buyer, chance: Random) -> int:
    nothing = 0.28 if buyer.shops else 0.8
    if chance.random() < nothing and not buyer.person.canary:
        return 0
    return 1 + min(int(chance.expovariate(0.42)), 24)


def _shops(person: Person, knows: Knows) -> tuple[Shop, ...]:
    """Where the person buys as a member; an empty tuple means only as a guest."""
    tills: tuple[Shop, ...] = tuple(shop for shop in ("A", "B") if knows(f"pos:{shop}", person.number))
    return (*tills, "crm") if knows("zoho", person.number) and person.number % 5 == 0 else tills


def _purchase(buyer: _Buyer, chance: Random, today: date) -> Purchase:
    person = buyer.person
    guest = not buyer.shops or chance.random() < _GUEST_SHARE
    shop: Shop = chance.choice(buyer.shops) if buyer.shops else _SHOP_OF[person.home_store]
    store = _store(person, shop, chance)
    ago = chance.randrange(1, max(2, buyer.days + 1))
    status = _status(ago, chance)
    placed = datetime.combine(today - timedelta(days=ago), time(), ZONE)
    placed += timedelta(seconds=chance.randrange(10 * 3600, 22 * 3600))
    return Purchase(
        number="",
        shop=shop,
        person=person.number,
        guest=guest and shop != "crm",
        phone=phone_as_typed(person.phone, chance) if person.phone and chance.random() < 0.6 else None,
        store=store,
        staff=chance.choice(_CLERKS[store]),
        placed=placed.astimezone(UTC),
        delivered=placed.date() + timedelta(days=min(ago - 1, 2)) if status in ("done", "returned") else None,
        status=status,
        payment=chance.choice(stock.PAYMENTS),
        currency="CNY",
        lines=tuple(_lines(status, chance)),
    )


def _store(person: Person, shop: Shop, chance: Random) -> str:
    if shop == "crm" or (_SHOP_OF[person.home_store] == shop and chance.random() < 0.8):
        return person.home_store
    return chance.choice(_STORES[shop])


def _status(ago: int, chance: Random) -> Status:
    draw = chance.random()
    if ago < 8 and draw < 0.5:
        return "paid" if draw < 0.25 else "shipped"
    if draw < 0.92:
        return "done"
    return "returned" if draw < 0.97 else "cancelled"


def _lines(status: Status, chance: Random) -> Iterator[Line]:
    """One to four positions; a returned order is refunded in full, one done order in thirty gets a part back."""
    goods = chance.sample(_GOODS, 1 + min(int(chance.expovariate(1.3)), 3))
    for place, (sku, name, category, price) in enumerate(goods):
        quantity = 1 if chance.random() < 0.8 else chance.randrange(2, 5)
        discount = (price * quantity / 10).quantize(Decimal("0.01")) if chance.random() < 0.2 else Decimal(0)
        line = Line(sku, name, category, quantity, price, discount, Decimal(0))
        if status == "returned":
            line = replace(line, refunded=line.total)
        elif status == "done" and place == 0 and chance.random() < 0.035:
            line = replace(line, refunded=(line.total / 2).quantize(Decimal("0.01")))
        yield line


def _numbered(orders: Sequence[Purchase]) -> Iterator[Purchase]:
    counts: dict[str, int] = {}
    for order in orders:
        counts[order.shop] = counts.get(order.shop, 0) + 1
        mark = "C" if order.shop == "crm" else order.shop
        yield replace(order, number=f"{mark}{order.placed.astimezone(ZONE):%Y%m}-{counts[order.shop]:06d}")
