"""Their rows as the mapping reads them: times in UTC, the lines of an order in our words; rows without an id set aside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from connectors.rest.fields import LINE_FIELDS
from connectors.rest.wire.clauses import Lines
from connectors.rest.wire.paths import at, in_a_list, put, text
from connectors.rest.wire.stream import RestStream
from hub.connector import MOMENT, BadRow, Mapping, Row


@dataclass
class Sorted:
    """A page's rows: those that have an id, those that are gone, and what is no row at all."""

    rows: list[Row] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """The rows of one stream, under the mapping that the site has laid over it."""

    own: RestStream
    mapping: Mapping

    def sorted_out(self, raw: Iterable[Any], place: str) -> Sorted:
        """A page's rows; `place` says which page, for those that cannot be taken."""
        found = Sorted()
        for number, row in enumerate(raw, 1):
            id_ = id_of(row, self.own.id)
            if not id_:
                reason = "has no id" if isinstance(row, dict) else "is no object"
                found.bad.append(BadRow(f"{place}, row {number}", reason, json.dumps(row).encode()))
            elif self.is_gone(row):
                found.gone.append(id_)
            else:
                found.rows.append(self.laid_out(row))
        return found

    def is_gone(self, row: Row) -> bool:
        """Whether the row says that it was deleted."""
        deletes = self.own.deletes
        return deletes.by == "flag" and text(at(row, deletes.field)) in deletes.values

    def laid_out(self, row: Row) -> Row:
        """A row whose times are told in UTC and whose positions are in our words; the row itself stays as it is."""
        row = {**row, **{name: at(row, name) for name in self._in_lists}}
        for name in self._moments:
            told = at(row, name)
            if (read := self.own.times.read(told)) != told:
                _replace(row, name, read)
        if self.own.lines:
            found = at(row, self.own.lines.path)
            row["lines"] = [_line(one, self.own.lines) for one in found] if isinstance(found, list) else []
        return row

    @cached_property
    def _in_lists(self) -> tuple[str, ...]:
        """Their fields that lie in a list, by its place: the core walks into objects only."""
        return tuple(entry.theirs for entry in self.mapping.fields if in_a_list(entry.theirs))

    @cached_property
    def _moments(self) -> set[str]:
        """Their fields that hold a time."""
        found = {entry.theirs for entry in self.mapping.fields if entry.form is MOMENT}
        return found | ({self.own.modified} if self.own.modified else set())


def id_of(row: Any, name: str) -> str:
    """A row's id as the core spells it; "" for what has none."""
    found = text(at(row, name)) if isinstance(row, dict) else ""
    return "" if found in ("true", "false") else found


def digests(raw: Iterable[Any], name: str) -> list[str]:
    """The rows of a page, each by a short digest of its id (ids may be personal), once."""
    ids = (id_of(row, name) or json.dumps(row, sort_keys=True) for row in raw)
    return list(dict.fromkeys(blake2b(one.encode("utf-8", "replace"), digest_size=5).hexdigest() for one in ids))


def _replace(row: Row, name: str, value: Any) -> None:
    if name in row:
        row[name] = value
    else:
        put(row, name, value)


def _line(raw: Any, lines: Lines) -> Any:
    """One position; what is none stays as it is, and its order is set aside."""
    if not isinstance(raw, dict):
        return raw
    told = {name: at(raw, theirs) for name in LINE_FIELDS if (theirs := getattr(lines, name))}
    return {name: value if isinstance(value, str) else text(value) for name, value in told.items() if value is not None}
