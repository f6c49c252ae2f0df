"""Values: theirs into what a form can read (times are milliseconds, single employees are lists), ours into theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from hub.connector import Mapping, Row
from hub.errors import Rejected

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Spelling:
    """How a stream's values are spelled. A pure date is midnight in `zone`; `empty` is what clears a field."""

    mapping: Mapping
    zone: ZoneInfo
    empty: str | None = None

    @cached_property
    def _forms(self) -> dict[str, str]:
        """Their names, with the form of each."""
        forms = {entry.theirs: entry.form.name for entry in self.mapping.fields}
        return {**forms, self.mapping.modified: "moment"}

    def read(self, row: Row) -> Row:
        """A row whose times are text and whose lists of one are single values."""
        return {name: self._read(name, value) for name, value in row.items()}

    def _read(self, name: str, value: Any) -> Any:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        form = self._forms.get(name)
        if form not in ("date", "moment") or isinstance(value, bool) or not isinstance(value, int):
            return value
        try:
            at = _EPOCH + timedelta(milliseconds=value)
        except OverflowError:
            return value  # no form can read it either: it is counted as a flaw of this row
        return at.isoformat(timespec="seconds") if form == "moment" else at.astimezone(self.zone).date().isoformat()

    def write(self, values: Row) -> Row:
        """A row's values, spelled by the mapping, in their JSON forms; numbers stay text."""
        return {name: self._written(name, value) for name, value in values.items()}

    def _written(self, name: str, value: Any) -> Any:
        if value is None:
            return self.empty
        form = self._forms.get(name)
        if form == "flag":
            return value == "true"
        if form == "moment":
            return _milliseconds(datetime.fromisoformat(value))
        return self._day(name, value) if form == "date" else value

    def _day(self, name: str, value: str) -> int:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise Rejected("a day without a year cannot be told", field=name, code="NO_YEAR") from None
        return _milliseconds(datetime.combine(day, time(), self.zone))


def _milliseconds(at: datetime) -> int:
    return round((at - _EPOCH) / timedelta(milliseconds=1))
