"""A small brand that connects a HubSpot twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.hubspot.twin import HubSpotOptions, HubSpotTwin
from connectors.hubspot.twin.books import Record
from connectors.memory import twin as memory
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
STAGES = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")


@dataclass
class Site(BaseSite):
    """One store, a twin of HubSpot and a till, one clock for all."""

    connection = "crm"
    yaml = """
  crm:
    type: hubspot
    api_url: "{url}"
    {access}
    webhook_secret: ${{HUBSPOT_SECRET}}
    edition: professional
    create: {create}
    page_size: {page_size}
    search_rows: {search_rows}
{settings}
    fields:
      - {{stream: orders, ours: source_ref, theirs: kehub_source_ref}}
{fields}
"""

    twin: HubSpotTwin
    search_rows: int = 200
    access: str = "token: ${HUBSPOT_TOKEN}"

    def secrets(self) -> Mapping[str, str]:
        own = self.twin.options
        return {
            "HUBSPOT_TOKEN": own.token,
            "HUBSPOT_SECRET": own.client_secret,
            "HUBSPOT_REFRESH": own.refresh_token,
        }

    def outcome(self, name: str = "customers", **ask: Any) -> Outcome:
        """One run, and what it read of one stream."""
        report = self.sync(**ask)
        assert "crm" not in report.errors, report.errors
        return site.outcome(report, "crm", name)

    # -- what happens in HubSpot

    def insert(self, module: str = "contacts", **values: Any) -> Record:
        """A clerk makes a record."""
        return self.twin.books.insert(module, values)

    def change(self, record: Any, module: str = "contacts", **values: Any) -> None:
        """A clerk changes a record."""
        self.edit("change", record, module, values=values)

    def edit(self, op: str, record: Any, module: str = "contacts", **more: Any) -> None:
        """A clerk does something to a record."""
        self.twin.edit({"op": op, "module": module, "id": getattr(record, "id", record), **more})

    def rows(self, module: str = "contacts") -> dict[int, Record]:
        """The living records by id."""
        return self.twin.books.kinds[module].rows


OAUTH = "client_id: twin-client\n    client_secret: ${HUBSPOT_SECRET}\n    refresh_token: ${HUBSPOT_REFRESH}"


def ids(pages: list[Page]) -> list[int]:
    """The ids of the rows, in order."""
    return [int(row["id"]) for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[int]:
    """The ids of the records that the hub holds of HubSpot, those that are gone left out."""
    return {int(ext) for ext in site.living(store, "crm", name)}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> HubSpotTwin:
    """A fresh twin on the stage; its options know the test brand's tiers and stages."""
    memory.forget()
    wanted = HubSpotOptions(**{"stages": STAGES, "tiers": ("standard", "silver", "gold"), **options})
    stage.twin = found = HubSpotTwin(population, clock, options=wanted)
    return found
