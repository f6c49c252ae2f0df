"""What a customer bought, each figure with the systems it comes from, and why orders that one sees do not count."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from hub.cli.show import Facts, day
from hub.connector import Row
from hub.store.facts import Bought
from hub.store.facts_money import converted
from sync.reads import bought as bought_by
from sync.setup import Setup

WINDOW = 365


def bought(setup: Setup, customer: str, found: Row) -> Facts:
    """The figures that the rules see (`found`), their sources, what was counted once, and what was left out.

    The figures of the sources add up to those of the customer: both follow `hub/store/facts_sql.py`.
    """
    as_of = found.get("as_of", setup.as_of)
    rows = setup.store.registers.purchases(customer, 100_000)
    counts = bought_by(setup.config)
    why = {id(row): _left_out(row, counts, as_of) for row in rows}
    counted = [row for row in rows if not why[id(row)]]
    return {
        "orders_365d": found.get("orders_365d", 0), "spend_365d": found.get("spend_365d", 0),
        "orders_life": found.get("orders_life", 0), "spend_life": found.get("spend_life", 0),
        "first": day(found.get("first_order_on")), "last": day(found.get("last_order_on")),
        "last_order": f"{counted[0]['connection']}:{counted[0]['number']}" if counted else None,
        "currency": setup.config.brand.currency,
        "sources": _sources(counted, counts, as_of - WINDOW),
        "once": _once(rows, counted),
        "left_out": dict(sorted(Counter(filter(None, why.values())).items())),
    }  # fmt: skip


def _left_out(row: Row, counts: Bought, as_of: int) -> str:
    """Why an order counts for nothing; empty when it counts."""
    if not row["counts"]:
        return "counted elsewhere" if row["source_ref"] else "not counted from this system"
    if row["status"] not in counts.statuses:
        return str(row["status"])
    if converted(counts, row["currency"], row["placed_on"], 0) is None:
        return "in another currency"
    if row["placed_on"] > as_of:
        return "after this day"
    return "given back in full" if row["refunded"] >= row["total"] != 0 else ""


def _sources(counted: list[Row], counts: Bought, edge: int) -> list[Facts]:
    found: dict[str, dict[str, Any]] = {}
    for row in counted:
        blank = {"connection": row["connection"], "orders_365d": 0, "spend_365d": 0, "orders_life": 0, "spend_life": 0}
        source = found.setdefault(row["connection"], {**blank, "last": day(row["placed_on"])})
        for window in ("365d", "life") if row["placed_on"] > edge else ("life",):
            source[f"orders_{window}"] += 1
            source[f"spend_{window}"] += _kept(row, counts)
    return [found[name] for name in sorted(found)]


def _kept(row: Row, counts: Bought) -> int:
    """What was kept of an order, in the brand's currency."""
    paid, back = (
        converted(counts, row["currency"], row["placed_on"], row[name]) or 0 for name in ("total", "refunded")
    )
    return paid - back


def _once(rows: list[Row], counted: list[Row]) -> list[Facts]:
    """Orders that several systems hold, with the one that counts."""
    copies: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["source_ref"]:
            copies[row["source_ref"]].append(f"{row['connection']}:{row['number']}")
    return [
        {"counts": f"{row['connection']}:{row['number']}", "copies": sorted(copies[row["number"]])}
        for row in counted
        if row["number"] in copies
    ]
