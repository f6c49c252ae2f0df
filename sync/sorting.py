"""Sorting out a page: its rows become records, or go to quarantine with their reason."""

from __future__ import annotations

from typing import Any

import orjson

from hub.connector import BadRow, Page
from hub.errors import Rejected
from hub.forms import SPOILT
from hub.store.quarantine import Held
from hub.store.records import Incoming
from sync.normalise import Normaliser


def sorted_out(
    name: str, page: Page, normalise: Normaliser, *, asks: bool = False
) -> tuple[list[Incoming], list[Held]]:
    """A page of the connection `name` as records, and as entries for quarantine where a row can be none.

    With `asks` a row that lost a field to half a character is set aside too: it will be asked for again by its id.
    """
    records, held = [], [_bad(name, normalise.stream.name, entry) for entry in page.bad]
    for number, (row, plain) in enumerate(zip(page.rows, normalise.page(page.rows), strict=True)):
        try:
            record = normalise(row) if plain is None else plain
            if asks and record.flaws and _spoilt(row):
                raise Rejected(SPOILT)
            records.append(record)
        except Rejected as fault:
            place = page.places[number] if number < len(page.places) else ""
            held.append(_refused(name, normalise, row, fault, place))
    return records, held


def _bad(name: str, stream: str, entry: BadRow) -> Held:
    raw = {"raw": entry.raw.decode("utf-8", "replace")}
    return Held(0, name, stream, "", entry.place, entry.reason, "", raw)


def _refused(name: str, normalise: Normaliser, row: Any, fault: Rejected, place: str) -> Held:
    """A row for quarantine, under the id that its record would have, where it has one."""
    ext = _spelled(normalise.ext(row))
    safe = orjson.loads(orjson.dumps(_storable(row)))
    return Held(0, name, normalise.stream.name, ext, _spelled(place), fault.what, fault.field, safe)


def _spoilt(row: Any) -> bool:
    try:
        orjson.dumps(row)
    except orjson.JSONEncodeError:
        return True
    return False


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _spelled(value)
    if isinstance(value, dict):
        return {_spelled(str(name)): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def _spelled(text: str) -> str:
    """Text without half characters, so that it can be stored and shown."""
    return text.encode("utf-8", "replace").decode("utf-8")
