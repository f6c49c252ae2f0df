"""Their rows as the mapping reads them: addresses and names in one piece, meta data by key, times with their zone."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from connectors.woocommerce.fields import STATUSES
from hub.connector import Mapping, Row, whole_name

_TIMES = ("date_created_gmt", "date_modified_gmt", "date_completed_gmt", "date_paid_gmt")
_WHOLE = frozenset(("JPY", "KRW", "VND", "CLP", "ISK"))
_NOTHING, _ONE, _CENT, _UNREADABLE = Decimal(0), Decimal(1), Decimal("0.01"), Decimal("NaN")
_WALKED = ("id", "status", "currency", "customer_id", "role")
_LAID_OUT = {"customer": "customer_id", "lines": "line_items", "refunded": "refunds", "channel": "id"}
"""Fields that are made here, and those that they are made of."""

_DIGITS = 12  # a longer number is a mistake: it is nobody's purchase


def asked(mapping: Mapping) -> str:
    """The fields to ask for, `_fields`: what a mapping reads and what the walks look at; an order has a hundred more."""
    tops = {entry.theirs.partition(".")[0] for entry in mapping.fields}
    return ",".join(sorted({*_WALKED, *_TIMES, *(_LAID_OUT.get(name, name) for name in tops)}))


def customer(row: Row) -> Row:
    """An account, changed in place. One that was never edited has no time of change: it is as old as the account."""
    _spell_times(row)
    row["date_modified_gmt"] = row["date_modified_gmt"] or row["date_created_gmt"]
    row["billing"], row["shipping"] = _address(row.get("billing")), _address(row.get("shipping"))
    _spread_meta(row)
    return row


def order(row: Row, statuses: Rows[str, str]) -> Row:
    """An order, changed in place. Guests have the customer 0; what was given back is told by the refunds below it."""
    status = str(row.get("status") or "")
    unit = _ONE if str(row.get("currency")) in _WHOLE else _CENT
    row["customer"] = str(customer_of(row) or "")
    row["channel"] = "online"
    row["status"] = statuses.get(status) or STATUSES.get(status, status)
    row["billing"] = _address(row.get("billing"))
    row["refunded"] = _refunded(row.get("refunds"))
    row["lines"] = [_line(one, unit) for one in _objects(row.get("line_items"))]
    _spread_meta(row)
    _spell_times(row)
    return row


def customer_of(row: Row) -> int:
    """The account that an order belongs to, 0 for a guest's."""
    text = str(row.get("customer_id") or "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _refunded(refunds: Any) -> str:
    return str(sum((abs(_amount(one.get("total"))) for one in _objects(refunds)), _NOTHING)) if refunds else "0"


def moment(row: Row, name: str) -> datetime | None:
    """One of a row's UTC times; None where the shop gives none that can be read."""
    try:
        return datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return None


def meta_ids(row: Row) -> dict[str, int]:
    """The ids of an account's meta fields by key; of a key that is there twice the first one's, which is the one read."""
    found: dict[str, int] = {}
    for entry in _objects(row.get("meta_data")):
        if str(entry.get("id")).isdecimal():
            found.setdefault(str(entry.get("key")), int(entry["id"]))
    return found


def _spell_times(row: Row) -> None:
    """Their UTC times carry no offset; with one, nobody takes them for local ones."""
    for name in _TIMES:
        row[name] = f"{at}Z" if (at := row.get(name)) else None


def _spread_meta(row: Row) -> None:
    """Meta fields by key; where a key is there twice, the first one is the one that a write changes."""
    for entry in _objects(row.get("meta_data")):
        row.setdefault(f"meta_data.{entry.get('key')}", entry.get("value"))


def _address(found: Any) -> Row:
    """An address, changed in place."""
    address: Row = found if isinstance(found, dict) else {}
    district, street = str(address.get("address_2") or ""), str(address.get("address_1") or "")
    first, last = str(address.get("first_name") or ""), str(address.get("last_name") or "")
    address["name"] = whole_name(last.strip(), first.strip())
    address["street"] = f"{district} {street}" if district and street else district or street
    return address


def _line(item: Row, unit: Decimal) -> Row:
    """One position; prices are before discounts, in whole units of a currency that has no smaller ones."""
    sku = str(item.get("sku") or f"product {item.get('variation_id') or item.get('product_id') or 0}")
    quantity, subtotal, total = item.get("quantity"), item.get("subtotal"), item.get("total")
    return _position(sku, str(item.get("name") or ""), str(quantity or ""), str(subtotal or ""), str(total or ""), unit)


@lru_cache(maxsize=4096)
def _position(sku: str, name: str, quantity: str, subtotal: str, total: str, unit: Decimal) -> Row:
    """A position with the price of a piece, and what was taken off them all. The same goods are bought again and again:
    those who bought them share it, so nobody writes into it."""
    many, before = _amount(quantity), _amount(subtotal)
    price = before if many in (_NOTHING, _ONE) else before / many
    return {
        "sku": sku,
        "name": name,
        "quantity": str(many),
        "unit_price": str(_rounded(price, unit)),
        "discount": str(before - _amount(total)),
    }


def _amount(value: Any) -> Decimal:
    """An amount; one that cannot be read stays unreadable, so that the row is set aside and not counted as nothing."""
    return _decimal(str(value)) if value is not None and value != "" else _NOTHING


@lru_cache(maxsize=4096)
def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return _UNREADABLE
    return found if found.is_finite() and abs(found.adjusted()) < _DIGITS else _UNREADABLE


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, ROUND_HALF_UP) if amount.is_finite() else _UNREADABLE


def _objects(found: Any) -> list[Row]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
