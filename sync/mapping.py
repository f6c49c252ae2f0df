"""What a mapping table says: where a value of theirs is found, and how our values go into their row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Rows
from typing import Any

from hub.connector import Field, Mapping
from hub.model import DECIDED
from hub.names import PARTS
from sync import tags

LISTS = frozenset({"other_phones", "other_emails", "interests"})
"""Fields of ours that hold several values; several entries of a mapping may feed them."""


def pick(row: Rows[str, Any], path: str) -> Any:
    """Their value at a dotted path; None where any part is missing."""
    return row[path] if path in row else inside(row, path.split("."))


def inside(row: Rows[str, Any], way: Iterable[str]) -> Any:
    """What lies deeper in a row, along these names; None where any is missing."""
    value: Any = row
    for name in way:
        value = value.get(name) if isinstance(value, dict) else None
    return value


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
