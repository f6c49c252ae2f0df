"""The calls of one module (Contacts, Sales_Orders), and what its answers hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.connector import Answer, Mapping, Row
from hub.errors import SettingsError, Transient

BIN = timedelta(days=60)
"""How long the recycle bin remembers what was deleted."""

IDS = 100
"""The most ids that one call takes."""

IN = 50
"""The most values in a query's `in`: 50 and 100 are both documented."""

_COLUMNS = 49  # fifty with the id


@dataclass(frozen=True)
class Module:
    """One module behind a connection's door; `root` is the API's path with its version."""

    door: Any  # hub.http.door.Door
    root: str
    name: str

    def listed(self, columns: Sequence[str], size: int, since: datetime | None = None, token: str = "") -> Answer:
        """A page of records in ascending order of change."""
        params = {
            "fields": ",".join(columns), "per_page": size, "sort_by": "Modified_Time", "sort_order": "asc",
            "page_token": token or None,
        }  # fmt: skip
        return self._get("", params, since)

    def rows(self, columns: Sequence[str], ids: Sequence[str]) -> dict[str, Row]:
        """The records of these ids that are there, `IDS` a call."""
        params = {"fields": ",".join(columns)}
        parts = (ids[start : start + IDS] for start in range(0, len(ids), IDS))
        answers = (self._get("", {**params, "ids": ",".join(part)}) for part in parts)
        return {row["id"]: row for answer in answers for row in rows_of(answer)}

    def completed(self, rows: list[Row], columns: Sequence[str]) -> list[Row]:
        """The rows with further columns, read by id."""
        found = self.rows(columns, [row["id"] for row in rows]) if columns else {}
        return [{**row, **found.get(row["id"], {})} for row in rows] if found else rows

    def deleted(self, page: int, size: int, since: datetime | None = None) -> Answer:
        """A page of what was deleted, for good or into the bin."""
        return self._get("/deleted", {"type": "all", "page": page, "per_page": size}, since)

    def count(self) -> int:
        """How many records there are; Zoho answers with a number or its text."""
        return whole(self._get("/actions/count", {}).json(), "count")

    def select(self, columns: Sequence[str], rest: str, limit: int) -> Answer:
        """Records by COQL (`rest`: its condition and order), which costs one to three credits by its limit."""
        cost = 1 if limit <= 200 else 2 if limit <= 1000 else 3
        return self._query(f"select {', '.join(columns)} from {self.name} where {rest} limit {limit}", cost)  # noqa: S608

    def count_where(self, condition: str) -> int:
        """How many records a condition holds for, by COQL."""
        rows = self._query(f"select count(id) from {self.name} where {condition}").rows("data")  # noqa: S608 - COQL
        return whole(rows[0] if rows else None, "count(id)")

    def send(self, method: str, path: str, rows: Sequence[Row], unmodified: str = "", **body: Any) -> Answer:
        """Write a batch, unless one of its records changed after `unmodified`.

        Only an upsert, which goes by a key of our own, may be sent twice.
        """
        headers = {"If-Unmodified-Since": unmodified} if unmodified else {}
        answer: Answer = self.door.request(
            method, f"{self.root}/{self.name}{path}", json={"data": list(rows), **body}, headers=headers, writes=True,
            repeatable=path == "/upsert", cost=-(-len(rows) // 10),
        )  # fmt: skip
        return answer

    def try_to_write(self, method: str, path: str) -> None:
        """An empty batch, which Zoho refuses without writing anything: for lack of a scope or for lack of rows."""
        self.door.request(method, f"{self.root}/{self.name}{path}", json={"data": [], "trigger": []}, repeatable=True)

    def described(self) -> Answer:
        """What fields there are."""
        answer: Answer = self.door.request("GET", f"{self.root}/settings/fields", params={"module": self.name})
        return answer

    def _query(self, text: str, cost: int = 1) -> Answer:
        body = {"select_query": text}
        answer: Answer = self.door.request("POST", f"{self.root}/coql", json=body, repeatable=True, cost=cost)
        return answer

    def _get(self, path: str, params: Row, since: datetime | None = None) -> Answer:
        headers = {"If-Modified-Since": since.isoformat(timespec="seconds")} if since else {}
        answer: Answer = self.door.request("GET", f"{self.root}/{self.name}{path}", params=params, headers=headers)
        return answer


def columns_of(mapping: Mapping, where: str) -> tuple[str, ...]:
    """The names of theirs that a mapping needs besides the id, which Zoho always sends; SettingsError above fifty."""
    names = [mapping.modified, *(entry.theirs.partition(".")[0] for entry in mapping.fields)]
    found = tuple(name for name in dict.fromkeys(names) if name and name != mapping.id)
    if len(found) > _COLUMNS:
        remedy = "take some out of its field map"
        raise SettingsError(f"{len(found)} fields are mapped, Zoho lists {_COLUMNS}", where=where, remedy=remedy)
    return found


def rows_of(answer: Answer) -> list[Row]:
    """An answer's rows; none where it has no body (204, 304)."""
    rows = answer.rows("data")
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise Transient("the answer holds rows without an id")
    return rows


def more(answer: Answer) -> bool:
    """Whether the system says that there are more rows."""
    return bool(_info(answer).get("more_records"))


def short(answer: Answer) -> bool:
    """Whether an answer holds fewer rows than it counts itself."""
    count = _info(answer).get("count")
    return isinstance(count, int) and len(answer.rows("data")) < count


def next_token(answer: Answer) -> str:
    """The token of the next page, "" at the end; Transient when there is more and no token."""
    token = str(_info(answer).get("next_page_token") or "") if more(answer) else ""
    if more(answer) and not token:
        raise Transient("the listing has more rows and no page token")
    return token


def _info(answer: Answer) -> Row:
    found = None if answer.empty else answer.json().get("info")
    return found if isinstance(found, dict) else {}


def whole(found: Any, name: str) -> int:
    try:
        return int(found[name])
    except (TypeError, KeyError, ValueError):
        raise Transient("the answer holds no count") from None
