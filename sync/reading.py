"""Reading one row of theirs with a mapping table; whole pages of plain rows go by columns, see `sync/columns.py`.

A field of theirs that cannot be spelled canonically becomes a *flaw* (counted in the run) where the noun can do without
it, and a reason for quarantine where the mapping marks it required.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping as Rows
from typing import Any

from hub.connector import Field, Mapping
from hub.errors import Rejected
from hub.forms import SPOILT, Place
from hub.names import PARTS, whole_name
from sync import tags
from sync.mapping import LISTS, pick


class Reader:
    """Their row -> our fields out of it (empty ones left out), and the names of ours that could not be read."""

    def __init__(self, mapping: Mapping, place: Place) -> None:
        self._place = place
        self._joins = mapping.names_in_parts
        plain = [entry for entry in mapping.fields if entry.ours != "lines" and not tags.is_tags(entry)]
        self._single = [entry for entry in plain if entry.ours not in LISTS]
        self._listed = [entry for entry in plain if entry.ours in LISTS]
        self._lines = [entry for entry in mapping.fields if entry.ours == "lines"]
        self._tags = [entry for entry in mapping.fields if tags.is_tags(entry)]

    def __call__(self, row: Rows[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """One row; Rejected where a required field is missing or cannot be read."""
        found: dict[str, Any] = {}
        flaws: list[str] = []
        for entry in self._single:
            value = self._value(entry, pick(row, entry.theirs), flaws)
            if value is not None:
                found.setdefault(entry.ours, value)  # the first entry that gives a value wins
            elif entry.required:
                raise _missing(entry)
        for entry in self._listed:
            self._several(entry, row, found, flaws)
        for entry in self._lines:
            found["lines"] = positions(pick(row, entry.theirs))
        for entry in self._tags:  # none at all is said too: the hub must know it
            found[entry.ours] = tags.seen(entry, pick(row, entry.theirs))
        if self._joins and not found.keys().isdisjoint(PARTS):
            found["name"] = whole_name(found.get("family_name", ""), found.get("given_name", ""))
        return found, flaws

    def _several(self, entry: Field, row: Rows[str, Any], found: dict[str, Any], flaws: list[str]) -> None:
        raw = pick(row, entry.theirs)
        values = [self._value(entry, one, flaws) for one in (raw if isinstance(raw, list) else [raw])]
        said = [value for value in values if value is not None]
        if said:
            held = found.setdefault(entry.ours, [])
            held += [value for value in dict.fromkeys(said) if value not in held]
        elif entry.required:
            raise _missing(entry)

    def _value(self, entry: Field, raw: Any, flaws: list[str]) -> str | None:
        """One value of theirs in canonical form; one that has none is a flaw, or a reason to refuse the row."""
        try:
            return spelled(entry, raw, self._place)
        except ValueError as fault:
            if entry.required:
                raise Rejected(str(fault), field=entry.theirs) from None
            flaws.append(entry.ours)
            return None


def external_id(row: Rows[str, Any], path: str) -> str:
    """Their id of a row; Rejected where it has none that can be stored."""
    raw = pick(row, path)
    if type(raw) is int:
        return str(raw)
    ext = "" if raw is None or isinstance(raw, dict | list) else str(raw).strip()
    if not ext:
        raise Rejected("has no id", field=path)
    if not ext.isascii() and any(unicodedata.category(char) == "Cs" for char in ext):
        raise Rejected(SPOILT, field=path)
    return ext


def positions(raw: Any) -> list[Any]:
    """The positions of an order; Rejected where there is something else."""
    if raw and not isinstance(raw, list):
        raise Rejected("is not a list of order lines", field="lines")
    return raw or []


def spelled(entry: Field, value: Any, place: Place) -> str | None:
    """One value of theirs in canonical form; ValueError when it has none."""
    if isinstance(value, dict | list):
        raise ValueError("not a single value")
    if entry.values and isinstance(value, str):
        inverse = {theirs: ours for ours, theirs in entry.values.items()}
        value = inverse.get(value.strip(), value)
    return entry.form.canonical(value, place)


def _missing(entry: Field) -> Rejected:
    return Rejected("is missing", field=entry.theirs)
