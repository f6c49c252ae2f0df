"""A brand with a system over HTTP and two shops' till files, for tests that kill: twin and hub in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.clock import FixedClock
from hub.store import open_store
from hub.store.check import canonical, check
from hub.testing.people import Population
from hub.testing.serve import build
from hub.testing.shopfiles import MEMBERS_A, MEMBERS_B, ORDERS_A, ORDERS_B, STATUSES_A, STATUSES_B, write_shop_files
from hub.testing.site import MASTER, fixed_keys
from hub.testing.twin import serving
from tests.conftest import NOW
from tests.kill_systems import ZOHO, System

ROOT = Path(__file__).parent.parent
SEED = 7
MEMBER_FIELDS = {
    "name": "name", "gender": "gender", "birthday": "birthday", "phone": "phone", "email": "email",
    "province": "province", "city": "city", "street": "street", "home_store": "store", "registered_at": "registered",
    "member_card": "card", "note": "note",
}  # fmt: skip
ORDER_FIELDS = {
    "number": "number", "buyer.external_id": "member", "buyer.phone": "phone", "placed_at": "placed",
    "delivered_at": "delivered", "store": "store", "staff": "staff", "payment_method": "payment",
    "currency": "currency", "status": "status",
    **{f"lines.{name}": name for name in ("sku", "category", "quantity", "unit_price", "discount", "refunded")},
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """Where the brand lives and where its system answers."""

    folder: Path
    location: str
    url: str

    def control(self, path: str, body: Any = None) -> Any:
        """The twin's control side."""
        request = urllib.request.Request(f"{self.url}/_twin/{path}", data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def outcome(self) -> tuple[list[str], Any]:
        """The store as canonical text and the system's records."""
        store = open_store(self.location, MASTER, FixedClock(NOW))
        try:
            assert check(store) == []
            return list(canonical(store)), self.control("state")
        finally:
            store.close()


@contextmanager
def served(system: System) -> Iterator[str]:
    """A fresh twin of a system in this process, which outlives every hub that is killed."""
    options = [f"{name}={json.dumps(value)}" for name, value in system.options.items()]
    twin = build(system.name, Population(system.people, SEED), FixedClock(NOW), options)
    with serving(twin) as url:
        yield url


@contextmanager
def twin(people: int, **options: Any) -> Iterator[str]:
    """The CRM's twin in a process that survives whoever is killed."""
    chosen = [word for name, value in options.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.testing.serve", "zoho", "--people", str(people), "--seed", str(SEED),
         "--clock", "fast", "--at", NOW.isoformat(), *chosen],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def prepare(folder: Path, location: str, url: str, files: Path, system: System = ZOHO) -> Site:
    """Write the configuration, what happens meanwhile, and an empty store with fixed keys."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(system.secrets)
    config = {
        "brand": {"name": "Kill test"},
        "store": location,
        "rules": {
            "tiers": {"main": [{"tier": "gold", "spend_365d": 2000}, {"tier": "silver", "spend_365d": 500}, {"tier": "standard"}]}
        },
        "connections": {
            system.name: system.settings(url),
            "shop_a": shop(files, "shop_a_members.csv", MEMBERS_A, "shop_a_orders.csv", ORDERS_A, STATUSES_A),
            "shop_b": shop(files, "shop_b_members.xlsx", MEMBERS_B, "shop_b_orders.csv", ORDERS_B, STATUSES_B),
        },
    }  # fmt: skip
    (folder / "kehub.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    fixed_keys(location, FixedClock(NOW))
    site = Site(folder, location, url)
    if system.events is not None:
        events = {"url": url, **system.events(site.control("state"))}
        (folder / "events.json").write_text(json.dumps(events), encoding="utf-8")
    return site


def shop(files: Path, members: str, columns: Any, orders: str, order_columns: Any, statuses: Any) -> dict[str, Any]:
    """One shop's two files as a connection."""
    return {
        "type": "csv_file",
        "streams": {
            "customers": {
                "path": str(files / members), "mode": "snapshot", "key": [columns["number"]], "settle_seconds": 0,
                "columns": {ours: columns[theirs] for ours, theirs in MEMBER_FIELDS.items()},
            },
            "orders": {
                "path": str(files / orders), "mode": "append", "key": [order_columns["number"]], "settle_seconds": 0,
                "columns": {ours: order_columns[theirs] for ours, theirs in ORDER_FIELDS.items()},
                "values": {"status": dict(statuses)}, "fixed": {"channel": "store"},
            },
        },
    }  # fmt: skip


def shop_files(folder: Path, people: int) -> Path:
    """The till files of the same population as the twin's."""
    write_shop_files(Population(people, SEED), folder)
    return folder
