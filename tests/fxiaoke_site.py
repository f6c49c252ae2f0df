"""A small brand that connects a Fxiaoke twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from connectors.fxiaoke.connector import Fxiaoke
from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from connectors.fxiaoke.twin.records import CLERK, Record
from connectors.memory import twin as memory
from connectors.memory.twin import MemorySystem
from hub.clock import FixedClock
from hub.connector import Page, Row, Stream, Window
from hub.plugins import Plugins, load_plugins
from hub.settings import load
from hub.store import Store
from hub.store.check import canonical
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.setup import Setup, open_setup
from tests.brand import fixed_keys

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

YAML = """
brand: {{name: Test brand}}
store: "{store}"
brakes: {{share: 1, from_rows: 1000}}
rules:
  tiers:
    main:
      - {{tier: gold, spend_365d: 1000}}
      - {{tier: silver, spend_365d: 100}}
      - {{tier: {floor}}}
connections:
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
  till: {{type: memory, system: till, writable: false}}
"""


@cache
def _plugins() -> Plugins:
    """Loaded once: they are the same in every test."""
    return load_plugins()


@dataclass
class Site:
    """One store, a twin of Fxiaoke and a till, one clock for all."""

    folder: Path
    clock: FixedClock
    twin: FxiaokeTwin
    url: str
    create: bool = False
    page_size: int = 100
    acts: str = BODY
    settings: str = ""
    fields: str = ORDER_FIELDS
    tier: str = ""
    store: str = "kehub.db"
    floor: str = "standard"
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        os.environ["FXIAOKE_APP_SECRET"] = self.twin.options.app_secret
        os.environ["FXIAOKE_PERMANENT_CODE"] = self.twin.options.permanent_code
        os.environ["FXIAOKE_MOBILE"] = "13800000000"
        self.file = self.folder / f"{self.store}.yaml"
        fixed_keys(str(self.folder / self.store), self.clock)
        self.write()

    def write(self, **changed: Any) -> None:
        """Write the configuration, with other settings than before."""
        for name, value in changed.items():
            setattr(self, name, value)
        named = ("url", "page_size", "acts", "settings", "fields", "tier", "floor")
        given = {name: getattr(self, name) for name in named}
        text = YAML.format(store=self.folder / self.store, create=str(self.create).lower(), **given)
        self.file.write_text(text, encoding="utf-8")

    @property
    def till(self) -> MemorySystem:
        """The till."""
        return memory.system("till")

    # -- what the hub does

    @contextmanager
    def opened(self) -> Iterator[Setup]:
        """Configuration and store, as a command opens them."""
        setup = open_setup(load(self.file, _plugins()), self.clock, "tester")
        try:
            yield setup
        finally:
            setup.close()

    @contextmanager
    def connector(self) -> Iterator[Fxiaoke]:
        """The connector with a door of its own."""
        with self.opened() as setup:
            found = setup.connector(setup.config.connection("crm"))
            assert isinstance(found, Fxiaoke)
            yield found

    def sync(self, **ask: Any) -> Report:
        """One run."""
        with self.opened() as setup:
            return sync(setup, Ask(**ask))

    def apply(self, digest: str) -> Report:
        """Approve a plan and push it."""
        with self.opened() as setup:
            plan = find_plan(setup, digest)
            approve(setup, plan, ())
            return push(setup, [plan.connection])

    def sync_and_apply(self, **ask: Any) -> tuple[Report, Report | None]:
        """A run, then what it planned for Fxiaoke."""
        report = self.sync(**ask)
        plan = report.plans.get("crm")
        return report, self.apply(plan.digest) if plan else None

    def text(self) -> list[str]:
        """The store's content as text that is equal for equal stores."""
        with self.opened() as setup:
            return list(canonical(setup.store))

    def look(self, act: Any) -> Any:
        """Something read from the store."""
        with self.opened() as setup:
            return act(setup.store)

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

    def calls(self, part: str = "") -> int:
        """How many calls were made whose method and path hold this."""
        return sum(count for name, count in self.twin.counts.calls.items() if part in name)

    def tally(self) -> dict[str, int]:
        """The receipts by state."""
        return dict(self.look(lambda store: store.receipts.tally("crm")))


def stream(connector: Fxiaoke, name: str = "customers") -> Stream:
    """A stream as the site maps it."""
    (found,) = (one for one in connector.streams() if one.name == name)
    return replace(found, mapping=connector.tools.mapping(found))


def read(connector: Fxiaoke, window: Window, position: Row | None = None, name: str = "customers") -> list[Page]:
    """All pages of one read."""
    return list(connector.read(stream(connector, name), window, position))


def ids(pages: list[Page]) -> list[str]:
    """The ids of the rows, in order."""
    return [row["_id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of Fxiaoke, those that are gone left out."""
    sql = "SELECT ext FROM record WHERE connection = 'crm' AND stream = :stream AND gone = 0 AND placeholder = 0"
    return {ext for (ext,) in store.db.rows(sql, {"stream": name})}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> FxiaokeTwin:
    """A fresh twin on the stage; its select fields know the test brand's tiers and stages."""
    memory.forget()
    wanted = FxiaokeOptions(**{"tiers": ("standard", "silver", "gold"), **options})
    stage.twin = found = FxiaokeTwin(population, clock, options=wanted)
    return found
