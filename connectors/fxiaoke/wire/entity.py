"""The calls of one object (AccountObj, SalesOrderObj, an own one), and what their answers hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.connector import Answer, Mapping, Row
from hub.errors import Transient

Filter = tuple[str, str, Sequence[str]]
"""Their field, an operator, and its values; filters are joined by "and"."""

MOST = 100
"""The most rows that one query returns, and the most values that it is asked for."""

_PRESET, _CUSTOM = "/cgi/crm/v2/data/", "/cgi/crm/custom/v2/data/"
_DESCRIBE = "/cgi/crm/v2/object/describe"
PATHS = (*(f"{family}{deed}" for family in (_PRESET, _CUSTOM) for deed in ("query", "create", "update")), _DESCRIBE)
"""Every interface that is called."""

DEAD = "invalid"
"""The life status of a record that was invalidated, the first step of a delete."""


@dataclass(frozen=True)
class Entity:
    """One object behind a connection's door; which calls are its depends on how its name ends."""

    door: Any  # hub.http.door.Door
    name: str

    def query(
        self, filters: Sequence[Filter], columns: Sequence[str], limit: int = MOST, *, total: bool = False
    ) -> Answer:
        """Rows in ascending order of `_id`. Documents differ on what switches totals: all three switches are sent."""
        conditions = [
            {"field_name": name, "operator": sign, "field_values": list(ours)} for name, sign, ours in filters
        ]
        info = {
            "limit": limit, "offset": 0, "filters": conditions, "orders": [{"fieldName": "_id", "isAsc": True}],
            "fieldProjection": ["_id", *columns],
        }  # fmt: skip
        asked = {"dataObjectApiName": self.name, "find_explicit_total_num": total, "search_query_info": info}
        switches = {"returnTotalNum": 1 if total else 3, "need_return_count_num": total}
        return self._post(self._path("query"), {"includeNull": True, **switches, "data": asked})

    def having(
        self, name: str, values: Sequence[str], columns: Sequence[str], more: Sequence[Filter] = (), *,
        dead: bool = False,
    ) -> Iterator[Row]:  # fmt: skip
        """The rows whose field has one of these values, `dead` ones only where they are wanted and shown.

        A short page is no end: an empty one is, or the last value. `more` are further filters.
        """
        for start in range(0, len(values), MOST):
            part = list(values[start : start + MOST])
            missing, beyond = set(part), list[Filter]()
            while missing and (rows := self._behind(beyond, [(name, "IN", part), *more], columns)):
                missing -= {str(row.get(name)) for row in rows}
                beyond = [("_id", "GT", [rows[-1]["_id"]])]
                yield from (row for row in rows if dead or not is_dead(row))

    def _behind(self, beyond: Sequence[Filter], filters: Sequence[Filter], columns: Sequence[str]) -> list[Row]:
        """A page of rows behind an id; Transient when they are not, for then they never end."""
        rows = rows_of(self.query([*filters, *beyond], columns))
        if rows and beyond and rows[0]["_id"] <= beyond[0][2][0]:
            raise Transient("the rows are not in the order asked for")
        return rows

    def described(self) -> Answer:
        """What fields there are; documents differ on where the object is named: both places."""
        body = {"apiName": self.name, "includeDetail": False, "data": {"apiName": self.name, "includeDetail": False}}
        return self._post(_DESCRIBE, body)

    def create(self, row: Row, triggers: Sequence[str]) -> Answer:
        """Make one record; never sent twice, for nothing there makes a repetition harmless."""
        options = {"skipFuncValidate": False, "useValidationRule": True, "isDuplicateSearch": True}
        whole = {"dataObjectApiName": self.name, "object_describe_api_name": self.name, **row}
        sent = {"object_data": whole, "details": {}, "optionInfo": options}
        return self._post(
            self._path("create"), {"hasSpecifyTime": False, **_silent(triggers), "data": sent}, writes=True
        )

    def update(self, id_: str, row: Row, triggers: Sequence[str]) -> Answer:
        """Change the fields of one record that are sent."""
        whole = {"_id": id_, "dataObjectApiName": self.name, **row}
        return self._post(self._path("update"), {**_silent(triggers), "data": {"object_data": whole}}, writes=True)

    def _path(self, deed: str) -> str:
        return f"{_CUSTOM if self.name.endswith('__c') else _PRESET}{deed}"

    def _post(self, path: str, body: Row, *, writes: bool = False) -> Answer:
        answer: Answer = self.door.request("POST", path, json=body, writes=writes, repeatable=not writes, bucket=path)
        return answer


def _silent(triggers: Sequence[str]) -> Row:
    """Approvals and workflows start by default: a loop, or a record that waits for somebody."""
    return {"triggerApprovalFlow": "approval" in triggers, "triggerWorkFlow": "workflow" in triggers}


def field_of(theirs: str) -> str:
    """The field that a name in a mapping belongs to: what is shown beside a field (`account_id__r`) comes with it."""
    return theirs.partition(".")[0].removesuffix("__r")


def columns_of(mapping: Mapping) -> tuple[str, ...]:
    """The names of theirs that a mapping needs, and those that tell whether a record is dead."""
    mapped = (field_of(entry.theirs) for entry in mapping.fields)
    named = dict.fromkeys((mapping.modified, *mapped, "life_status", "is_deleted"))
    return tuple(name for name in named if name and name != mapping.id)


def rows_of(answer: Answer) -> list[Row]:
    """A query's rows; Transient when one has no id."""
    rows = answer.rows("data.dataList")
    if not all(isinstance(row, dict) and isinstance(row.get("_id"), str) and row["_id"] for row in rows):
        raise Transient("the answer holds rows without an id")
    return rows


def total_of(answer: Answer) -> int:
    """How many rows a query holds for."""
    try:
        return int(answer.json()["data"]["total"])
    except (TypeError, KeyError, ValueError):
        raise Transient("the answer holds no total") from None


def id_of(answer: Answer) -> str:
    """The id of a created record, from any of the places that are documented or seen; "" when it is nowhere."""
    body = answer.json()
    inner = body.get("data")
    places = (body, inner if isinstance(inner, dict) else {})
    found = (place.get(name) for place in places for name in ("dataId", "_id"))
    return next((str(id_) for id_ in found if id_), "")


def is_dead(row: Row) -> bool:
    """Whether a row shows that it was invalidated or deleted."""
    return row.get("life_status") == DEAD or row.get("is_deleted") is True
