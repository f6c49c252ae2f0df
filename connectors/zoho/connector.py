"""Zoho CRM: contacts both ways, sales orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from connectors.zoho.fields import CONTACTS, SALES_ORDERS
from connectors.zoho.wire.dialect import dialect
from connectors.zoho.wire.findings import Examined, Examiner
from connectors.zoho.wire.module import BIN, IDS, Module, columns_of
from connectors.zoho.wire.notice import heard
from connectors.zoho.wire.reading import Reading
from connectors.zoho.wire.settings import ZohoSettings
from connectors.zoho.wire.tags import Tags, tagging
from connectors.zoho.wire.writing import Contacts
from hub.connector import (
    Connector,
    Delivery,
    Dialect,
    Finding,
    Heard,
    Page,
    Row,
    RowResult,
    Stream,
    Tagging,
    Target,
    Window,
    Write,
)

_MODULES = {"customers": "Contacts", "orders": "Sales_Orders"}


class Zoho(Connector[ZohoSettings]):
    """One organisation in Zoho CRM."""

    type = "zoho"
    Settings = ZohoSettings
    hooks = True
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
        return self._target.write(batch)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The contacts that hold these create keys, asked of the database, which has no lag."""
        return self._target.lookup(create_keys)

    def webhook(self, delivery: Delivery) -> Heard:
        """A notification of a channel made with `notification_token`; see `wire/notice.py`."""
        token = self.settings.notification_token.get_secret_value()
        return heard(delivery, token, {_MODULES[stream.name]: stream.name for stream in self.streams()})

    def named(self, stream: Stream, ids: Sequence[str]) -> dict[str, Row]:
        """Records by id, a hundred a call."""
        return self._module(stream.name).rows(columns_of(stream.mapping, self.tools.connection), ids)

    def _module(self, stream: str) -> Module:
        return Module(self.tools.http, f"/crm/{self.settings.api_version}", _MODULES[stream])

    @cached_property
    def _reading(self) -> Reading:
        return Reading(self.tools, self.settings, self.server_time)

    @cached_property
    def _target(self) -> Contacts:
        module = self._module("customers")
        return Contacts(module, self.settings, self._contacts.mapping, Tags(module, self.settings.make_tags))

    @property
    def _contacts(self) -> Stream:
        """The stream of contacts as the site maps it."""
        return replace(stream := self.streams()[0], mapping=self.tools.mapping(stream))
