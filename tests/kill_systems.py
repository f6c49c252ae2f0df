"""The systems whose hub the kill tests kill: how each is connected, and what its users do in the meantime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Wish = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class System:
    """A system with a twin; it is also the name of its connection.

    `options` are the twin's, `created` is what the twin counts a create as. `events` tells from the twin's state what its
    users edit: `planned` between the first plan and its apply, so that the guard finds a row that moved; `rested` once
    everything is written, so that there is a second sync.
    """

    name: str
    people: int
    settings: Callable[[str], dict[str, Any]]
    secrets: Mapping[str, str]
    created: str = "insert"
    options: dict[str, Any] = field(default_factory=dict)
    events: Callable[[State], dict[str, list[Wish]]] | None = None


# -- Zoho


def _zoho(url: str) -> dict[str, Any]:
    return {
        "type": "zoho", "data_centre": "cn", "client_id": "1000.TWINCLIENT", "client_secret": "${ZOHO_SECRET}",
        "refresh_token": "${ZOHO_REFRESH}", "accounts_url": url, "api_url": url, "page_size": 50,
        "credits_per_day": 1000000, "create": True,
        "fields": [
            {"ours": "placed_at", "theirs": "Placed_At", "stream": "orders"},
            {"ours": "source_ref", "theirs": "Source_Order_No", "stream": "orders"},
            {"ours": "email", "theirs": "Email", "owner": "shared", "fill_empty": True},
        ],
    }  # fmt: skip


ZOHO = System(
    "zoho",
    300,
    _zoho,
    {"ZOHO_SECRET": "twin-client-secret", "ZOHO_REFRESH": "1000.refresh.twin"},
)


# -- Fxiaoke


def _fxiaoke(url: str) -> dict[str, Any]:
    orders = {"source_ref": "field_source__c", "refunded": "field_refund__c", "store": "field_store__c"}
    return {
        "type": "fxiaoke", "host": url, "app_id": "FSAID_1a2b3c", "app_secret": "${FXIAOKE_SECRET}",
        "permanent_code": "${FXIAOKE_CODE}", "user_mobile": "${FXIAOKE_MOBILE}", "key_field": "field_hubId__c",
        "page_size": 10, "create": True,
        "settle_seconds": 0,  # the clock stands still, and the twin finds at once what was made
        "calls": 100_000,  # the window of a minute never ends
        "fields": [
            {"ours": "tier", "theirs": "field_tier__c"},
            {"ours": "stage", "theirs": "field_stage__c"},
            {"ours": "email", "theirs": "email", "owner": "shared", "fill_empty": True},
            *({"stream": "orders", "ours": ours, "theirs": theirs} for ours, theirs in orders.items()),
        ],
    }  # fmt: skip


def _accounts_change(state: State) -> dict[str, list[Wish]]:
    """A clerk sets a tier; later a customer moves, another one leaves, an order grows."""
    first, second, third = (row["_id"] for row in state["records"]["AccountObj"][:3])
    order = state["records"]["SalesOrderObj"][0]["_id"]

    def edit(op: str, record: str, module: str = "AccountObj", **values: str) -> Wish:
        return {"op": op, "module": module, "id": record, "values": values}

    return {
        "planned": [edit("change", second, field_tier__c="platinum", field_stage__c="lost")],
        "rested": [
            edit("change", first, tel="+8613900001111", name="新名"),
            edit("change", order, "SalesOrderObj", order_amount="98765.00"),
            edit("invalidate", third),
        ],
    }


FXIAOKE = System(
    "fxiaoke",
    24,
    _fxiaoke,
    {"FXIAOKE_SECRET": "twin-app-secret", "FXIAOKE_CODE": "TWINPERM0000", "FXIAOKE_MOBILE": "13800000000"},
    created="create",
    options={"shows_invalid": True, "calls": 100_000},
    events=_accounts_change,
)


# -- WooCommerce


def _woocommerce(url: str) -> dict[str, Any]:
    return {
        "type": "woocommerce", "url": url, "consumer_key": "${WOO_KEY}", "consumer_secret": "${WOO_SECRET}",
        "page_size": 20, "batch_rows": 10, "create": True,
        "settle_seconds": 0,  # as above
        "calls_per_minute": 100_000,
    }  # fmt: skip


def _customers_change(state: State) -> dict[str, list[Wish]]:
    """A plugin sets a tier; later a customer moves and an order is cancelled."""
    first, second = (row["id"] for row in state["customers"][:2])
    tier = {"meta_data": [{"key": "kehub_tier", "value": "vip"}]}
    moved = {"billing": {"phone": "+8613900001111"}, "last_name": "新名"}
    cancelled = {"op": "change", "module": "orders", "id": state["orders"][0]["id"], "values": {"status": "cancelled"}}
    return {
        "planned": [{"op": "change", "id": second, "values": tier}],
        "rested": [{"op": "change", "id": first, "values": moved}, cancelled],
    }


WOOCOMMERCE = System(
    "woocommerce",
    40,
    _woocommerce,
    {"WOO_KEY": "ck_twin", "WOO_SECRET": "cs_twin"},
    events=_customers_change,
)
