"""What a system answered: status, headers, body, and a decoder that one bad row cannot stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any

import orjson

from hub.errors import Transient

_DAY = 86_400.0
_EMPTY = frozenset({204, 205, 304})
_LOOKED_AT = 64


@dataclass(frozen=True)
class Answer:
    """One complete HTTP answer. Header names are in lower case; nothing personal shows in its `repr`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status alone says success (2xx, or 304: nothing changed)."""
        return 200 <= self.status < 300 or self.status == 304

    @property
    def empty(self) -> bool:
        """Whether the system says by the status that there is no body."""
        return self.status in _EMPTY

    def header(self, name: str, default: str = "") -> str:
        """A header's value; the name's case does not matter."""
        return self.headers.get(name.lower(), default)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", "replace")

    @cached_property
    def _decoded(self) -> Any:
        return _decoded(self.content) if self.content.strip() else None

    def json(self) -> Any:
        """The body as JSON, None when there is none; Transient when it is cut off or something else (HTML)."""
        try:
            if b"\0" not in self.content[:_LOOKED_AT]:  # a download, which may be large, is not made into text
                return self._decoded
        except (ValueError, RecursionError):
            pass
        raise Transient("the answer is not JSON")

    def rows(self, path: str = "") -> list[Any]:
        """The list at `path` (dots walk into objects) as the system sent it, [] when it answered without a body.

        A row with an undecodable character is in the list and holds a lone surrogate: it cannot be encoded again, so
        that whoever stores it finds this row bad, and no other. Transient when there is no list: absence is no end.
        """
        if self.empty:
            return []
        found = self.json()
        for name in path.split(".") if path else ():
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, list):
            raise Transient("the answer holds no rows where they belong")
        return found

    @property
    def date(self) -> datetime | None:
        """When the system made this answer, by its own clock; None when it does not say or a cache answered."""
        return None if self.header("age", "0") != "0" else moment(self.header("date"))

    def retry_after(self, now: datetime) -> float | None:
        """The pause in seconds that the system asks for, at most a day; None when it names no usable one.

        A date is taken relative to the answer's own date, so a wrong clock on either side does not matter.
        """
        text = self.header("retry-after").strip()
        seconds = _number(text)
        at = moment(text) if seconds is None else None
        if at is not None:
            seconds = (at - (self.date or now)).total_seconds()
        return min(seconds, _DAY) if seconds is not None and seconds > 0 else None


def _decoded(content: bytes) -> Any:
    """JSON, strictly and fast; if that fails, tolerantly, so that a bad character spoils its row only.

    orjson refuses a whole page for one escape such as "\\ud800", one stray byte or one NaN.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content.decode("utf-8-sig", "surrogateescape"), parse_constant=str)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=16)
def moment(text: str) -> datetime | None:
    """An HTTP date as an aware UTC time, None when it is not one; the answers of a second all say the same."""
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
