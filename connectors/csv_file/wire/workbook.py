"""Excel workbooks to lines: values as a person would type them."""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from connectors.csv_file.wire.line import Line, cut_off
from hub.errors import SettingsError

if TYPE_CHECKING:
    from openpyxl import Workbook

_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, SyntaxError)  # the last: XML that does not parse

_ALL = (65536, 1048576)  # as many rows as a sheet can have: exporters state them for the size of any


def workbook_lines(name: str, content: bytes, sheet: str) -> list[Line]:
    """All lines of one sheet, `first` or by its name; formulas count with the value stored at the last save."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            return _rows(name, book, sheet)
        finally:
            book.close()
    except _BROKEN:
        raise cut_off(name, "not a whole workbook") from None


def _rows(name: str, book: Workbook, sheet: str) -> list[Line]:
    sheets = {page.title: page for page in book.worksheets}
    page = next(iter(sheets.values()), None) if sheet == "first" else sheets.get(sheet)
    if page is None:
        raise SettingsError("has no such sheet", where=name, remedy=f"set `sheet` to one of: {', '.join(sheets)}")
    stated = page.max_row or 0
    page.reset_dimensions()  # some exporters state A1 as the size of everything
    lines = _squared([[_cell(value) for value in row] for row in page.iter_rows(values_only=True)])
    if len(lines) < stated and stated not in _ALL:
        lines.append(Line(stated, [], f"the sheet says that it ends here, and holds {len(lines)} rows"))
    return lines


def _squared(rows: list[list[str]]) -> list[Line]:
    """Rows of one width: a workbook leaves out the empty cells at a row's end."""
    width = max((len(row) for row in rows), default=0)
    return [Line(number, row + [""] * (width - len(row))) for number, row in enumerate(rows, 1)]


def _cell(value: object) -> str:
    """A number of more than 15 digits, which Excel has rounded, keeps its exponent and is refused as a key."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 10**15):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
