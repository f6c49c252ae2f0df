"""A small brand that connects a Zoho twin, over real HTTP, and a till in memory: for tests of the Zoho connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.memory import twin as memory
from connectors.zoho.twin import ZohoOptions, ZohoTwin
from connectors.zoho.twin.records import CLERK, Record
from hub.clock import FixedClock
from hub.connector import Page, Row
from hub.store import Store
from hub.testing.people import Population
from hub.testing.twin import Stage
from tests import site
from tests.site import BaseSite, read, stream

__all__ = ["PEOPLE", "STAGES", "Site", "ids", "living", "read", "stand", "stream"]

PEOPLE = Population(30, 3)
STAGES = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")


@dataclass
class Site(BaseSite):
    """One store, a twin of Zoho and a till, one clock for all."""

    connection = "crm"
    yaml = """
  crm:
    type: zoho
    data_centre: cn
    accounts_url: "{url}"
    client_id: 1000.TWINCLIENT
    client_secret: ${{ZOHO_CLIENT_SECRET}}
    refresh_token: ${{ZOHO_REFRESH_TOKEN}}
    create: {create}
    page_size: {page_size}
{settings}
    fields:
      - {{stream: orders, ours: number, theirs: Order_No}}
      - {{stream: orders, ours: placed_at, theirs: Placed_At}}
      - {{stream: orders, ours: refunded, theirs: Refunded_Amount}}
      - {{stream: orders, ours: source_ref, theirs: Source_Order_No}}
      - {{stream: orders, ours: store, theirs: Store_Code}}
{fields}
"""

    twin: ZohoTwin
    page_size: int = 200

    def secrets(self) -> Mapping[str, str]:
        own = self.twin.options
        return {"ZOHO_CLIENT_SECRET": own.client_secret, "ZOHO_REFRESH_TOKEN": own.refresh_token}

    # -- what happens in Zoho

    def insert(self, module: str = "Contacts", **values: Any) -> Record:
        """A clerk makes a record."""
        return self.twin.books.insert(module, values, by=CLERK)

    def change(self, record: str, module: str = "Contacts", **values: Any) -> None:
        """A clerk changes a record."""
        self.twin.edit({"op": "change", "module": module, "id": record, "values": values})

    def delete(self, record: str, module: str = "Contacts") -> None:
        """A clerk deletes a record."""
        self.twin.edit({"op": "delete", "module": module, "id": record})

    def contacts(self) -> dict[str, Row]:
        """Zoho's contacts by id."""
        return {id_: record.values for id_, record in self.twin.books.modules["Contacts"].rows.items()}


def ids(pages: list[Page]) -> list[str]:
    """The ids of the rows, in order."""
    return [row["id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of Zoho, those that are gone left out."""
    return site.living(store, "crm", name)


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> ZohoTwin:
    """A fresh twin on the stage; its picklists know the test brand's tiers and stages."""
    memory.forget()
    wanted = ZohoOptions(**{"stages": STAGES, "tiers": ("standard", "silver", "gold"), **options})
    stage.twin = found = ZohoTwin(population, clock, options=wanted)
    return found
