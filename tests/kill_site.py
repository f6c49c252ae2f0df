"""A brand with a CRM over HTTP and two shops' till files, for tests that kill: twin and hub in processes of their own."""

from __future__ import annotations

import json
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
from hub.testing.shopfiles import MEMBERS_A, MEMBERS_B, ORDERS_A, ORDERS_B, STATUSES_A, STATUSES_B, write_shop_files
from tests.brand import MASTER, fixed_keys
from tests.conftest import NOW

ROOT = Path(__file__).parent.parent
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
    """Where the brand lives and where its CRM answers."""

    folder: Path
    location: str
    url: str

    def control(self, path: str, body: Any = None) -> Any:
        """The twin's control side."""
        request = urllib.request.Request(f"{self.url}/_twin/{path}", data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def outcome(self) -> tuple[list[str], Any]:
        """The store as canonical text and the CRM's records."""
        store = open_store(self.location, MASTER, FixedClock(NOW))
        try:
            assert check(store) == []
            return list(canonical(store)), self.control("state")
        finally:
            store.close()


@contextmanager
def twin(people: int, **options: Any) -> Iterator[str]:
    """The CRM's twin in a process that survives whoever is killed."""
    chosen = [word for name, value in options.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.testing.serve", "zoho", "--people", str(people), "--seed", "7",
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


def prepare(folder: Path, location: str, url: str, files: Path) -> Site:
    """Write the configuration and an empty store with fixed keys."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "brand": {"name": "Kill test"},
        "store": location,
        "rules": {
            "tiers": {"main": [{"tier": "gold", "spend_365d": 2000}, {"tier": "silver", "spend_365d": 500}, {"tier": "standard"}]}
        },
        "connections": {
            "zoho": {
                "type": "zoho", "data_centre": "cn", "client_id": "1000.TWINCLIENT", "client_secret": "${ZOHO_SECRET}",
                "refresh_token": "${ZOHO_REFRESH}", "accounts_url": url, "api_url": url, "page_size": 50,
                "credits_per_day": 1000000, "create": True,
                "fields": [
                    {"ours": "placed_at", "theirs": "Placed_At", "stream": "orders"},
                    {"ours": "source_ref", "theirs": "Source_Order_No", "stream": "orders"},
                    {"ours": "email", "theirs": "Email", "owner": "shared", "fill_empty": True},
                ],
            },
            "shop_a": shop(files, "shop_a_members.csv", MEMBERS_A, "shop_a_orders.csv", ORDERS_A, STATUSES_A),
            "shop_b": shop(files, "shop_b_members.xlsx", MEMBERS_B, "shop_b_orders.csv", ORDERS_B, STATUSES_B),
        },
    }  # fmt: skip
    (folder / "kehub.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    fixed_keys(location, FixedClock(NOW))
    return Site(folder, location, url)


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
    write_shop_files(Population(people, 7), folder)
    return folder
