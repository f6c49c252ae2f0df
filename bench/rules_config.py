"""The brand whose rules are measured: what they say before and after a change, and the decide step over its store.

The rules are fixed: a tier programme without a memory over the last 365 days, one by calendar year, the retail lifecycle, RFM
by the month, six segments. Days are fixed too, so that a store can be used again.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

from bench.hub_config import KEY, environment
from hub.clock import FixedClock
from hub.plugins import load_plugins
from hub.settings import load
from hub.store import create_store
from sync import reads
from sync.decide import Decider
from sync.setup import Setup, open_setup

FIRST = date(2026, 6, 10)
"""The day on which everybody is decided for the first time."""

LATER = date(2026, 7, 3)
"""The day on which other rules come: in another month, so that cut points are made anew as well."""

BEFORE = {"gold": 4000, "star": 3000, "winback": 180}
AFTER = {"gold": 3000, "star": 2500, "winback": 200}
"""What changes in the rules."""

_YAML = """
brand: {{name: Bench}}
store: "{store}"
rules:
  tiers:
    membership:
      - {{tier: platinum, spend_365d: 6000, orders_365d: 12}}
      - {{tier: gold, spend_365d: {gold}}}
      - {{tier: silver, spend_365d: 1000}}
      - {{tier: member}}
    year_club:
      - {{tier: star, when: "spend_ytd >= {star} or spend_last_year >= 6000"}}
      - {{tier: friend, when: "orders_ytd >= 2"}}
      - {{tier: guest}}
  lifecycle: {{model: retail}}
  rfm: {{window: 365d, refresh: monthly}}
  segments:
    big_cities: "city in ('上海', '北京', '广州', '深圳', '杭州')"
    new_without_order: "days_since(registered_on) <= 30 and orders_life = 0"
    winback: "days_since(last_order_on) between {winback} and 400 and spend_life >= 3000 and has_phone"
    best_to_win_back: "in_segment('winback') and tier_of('membership') in ('silver', 'gold')"
    regulars_of_big_cities: "in_segment('big_cities') and orders_365d >= 3"
    many_returns: "return_rate_365d >= 0.5 and orders_365d >= 3"
connections:
  pos:
    type: csv_file
    streams:
      customers: {{path: "members.csv", mode: snapshot, key: [id], columns: {{name: name}}}}
"""


def write(folder: Path, changed: bool) -> None:
    """The brand's file, with the rules before or after their change."""
    text = _YAML.format(store=folder / "kehub.db", **(AFTER if changed else BEFORE))
    (folder / "kehub.yaml").write_text(text, encoding="utf-8")


def opened(folder: Path, day: date) -> Setup:
    """The brand on a day; makes the store at first use."""
    os.environ |= environment()
    config = load(folder / "kehub.yaml", load_plugins())
    clock = FixedClock(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
    create_store(config.store, KEY, clock).close()
    return open_setup(config, clock, "bench", day)


def decider(setup: Setup) -> Decider:
    """The decide step of a sync."""
    return Decider(
        setup.store, setup.rules, setup.survivorship, setup.config.place, reads.bought(setup.config), setup.as_of,
        setup.config.hold_days, setup.basis, setup.told, setup.config.folder, [c.name for c in setup.config.connections],
    )  # fmt: skip
