"""The calls of one kind of object (contacts, orders), and what their answers hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.fields import ASSOCIATED
from connectors.hubspot.wire.dialect import SEARCH
from connectors.hubspot.wire.versions import Api
from hub.connector import Answer, Mapping, Row
from hub.errors import Transient

IDS = 100
"""The most records that a batch takes."""

MERGED = "hs_merged_object_ids"
"""The property in which a record names those that were merged into it."""

Filter = tuple[str, str, str]
"""Their property, an operator, and a value; filters are joined by "and"."""

_LONG = 1500
_PROPERTY = re.compile(r"\w+")


@dataclass(frozen=True)
class Objects:
    """One kind of object behind a connection's door; `properties` are those that are read."""

    door: Any  # hub.http.door.Door
    api: Api
    name: str
    modified: str = ""
    properties: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where these objects are."""
        return f"{self.api.objects}/{self.name}"

    def listed(self, size: int, after: str = "", *, archived: bool = False) -> Answer:
        """A page of the list, in the order of ids."""
        names = ",".join((self.modified,) if archived else self._asked)
        params = {"limit": size, "after": after or None, "properties": names, "archived": str(archived).lower()}
        answer: Answer = self.door.request("GET", self.path, params=params)
        return answer

    def search(self, filters: Sequence[Filter], sort: str, size: int) -> Answer:
        """The first records that the filters hold for. Never asked for a further page: filters lead on, without a cap."""
        conditions = [{"propertyName": name, "operator": sign, "value": value} for name, sign, value in filters]
        body = {
            "filterGroups": [{"filters": conditions}] if conditions else [],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(self._asked),
            "limit": size,
        }
        answer: Answer = self.door.request("POST", f"{self.path}/search", json=body, repeatable=True, bucket=SEARCH)
        return answer

    def total(self, filters: Sequence[Filter] = ()) -> int:
        """How many records the filters hold for, as far as they are indexed."""
        return total_of(self.search(filters, "hs_object_id", 1))

    def rows(self, ids: Sequence[str], by: str = "", *, archived: bool = False) -> Iterator[Row]:
        """The records of these ids, or of these values of a unique property, that are there."""
        params = {"archived": "true"} if archived else None
        for start in range(0, len(ids), IDS):
            inputs = [{"id": one} for one in ids[start : start + IDS]]
            body = {"inputs": inputs, "properties": list(self.properties), "propertiesWithHistory": []}
            body |= {"idProperty": by} if by else {}
            answer = self.door.request("POST", f"{self.path}/batch/read", params=params, json=body, repeatable=True)
            yield from rows_of(answer)

    def completed(self, rows: list[Row]) -> list[Row]:
        """The rows with all properties, where there were too many for a listing."""
        if self._asked == self.properties:
            return rows
        found = {row["id"]: row for row in self.rows([row["id"] for row in rows])}
        return [found[row["id"]] for row in rows if row["id"] in found]

    def write(self, deed: str, inputs: Sequence[Row], *, repeatable: bool = False) -> Answer:
        """Write a batch: `update`, or `upsert`, which may be sent twice."""
        answer: Answer = self.door.request(
            "POST", f"{self.path}/batch/{deed}", json={"inputs": list(inputs)}, writes=bool(inputs),
            repeatable=repeatable or not inputs,
        )  # fmt: skip
        return answer

    def described(self) -> list[Row]:
        """What properties there are."""
        answer: Answer = self.door.request("GET", f"{self.api.properties}/{self.name}")
        return [one for one in answer.rows("results") if isinstance(one, dict)]

    def associated(self, ids: Sequence[str], other: str) -> dict[str, list[int]]:
        """The records of another kind that each of these is associated with, by id; none for those that have none."""
        path = f"{self.api.associations}/{self.name}/{other}/batch/read"
        found: dict[str, list[int]] = {}
        for start in range(0, len(ids), IDS):
            inputs = [{"id": one} for one in ids[start : start + IDS]]
            answer = self.door.request("POST", path, json={"inputs": inputs}, repeatable=True)
            try:
                for one in answer.rows("results"):
                    found[str(one["from"]["id"])] = sorted(int(to["toObjectId"]) for to in one.get("to") or ())
            except (TypeError, KeyError, ValueError):
                raise Transient("the answer holds associations that cannot be read") from None
        return found

    @property
    def _asked(self) -> tuple[str, ...]:
        """The properties that a listing is asked for: all, or where these are many, the time of change alone."""
        return self.properties if len(",".join(self.properties)) <= _LONG else (self.modified,)


def properties_of(mapping: Mapping) -> tuple[str, ...]:
    """The properties that a mapping needs, and those that the walk looks at."""
    named = [mapping.modified, "hs_object_id", *(entry.theirs for entry in mapping.fields), MERGED]
    found = (name for name in dict.fromkeys(named) if name not in (mapping.id, ASSOCIATED))
    return tuple(name for name in found if _PROPERTY.fullmatch(name))


def rows_of(answer: Answer) -> list[Row]:
    """An answer's records, one that comes twice once; Transient when one has no id or no properties."""
    found: dict[str, Row] = {}
    for row in answer.rows("results"):
        id_ = row.get("id") if isinstance(row, dict) else None
        if not (isinstance(id_, str) and id_.isdecimal() and isinstance(row.get("properties"), dict)):
            raise Transient("the answer holds records without an id")
        found.setdefault(id_, row)
    return list(found.values())


def next_of(answer: Answer) -> str:
    """The cursor of the next page, "" at the end."""
    found: Any = answer.json()
    for name in ("paging", "next", "after"):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")


def total_of(answer: Answer) -> int:
    """How many records a search holds for."""
    found = answer.json()
    total = found.get("total") if isinstance(found, dict) else None
    if not isinstance(total, int):
        raise Transient("the answer holds no total")
    return total
