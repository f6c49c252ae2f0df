"""HubSpot: contacts both ways, orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.hubspot.fields import CONTACTS, ORDERS
from connectors.hubspot.wire.dialect import dialect
from connectors.hubspot.wire.findings import Examined, Examiner
from connectors.hubspot.wire.objects import IDS, Objects, properties_of
from connectors.hubspot.wire.place import Place
from connectors.hubspot.wire.rows import BIN, Layout, archive_since
from connectors.hubspot.wire.settings import HubSpotSettings
from connectors.hubspot.wire.walk import Walk
from connectors.hubspot.wire.webhook import events_of, hints_of, key_of, proven
from connectors.hubspot.wire.writing import Contacts
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
)  # fmt: skip

_OBJECTS = {"customers": "contacts", "orders": "orders"}


class HubSpot(Connector[HubSpotSettings]):
    """One HubSpot portal."""

    type = "hubspot"
    Settings = HubSpotSettings
    hooks = erases = True
    version = "v3 (until March 2027), 2026-03 (until September 2027), 2026-09 (until March 2028)"

    @classmethod
    def tagging(cls, settings: HubSpotSettings) -> Tagging:
        """Tags are the options of a property of checkboxes, and go with the other properties."""
        return Tagging(r"[a-z0-9_]+", refused=";")

    def dialect(self) -> Dialect:
        """A private app's token, or OAuth; what an account may call in ten seconds, in a day, and search in a second."""
        return dialect(self.settings, self.tools.clock.now)

    def streams(self) -> Sequence[Stream]:
        """Contacts, then orders; windows stay behind what Search may not know yet."""
        own = self.settings
        customers = Stream("customers", "customers", CONTACTS, "swept", deletes="feed")
        orders = Stream("orders", "orders", ORDERS, "swept", deletes="feed", counts=own.counts)
        overlap, sweep = timedelta(minutes=own.index_minutes), timedelta(days=own.sweep_days) or None
        chosen = (customers, orders) if own.orders else (customers,)
        return tuple(
            replace(stream, overlap=overlap, remembers=BIN, sweep=sweep, shrink_brake=0.2) for stream in chosen
        )

    def target(self) -> Target | None:
        """Contacts, a hundred a call, created only under a key of their own."""
        own = self.settings
        return Target(
            batch=IDS,
            create_key=own.key_property,
            creates=bool(own.key_property),
            native_idempotency=True,
            settle=timedelta(seconds=own.settle_seconds),
            side_effects=("workflows of the portal run on what is written",),
        )

    def check(self) -> Iterable[Finding]:
        """Token, scopes, mapped properties with their options, the property of creates, calls left, the API's end."""
        mapped = (self._mapped(one.name) for one in self.streams())
        first, *others = (Examined(self._objects(one), one.mapping) for one in mapped)
        key = self.settings.key_property if self.tools.creates else ""
        examined = (replace(first, written=True, key=key), *others)
        return Examiner(self.tools, examined, self.settings).findings()

    def server_time(self) -> datetime:
        """HubSpot's time."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window by list or by Search, then the archive; see `wire/walk.py`."""
        own, objects = self.settings, self._objects(stream)
        return Walk(
            objects,
            window,
            Place() if position is None else Place.of(position),
            own.page_size,
            own.search_rows,
            lambda rows: self._laid_out(stream, rows),
            archive_since(window, own.archived_minutes),
            own.totals,
            own.hidden(stream.name),
        ).pages()

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Contacts by id, a hundred a call."""
        return self.named(self.streams()[0], ids)

    def named(self, stream: Stream, ids: Sequence[str]) -> dict[str, Row]:
        """Records by id. One that was merged away is answered for by another one, and left out."""
        asked, mapped = set(ids), self._mapped(stream.name)
        rows = [row for row in self._objects(mapped).rows(ids) if row["id"] in asked]
        return {row["id"]: row for row in self._laid_out(mapped, rows)}

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Update by HubSpot's own id; create by upsert on the unique property that carries a create's key."""
        return self._contacts.write(batch)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The contacts that hold these create keys, archived ones too; asked of the records, not of Search."""
        return self._contacts.lookup(create_keys)

    def erase(self, ids: Sequence[str]) -> Sequence[RowResult]:
        """HubSpot's own erasure, one by one: also out of the archive, and its history."""
        return self._contacts.erase(ids)

    def webhook(self, delivery: Delivery) -> Heard:
        """Events of contacts and orders, proven by the app's secret."""
        own = self.settings
        sent = proven(delivery, own.signing, own.webhook_signature)
        events = events_of(delivery.body)
        read = {stream.name for stream in self.streams()}
        return Heard(key_of(events), sent, [hint for hint in hints_of(events) if hint.stream in read])

    def _laid_out(self, stream: Stream, rows: list[Row]) -> list[Row]:
        layout = Layout(self._objects(stream), stream.mapping, self.settings.statuses)
        return layout.orders(rows) if stream.name == "orders" else layout.contacts(rows)

    def _mapped(self, name: str) -> Stream:
        """A stream of this name as the site maps it."""
        return next(replace(one, mapping=self.tools.mapping(one)) for one in self.streams() if one.name == name)

    def _objects(self, stream: Stream) -> Objects:
        mapping, name = stream.mapping, _OBJECTS[stream.name]
        return Objects(self.tools.http, self.settings.api, name, mapping.modified, properties_of(mapping))

    @property
    def _contacts(self) -> Contacts:
        return Contacts(self._objects(self._mapped("customers")), self.settings.key_property)
