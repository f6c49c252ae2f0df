"""Reading a mapping table both ways: their row to our fields, our values to their row.

A field of theirs that cannot be spelled canonically becomes a *flaw* (counted in the run) where the noun can do without
it, and a reason for quarantine where the mapping marks it required.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Rows
from functools import lru_cache
from typing import Any

from hub.connector import Field, Mapping
from hub.errors import Rejected
from hub.forms import Place
from hub.model import DECIDED
from hub.names import PARTS, whole_name
from sync import tags

LISTS = frozenset({"other_phones", "other_emails", "interests"})
"""Fields of ours that hold several values; several entries of a mapping may feed them."""


def pick(row: Rows[str, Any], path: str) -> Any:
    """Their value at a dotted path; None where any part is missing."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@lru_cache(maxsize=512)
def _inverse(values: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in values}


def _translated(entry: Field, value: Any) -> Any:
    if not entry.values or not isinstance(value, str):
        return value
    return _inverse(tuple(entry.values.items())).get(value.strip(), value)


def spelled(entry: Field, value: Any, place: Place) -> str | None:
    """One value of theirs in canonical form; ValueError when it has none."""
    if isinstance(value, dict | list):
        raise ValueError("not a single value")
    return entry.form.canonical(_translated(entry, value), place)


def read(mapping: Mapping, row: Rows[str, Any], place: Place) -> tuple[dict[str, Any], list[str]]:
    """Our fields out of their row (empty ones left out), and the names of ours that could not be read."""
    found: dict[str, Any] = {}
    flaws: list[str] = []
    for entry in mapping.fields:
        raw = pick(row, entry.theirs)
        if entry.ours == "lines":
            found["lines"] = raw or []
            continue
        if tags.is_tags(entry):
            found[entry.ours] = tags.seen(entry, raw)  # none at all is said too: the hub must know it
            continue
        several = raw if entry.ours in LISTS and isinstance(raw, list) else [raw]
        values = [value for one in several if (value := _one(entry, one, place, flaws)) is not None]
        if entry.required and not values:
            raise Rejected("is missing", field=entry.theirs)
        for value in values:
            _put(found, entry.ours, value)
    _put_together(mapping, found)
    return found, flaws


def _one(entry: Field, raw: Any, place: Place, flaws: list[str]) -> str | None:
    try:
        return spelled(entry, raw, place)
    except ValueError as fault:
        if entry.required:
            raise Rejected(str(fault), field=entry.theirs) from None
        flaws.append(entry.ours)
        return None


def _put(found: dict[str, Any], ours: str, value: str) -> None:
    if ours in LISTS:
        values = found.setdefault(ours, [])
        if value not in values:
            values.append(value)
    else:
        found.setdefault(ours, value)  # the first entry that gives a value wins


def _put_together(mapping: Mapping, found: dict[str, Any]) -> None:
    """The whole name out of its parts, where the system has no field of its own for it."""
    if mapping.names_in_parts and not found.keys().isdisjoint(PARTS):
        found["name"] = whole_name(found.get("family_name", ""), found.get("given_name", ""))


def places(mapping: Mapping, written: Collection[str]) -> set[str]:
    """Their fields that a write of these fields of ours may go to."""
    return {entry.theirs for entry in mapping.writable() if entry.ours in written}


def touched(mapping: Mapping, written: Collection[str]) -> set[str]:
    """Our fields that a write may change there: those that are read from the same places, and the name with its parts."""
    there = places(mapping, written)
    found = {entry.ours for entry in mapping.fields if entry.theirs in there}
    return found | {"name"} if found.intersection(PARTS) else found


def write(mapping: Mapping, values: Rows[str, Any], seen: Rows[str, Any] | None = None) -> dict[str, Any]:
    """Their fields and spellings for the changed fields of ours; None clears a field. `seen` is their row as it is."""
    out: dict[str, Any] = {}
    for entry in mapping.writable():
        if entry.ours in values:
            value = values[entry.ours]
            if tags.is_tags(entry):
                out[entry.theirs] = tags.change(entry, pick(seen or {}, entry.theirs), value)
            else:
                out[entry.theirs] = None if value is None else entry.values.get(value, value)
    return out


def owner(entry: Field) -> str:
    """Who wins a conflict over this field; what the hub decides is always its own."""
    return "hub" if is_decided(entry.ours) else entry.owner


def is_decided(ours: str) -> bool:
    """Whether a field is decided by the hub (`id`, `stage`, `tags`, `tier` or `tier.PROGRAMME`)."""
    return ours.split(".", 1)[0] in DECIDED


def fits(entry: Field, value: Any) -> bool:
    """Whether a value can be written there at all; one that is too long is refused, never cut."""
    if entry.max_length is None:
        return True
    text = str(value)
    return len(entry.values.get(text, text)) <= entry.max_length
