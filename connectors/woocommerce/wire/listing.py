"""The calls of one kind of thing (customers, orders), and what their answers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.connector import Answer, Row
from hub.errors import Transient

IDS = 100
"""The most rows that one page, and the most ids that one call takes."""


@dataclass(frozen=True)
class Listing:
    """One listing behind a connection's door; `path` is the API's path with the listing's name."""

    door: Any  # hub.http.door.Door
    path: str

    def page(self, params: Mapping[str, Any], offset: int, size: int) -> tuple[list[Row], int]:
        """Rows from the offset on, each once, and the total that the shop tells with them."""
        answer = self._get({**params, "offset": offset, "per_page": size})
        rows, total = rows_of(answer), total_of(answer)
        if rows and offset + len(rows) > total:
            raise Transient("the listing shows more rows than it says there are")
        return rows, total

    def by_ids(self, ids: Sequence[int], **params: Any) -> list[Row]:
        """The rows of these ids, `IDS` a call; absent ones are left out."""
        parts = [",".join(map(str, ids[start : start + IDS])) for start in range(0, len(ids), IDS)]
        return [row for part in parts for row in self.found(include=part, **params)]

    def found(self, **params: Any) -> list[Row]:
        """The first rows that parameters find."""
        return rows_of(self._get({**params, "per_page": IDS}))

    def batch(self, body: Row) -> Any:
        """Write rows; the answer tells item by item what became of them."""
        answer: Answer = self.door.request("POST", f"{self.path}/batch", json=body, writes=True)
        return answer.json()

    def try_to_write(self) -> None:
        """An empty batch: it is refused for lack of a right, and writes nothing."""
        self.door.request("POST", f"{self.path}/batch", json={"update": []}, repeatable=True)

    def _get(self, params: Mapping[str, Any]) -> Answer:
        answer: Answer = self.door.request("GET", self.path, params=params)
        return answer


def rows_of(answer: Answer) -> list[Row]:
    """An answer's rows, each once, their ids as numbers; Transient when one has none."""
    return list({row["id"]: row for row in map(_numbered, answer.rows())}.values())


def total_of(answer: Answer) -> int:
    """How many rows there are in all; without that nobody could tell a whole listing from a part."""
    text = answer.header("x-wp-total")
    if not text.isdecimal():
        raise Transient("the listing does not tell its total", remedy="a proxy may drop the header X-WP-Total")
    return int(text)


def _numbered(row: Any) -> Row:
    """Some plugins send numbers as text."""
    id_ = row.get("id") if isinstance(row, dict) else None
    if type(id_) is int:
        whole: Row = row
        return whole
    if not str(id_).isdecimal():
        raise Transient("the answer holds rows without an id")
    return {**row, "id": int(str(id_))}
