"""The file of a Bulk Read job: one CSV in an archive, its cells spelled otherwise than the values of a list."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from connectors.zoho.twin.records import Values


@dataclass(frozen=True)
class Spelling:
    """How cells are spelled where the documentation does not say: booleans, and the zone of times ("": the user's)."""

    flags: tuple[str, str]
    zone: str

    def cell(self, kind: str, value: Any) -> str:
        """One cell: lookups are bare ids, nothing is empty, lists are joined."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.flags[not value]
        if isinstance(value, dict):
            return str(value["id"])
        if isinstance(value, list):
            return ",".join(one["name"] for one in value) if kind == "tags" else ";".join(value)
        if kind == "currency":
            return f"{value:.2f}" if round(value, 2) == value else str(value)
        if kind == "datetime" and self.zone:
            return datetime.fromisoformat(value).astimezone(ZoneInfo(self.zone)).isoformat()
        return str(value)


def archive(
    name: str, fields: Sequence[str], kinds: Mapping[str, str], rows: Sequence[Values], spelling: Spelling
) -> bytes:
    """An archive that holds `{name}.csv`, with the id first."""
    text, packed = StringIO(newline=""), BytesIO()
    lines = csv.writer(text)
    lines.writerow(["id", *fields])
    lines.writerows(
        [row["id"], *(spelling.cell(kinds.get(field, ""), row.get(field)) for field in fields)] for row in rows
    )
    with ZipFile(packed, "w", ZIP_DEFLATED) as made:
        made.writestr(f"{name}.csv", text.getvalue().encode("utf-8", "surrogatepass"))
    return packed.getvalue()
