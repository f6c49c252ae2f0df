"""Printing: tables for people (no colour where there is no terminal), JSON with stable keys for programs."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Facts = dict[str, Any]
"""What a command prints, as JSON has it."""

_WIDTH = 100
_MARGIN = 11
_LEAST = 20
_WHOLE = frozenset(("customer", "digest", "plan", "id", "connection", "stream", "correction", "records", "run"))
"""Columns whose words one copies: they are never broken."""


def emit(facts: Any) -> None:
    """Print facts as JSON."""
    text = orjson.dumps(facts, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    sys.stdout.write(text.decode() + "\n")


def _plain(value: object) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def console() -> Console:
    """Where tables go. Text is never taken for markup: it may be a customer's."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else _WIDTH
    return Console(markup=False, emoji=False, highlight=False, width=wide, soft_wrap=False)


def table(*columns: str, title: str = "") -> Table:
    """A table; a column whose name begins with `#` holds numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in columns:
        word = name.removeprefix("#")
        made.add_column(word, justify="left" if word == name else "right", overflow="fold", no_wrap=word in _WHOLE)
    return made


def block(title: str, lines: Iterable[str], *, empty: str = "") -> None:
    """Print lines under a title beside them; nothing without lines, unless `empty` says what then."""
    from rich.table import Table

    made = Table.grid(padding=(0, 1, 0, 0))
    made.add_column(width=_MARGIN, no_wrap=True)
    made.add_column(overflow="fold")
    for number, line in enumerate([*lines] or [empty] * bool(empty)):
        made.add_row("" if number else title, cell(line))
    if made.row_count:
        console().print(made)


def show(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", empty: str = "",
    widths: Sequence[int] = (),
) -> None:  # fmt: skip
    """Print one table, or the sentence `empty` when it has no rows.

    With `widths` (0 takes what is left) each row is one line where there is room for them, and cut where it is longer.
    """
    made = table(*columns, title=title)
    made.show_edge = not widths
    room = console().width - sum(widths) - len(columns) - 2
    for column, width in zip(made.columns, widths, strict=False) if room >= _LEAST else ():
        column.no_wrap, column.overflow, column.width = True, "ellipsis", width or room
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    if made.row_count:
        console().print(made)
    elif empty:
        print(empty)


def cell(value: object, most: int = 0) -> str:
    """A value as a reader sees it: None as a dash, lists with commas, control characters made harmless."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return cell(", ".join(cell(part) for part in value), most)
    if isinstance(value, Mapping):
        return cell(", ".join(f"{name} {cell(part)}" for name, part in value.items()), most)
    text = "".join("?" if _steers(char) else char for char in str(value))
    return text if not most or len(text) <= most else text[: most - 1] + "…"


def _steers(char: str) -> bool:
    """Whether a character would move a terminal's cursor or turn its direction of writing."""
    return unicodedata.category(char) == "Cc" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def day(ordinal: int | None) -> str | None:
    """A stored day as an ISO date."""
    return date.fromordinal(ordinal).isoformat() if ordinal else None


def moment(seconds: int | None) -> str | None:
    """A stored time as an ISO time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds is not None else None


def clock_time(text: str | None, zone: tzinfo) -> str:
    """An ISO time in UTC as the brand's people read it."""
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M") if text else "-"
