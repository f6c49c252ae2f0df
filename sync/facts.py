"""The profile part of facts: what the golden record and its records tell rules, and nothing that identifies a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from hub.forms import Place
from hub.model import local_day
from hub.settings.shape import BUILT_IN
from hub.store.bodies import Body
from hub.store.records import Stored
from hub.tags import TAGS
from sync.golden import Survivorship
from sync.resolve.names import bare

PROFILED = frozenset({
    "name", "registered_at", "gender", "province", "city", "home_store", "birthday", "phone", "email", "wechat_unionid",
    "wechat_openid",
})  # fmt: skip
"""The golden record's fields that facts are made of, beside the named dates."""

_DATED = "named_dates."

_CHILDREN = ("child", "孩子")
_AGREED = ("phone", "email", "birthday", "name")
_CONFIRMING = frozenset({
    "name", "family_name", "given_name", "phone", "email", "country", "province", "city", "district", "street", "postcode",
})  # fmt: skip

Words = Mapping[str, Any]


@dataclass(frozen=True)
class Profiler:
    """Makes the profile columns of `facts` out of a customer's records."""

    survivorship: Survivorship
    place: Place

    def profile(self, records: Sequence[Stored]) -> dict[str, Any]:
        """The profile columns of one customer; a record that was not read yet tells nothing and counts for nothing."""
        living = [record for record in records if not (record.gone or record.placeholder)]
        words = [record.body.words() for record in living]
        dates = {field for one in words for field in _dates_of(tuple(one))}
        golden = self.survivorship.golden(records, PROFILED | dates if dates else PROFILED)
        systems = [record for record in living if record.connection != BUILT_IN]
        children = _children({name: golden[name] for name in dates & golden.keys()}) if dates else _NO_CHILDREN
        return {
            **_plain(golden), **_born(golden.get("birthday")), **children,
            "registered_on": self._day(golden.get("registered_at")), "records": len(living),
            "systems": len({record.connection for record in systems}), "quality": _quality(golden, words),
            "confirmed_on": self._confirmed(systems),
        }  # fmt: skip

    def _day(self, text: str | None) -> int | None:
        return None if not text else local_day(datetime.fromisoformat(text), self.place.zone)

    def _confirmed(self, records: Sequence[Stored]) -> int | None:
        """The day on which a system last changed its own word on who and where somebody is."""
        latest = max([_last_said(record.body) for record in records], default=0)
        return local_day(datetime.fromtimestamp(latest, UTC), self.place.zone) if latest else None


@lru_cache(maxsize=1024)
def _dates_of(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these are named dates; many records have the same fields."""
    return tuple(field for field in fields if field.startswith(_DATED))


def _last_said(body: Body) -> int:
    """When the system last changed its own word on any of these fields; 0 when it says nothing of them."""
    if not body.ours:
        since = body.since
        latest = max(since.values(), default=0)
        if since.get("name") == latest:  # nearly always: a record is mostly said at once
            return latest
        return max([since[field] for field in _CONFIRMING & since.keys()], default=0)
    said = (body.word(field) for field in _CONFIRMING)
    return max((since for value, since in said if value is not None), default=0)


def tags(records: Sequence[Stored]) -> set[str]:
    """The hub's own tags that a customer's records carry, and the interests that they tell."""
    found: set[str] = set()
    for record in records:
        if not record.gone:
            words = record.body.words()
            found.update(words.get(TAGS) or (), words.get("interests") or ())
    return found


def _plain(golden: Words) -> dict[str, Any]:
    return {
        "gender": golden.get("gender"), "province": golden.get("province"), "city": golden.get("city"),
        "home_store": golden.get("home_store"), "has_phone": int("phone" in golden), "has_email": int("email" in golden),
        "has_wechat": int("wechat_unionid" in golden or "wechat_openid" in golden),
        "phone_region": region(golden["phone"]) if "phone" in golden else None,
    }  # fmt: skip


def _born(text: str | None) -> dict[str, int | None]:
    year, month, day = _birth(text) if text else (None, None, None)
    return {"birth_year": year, "birth_month": month, "birth_day": day}


def _birth(text: str) -> tuple[int | None, int | None, int | None]:
    if text.startswith("--"):
        return None, int(text[2:4]), int(text[5:7])
    return int(text[:4]), int(text[5:7]), int(text[8:10])


def _children(dates: Mapping[str, str]) -> dict[str, int | None]:
    born = sorted(_birthdays(dates))
    return {
        "children": len(born), "youngest_born_on": born[-1] if born else None, "eldest_born_on": born[0] if born else None
    }  # fmt: skip


def _birthdays(dates: Mapping[str, str]) -> Iterator[int]:
    """Days of birth, with their year, under names that begin as a child's do."""
    for name, text in dates.items():
        if name.removeprefix(_DATED).strip().casefold().startswith(_CHILDREN) and len(text) == len("2020-01-01"):
            yield date.fromisoformat(text).toordinal()


_NO_CHILDREN = _children({})


# -- quality


def _quality(golden: Words, words: Collection[Words]) -> int:
    """Of the five parts of a whole record those that are known, and of what several records tell, what they agree on.

    So many of so many, in hundredths. What is stored is valid: all else went to quarantine.
    """
    points = (
        ("name" in golden) + ("phone" in golden or "email" in golden) + ("birthday" in golden) + ("city" in golden)
        + ("gender" in golden)
    )  # fmt: skip
    most = 5
    for field in _AGREED if len(words) > 1 else ():
        said = _said(field, words)
        if len(said) > 1:
            points, most = points + _agree(field, said), most + 1
    return (200 * points + most) // (2 * most)


def _said(field: str, words: Collection[Words]) -> list[str]:
    return [value for one in words if (value := one.get(field)) is not None]


def _agree(field: str, said: Sequence[str]) -> bool:
    """Names may be spelled differently."""
    if said.count(said[0]) == len(said):
        return True
    return field == "name" and len(set(map(bare, said))) == 1


# -- the region of a phone number

_CODES: dict[str, str] = {"86": "CN"}
"""Calling codes of one region, without the library; filled as they come."""


def region(phone: str) -> str | None:
    """The region of an E.164 number, such as CN or HK; None for numbers of no region."""
    for length in (2, 3, 1):
        if (code := phone[1 : 1 + length]) in _CODES:
            return _CODES[code]
    return _region_by_library(phone)


def _region_by_library(phone: str) -> str | None:
    import phonenumbers

    number = phonenumbers.parse(phone)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    if len(regions) == 1 and len(regions[0]) == 2:
        _CODES[str(number.country_code)] = regions[0]
    found = phonenumbers.region_code_for_number(number)
    return found if found and len(found) == 2 else None
