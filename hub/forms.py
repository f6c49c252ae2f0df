"""Canonical forms: how one value is spelled when the hub compares, keys or stores it.

A form turns what a person or a system typed into one spelling, or raises ValueError. Two values are the same when their
canonical spellings are. `LOOSER` are the forms in which a system may hand back what we wrote (trimmed, other case);
they count only where the system showed it, see `sync/echo.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

Scalar = str | int | float | bool | Decimal | date | datetime | None

_MOBILE_CN = re.compile(
    r"(?:(?:\+|00)?86)?[ -]?(1(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8]))[ -]?(\d{4})[ -]?(\d{4})", re.ASCII
)
_SIMPLE_EMAIL = re.compile(r"[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}")


_CHINA = ZoneInfo("Asia/Shanghai")

_REMEMBERED = 4096
"""How many spellings of a form are kept."""

SPOILT = "holds half a character (a lone surrogate)"
"""The reason of a row that was damaged, at its source or on its way: it can be neither stored nor sent."""


@dataclass(frozen=True)
class Place:
    """What a form must know of the place a value comes from: default phone region and time zone."""

    region: str = "CN"
    zone: ZoneInfo = _CHINA


@dataclass(frozen=True)
class Form:
    """A named canonical form; `canonical(value, place)` returns the one spelling, or None for an empty value."""

    name: str
    spell: Callable[[str, Place], str | None]

    def canonical(self, value: object, place: Place) -> str | None:
        """The canonical spelling of `value`; None when it is empty; ValueError when it cannot be read."""
        if value is None:
            return None
        text = value if isinstance(value, str) else _plain(value)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
            _refuse_half(text)
        text = text.strip()
        return self.spell(text, place) if text else None


@lru_cache(maxsize=64)
def speller(form: Form, place: Place) -> Callable[[str], str | None]:
    """`form.canonical` for texts of one place; remembers the latest, as cities, amounts and times come again and again."""
    return lru_cache(maxsize=_REMEMBERED)(lambda text: form.canonical(text, place))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _refuse_half(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(SPOILT) from None


def _text(text: str, _: Place) -> str:
    return text


def _line(text: str, _: Place) -> str:
    return " ".join(text.split())


def _code(text: str, _: Place) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _phone(text: str, place: Place) -> str:
    return _phone_number(" ".join(unicodedata.normalize("NFKC", text).split()), place.region)


def _phone_number(text: str, region: str) -> str:
    """E.164; mainland mobiles, by far the most, without the library (a property test holds the two equal)."""
    mobile = _MOBILE_CN.fullmatch(text) if region == "CN" else None
    return f"+86{mobile[1]}{mobile[2]}{mobile[3]}" if mobile else _phone_by_library(text, region)


def _phone_by_library(text: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a phone number that can be called")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str, _: Place) -> str:
    return _email_address(unicodedata.normalize("NFKC", text).lower())


# Top-level names that the library refuses or treats in its own way (RFC 2606, 6761, 6762, 7686, 9476).
_RESERVED = frozenset(("alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"))

_NO_ADDRESS = "not an e-mail address"


def _email_address(text: str) -> str:
    """Lower-case address; the common ASCII shape, and what has no @ at all, without the library, which takes long to load (a
    property test holds the two equal)."""
    local, at, domain = text.partition("@")
    if not at:
        raise ValueError(_NO_ADDRESS)
    fast = _SIMPLE_EMAIL.fullmatch(text) and len(local) <= 64 and len(text) <= 254 and "xn--" not in domain
    labels = domain.split(".")
    if fast and labels[-1] not in _RESERVED and all(len(label) <= 63 and label[2:4] != "--" for label in labels):
        return text
    return _email_by_library(text)


def _email_by_library(text: str) -> str:
    import email_validator

    try:
        found = email_validator.validate_email(text, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        raise ValueError(_NO_ADDRESS) from None
    return found.normalized.lower()


_PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH_DAY = re.compile(r"(?:--)?(\d{1,2})[-/.月](\d{1,2})日?")
_EXCEL_DAYS = re.compile(r"[1-9]\d{4}(?:\.0+)?")
_EXCEL_EPOCH = date(1899, 12, 30).toordinal()


def _date(text: str, _: Place) -> str:
    """ISO date, or `--MM-DD` where the year is not known. Day-first shapes are refused: they cannot be told apart."""
    if _PLAIN_DATE.fullmatch(text):
        return date.fromisoformat(text).isoformat()
    text = unicodedata.normalize("NFKC", text)
    whole = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    if whole:
        return date(int(whole[1]), int(whole[2]), int(whole[3])).isoformat()
    part = _MONTH_DAY.fullmatch(text)
    if part:
        return "--" + date(2000, int(part[1]), int(part[2])).isoformat()[5:]
    if _EXCEL_DAYS.fullmatch(text):
        return date.fromordinal(_EXCEL_EPOCH + int(float(text))).isoformat()
    raise ValueError("not a date (wanted 2025-03-01, 2025/3/1, 2025年3月1日, 20250301 or 03-01)")


_DAYS = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_CLOCK = r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_UTC = re.compile(rf"[1-9]\d{{3}}-(?:{_DAYS}|(02-29)){_CLOCK}Z", re.ASCII)
_COMMON_DATE = rf"[1-9]\d{{3}}-(?:{_DAYS})"
_COMMON_UTC = rf"{_COMMON_DATE}{_CLOCK}Z"

ZONED = rf"[1-8]\d{{3}}-(?:{_DAYS}){_CLOCK}(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)"
"""The pattern (ASCII) of common times that tell their zone: Python reads them as the hub does."""


def is_time(value: object) -> bool:
    """Whether this is a UTC time to the second in its canonical spelling."""
    shaped = _UTC.fullmatch(value) if type(value) is str else None
    if shaped is None:
        return False
    if shaped[1] is None:
        return True
    try:  # not every year has a leap day
        datetime.fromisoformat(shaped[0])
    except ValueError:
        return False
    return True


_ISO = re.compile(r"[1-9]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_DAY_MARKS = str.maketrans("/年月日", "--- ")


def _moment(text: str, place: Place) -> str:
    """UTC time to the second; a time without a zone is the place's."""
    return text if is_time(text) else moment(text, place).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def moment(text: str, place: Place) -> datetime:
    """The aware UTC time that `text` names; without a zone it is the place's local time; ValueError when unreadable."""
    if not _ISO.fullmatch(text):
        text = " ".join(unicodedata.normalize("NFKC", text).translate(_DAY_MARKS).split())
        text = re.sub(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", text)
        text = re.sub(r"([T ])(\d):", r"\g<1>0\2:", text)
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=place.zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: the year 1, with which some systems say "never"
        raise ValueError("not a time (wanted 2025-03-01 10:22 or 2025-03-01T10:22:31+08:00)") from None


PLAIN_NUMBER = re.compile(r"(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?", re.ASCII)
"""What is no spelling but the value itself, but for zeros at its end: no sign, no exponent, no grouping."""

_GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_DIGITS = 30


def _number(text: str, _: Place) -> str:
    """A decimal point and commas at the thousands; `12,50` and `1.234,56` are refused, not read as 1250 and 1.23456."""
    if PLAIN_NUMBER.fullmatch(text):
        return without_zeros(text)
    text = unicodedata.normalize("NFKC", text).lstrip("¥￥$€£ ")
    text = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    try:
        value = Decimal(text.replace("_", "?"))  # Python's own digit groups are nobody's spelling
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not value.is_finite():
        raise ValueError("not a finite number")
    if not value:
        return "0"
    if not -_DIGITS < value.adjusted() < _DIGITS:
        raise ValueError(f"not a number of up to {_DIGITS} digits")  # 1e999999999 would fill the memory
    return without_zeros(format(value, "f"))


def without_zeros(text: str) -> str:
    """A plain number without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


_WORDS = "[!-~\u4e00-\u9fff]+(?: [!-~\u4e00-\u9fff]+)*"
_E164_CN = r"\+861(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8])\d{8}"
_COMMON_EMAIL = (
    r"(?=[^@]{1,64}@[^@\n]{1,180}(?:\n|\Z))[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]{1,63}\.)+"
    rf"(?!(?:{'|'.join(sorted(_RESERVED))})(?:\n|\Z))[a-z]{{2,24}}"
)


def settled(form: Form, place: Place) -> str | None:
    """The pattern (ASCII) of common texts that are spelled in a form already; None where a form has none."""
    if form in (TEXT, LINE, CODE):
        return _WORDS
    if form is PHONE:
        return _E164_CN if place.region == "CN" else None
    common = {EMAIL: _COMMON_EMAIL, MOMENT: _COMMON_UTC, NUMBER: PLAIN_NUMBER.pattern, DATE: _COMMON_DATE}
    return common.get(form)


_YES = frozenset(("true", "yes", "y", "1", "是", "t", "on"))
_NO = frozenset(("false", "no", "n", "0", "否", "f", "off"))


def _flag(text: str, _: Place) -> str:
    word = unicodedata.normalize("NFKC", text).lower()
    if word in _YES:
        return "true"
    if word in _NO:
        return "false"
    raise ValueError("neither yes nor no")


_GENDERS = {
    **dict.fromkeys(("female", "f", "女", "女士", "woman", "ms", "mrs", "小姐"), "female"),
    **dict.fromkeys(("male", "m", "男", "先生", "man", "mr"), "male"),
}


def _gender(text: str, _: Place) -> str | None:
    return _GENDERS.get(unicodedata.normalize("NFKC", text).lower().rstrip("."))


TEXT = Form("text", _text)
"""Text as it stands, line breaks too; only blanks at its ends are left out."""
LINE = Form("line", _line)
"""One line of text: blanks, tabs and breaks in a row count as one blank."""
CODE = Form("code", _code)
"""A code, an id, a number that counts nothing: as it stands, with full-width characters as plain ones."""
PHONE = Form("phone", _phone)
"""A phone number as E.164; one without a country code is of the place's country."""
EMAIL = Form("email", _email)
"""An e-mail address in lower case."""
DATE = Form("date", _date)
"""A day as YYYY-MM-DD, or --MM-DD where the year is not known; shapes that begin with the day are refused."""
MOMENT = Form("moment", _moment)
"""A moment as an ISO time in UTC, to the second; one that names no zone is in the place's."""
NUMBER = Form("number", _number)
"""A quantity or an amount, as a plain decimal number."""
FLAG = Form("flag", _flag)
"""`true` or `false`, from the words that systems use for them; anything else is refused."""
GENDER = Form("gender", _gender)
"""`female` or `male`; whatever else stands there counts as empty."""

FORMS = {form.name: form for form in (TEXT, LINE, CODE, PHONE, EMAIL, DATE, MOMENT, NUMBER, FLAG, GENDER)}


_JOINS = frozenset("\u200d\ufe0e\ufe0f" + "".join(map(chr, range(0x1F3FB, 0x1F400))))
"""What joins pictures to one, and gives them their colour."""


def _without_pictures(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char) != "So" and char not in _JOINS)


LOOSER: dict[str, Callable[[str], str]] = {
    "spaces": lambda text: "".join(text.split()),
    "case": lambda text: " ".join(text.split()).casefold(),
    "width": lambda text: " ".join(unicodedata.normalize("NFKC", text).split()).casefold(),
    "pictures": lambda text: " ".join(_without_pictures(unicodedata.normalize("NFKC", text)).split()).casefold(),
}
"""Looser spellings that an echo may show, from the strictest on; `pictures` leaves out emoji and what joins them."""
