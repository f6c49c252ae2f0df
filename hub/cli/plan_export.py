"""A plan as a spreadsheet, written row by row so that its size does not matter."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.show import Facts, cell

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_HEAD = ("customer", "system id", "action", "field", "agreed", "theirs", "wanted", "why", "state", "held by", "code")


def write_sheet(file: Path, items: Iterable[Facts]) -> int:
    """Write all rows; returns how many lines there are. Only the file's owner may read it."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("plan")
    sheet.freeze_panes = "A2"
    sheet.append(_HEAD)
    count = 0
    for item in items:
        for name, side in sorted(item["fields"].items()):
            sheet.append([_text(sheet, value) for value in _line(item, name, side)])
            count += 1
    file.touch(mode=0o600)
    book.save(file)
    return count


def _line(item: Facts, name: str, side: Facts) -> list[object]:
    head = [item["customer"], item["ext"], item["action"], name]
    sides = [side["base"], side["theirs"], side["wanted"], side["why"]]
    return [*head, *sides, item["state"], item["held"], item["code"]]


def _text(sheet: WriteOnlyWorksheet, value: object) -> Cell:
    """Always text: a value that begins like a formula must not become one (CWE-1236)."""
    from openpyxl.cell import WriteOnlyCell

    made = WriteOnlyCell(sheet, "" if value is None else cell(value))
    made.data_type = "s"
    return made
