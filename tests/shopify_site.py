"""A small brand that connects a Shopify twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.memory import twin as memory
from connectors.shopify.twin import ShopifyOptions, ShopifyTwin
from connectors.shopify.twin.books import Record
from hub.clock import FixedClock
from hub.connector import Page
from hub.store import Store
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync.lanes import Outcome
from tests import site
from tests.site import BaseSite, read, stream

__all__ = ["PEOPLE", "Site", "ids", "living", "read", "stand", "stream"]

PEOPLE = Population(40, 3)


@dataclass
class Site(BaseSite):
    """One store, a Shopify twin and a till, one clock for all; small, so read by pages unless its settings say otherwise."""

    connection = "shop"
    yaml = """
  shop:
    type: shopify
    url: "{url}"
    client_id: twin-client
    client_secret: ${{SHOPIFY_CLIENT_SECRET}}
    create: {create}
    page_size: {page_size}
{settings}
    fields:
{fields}
"""

    twin: ShopifyTwin
    fields: str = "      - {ours: tags, theirs: tags, of: [tier], prefix: kehub-}"

    def secrets(self) -> Mapping[str, str]:
        return {"SHOPIFY_CLIENT_SECRET": self.twin.options.client_secret}

    def read(self, name: str = "customers", **ask: Any) -> Outcome:
        """One run of the shop alone, and what it read of one stream."""
        report = self.sync(only=["shop"], **ask)
        assert "shop" not in report.errors, report.errors
        return site.outcome(report, "shop", name)

    def asked(self, operation: str) -> int:
        """How often an operation of GraphQL was carried out, or refused."""
        return self.twin.counts.calls[f"GraphQL {operation}"]

    # -- what happens in the shop

    def customer(self, **values: Any) -> Record:
        """Somebody registers."""
        return self.twin.books.add("customers", values)

    def order(self, **values: Any) -> Record:
        """Somebody buys."""
        paid = {"displayFinancialStatus": "PAID", "closed": True, "total": "10.00"}
        return self.twin.books.add("orders", {**paid, **values})

    def change(self, record: Record, module: str = "customers", **values: Any) -> None:
        """A clerk changes a record."""
        self.edit("change", record, module, values=values)

    def edit(self, op: str, record: Record, module: str = "customers", **more: Any) -> None:
        """A clerk does something to a record."""
        self.twin.edit({"op": op, "module": module, "id": record.id, **more})


def ids(pages: list[Page]) -> list[str]:
    """The ids of the rows, in order."""
    return [row["id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[int]:
    """The ids of the records that the hub holds of the shop, those that are gone left out."""
    return {int(ext) for ext in site.living(store, "shop", name)}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> ShopifyTwin:
    """A fresh twin on the stage."""
    memory.forget()
    stage.twin = found = ShopifyTwin(population, clock, options=ShopifyOptions(**options))
    return found
