"""What a fill of the facts is asked for: which columns, which counts of a brand's own, which orders count as bought.

The columns are those of `rules/catalogue.py` that are stored (a test holds the two equal), in its groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

WINDOWS = ("30d", "90d", "180d", "365d", "ytd", "last_year", "life")
"""Spans that figures look back over, the as-of day included; `<n>d` with any other n serves as well."""

_TWO = ("365d", "life")

FIGURES: dict[str, tuple[str, str]] = {
    f"{stem}_{window}": (stem, window)
    for stem, windows in (("orders", WINDOWS), ("spend", WINDOWS), ("gross", _TWO), ("refunded", _TWO))
    for window in windows
}
"""Columns that are a sum or a count of orders: what is summed up, over which window."""

DISCOUNTS: dict[str, str] = {f"discount_{window}": window for window in _TWO}
"""Columns that sum up the lines' discounts, with their windows."""

ORDERS = (*FIGURES, "first_order_on", "last_order_on")
LINES = (*DISCOUNTS, "favourite_category", "favourite_sku")
HABITS = ("favourite_store", "favourite_channel", "channel_type", "usual_hour", "usual_weekday")
CASES = ("open_cases", "cases_365d", "cases_life", "last_case_on", "last_contact_on", "last_satisfaction")
PROFILE = (
    "registered_on", "gender", "province", "city", "home_store", "birth_year", "birth_month", "birth_day", "has_phone",
    "has_email", "has_wechat", "phone_region", "children", "youngest_born_on", "eldest_born_on", "records", "systems",
    "quality", "confirmed_on",
)  # fmt: skip
"""Columns that come from the golden record and its records; all others come from orders, cases and the date."""

COUNTED = (*ORDERS, *LINES, *HABITS, *CASES, "age")
"""Columns that `fill` computes."""

COLUMNS = (*COUNTED, *PROFILE)

TEXTS = frozenset({
    "favourite_category", "favourite_sku", "favourite_store", "favourite_channel", "channel_type", "gender", "province",
    "city", "home_store", "phone_region",
})  # fmt: skip
"""Columns of text; all others hold whole numbers."""

STATUSES = ("paid", "shipped", "delivered", "done", "returned")
"""Order statuses that count as bought where a brand does not say otherwise: all but pending and cancelled."""


class Counted(NamedTuple):
    """Orders, or the money spent on them, counted by something: `by` is a name of `rules.catalogue.DIMENSIONS`.

    A brand's own fact has no `by`; its `aggregate` and `where` are SQL over the alias `o` of the orders that count within
    the window (not given back in full; amounts in the brand's currency), with `params` whose names do not begin with `b_`.
    """

    name: str
    window: str
    what: str = "orders"
    by: str = ""
    value: str = ""
    aggregate: str = ""
    where: str = ""
    params: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Wanted:
    """What rules read. `days`: a day fact (or a counted one whose value is a day) -> days since at which minds change.
    `made` are values that somebody else stores (`Facts.save_values`): for past days they are taken as they are now.
    """

    columns: frozenset[str] = frozenset()
    counted: tuple[Counted, ...] = ()
    days: Mapping[str, frozenset[int]] = field(default_factory=dict)
    made: frozenset[str] = frozenset()

    def of(self, group: tuple[str, ...]) -> tuple[str, ...]:
        """The wanted columns of a group, in its order."""
        return tuple(name for name in group if name in self.columns)

    @property
    def windows(self) -> set[str]:
        """The windows over orders in use."""
        found = {window for name, (_, window) in FIGURES.items() if name in self.columns}
        found |= {window for name, window in DISCOUNTS.items() if name in self.columns}
        return found | {one.window for one in self.counted}

    @property
    def orders(self) -> bool:
        """Whether anything that orders tell is wanted."""
        return bool(self.of((*ORDERS, *LINES, *HABITS)) or self.counted)


EVERYTHING = Wanted(frozenset(COLUMNS))
"""All columns of the catalogue."""


@dataclass(frozen=True)
class Bought:
    """Which orders count, and in which money: `rates` are (currency, first day, brand's money for one unit of it)."""

    currency: str
    zone: tzinfo
    statuses: tuple[str, ...] = STATUSES
    rates: tuple[tuple[str, int, Decimal], ...] = ()


def days_of(window: str) -> int | None:
    """The number of days of a `<n>d` window; None for calendar years and for `life`."""
    return int(window[:-1]) if window[-1] == "d" and window[:-1].isdecimal() else None


def edges(wanted: Wanted) -> list[int]:
    """After how many days an order enters (0) or leaves a figure in use."""
    if not wanted.orders:
        return []
    return sorted({0, *(days for window in wanted.windows if (days := days_of(window)) is not None)})


def by_year(wanted: Wanted) -> bool:
    """Whether some figure begins anew on 1 January."""
    return not wanted.windows.isdisjoint(("ytd", "last_year"))
