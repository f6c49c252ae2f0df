"""Reading their rows with a mapping table. The table is looked through once; a row then costs little more than look-ups.

A field of theirs that cannot be spelled canonically becomes a *flaw* (counted in the run) where the noun can do without
it, and a reason for quarantine where the mapping marks it required.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Rows
from functools import partial
from typing import Any, NamedTuple

from hub.connector import Field, Mapping
from hub.errors import Rejected
from hub.forms import Place
from hub.names import PARTS, whole_name
from sync import tags
from sync.mapping import LISTS, inside, pick

Speak = Callable[[Any], str | None]


class _Step(NamedTuple):
    """An entry, ready to be read: `way` leads into an object, empty where their field stands at the top."""

    ours: str
    theirs: str
    way: tuple[str, ...]
    speak: Speak
    entry: Field


class Reader:
    """Their row -> our fields out of it (empty ones left out), and the names of ours that could not be read."""

    def __init__(self, mapping: Mapping, place: Place) -> None:
        self._joins = mapping.names_in_parts
        plain = [entry for entry in mapping.fields if entry.ours != "lines" and not tags.is_tags(entry)]
        self._single = [_step(entry, place) for entry in plain if entry.ours not in LISTS]
        self._listed = [_step(entry, place) for entry in plain if entry.ours in LISTS]
        self._lines = [entry for entry in mapping.fields if entry.ours == "lines"]
        self._tags = [entry for entry in mapping.fields if tags.is_tags(entry)]

    def __call__(self, row: Rows[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """One row; Rejected where a required field is missing or cannot be read."""
        found: dict[str, Any] = {}
        flaws: list[str] = []
        for step in self._single:
            ours, theirs, way, speak, entry = step
            raw = inside(row, way) if way and theirs not in row else row.get(theirs)
            if raw is None or raw == "":
                value = None
            else:
                try:
                    value = speak(raw)
                except ValueError as fault:
                    value = None
                    _flawed(step, fault, flaws)
            if value is None:
                if entry.required:
                    raise _missing(entry)
            elif ours not in found:  # the first entry that gives a value wins
                found[ours] = value
        for step in self._listed:
            self._several(step, row, found, flaws)
        for entry in self._lines:
            found["lines"] = positions(pick(row, entry.theirs))
        for entry in self._tags:  # none at all is said too: the hub must know it
            found[entry.ours] = tags.seen(entry, pick(row, entry.theirs))
        if self._joins and not found.keys().isdisjoint(PARTS):
            found["name"] = whole_name(found.get("family_name", ""), found.get("given_name", ""))
        return found, flaws

    def _several(self, step: _Step, row: Rows[str, Any], found: dict[str, Any], flaws: list[str]) -> None:
        raw = pick(row, step.theirs)
        said = []
        for one in raw if isinstance(raw, list) else [raw]:
            try:
                value = step.speak(one)
            except ValueError as fault:
                value = None
                _flawed(step, fault, flaws)
            if value is not None:
                said.append(value)
        if said:
            held = found.setdefault(step.ours, [])
            held += [value for value in dict.fromkeys(said) if value not in held]
        elif step.entry.required:
            raise _missing(step.entry)


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


def _step(entry: Field, place: Place) -> _Step:
    way = tuple(entry.theirs.split(".")) if "." in entry.theirs else ()
    return _Step(entry.ours, entry.theirs, way, partial(spelled, entry, place=place), entry)


def _flawed(step: _Step, fault: ValueError, flaws: list[str]) -> None:
    if step.entry.required:
        raise Rejected(str(fault), field=step.theirs) from None
    flaws.append(step.ours)


def _missing(entry: Field) -> Rejected:
    return Rejected("is missing", field=entry.theirs)
