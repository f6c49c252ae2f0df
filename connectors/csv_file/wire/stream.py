"""What a site says of one stream of files."""

from __future__ import annotations

import difflib
import re
from codecs import lookup as encoder
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

import pydantic

from connectors.csv_file.fields import COLUMNS
from connectors.csv_file.wire.columns import form_of
from hub.connector import LINE, ConnectorSettings, Field
from hub.model import NounName


class FileStream(ConnectorSettings):
    """One stream: its files, what they hold, and what their columns are called.

    `path` is a file or a pattern, relative to the configuration, and `files` how many there must be at least.
    `key` are the columns that identify a row for ever.
    `columns` maps our fields to headers; left out, the usual headers are looked for. `fixed` gives fields that have no
    column a value. `trailer` is a pattern for the closing line, whose group `rows` is the number of rows above it;
    `line_break` says that the last line, too, always ends in a line break: a file without it is cut off.
    """

    path: str
    noun: NounName
    mode: Literal["snapshot", "append"]
    key: tuple[str, ...] = ()
    columns: dict[str, str] = pydantic.Field(default_factory=dict)
    fixed: dict[str, str] = pydantic.Field(default_factory=dict)
    values: dict[str, dict[str, str]] = pydantic.Field(default_factory=dict)
    encoding: str = "auto"
    delimiter: Literal["auto", ",", ";", "|", "\t", "tab"] = "auto"
    sheet: str = "first"
    skip_rows: int = pydantic.Field(0, ge=0)
    trailer: str = ""
    line_break: bool = False
    files: int = pydantic.Field(1, ge=1)
    settle_seconds: float = pydantic.Field(5, ge=0)
    shrink_brake: float | None = pydantic.Field(None, ge=0, le=1)
    time_zone: str = ""
    counts: bool = True

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> FileStream:
        if not self.key:
            raise ValueError("key: name the columns that never change, such as [会员号] (a phone number changes)")
        for ours in (*self.columns, *self.fixed, *self.values):
            if form_of(self.noun, ours) is None:
                near = difflib.get_close_matches(ours, COLUMNS[self.noun], 1)
                raise ValueError(f"{self.noun} have no field {ours}" + (f", did you mean {near[0]}?" if near else ""))
        if wrong := [ours for ours in self.fixed if ours in self.columns or ours.startswith("lines.")]:
            raise ValueError(f"fixed: {wrong[0]} is read from a column or belongs to an order's lines")
        return self

    @pydantic.field_validator("encoding", "time_zone", "trailer")
    @classmethod
    def _known(cls, text: str, info: pydantic.ValidationInfo) -> str:
        known: dict[str, Callable[[str], object]] = {"encoding": encoder, "time_zone": ZoneInfo, "trailer": re.compile}
        try:
            if text and text != "auto":
                known[info.field_name or ""](text)
        except (LookupError, ValueError, re.error):
            raise ValueError("not known, or not well written") from None
        return text


def fields_of(each: FileStream) -> tuple[Field, ...]:
    """One entry a field of ours, under our own name; an order's lines are one entry, a list of objects."""
    names = [*(each.columns or COLUMNS[each.noun]), *each.fixed]
    plain = [ours for ours in dict.fromkeys(names) if ours != "modified" and not ours.startswith("lines.")]
    if any(ours.startswith("lines.") for ours in names):
        plain = list(dict.fromkeys([*plain, "total", "refunded", "lines"]))
    return tuple(
        Field(ours, ours, form_of(each.noun, ours) or LINE, write=False, values=each.values.get(ours, {}))
        for ours in plain
    )
