"""The twin's books: records by object, ids in sequence, times of change in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.fxiaoke.twin.schema import FieldSpec
from hub.testing.twin import Call

Values = dict[str, Any]
FIRST_ID = 0x64F0A0000000000000000000
USER, CLERK = "1000", "1001"
TIMES = ("create_time", "last_modified_time")


@dataclass(frozen=True)
class Employee:
    """One employee: a number within the company, and an id for the outside."""

    number: str
    open_id: str
    name: str
    mobile: str


EMPLOYEES = (
    Employee(USER, "FSUID_77AA", "集成账号", "13800000000"),
    Employee(CLERK, "FSUID_77AB", "王店员", "13800000001"),
)


@dataclass
class Record:
    """One record; `values` are in the JSON forms of the API, with plain employee numbers and times in milliseconds."""

    id: str
    values: Values
    person: int | None = None

    @property
    def dead(self) -> bool:
        """Whether it was invalidated."""
        return bool(self.values["life_status"] == "invalid")


class Table:
    """The records of one object, in the order of their ids."""

    def __init__(self, name: str, fields: dict[str, FieldSpec]) -> None:
        self.name = name
        self.fields = fields
        self.rows: dict[str, Record] = {}

    def living(self) -> Iterator[Record]:
        """Those that were not invalidated."""
        return (record for record in self.rows.values() if not record.dead)

    def having(self, name: str, value: object) -> Record | None:
        """The living record whose field has this value."""
        return next((record for record in self.living() if record.values.get(name) == value), None)


Spoil = Callable[[Call, Table, list[Values]], list[Values]]
"""What the faults that are set make of a page's rows."""


class Books:
    """All objects. `now` gives the twin's time, with which everything that is written is stamped."""

    def __init__(self, fields: dict[str, dict[str, FieldSpec]], now: Callable[[], datetime]) -> None:
        self.tables = {name: Table(name, specs) for name, specs in fields.items()}
        self._now = now
        self._made = 0

    def now(self) -> int:
        """The twin's time in milliseconds since 1970."""
        return round(self._now().timestamp() * 1000)

    def next_id(self) -> str:
        """The next id of the sequence that all objects share: 24 hexadecimal digits."""
        self._made += 1
        return f"{FIRST_ID + self._made:024x}"

    def insert(self, name: str, values: Values, *, at: int | None = None, by: str = USER) -> Record:
        """A new record."""
        at = self.now() if at is None else at
        system: Values = {
            "owner": [by], "data_own_department": ["999999"], "record_type": "default__c", "life_status": "normal",
            "lock_status": "0", "is_deleted": False, "create_time": at, "created_by": [by], "version": "0",
        }  # fmt: skip
        record = Record(self.next_id(), {**system, **values})
        self.tables[name].rows[record.id] = record
        self.update(record, {}, at=at, by=by)
        return record

    def update(self, record: Record, values: Values, *, at: int | None = None, by: str = USER) -> None:
        """Change a record; its time of change moves even when no value does. None takes a value away."""
        changes = {"last_modified_time": self.now() if at is None else at, "last_modified_by": [by]}
        merged = {**record.values, **values, **changes, "version": str(int(record.values["version"]) + 1)}
        record.values = {name: value for name, value in merged.items() if value not in (None, "", [])}

    def delete(self, name: str, record: Record, *, for_good: bool = False, by: str = USER) -> None:
        """Invalidate a record; or remove it, so that no call finds it again."""
        if for_good:
            del self.tables[name].rows[record.id]
        else:
            self.update(record, {"life_status": "invalid"}, by=by)
