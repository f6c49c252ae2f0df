"""Segments that are lists in a file: who the lines of a CSV name.

One column is read. Its name says what it holds: `phone`, `email`, `member_card`, `id` (of a customer, also one that lives
on as an alias), or a connection's name (the ids there). Values are spelled as identity keys are; they may be personal, so that
whatever is told of a line is its number.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import SettingsError
from hub.forms import CODE, EMAIL, PHONE, TEXT, Form, Place
from hub.store import Store
from hub.store.identities import IDENTITY

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

FORMS: dict[str, Form] = {"phone": PHONE, "email": EMAIL, "member_card": CODE}
"""Columns that hold an identity key, and how it is spelled."""

PAGE = 500

Line = tuple[int, str]
"""A line's number and its value."""


@dataclass
class Found:
    """Who a list names; and the numbers of the lines that name nobody, several, or hold what cannot be read."""

    customers: set[str] = field(default_factory=set)
    lines: int = 0
    unknown: list[int] = field(default_factory=list)
    several: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """Reads lists against one store; `connections` are the names that a column may have beside those of `FORMS`."""

    store: Store
    place: Place
    connections: Sequence[str]

    def read(self, file: Path, column: str) -> Found:
        """Who the file names. SettingsError with file, line and column for a file that cannot be taken as it is."""
        look = self._look(column)
        found = Found()
        for page in _pages(self._spelled(file, column, found)):
            named = look([value for _, value in page])
            for line, value in page:
                _take(found, line, named.get(value, ()))
        if not found.lines:
            raise SettingsError(
                "the list is empty", where=str(file), remedy="take the segment out of the rules instead"
            )
        return found

    def _spelled(self, file: Path, column: str, found: Found) -> Iterator[Line]:
        """Each line's value in the spelling of keys; one that cannot be read is noted and left out."""
        form = FORMS.get(column, TEXT)
        for line, text in read_column(file, column):
            found.lines += 1
            try:
                value = form.canonical(text, self.place)
            except ValueError:
                found.unreadable.append(line)
                continue
            if value:
                yield line, value

    def _look(self, column: str) -> Callable[[Sequence[str]], dict[str, list[str]]]:
        """What finds the customers of some values of this column."""
        lookups = self.store.lookups
        if column in FORMS:
            return partial(lookups.by_key, IDENTITY[column])
        if column == "id":
            return lookups.by_id
        if column in self.connections:
            return partial(lookups.by_ext, column)
        known = ", ".join((*FORMS, "id", *self.connections))
        raise SettingsError(f'a list cannot be read by "{column}"', where="rules", remedy=f"name one of: {known}")


def _take(found: Found, line: int, customers: Sequence[str]) -> None:
    """Whoever a line names alone is in; a key that several hold names nobody, and is told."""
    if len(customers) == 1:
        found.customers.add(customers[0])
    else:
        (found.several if customers else found.unknown).append(line)


def _pages(lines: Iterator[Line]) -> Iterator[list[Line]]:
    page: list[Line] = []
    for line in lines:
        page.append(line)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def read_column(file: Path, column: str) -> Iterator[Line]:
    """The values of one column of a CSV file in UTF-8 with their line numbers, blank ones left out."""
    try:
        with file.open("rb") as raw:
            yield from _column(csv.reader(_decoded(raw, file), strict=True), file, column)
    except OSError:
        remedy = "put the file there, or correct its path in the rules"
        raise SettingsError("the list cannot be read", where=str(file), remedy=remedy) from None


def _column(reader: CsvReader, file: Path, column: str) -> Iterator[Line]:
    try:
        place = _place([name.strip().lower() for name in next(reader, [])], file, column)
        for cells in reader:
            if len(cells) <= place and any(cell.strip() for cell in cells):
                where = f"{file}:{reader.line_num}:{len(cells) + 1}"
                raise SettingsError(f'the line ends before the column "{column}"', where=where, remedy="mend the line")
            if len(cells) > place and cells[place].strip():
                yield reader.line_num, cells[place]
    except csv.Error:
        where = f"{file}:{reader.line_num}"
        raise SettingsError("the line is not CSV", where=where, remedy="look for a quote that is not closed") from None


def _place(head: list[str], file: Path, column: str) -> int:
    if column.lower() in head:
        return head.index(column.lower())
    remedy = f'the first line names the columns; one of them must be "{column}"'
    raise SettingsError(f'there is no column "{column}"', where=f"{file}:1", remedy=remedy)


def _decoded(raw: Iterable[bytes], file: Path) -> Iterator[str]:
    """The lines as text; decoded one by one, so that a line that is none can be named."""
    for number, line in enumerate(raw, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            where = f"{file}:{number}:{error.start + 1}"
            raise SettingsError("the line is not UTF-8 text", where=where, remedy="save it as CSV UTF-8") from None
