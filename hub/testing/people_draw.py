"""Drawing people: who they are, before any system has written them down."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random

import hub.testing.people_names as stock
from hub.testing.people_facts import CANARIES, CANARY_NAMES, STORES, ZONE, Gender, Person

CANARY_COUNT = len(CANARY_NAMES)
_FAMILY_SHARE = 0.09
_HOUSEHOLD_MOST = 4


def draw_people(size: int, seed: int, today: date) -> tuple[Person, ...]:
    """`size` people (never fewer than the canaries, who come first); the same for the same three arguments."""
    chance = Random(f"{seed}:people")
    crowd = _with_shop_phone(max(size, CANARY_COUNT))
    people: list[Person] = []
    for number in range(1, max(size, CANARY_COUNT) + 1):
        person = _person(number, chance, today)
        if number <= CANARY_COUNT:
            person = _canary(person)
        elif number in crowd:
            person = replace(person, phone=STORES[0].phone, shop_phone=True, home_store=STORES[0].code)
        elif chance.random() < _FAMILY_SHARE and _open_household(people):
            person = _join(person, people, chance)
        people.append(person)
    return tuple(people)


def _with_shop_phone(size: int) -> frozenset[int]:
    """The people for whom a clerk typed the store's phone: a dozen, or more in a large population."""
    if size < 30:
        return frozenset()
    wanted = max(12, size // 150)
    step = (size - CANARY_COUNT) // wanted
    return frozenset(CANARY_COUNT + step * place for place in range(1, wanted + 1))


def _person(number: int, chance: Random, today: date) -> Person:
    gender: Gender = "female" if chance.random() < 0.62 else "male"
    chinese = chance.random() < 0.9
    family, given, latin = _chinese(gender, chance) if chinese else _english(gender, chance)
    province, city, district, postcode = chance.choice(stock.PLACES)
    return Person(
        number=number,
        family=family,
        given=given,
        latin=latin,
        chinese=chinese,
        gender=gender,
        birthday=_birthday(chance, today),
        phone=_phone(chance) if chance.random() < 0.93 else None,
        email=_email(latin, number, chance) if chance.random() < 0.7 else None,
        province=province,
        city=city,
        district=district,
        street=f"{chance.choice(stock.STREETS)}{chance.randrange(1, 900)}号{chance.randrange(1, 30)}室",
        postcode=postcode,
        home_store=chance.choice(STORES).code,
        registered=_registered(chance, today),
        card=f"88{number:06d}",
        opted_out=chance.random() < 0.07,
        note=chance.choice(stock.NOTES) if chance.random() < 0.12 else None,
    )


def _chinese(gender: Gender, chance: Random) -> tuple[str, str, tuple[str, str]]:
    family = chance.choice(stock.FAMILIES_CN)
    given = chance.choice(stock.GIVEN_CN_FEMALE if gender == "female" else stock.GIVEN_CN_MALE)
    return family[0], given[0], (family[1], given[1])


def _english(gender: Gender, chance: Random) -> tuple[str, str, tuple[str, str]]:
    family = chance.choice(stock.FAMILIES_EN)
    given = chance.choice(stock.GIVEN_EN_FEMALE if gender == "female" else stock.GIVEN_EN_MALE)
    return family, given, (family, given)


def _birthday(chance: Random, today: date) -> str | None:
    draw = chance.random()
    if draw < 0.22:
        return None
    day = date(today.year - chance.randrange(18, 75), 1, 1) + timedelta(days=chance.randrange(365))
    return f"--{day:%m-%d}" if draw < 0.30 else day.isoformat()


def _phone(chance: Random) -> str:
    return f"+86{chance.choice(stock.PREFIXES)}{chance.randrange(10**8):08d}"


@lru_cache(maxsize=4096)
def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalnum, plain)).lower()


def _email(latin: tuple[str, str], number: int, chance: Random) -> str:
    return f"{_ascii(latin[1])}.{_ascii(latin[0])}{number}@{chance.choice(stock.MAIL_HOSTS)}"


def _registered(chance: Random, today: date) -> datetime:
    day = today - timedelta(days=chance.randrange(1, 1100))
    second = chance.randrange(10 * 3600, 21 * 3600)
    return (datetime.combine(day, time(), ZONE) + timedelta(seconds=second)).astimezone(UTC)


def _canary(person: Person) -> Person:
    place = person.number - 1
    family, given = CANARY_NAMES[place]
    return replace(
        person,
        family=family,
        given=given,
        latin=(family, given),
        chinese=family != "Quistgaard",
        phone=f"+86{CANARIES['phone'][place]}",
        email=CANARIES["email"][place],
        street=CANARIES["street"][place],
        note=CANARIES["note"][place],
        opted_out=False,
        canary=True,
    )


def _open_household(people: list[Person]) -> bool:
    """Whether the last person can be joined by a relative: has a phone of their own, and still room at home."""
    last = people[-1]
    if last.canary or last.shop_phone or last.phone is None:
        return False
    return last.household is None or sum(one.household == last.household for one in people[-4:]) < _HOUSEHOLD_MOST


def _join(person: Person, people: list[Person], chance: Random) -> Person:
    """The person as a relative of the last one: the same phone and address, often the same family name."""
    head = people[-1]
    household = head.household or head.number
    people[-1] = head = replace(head, household=household)
    person = replace(
        person,
        household=household,
        phone=head.phone,
        province=head.province,
        city=head.city,
        district=head.district,
        street=head.street,
        postcode=head.postcode,
    )
    if head.chinese and person.chinese and chance.random() < 0.6:
        latin = (head.latin[0], person.latin[1])
        email = _email(latin, person.number, chance) if person.email else None
        return replace(person, family=head.family, latin=latin, email=email)
    # Two relatives of one name would be one customer to anybody who looks: give the newcomer a name of their own.
    return person if person.name != head.name else replace(person, given=f"{person.given}{person.given}")


def by_system(people: tuple[Person, ...], chance: Random, share: float, always: str = "") -> Iterator[int]:
    """The numbers of the people whom a system knows: all canaries, all with the phone `always`, a share of the rest."""
    for person in people:
        drawn = chance.random() < share
        if drawn or person.canary or (always and person.phone == always):
            yield person.number
