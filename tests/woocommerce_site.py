"""A small brand that connects a web shop's twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.memory import twin as memory
from connectors.woocommerce.connector import WooCommerce
from connectors.woocommerce.twin import WooOptions, WooTwin
from connectors.woocommerce.twin.books import Record
from hub.clock import FixedClock
from hub.connector import Page, Row, Window
from hub.store import Store
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync.engine import Report
from sync.lanes import Outcome
from tests import site
from tests.site import BaseSite

PEOPLE = Population(40, 3)


@dataclass
class Site(BaseSite):
    """One store, a web shop's twin and a till, one clock for all."""

    connection = "shop"
    yaml = """
  shop:
    type: woocommerce
    url: "{url}"
    consumer_key: ${{WOO_KEY}}
    consumer_secret: ${{WOO_SECRET}}
    create: {create}
    page_size: {page_size}
{settings}
    fields:
      - {{ours: consents.email, theirs: meta_data.newsletter_optout, form: flag, write: false}}
{fields}
"""

    twin: WooTwin

    def secrets(self) -> Mapping[str, str]:
        return {"WOO_KEY": self.twin.options.consumer_key, "WOO_SECRET": self.twin.options.consumer_secret}

    def read(self, name: str = "orders", **ask: Any) -> Outcome:
        """One run, and what it read of one stream of the shop."""
        report = self.sync(**ask)
        assert "shop" not in report.errors, report.errors
        return outcome(report, name)

    # -- what happens in the shop

    def account(self, email: str, **values: Any) -> Record:
        """Somebody registers."""
        return self.twin.books.add_customer({"email": email, **values})

    def order(self, **values: Any) -> Record:
        """Somebody buys."""
        return self.twin.books.add_order({"status": "completed", "total": "10.00", **values})

    def change(self, record: Record, module: str = "customers", **values: Any) -> None:
        """A clerk changes a record."""
        self.edit("change", record, module, values=values)

    def edit(self, op: str, record: Record, module: str = "orders", **more: Any) -> None:
        """A clerk does something to a record."""
        self.twin.edit({"op": op, "module": module, "id": record.id, **more})


def outcome(report: Report, name: str) -> Outcome:
    """What a run read of one stream of the shop."""
    return site.outcome(report, "shop", name)


def read(connector: WooCommerce, window: Window, position: Row | None = None, name: str = "orders") -> list[Page]:
    """All pages of one read."""
    return site.read(connector, window, position, name)


def ids(pages: list[Page]) -> list[int]:
    """The ids of the rows, in order."""
    return [row["id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[int]:
    """The ids of the records that the hub holds of the shop, those that are gone left out."""
    return {int(ext) for ext in site.living(store, "shop", name)}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> WooTwin:
    """A fresh twin on the stage."""
    memory.forget()
    stage.twin = found = WooTwin(population, clock, options=WooOptions(**options))
    return found
