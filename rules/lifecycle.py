"""The three models of a customer's life that brands use, as predicates of the rule language: the first that fits.

Each gives (stage, predicate) from the first asked to the last; the last stage has none: everybody else is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Model = Literal["retail", "ladder", "relationship"]
Stages = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Thresholds:
    """When a stage begins: days since the last order, and orders in all."""

    at_risk_days: int = 180
    lost_days: int = 365
    repeat_orders: int = 2
    loyal_orders: int = 5


LOWERING: dict[Model, tuple[str, ...]] = {"retail": ("at_risk", "lost"), "ladder": (), "relationship": ()}
"""The stages whose reaching takes something away: such a decision waits while an order stream is incomplete."""


def stages(model: Model, at: Thresholds) -> Stages:
    """A model's stages."""
    return {"retail": _retail, "ladder": _ladder, "relationship": _relationship}[model](at)


def _retail(at: Thresholds) -> Stages:
    """What a shop sees: has bought never, once, again, often, not for long, not for too long."""
    return (
        ("prospect", "orders_life = 0"),
        ("lost", f"days_since(last_order_on) >= {at.lost_days}"),
        ("at_risk", f"days_since(last_order_on) >= {at.at_risk_days}"),
        ("loyal", f"orders_life >= {at.loyal_orders}"),
        ("repeat", f"orders_life >= {at.repeat_orders}"),
        ("first_time", ""),
    )


def _ladder(at: Thresholds) -> Stages:
    """The loyalty ladder, from somebody who may buy to somebody who tells others: tagged `advocate` by staff or a system."""
    lately = f"days_since(last_order_on) < {at.lost_days}"
    return (
        ("advocate", f"has_tag('advocate') and orders_life >= {at.repeat_orders}"),
        ("supporter", f"orders_life >= {at.loyal_orders} and {lately}"),
        ("regular", f"orders_life >= {at.repeat_orders} and {lately}"),
        ("customer", "orders_life >= 1"),
        ("prospect", "registered_on is not null or cases_life >= 1"),
        ("suspect", ""),
    )


def _relationship(at: Thresholds) -> Stages:
    """How a relation grows: aware of the brand, looks closer, is in touch, buys, stays."""
    return (
        ("loyalty", f"orders_365d >= {at.repeat_orders} and orders_life >= {at.loyal_orders}"),
        ("deal", "orders_life >= 1"),
        ("interaction", "cases_life >= 1"),
        ("exploration", "registered_on is not null and (has_phone or has_email or has_wechat)"),
        ("awareness", ""),
    )
