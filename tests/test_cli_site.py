"""A brand over systems in memory, driven through the command line in this process, for the other test_cli files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.memory import twin
from connectors.memory.twin import MemorySystem
from hub.cli import main
from hub.clock import FixedClock
from hub.testing.site import fixed_keys
from tests.conftest import NOW

YAML = """
brand: {name: Test brand}
store: kehub.db
brakes: {share: 0.3, from_rows: 3}
rules:
  tiers:
    main:
      - {tier: gold, spend_365d: 1000, orders_365d: 2}
      - {tier: silver, spend_365d: 100}
      - {tier: member}
connections:
  crm: {type: memory, system: crm}
  till: {type: memory, system: till, writable: false}
"""


@dataclass
class Site:
    """A folder with a configuration and a store; `crm` and `till` are its systems."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""
    crm: MemorySystem = field(default_factory=lambda: twin.system("crm"))
    till: MemorySystem = field(default_factory=lambda: twin.system("till"))

    def write(self, yaml: str = YAML) -> None:
        """Write the configuration."""
        (self.folder / "kehub.yaml").write_text(yaml, encoding="utf-8")

    def kehub(self, *arguments: str, code: int = 0) -> str:
        """Run one command, and hold it to its exit code; no command ever shows a traceback or colours here."""
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        self.out, self.err = self.capsys.readouterr()
        assert ended.value.code == code, self.out + self.err
        assert "Traceback" not in self.out + self.err
        assert "\x1b" not in self.out + self.err
        return self.out

    def facts(self, *arguments: str, code: int = 0) -> Any:
        """What a command prints with `--json`."""
        return orjson.loads(self.kehub(*arguments, "--json", code=code))

    def people(self, count: int = 4) -> None:
        """So many people known to both systems, each with one order of 150 at the till."""
        for number in range(count):
            phone = f"+86138123456{number:02d}"
            self.crm.put("customers", {"id": f"a{number}", "name": f"张伟{number}", "phone": phone})
            known = {"name": f"张伟{number}", "phone": phone, "email": f"wei{number}@shop.cn", "city": "上海"}
            self.till.put("customers", {"id": f"t{number}", **known})
            order = {"customer": f"t{number}", "placed": "2026-02-20T10:00:00+08:00", "total": "150.00"}
            self.till.put("orders", {"id": f"o{number}", **order})

    def planned(self) -> str:
        """Sync, and give the digest of the CRM's plan."""
        plans = self.facts("sync", code=3)["plans"]
        assert [plan["connection"] for plan in plans] == ["crm"]
        return str(plans[0]["digest"])

    def settled(self, count: int = 1) -> None:
        """People whose plan has been written."""
        self.people(count)
        self.kehub("apply", self.planned(), "--release", "share")


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with an empty store, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("KEHUB_CONFIG", raising=False)
    twin.forget()
    fixed_keys(str(tmp_path / "kehub.db"), FixedClock(NOW))
    made = Site(tmp_path, capsys)
    made.write()
    yield made
    twin.forget()
