"""Replacements: of the same shape as what they stand for, the same for the same value, drawn by chance.

Nothing is computed from an original: what stands for what is kept in a table until the recording is over, and then
forgotten, so that nobody can go back. Ids keep their order, as systems page by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from secrets import SystemRandom

from hub.forms import DATE, EMAIL, PHONE, Form, Place
from hub.testing.people_names import (
    FAMILIES_CN,
    FAMILIES_EN,
    GIVEN_CN_FEMALE,
    GIVEN_CN_MALE,
    GIVEN_EN_FEMALE,
    GIVEN_EN_MALE,
    MAIL_HOSTS,
    PLACES,
    STREETS,
)

_CHANCE = SystemRandom()
_FAMILIES = tuple(family for family, _ in FAMILIES_CN if len(family) == 1)
_GIVEN = "".join(given for given, _ in (*GIVEN_CN_FEMALE, *GIVEN_CN_MALE))
_GROUND = "".join(word[:-1] for word in STREETS) + "".join(word for place in PLACES for word in place[:3])
_WORDS = (*FAMILIES_EN, *GIVEN_EN_FEMALE, *GIVEN_EN_MALE)
_RUNS = re.compile(r"\d+|[^\W\d_]+|.", re.DOTALL)
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_TRIES = 200
_LONG = 16
_WITHIN = 8


@dataclass
class Invented:
    """The replacements of one recording. `taken` is everything personal that was met: none of it is ever drawn."""

    place: Place
    taken: set[str] = field(default_factory=set)
    _words: dict[tuple[str, str], str] = field(default_factory=dict)
    _phones: dict[str, str] = field(default_factory=dict)
    _emails: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)
    _secrets: dict[str, str] = field(default_factory=dict)
    _days: dict[str, int] = field(default_factory=dict)

    # -- ids

    def number_ids(self, found: Iterable[str]) -> None:
        """Draw for all ids at once: in each group of one shape the order stays."""
        groups: dict[str, set[str]] = defaultdict(set)
        for value in found:
            if value not in self._ids:
                groups[_shape(value)].add(value)
        for shape in [one for one in groups if set(one) == {"9"} and len(one) >= _LONG]:
            hexed = shape.replace("9", "f")
            if len(groups.get(hexed, ())) > len(groups[shape]):  # hex ids without a letter among others that have some
                groups[hexed] |= groups.pop(shape)
        for shape, values in groups.items():
            drawn = sorted(_distinct(shape, len(values), values))
            self._ids.update(zip(sorted(values), drawn, strict=True))

    def knows_id(self, value: str) -> bool:
        """Whether this was met as an id."""
        return value in self._ids

    def id(self, value: str) -> str:
        """The id that stands for another one."""
        if value not in self._ids:
            self.number_ids([value])
        return self._ids[value]

    # -- people

    def phone(self, value: str) -> str:
        """A number with the same country and prefix, spelled in the same way."""
        text = unicodedata.normalize("NFKC", value)
        whole = spelled(PHONE, text, self.place)
        if whole is None:
            return self._drawn("phone", value, lambda: _digits(value, keep=2))
        if whole not in self._phones:
            keep = 6 if re.match(r"\+861\d{10}$", whole) else 5
            self._phones[whole] = self._fresh(lambda: "+" + _digits(whole[1:], keep=keep - 1))
        return _respelled(text, whole[1:], self._phones[whole][1:])

    def email(self, value: str) -> str:
        """An address at a host that nobody has, with a local part of the same form."""
        whole = spelled(EMAIL, value, self.place) or value.strip().casefold()
        if whole not in self._emails:
            local = whole.rpartition("@")[0] or whole
            host = MAIL_HOSTS[_CHANCE.randrange(len(MAIL_HOSTS))]
            self._emails[whole] = self._fresh(lambda: f"{_letters(local)}@{host}")
        new = self._emails[whole]
        shown = new.upper() if value.isupper() else new.capitalize() if value[:1].isupper() else new
        return value.replace(value.strip(), shown)

    def name(self, value: str) -> str:
        """A name in the same script and of the same length."""
        return self._whole(value, self._named)

    def text(self, value: str) -> str:
        """Text of the same length, script and punctuation."""
        return self._whole(value, self._said)

    def secret(self, value: str) -> str:
        """What stands for a token; of no use to anybody."""
        return self._secrets.setdefault(value, f"invented-{len(self._secrets) + 1:06d}")

    def knows_secret(self, value: str) -> bool:
        """Whether the system gave this token in an answer."""
        return value in self._secrets

    def shift(self, day: str) -> int:
        """By how many days a birthday, in canonical spelling, is moved: never none."""
        return self._days.setdefault(day, _CHANCE.choice([-1, 1]) * _CHANCE.randint(3, 90))

    def birthday(self, value: str) -> str:
        """Another day in the same spelling; what is no day becomes other digits."""
        whole = spelled(DATE, value, self.place)
        if whole is None:
            return self.text(value)
        bare = whole.startswith("--")
        told = date.fromisoformat(f"2000{whole[1:]}" if bare else whole) + timedelta(days=self.shift(whole))
        parts = [told.month, told.day] if bare else [told.year, told.month, told.day]
        groups = list(re.finditer(r"\d+", value))
        if not bare and groups and len(groups[0][0]) == 8:
            return value.replace(groups[0][0], f"{told:%Y%m%d}")
        for found, part in reversed(list(zip(groups, parts, strict=False))):
            value = value[: found.start()] + str(part).zfill(len(found[0])) + value[found.end() :]
        return value

    # -- drawing

    def _whole(self, value: str, draw: Callable[[str], str]) -> str:
        """All runs of a value; drawn again where two that meet hold what is somebody's."""
        runs = _RUNS.findall(value)
        found = "".join(draw(run) for run in runs)
        for _ in range(_TRIES if len(runs) > 1 else 0):
            if not (self._holds_somebody(found) or self._holds_somebody("".join(found.split()))):
                break
            for run in runs:
                for kind in ("name", "text"):
                    self._words.pop((kind, run.casefold() if kind == "name" else run), None)
            found = "".join(draw(run) for run in runs)
        return found

    def _named(self, run: str) -> str:
        if _CJK.search(run):
            return self._drawn("name", run, lambda: _chinese(len(run)))
        return self._drawn("name", run, lambda: _cased(_word(len(run)), run)) if run.isalpha() else self._said(run)

    def _said(self, run: str) -> str:
        if run.isdecimal():
            return self._drawn("digits", run, lambda: _digits(run))
        if _CJK.search(run):
            return self._drawn("text", run, lambda: "".join(_CHANCE.choice(_GROUND) for _ in run))
        return self._drawn("text", run, lambda: _letters(run)) if run.isalpha() else run

    def _drawn(self, kind: str, value: str, draw: object) -> str:
        key = (kind, value.casefold() if kind == "name" else value)
        if key not in self._words:
            self._words[key] = self._fresh(draw, value)
        found = self._words[key]
        return _cased(found, value) if kind == "name" and value.isascii() else found

    def _fresh(self, draw: object, value: str = "") -> str:
        """Something drawn that was not met as somebody's; after many tries without luck, strokes of no meaning."""
        assert callable(draw)
        for _ in range(_TRIES):
            found = str(draw())
            if found != value and not self._holds_somebody(found):
                return found
        strange = "".join(chr(_CHANCE.randrange(0x4E00, 0x9F00)) if _CJK.match(one) else one for one in value)
        return strange if strange != value else _digits(_letters(value))

    def _holds_somebody(self, found: str) -> bool:
        """Whether something drawn is, or in a script without blanks holds, what was met as somebody's."""
        text = found.casefold()
        ends = range(2, _WITHIN + 1) if _CJK.search(text) else ()
        parts = (text[at : at + long] for long in ends for at in range(len(text) - long + 1))
        return text in self.taken or any(part in self.taken for part in parts)


@lru_cache(maxsize=65536)
def spelled(form: Form, value: str, place: Place) -> str | None:
    """The canonical spelling; None for what cannot be read."""
    try:
        return form.canonical(value, place)
    except ValueError:
        return None


def _chinese(length: int) -> str:
    """Family and given name; longer ones go on with signs of places."""
    given = "".join(_CHANCE.choice(_GIVEN + _GROUND) for _ in range(max(0, length - 1)))
    return (_CHANCE.choice(_FAMILIES + tuple(_GROUND)) if length == 1 else _CHANCE.choice(_FAMILIES)) + given


def _word(length: int) -> str:
    """A name out of the stock, or syllables where it has none of this length."""
    fitting = [word for word in _WORDS if len(word) == length and word.isascii() and word.isalpha()]
    if fitting and _CHANCE.random() < 0.5:
        return _CHANCE.choice(fitting)
    return "".join(_CHANCE.choice("bdfghklmnprstvz" if at % 2 == 0 else "aeiou") for at in range(length))


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word.lower()


def _letters(text: str) -> str:
    """Other letters and digits in the places of these; everything else as it stands."""
    return "".join(_letter(one) for one in text)


def _letter(one: str) -> str:
    if one.isdecimal():
        return str(_CHANCE.randrange(10))
    if _CJK.match(one):
        return _CHANCE.choice(_GROUND)
    if not one.isalpha():
        return one
    drawn = _CHANCE.choice("abcdefghijklmnoprstuvwyz")
    return drawn.upper() if one.isupper() else drawn


def _digits(text: str, keep: int = 0) -> str:
    """Other digits behind the first few."""
    seen, out = 0, []
    for one in text:
        seen += one.isdecimal()
        out.append(str(_CHANCE.randrange(10)) if one.isdecimal() and seen > keep else one)
    return "".join(out)


def _respelled(text: str, old: str, new: str) -> str:
    """A spelling in which the old number's digits, from the last one on, become the new one's."""
    out, at = list(text), len(old) - 1
    for place in range(len(text) - 1, -1, -1):
        if not text[place].isdecimal():
            continue
        if at < 0 or text[place] != old[at]:
            break
        out[place], at = new[at], at - 1
    return "".join(out)


def _shape(value: str) -> str:
    """The signs that stand in an id: `9` for digits, `f` for hex, `a` and `A` for letters, anything else as it is."""
    bare = "".join(one for one in value if one.isalnum())
    sign = "9" if bare.isdecimal() else "f" if re.fullmatch(r"[0-9a-f]+", bare) else "a" if bare.islower() else "A"
    return "".join(sign if one.isalnum() else one for one in value)


_SIGNS = {
    "9": "0123456789", "f": "0123456789abcdef", "a": "0123456789abcdefghijklmnopqrstuvwxyz",
    "A": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}  # fmt: skip


def _distinct(shape: str, count: int, old: set[str]) -> set[str]:
    """So many ids of a shape; where there are hardly more of it than are wanted, any that exist."""
    signs = [_SIGNS.get(one, one) for one in shape]
    if set(shape) == {"9"} and len(shape) < 7:
        low = 10 ** (len(shape) - 1) if all(value[0] != "0" for value in old) else 0
        return {str(one).zfill(len(shape)) for one in _CHANCE.sample(range(low, 10 ** len(shape)), count)}
    zero = any(value[:1] == "0" for value in old)
    found: set[str] = set()
    tries = 0
    while len(found) < count:
        tries += 1
        drawn = "".join(_CHANCE.choice(one) if len(one) > 1 else one for one in signs)
        if (zero or drawn[:1] != "0") and (drawn not in old or tries > _TRIES * count):
            found.add(drawn)
    return found
