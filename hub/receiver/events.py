"""Events that our own sites, apps and tills send: signed, checked row by row, kept once.

    KeHub-Key: KEY        KeHub-Timestamp: SECONDS        KeHub-Signature: v1=HEX

HEX is HMAC-SHA256 under the key's secret over the timestamp, a dot, and the body as it is sent. The body is one event
or a list of them, see `hub.model.TouchEvent`. The answer tells of each row what became of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from hub.forms import CODE, EMAIL, PHONE, Form
from hub.model import TouchEvent
from hub.receiver.bodies import Unfit
from hub.settings import Configuration
from hub.store import Store
from hub.store.events import Event
from hub.store.identities import IDENTITY

_FORMS: dict[str, Form] = {"phone": PHONE, "email": EMAIL}
_AHEAD = 86_400
"""Seconds that an event may lie ahead of our clock: a sender's clock may be wrong, but not by a day."""


@dataclass(frozen=True)
class Row:
    """What became of one row: `taken`, `duplicate` or `refused`, and of a refused one the field and why."""

    id: str
    result: str
    field: str = ""
    why: str = ""

    def told(self) -> dict[str, str]:
        """As the answer tells it; never a value of the row's but its own id."""
        return {name: text for name, text in vars(self).items() if text or name == "id"}


class Refused(Exception):
    """A row that cannot be taken."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(field)
        self.field = field
        self.why = why


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at `timestamp` (seconds since 1970 UTC, as text)."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Intake:
    """Takes in events for one store."""

    def __init__(self, config: Configuration, store: Store) -> None:
        self._config = config
        self._store = store
        self._keys = {name: key.get_secret_value() for name, key in config.receiver.keys.items()}

    def sender(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the key that a body is signed with. Unfit (401) where it is not, or not in time."""
        name, timestamp = headers.get("kehub-key", ""), headers.get("kehub-timestamp", "")
        wanted = signature(self._keys.get(name, ""), timestamp, body)
        given = headers.get("kehub-signature", "")
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")) or name not in self._keys:
            raise Unfit(401, "forged")
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
            raise Unfit(401, "forged")
        age = self._now() - int(timestamp)
        if abs(age) > self._config.receiver.window_seconds:
            raise Unfit(401, "stale" if age > 0 else "early")
        return name

    def rows(self, body: bytes) -> list[Any]:
        """The rows of a body. Unfit: 400 for what is no JSON, 422 for another shape, 413 for too many."""
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unfit(400, "senseless") from None
        rows = found if isinstance(found, list) else [found]
        if not rows or not isinstance(found, dict | list):
            raise Unfit(422, "senseless")
        if len(rows) > self._config.receiver.max_rows:
            raise Unfit(413, "too_large")
        return rows

    def take(self, source: str, rows: list[Any]) -> list[Row]:
        """Keep the good rows, all or none; of each row what became of it."""
        judged = [self._judged(row) for row in rows]
        good = [one for one in judged if isinstance(one, Event)]
        fresh = iter(self._store.events.take(source, good) if good else ())
        return [one if isinstance(one, Row) else Row(one.id, "taken" if next(fresh) else "duplicate") for one in judged]

    def _judged(self, row: Any) -> Event | Row:
        given = row.get("id") if isinstance(row, dict) else None
        id_ = given if isinstance(given, str) and len(given) <= 200 else ""
        try:
            return self._event(row)
        except Refused as refused:
            return Row(id_, "refused", refused.field, refused.why)
        except ValidationError as fault:
            first = fault.errors(include_input=False, include_url=False, include_context=False)[0]
            return Row(id_, "refused", _place(first["loc"]), _why(first["type"]))

    def _event(self, row: Any) -> Event:
        found = TouchEvent.model_validate_json(orjson.dumps(row), strict=True)
        at = int(found.at.timestamp())
        if at > self._now() + _AHEAD:
            raise Refused("at", "lies more than a day ahead")
        if at < 0:
            raise Refused("at", "lies before 1970")
        keys = self._keys_of(found.who.model_dump(exclude_none=True))
        body = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        body["who"] = {name: word for name, word, _ in keys}
        return Event(found.id, found.kind, at, body, [(kind, word) for _, word, kind in keys])

    def _keys_of(self, who: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """(field, canonical word, kind of key) of all that an event names somebody by."""
        found = []
        for name, text in sorted(who.items()):
            try:
                word = _FORMS.get(name, CODE).canonical(text, self._config.place)
            except ValueError:
                raise Refused(f"who.{name}", "cannot be read") from None
            if word:
                found.append((name, word, IDENTITY[name]))
        if not found:
            raise Refused("who", "names nobody")
        return found

    def _now(self) -> int:
        return int(self._store.clock.now().timestamp())


_KNOWN = frozenset(
    (*TouchEvent.model_fields, *TouchEvent.model_fields["who"].annotation.model_fields)  # type: ignore[union-attr]
)


def _place(loc: tuple[int | str, ...]) -> str:
    """Where a row is wrong, by our own names only: a name that a sender made up may be anything."""
    return ".".join(str(part) if part in _KNOWN else "..." for part in loc)


def _why(kind: str) -> str:
    return {"missing": "is missing", "extra_forbidden": "is not known", "literal_error": "is none of the choices"}.get(
        kind, "is not in the form wanted"
    )
