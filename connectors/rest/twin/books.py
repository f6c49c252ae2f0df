"""The club's books: members and their purchases, with numbers of the service's own and times of change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.testing.twin import Refusal

Values = dict[str, Any]
EMPTY: Values = {
    "name": "", "mobile": "", "email": "", "gender": "", "birthday": None, "no_mail": False, "level": None, "stage": None,
    "ref": None, "labels": [], "status": "active",
}  # fmt: skip
ADDRESS = ("province", "city", "street", "postcode")


class Unknown(LookupError):
    """There is no such record."""


@dataclass
class Record:
    """A member or a purchase; times in epoch seconds."""

    number: str
    values: Values
    made: int
    changed: int
    person: int | None = None

    @property
    def closed(self) -> bool:
        """Whether the member left."""
        return bool(self.values.get("status") == "closed")


@dataclass
class Books:
    """All that the club holds. `now` gives the twin's time, `times` says how times are shown."""

    now: Callable[[], datetime]
    times: str
    zone: str
    members: dict[str, Record] = field(default_factory=dict)
    purchases: dict[str, Record] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    _members: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))
    _purchases: itertools.count[int] = field(default_factory=lambda: itertools.count(70001))

    def stamp(self) -> int:
        """The twin's time in epoch seconds."""
        return int(self.now().timestamp())

    def module(self, name: str) -> dict[str, Record]:
        """The records of a module, `members` or `purchases`."""
        found = {"members": self.members, "purchases": self.purchases}.get(name)
        if found is None:
            raise ValueError("modules are members and purchases")
        return found

    def add_member(self, values: Values, *, at: int | None = None) -> Record:
        """Somebody joins."""
        at = self.stamp() if at is None else at
        whole = {**EMPTY, "labels": [], "address": dict.fromkeys(ADDRESS, "")}
        record = Record(f"M{next(self._members)}", whole, at, at)
        self.merge(record, values)
        self.members[record.number] = record
        return record

    def add_purchase(self, values: Values, *, at: int | None = None) -> Record:
        """Somebody buys."""
        at = self.stamp() if at is None else at
        whole: Values = {
            "member": None,
            "mobile": "",
            "state": "done",
            "total": "0.00",
            "back": "0.00",
            "money": "CNY",
            "items": [],
        }
        record = Record(f"P{next(self._purchases)}", {**whole, **values}, at, at)
        self.purchases[record.number] = record
        return record

    def merge(self, record: Record, values: Values) -> None:
        """Put values into a record; an address merges field by field."""
        for name, value in values.items():
            if name == "address" and isinstance(value, dict):
                record.values["address"] = {**record.values["address"], **value}
            else:
                record.values[name] = value

    def touch(self, record: Record) -> None:
        """The record changed just now."""
        record.changed = self.stamp()

    def erase(self, module: str, number: str) -> None:
        """A record goes for good; a member's number stays on the list of those who left."""
        del self.module(module)[number]
        if module == "members":
            self.erased.add(number)

    def find(self, number: str) -> Record:
        """A member; Unknown when there is none."""
        if number not in self.members:
            raise Unknown(number)
        return self.members[number]

    def shown(self, record: Record) -> Values:
        """A record as the service shows it."""
        purchase = record.number.startswith("P")
        names = ("no", "bought") if purchase else ("member_no", "joined")
        return {
            names[0]: record.number, **record.values, names[1]: self.time(record.made), "updated": self.time(record.changed),
        }  # fmt: skip

    def time(self, at: int) -> str | int:
        """A time as the service writes it."""
        moment = datetime.fromtimestamp(at, UTC)
        if self.times == "iso":
            return moment.replace(tzinfo=None).isoformat() + "Z"
        if self.times == "local":
            return moment.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")
        return at * 1000 if self.times == "epoch_ms" else at

    def read_time(self, text: str, refuse: Callable[[str, str], Refusal]) -> int:
        """A bound that somebody asks with, in epoch seconds."""
        try:
            if self.times.startswith("epoch"):
                return int(text) // (1000 if self.times == "epoch_ms" else 1)
            if self.times == "iso":
                return int(datetime.fromisoformat(text).timestamp())
            local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo(self.zone))
        except ValueError:
            raise refuse("2422", "since") from None
        return int(local.timestamp())
