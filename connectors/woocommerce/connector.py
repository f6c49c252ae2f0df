"""WooCommerce: customers both ways, orders read. `wire/` knows how it is spoken to, `fields.py` what means what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from connectors.woocommerce.fields import CUSTOMERS, ORDERS
from connectors.woocommerce.wire.accounts import Accounts
from connectors.woocommerce.wire.batch import Meta
from connectors.woocommerce.wire.customers import Customers
from connectors.woocommerce.wire.customers import Place as CustomersPlace
from connectors.woocommerce.wire.dialect import dialect
from connectors.woocommerce.wire.findings import Examiner
from connectors.woocommerce.wire.listing import Listing
from connectors.woocommerce.wire.orders import Orders, named
from connectors.woocommerce.wire.orders import Place as OrdersPlace
from connectors.woocommerce.wire.rows import asked
from connectors.woocommerce.wire.settings import WooSettings
from connectors.woocommerce.wire.webhook import heard
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


class WooCommerce(Connector[WooSettings]):
    """One web shop on WooCommerce."""

    type = "woocommerce"
    Settings = WooSettings
    hooks = True
    version = "wc/v3"

    @classmethod
    def tagging(cls, settings: WooSettings) -> Tagging:
        """Tags live in a meta field, and go with the other fields; in a text there are commas between them."""
        return Tagging(r"meta_data\..+", refused="," if settings.tags_as == "text" else "")

    def dialect(self) -> Dialect:
        """Basic on https, OAuth 1.0a on plain http."""
        return dialect(self.settings)

    def streams(self) -> Sequence[Stream]:
        """Customers, of whom the shop cannot say who changed, then orders."""
        own = self.settings
        feed: Literal["partial", "none"] = "partial" if own.sweep_hours else "none"
        hours, days = timedelta(hours=own.sweep_hours), timedelta(days=own.orders_sweep_days)
        customers = Stream("customers", "customers", CUSTOMERS, "swept", feed, "absence", sweep=hours or None)
        orders = Stream("orders", "orders", ORDERS, "swept", deletes="feed", counts=own.counts, sweep=days or None)
        chosen = (customers, orders) if own.orders else (customers,)
        return tuple(replace(stream, shrink_brake=0.2) for stream in chosen)

    def target(self) -> Target | None:
        """Customers; an account is made under a name that carries the create's key, and only where the site says so."""
        own = self.settings
        return Target(
            batch=own.batch_rows,
            create_key="username",
            creates=True,
            settle=timedelta(seconds=own.settle_seconds),
            seconds_per_call=2.0,
            side_effects=("a create makes an account to sign in with, and the shop may mail the person",),
        )

    def check(self) -> Iterable[Finding]:
        """The key, its rights, and whether the shop filters orders by time of change."""
        orders = self._listing("orders") if self.settings.orders else None
        return Examiner(self.tools, self._listing("customers"), orders, self.settings.signs).findings()

    def server_time(self) -> datetime:
        """The shop's time."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window by listing, by id; see `wire/walk.py`."""
        try:
            read = self._customers if stream.name == "customers" else self._orders
            return read(asked(stream.mapping), window, position)
        except (TypeError, KeyError):  # a position of another version of this connector
            return iter((Page(restart=True),))

    def _customers(self, fields: str, window: Window, position: Row | None) -> Iterator[Page]:
        own = self.settings
        start = CustomersPlace("all" if window.full else "new")
        return Customers(
            self._listing("customers"),
            self._listing("orders") if own.orders else None,
            window,
            start if position is None else CustomersPlace.of(position),
            own.page_size,
            own.role,
            fields,
            own.hidden("customers"),
        ).pages()

    def _orders(self, fields: str, window: Window, position: Row | None) -> Iterator[Page]:
        own, place = self.settings, OrdersPlace.of(position)
        listing, hidden = self._listing("orders"), own.hidden("orders")
        return Orders(listing, window, place, own.page_size, own.statuses, fields, hidden).pages()

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Customers by id, a hundred a call."""
        return self._accounts.fetch(ids)

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Update by the shop's own id; make an account under the name that carries the create's key."""
        updates = [entry for entry in batch if entry.external_id]
        creates = [entry for entry in batch if not entry.external_id and entry.create_key]
        keyless = [entry for entry in batch if not (entry.external_id or entry.create_key)]
        refused = [RowResult(entry.key, "refused", code="NO_CREATE_KEY") for entry in keyless]
        return [*refused, *(self._accounts.write(updates, creates) if updates or creates else ())]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The accounts whose names carry these create keys."""
        return self._accounts.lookup(create_keys)

    def webhook(self, delivery: Delivery) -> Heard:
        """What the shop tells of accounts and orders, signed with `webhook_secret`; see `wire/webhook.py`."""
        own = self.settings
        return heard(delivery, own.webhook_secret.get_secret_value() if own.webhook_secret else "", orders=own.orders)

    def named(self, stream: Stream, ids: Sequence[str]) -> dict[str, Row]:
        """Accounts of the role that is read, or orders that are neither drafts nor in the trash, a hundred a call."""
        if stream.name == "customers":
            return self._accounts.fetch(ids, self.settings.role)
        return named(self._listing("orders"), ids, self.settings.statuses, asked(stream.mapping))

    @property
    def _accounts(self) -> Accounts:
        own = self.settings
        meta = Meta(None if own.clear_meta == "null" else "", own.tags_as == "text")
        return Accounts(self._listing("customers"), meta)

    def _listing(self, name: str) -> Listing:
        return Listing(self.tools.http, f"{self.settings.api}/{name}")
