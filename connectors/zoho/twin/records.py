"""The twin's books: records by module, ids in sequence, times of change, and the recycle bin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.zoho.twin.schema import SYSTEM_DUPLICATE, FieldSpec
from hub.testing.twin import Call

Values = dict[str, Any]
FIRST_ID = 5545974000000000000
DAY = 86_400
USER = {"name": "KeHub Integration", "id": str(FIRST_ID + 101), "email": "integration@kehub.example.com"}
CLERK = {"name": "Shop Clerk", "id": str(FIRST_ID + 102), "email": "clerk@kehub.example.com"}
TIMES = ("Created_Time", "Modified_Time")


@dataclass
class Record:
    """One record. `values` are as Zoho shows them; `created` and `modified` are epoch seconds."""

    id: str
    values: Values
    created: int
    modified: int
    person: int | None = None

    @property
    def number(self) -> int:
        """The id as a number, for sorting."""
        return int(self.id)

    def shown(self, fields: Sequence[str]) -> Values:
        """These fields and the id."""
        return {"id": self.id, **{name: self.values.get(name) for name in fields}}


@dataclass
class Deleted:
    """A deleted record, as the recycle bin shows it."""

    id: str
    name: str | None
    at: int
    permanent: bool
    by: Mapping[str, str] = field(default_factory=lambda: USER)

    def kind(self, now: int) -> str:
        """`recycle`, or `permanent` once it was emptied or 60 days have passed."""
        return "permanent" if self.permanent or now - self.at > 60 * DAY else "recycle"


Key = Callable[[Record], tuple[int, int]]

SORT_KEYS: Mapping[str, Key] = {
    "id": lambda record: (record.number, 0),
    "Created_Time": lambda record: (record.created, record.number),
    "Modified_Time": lambda record: (record.modified, record.number),
}


class Module:
    """The records of one module with the look-ups that uniqueness and upsert need."""

    def __init__(self, name: str, fields: dict[str, FieldSpec]) -> None:
        self.name = name
        self.fields = fields
        self.rows: dict[str, Record] = {}
        self.bin: dict[str, Deleted] = {}
        self._keyed: dict[str, dict[str, list[str]]] = {name: {} for name in self.lookups()}
        self._orders: dict[object, list[Record]] = {}

    def lookups(self) -> list[str]:
        """The fields by which a record can be looked up: the system's duplicate field, then the unique ones."""
        return [SYSTEM_DUPLICATE[self.name], *self.unique()]

    def unique(self) -> list[str]:
        """The user-defined unique fields."""
        return [spec.name for spec in self.fields.values() if spec.unique]

    def title(self) -> str:
        """The field that names a record: Last_Name, Subject, Account_Name."""
        return next(spec.name for spec in self.fields.values() if spec.mandatory)

    def having(self, name: str, value: object) -> Record | None:
        """The oldest record whose key field has this value (case does not matter)."""
        ids = self._keyed.get(name, {}).get(_fold(value))
        return self.rows[min(ids)] if ids else None

    def put(self, record: Record, before: Values) -> None:
        """Take in a new or changed record; `before` are its earlier values."""
        self.rows[record.id] = record
        self._index(record.id, before, record.values)

    def drop(self, record: Record) -> None:
        """Remove a record."""
        del self.rows[record.id]
        self._index(record.id, record.values, {})

    def ordered(self, wanted: object, choose: Callable[[], list[Record]]) -> list[Record]:
        """The answer of `choose`, kept until something changes."""
        if wanted not in self._orders:
            self._orders[wanted] = choose()
        return self._orders[wanted]

    def add_field(self, spec: FieldSpec) -> None:
        """Add a custom field."""
        self.fields[spec.name] = spec
        if spec.unique:
            self._keyed[spec.name] = {}

    def _index(self, record: str, before: Values, after: Values) -> None:
        self._orders.clear()
        for name, ids in self._keyed.items():
            old, new = _fold(before.get(name)), _fold(after.get(name))
            if old == new:
                continue
            if old:
                ids[old].remove(record)
            if new:
                ids.setdefault(new, []).append(record)


Spoil = Callable[[Call, Module, list[Values]], list[Values]]
"""What the faults that are set make of a page's rows."""


def _fold(value: object) -> str:
    return "" if value is None else str(value).casefold()


class Books:
    """All modules. `now` gives the twin's time; what is written is stamped with it, to the second."""

    def __init__(self, fields: dict[str, dict[str, FieldSpec]], now: Callable[[], datetime], zone: str) -> None:
        self.modules = {name: Module(name, specs) for name, specs in fields.items()}
        self.zone = ZoneInfo(zone)
        self._now = now
        self._last_id = FIRST_ID + 100_000

    def now(self) -> int:
        """The twin's time in epoch seconds."""
        return int(self._now().timestamp())

    def shown(self, at: int) -> str:
        """A time as the user sees it: ISO 8601 in their zone, no fraction."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).isoformat()

    def next_id(self) -> str:
        """The next id of the sequence that all modules share."""
        self._last_id += 1
        return str(self._last_id)

    def insert(self, module: str, values: Values, *, at: int | None = None, by: Mapping[str, str] = USER) -> Record:
        """A new record."""
        at = self.now() if at is None else at
        record = Record(self.next_id(), {}, at, at)
        who = {"name": by["name"], "id": by["id"]}
        record.values = {"Owner": dict(USER), "Created_By": who, "Created_Time": self.shown(at), "Tag": []}
        self._set(module, record, values, at, by)
        return record

    def update(
        self, module: str, record: Record, values: Values, *, at: int | None = None, by: Mapping[str, str] = USER
    ) -> None:
        """Change a record; its time of change moves even when no value does."""
        self._set(module, record, values, self.now() if at is None else at, by)

    def delete(self, module: str, record: Record, *, permanent: bool = False, by: Mapping[str, str] = USER) -> None:
        """Move a record to the recycle bin, or beyond it."""
        book = self.modules[module]
        book.drop(record)
        name = record.values.get("Full_Name") or record.values.get("Subject") or record.values.get("Account_Name")
        book.bin[record.id] = Deleted(record.id, None if permanent else name, self.now(), permanent, by)

    def _set(self, module: str, record: Record, values: Values, at: int, by: Mapping[str, str]) -> None:
        before = dict(record.values)
        record.values.update(values)
        if "Full_Name" in self.modules[module].fields:
            names = (record.values.get("First_Name"), record.values.get("Last_Name"))
            record.values["Full_Name"] = " ".join(filter(None, names))
        record.modified = at
        record.values["Modified_Time"] = self.shown(at)
        record.values["Modified_By"] = {"name": by["name"], "id": by["id"]}
        self.modules[module].put(record, before)
