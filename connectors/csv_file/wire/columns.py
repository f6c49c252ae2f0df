"""Headers to columns: what a site names must be there, once; what it leaves to us is found by its usual names.

An error lists the header only when at least one wanted column is in it: a file without a header starts with a person.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connectors.csv_file.fields import COLUMNS, IDENTIFYING, NAMED
from hub.connector import CODE, LINE, MOMENT, Form
from hub.errors import SettingsError
from hub.model import NOUNS, NounName

_COMPUTED = {"currency", "total"}  # of the brand, and of the lines
_SHOWN = 40


class Column(NamedTuple):
    """One column that is read: our field, its place in the row, its header and its form."""

    ours: str
    at: int
    header: str
    form: Form


@dataclass(frozen=True)
class Layout:
    """Where one file's columns are; `lines` are those of an order's positions, named by the position's fields."""

    width: int
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    lines: tuple[Column, ...] = ()


def form_of(noun: NounName, ours: str) -> Form | None:
    """The form of one of our fields; None where the noun has no such field."""
    if ours == "modified":
        return MOMENT
    prefix, dot, name = ours.partition(".")
    if noun == "customers" and dot and name and "." not in name and prefix in NAMED:
        return NAMED[prefix]
    return COLUMNS[noun][ours][0] if ours in COLUMNS[noun] else None


def identifies(noun: NounName, key: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether a key column holds what points to a person: such keys are stored as a hash."""
    usual = {ours: headers for ours, (_, headers) in COLUMNS[noun].items()}
    stated = {ours: (theirs,) for ours, theirs in columns.items()}
    named: Mapping[str, Sequence[str]] = stated or usual
    personal = {_folded(each) for ours in IDENTIFYING & named.keys() for each in named[ours]}
    return any(_folded(each) in personal for each in key)


def lay_out(
    where: str, header: Sequence[str], noun: NounName, key: Sequence[str], columns: Mapping[str, str]
) -> Layout:
    """Find a file's columns by its header; SettingsError names what is missing, double, or needed by the noun."""
    names = [_plain(cell) for cell in header]
    columns = columns or _usual(noun, names)
    _all_there(where, names, [*key, *columns.values()])
    _enough(where, noun, columns)

    def column(ours: str, theirs: str, form: Form) -> Column:
        return Column(ours, names.index(_plain(theirs)), theirs, form)

    found = [column(ours, theirs, form_of(noun, ours) or LINE) for ours, theirs in columns.items()]
    return Layout(
        len(names),
        tuple(column("key", each, CODE) for each in key),
        tuple(each for each in found if not each.ours.startswith("lines.")),
        tuple(each._replace(ours=each.ours[6:]) for each in found if each.ours.startswith("lines.")),
    )


def _plain(header: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", header).split())


def _folded(header: str) -> str:
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", header)).casefold()


def _usual(noun: NounName, names: Sequence[str]) -> dict[str, str]:
    """Our fields by their usual headers or our own name, each header for the first field that claims it."""
    there = {_folded(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for ours, (_, usual) in COLUMNS[noun].items():
        theirs = next((there.pop(each) for name in (ours, *usual) if (each := _folded(name)) in there), "")
        if theirs:
            found[ours] = theirs
    return found


def _all_there(where: str, names: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [each for each in dict.fromkeys(wanted) if _plain(each) not in names]
    if missing and len(missing) == len(set(wanted)):
        raise SettingsError(
            f"none of its columns is there ({_listed(wanted)})",
            where=where,
            remedy="does its first row hold the columns' names (`skip_rows`), and is `encoding` right?",
        )
    if missing:
        close = [near for each in missing for near in difflib.get_close_matches(_plain(each), names, 1, 0.5)]
        hint = f"did you mean {_listed(close)}? " if close else ""
        raise SettingsError(f"no column {_listed(missing)}", where=where, remedy=f"{hint}It has {_listed(names)}")
    twice = [each for each in dict.fromkeys(wanted) if names.count(_plain(each)) > 1]
    if twice:
        raise SettingsError(f"two columns are called {_listed(twice)}", where=where, remedy="rename one of them")


def _enough(where: str, noun: NounName, columns: Mapping[str, str]) -> None:
    needed = {name for name, field in NOUNS[noun].model_fields.items() if field.is_required()} - _COMPUTED
    absent = sorted(needed - columns.keys())
    if noun == "orders" and not {"total", "lines.unit_price"} & columns.keys():
        absent.append("total (or lines.unit_price)")
    if absent:
        raise SettingsError(f"no column for {', '.join(absent)}", where=where, remedy=f"{noun} need it: set `columns`")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name[:40]}"' for name in names[:_SHOWN] if name)
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
