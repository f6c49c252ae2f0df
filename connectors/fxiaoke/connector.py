"""Fxiaoke: customers both ways, sales orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.fxiaoke.fields import BUYERS, CUSTOMERS, OTHERS, SALES_ORDERS
from connectors.fxiaoke.wire.codes import WINDOW_SECONDS
from connectors.fxiaoke.wire.dialect import dialect
from connectors.fxiaoke.wire.entity import Entity, columns_of
from connectors.fxiaoke.wire.findings import Examined, Examiner
from connectors.fxiaoke.wire.keys import Keys, Made
from connectors.fxiaoke.wire.rows import Spelling
from connectors.fxiaoke.wire.settings import FxiaokeSettings
from connectors.fxiaoke.wire.walk import Walk
from connectors.fxiaoke.wire.writing import Writer
from hub.connector import (
    Connector,
    Dialect,
    Finding,
    Mapping,
    Page,
    Row,
    RowResult,
    Stream,
    Target,
    Window,
    Write,
)

_BATCH = 20  # rows are written one by one: so many are read again just before, and once after


class Fxiaoke(Connector[FxiaokeSettings]):
    """One tenant of Fxiaoke."""

    type = "fxiaoke"
    Settings = FxiaokeSettings
    version = "v2"

    def dialect(self) -> Dialect:
        """Credentials in the body or in headers; success is a code in the answer; each interface has its own limit."""
        return dialect(self.settings, self.tools.clock.now)

    def streams(self) -> Sequence[Stream]:
        """The object that customers are, then sales orders."""
        own = self.settings
        customers = Stream("customers", "customers", CUSTOMERS.get(own.object, OTHERS), "swept")
        orders = Stream("orders", "orders", self._orders(), "swept", counts=own.counts)
        chosen = (customers, orders) if own.orders else (customers,)
        return tuple(
            replace(stream, change_feed="partial", deletes="absence", shrink_brake=0.2, sweep=own.sweep)
            for stream in chosen
        )

    def _orders(self) -> Mapping:
        """Orders name their customer by the field that leads to the object which customers are; others are mapped."""
        named = BUYERS.get(self.settings.object)
        entries = (
            replace(entry, theirs=named or "") if entry.ours == "buyer.external_id" else entry
            for entry in SALES_ORDERS.fields
        )
        return replace(SALES_ORDERS, fields=tuple(entry for entry in entries if entry.theirs))

    def target(self) -> Target | None:
        """Customers, one a call, created only under a key of their own."""
        own = self.settings
        return Target(
            batch=_BATCH,
            version=own.version_field,
            create_key=own.key_field,
            creates=bool(own.key_field),
            settle=timedelta(seconds=own.settle_seconds),
            one_by_one=True,
            seconds_per_call=WINDOW_SECONDS / own.calls,
            side_effects=tuple(f"Fxiaoke's own {word}s start" for word in own.trigger),
        )

    def check(self) -> Iterable[Finding]:
        """Sign-in, objects, mapped fields, options, the field of creates."""
        own = self.settings
        first, *others = (Examined(self._entity(one.name), self.tools.mapping(one)) for one in self.streams())
        examined = (replace(first, written=True, key=own.key_field), *others)
        return Examiner(self.tools, examined, self.tools.creates).findings()

    def server_time(self) -> datetime:
        """Fxiaoke's time."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window by `_id`, to an empty page; see `wire/walk.py`."""
        own = self.settings
        columns, spelling = columns_of(stream.mapping), self._spelling(stream.mapping)
        hidden = own.hidden(stream.name)
        walk = Walk(self._entity(stream.name), columns, spelling, window, own.page_size, own.totals, hidden)
        return walk.pages(position)

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Customers by id, a hundred a call; invalidated ones are no longer there."""
        mapping, version = self._customers, self.settings.version_field
        columns = (*columns_of(mapping), *((version,) if version else ()))
        rows = self._entity("customers").having("_id", ids, columns)
        spelling = self._spelling(mapping)
        return {row["_id"]: spelling.read(row) for row in rows}

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """One call a row: update by Fxiaoke's own id; create where the key of the create is not there yet."""
        keys = [entry.create_key for entry in batch if entry.create_key and not entry.external_id]
        made = self._keys.made(keys) if keys else Made()
        writer = Writer(self._entity("customers"), self._spelling(self._customers), self.settings, made)
        return writer.write(batch)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The customers that hold these create keys, invalidated ones too; "" where that cannot be told."""
        return self._keys.made(create_keys).all()

    @property
    def _keys(self) -> Keys:
        return Keys(self._entity("customers"), self.settings.key_field, self.settings.invalid_shown)

    def _entity(self, stream: str) -> Entity:
        return Entity(self.tools.http, self.settings.object if stream == "customers" else "SalesOrderObj")

    def _spelling(self, mapping: Mapping) -> Spelling:
        return Spelling(mapping, self.settings.zone, None if self.settings.clear_with == "null" else "")

    @property
    def _customers(self) -> Mapping:
        """The mapping of customers as the site has it."""
        return self.tools.mapping(self.streams()[0])
