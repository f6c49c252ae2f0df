"""The cells of a Bulk Read file as the values that a list would have shown, and which columns can be had so at all.

How a file spells things is documented in part only. So the first rows of each file are read by id as well and held
against it (`Columns.differ`): a file that says something else than the list is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.zoho.wire.tags import FIELD
from hub.connector import Mapping as Table
from hub.connector import Row

_RICH = 50_000
"""The length of rich text, of which a list shows the first 500 characters and a file all."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_FLAGS = MappingProxyType({"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False})
_COMPUTED = ("formula", "rollup_summary")
_LOOKUPS = ("lookup", "ownerlookup", "userlookup")


class Unreadable(Exception):
    """A cell that stands for no value of its column."""


def _flag(text: str) -> bool:
    found = _FLAGS.get(text.strip().lower())
    if found is None:
        raise Unreadable
    return found


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise Unreadable
    return float(text) if "." in text else int(text)


_KINDS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "boolean": _flag,
        **dict.fromkeys(("integer", "double", "currency", "percent"), _number),
        **dict.fromkeys(_LOOKUPS, lambda text: {"id": text}),
        "multiselectpicklist": lambda text: [part.strip() for part in text.split(";")],
        "tags": lambda text: [{"name": name.strip()} for name in text.split(",")],
    }
)
"""By the type of a field: what a cell that is not empty stands for. Everything else is text."""


@dataclass(frozen=True)
class Columns:
    """The mapped columns of a module with their types; those of `moments` are read as points in time, whatever their zone."""

    kinds: Mapping[str, str]
    moments: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Sequence[str], table: Table, described: Iterable[Row], tags: bool) -> tuple[Columns, list[str]]:
        """The columns as Zoho describes them, and the names of those that a file cannot give as a list does."""
        fields = {row.get("api_name"): row for row in described}
        kinds = {name: _kind(fields.get(name), name, tags) for name in names}
        used = [(entry, *entry.theirs.partition(".")) for entry in table.fields]
        for _, name, _, inside in used:
            if inside not in ("", "id"):  # a file knows a lookup's id, not its name
                kinds[name] = ""
        other = {name for entry, name, _, _ in used if entry.form.name != "moment"}
        moments = frozenset(name for name, kind in kinds.items() if kind == "datetime" and name not in other)
        return cls(kinds, moments), [name for name, kind in kinds.items() if not kind]

    def row(self, header: Sequence[str], cells: Sequence[str]) -> Row:
        """One line of a file as a row of a list; Unreadable when it is none."""
        if len(cells) != len(header):
            raise Unreadable
        return {name: self._value(name, text) for name, text in zip(header, cells, strict=True)}

    def _value(self, name: str, text: str) -> Any:
        if not text:
            return None
        kind = _KINDS.get(self.kinds.get(name, ""))
        return kind(text) if kind else text

    def sample(self, rows: Sequence[Row], most: int) -> list[Row]:
        """Rows to hold against the list: for each column one that has a value in it, then the first ones."""
        sound = [row for row in rows if all(map(_sound, row.values()))]
        telling = (next((row for row in sound if row.get(name) is not None), None) for name in self.kinds)
        return list({row["id"]: row for row in (*filter(None, telling), *sound)}.values())[:most]

    def differ(self, ours: Row, listed: Row) -> list[str]:
        """The columns in which a row of a file says something else than the list."""
        return [name for name in self.kinds if not self._same(name, ours.get(name), listed.get(name))]

    def same_version(self, ours: Row, listed: Row, modified: str) -> bool:
        """Whether both are of the same time of change: if not, the record changed after the job looked at it."""
        return bool(_instant(ours.get(modified)) == _instant(listed.get(modified)))

    def _same(self, name: str, ours: Any, listed: Any) -> bool:
        kind = self.kinds[name]
        plain = _instant if name in self.moments else _id if kind in _LOOKUPS else _names if kind == "tags" else _said
        return bool(plain(ours) == plain(listed))


def _kind(described: Row | None, name: str, tags: bool) -> str:
    """A column's type; "" where a file cannot give what the list does, or where nobody knows."""
    if name == FIELD:
        return "tags" if tags else ""
    if described is None or described.get("length") == _RICH:
        return ""
    kind, shape = str(described.get("data_type") or ""), described.get("json_type")
    if kind in _COMPUTED:
        return ""
    if shape == "jsonarray":
        return kind if kind == "multiselectpicklist" else ""
    return "" if shape == "jsonobject" and kind not in _LOOKUPS else kind


def _instant(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value or None


def _said(value: Any) -> Any:
    return None if value in ("", []) else value


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value or None


def _names(value: Any) -> set[str]:
    return {str(tag.get("name")) if isinstance(tag, dict) else str(tag) for tag in value or ()}


def _sound(value: Any) -> bool:
    """Whether a text came whole; one that did not is asked for by its id later on."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True
