"""The registers of stores and staff, where the configuration names a CSV file instead of listing them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from hub.model import StaffMember, StorePlace
from hub.settings.problems import Problems, Spot, nearest

R = TypeVar("R", StorePlace, StaffMember)


def read_register(
    model: type[R], written: str | tuple[R, ...], folder: Path, at: Spot, problems: Problems
) -> tuple[R, ...]:
    """The register's rows; what is wrong with the file or with a code that two rows share goes to `problems`."""
    if not isinstance(written, str):
        _codes_once(((row.code, at) for row in written), "", problems)
        return written
    path = folder / written
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _rows(model, csv.DictReader(lines), str(path), problems)
    except (OSError, csv.Error):
        problems.add(at, f'the file "{written}" cannot be read', remedy="correct the path, or list the rows here")
    except UnicodeDecodeError:
        problems.add(at, f'the file "{written}" is not UTF-8 text', remedy="save it as CSV UTF-8")
    return ()


def _rows(model: type[R], reader: csv.DictReader[str], file: str, problems: Problems) -> tuple[R, ...]:
    known = list(model.model_fields)
    for column in reader.fieldnames or ():
        if column not in known:
            meant, remedy = nearest(column, known), "known columns: " + ", ".join(known)
            problems.add(Spot(), f'unknown column "{column}"', meant=meant, remedy=remedy, file=file)
    found: list[tuple[R, Spot]] = []
    for cells in reader:
        spot = Spot(reader.line_num, 1)
        row = _row(model, {name: cells.get(name) or None for name in known}, spot, file, problems)
        found.extend([(row, spot)] if row else [])
    _codes_once(((row.code, spot) for row, spot in found), file, problems)
    return tuple(row for row, _ in found)


def _row(model: type[R], cells: dict[str, str | None], spot: Spot, file: str, problems: Problems) -> R | None:
    try:
        return model.model_validate({name: cell.strip() for name, cell in cells.items() if cell is not None})
    except ValidationError as error:
        for failure in error.errors(include_url=False, include_input=False):
            name = failure["loc"][0]
            what = f'"{name}" is empty' if failure["type"] == "missing" else f'"{name}": {failure["msg"]}'
            problems.add(spot, what, remedy="correct the row", file=file)
    return None


def _codes_once(rows: Iterable[tuple[str, Spot]], file: str, problems: Problems) -> None:
    seen: set[str] = set()
    for code, spot in rows:
        if code in seen:
            what = f'the code "{code}" belongs to two rows'
            problems.add(spot, what, remedy="give each a code of its own", file=file)
        seen.add(code)
