"""Lines to rows: keys, values, orders out of their lines, and what is refused, with its place.

A row is a JSON object under *our* field names, whatever the file calls its columns:

    {"key": "M001", "name": "王芳", "phone": "13812345678", "custom": {"shoe_size": "38"}, "interests": ["tea", "go"]}
    {"key": "S1|77", "number": "77", "buyer": {"external_id": "M001", "phone": None}, "placed_at": "2025-03-01 10:22",
     "total": "299", "refunded": "0", "lines": [{"sku": "A1", "quantity": "2", "unit_price": "149.50"}]}

Values are the file's text, trimmed. An empty cell is None; an empty cell of an order's line is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from connectors.csv_file.wire.columns import Layout
from connectors.csv_file.wire.line import Line, Lines, cut_off, filled
from connectors.csv_file.wire.values import clean, fault_of, put, sums, value_of
from hub.connector import CODE, BadRow, Place
from hub.errors import Transient

_ONE_VALUE = ("total", "refunded", "buyer.external_id", "buyer.phone", "buyer.email")


class Found(NamedTuple):
    """A row with its key and its place in the file."""

    key: str
    row: dict[str, Any]
    place: str


@dataclass(frozen=True)
class Register:
    """One file. `fixed` holds values that no column has; `trailer` is its closing line, `zone` its own, where set.

    `line_break`: its last line always ends in one.
    """

    name: str
    lines: Lines
    layout: Layout
    place: Place
    fixed: Mapping[str, str]
    trailer: str = ""
    zone: ZoneInfo | None = None
    line_break: bool = False

    def items(self) -> Iterator[Found | BadRow]:
        """The file's rows in its order; an order of several lines stands where its last one does."""
        return self._orders() if self.layout.lines else (self._item(key, [line]) for key, line in self._keyed())

    def _orders(self) -> Iterator[Found | BadRow]:
        """Two passes: knowing how many lines an order has, it can leave the memory with its last one."""
        left = Counter(self._key(line.cells) for line in self._body())
        waiting: dict[str, list[Line]] = {}
        for key, line in self._keyed():
            waiting.setdefault(key, []).append(line)
            left[key] -= 1
            if not key or not left[key]:
                yield self._item(key, waiting.pop(key))

    def _item(self, key: str, group: list[Line]) -> Found | BadRow:
        """One bad line makes the whole order bad: without it the order would be another one."""
        place = f"{self.name}:{','.join(str(line.number) for line in group[:20])}"
        fault = next((line.fault for line in group if line.fault), "") or self._disagreement(group)
        if fault:
            return BadRow(place, fault, "\n".join("\t".join(line.cells) for line in group).encode("utf-8", "replace"))
        return Found(key, self._row(key, group), place)

    def _keyed(self) -> Iterator[tuple[str, Line]]:
        """Each line with its key ("" where it has none) and its fault."""
        for line in self._body():
            if line.open:
                self._must_be_whole(line)
            key = self._key(line.cells)
            fault = line.fault or fault_of(line.cells, self.layout) or ("" if key else "its key is empty")
            yield key, line._replace(fault=fault) if fault else line

    def _must_be_whole(self, line: Line) -> None:
        """A last line without a line break may be cut off. A value cut short is mended by the next read; a key never."""
        where = f"{self.name}:{line.number}"
        if self.line_break or len(line.cells) < self.layout.width:
            raise cut_off(where, "its last line ends in the middle")
        if any(column.at == self.layout.width - 1 for column in self.layout.key):
            what = "the last line has no line break, so its key may be cut off"
            raise Transient(what, where=where, remedy="wait for all of it, or let another column be the last")

    def _body(self) -> Iterator[Line]:
        lines = islice(filled(self.lines()), 1, None)
        return self._before_trailer(lines) if self.trailer else lines

    def _before_trailer(self, lines: Iterator[Line]) -> Iterator[Line]:
        count, last = -1, Line(0, [])
        for count, line in enumerate(lines):
            if count:
                yield last
            last = line
        mark = re.fullmatch(self.trailer, ",".join(last.cells).rstrip(","))
        if not mark:
            raise Transient("its closing line is missing", where=self.name, remedy="wait for all of it")
        if "rows" in mark.groupdict() and int(mark["rows"]) != count:
            raise Transient(f"has {count} rows, its closing line says {int(mark['rows'])}", where=self.name)

    def _key(self, cells: Sequence[str]) -> str:
        """The key's cells joined by "|"; of several, a bar of their own is escaped, so that no two keys look alike."""
        if any(column.at >= len(cells) for column in self.layout.key):
            return ""
        parts = [CODE.canonical(clean(cells[column.at], CODE), self.place) or "" for column in self.layout.key]
        if len(parts) > 1:
            parts = [part.replace("\\", "\\\\").replace("|", "\\|") for part in parts]
        return "|".join(parts) if all(parts) else ""

    def _disagreement(self, group: list[Line]) -> str:
        """An order has one buyer and one total: two values mean a wrong key, or a column that belongs to the lines."""
        for column in self.layout.columns if len(group) > 1 else ():
            if column.ours in _ONE_VALUE and len({line.cells[column.at].strip() for line in group} - {""}) > 1:
                return f'its lines differ in "{column.header}", of which an order has one'
        return ""

    def _row(self, key: str, group: list[Line]) -> dict[str, Any]:
        row: dict[str, Any] = {"key": key}
        for ours, value in self.fixed.items():
            put(row, ours, value)
        for column in self.layout.columns:
            text = next((line.cells[column.at] for line in group if line.cells[column.at].strip()), "")
            put(row, column.ours, value_of(text, column, self.zone))
        if self.layout.lines:
            row["lines"] = [position for line in group if (position := self._position(line))]
            for ours, text in sums(row["lines"], self.place).items():
                row[ours] = row.get(ours) or text
        return row

    def _position(self, line: Line) -> dict[str, Any]:
        values = ((column.ours, value_of(line.cells[column.at], column, self.zone)) for column in self.layout.lines)
        return {ours: value for ours, value in values if value is not None}
