"""One invented population for all twins, so that the same people turn up in every system, each time spelled otherwise.

    population = Population(size=2000, seed=7, today=date(2026, 3, 1))
    population.sightings("zoho")    # what Zoho holds of them: names in pinyin, phones with blanks, gaps, typos
    population.sightings("pos:A")   # what shop A's till holds of them
    population.orders_in("pos:A")   # what they bought there

It is a function of its three arguments, uses no network and nobody's real data. The person's number, carried by every
sighting and purchase, is the truth that tests compare with. Besides ordinary people there are families sharing one
phone, a store's phone typed into a dozen people's records, duplicates inside the CRM, guests, returns, and `CANARIES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from random import Random
from types import MappingProxyType

from hub.testing.people_draw import by_system, draw_people
from hub.testing.people_facts import (
    CANARIES,
    STAFF,
    STORES,
    TODAY,
    ZONE,
    Clerk,
    Line,
    Person,
    Purchase,
    Sighting,
    Store,
)
from hub.testing.people_orders import draw_orders
from hub.testing.people_spelling import chinese_name, email_as_typed, english_name, misspelt, phone_as_typed

__all__ = [
    "CANARIES", "SHARES", "TODAY", "ZONE",
    "Clerk", "Line", "Person", "Population", "Purchase", "Sighting", "Store",
]  # fmt: skip

SHARES: Mapping[str, float] = MappingProxyType({"zoho": 0.70, "pos:A": 0.40, "pos:B": 0.40})
"""The share of the people whom a system knows; any other system knows half of them."""

_KEYS = {"zoho": "Z", "pos:A": "A", "pos:B": "B"}
_TWICE = {"zoho": 0.02}
_COPIED = 0.25


class Population:
    """The people of one invented brand with their stores, staff and purchases, as of `today`."""

    def __init__(self, size: int = 200, seed: int = 1, today: date = TODAY) -> None:
        self.size = size
        self.seed = seed
        self.today = today
        self.stores: tuple[Store, ...] = STORES
        self.staff: tuple[Clerk, ...] = STAFF
        self._known: dict[str, frozenset[int]] = {}

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody, by number from 1; the canaries come first."""
        return draw_people(self.size, self.seed, self.today)

    @cached_property
    def orders(self) -> tuple[Purchase, ...]:
        """Every purchase once, in the order in which they were placed."""
        return draw_orders(self.people, lambda system, number: number in self.known(system), self.seed, self.today)

    def person(self, number: int) -> Person:
        """The person of a number."""
        return self.people[number - 1]

    def known(self, system: str) -> frozenset[int]:
        """The numbers of the people whom a system knows."""
        if system not in self._known:
            chance = self.chance(f"{system}:known")
            crowd = STORES[0].phone if system == "pos:A" else ""
            self._known[system] = frozenset(by_system(self.people, chance, SHARES.get(system, 0.5), crowd))
        return self._known[system]

    def chance(self, purpose: str) -> Random:
        """Chance of its own for a purpose (how a twin dates its records), repeatable like the population."""
        return Random(f"{self.seed}:{purpose}")

    def sightings(self, system: str) -> list[Sighting]:
        """The system's records of the people, by person; a few people are in the CRM twice."""
        chance = self.chance(f"{system}:spelling")
        known = self.known(system)
        return [one for person in self.people if person.number in known for one in _seen(person, system, chance)]

    def orders_in(self, system: str) -> list[Purchase]:
        """What a system holds of the purchases: a till its own; the CRM the phone orders and copies of some others."""
        if system != "zoho":
            return [order for order in self.orders if f"pos:{order.shop}" == system]
        chance, known = self.chance(f"{system}:copies"), self.known(system)
        return [
            order
            for order in self.orders
            if order.shop == "crm" or (order.person in known and not order.guest and chance.random() < _COPIED)
        ]


def key_in(system: str, number: int) -> str:
    """The record id that a system gave to a person (its member number, in a till)."""
    return f"{_KEYS.get(system, system[:1].upper())}{number:06d}"


def _seen(person: Person, system: str, chance: Random) -> Iterator[Sighting]:
    key = key_in(system, person.number)
    yield _plain(person, system, key) if person.canary else _spelled(person, system, key, chance)
    if not person.canary and chance.random() < _TWICE.get(system, 0.0):
        yield _spelled(person, system, f"{key}-2", chance)


def _plain(person: Person, system: str, key: str) -> Sighting:
    """A canary's record: everything there and spelled as it is, so that one can search for it."""
    phone = person.phone.removeprefix("+86") if person.phone and system.startswith("pos:") else person.phone
    return Sighting(
        system=system,
        key=key,
        person=person.number,
        family=person.family,
        given=person.given,
        name=person.name,
        gender=person.gender,
        birthday=person.birthday,
        phone=phone,
        email=person.email,
        province=person.province,
        city=person.city,
        district=person.district,
        street=person.street,
        postcode=person.postcode,
        home_store=person.home_store,
        registered=person.registered,
        card=person.card,
        opted_out=person.opted_out,
        note=person.note,
    )


def _spelled(person: Person, system: str, key: str, chance: Random) -> Sighting:
    """A record as typed: spelled in one of many ways, with gaps, now and then with a slip."""
    family, given, name = _name(person, chance)
    addressed = chance.random() < 0.55
    return Sighting(
        system=system,
        key=key,
        person=person.number,
        family=family,
        given=given,
        name=name,
        gender=person.gender if chance.random() < 0.8 else None,
        birthday=person.birthday if chance.random() < 0.75 else None,
        phone=_phone(person, chance),
        email=_email(person, system, chance),
        province=person.province if addressed else None,
        city=person.city if addressed else None,
        district=person.district if addressed and chance.random() < 0.8 else None,
        street=person.street if addressed and chance.random() < 0.9 else None,
        postcode=person.postcode if addressed and chance.random() < 0.7 else None,
        home_store=person.home_store,
        registered=person.registered,
        card=person.card if chance.random() < 0.35 else None,
        opted_out=person.opted_out,
        note=person.note if chance.random() < 0.6 else None,
    )


def _name(person: Person, chance: Random) -> tuple[str, str, str]:
    given = misspelt(person.given, chance) if chance.random() < 0.015 else person.given
    if person.chinese:
        return chinese_name(person.family, given, person.latin, chance)
    return english_name(person.family, given, chance)


def _phone(person: Person, chance: Random) -> str | None:
    if person.phone is None or (not person.shop_phone and chance.random() < 0.07):
        return None
    return phone_as_typed(person.phone, chance, typo=not person.shop_phone and chance.random() < 0.012)


def _email(person: Person, system: str, chance: Random) -> str | None:
    """An address as typed. The tills check nothing; the other systems refuse what is no address at all."""
    if person.email is None or chance.random() < 0.1:
        return None
    typed = email_as_typed(person.email, chance)
    if system.startswith("pos:"):
        return typed.replace("@", "#") if chance.random() < 0.006 else typed
    return typed.strip()
