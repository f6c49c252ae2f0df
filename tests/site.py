"""A small brand of one system's twin, over real HTTP, and a till in memory: what the tests of all connectors share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from connectors.memory import twin as memory
from connectors.memory.twin import MemorySystem
from hub.clock import FixedClock
from hub.store import Store
from hub.store.check import canonical
from hub.testing.site import Site, fixed_keys, opened, outcome, read, stream
from hub.testing.twin import Stage

__all__ = ["BaseSite", "living", "opened", "opener", "outcome", "read", "stream"]

YAML = """
brand: {{name: Test brand}}
store: "{location}"
brakes: {{share: 1, from_rows: 1000}}
rules:
  tiers:
    main:
      - {{tier: gold, spend_365d: 1000}}
      - {{tier: silver, spend_365d: 100}}
      - {{tier: {floor}}}
connections:
{connection}
  till: {{type: memory, system: till, writable: false}}
"""


@dataclass
class BaseSite(Site):
    """One store, one system's twin and a till, one clock for all.

    A system's own site names its connection, writes it in YAML (each field stands there by its name), and adds fields
    for what its tests set, words for what happens in that system, and the secrets as the environment holds them.
    """

    yaml: ClassVar[str]

    folder: Path
    clock: FixedClock
    twin: Any
    url: str
    create: bool = False
    page_size: int = 100
    settings: str = ""
    fields: str = ""
    store: str = "kehub.db"
    floor: str = "standard"
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        os.environ.update(self.secrets())
        self.file = self.folder / f"{self.store}.yaml"
        fixed_keys(str(self.folder / self.store), self.clock)
        self.write()

    def secrets(self) -> Mapping[str, str]:
        """What the configuration takes from the environment."""
        raise NotImplementedError

    def write(self, **changed: Any) -> None:
        """Write the configuration, with other settings than before."""
        for name, value in changed.items():
            setattr(self, name, value)
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        connection = self.yaml.strip("\n").format(**{**given, "create": str(self.create).lower()})
        text = YAML.format(location=self.folder / self.store, floor=self.floor, connection=connection)
        self.file.write_text(text, encoding="utf-8")

    @property
    def till(self) -> MemorySystem:
        """The till."""
        return memory.system("till")

    # -- what came of it

    def text(self) -> list[str]:
        """The store's content as text that is equal for equal stores."""
        with self.opened() as setup:
            return list(canonical(setup.store))

    def calls(self, part: str = "") -> int:
        """How many calls were made whose method and path hold this."""
        return sum(count for name, count in self.twin.counts.calls.items() if part in name)


S = TypeVar("S", bound=BaseSite)


def opener(
    site: type[S], stand: Callable[..., Any], stage: tuple[Stage, str], folder: Path, clock: FixedClock
) -> Callable[..., S]:
    """What opens a site in a test: its argument are options of the site, its keywords those of the twin."""

    def make(options: dict[str, Any] | None = None, **twin: Any) -> S:
        return site(folder, clock, stand(stage[0], clock, **twin), stage[1], **(options or {}))

    return make


def living(store: Store, connection: str, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of a system, those that are gone left out."""
    sql = "SELECT ext FROM record WHERE connection = :connection AND stream = :stream AND gone = 0 AND placeholder = 0"
    return {ext for (ext,) in store.db.rows(sql, {"connection": connection, "stream": name})}
