"""A small brand over systems in memory, for tests of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from connectors.memory import twin
from connectors.memory.twin import MemorySystem
from hub.clock import FixedClock
from hub.plugins import load_plugins
from hub.settings import load
from hub.testing.site import fixed_keys
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.setup import Setup, open_setup

YAML = """
brand: {{name: Test brand}}
store: "{store}"
brakes: {{share: 1, from_rows: 10}}
rules:
  tiers:
    main:
      - {{tier: gold, spend_365d: 1000}}
      - {{tier: silver, spend_365d: 100}}
      - {{tier: member}}
connections:
  crm: {{type: memory, system: crm{crm}}}
  till: {{type: memory, system: till, writable: false{till}}}
"""


@dataclass
class Brand:
    """Two systems in memory (a CRM one writes to, a till one only reads), one store, one clock."""

    folder: Path
    location: str
    clock: FixedClock
    crm_options: str = ""
    till_options: str = ""
    yaml: str = YAML
    setups: list[Setup] = field(default_factory=list)

    def __post_init__(self) -> None:
        twin.forget()
        self.file = self.folder / "kehub.yaml"
        self.file.write_text(
            self.yaml.format(store=self.location, crm=self.crm_options, till=self.till_options), encoding="utf-8"
        )
        fixed_keys(self.location, self.clock)

    @property
    def crm(self) -> MemorySystem:
        """The CRM."""
        return twin.system("crm")

    @property
    def till(self) -> MemorySystem:
        """The till."""
        return twin.system("till")

    def setup(self, as_of: date | None = None, actor: str = "tester") -> Setup:
        """Open configuration and store as the command line does."""
        config = load(self.file, load_plugins())
        return open_setup(config, self.clock, actor, as_of)

    def sync(self, as_of: date | None = None, **ask: Any) -> Report:
        """One run."""
        setup = self.setup(as_of)
        try:
            return sync(setup, Ask(**ask))
        finally:
            setup.close()

    def apply(self, digest: str, *released: str) -> Report:
        """Approve a plan and push it."""
        setup = self.setup()
        try:
            plan = find_plan(setup, digest)
            approve(setup, plan, released)
            return push(setup, [plan.connection])
        finally:
            setup.close()

    def sync_and_apply(self, **ask: Any) -> Report:
        """A run, then everything it planned."""
        report = self.sync(**ask)
        for plan in list(report.plans.values()):
            self.apply(plan.digest, "share")
        return report
