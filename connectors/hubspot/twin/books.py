"""The twin's books: records by kind with ids in sequence, times of change, the archive, merges and associations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.hubspot.twin.schema import CREATED, DEFAULTS, MODIFIED, Spec

Values = dict[str, Any]
DAY = 86_400_000


@dataclass
class Record:
    """One record. Times are milliseconds since 1970; `known` is how Search knew it before, with until when that is."""

    id: int
    kind: str
    values: Values
    created: int
    modified: int
    archived: int | None = None
    merged: list[int] = field(default_factory=list)
    person: int | None = None
    known: list[tuple[int, Values]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)

    def all(self, values: Values | None = None, modified: int | None = None) -> Values:
        """Every property, HubSpot's own among them, as texts."""
        return {
            **(self.values if values is None else values),
            "hs_object_id": str(self.id),
            CREATED[self.kind]: iso(self.created),
            MODIFIED[self.kind]: iso(self.modified if modified is None else modified),
            "hs_merged_object_ids": ";".join(map(str, self.merged)) or None,
        }

    def shown(self, names: Iterable[str]) -> Values:
        """The record as an answer holds it, with these properties."""
        whole = self.all()
        wanted = [*(list(names) or DEFAULTS[self.kind]), "hs_object_id", CREATED[self.kind], MODIFIED[self.kind]]
        gone = {"archivedAt": iso(self.archived)} if self.archived is not None else {}
        return {
            "id": str(self.id),
            "properties": {name: whole.get(name) for name in wanted},
            "createdAt": iso(self.created),
            "updatedAt": iso(self.modified),
            "archived": self.archived is not None,
            **gone,
            "url": f"https://app.hubspot.example/{self.kind}/{self.id}",
        }


@dataclass
class Kind:
    """The living records of one kind of object, its archive, and who was merged into whom."""

    name: str
    properties: dict[str, Spec]
    rows: dict[int, Record] = field(default_factory=dict)
    bin: dict[int, Record] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)

    keyed: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def having(self, name: str, value: str) -> Record | None:
        """The record that has this value of a unique property; an e-mail address counts where it is an additional one."""
        ids = self.keyed.get(name, {}).get(value.casefold())
        return self.rows[min(ids)] if ids else None

    def put(self, record: Record) -> None:
        """Take a record in, or note that its values are others than before."""
        self._forget(record)
        self.rows[record.id] = record
        record.keys = self._keys(record)
        for name, value in record.keys:
            self.keyed.setdefault(name, {}).setdefault(value, []).append(record.id)

    def drop(self, record: Record) -> None:
        """Take a record out."""
        self._forget(record)
        self.rows.pop(record.id, None)

    def _forget(self, record: Record) -> None:
        for name, value in record.keys:
            self.keyed[name][value].remove(record.id)
        record.keys = []

    def _keys(self, record: Record) -> list[tuple[str, str]]:
        also = str(record.values.get("hs_additional_emails") or "").split(";")
        found = [(name, record.values.get(name)) for name in self.unique()]
        found += [("email", one) for one in also if self.name == "contacts"]
        return list(dict.fromkeys((name, str(value).casefold()) for name, value in found if value))

    def survivor(self, id_: int) -> Record | None:
        """The record of an id, or the one that it was merged into."""
        while id_ in self.merged:
            id_ = self.merged[id_]
        return self.rows.get(id_)

    def unique(self) -> list[str]:
        """The properties no two records may share a value of."""
        own = [spec.name for spec in self.properties.values() if spec.unique]
        return ["email", *own] if self.name == "contacts" else own


class Books:
    """All kinds of objects. `now` gives the twin's time; what is written is stamped with it, to the millisecond."""

    def __init__(self, properties: dict[str, dict[str, Spec]], now: Callable[[], datetime], index_delay: int) -> None:
        self.kinds = {name: Kind(name, specs) for name, specs in properties.items()}
        self.links: dict[tuple[str, str], dict[int, dict[int, int]]] = {}
        """By both kinds: from whom to whom, with the type of association."""
        self.events: list[Values] = []
        """What webhooks would tell, oldest first."""
        self._now = now
        self._delay = index_delay * 1000
        self._ids = itertools.count(501)

    def now(self) -> int:
        """The twin's time in milliseconds since 1970."""
        return round(self._now().timestamp() * 1000)

    def insert(self, kind: str, values: Values, *, at: int | None = None) -> Record:
        """A new record."""
        at = self.now() if at is None else at
        record = Record(next(self._ids), kind, {}, at, at)
        self._set(record, values, at)
        self.tell(record, "creation", at, changeFlag="CREATED")
        return record

    def update(self, record: Record, values: Values, *, at: int | None = None) -> None:
        """Change a record; its time of change moves even when no value does."""
        at = self.now() if at is None else at
        if self._delay:
            record.known.append((at + self._delay, dict(record.all())))
        self._set(record, values, at)
        for name, value in values.items():
            self.tell(record, "propertyChange", at, propertyName=name, propertyValue=value)

    def archive(self, record: Record) -> None:
        """Move a record into the archive; its time of change stays."""
        kind = self.kinds[record.kind]
        kind.drop(record)
        kind.bin[record.id] = record
        record.archived = self.now()
        self.tell(record, "deletion", record.archived, changeFlag="DELETED")

    def restore(self, record: Record) -> None:
        """Take a record out of the archive."""
        kind = self.kinds[record.kind]
        kind.put(kind.bin.pop(record.id))
        record.archived = None
        self.update(record, {})

    def erase(self, record: Record) -> None:
        """Delete a person for good: nothing of the record is shown any more."""
        kind = self.kinds[record.kind]
        kind.drop(record)
        kind.bin.pop(record.id, None)
        self.tell(record, "privacyDeletion", self.now())

    def merge(self, kept: Record, other: Record, *, anew: bool) -> Record:
        """Merge one record into another, or both into a new one; gaps are filled and addresses kept."""
        kind = self.kinds[kept.kind]
        values = {**other.values, **{name: value for name, value in kept.values.items() if value}}
        spare = [one for one in (other.values.get("email"),) if one and one != values.get("email")]
        if spare:
            values["hs_additional_emails"] = ";".join(filter(None, [values.get("hs_additional_emails"), *spare]))
        losers = [other, kept] if anew else [other]
        for loser in losers:
            kind.drop(loser)
        whole = self.insert(kept.kind, {}) if anew else kept
        whole.merged = sorted({*kept.merged, *other.merged, *(loser.id for loser in losers), *whole.merged})
        kind.merged |= {loser.id: whole.id for loser in losers}
        self._move_links(kept.kind, {loser.id for loser in losers}, whole.id)
        self.update(whole, values)
        ids = {"primaryObjectId": kept.id, "mergedObjectIds": [loser.id for loser in losers], "newObjectId": whole.id}
        self.tell(whole, "merge", whole.modified, **ids, numberOfPropertiesMoved=len(values))
        return whole

    def link(self, left: str, one: int, right: str, other: int, type_id: int) -> None:
        """Associate two records, in both directions."""
        self.links.setdefault((left, right), {}).setdefault(one, {})[other] = type_id
        self.links.setdefault((right, left), {}).setdefault(other, {})[one] = type_id + 1

    def linked(self, left: str, one: int, right: str) -> dict[int, int]:
        """The living records of a kind that a record is associated with, and how."""
        found = self.links.get((left, right), {}).get(one, {})
        return {other: type_id for other, type_id in sorted(found.items()) if other in self.kinds[right].rows}

    def indexed(self, record: Record) -> Values | None:
        """A record's properties as Search knows them; None when it does not know the record yet."""
        now = self.now()
        record.known = [(until, values) for until, values in record.known if until > now]
        if record.known:
            return record.known[0][1] if record.created + self._delay <= now else None
        return record.all() if record.created + self._delay <= now else None

    def tell(self, record: Record, deed: str, at: int, **more: Any) -> None:
        """Take down what a webhook would tell."""
        names = {"contacts": "contact", "companies": "company"}
        generic = {} if record.kind in names else {"objectTypeId": "0-123"}
        self.events.append(
            {
                "eventId": len(self.events) + 1, "subscriptionId": 42, "occurredAt": at, "attemptNumber": 0,
                "subscriptionType": f"{names.get(record.kind, 'object')}.{deed}", "objectId": record.id, **generic,
                "changeSource": "CRM", **more,
            }
        )  # fmt: skip

    def _set(self, record: Record, values: Values, at: int) -> None:
        for name, value in values.items():
            record.values[name] = None if value in ("", None) else str(value)
        record.modified = at
        self.kinds[record.kind].put(record)

    def _move_links(self, kind: str, losers: set[int], kept: int) -> None:
        for (left, right), found in self.links.items():
            if left == kind:
                for loser in losers & found.keys():
                    found.setdefault(kept, {}).update(found.pop(loser))
            if right == kind:
                for others in found.values():
                    for loser in losers & others.keys():
                        others[kept] = others.pop(loser)


def iso(at: int) -> str:
    """A time as HubSpot shows it: UTC with milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"
