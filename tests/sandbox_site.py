"""The sandbox's brand in one process: twins of three systems over real HTTP, the tills' files, one clock for all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from connectors.woocommerce.twin import WooOptions, WooTwin
from connectors.zoho.twin import ZohoOptions, ZohoTwin
from hub.clock import FixedClock
from hub.plugins import load_plugins
from hub.settings import load
from hub.testing.people import Population
from hub.testing.sandbox_yaml import CONNECTIONS, SYSTEMS, configuration, environment
from hub.testing.shopfiles import write_shop_files
from hub.testing.twin import Stage, serving
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.setup import Setup, open_setup
from tests.brand import fixed_keys

Stages = Mapping[str, tuple[Stage, str]]
"""By system, the stage that its twins stand on, and the stage's address."""


@contextmanager
def stages() -> Iterator[Stages]:
    """A server for each system, on which one twin after the other may stand."""
    with ExitStack() as served:
        found = {}
        for system in SYSTEMS:
            stage = Stage()
            found[system] = (stage, served.enter_context(serving(stage)))
        yield found


@dataclass
class Sandbox:
    """Four systems that hold one population, and a hub with an empty store."""

    folder: Path
    clock: FixedClock
    stages: Stages
    people: Population
    creates: bool = True
    file: Path = field(init=False)
    twins: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.twins = {
            "zoho": ZohoTwin(self.people, self.clock, options=ZohoOptions(rewrite_phones=True)),
            "fxiaoke": FxiaokeTwin(self.people, self.clock, options=FxiaokeOptions(rewrite_phones=True, calls=1000)),
            "woocommerce": WooTwin(self.people, self.clock, options=WooOptions(rewrite_phones=True)),
        }
        for system, twin in self.twins.items():
            self.stages[system][0].twin = twin
        os.environ.update(environment({system: url for system, (_, url) in self.stages.items()}))
        self.file = self.folder / "kehub.yaml"
        text = configuration(SYSTEMS, "sandbox.key").replace("create: true", f"create: {str(self.creates).lower()}")
        self.file.write_text(text, encoding="utf-8")
        write_shop_files(self.people, self.folder / "files")
        whole = self.clock.now().timestamp() - 60  # a file that was just written is left for the next run
        for path in (self.folder / "files").iterdir():
            os.utime(path, (whole, whole))
        fixed_keys(str(self.folder / "kehub.db"), self.clock)

    # -- what the hub does

    @contextmanager
    def opened(self) -> Iterator[Setup]:
        """Configuration and store, as a command opens them."""
        setup = open_setup(load(self.file, load_plugins()), self.clock, "tester")
        try:
            yield setup
        finally:
            setup.close()

    def sync(self, **ask: Any) -> Report:
        """One run, in which no system fails."""
        with self.opened() as setup:
            return _good(sync(setup, Ask(**ask)))

    def rounds(self, count: int = 2) -> Report:
        """Sync and apply everything, a few times."""
        report = self.sync()
        for _ in range(count):
            for plan in list(report.plans.values()):
                with self.opened() as setup:
                    approve(setup, find_plan(setup, plan.digest), ["share"])
                    _good(push(setup, [plan.connection]))
            report = self.sync()
        return report

    # -- the truth

    def truth(self) -> dict[tuple[str, str], int]:
        """(connection, external id) of each customer record -> the number of the person it is of."""
        zoho, fxiaoke, woo = (self.twins[system].books for system in SYSTEMS)
        found = (
            {("crm", id_): record.person for id_, record in zoho.modules["Contacts"].rows.items()}
            | {("fxiaoke", id_): record.person for id_, record in fxiaoke.tables["AccountObj"].rows.items()}
            | {("shop", str(id_)): record.person for id_, record in woo.customers.items()}
        )
        for till, connection in (("pos:A", "shop_a"), ("pos:B", "shop_b")):
            found |= {(connection, seen.key): seen.person for seen in self.people.sightings(till)}
        return found

    def state(self) -> dict[str, Any]:
        """What the twins hold."""
        return {CONNECTIONS[system]: twin.state() for system, twin in self.twins.items()}


def _good(report: Report) -> Report:
    assert report.errors == {}, {name: str(error) for name, error in report.errors.items()}
    return report
