"""Zoho CRM: contacts both ways, sales orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from connectors.zoho.fields import CONTACTS, SALES_ORDERS
from connectors.zoho.wire.dialect import dialect
from connectors.zoho.wire.findings import Examined, Examiner
from connectors.zoho.wire.module import BIN, IDS, IN, Module, columns_of, rows_of
from connectors.zoho.wire.reading import Reading
from connectors.zoho.wire.rows import results, typed, unmodified
from connectors.zoho.wire.settings import ZohoSettings
from connectors.zoho.wire.tags import FIELD, Tags, tagging
from hub.connector import Connector, Dialect, Finding, Page, Row, RowResult, Stream, Tagging, Target, Window, Write

_MODULES = {"customers": "Contacts", "orders": "Sales_Orders"}


class Zoho(Connector[ZohoSettings]):
    """One organisation in Zoho CRM."""

    type = "zoho"
    Settings = ZohoSettings
    version = "v8"

    @classmethod
    def tagging(cls, settings: ZohoSettings) -> Tagging:
        """Tags of contacts, by calls of their own."""
        return tagging(settings.make_tags)

    def dialect(self) -> Dialect:
        """OAuth at the data centre; calls go where the token's answer says, unless the settings say otherwise."""
        return dialect(self.settings)

    def streams(self) -> Sequence[Stream]:
        """Contacts, then sales orders."""
        customers = Stream("customers", "customers", CONTACTS, "swept", deletes="feed")
        orders = Stream("orders", "orders", SALES_ORDERS, "swept", deletes="feed", counts=self.settings.counts)
        chosen = (customers, orders) if self.settings.orders else (customers,)
        sweep = timedelta(days=self.settings.sweep_days) or None
        return tuple(replace(stream, remembers=BIN, shrink_brake=0.2, sweep=sweep) for stream in chosen)

    def target(self) -> Target | None:
        """Contacts, a hundred a call, created only under a key of their own."""
        own = self.settings
        return Target(
            batch=IDS,
            guard="conditional" if own.conditional else "read_first",
            create_key=own.external_id,
            creates=bool(own.external_id),
            native_idempotency=True,
            settle=timedelta(seconds=own.settle_seconds),
            side_effects=("Zoho's own automations run",) if own.trigger else (),
        )

    def check(self) -> Iterable[Finding]:
        """Sign-in, scopes, mapped fields, picklists, the field of creates, credits."""
        first, *others = (Examined(self._module(one.name), self.tools.mapping(one)) for one in self.streams())
        key = self.settings.external_id if self.tools.creates else ""
        examined = (replace(first, written=True, key=key), *others)
        mapped = (replace(one, mapping=self.tools.mapping(one)) for one in self.streams())
        exports = tuple(self._reading.export(self._module(one.name), one) for one in mapped)
        return Examiner(self.tools, examined, self.settings.credits, self.settings.make_tags, exports).findings()

    def server_time(self) -> datetime:
        """Zoho's time."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window by list, deletes and COQL, or all of a large module by Bulk Read; see `wire/walk.py`."""
        return self._reading.walk(self._module(stream.name), stream, window, position).pages()

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Contacts by id, a hundred a call."""
        return self._module("customers").rows(columns_of(self._contacts.mapping, self.tools.connection), ids)

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Update by Zoho's own id; create by upsert on the field that carries a create's key; tags on their own."""
        tags = [entry for entry in batch if entry.external_id and FIELD in entry.values]
        updates = [entry for entry in batch if entry.external_id and FIELD not in entry.values]
        creates = [entry for entry in batch if not entry.external_id]
        parts = ((self._update, updates), (self._create, creates), (self._tag, tags))
        return [result for send, part in parts if part for result in send(part)]

    def _update(self, batch: Sequence[Write]) -> list[RowResult]:
        rows = [{"id": entry.external_id, **typed(entry.values, self._contacts.mapping)} for entry in batch]
        since = unmodified(batch) if self.settings.conditional else ""
        answer = self._module("customers").send("PUT", "", rows, since, trigger=self.settings.trigger)
        return results([entry.key for entry in batch], answer)

    def _create(self, batch: Sequence[Write]) -> list[RowResult]:
        """Rows under one key are one create: what Zoho makes of two in one call is not documented."""
        field = self.settings.external_id
        rows: dict[str, Row] = {}
        for entry in batch:
            values = typed({n: v for n, v in entry.values.items() if n != FIELD}, self._contacts.mapping)
            rows.setdefault(entry.create_key or "", {**values, field: entry.create_key})
        if not field or "" in rows:
            return [RowResult(entry.key, "refused", code="NO_CREATE_KEY") for entry in batch]
        answer = self._module("customers").send(
            "POST", "/upsert", list(rows.values()), duplicate_check_fields=[field], trigger=self.settings.trigger
        )
        told = {result.key: result for result in results(list(rows), answer)}
        made = [replace(told[entry.create_key or ""], key=entry.key) for entry in batch]
        return self._tags.of_new({entry.key: entry.values.get(FIELD) for entry in batch}, made)

    def _tag(self, batch: Sequence[Write]) -> list[RowResult]:
        told = self._tags.change({entry.external_id or "": entry.values[FIELD] for entry in batch})
        return [replace(told[entry.external_id or ""], key=entry.key) for entry in batch]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The contacts that hold these create keys, asked of the database, which has no lag."""
        field, found = self.settings.external_id, dict[str, str]()
        keys = [key for key in create_keys if key.isalnum()]  # ours are; others could not be quoted safely
        for start in range(0, len(keys) if field else 0, IN):
            quoted = ", ".join(f"'{key}'" for key in keys[start : start + IN])
            answer = self._module("customers").select(["id", field], f"{field} in ({quoted})", IN)
            found |= {str(row[field]): row["id"] for row in rows_of(answer)}
        return found

    def _module(self, stream: str) -> Module:
        return Module(self.tools.http, f"/crm/{self.settings.api_version}", _MODULES[stream])

    @cached_property
    def _reading(self) -> Reading:
        return Reading(self.tools, self.settings, self.server_time)

    @cached_property
    def _tags(self) -> Tags:
        return Tags(self._module("customers"), self.settings.make_tags)

    @property
    def _contacts(self) -> Stream:
        """The stream of contacts as the site maps it."""
        return replace(stream := self.streams()[0], mapping=self.tools.mapping(stream))
