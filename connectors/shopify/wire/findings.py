"""Proving that the connection may do what it has to: sign-in, version, scopes, personal fields, metafields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.shopify.wire.api import Api
from connectors.shopify.wire.documents import Documents
from connectors.shopify.wire.rows import nodes_of
from connectors.shopify.wire.selection import META
from connectors.shopify.wire.settings import PINNED, ShopifySettings, sunset
from connectors.shopify.wire.writing import TEXT, split, unwritable
from hub.connector import Finding, Row, Tools
from hub.errors import HubError, PermissionMissing

_SOON = timedelta(days=60)
_SCOPES = "query Scopes{currentAppInstallation{accessScopes{handle}}}"
_DEFINED = (
    "query Definitions($namespace:String!){metafieldDefinitions(ownerType:CUSTOMER, first:100, namespace:$namespace)"
    "{nodes{namespace key type{name} capabilities{uniqueValues{enabled}}}}}"
)
_PERSONAL = {
    "customers": "query TryCustomers{customers(first:1){nodes{id firstName defaultEmailAddress{emailAddress}}}}",
    "orders": "query TryOrders{orders(first:1){nodes{id email}}}",
}
_APP = "in the Dev Dashboard, then release and install that version of the app"


@dataclass(frozen=True)
class Examiner:
    """Looks at one shop; `documents` are those of the streams as the site maps them, customers first."""

    tools: Tools
    api: Api
    settings: ShopifySettings
    documents: tuple[Documents, ...]

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; without a sign-in that is the only one."""
        try:
            installed = self.api.ask(_SCOPES).get("currentAppInstallation")
        except HubError as fault:
            yield Finding("sign-in", False, fault.remedy or str(fault))
            return
        yield Finding("sign-in", True)
        yield from self._version()
        scopes = installed.get("accessScopes") if isinstance(installed, dict) else None
        handles = {str(one.get("handle")) for one in scopes or () if isinstance(one, dict)}
        yield from self._scopes(handles)
        for one in self.documents:
            yield self._personal(one.stream)
        yield from self._written()
        yield from self._metafields()

    def _version(self) -> Iterator[Finding]:
        asked, served = self.settings.api_version, self.api.served
        end = sunset(asked)
        late = end is None or self.tools.clock.now().date() >= end - _SOON
        name = f"API version {asked}" + (f", served until {end}" if end else ", which changes from day to day")
        yield Finding(name, not late, f"move on: `api_version`; this connector was made for {PINNED}" if late else "")
        if served and served != asked:
            remedy = (
                f"the shop answers by {served}, as {asked} is not served any more or not yet: set `api_version` to it"
            )
            yield Finding(f"API version {asked} is not the one that answers", False, remedy)

    def _scopes(self, handles: set[str]) -> Iterator[Finding]:
        needed = {"read_customers": "customers are read", "write_customers": "customers are written"}
        if self.settings.orders:
            needed["read_orders"] = "orders of the last 60 days are read"
            needed["read_all_orders"] = "older orders are read; Shopify grants it on request"
        for scope, use in needed.items():
            there = scope in handles or (scope.startswith("read_") and scope.replace("read", "write", 1) in handles)
            yield Finding(f"scope {scope}", there, "" if there else f"grant it {_APP}: with it {use}")

    def _personal(self, stream: str) -> Finding:
        subject = f"names and addresses of {stream}"
        try:
            self.api.ask(_PERSONAL[stream])
        except PermissionMissing:
            remedy = "ask for access to protected customer data (name, e-mail, phone, address) in the app's settings"
            return Finding(subject, False, remedy)
        except HubError as fault:
            return Finding(subject, False, fault.remedy or str(fault))
        return Finding(subject, True)

    def _written(self) -> Iterator[Finding]:
        """Fields that a site's map says are written and that never are: consent above all."""
        mapping = self.documents[0].mapping
        own = unwritable(entry.theirs for entry in mapping.writable())
        for name in own:
            yield Finding(
                f"field {name}", False, "the hub never writes it: say `write: false` in the connection's `fields`"
            )

    def _metafields(self) -> Iterator[Finding]:
        names = {entry.theirs for entry in self.documents[0].mapping.writable() if entry.theirs.startswith(META)}
        key = self.settings.create_key if self.tools.creates and self.settings.creates_by == "custom_id" else ""
        wanted = sorted(names | ({META + key} if key else set()))
        try:
            defined = self._defined({name.split(".")[1] for name in wanted})
        except HubError as fault:
            yield Finding("metafields", False, fault.remedy or str(fault))
            return
        for name in wanted:
            known = defined.get(name)
            yield self._key(name, known) if name == META + key else self._text(name, known)

    def _defined(self, namespaces: set[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for namespace in sorted(namespaces):
            for row in nodes_of(self.api.ask(_DEFINED, {"namespace": namespace}).get("metafieldDefinitions")):
                found[f"{META}{row.get('namespace')}.{row.get('key')}"] = row
        return found

    @staticmethod
    def _text(name: str, known: Row | None) -> Finding:
        good = known is None or _name(known.get("type")) == TEXT
        return Finding(name, good, "" if good else "its definition takes no single line of text: map another metafield")

    @staticmethod
    def _key(name: str, known: Row | None) -> Finding:
        _, key = split(name)
        if known and _name(known.get("type")) == "id":
            return Finding(name, True)
        remedy = f"define it for customers: type `id`, key {key}; or set `creates_by: tag`"
        return Finding(name, False, remedy)


def _name(found: Any) -> str:
    return str(found.get("name")) if isinstance(found, dict) else ""
