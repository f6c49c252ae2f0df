"""The invented brand that all sides read: contacts in Zoho, accounts and orders in a web shop, each a function of a seed.

A person is drawn from the stock of `hub.testing`, again each time from the seed and the person's number, so that a
million of them need no memory. One contact in fifty is a second record of the person before, spelled otherwise; every
other person has an account at the shop; orders of people without one are a guest's, known by phone and e-mail address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import gcd
from random import Random
from typing import Any

from bench.asked import ACCOUNT_FIELDS, ORDER_FIELDS
from hub.testing import people_names as stock
from hub.testing.people_spelling import chinese_name, email_as_typed, phone_as_typed

Row = dict[str, Any]

CONTACT_ID = 554_023_000_000_000
ACCOUNT_ID, ORDER_ID = 101, 500_001
_TWICE = 50
_DAYS = 700
_STATUSES = ("completed",) * 46 + ("processing",) * 2 + ("refunded", "cancelled")
_SCATTER = 15_485_863  # a prime: ids are in another order than times of change


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they truly are."""

    number: int
    family: str
    given: str
    latin: tuple[str, str]
    female: bool
    phone: str | None
    email: str | None
    place: tuple[str, str, str, str]
    street: str
    birthday: str | None
    opted_out: bool


@dataclass(frozen=True)
class Shop:
    """`contacts` records in Zoho, `orders` in the shop; everything happened before `today`."""

    contacts: int
    orders: int
    today: date
    seed: int = 1

    @property
    def end(self) -> int:
        """The last second before today, UTC."""
        return int(datetime.combine(self.today, time(), UTC).timestamp()) - 1

    @property
    def people(self) -> int:
        """How many people there are behind the contacts."""
        return self.contacts - self.contacts // _TWICE

    @property
    def accounts(self) -> int:
        """How many of them have an account at the shop: everybody with an odd number."""
        return self.people // 2

    def contact_rows(self) -> Iterator[Row]:
        """Contacts in order of change; no two changed in the same second."""
        first, step = self.end - _DAYS * 86_400, max(_DAYS * 86_400 // self.contacts, 1)
        factor = _SCATTER if gcd(_SCATTER, self.contacts) == 1 else 1
        for place in range(self.contacts):
            number = place * factor % self.contacts
            yield _contact(self._contact_of(number), number, first + place * step, self._chance(2, number))

    def account_rows(self) -> Iterator[Row]:
        """Accounts by id, which is the order in which people registered."""
        step = max(_DAYS * 86_400 // max(self.accounts, 1), 1)
        for place in range(self.accounts):
            at = self.end - _DAYS * 86_400 + place * step
            row = _account(self.person(2 * place + 1), ACCOUNT_ID + place, at, self._chance(3, place))
            yield {name: row[name] for name in ACCOUNT_FIELDS}

    def order_rows(self) -> Iterator[Row]:
        """Orders by id, which is the order in which they were placed."""
        for place in range(self.orders):
            placed = self.end - _DAYS * 86_400 + place * (_DAYS * 86_400) // max(self.orders, 1)
            chance = self._chance(4, place)
            person = self.person(int(chance.random() ** 2 * self.people))  # some buy more often than others
            later = min(placed + chance.randrange(3 * 86_400), self.end)
            row = _order(person, ORDER_ID + place, placed, later, chance)
            yield {name: row[name] for name in ORDER_FIELDS}

    def identities(self) -> dict[str, int]:
        """How many phones and e-mail addresses there are, in whatever spellings and however often."""
        found = {"phones": 0, "emails": 0}
        for person in map(self.person, range(self.people)):
            found["phones"] += person.phone is not None
            found["emails"] += person.email is not None or person.number % 2  # an account always has one
        return found

    def person(self, number: int) -> Person:
        """The person of a number."""
        return _person(self.seed, number)

    def _contact_of(self, number: int) -> Person:
        """Whose record this is: after every 49 people one of them comes a second time."""
        number -= number % _TWICE == _TWICE - 1
        return self.person(number - number // _TWICE)

    def _chance(self, purpose: int, number: int) -> Random:
        return Random((self.seed * 8 + purpose) * 1_000_000_007 + number)


@lru_cache(maxsize=50_000)
def _person(seed: int, number: int) -> Person:
    chance = Random((seed * 8 + 1) * 1_000_000_007 + number)
    female = chance.random() < 0.62
    family = chance.choice(stock.FAMILIES_CN)
    given = chance.choice(stock.GIVEN_CN_FEMALE if female else stock.GIVEN_CN_MALE)
    phone = f"+86{chance.choice(stock.PREFIXES)}{number * 48_271 % 10**8:08d}"
    latin = "".join(char for char in f"{given[1]}.{family[1]}" if char.isascii()).lower()
    born = date(chance.randrange(1950, 2007), 1, 1) + timedelta(days=chance.randrange(365))
    return Person(
        number=number,
        family=family[0],
        given=given[0],
        latin=(family[1], given[1]),
        female=female,
        phone=phone if chance.random() < 0.93 else None,
        email=f"{latin}{number}@{chance.choice(stock.MAIL_HOSTS)}" if chance.random() < 0.7 else None,
        place=chance.choice(stock.PLACES),
        street=f"{chance.choice(stock.STREETS)}{chance.randrange(1, 900)}号{chance.randrange(1, 30)}室",
        birthday=born.isoformat() if chance.random() < 0.7 else None,
        opted_out=chance.random() < 0.07,
    )


def _contact(person: Person, number: int, modified: int, chance: Random) -> Row:
    """A contact as a clerk typed it, with the fields that the hub asks for."""
    family, given, _ = chinese_name(person.family, person.given, person.latin, chance)
    addressed = chance.random() < 0.55
    province, city, district, postcode = person.place
    return {
        "id": str(CONTACT_ID + number),
        "Modified_Time": zoned(modified),
        "Last_Name": family,
        "First_Name": given or None,
        "Salutation": "Ms." if person.female else "Mr.",
        "Date_of_Birth": person.birthday,
        "Mobile": phone_as_typed(person.phone, chance) if person.phone else None,
        "Phone": None,
        "Home_Phone": None,
        "Other_Phone": None,
        "Email": email_as_typed(person.email, chance).strip() if person.email else None,
        "Secondary_Email": None,
        "Mailing_Country": "中国" if addressed else None,
        "Mailing_State": province if addressed else None,
        "Mailing_City": city if addressed else None,
        "Mailing_Street": f"{district} {person.street}" if addressed else None,
        "Mailing_Zip": postcode if addressed else None,
        "Lead_Source": "Shop",
        "Description": chance.choice(stock.NOTES) if chance.random() < 0.12 else None,
        "Email_Opt_Out": person.opted_out,
        "KeHub_Tier": None,
        "KeHub_Stage": None,
    }


def _account(person: Person, id_: int, at: int, chance: Random) -> Row:
    """An account as its owner filled it in; one in three was never edited."""
    email = person.email or f"user{person.number}@shop.example.net"
    edited = None if chance.random() < 0.33 else min(at + chance.randrange(90 * 86_400), at + _DAYS * 86_400)
    return {
        "id": id_,
        **times(date_created=at, date_modified=edited),
        "email": email,
        "first_name": person.given,
        "last_name": person.family,
        "role": "customer",
        "username": f"member{person.number}",
        "billing": {**_address(person), "email": email},
        "shipping": {**_address(person), "phone": ""},
        "is_paying_customer": True,
        "avatar_url": f"https://secure.example.net/avatar/{id_:032x}?s=96&d=mm&r=g",
        "meta_data": [],
    }


def _order(person: Person, id_: int, placed: int, modified: int, chance: Random) -> Row:
    status = chance.choice(_STATUSES)
    lines = [_line(place, id_, good, chance) for place, good in enumerate(_goods(chance), 1)]
    fen = sum(int(line["total"].replace(".", "")) for line in lines)
    back = fen if status == "refunded" else fen // 2 if status == "completed" and chance.random() < 0.035 else 0
    billing = {**_address(person), "email": person.email or ""}
    return {
        "id": id_,
        "parent_id": 0,
        "number": str(id_),
        "order_key": f"wc_order_{id_:x}",
        "status": status,
        "currency": "CNY",
        "prices_include_tax": True,
        **times(date_created=placed, date_modified=modified, date_paid=placed),
        **times(date_completed=modified if status in ("completed", "refunded") else None),
        "discount_total": "0.00",
        "shipping_total": "0.00",
        "total": _yuan(fen),
        "total_tax": "0.00",
        "customer_id": ACCOUNT_ID + person.number // 2 if person.number % 2 else 0,
        "customer_note": "",
        "billing": billing,
        "shipping": _address(person),
        "payment_method": "wechat",
        "payment_method_title": "微信支付",
        "transaction_id": f"{id_ * 7919:012d}",
        "meta_data": [{"id": id_ * 2, "key": "_store", "value": "SH01"}],
        "line_items": lines,
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [{"id": id_ * 2 + 1, "reason": "", "total": f"-{_yuan(back)}"}] if back else [],
        "needs_payment": False,
    }


def _goods(chance: Random) -> list[stock.Good]:
    return chance.sample(stock.GOODS, 1 + min(int(chance.expovariate(1.3)), 3))


def _line(place: int, order: int, good: stock.Good, chance: Random) -> Row:
    sku, name, _, fen = good
    quantity = 1 if chance.random() < 0.8 else chance.randrange(2, 5)
    off = fen * quantity // 10 if chance.random() < 0.2 else 0
    return {
        "id": order * 4 + place,
        "name": name,
        "product_id": 50 + int(sku[-3:]),
        "variation_id": 0,
        "quantity": quantity,
        "subtotal": _yuan(fen * quantity),
        "total": _yuan(fen * quantity - off),
        "total_tax": "0.00",
        "sku": sku,
        "price": (fen * quantity - off) / quantity / 100,
        "meta_data": [],
    }


def _address(person: Person) -> Row:
    province, city, district, postcode = person.place
    return {
        "first_name": person.given, "last_name": person.family, "company": "", "address_1": person.street,
        "address_2": district, "city": city, "state": province, "postcode": postcode, "country": "CN",
        "phone": person.phone or "",
    }  # fmt: skip


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def zoned(at: int) -> str:
    """A time as Zoho shows it."""
    return (datetime.fromtimestamp(at, UTC) + timedelta(hours=8)).replace(tzinfo=None).isoformat() + "+08:00"


def times(**at: int | None) -> Row:
    """Times as a shop shows them: the site's and UTC, both without an offset."""
    found: Row = {}
    for name, seconds in at.items():
        utc = None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        found[name] = None if utc is None else (utc + timedelta(hours=8)).isoformat()
        found[f"{name}_gmt"] = None if utc is None else utc.isoformat()
    return found
