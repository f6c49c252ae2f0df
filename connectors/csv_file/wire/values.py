"""One cell: freed from what spreadsheets do to it, refused where they have destroyed it, put where it belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.csv_file.fields import MANY
from connectors.csv_file.wire.columns import Column, Layout
from hub.connector import CODE, MOMENT, NUMBER, PHONE, Form, Place

_FORCED = re.compile(r"=\"(.*)\"|'(\d.*)", re.DOTALL)  # how exports keep a spreadsheet from touching a number
_FLOAT = re.compile(r"(\+?\d{5,})\.0")
_SEPARATORS = re.compile(r"[,，;；、|\n]+")
_SPOILT = re.compile(r"\0|^\s*#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)\s*$")
_SUSPECT = re.compile(r"[\0#]|[eE]\+")  # one look at the row spares most rows one at each cell
_ROUNDED = re.compile(r"\s*\d(\.\d+)?[eE]\+\d+\s*")


def clean(text: str, form: Form) -> str:
    """The text that was meant: `="0012"` and `'0012` are 0012, a phone kept as a number loses its `.0`."""
    text = text.strip()
    forced = _FORCED.fullmatch(text)
    if forced:
        text = (forced[1] if forced[1] is not None else forced[2]).strip()
    number = _FLOAT.fullmatch(text) if form is PHONE else None
    return number[1] if number else text


def value_of(text: str, column: Column, zone: ZoneInfo | None) -> str | list[str] | None:
    """A cell's value in a row: None when empty, a list where a field takes several, times in UTC if there is a zone."""
    text = clean(text, column.form)
    if not text:
        return None
    if column.ours in MANY:
        return [clean(part, column.form) for part in _SEPARATORS.split(text) if part.strip()]
    return _utc(text, zone) if zone and column.form is MOMENT else text


def fault_of(cells: Sequence[str], layout: Layout) -> str:
    """Why a line cannot be used, "" if it can; names columns, never values."""
    if len(cells) < layout.width or any(cells[layout.width :]):
        return f"has {len(cells)} cells, the header {layout.width}"
    if not _SUSPECT.search("\n".join(cells)):
        return ""
    for column in (*layout.key, *layout.columns, *layout.lines):
        text = cells[column.at]
        if _SPOILT.search(text):
            return f'"{column.header}" holds a NUL byte or an error of Excel'
        if column.form in (CODE, PHONE) and _ROUNDED.fullmatch(text):
            return f'"{column.header}" holds a number that Excel has rounded; format the column as text'
    return ""


def put(row: dict[str, Any], ours: str, value: object) -> None:
    """Set a field; `buyer.phone` goes into the object `buyer`."""
    first, dot, second = ours.partition(".")
    if dot:
        row.setdefault(first, {})[second] = value
    else:
        row[first] = value


def sums(lines: Sequence[dict[str, str]], place: Place) -> dict[str, str]:
    """An order's total (where each line has a price) and refunds; nothing where a number cannot be read."""
    try:
        refunded = sum((_number(line, "refunded", "0", place) for line in lines), Decimal())
        found = {"refunded": f"{refunded:f}"}
        if all("unit_price" in line for line in lines):
            found["total"] = f"{sum((_paid(line, place) for line in lines), Decimal()):f}"
    except ValueError:
        return {}
    return found


def _paid(line: dict[str, str], place: Place) -> Decimal:
    price, quantity = _number(line, "unit_price", "0", place), _number(line, "quantity", "1", place)
    return price * quantity - _number(line, "discount", "0", place)


def _number(line: dict[str, str], field: str, default: str, place: Place) -> Decimal:
    return Decimal(NUMBER.canonical(line.get(field, default), place) or default)


def _utc(text: str, zone: ZoneInfo) -> str:
    """What is no time stays as it is, for the quarantine to show."""
    try:
        return MOMENT.canonical(text, Place(zone=zone)) or text
    except ValueError:
        return text
