"""The files that both sides read: one shop's members and orders, and a configuration for the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

Columns = Mapping[str, str]

MEMBERS = "shop_a_members.csv"
ORDERS = "shop_a_orders.csv"


def write(folder: Path, people: int) -> None:
    """Write the files of an invented population and a configuration beside them."""
    from hub.testing.people import Population
    from hub.testing.shopfiles import MEMBERS_A, ORDERS_A, STATUSES_A, write_shop_files

    write_shop_files(Population(people, seed=1), folder)
    members = {name: MEMBERS_A[name] for name in ("name", "phone", "email", "city")}
    orders = {
        "number": ORDERS_A["number"], "buyer.external_id": ORDERS_A["member"], "buyer.phone": ORDERS_A["phone"],
        "placed_at": ORDERS_A["placed"], "status": ORDERS_A["status"],
        **{f"lines.{name}": ORDERS_A[name] for name in ("sku", "quantity", "unit_price", "discount", "refunded")},
    }  # fmt: skip
    streams = {
        "customers": {"path": MEMBERS, "mode": "snapshot", "key": [MEMBERS_A["number"]], "columns": members},
        "orders": {
            "path": ORDERS, "mode": "append", "key": [ORDERS_A["number"]], "columns": orders,
            "values": {"status": dict(STATUSES_A)},
        },
    }  # fmt: skip
    for stream in streams.values():
        stream["settle_seconds"] = 0
    config = {
        "brand": {"name": "Bench"},
        "rules": {"tiers": {"main": [{"tier": "gold", "spend_365d": 3000}, {"tier": "member"}]}},
        "connections": {"shop": {"type": "csv_file", "streams": streams}},
    }
    (folder / "kehub.yaml").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
