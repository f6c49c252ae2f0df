"""A small brand that connects a Zoho twin, over real HTTP, and a till in memory: for tests of the Zoho connector."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.memory import twin as memory
from connectors.memory.twin import MemorySystem
from connectors.zoho.connector import Zoho
from connectors.zoho.twin import ZohoOptions, ZohoTwin
from connectors.zoho.twin.records import CLERK, Record
from hub.clock import FixedClock
from hub.connector import Page, Row, Stream, Window
from hub.plugins import load_plugins
from hub.settings import load
from hub.store import Store
from hub.store.check import canonical
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.setup import Setup, open_setup
from tests.brand import fixed_keys

PEOPLE = Population(30, 3)
STAGES = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")

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
  till: {{type: memory, system: till, writable: false}}
"""


@dataclass
class Site:
    """One store, a twin of Zoho and a till, one clock for all."""

    folder: Path
    clock: FixedClock
    twin: ZohoTwin
    url: str
    create: bool = False
    page_size: int = 200
    settings: str = ""
    fields: str = ""
    store: str = "kehub.db"
    floor: str = "standard"
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        os.environ["ZOHO_CLIENT_SECRET"] = self.twin.options.client_secret
        os.environ["ZOHO_REFRESH_TOKEN"] = self.twin.options.refresh_token
        self.file = self.folder / f"{self.store}.yaml"
        fixed_keys(str(self.folder / self.store), self.clock)
        self.write()

    def write(self, **changed: Any) -> None:
        """Write the configuration, with other settings than before."""
        for name, value in changed.items():
            setattr(self, name, value)
        named = ("url", "page_size", "settings", "fields", "floor")
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
        setup = open_setup(load(self.file, load_plugins()), self.clock, "tester")
        try:
            yield setup
        finally:
            setup.close()

    @contextmanager
    def connector(self) -> Iterator[Zoho]:
        """The connector with a door of its own."""
        with self.opened() as setup:
            found = setup.connector(setup.config.connection("crm"))
            assert isinstance(found, Zoho)
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
        """A run, then what it planned for Zoho."""
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

    def calls(self, part: str = "") -> int:
        """How many calls were made whose method and path hold this."""
        return sum(count for name, count in self.twin.counts.calls.items() if part in name)


def stream(connector: Zoho, name: str = "customers") -> Stream:
    """A stream as the site maps it."""
    (found,) = (one for one in connector.streams() if one.name == name)
    return replace(found, mapping=connector.tools.mapping(found))


def read(connector: Zoho, window: Window, position: Row | None = None, name: str = "customers") -> list[Page]:
    """All pages of one read."""
    return list(connector.read(stream(connector, name), window, position))


def ids(pages: list[Page]) -> list[str]:
    """The ids of the rows, in order."""
    return [row["id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of Zoho, those that are gone left out."""
    sql = "SELECT ext FROM record WHERE connection = 'crm' AND stream = :stream AND gone = 0 AND placeholder = 0"
    return {ext for (ext,) in store.db.rows(sql, {"stream": name})}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> ZohoTwin:
    """A fresh twin on the stage; its picklists know the test brand's tiers and stages."""
    memory.forget()
    wanted = ZohoOptions(**{"stages": STAGES, "tiers": ("standard", "silver", "gold"), **options})
    stage.twin = found = ZohoTwin(population, clock, options=wanted)
    return found
