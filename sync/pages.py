"""Pages of plain rows become records, column by column; see `sync/columns.py` for what is plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson

from hub.connector import Stream
from hub.errors import Rejected
from hub.forms import Place
from hub.model import Customer, Order
from hub.store.bodies import alone
from hub.store.records import Incoming
from hub.vault import Vault
from hub.written import written
from sync.columns import ODD, Column, Columns, Odd, Plainly, kinds, objects
from sync.order_columns import Positions, page_columns
from sync.plain import Plain
from sync.reading import external_id

PLAIN: dict[str, Plain] = {"customers": Plain(Customer), "orders": Plain(Order)}
"""What is read by columns: the nouns that come in millions."""


@dataclass(frozen=True)
class Pages:
    """Turns pages of one stream's rows into records; see `sync.normalise.Normaliser` for what it is told."""

    stream: Stream
    place: Place
    vault: Vault
    currency: str
    digest: str
    positions: Positions

    def __call__(self, rows: Sequence[Any]) -> list[Incoming | None]:
        """The records of the rows in which everything is plain; None for each one that must go the way of a single row."""
        read = self._columns(rows)
        chosen = rows if len(read.rows) == len(rows) else [rows[number] for number in read.rows]
        records = self._orders(read, chosen) if self.stream.noun == "orders" else self._customers(read, chosen)
        if len(records) == len(rows):
            return records
        found: list[Incoming | None] = [None] * len(rows)
        for number, record in zip(read.rows, records, strict=True):
            found[number] = record
        return found

    def _customers(self, read: Plainly, rows: Sequence[Rows[str, Any]]) -> list[Incoming | None]:
        nothing: Column = [()] * len(rows)
        bodies = objects(read.columns, read.types, len(rows))
        return self._records(rows, bodies, read.at, [None] * len(rows), nothing, nothing)

    def _orders(self, read: Plainly, rows: Sequence[Rows[str, Any]]) -> list[Incoming | None]:
        said = self._whole(read, len(rows))
        said["lines"], lines = self.positions.of_page(said["lines"], said["currency"])
        columns = page_columns(said, self.place)
        return self._records(rows, objects(said, read.types, len(rows)), read.at, said["buyer"], columns, lines)

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.stream.mapping, self.place, PLAIN[self.stream.noun], given=("currency",))

    def _whole(self, read: Plainly, count: int) -> dict[str, Column]:
        """The columns with the defaults of the model where nothing is said."""
        for name, default in {**PLAIN["orders"].defaults, "currency": self.currency}.items():
            column = read.columns.get(name)
            if column is None:
                read.columns[name] = [default] * count
            elif type(None) in read.types[name]:
                read.columns[name] = [default if value is None else value for value in column]
            read.types[name] = {type(default)}
        return read.columns

    def _ids(self, rows: Sequence[Rows[str, Any]]) -> Column:
        path = self.stream.mapping.id
        if path and all(map(dict.__contains__, rows, repeat(path))):
            raw = list(map(itemgetter(path), rows))
            if kinds(raw) == {int}:
                return list(map(str, raw))
        return [_id_of(row, path) for row in rows]

    def _records(
        self, rows: Sequence[Rows[str, Any]], bodies: list[dict[str, Any]], at: Column,
        buyers: Column, orders: Column, lines: Column,
    ) -> list[Incoming | None]:  # fmt: skip
        ids = self._ids(rows)
        if self.stream.personal_ids:
            for ext, body in zip(ids, bodies, strict=True):
                body["_id"] = ext
            ids = [ODD if ext is ODD else self.vault.index("ext", ext).hex() for ext in ids]
        texts = _texts(bodies)
        prints = self.vault.fingerprints_of(self.digest, texts)
        values: Iterable[dict[str, Any]] = bodies
        if self.stream.noun != "customers":
            values, texts = repeat({}), [text and alone(text) for text in texts]
        every = zip(ids, values, at, prints, buyers, repeat(None), orders, lines, repeat(()), texts, strict=False)
        records: list[Incoming | None] = list(map(Incoming._make, every))
        if b"" in texts or any(Odd in kinds(column) for column in (ids, orders)):
            parts = zip(records, ids, orders, texts, strict=True)
            return [record if text and ODD not in (ext, order) else None for record, ext, order, text in parts]
        return records


def _id_of(row: Rows[str, Any], path: str) -> Any:
    try:
        return external_id(row, path)
    except Rejected:
        return ODD


def _texts(bodies: Sequence[dict[str, Any]]) -> list[bytes]:
    """Bodies as they are sealed; nothing for one that cannot be."""
    try:
        return list(map(written, bodies))
    except (orjson.JSONEncodeError, UnicodeEncodeError):  # somewhere deep inside
        return [_text(body) for body in bodies]


def _text(body: dict[str, Any]) -> bytes:
    try:
        return written(body)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return b""
