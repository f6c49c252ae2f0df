"""Proving that the connection may do what it has to: the key, its rights, and a shop that filters by time of change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from connectors.woocommerce.wire.listing import Listing
from connectors.woocommerce.wire.orders import bounds
from hub.connector import Finding, Tools, Window
from hub.errors import AuthError, HubError, PermissionMissing, Rejected

_KEY = "WooCommerce > Settings > Advanced > REST API"


@dataclass(frozen=True)
class Examiner:
    """Looks at one shop; `orders` is None where they are not read."""

    tools: Tools
    customers: Listing
    orders: Listing | None
    signs: bool

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; when the key is not accepted, that is the only one."""
        fault = self._fault(lambda: self.customers.page({"_fields": "id"}, 0, 2))
        if fault is not None and not isinstance(fault, PermissionMissing | Rejected):
            yield Finding("key", False, self._remedy(fault))
            return
        yield Finding("key", True)
        user = f"give the key's user the role of a shop manager, and the key read and write: {_KEY}"
        yield Finding("right to read customers", fault is None, "" if fault is None else user)
        yield from self._orders(user)
        fault = self._fault(self.customers.try_to_write)
        fine = fault is None or isinstance(fault, Rejected)  # refused for being empty: the right is there
        yield Finding("right to write customers", fine, "" if fine else user)

    def _orders(self, remedy: str) -> Iterator[Finding]:
        if self.orders is None:
            return
        now = self.tools.clock.now()
        later = Window(now + timedelta(days=365), now + timedelta(days=366))
        try:
            _, total = self.orders.page({**bounds(later), "_fields": "id"}, 0, 2)
        except HubError as fault:
            missing = isinstance(fault, PermissionMissing)
            yield Finding("right to read orders", False, remedy if missing else fault.remedy or str(fault))
            return
        yield Finding("right to read orders", True)
        old = "update WooCommerce: this one does not filter orders by time of change, so each run reads all of them"
        yield Finding("orders by time of change", total == 0, old if total else "")

    def _remedy(self, fault: HubError) -> str:
        if not isinstance(fault, AuthError):
            return fault.remedy or str(fault)
        more = (
            "write the address as the site itself does (www or not), and set this computer's clock"
            if self.signs
            else "behind a proxy that ends https the site may take the call for plain http: set `auth: oauth1`"
        )
        return f"check consumer_key and consumer_secret ({_KEY}); {more}"

    @staticmethod
    def _fault(call: Callable[[], object]) -> HubError | None:
        try:
            call()
        except HubError as fault:
            return fault
        return None
