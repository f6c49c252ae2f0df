"""The hub's configurations: the two systems of the page server, and for the daily runs all four kinds of connections."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

KEY = b"b" * 32
_SECRET = "${BENCH}"


def configuration(url: str, fxiaoke: str = "", *, paused: bool = False) -> str:
    """Connections to the page server, where an address is given to a stand-in of Fxiaoke and to a till's files too.

    The rules are those of a loyalty programme. JSON is YAML.
    """
    connections = {"crm": _crm(url), "shop": _shop(url)}
    if fxiaoke:
        connections |= {"fxiaoke": _fxiaoke(fxiaoke), "till": _till()}
    ladder = [
        {"tier": "platinum", "spend_365d": 20000},
        {"tier": "gold", "spend_365d": 8000},
        {"tier": "silver", "spend_365d": 2000},
        {"tier": "standard"},
    ]
    whole = {
        "brand": {"name": "Bench"},
        "rules": {"tiers": {"membership": ladder}},
        "connections": {name: {**one, "paused": paused} for name, one in connections.items()},
    }
    return json.dumps(whole, ensure_ascii=False)


def environment() -> dict[str, str]:
    """The master key and what stands for all secrets."""
    return {"KEHUB_KEY": base64.b64encode(KEY).decode(), "BENCH": "bench"}


def files(folder: Path) -> None:
    """The till's files."""
    from hub.testing.people import Population
    from hub.testing.shopfiles import write_shop_files

    (folder / "files").mkdir(parents=True)
    write_shop_files(Population(200), folder / "files")


def _crm(url: str) -> dict[str, Any]:
    return {
        "type": "zoho", "data_centre": "cn", "accounts_url": url, "api_url": url, "client_id": "bench",
        "client_secret": _SECRET, "refresh_token": _SECRET, "orders": False, "credits_per_day": 100_000_000,
        "bulk_from": 0,  # waiting for a job is no work of ours
    }  # fmt: skip


def _shop(url: str) -> dict[str, Any]:
    """Whose accounts are read completely once a day."""
    return {
        "type": "woocommerce", "url": url, "consumer_key": _SECRET, "consumer_secret": _SECRET, "auth": "basic",
        "calls_per_minute": 100_000_000, "sweep_hours": 24,
    }  # fmt: skip


def _fxiaoke(url: str) -> dict[str, Any]:
    return {
        "type": "fxiaoke", "host": url, "app_id": "${FXIAOKE_APP_ID}", "app_secret": "${FXIAOKE_APP_SECRET}",
        "permanent_code": "${FXIAOKE_PERMANENT_CODE}", "user_mobile": "${FXIAOKE_USER_MOBILE}", "counts": False,
        "calls": 100_000,
    }  # fmt: skip


def _till() -> dict[str, Any]:
    statuses = {"paid": "已付款", "shipped": "已发货", "done": "已完成", "returned": "已退货", "cancelled": "已取消"}
    streams: dict[str, dict[str, Any]] = {
        "customers": {"path": "files/shop_a_members.csv", "mode": "snapshot", "key": ["会员号"]},
        "orders": {
            "path": "files/shop_a_orders.csv", "mode": "append", "key": ["订单号"], "fixed": {"channel": "store"},
            "values": {"status": statuses},
        },
    }  # fmt: skip
    return {"type": "csv_file", "streams": {name: {**one, "settle_seconds": 0} for name, one in streams.items()}}
