"""A small brand that connects a web shop's twin, over real HTTP, and a till in memory: for tests of the connector."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.memory import twin as memory
from connectors.memory.twin import MemorySystem
from connectors.woocommerce.connector import WooCommerce
from connectors.woocommerce.twin import WooOptions, WooTwin
from connectors.woocommerce.twin.books import Record
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
from sync.observe import Outcome
from sync.setup import Setup, open_setup
from tests.brand import fixed_keys

PEOPLE = Population(40, 3)

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
  till: {{type: memory, system: till, writable: false}}
"""


@dataclass
class Site:
    """One store, a web shop's twin and a till, one clock for all."""

    folder: Path
    clock: FixedClock
    twin: WooTwin
    url: str
    create: bool = False
    page_size: int = 100
    settings: str = ""
    fields: str = ""
    store: str = "kehub.db"
    floor: str = "standard"
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        os.environ["WOO_KEY"] = self.twin.options.consumer_key
        os.environ["WOO_SECRET"] = self.twin.options.consumer_secret
        self.file = self.folder / f"{self.store}.yaml"
        fixed_keys(str(self.folder / self.store), self.clock)
        self.write()

    def write(self, **changed: Any) -> None:
        """Write the configuration, with other settings than before."""
        for name, value in changed.items():
            setattr(self, name, value)
        given = {name: getattr(self, name) for name in ("url", "page_size", "settings", "fields", "floor")}
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
    def connector(self) -> Iterator[WooCommerce]:
        """The connector with a door of its own."""
        with self.opened() as setup:
            found = setup.connector(setup.config.connection("shop"))
            assert isinstance(found, WooCommerce)
            yield found

    def sync(self, **ask: Any) -> Report:
        """One run."""
        with self.opened() as setup:
            return sync(setup, Ask(**ask))

    def read(self, name: str = "orders", **ask: Any) -> Outcome:
        """One run, and what it read of one stream of the shop."""
        report = self.sync(**ask)
        assert "shop" not in report.errors, report.errors
        return outcome(report, name)

    def apply(self, digest: str) -> Report:
        """Approve a plan and push it."""
        with self.opened() as setup:
            plan = find_plan(setup, digest)
            approve(setup, plan, ())
            return push(setup, [plan.connection])

    def sync_and_apply(self, **ask: Any) -> tuple[Report, Report | None]:
        """A run, then what it planned for the shop."""
        report = self.sync(**ask)
        plan = report.plans.get("shop")
        return report, self.apply(plan.digest) if plan else None

    def text(self) -> list[str]:
        """The store's content as text that is equal for equal stores."""
        with self.opened() as setup:
            return list(canonical(setup.store))

    def look(self, act: Any) -> Any:
        """Something read from the store."""
        with self.opened() as setup:
            return act(setup.store)

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

    def calls(self, part: str = "") -> int:
        """How many calls were made whose method and path hold this."""
        return sum(count for name, count in self.twin.counts.calls.items() if part in name)


def outcome(report: Report, name: str) -> Outcome:
    """What a run read of one stream of the shop."""
    (lane,) = (lane for lane in report.lanes if lane.name == "shop")
    return lane.outcomes[name]


def read(connector: WooCommerce, window: Window, position: Row | None = None, name: str = "orders") -> list[Page]:
    """All pages of one read."""
    (found,) = (one for one in connector.streams() if one.name == name)
    mapped: Stream = replace(found, mapping=connector.tools.mapping(found))
    return list(connector.read(mapped, window, position))


def ids(pages: list[Page]) -> list[int]:
    """The ids of the rows, in order."""
    return [row["id"] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[int]:
    """The ids of the records that the hub holds of the shop, those that are gone left out."""
    sql = "SELECT ext FROM record WHERE connection = 'shop' AND stream = :stream AND gone = 0 AND placeholder = 0"
    return {int(ext) for (ext,) in store.db.rows(sql, {"stream": name})}


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> WooTwin:
    """A fresh twin on the stage."""
    memory.forget()
    stage.twin = found = WooTwin(population, clock, options=WooOptions(**options))
    return found
