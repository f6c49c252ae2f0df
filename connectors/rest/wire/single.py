"""Reading rows by id, and finding what a create has made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.rest.wire.paths import at, text
from connectors.rest.wire.rows import Rows, id_of
from connectors.rest.wire.target import WriteSettings
from hub.connector import Answer, Row
from hub.errors import Rejected, Transient

_ABSENT = ("404", "410")


@dataclass(frozen=True)
class Reader:
    """The written stream's rows, by id and by create key."""

    door: Any  # hub.http.door.Door
    own: WriteSettings
    rows: Rows

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """The rows that are there, by id; those that say they are gone are left out."""
        raw = self._many(ids) if self.own.read.param else self._one_by_one(ids)
        named = {id_of(row, self.rows.own.id): row for row in raw if not self.rows.is_gone(row)}
        return {id_: self.rows.laid_out(row) for id_, row in named.items() if id_ in ids}

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The ids of the rows that carry these keys; a system that is asked for one key may give others, too."""
        if self.own.lookup is None:
            return {}
        places = {key: self._made(key) for key in create_keys}
        return {key: id_ for key, id_ in places.items() if id_}

    def _made(self, key: str) -> str:
        lookup = self.own.lookup
        assert lookup is not None
        asked: Row = {"params": {lookup.param: key}} if lookup.param else {"parts": {"key": key}}
        found = self._found(self.door, lookup.path, lookup.records, asked, self.own.read.absent)
        mine = (row for row in found if text(at(row, self.own.create_key)) == key)
        return next((id_ for row in mine if (id_ := id_of(row, self.rows.own.id))), "")

    def _many(self, ids: Sequence[str]) -> Iterator[Row]:
        read = self.own.read
        for start in range(0, len(ids), read.max_ids):
            part = ",".join(ids[start : start + read.max_ids])
            size = self._size(read.max_ids)
            yield from self._objects(
                self.door.request("GET", read.path, params={**size, read.param: part}), read.records
            )

    def _size(self, rows: int) -> Row:
        """Where pages are asked for by size, all rows at once; else the first page would be all that comes."""
        paging = self.rows.own.paging
        return {paging.size_param: rows} if paging.size_param and paging.sent_in == "query" else {}

    def _one_by_one(self, ids: Sequence[str]) -> Iterator[Row]:
        for found in self.door.side_by_side(self._one, ids):
            if found is not None:
                yield found

    def _one(self, door: Any, id_: str) -> Row | None:
        read = self.own.read
        return next(iter(self._found(door, read.path, read.records, {"parts": {"id": id_}}, read.absent)), None)

    def _found(self, door: Any, path: str, records: str, asked: Row, absent: Sequence[str]) -> list[Row]:
        """What an address shows; nothing where the system says that there is nothing."""
        try:
            return self._objects(door.request("GET", path, **asked), records)
        except Rejected as fault:
            if fault.code in (*_ABSENT, *absent):
                return []
            raise

    @staticmethod
    def _objects(answer: Answer, path: str) -> list[Row]:
        """The objects at a path: a list of them, or the one that is there; Transient where nothing of the kind is."""
        if answer.empty:
            return []
        found = at(answer.json(), path)
        if isinstance(found, dict):
            return [found]
        if not isinstance(found, list):
            raise Transient("the answer holds no row where it belongs")
        return [row for row in found if isinstance(row, dict)]
