"""Histories of orders and cases for tests of facts: put into a store as rows, and their facts worked out in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hub.model import local_day, minor_digits
from hub.store.database import Database
from hub.store.facts import Bought, Counted

EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Line:
    """A position of an order."""

    sku: str = "K"
    category: str | None = None
    quantity: str = "1"
    price: int = 0
    discount: int = 0
    refunded: int = 0


@dataclass(frozen=True)
class Bill:
    """An order; `at` is a second since 1970 UTC."""

    customer: str
    at: int
    total: int = 10000
    refunded: int = 0
    channel: str = "store"
    store: str | None = None
    status: str = "done"
    payment: str | None = None
    currency: str = "CNY"
    counts: int = 1
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Call:
    """A case."""

    customer: str
    opened: int
    answered: int | None = None
    closed: int | None = None
    state: str = "open"
    satisfaction: int | None = None


@dataclass
class History:
    """What happened at a brand, who stands where, who was born when."""

    bills: list[Bill] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    places: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Code of a store -> city, province, region."""
    born: dict[str, tuple[int | None, int, int]] = field(default_factory=dict)

    def put(self, db: Database, bought: Bought, customers: Iterable[str]) -> None:
        """Into an empty store."""
        with db.writing("history"):
            for number, customer in enumerate(customers):
                db.execute("INSERT INTO customer (id, founder, created_run, due) VALUES (:id, :n, 1, 1)",
                           {"id": customer, "n": number})  # fmt: skip
            for bill in self.bills:
                put_bill(db, bought, bill)
            for number, call in enumerate(self.calls):
                db.execute(
                    "INSERT INTO cases (rid, connection, number, customer, kind, channel, opened_at, answered_at, closed_at,"
                    " state, satisfaction) VALUES (:rid, 'x', 'n', :customer, 'enquiry', 'store', :opened, :answered, :closed,"
                    " :state, :satisfaction)",
                    {"rid": number, **vars(call)},
                )
            for code, place in self.places.items():
                row = dict(zip(("city", "province", "region"), place, strict=True))
                db.execute("INSERT INTO store_place (code, name, type, city, province, region, origin)"
                           " VALUES (:code, 'n', 'owned', :city, :province, :region, 'x')", {"code": code, **row})  # fmt: skip
            for customer, (year, month, day) in self.born.items():
                db.execute("INSERT INTO facts (customer, as_of, birth_year, birth_month, birth_day) VALUES (:c, 0, :y, :m, :d)",
                           {"c": customer, "y": year, "m": month, "d": day})  # fmt: skip


def put_bill(db: Database, bought: Bought, bill: Bill) -> None:
    """One more order; its customer becomes due, as when a page lands."""
    ((rid,),) = db.rows("SELECT COALESCE(MAX(rid), 0) + 1 FROM orders")
    row = {name: value for name, value in vars(bill).items() if name != "lines"}
    db.execute(
        "INSERT INTO orders (rid, connection, number, customer, placed_at, placed_on, channel, store, status, payment,"
        " currency, total, refunded, counts) VALUES (:rid, 'x', 'n', :customer, :at, :on, :channel, :store, :status,"
        " :payment, :currency, :total, :refunded, :counts)",
        {**row, "rid": rid, "on": on(bill.at, bought)},
    )
    for number, line in enumerate(bill.lines):
        db.execute(
            "INSERT INTO order_line (rid, line, sku, category, quantity, price, discount, refunded)"
            " VALUES (:rid, :line, :sku, :category, :quantity, :price, :discount, :refunded)",
            {"rid": rid, "line": number, **vars(line)},
        )
    db.execute("UPDATE customer SET due = 1 WHERE id = :id", {"id": bill.customer})


def on(at: int, bought: Bought) -> int:
    """The brand's day of a time."""
    return local_day(datetime.fromtimestamp(at, UTC), bought.zone)


# -- the facts, worked out one by one


def convert(minor: int, currency: str, day: int, bought: Bought) -> int | None:
    """An amount in the brand's minor units; None without a rate."""
    if currency == bought.currency:
        return minor
    found = [(start, rate) for code, start, rate in bought.rates if code == currency and start <= day]
    if not found:
        return None
    rate = max(found)[1]
    scale = Fraction(10) ** (minor_digits(bought.currency) - minor_digits(currency))
    exact = abs(Fraction(minor) * Fraction(rate) * scale)
    half_up = int(exact + Fraction(1, 2))
    return half_up if minor >= 0 else -half_up


def in_window(window: str, day: int, as_of: int) -> bool:
    today, then = date.fromordinal(as_of), date.fromordinal(day)
    if day > as_of:
        return False
    if window == "ytd":
        return then.year == today.year
    if window == "last_year":
        return then.year == today.year - 1
    return window == "life" or (today - then) < timedelta(days=int(window[:-1]))


def expected(history: History, customer: str, as_of: int, bought: Bought) -> dict[str, Any]:
    """All facts of one customer that come from orders, cases and the date."""
    every = [
        bill for bill in history.bills
        if bill.customer == customer and bill.counts and bill.status in bought.statuses and on(bill.at, bought) <= as_of
        and convert(bill.total, bill.currency, on(bill.at, bought), bought) is not None
    ]  # fmt: skip
    kept = [bill for bill in every if bill.refunded < bill.total or bill.total == 0]
    found: dict[str, Any] = {**_figures(every, kept, as_of, bought), **_habits(kept, bought)}
    found |= {name: None for name in ("channel_type",) if not kept} or {"channel_type": _channel_type(kept)}
    return found | _calls(history.calls, customer, as_of, bought) | {"age": _age(history.born.get(customer), as_of)}


def _figures(every: Sequence[Bill], kept: Sequence[Bill], as_of: int, bought: Bought) -> dict[str, Any]:
    def money(minor: int, bill: Bill) -> int:
        found = convert(minor, bill.currency, on(bill.at, bought), bought)
        assert found is not None
        return found

    found: dict[str, Any] = {}
    for window in ("30d", "90d", "180d", "365d", "ytd", "last_year", "life"):
        inside = [bill for bill in kept if in_window(window, on(bill.at, bought), as_of)]
        found[f"orders_{window}"] = len(inside)
        found[f"spend_{window}"] = sum(money(bill.total, bill) - money(bill.refunded, bill) for bill in inside)
        if window in ("365d", "life"):
            whole = [bill for bill in every if in_window(window, on(bill.at, bought), as_of)]
            found[f"gross_{window}"] = sum(money(bill.total, bill) for bill in whole)
            found[f"refunded_{window}"] = sum(money(bill.refunded, bill) for bill in whole)
            found[f"discount_{window}"] = sum(money(line.discount, bill) for bill in whole for line in bill.lines)
    days = [on(bill.at, bought) for bill in kept]
    return found | {"first_order_on": min(days, default=None), "last_order_on": max(days, default=None)}


def _habits(kept: Sequence[Bill], bought: Bought) -> dict[str, Any]:
    local = {bill: datetime.fromtimestamp(bill.at, UTC).astimezone(bought.zone) for bill in kept}
    said = {
        "favourite_store": lambda bill: {bill.store}, "favourite_channel": lambda bill: {bill.channel},
        "favourite_category": lambda bill: {line.category for line in bill.lines},
        "favourite_sku": lambda bill: {line.sku for line in bill.lines},
        "usual_hour": lambda bill: {local[bill].hour}, "usual_weekday": lambda bill: {local[bill].isoweekday()},
    }  # fmt: skip
    return {name: _favourite([(value, bill) for bill in kept for value in of(bill)]) for name, of in said.items()}


def _favourite(said: Iterable[tuple[Any, Bill]]) -> Any:
    times: dict[Any, list[int]] = defaultdict(list)
    for value, bill in said:
        if value is not None:
            times[value].append(bill.at)
    best = max(((len(found), max(found)) for found in times.values()), default=None)
    return min((value for value, found in times.items() if (len(found), max(found)) == best), default=None)


def _channel_type(kept: Sequence[Bill]) -> str:
    stores = {bill.channel == "store" for bill in kept}
    return "both" if len(stores) == 2 else "store" if True in stores else "online"


def _calls(calls: Sequence[Call], customer: str, as_of: int, bought: Bought) -> dict[str, Any]:
    def by_then(at: int | None) -> bool:
        return at is not None and on(at, bought) <= as_of

    mine = [call for call in calls if call.customer == customer and by_then(call.opened)]
    still = [call for call in mine
             if call.state in ("open", "waiting") or (call.closed is not None and not by_then(call.closed))]  # fmt: skip
    rated = [(call.closed or call.opened, call.satisfaction) for call in mine if call.satisfaction is not None]
    words = [at for call in mine for at in (call.opened, call.answered, call.closed) if at is not None and by_then(at)]
    return {
        "open_cases": len(still), "cases_life": len(mine),
        "cases_365d": sum(on(call.opened, bought) > as_of - 365 for call in mine),
        "last_case_on": max((on(call.opened, bought) for call in mine), default=None),
        "last_contact_on": max((on(at, bought) for at in words), default=None),
        "last_satisfaction": max((one for one in rated if by_then(one[0])), default=(0, None))[1],
    }  # fmt: skip


def _age(born: tuple[int | None, int, int] | None, as_of: int) -> int | None:
    """A birthday on 29 February is kept on the 28th where there is no 29th."""
    if born is None or born[0] is None:
        return None
    today, (year, month, day) = date.fromordinal(as_of), born
    try:
        birthday = date(today.year, month, day)
    except ValueError:
        birthday = date(today.year, month, day - 1)
    return today.year - year - (today < birthday)


def counted(history: History, customer: str, as_of: int, bought: Bought, one: Counted) -> int | None:
    """Orders or money by something; None for who has no such order."""
    found = []
    for bill in history.bills:
        day = on(bill.at, bought)
        fine = bill.counts and bill.status in bought.statuses and (bill.refunded < bill.total or bill.total == 0)
        if bill.customer != customer or not fine or not in_window(one.window, day, as_of):
            continue
        if convert(1, bill.currency, day, bought) is None:
            continue
        found += _counted(history, bill, day, bought, one)
    return sum(found) if found else None


def _counted(history: History, bill: Bill, day: int, bought: Bought, one: Counted) -> list[int]:
    if one.by in ("category", "sku"):
        lines = [line for line in bill.lines if _line_is(line, one)]
        if one.what == "orders":
            return [1] if lines else []
        return [convert(_paid(line), bill.currency, day, bought) or 0 for line in lines]
    place = dict(zip(("city", "province", "region"), history.places.get(bill.store or "", ("", "", "")), strict=True))
    if {**vars(bill), **place}[one.by] != one.value:
        return []
    spent = (convert(bill.total, bill.currency, day, bought) or 0) - (
        convert(bill.refunded, bill.currency, day, bought) or 0
    )
    return [1] if one.what == "orders" else [spent]


def _line_is(line: Line, one: Counted) -> bool:
    if one.by == "sku":
        return line.sku == one.value
    return line.category == one.value or (line.category or "").startswith(f"{one.value}/")


def _paid(line: Line) -> int:
    price = (Decimal(line.quantity) * line.price).quantize(Decimal(1), ROUND_HALF_UP)
    return int(price) - line.discount - line.refunded
