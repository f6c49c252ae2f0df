"""A web shop's calls for reading: accounts and orders by page number or offset, with their totals in headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench.asked import ACCOUNT_FIELDS, ORDER_FIELDS
from bench.pages import Changed, joined
from bench.shop import ACCOUNT_ID, Row
from bench.wire import Call, Reply

ROOT = "/wp-json/wc/v3"


class Woo:
    """One shop."""

    def __init__(self, accounts: Changed, orders: Changed) -> None:
        self._accounts = accounts
        self._orders = orders

    def calls(self) -> dict[str, Callable[[Call], Reply]]:
        """What is served."""
        return {f"{ROOT}/customers": self._customers, f"{ROOT}/orders": self._ordered}

    def _customers(self, call: Call) -> Reply:
        if "include" in call.query:
            places = [int(one) - ACCOUNT_ID for one in call.query["include"].split(",")]
            return _rows([self._accounts.shown(place) for place in places])
        if call.query.get("orderby") == "registered_date":
            last = len(self._accounts.rows) - _start(call)
            size = int(call.query["per_page"])
            rows = [self._accounts.shown(place) for place in range(last - 1, max(last - size, 0) - 1, -1)]
            return _rows(rows, len(self._accounts.rows))
        return _cut(call, self._accounts, ACCOUNT_FIELDS)

    def _ordered(self, call: Call) -> Reply:
        if call.query.get("status") == "trash":
            return _rows([])
        if "modified_after" not in call.query:
            return _cut(call, self._orders, ORDER_FIELDS)
        after, before = (_seconds(call.query[name]) for name in ("modified_after", "modified_before"))
        if len(self._orders.rows) and after < _seconds(
            self._orders.rows.row(-1 % len(self._orders.rows))["date_paid_gmt"]
        ):
            raise ValueError("the window begins before the last rendered row")
        found = self._orders.within(after, before)
        start, names = _start(call), call.query.get("_fields", "")
        part = found[start : start + int(call.query["per_page"])]
        return _rows([_few(row, names) for row in part], len(found))


def _cut(call: Call, listing: Changed, fields: Sequence[str]) -> Reply:
    if not set(fields) <= set(call.query.get("_fields", "").split(",")):
        raise ValueError(f"the pages were rendered for _fields={','.join(fields)}")
    return Reply(
        200, b"[", listing.rows.cut(_start(call), int(call.query["per_page"])), b"]", X_WP_Total=len(listing.rows)
    )


def _rows(rows: list[Row], total: int | None = None) -> Reply:
    return Reply(200, b"[", joined(rows), b"]", X_WP_Total=len(rows) if total is None else total)


def _few(row: Row, names: str) -> Row:
    return {name: row[name] for name in ("id", *names.split(",")) if name in row} if names else row


def _start(call: Call) -> int:
    if "offset" in call.query:
        return int(call.query["offset"])
    return (int(call.query["page"]) - 1) * int(call.query["per_page"])


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
