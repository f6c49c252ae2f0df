"""A small brand that connects a Fxiaoke twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from connectors.fxiaoke.twin.records import CLERK, Record
from connectors.memory import twin as memory
from hub.clock import FixedClock
from hub.connector import Page, Row
from hub.store import Store
from hub.testing.people import Population
from hub.testing.twin import Stage
from tests import site
from tests.site import BaseSite, read, stream

__all__ = ["BODY", "HEADER", "ORDER_FIELDS", "PEOPLE", "Site", "ids", "living", "read", "stand", "stream"]

PEOPLE = Population(22, 3)
BODY = "user_id: FSUID_77AA"
HEADER = "auth_mode: header\n    user_id: '1000'"
ORDER_FIELDS = """
      - {stream: orders, ours: source_ref, theirs: field_source__c}
      - {stream: orders, ours: refunded, theirs: field_refund__c}
      - {stream: orders, ours: store, theirs: field_store__c}
      - stream: orders
        ours: status
        theirs: field_state__c
        values: {paid: s1, shipped: s2, done: s3, cancelled: s4, returned: s5}
"""


@dataclass
class Site(BaseSite):
    """One store, a twin of Fxiaoke and a till, one clock for all."""

    connection = "crm"
    yaml = """
  crm:
    type: fxiaoke
    host: "{url}"
    app_id: FSAID_1a2b3c
    app_secret: ${{FXIAOKE_APP_SECRET}}
    permanent_code: ${{FXIAOKE_PERMANENT_CODE}}
    {acts}
    key_field: field_hubId__c
    create: {create}
    page_size: {page_size}
{settings}
    fields:
      - {{ours: tier, theirs: field_tier__c{tier}}}
      - {{ours: stage, theirs: field_stage__c}}
{fields}
"""

    twin: FxiaokeTwin
    fields: str = ORDER_FIELDS
    acts: str = BODY
    tier: str = ""

    def secrets(self) -> Mapping[str, str]:
        own = self.twin.options
        app = {"FXIAOKE_APP_SECRET": own.app_secret, "FXIAOKE_PERMANENT_CODE": own.permanent_code}
        return {**app, "FXIAOKE_MOBILE": "13800000000"}

    # -- what happens in Fxiaoke

    def insert(self, module: str = "AccountObj", **values: Any) -> Record:
        """A clerk makes a record."""
        return self.twin.books.insert(module, values, by=CLERK)

    def edit(self, op: str, record: str, module: str = "AccountObj", **values: Any) -> None:
        """A clerk changes, invalidates or deletes a record."""
        self.twin.edit({"op": op, "module": module, "id": record, "values": values})

    def accounts(self, module: str = "AccountObj") -> dict[str, Row]:
        """Fxiaoke's living customers by id."""
        return {record.id: record.values for record in self.twin.books.tables[module].living()}


def ids(pages: list[Page]) -> list[str]:
    """The ids of the rows, in order."""
    return [row["_id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of Fxiaoke, those that are gone left out."""
    return site.living(store, "crm", name)


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> FxiaokeTwin:
    """A fresh twin on the stage; its select fields know the test brand's tiers and stages."""
    memory.forget()
    wanted = FxiaokeOptions(**{"tiers": ("standard", "silver", "gold"), **options})
    stage.twin = found = FxiaokeTwin(population, clock, options=wanted)
    return found
