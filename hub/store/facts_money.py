"""Amounts in the brand's currency, by dated rates, in whole minor units: exact, half a unit up (away from zero).

The rates stand in a temporary table of the connection, so that orders meet them in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from hashlib import blake2b

from hub.model import minor_digits
from hub.store.database import Database, Row
from hub.store.dialects import typed
from hub.store.facts_wanted import Bought

_MOST = 4 * 10**18
"""What numerator times denominator may be, so that twice a remainder fits into 64 bits."""

_RATE = "FROM facts_rate r WHERE r.currency = o.currency AND r.from_day <= o.placed_on"


def rated(bought: Bought) -> str:
    """The condition that an order `o` is in the brand's currency, or in one that had a rate on its day."""
    if not bought.rates:
        return "o.currency = :b_currency"
    return f"(o.currency = :b_currency OR EXISTS (SELECT 1 {_RATE}))"


def amount(column: str, bought: Bought) -> str:
    """An amount of an order `o` in the brand's currency."""
    if not bought.rates:
        return column
    whole = f"{column} / r.den * r.num"
    rest = f"({column} % r.den * r.num * 2 + CASE WHEN {column} < 0 THEN -r.den ELSE r.den END) / (2 * r.den)"
    converted = f"SELECT {whole} + {rest} {_RATE} ORDER BY r.from_day DESC LIMIT 1"
    return f"CASE WHEN o.currency = :b_currency THEN {column} ELSE ({converted}) END"


def load_rates(db: Database, bought: Bought) -> None:
    """Bring the table of rates up to date."""
    if not bought.rates:
        return
    db.script([typed(db, "CREATE TEMP TABLE IF NOT EXISTS facts_rate (currency {text} NOT NULL, from_day {int} NOT NULL,"
                         " num {int} NOT NULL, den {int} NOT NULL, PRIMARY KEY (currency, from_day))")])  # fmt: skip
    mark = "#" + blake2b(repr((bought.currency, bought.rates)).encode(), digest_size=16).hexdigest()
    if db.rows("SELECT 1 FROM facts_rate WHERE currency = :mark", {"mark": mark}):
        return
    db.execute("DELETE FROM facts_rate")
    db.many(
        "INSERT INTO facts_rate (currency, from_day, num, den) VALUES (?, ?, ?, ?)", [*_rates(bought), (mark, 0, 1, 1)]
    )


def _rates(bought: Bought) -> Iterator[Row]:
    for (currency, day), rate in sorted({(one, day): rate for one, day, rate in bought.rates}.items()):
        if currency != bought.currency:
            yield currency, day, *ratio(rate, minor_digits(bought.currency) - minor_digits(currency))


def converted(bought: Bought, currency: str, day: int, amount: int) -> int | None:
    """An amount of a day in the brand's currency, as `amount` converts it in SQL; None without a rate."""
    if currency == bought.currency:
        return amount
    known = [(first, rate) for one, first, rate in bought.rates if one == currency and first <= day]
    if not known:
        return None
    num, den = ratio(max(known)[1], minor_digits(bought.currency) - minor_digits(currency))
    whole = (2 * abs(amount) * num + den) // (2 * den)
    return whole if amount >= 0 else -whole


def ratio(rate: Decimal, digits: int) -> tuple[int, int]:
    """A rate between minor units as a fraction; one of more digits than 64 bits hold loses the last ones."""
    between, decimals = rate.scaleb(digits), 18
    exact = Fraction(between)
    while exact.numerator * exact.denominator > _MOST:
        decimals -= 1
        exact = Fraction(between.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
    return exact.numerator, exact.denominator
