"""How a clerk, a till or a web form spells a person: one true value, many typed ones."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_WIDE = str.maketrans("0123456789+-", "０１２３４５６７８９＋－")

_PHONE_STYLES: tuple[Callable[[str], str], ...] = (
    lambda n: f"+86{n}",
    lambda n: f"{n[:3]} {n[3:7]} {n[7:]}",
    lambda n: f"{n[:3]}-{n[3:7]}-{n[7:]}",
    lambda n: f"86-{n}",
    lambda n: f"+86 {n[:3]} {n[3:7]} {n[7:]}",
    lambda n: n.translate(_WIDE),
)


def phone_as_typed(phone: str, chance: Random, *, typo: bool = False) -> str:
    """A spelling of an E.164 mainland mobile: mostly the bare eleven digits; with `typo` two digits are swapped."""
    bare = phone.removeprefix("+86")
    if typo:
        at = chance.randrange(4, len(bare) - 1)
        bare = bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]
    draw = chance.random()
    if draw < 0.55:
        return bare
    return _PHONE_STYLES[int((draw - 0.55) / 0.45 * len(_PHONE_STYLES)) % len(_PHONE_STYLES)](bare)


def email_as_typed(email: str, chance: Random) -> str:
    """A spelling of an address: as it is, with a capital, in capitals, or with a stray blank behind it."""
    draw = chance.random()
    if draw < 0.72:
        return email
    if draw < 0.88:
        return email.capitalize()
    return email.upper() if draw < 0.96 else f"{email} "


NameParts = tuple[str, str, str]
"""What stands in the family, the given and the full name field."""


def chinese_name(family: str, given: str, latin: tuple[str, str], chance: Random) -> NameParts:
    """A spelling of a Chinese name: hanzi, hanzi with a blank, pinyin in either order, or all in one field."""
    draw = chance.random()
    if draw < 0.76:
        return family, given, family + given
    if draw < 0.82:
        return family, given, f"{family} {given}"
    if draw < 0.90:
        return latin[0], latin[1], f"{latin[0]} {latin[1]}"
    if draw < 0.94:
        return latin[0], latin[1], f"{latin[1]} {latin[0]}"
    if draw < 0.97:
        return family + given, "", family + given
    return latin[0].upper(), latin[1].lower(), f"{latin[0]}{latin[1]}".lower()


def english_name(family: str, given: str, chance: Random) -> NameParts:
    """A spelling of an English name: as it is, in capitals, turned round, with two blanks, or as an initial."""
    draw = chance.random()
    if draw < 0.76:
        return family, given, f"{given} {family}"
    if draw < 0.84:
        return family.upper(), given.upper(), f"{given} {family}".upper()
    if draw < 0.90:
        return family, given, f"{family}, {given}"
    return (family, given, f"{given}  {family}") if draw < 0.96 else (family, f"{given[0]}.", f"{given[0]}. {family}")


def misspelt(text: str, chance: Random) -> str:
    """The text with one slip of the pen: two neighbours swapped, or the only character doubled."""
    if len(text) < 2:
        return text + text
    at = chance.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
