"""An exchange with everything personal replaced. What is not known to be harmless is replaced.

Kept are keys, flags, nulls, times, numbers that are no ids and no phones, codes that the mapping declares, and short
words under names that stand for codes (status, currency, api_name). In two passes: first all ids are met, so that each
reference to one, in whatever field or address, is replaced by the same.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from hub.errors import Transient
from hub.forms import EMAIL, PHONE
from hub.testing.recording.fixture import Exchange
from hub.testing.recording.invented import Invented, spelled
from hub.testing.recording.kinds import Kind, Kinds, by_name
from hub.testing.recording.tape import Heard

HEADERS = re.compile(
    r"content-type|date|retry-after|last-modified|x-wp-total(pages)?|x-total(-count)?|x-api-credits-remaining"
    r"|(x-)?rate-?limit[a-z-]*|x-[a-z-]*(remaining|limit|reset|pages?|count)"
)
BASE = "{url}"
"""Stands for the system's address; who answers from the recording puts its own there."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?$")
_LINK = re.compile(r"<([^<>]*)>")
_LEADS = re.compile(r"url|link|href|next|path", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z_][A-Za-z_]*(?:\d{1,2})?(?:[_.:-][A-Za-z]*\d{0,2})*|")
_FIELD = re.compile(r"[A-Za-z_$(][\w$.():-]{0,63}", re.ASCII)
_PATH = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}|[vV]\d+(\.\d+)*|\d{1,2}\.\d+|")
_PLAIN = re.compile(r"-?\d*\.\d+|-?\d{1,2}|true|false|yes|no|on|off|null", re.IGNORECASE)
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_NAMED_BY = ("key", "name", "field", "field_name", "fieldName", "code")
_VALUES = ("value", "field_values", "values")
_EARLIEST, _LATEST = 946_684_800, 2_208_988_800  # 2000 and 2040, in seconds
_BIG = 10_000_000
_SHORT = 8


@dataclass
class Scrubber:
    """Scrubs the exchanges of one recording. `secrets` are the connection's own, which must not be met anywhere."""

    kinds: Kinds
    invented: Invented
    origins: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    originals: dict[str, set[str]] = field(default_factory=dict)
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    replaced: Counter[tuple[str, str]] = field(default_factory=Counter)
    _stream: str = ""
    _answering: bool = True

    def all(self, heard: Sequence[Heard]) -> list[Exchange]:
        """The exchanges, scrubbed."""
        self.origins |= {one.origin for one in heard}
        bodies = [_decoded(one) for one in heard]
        found: set[str] = set()
        for one, body in zip(heard, bodies, strict=True):
            self._stream = one.stream
            for path, value in _leaves([one.body, dict(one.query), body]):
                self._meet(path, value, found)
            found.update(part for part in one.path.split("/") if not _PATH.fullmatch(part))
        self.invented.taken |= {value for values in self.originals.values() for value in values}
        self.invented.number_ids(found)
        return [self._exchange(one, body) for one, body in zip(heard, bodies, strict=True)]

    # -- first pass

    def _meet(self, path: tuple[str, ...], value: Any, ids: set[str]) -> None:
        """Note ids, and what is somebody's, so that nothing equal is ever drawn."""
        kind = self.kinds.of(path, self._stream)
        if isinstance(value, bool) or value is None or value == "":
            return
        text = str(value)
        if kind == "id" and not _nobody(value) and not (isinstance(value, str) and _TIME.fullmatch(value)):
            ids.update(_parts(text))
        kind = self._seen_as(kind, text) if isinstance(value, str | int) else kind
        if kind in ("phone", "email", "name", "address", "text"):
            self.originals.setdefault(kind, set()).update({text.strip(), text.strip().casefold()})
            if kind in ("phone", "email"):
                whole = spelled(PHONE if kind == "phone" else EMAIL, text, self.invented.place)
                self.originals[kind] |= {whole} if whole else set()
        if kind == "name":
            self.originals[kind].update(part.casefold() for part in text.split())

    # -- second pass

    def _exchange(self, one: Heard, body: Any) -> Exchange:
        self._stream, self._answering = one.stream, True
        scrubbed, headers = self._value(body, ()), self._headers(one.answer.headers)
        self._answering = False
        return Exchange(
            stream=one.stream,
            method=one.method,
            path=self._path(one.path),
            query=[[name, self._value(value, (name,))] for name, value in one.query if not _secret(name)],
            body=_without_secrets(self._value(one.body, ())),
            status=one.answer.status,
            headers=headers,
            answer=scrubbed,
            holds="none" if not one.answer.content else "other" if body is None else "json",
        )

    def _path(self, path: str) -> str:
        return "/".join(part if self._harmless(part) else self.invented.id(part) for part in path.split("/"))

    def _harmless(self, part: str) -> bool:
        """Whether a part of a path is a word of the interface, and nobody's name."""
        return bool(_PATH.fullmatch(part)) and part.casefold() not in self.invented.taken

    def _value(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {self._key(name): self._value(one, _path_of(value, path, name)) for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one, path) for one in value]
        new = self._leaf(value, path)
        counted = self.kept if new == value else self.replaced
        where = ".".join(self._key(part) for part in path) or "(whole)"
        if value is not None and value != "":
            counted[where, self.kinds.of(path, self._stream) or "unknown"] += 1
        return new

    def _key(self, name: str) -> str:
        if self.invented.knows_id(name):
            return self.invented.id(name)
        return name if _FIELD.fullmatch(name) and not re.search(r"\d{6}", name) else self.invented.text(name)

    def _leaf(self, value: Any, path: tuple[str, ...]) -> Any:
        kind = self.kinds.of(path, self._stream)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float):
            large = value.is_integer() and abs(value) >= _BIG
            return 0.5 if kind == "address" else float(self._number(int(value), kind)) if large else value
        if isinstance(value, int):
            return self._number(value, kind)
        return self._text(value, kind, path) if value.strip() else value

    def _number(self, value: int, kind: Kind) -> int:
        if _nobody(value) or (kind in ("number", "code", "moment") and not self._is_phone(str(value))):
            return value
        if kind == "id":
            return int(self.invented.id(str(value)))
        if kind in ("phone", "secret", "name", "text", "address"):
            return int(self.invented.phone(str(value)) if kind == "phone" else "1" + self.invented.text(str(value))[1:])
        if kind == "birthday" or (not kind and _midnight(value, self.invented)):
            return self._moved(value)
        if value < _BIG or _epoch(value):
            return value
        draw = self.invented.phone if self._is_phone(str(value)) else self.invented.id
        return int(draw(str(value)))

    def _moved(self, value: int) -> int:
        """A day in seconds or milliseconds, moved; a small number under such a name is a year, or a part of a date."""
        unit = 1000 if abs(value) > _LATEST else 1
        if abs(value) < 100_000:
            return value + (1 if value == 1 else -1)
        return value + self.invented.shift(str(value)) * 86_400 * unit

    def _text(self, value: str, kind: Kind, path: tuple[str, ...]) -> str:
        if kind == "secret":
            return self._token(value)
        nested = _nested(value)
        if nested is not None:
            return json.dumps(self._value(nested, path), ensure_ascii=False, separators=(",", ":"))
        if re.match(r"https?://", value) or (value[0] == "/" and _LEADS.search(path[-1] if path else "")):
            return self._address(value)
        if self._stays(value, kind):
            return value
        if kind == "id" or (kind in ("", "code", "text", "address") and self.invented.knows_id(value)):
            return ",".join(part if _nobody(part) else self.invented.id(part) for part in value.split(","))
        return self._person(value, self._seen_as(kind, value))

    def _person(self, value: str, kind: Kind) -> str:
        own = self.invented
        draw = {"phone": own.phone, "email": own.email, "name": own.name, "birthday": own.birthday}.get(kind)
        if draw is None:
            draw = own.birthday if _DAY.match(value) else own.text
        return draw(value)

    def _stays(self, value: str, kind: Kind) -> bool:
        if _TIME.fullmatch(value):  # midnight, under a name that tells nothing, could be a birthday
            return kind != "birthday" and (bool(kind) or not _MIDNIGHT.search(value))
        if kind in ("phone", "email", "name", "birthday", "text", "id"):
            return False
        if kind == "address":
            return bool(_COUNTRY.fullmatch(value)) and len(value) == 2
        words = value.split(",") if kind == "code" or not self._answering else [value]
        if all(word in self.codes or word in self.kinds.words for word in words):
            return True
        if kind == "code":
            coded = all(_CODE.fullmatch(word.strip()) and len(word) < 64 for word in words)
            return coded or (bool(_NUMERIC.fullmatch(value)) and len(value) < _SHORT)
        if kind == "number":
            return bool(_NUMERIC.fullmatch(value)) and ("." in value or len(value) < _SHORT)
        return bool(_PLAIN.fullmatch(value)) or (kind == "moment" and bool(_DAY.fullmatch(value)))

    def _token(self, value: str) -> str:
        """A token that an answer gave, the same each time; one that we brought is dropped."""
        return self.invented.secret(value) if self._answering or self.invented.knows_secret(value) else ""

    def _address(self, value: str) -> str:
        """An address of the system's own, taken apart and put together; any other one leads nowhere."""
        parts = urlsplit(value)
        if parts.netloc and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            return "https://www.example.com/"
        told = [(name, self._value(one, (name,))) for name, one in parse_qsl(parts.query, keep_blank_values=True)]
        query = f"?{urlencode(told)}" if told else ""
        return f"{BASE if parts.netloc else ''}{self._path(parts.path)}{query}"

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers that tell of times, limits, totals, and of the next page."""
        kept = {name: value for name, value in headers.items() if HEADERS.fullmatch(name)}
        if "link" in headers:
            kept["link"] = _LINK.sub(lambda found: f"<{self._address(found[1])}>", headers["link"])
        return kept

    def _seen_as(self, kind: Kind, value: str) -> Kind:
        """What a value is by its looks, where nothing else tells."""
        if kind in ("phone", "email", "name", "birthday", "address", "id", "secret", "moment", "number"):
            return kind
        if "@" in value:
            return "email" if spelled(EMAIL, value, self.invented.place) else "text"
        return "phone" if self._is_phone(value) else kind

    def _is_phone(self, value: str) -> bool:
        """Whether a text or a number reads as a phone, and as no time."""
        long = _SHORT <= sum(one.isdecimal() for one in value) <= 15 and len(value) < 25 and not is_time(value)
        return long and spelled(PHONE, value, self.invented.place) is not None


def _decoded(one: Heard) -> Any:
    try:
        return one.answer.json() if one.answer.content else None
    except Transient:
        return None


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, _path_of(value, path, name))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, path)
    elif isinstance(value, str) and (nested := _nested(value)) is not None:
        yield from _leaves(nested, path)
    else:
        yield path, value


def _path_of(entry: dict[str, Any], path: tuple[str, ...], name: str) -> tuple[str, ...]:
    """A value that stands beside its name ({"key": "newsletter", "value": "yes"}) has that name."""
    if name in _VALUES:
        told = next((entry[by] for by in _NAMED_BY if isinstance(entry.get(by), str)), "")
        if told and _FIELD.fullmatch(told):
            return (*path, told)
    return (*path, name)


def _nested(value: str) -> Any:
    """JSON in a text, decoded; None for any other text."""
    if value[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _parts(text: str) -> Iterable[str]:
    return (part for part in text.split(",") if not _nobody(part))


def _nobody(value: Any) -> bool:
    """Ids that stand for none: nought, -1, nothing."""
    return value in (0, -1, "0", "-1", "")


def is_time(text: str) -> bool:
    """Whether a text is a moment, spelled out or in seconds or milliseconds."""
    return bool(_TIME.fullmatch(text)) or (text.isdecimal() and len(text) < 15 and _epoch(int(text)))


def _epoch(value: int) -> bool:
    return _EARLIEST <= value < _LATEST or _EARLIEST * 1000 <= value < _LATEST * 1000


def _midnight(value: int, invented: Invented) -> bool:
    """Whether a number could be a day: midnight here or in UTC. Under a name that tells nothing it could be a birthday."""
    seconds = value // 1000 if abs(value) > _LATEST else value
    if abs(seconds) < 100_000 * 10 or (abs(value) > _LATEST and value % 1000):
        return False
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return False
    here = at.astimezone(invented.place.zone)
    return any((one.hour, one.minute, one.second) == (0, 0, 0) for one in (at, here))


def _secret(name: str) -> bool:
    return by_name(name) == "secret"


def _without_secrets(value: Any) -> Any:
    """A request's body without the fields that hold a sign-in, unless they hold a token of an answer."""
    if isinstance(value, dict):
        return {name: _without_secrets(one) for name, one in value.items() if not (_secret(name) and not one)}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value
