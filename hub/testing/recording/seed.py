"""The rows of a recording in our own words, and how a twin takes them.

    {"customers": {"noun": "customers", "rows": [{"id": "...", "fields": {"name": "...", "phone": "+86..."}}]}}

A field of ours that comes from several of theirs (`other_phones`) is a list. Values are in their canonical spelling; one
that cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Field, Mapping, Stream
from hub.forms import Place
from hub.testing.recording.invented import spelled
from hub.testing.stand import Stand, filled
from hub.testing.twin import Twin

Row = dict[str, Any]


def rows_as_ours(streams: Sequence[Stream], rows: dict[str, list[Row]], place: Place) -> dict[str, Any]:
    """What a connector read, by stream, as our fields."""
    mappings = {one.name: one for one in streams}
    return {
        name: {"noun": mappings[name].noun, "rows": [_as_ours(mappings[name].mapping, row, place) for row in found]}
        for name, found in rows.items()
    }


def _as_ours(mapping: Mapping, row: Row, place: Place) -> Row:
    fields: Row = {}
    for entry in mapping.fields:
        value = walked(row, entry.theirs)
        if value in (None, "") or isinstance(value, list | dict):
            continue
        told = {theirs: ours for ours, theirs in entry.values.items()}.get(str(value)) or spelled(
            entry.form, value if isinstance(value, str) else str(value), place
        )
        if told is None:
            continue
        if entry.ours in ("other_phones", "other_emails"):
            fields.setdefault(entry.ours, []).append(told)
        else:
            fields.setdefault(entry.ours, told)
    return {"id": str(walked(row, mapping.id)), "fields": fields}


def walked(row: Row, theirs: str) -> Any:
    """A value by its name in a mapping: the name as it stands, or dots that walk into objects."""
    if theirs in row:
        return row[theirs]
    found: Any = row
    for name in theirs.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def plant(twin: Twin, stand: Stand, streams: Sequence[Stream], seed: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Make a seed's rows in a twin, as a user of the system would; gives the twin's ids by the seed's, by stream.

    References between rows (an order's buyer) follow the new ids.
    """
    made: dict[str, dict[str, str]] = {}
    for stream in streams:
        ids = made.setdefault(stream.name, {})
        for row in seed.get(stream.name, {}).get("rows", ()):
            values = _as_theirs(stream.mapping, row["fields"], twin, made)
            answer = twin.edit(
                {
                    "op": "create",
                    "module": stand.modules[stream.name],
                    "values": {**filled(stand.born, text=row["id"]), **values},
                }
            )
            ids[row["id"]] = str(answer["id"])
    return made


def _as_theirs(mapping: Mapping, fields: Row, twin: Twin, made: dict[str, dict[str, str]]) -> Row:
    values: Row = {}
    for entry in mapping.fields:
        told = fields.get(entry.ours)
        if told is None or isinstance(told, list) or entry.theirs == mapping.id:
            continue
        _laid(values, twin.nest(entry.theirs, _spelled_back(entry, told, made)))
    return values


def _spelled_back(entry: Field, told: str, made: dict[str, dict[str, str]]) -> Any:
    if entry.ours == "buyer.external_id":
        return next((ids[told] for ids in made.values() if told in ids), told)
    return entry.values.get(told, told == "true" if entry.form.name == "flag" else told)


def _laid(values: Row, more: Row) -> None:
    """Lay one nested value over others."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            _laid(values[name], value)
        elif isinstance(value, list) and isinstance(values.get(name), list):
            values[name] = [*values[name], *value]
        else:
            values[name] = value
