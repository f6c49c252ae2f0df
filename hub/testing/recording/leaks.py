"""The last look before anything is written: no personal value of before may be anywhere in it.

Looked for are phones by their digits, e-mail addresses, names and addresses without regard to case, width and blanks,
and the connection's secrets. Values too short to mean somebody (one sign, two letters) count where they are a whole
value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hub.errors import UnsafePlan
from hub.forms import EMAIL, PHONE, Place
from hub.testing.recording.invented import spelled

_GAP = "\x00"
_BLANKS = re.compile(r"[^\S\x00]+")
_SHORT = 4
_DIGITS = 8


def refuse_leaks(
    written: Mapping[str, Any], originals: Mapping[str, Collection[str]], secrets: Collection[str], place: Place
) -> None:
    """UnsafePlan, with file and field and never the value, when something of somebody's is still there."""
    found = next(leaks(written, originals, secrets, place), None)
    if found is not None:
        remedy = "nothing was written; tell the connector's author, or leave the stream out (--stream)"
        raise UnsafePlan(f"a value ({found[0]}) would be written as it was", where=found[1], remedy=remedy)


def leaks(
    written: Mapping[str, Any], originals: Mapping[str, Collection[str]], secrets: Collection[str], place: Place
) -> Iterator[tuple[str, str]]:
    """What kind of value is still there, and in which file and field; `written` are the files by name."""
    spots = [(f"{name} {path}", text) for name, value in written.items() for path, text in _texts(value, "")]
    plain = _GAP.join(_folded(text) for _, text in spots)
    tight = _BLANKS.sub("", plain)
    digits = _GAP.join(_only_digits(text) for _, text in spots)
    whole = {_folded(text) for _, text in spots}
    for kind, values in originals.items():
        for value in values:
            if any(_there(form, kind, plain, tight, digits, whole) for form in _forms(kind, value, place)):
                yield kind, _spot(spots, kind, value, place)
    for secret in secrets:
        if len(secret) >= _SHORT and secret.casefold() in plain:
            yield "secret", _spot(spots, "secret", secret, place)


def _forms(kind: str, value: str, place: Place) -> set[str]:
    """The spellings under which a value is looked for."""
    if kind == "phone":
        canonical = spelled(PHONE, value, place)
        bare = _only_digits(value)
        national = _national(canonical) if canonical else bare
        return {one for one in (national, bare) if len(one) >= _DIGITS}
    if kind == "email":
        return {_folded(value.strip()), spelled(EMAIL, value, place) or _folded(value.strip())}
    return {_folded(value.strip())}


def _there(form: str, kind: str, plain: str, tight: str, digits: str, whole: Collection[str]) -> bool:
    if not form or (kind in ("address", "text", "name") and not any(one.isalpha() for one in form)):
        return False
    if kind == "phone":
        return form in digits
    if form.isascii():
        short = len(form) < _SHORT
        return form in whole and len(form) > 2 if short else form in plain and _apart(form, plain)
    if len(form) < 2:
        return form in whole
    bare = _BLANKS.sub("", form)  # two signs that meet across a blank may be anybody's: they count as a whole value
    return form in plain or (bare in tight if len(bare) > 2 else f"{_GAP}{bare}{_GAP}" in f"{_GAP}{tight}{_GAP}")


def _apart(form: str, plain: str) -> bool:
    """Whether it stands there by itself, and is not a part of a longer word."""
    return re.search(rf"(?<![a-z0-9]){re.escape(form)}(?![a-z0-9])", plain) is not None


def _spot(spots: list[tuple[str, str]], kind: str, value: str, place: Place) -> str:
    """The first place that holds it."""
    for where, text in spots:
        folded = _folded(text)
        args = (folded, _BLANKS.sub("", folded), _only_digits(text), {folded})
        if any(_there(form, kind, *args) for form in _forms(kind, value, place)):
            return where
    return "several fields together"


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text and number of a file with its place; longer keys too."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield path, name
            yield from _texts(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, path)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, str(value)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _only_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(one)) for one in text if one.isdecimal())


def _national(canonical: str) -> str:
    """A number without its country's prefix."""
    import phonenumbers

    return str(phonenumbers.parse(canonical).national_number)
