"""Stored amounts (minor units) as people write them."""

from __future__ import annotations

from decimal import Decimal

from sync.order_columns import minor


def amount(value: int | None, currency: str) -> str:
    """1234500 of CNY as `CNY 12,345.00`."""
    if value is None:
        return "-"
    units = minor(Decimal(1), currency)
    digits = len(str(units)) - 1
    return f"{currency} {Decimal(value).scaleb(-digits):,.{digits}f}"
