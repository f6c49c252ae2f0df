"""The facts as SQL: one statement a group of columns, for any set of customers, each as of one day or of a day of its own.

Every statement walks the people `m` of a frame in the order of their ids and their orders `o` by the index on (customer,
placed_on), which holds all that figures need. The first one, `figures`, makes the rows; the others fill in what comes from
lines, habits and cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.store.database import Params
from hub.store.facts_day import DAY_COLUMNS, local_day_of, local_hour, numbers
from hub.store.facts_money import amount, rated
from hub.store.facts_wanted import (
    CASES,
    COUNTED,
    DISCOUNTS,
    FIGURES,
    HABITS,
    LINES,
    Bought,
    Counted,
    Wanted,
    days_of,
)  # fmt: skip

KEPT = "(o.refunded < o.total OR o.total = 0)"
"""An order that was not given back in full."""


@dataclass(frozen=True)
class Frame:
    """Whose facts are computed as of when, and where they go.

    `people` is a query in parentheses of column `customer`, and of the `DAY_COLUMNS` where it is `dated`; without, the day
    is a parameter. `keyed` tables hold several days of a customer.
    """

    people: str
    params: Params
    until: int
    target: str = "facts"
    values: str = "fact_value"
    dated: bool = False
    keyed: bool = False

    def day(self, name: str = "as_of") -> str:
        """SQL of one of the `DAY_COLUMNS`."""
        return f"m.{name}" if self.dated else f":b_{name}"

    @property
    def group(self) -> str:
        """What a customer's (and a day's) rows are put together by."""
        return "m.customer, m.as_of" if self.dated else "m.customer"

    @property
    def key(self) -> str:
        """The key of both tables, but for the name."""
        return "customer, as_of" if self.keyed else "customer"


def day_params(as_of: int, bought: Bought) -> Params:
    """The numbers of one day as parameters."""
    return {f"b_{name}": number for name, number in zip(DAY_COLUMNS, numbers(as_of, bought.zone), strict=True)}


def bought_params(bought: Bought) -> Params:
    """What `bought_by` needs."""
    return {"b_currency": bought.currency, **{f"b_s{n}": status for n, status in enumerate(bought.statuses)}}


def bought_by(frame: Frame, bought: Bought) -> str:
    """The condition under which an order `o` is one that a person `m` had bought by the day."""
    return f"o.customer = m.customer AND o.placed_on <= {frame.day()} AND {counts(bought)} AND {rated(bought)}"


def counts(bought: Bought) -> str:
    """The condition that an order is of a counted stream and of a status that counts."""
    statuses = ", ".join(f":b_s{number}" for number in range(len(bought.statuses)))
    return f"o.counts = 1 AND o.status IN ({statuses})"


def within(frame: Frame, window: str) -> str:
    """The condition that an order lies in a window; empty for `life`."""
    if (days := days_of(window)) is not None:
        return f"o.placed_on > {frame.day()} - {days}"
    if window == "ytd":
        return f"o.placed_on >= {frame.day('year_on')}"
    return f"o.placed_on >= {frame.day('before_on')} AND o.placed_on < {frame.day('year_on')}" * (window != "life")


def statements(frame: Frame, wanted: Wanted, bought: Bought) -> Iterator[tuple[str, Params]]:
    """Everything that is wanted, in order."""
    yield figures(frame, wanted, bought), {}
    values = _habits(frame, bought)
    yield from (
        (_favourite(frame, bought, name, values[name]), {}) for name in wanted.of((*HABITS, *LINES)) if name in values
    )
    if discounts := wanted.of(tuple(DISCOUNTS)):
        yield _discounts(frame, bought, discounts), {}
    if cases := wanted.of(CASES):
        yield _cases(frame, bought, cases), {}
    if "age" in wanted.columns:
        yield _age(frame), {}
    if not frame.keyed:
        yield _no_values(frame), {}
    yield from (_counted(frame, bought, one) for one in wanted.counted)


# -- figures of orders


def figures(frame: Frame, wanted: Wanted, bought: Bought) -> str:
    """The rows of all people, with figures of orders; columns of other statements are blank, zero where they count."""
    found = dict(_figures(frame, wanted, bought))
    blank = {name: _blank(name) for name in wanted.of((*LINES, *CASES)) if _blank(name) != "NULL"}
    nothing = [name for name in COUNTED if name not in found and name not in blank]
    join = f" LEFT JOIN orders o ON {' AND '.join(_joined(frame, wanted, bought))}" if found else ""
    columns = ", ".join(("customer", "as_of", *found, *blank))
    values = ", ".join(("m.customer", frame.day(), *found.values(), *blank.values()))
    sets = [f"{name} = excluded.{name}" for name in ("as_of", *found, *blank)] + [f"{name} = NULL" for name in nothing]
    return (
        f"INSERT INTO {frame.target} ({columns}) SELECT {values} FROM {frame.people} m{join} WHERE true"
        f" GROUP BY {frame.group} ON CONFLICT ({frame.key}) DO UPDATE SET {', '.join(sets)}"
    )


def _blank(name: str) -> str:
    return "0" if name in DISCOUNTS or name in ("open_cases", "cases_365d", "cases_life") else "NULL"


def _of_all(wanted: Wanted) -> bool:
    """Whether some figure counts orders that were given back in full too."""
    return any(FIGURES[name][0] in ("gross", "refunded") for name in wanted.of(tuple(FIGURES)))


def _joined(frame: Frame, wanted: Wanted, bought: Bought) -> Iterator[str]:
    """The narrowest condition that serves all wanted figures."""
    yield bought_by(frame, bought)
    if not _of_all(wanted):
        yield KEPT
    windows = {window for name, (_, window) in FIGURES.items() if name in wanted.columns}
    if not wanted.columns & {"first_order_on", "last_order_on", "channel_type"} and "life" not in windows:
        days = [days_of(window) or 731 for window in windows]  # this year and the one before have no more
        yield f"o.placed_on > {frame.day()} - {max(days)}"


def _figures(frame: Frame, wanted: Wanted, bought: Bought) -> Iterator[tuple[str, str]]:
    kept = [KEPT] if _of_all(wanted) else []
    for name in wanted.of(tuple(FIGURES)):
        stem, window = FIGURES[name]
        conditions = [part for part in (within(frame, window), *(kept if stem in ("orders", "spend") else ())) if part]
        yield name, _aggregate(stem, " AND ".join(conditions) or "1 = 1", bought)
    for name, function in (("first_order_on", "MIN"), ("last_order_on", "MAX")):
        if name in wanted.columns:
            yield name, f"{function}(CASE WHEN {kept[0]} THEN o.placed_on END)" if kept else f"{function}(o.placed_on)"
    if "channel_type" in wanted.columns:
        yield "channel_type", _channel_type(" AND ".join(kept))


def _aggregate(stem: str, condition: str, bought: Bought) -> str:
    if stem == "orders":
        return "COUNT(o.placed_on)" if condition == "1 = 1" else f"COUNT(CASE WHEN {condition} THEN o.placed_on END)"
    total, refunded = amount("o.total", bought), amount("o.refunded", bought)
    summed = {"spend": f"{total} - {refunded}", "gross": total, "refunded": refunded}[stem]
    return _sum(summed if condition == "1 = 1" else f"CASE WHEN {condition} THEN {summed} END")


def _sum(expression: str) -> str:
    return f"CAST(COALESCE(SUM({expression}), 0) AS BIGINT)"


def _channel_type(kept: str) -> str:
    condition = f"{kept} AND " if kept else ""
    every = f"COUNT(CASE WHEN {condition}o.channel IS NOT NULL THEN 1 END)"
    stores = f"COUNT(CASE WHEN {condition}o.channel = 'store' THEN 1 END)"
    return f"CASE WHEN {every} = 0 THEN NULL WHEN {stores} = {every} THEN 'store' WHEN {stores} = 0 THEN 'online' ELSE 'both' END"


# -- favourites and habits


def _habits(frame: Frame, bought: Bought) -> dict[str, str]:
    """What an order (or its line) says of each favourite."""
    return {
        "favourite_store": "o.store", "favourite_channel": "o.channel", "favourite_category": "l.category",
        "favourite_sku": "l.sku", "usual_hour": local_hour("o.placed_at", bought.zone, frame.until),
        "usual_weekday": "((o.placed_on - 1) % 7 + 1)",  # the first day of all was a Monday
    }  # fmt: skip


def _favourite(frame: Frame, bought: Bought, name: str, value: str) -> str:
    """Of most orders; of equals the latest bought, then the first by name."""
    whose, keys = _keys(frame)
    lines = value.startswith("l.")
    said = (
        f"SELECT {keys}, {value} AS value, o.rid AS rid, o.placed_at AS placed_at"
        f" FROM {_of_people(frame, bought, lines=lines)} AND {KEPT} AND {value} IS NOT NULL"
    )
    counted = (
        f"SELECT {whose}, value, COUNT({'DISTINCT ' * lines}rid) AS n, MAX(placed_at) AS latest"
        f" FROM ({said}) s GROUP BY {whose}, value"
    )
    placed = (
        f"SELECT {whose}, value, ROW_NUMBER() OVER (PARTITION BY {whose} ORDER BY n DESC, latest DESC, value) AS place"
        f" FROM ({counted}) c"
    )
    as_of = "as_of" if frame.dated else frame.day()
    return _filled(frame, (name,), f"SELECT customer, {as_of}, value FROM ({placed}) p WHERE place = 1")


def _keys(frame: Frame) -> tuple[str, str]:
    """What tells one row from another inside a query, and how it comes out of the people."""
    if frame.dated:
        return "customer, as_of", "m.customer AS customer, m.as_of AS as_of"
    return "customer", "m.customer AS customer"


def _of_people(frame: Frame, bought: Bought, orders: str = "orders", *, lines: bool = False) -> str:
    """People, their orders, perhaps the lines; CROSS JOIN keeps SQLite from going through the orders of everybody."""
    joined, of_order = (" CROSS JOIN order_line l", " AND l.rid = o.rid") if lines else ("", "")
    return f"{frame.people} m CROSS JOIN {orders} o{joined} WHERE {bought_by(frame, bought)}{of_order}"


def _filled(frame: Frame, columns: Iterable[str], select: str) -> str:
    """Set some columns of people whose rows are there."""
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return (
        f"INSERT INTO {frame.target} (customer, as_of, {', '.join(columns)}) {select}"
        f" ON CONFLICT ({frame.key}) DO UPDATE SET {sets}"
    )


def _discounts(frame: Frame, bought: Bought, names: tuple[str, ...]) -> str:
    taken_off = amount("l.discount", bought)
    sums = ", ".join(
        _sum(f"CASE WHEN {condition} THEN {taken_off} END" if condition else taken_off)
        for condition in (within(frame, DISCOUNTS[name]) for name in names)
    )
    select = (
        f"SELECT m.customer, {frame.day()}, {sums} FROM {_of_people(frame, bought, lines=True)} AND l.discount <> 0"
        f" GROUP BY {frame.group}"
    )
    return _filled(frame, names, select)


# -- cases, age


def _cases(frame: Frame, bought: Bought, names: tuple[str, ...]) -> str:
    """What of a case had happened by the end of the day."""
    ends, since, rated_at = frame.day("ends_at"), frame.day("since_at"), "COALESCE(k.closed_at, k.opened_at)"
    inner = {
        "customer": "m.customer", "as_of": frame.day(), "cases_life": "COUNT(*)",
        "open_cases": f"COUNT(CASE WHEN k.state NOT IN ('solved', 'closed') OR k.closed_at >= {ends} THEN 1 END)",
        "cases_365d": f"COUNT(CASE WHEN k.opened_at >= {since} THEN 1 END)", "opened": "MAX(k.opened_at)",
        "answered": f"COALESCE(MAX(CASE WHEN k.answered_at < {ends} THEN k.answered_at END), 0)",
        "closed": f"COALESCE(MAX(CASE WHEN k.closed_at < {ends} THEN k.closed_at END), 0)",
        # it is said when a case is closed; of the latest such case, the figure stands behind its time
        "rated": f"MAX(CASE WHEN {rated_at} < {ends} THEN {rated_at} * 10 + k.satisfaction END)",
    }  # fmt: skip
    spoken = (
        "(CASE WHEN opened >= answered AND opened >= closed THEN opened WHEN answered >= closed THEN answered"
        " ELSE closed END)"
    )
    outer = {
        "last_case_on": local_day_of("opened", bought.zone, frame.until),
        "last_contact_on": local_day_of(spoken, bought.zone, frame.until),
        "last_satisfaction": "rated % 10",
    }
    rows = ", ".join(f"{sql} AS {name}" for name, sql in inner.items())
    select = (
        f"SELECT customer, as_of, {', '.join(outer.get(name, name) for name in names)} FROM (SELECT {rows}"
        f" FROM {frame.people} m CROSS JOIN cases k WHERE k.customer = m.customer AND k.opened_at < {ends}"
        f" GROUP BY {frame.group}) x WHERE true"
    )
    return _filled(frame, names, select)


def _age(frame: Frame) -> str:
    """Whole years; NULL where the year of birth is not known."""
    born = "COALESCE(f.birth_month, 1) * 100 + COALESCE(f.birth_day, 1)"
    age = f"{frame.day('age_year')} - f.birth_year - CASE WHEN {born} > {frame.day('age_day')} THEN 1 ELSE 0 END"
    select = (
        f"SELECT m.customer, {frame.day()}, {age} FROM {frame.people} m JOIN facts f ON f.customer = m.customer"
        " WHERE f.birth_year IS NOT NULL"
    )
    return _filled(frame, ("age",), select)


def profiles(frame: Frame, names: tuple[str, ...]) -> str:
    """Profile columns as known today, for rows that are not in `facts` itself."""
    select = f"SELECT m.customer, {frame.day()}, {', '.join(names)} FROM {frame.people} m JOIN facts f ON f.customer = m.customer"
    return _filled(frame, names, f"{select} WHERE true")


# -- orders counted by something, and a brand's own facts


def made(frame: Frame) -> str:
    """Values that are not computed here, for all rows of a past day: as they are now."""
    return (
        f"INSERT INTO {frame.values} (customer, as_of, name, value)"
        f" SELECT t.customer, t.as_of, v.name, v.value FROM {frame.target} t"
        " JOIN fact_value v ON v.customer = t.customer AND v.name = :b_name"
        f" WHERE NOT EXISTS (SELECT 1 FROM {frame.values} w WHERE w.customer = t.customer AND w.as_of = t.as_of"
        " AND w.name = v.name)"
    )


def _no_values(frame: Frame) -> str:
    return f"DELETE FROM {frame.values} WHERE customer IN (SELECT m.customer FROM {frame.people} m)"


_BY = {
    "channel": "o.channel = :b_value", "store": "o.store = :b_value", "payment": "o.payment = :b_value",
    **{
        place: f"o.store IN (SELECT p.code FROM store_place p WHERE p.{place} = :b_value)"
        for place in ("city", "province", "region")
    },
}  # fmt: skip
_LINES = {
    "sku": "l.sku = :b_value",
    "category": "(l.category = :b_value OR (l.category >= :b_below AND l.category < :b_beyond))",
}

_PAID = "CAST(ROUND(CAST(l.quantity AS NUMERIC) * 1000000) AS BIGINT) * l.price"
_PRICE = f"(({_PAID} + CASE WHEN {_PAID} < 0 THEN -500000 ELSE 500000 END) / 1000000 - l.discount - l.refunded)"
"""What was paid for a line and not given back; quantities are decimals kept as text, and sums must be exact."""


def _counted(frame: Frame, bought: Bought, one: Counted) -> tuple[str, Params]:
    """A row for everybody who has such an order; who has none has no row."""
    params: Params = {"b_name": one.name, **one.params}
    if one.by:
        # a category's path and all below it: "0" is the character after "/"
        params |= {"b_value": one.value, "b_below": f"{one.value}/", "b_beyond": f"{one.value}0"}
    aggregate, condition = _counts_what(bought, one)
    lines, own = one.what == "spend" and one.by in _LINES, not one.by
    orders = _in_brands_money(bought) if own else "orders"
    conditions = ["" if own and bought.rates else KEPT, within(frame, one.window), condition]
    joined = _of_people(frame, bought, orders, lines=lines)
    keys, selected = ("customer, as_of", f"m.customer, {frame.day()}") if frame.keyed else ("customer", "m.customer")
    return (
        f"INSERT INTO {frame.values} ({keys}, name, value)"
        f" SELECT {selected}, CAST(:b_name AS TEXT), CAST({aggregate} AS BIGINT) FROM {joined}"
        f"{''.join(f' AND {part}' for part in conditions if part)} GROUP BY {frame.group} HAVING {aggregate} IS NOT NULL"
    ), params


def _counts_what(bought: Bought, one: Counted) -> tuple[str, str]:
    """(aggregate, condition); money spent on categories and articles is that of their lines."""
    if not one.by:
        return one.aggregate, f"({one.where})" if one.where else ""
    if one.by in _BY:
        spent = f"SUM({amount('o.total', bought)} - {amount('o.refunded', bought)})"
        return (spent if one.what == "spend" else "COUNT(*)"), _BY[one.by]
    if one.what == "spend":
        return f"SUM({amount(_PRICE, bought)})", _LINES[one.by]
    return "COUNT(*)", f"EXISTS (SELECT 1 FROM order_line l WHERE l.rid = o.rid AND {_LINES[one.by]})"


_ORDER_COLUMNS = (
    "rid", "connection", "number", "customer", "placed_at", "placed_on", "delivered_on", "channel", "store", "staff",
    "status", "payment", "currency", "counts",
)  # fmt: skip


def _in_brands_money(bought: Bought) -> str:
    """The table of orders, as a brand's own facts see it."""
    if not bought.rates:
        return "orders"
    money = (f"{amount(f'o.{name}', bought)} AS {name}" for name in ("total", "refunded"))
    return (
        f"(SELECT {', '.join((*(f'o.{name}' for name in _ORDER_COLUMNS), *money))} FROM orders o"
        f" WHERE {rated(bought)} AND {KEPT})"
    )
