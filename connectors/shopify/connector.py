"""Shopify: customers both ways, orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from connectors.shopify.fields import CUSTOMERS, ORDERS
from connectors.shopify.wire.api import Api
from connectors.shopify.wire.bulk import Bulk
from connectors.shopify.wire.customers import Customers
from connectors.shopify.wire.dialect import dialect
from connectors.shopify.wire.documents import Documents
from connectors.shopify.wire.export import Export
from connectors.shopify.wire.findings import Examiner
from connectors.shopify.wire.listing import Listing
from connectors.shopify.wire.place import Place, spelled
from connectors.shopify.wire.settings import PINNED, ShopifySettings, sunset
from connectors.shopify.wire.walk import Walk
from connectors.shopify.wire.webhook import heard
from hub.connector import (
    Connector,
    Delivery,
    Dialect,
    Finding,
    Heard,
    Mapping,
    Page,
    Row,
    RowResult,
    Stream,
    Tagging,
    Target,
    Window,
    Write,
)

_EXPORT_ROWS = 500


class Shopify(Connector[ShopifySettings]):
    """One shop on Shopify."""

    type = "shopify"
    Settings = ShopifySettings
    hooks = True
    version = f"{PINNED}, served until {sunset(PINNED)}"

    @classmethod
    def tagging(cls, settings: ShopifySettings) -> Tagging:
        """Tags of customers, added and removed one by one; a tag ends at a comma."""
        return Tagging("tags", max_length=255, refused=",")

    def dialect(self) -> Dialect:
        """GraphQL, whose errors come with status 200."""
        return dialect(self.settings)

    def streams(self) -> Sequence[Stream]:
        """Customers, then orders; what was deleted or merged shows by absence."""
        own = self.settings
        sweep = timedelta(days=own.sweep_days) or None
        customers = Stream(
            "customers", "customers", CUSTOMERS, "swept", deletes="absence", shrink_brake=0.2, sweep=sweep
        )
        orders = Stream(
            "orders", "orders", ORDERS, "swept", deletes="absence", counts=own.counts, shrink_brake=0.2, sweep=sweep
        )
        return (customers, orders) if own.orders else (customers,)

    def target(self) -> Target | None:
        """Customers, one mutation or more each, in one document; made under a key of their own."""
        own = self.settings
        return Target(
            batch=own.batch_rows,
            create_key=self._key or "tags",
            creates=True,
            native_idempotency=self._key != "",
            settle=timedelta(seconds=own.settle_seconds),
            seconds_per_call=1.0,
        )

    def check(self) -> Iterable[Finding]:
        """Sign-in, version, scopes, personal fields, metafields."""
        documents = tuple(self._documents(self.tools.mapping(one), one.name) for one in self.streams())
        return Examiner(self.tools, self._api, self.settings, documents).findings()

    def server_time(self) -> datetime:
        """The shop's time."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window by pages or by a bulk operation; see `wire/walk.py`."""
        own, listing = self.settings, self._listing(stream)
        search = "" if window.full else f"updated_at:>='{spelled(window)}'"
        bulk = Bulk(self._api, own.bulk_bytes)
        export = Export(bulk, listing, self.tools.clock, search, _EXPORT_ROWS, self._refused) if own.bulk_from else None
        try:
            place = Place.of(position)
        except (TypeError, KeyError):  # a position of another version of this connector
            return iter((Page(restart=True),))
        hidden, resumed = own.hidden(stream.name), position is not None
        return Walk(listing, window, place, export, own.bulk_from, own.deep_rows, hidden, resumed).pages()

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Customers by id, some a call."""
        return self.named(self.streams()[0], ids)

    def named(self, stream: Stream, ids: Sequence[str]) -> dict[str, Row]:
        """Customers or orders by id, some a call."""
        return self._listing(stream, self.tools.mapping(stream)).by_ids(ids)

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Update by the shop's own id; create under a key; a result for each, whatever became of the others."""
        return self._customers.write(batch)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The customers under these create keys."""
        return self._customers.lookup(create_keys)

    def webhook(self, delivery: Delivery) -> Heard:
        """What a delivery says, if it is signed with the app's client secret."""
        return heard(delivery, self.settings.secrets, orders=self.settings.orders)

    @property
    def _key(self) -> str:
        return self.settings.create_key if self.settings.creates_by == "custom_id" else ""

    @cached_property
    def _api(self) -> Api:
        return Api(self.tools.http, self.settings.api, self.tools.clock)

    @cached_property
    def _refused(self) -> set[str]:
        return set()

    @cached_property
    def _customers(self) -> Customers:
        return Customers(self._api, self._key, self.settings.guard_digests)

    def _documents(self, mapping: Mapping, stream: str) -> Documents:
        return Documents(stream, mapping, self.settings.lines)

    def _listing(self, stream: Stream, mapping: Mapping | None = None) -> Listing:
        own = self.settings
        documents = self._documents(mapping or stream.mapping, stream.name)
        return Listing(self._api, documents, own.page_size, own.query_cost, own.channels)
