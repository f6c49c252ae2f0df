"""An order's own columns and those of its positions, as the store keeps them: of one order, or of a page of plain ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Rows
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice, repeat
from typing import Any, NamedTuple

from hub.errors import Rejected
from hub.forms import NUMBER, Place, speller
from hub.model import OrderLine, local_day, minor_digits
from hub.store.registers import OrderColumns
from sync.columns import ODD, Column, Odd, kinds
from sync.plain import Plain

_LINE = Plain(OrderLine)
_LINE_NUMBERS = ("quantity", "unit_price", "discount", "refunded")
_AMOUNT = re.compile(r"(-?\d{1,15})(?:\.(\d{1,6}))?", re.ASCII)

LineColumns = tuple[Any, ...]
"""What the store keeps of a position, as `hub/store/registers.py` names it, without its number."""


class Position(NamedTuple):
    """A position of an order, and its columns where its model takes it as it stands."""

    body: dict[str, Any]
    columns: LineColumns | None


class Positions:
    """Reads positions of orders; the same goods at the same price are remembered."""

    def __init__(self, place: Place) -> None:
        self._place, self._spell = place, speller(NUMBER, place)
        self._remembered = lru_cache(maxsize=4096)(self._read)

    def one(self, raw: Any, currency: str) -> Position:
        """A position; Rejected where one of its numbers is none."""
        if not isinstance(raw, dict):
            raise Rejected("is not a list of order lines", field="lines")
        texts = {str}.issuperset(map(type, raw.values()))
        return (self._remembered if texts else self._read)(tuple(raw.items()), currency)

    def of_page(self, orders: Sequence[list[Any]], currencies: Sequence[str]) -> tuple[Column, Column]:
        """Of each order its positions, and their columns; ODD where one of them is not plain."""
        every = list(chain.from_iterable(orders))
        if not (kinds(every) <= {dict} and kinds(chain.from_iterable(map(dict.values, every))) <= {str}):
            return self._one_by_one(orders, currencies)
        each = chain.from_iterable(map(repeat, currencies, map(len, orders)))
        try:
            found = list(map(self._remembered, map(tuple, map(dict.items, every)), each))
        except Rejected:
            return self._one_by_one(orders, currencies)
        if type(None) in kinds(columns for _, columns in found):
            return self._one_by_one(orders, currencies)
        bodies, columns = iter([body for body, _ in found]), iter([columns for _, columns in found])
        counts = list(map(len, orders))
        return [list(islice(bodies, count)) for count in counts], [list(islice(columns, count)) for count in counts]

    def _one_by_one(self, orders: Sequence[list[Any]], currencies: Sequence[str]) -> tuple[Column, Column]:
        bodies, columns = [], []
        for order, currency in zip(orders, currencies, strict=True):
            try:
                found = [self.one(raw, currency) for raw in order]
            except Rejected:
                found = [Position({}, None)]
            plain = all(position.columns is not None for position in found)
            bodies.append([position.body for position in found] if plain else ODD)
            columns.append([position.columns for position in found] if plain else ODD)
        return bodies, columns

    def _read(self, parts: tuple[tuple[str, Any], ...], currency: str) -> Position:
        line = {name: value for name, value in parts if value is not None and value != ""}
        name = ""
        try:
            for name in _LINE_NUMBERS:
                if name in line:
                    line[name] = self._number(line[name])
        except ValueError as fault:
            raise Rejected(str(fault), field=f"lines.{name}") from None
        if not _LINE.takes(line):
            return Position(line, None)
        line = {**_LINE.defaults, **line}
        return Position(line, line_columns(line, currency))

    def _number(self, value: Any) -> str | None:
        return self._spell(value) if type(value) is str else NUMBER.canonical(value, self._place)


@lru_cache(maxsize=4096)
def minor(amount: str | Decimal, currency: str) -> int:
    """An amount in the currency's minor units; Rejected where it has more decimals."""
    digits = minor_digits(currency)
    if isinstance(amount, str) and (plain := _AMOUNT.fullmatch(amount)) and len(plain[2] or "") <= digits:
        return int(plain[1] + (plain[2] or "").ljust(digits, "0"))
    scaled = Decimal(amount).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Rejected(f"has more than {digits} decimals", field="amount")
    return int(scaled)


def _minors(amounts: Sequence[str], currencies: Sequence[str]) -> Column:
    """As `minor`, of plain numbers (`hub.forms.PLAIN_NUMBER`); ODD where one has more decimals."""
    digits = {currency: minor_digits(currency) for currency in set(currencies)}
    parts = zip(map(str.partition, amounts, repeat(".")), map(digits.__getitem__, currencies), strict=True)
    return [int(whole + part.ljust(most, "0")) if len(part) <= most else ODD for (whole, _, part), most in parts]


def order_columns(order: Rows[str, Any], place: Place) -> OrderColumns:
    """The columns of an order, given as its model dumps it."""
    placed = datetime.fromisoformat(order["placed_at"])
    delivered, currency = order.get("delivered_at"), order["currency"]
    return (
        order["number"], int(placed.timestamp()), local_day(placed, place.zone),
        local_day(datetime.fromisoformat(delivered), place.zone) if delivered else None,
        order["channel"], order.get("store"), order.get("staff"), order["status"], order.get("payment_method"), currency,
        minor(order["total"], currency), minor(order["refunded"], currency), order.get("source_ref"),
    )  # fmt: skip


def page_columns(orders: Rows[str, Column], place: Place) -> Column:
    """As `order_columns`, of orders that their model takes as they stand, given by columns; ODD where one cannot be kept."""
    placed = list(map(datetime.fromisoformat, orders["placed_at"]))
    currencies, nothing = orders["currency"], repeat(None)
    delivered = orders.get("delivered_at", [None] * len(placed))
    when = iter(_days(map(datetime.fromisoformat, filter(None, delivered)), place))
    totals, refunded = (_minors(orders[name], currencies) for name in ("total", "refunded"))
    rows = zip(
        orders["number"], map(int, map(datetime.timestamp, placed)), _days(placed, place),
        [next(when) if text else None for text in delivered],
        orders["channel"], orders.get("store", nothing), orders.get("staff", nothing), orders["status"],
        orders.get("payment_method", nothing), currencies, totals, refunded, orders.get("source_ref", nothing), strict=False,
    )  # fmt: skip
    odd = Odd in kinds(totals) | kinds(refunded)
    return [ODD if ODD in row else row for row in rows] if odd else list(rows)


def _days(times: Iterable[datetime], place: Place) -> Iterable[int]:
    return map(datetime.toordinal, map(datetime.astimezone, times, repeat(place.zone)))


def line_columns(line: Rows[str, Any], currency: str) -> LineColumns:
    """The columns of a position, given as its model dumps it."""
    return (
        line["sku"], line.get("batch"), line.get("category"), line["quantity"], minor(line["unit_price"], currency),
        minor(line["discount"], currency), minor(line["refunded"], currency),
    )  # fmt: skip
