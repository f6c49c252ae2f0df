"""The decide step by hand: one script of SQL that writes the same rows into the same tables as the hub does.

    python -m bench.rules_sql FOLDER DAY RULES everybody|due [GOLD STAR WINBACK]

It knows the rules by heart (`bench/rules_config.py`), that nothing is granted, held or merged, that no stream is incomplete,
and that there are no measures and rates. `everybody` walks whole tables; `due` starts from those who are due.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

_KEPT = "(o.refunded < o.total OR o.total = 0)"
_BOUGHT = (
    "o.customer = c.id AND o.counts = 1 AND o.currency = 'CNY'"
    " AND o.status IN ('paid', 'shipped', 'delivered', 'done', 'returned')"
)
_DUE = "(SELECT id FROM customer WHERE due > 0 AND id > '')"

_BASE = f"""
CREATE TEMP TABLE base AS SELECT :month - MAX(o.placed_on) AS recency, COUNT(*) AS frequency,
       SUM(o.total - o.refunded) AS monetary FROM customer c CROSS JOIN orders o ON {_BOUGHT}
   AND o.placed_on > :month - 365 AND o.placed_on <= :month AND {_KEPT} GROUP BY c.id;
"""
_CUTS = """
CREATE TEMP TABLE rank_{figure} AS SELECT value, SUM(holders) OVER (ORDER BY value) AS upto FROM (
    SELECT {figure} AS value, COUNT(*) AS holders FROM base GROUP BY {figure});
INSERT INTO rfm_cut (programme, from_day, figure, step, value)
SELECT 'rfm 365d 5', :month, '{figure}', column1, (SELECT MIN(value) FROM rank_{figure}
    WHERE upto * 5 >= column1 * (SELECT COUNT(*) FROM base)) FROM (VALUES (1), (2), (3), (4));
"""
_FIGURES = ("recency", "frequency", "monetary")

_FACTS = f"""
INSERT INTO facts (customer, as_of, orders_365d, spend_365d, orders_ytd, spend_ytd, spend_last_year, orders_life, spend_life,
                   gross_365d, refunded_365d, last_order_on)
SELECT c.id, :day, COUNT(CASE WHEN o.placed_on > :day - 365 AND {_KEPT} THEN 1 END),
       COALESCE(SUM(CASE WHEN o.placed_on > :day - 365 AND {_KEPT} THEN o.total - o.refunded END), 0),
       COUNT(CASE WHEN o.placed_on >= :year AND {_KEPT} THEN 1 END),
       COALESCE(SUM(CASE WHEN o.placed_on >= :year AND {_KEPT} THEN o.total - o.refunded END), 0),
       COALESCE(SUM(CASE WHEN o.placed_on >= :before AND o.placed_on < :year AND {_KEPT} THEN o.total - o.refunded END), 0),
       COUNT(CASE WHEN {_KEPT} THEN 1 END), COALESCE(SUM(CASE WHEN {_KEPT} THEN o.total - o.refunded END), 0),
       COALESCE(SUM(CASE WHEN o.placed_on > :day - 365 THEN o.total END), 0),
       COALESCE(SUM(CASE WHEN o.placed_on > :day - 365 THEN o.refunded END), 0), MAX(CASE WHEN {_KEPT} THEN o.placed_on END)
  FROM {{people}} c LEFT JOIN orders o ON {_BOUGHT} AND o.placed_on <= :day WHERE true GROUP BY c.id
    ON CONFLICT (customer) DO UPDATE SET as_of = excluded.as_of, orders_365d = excluded.orders_365d,
       spend_365d = excluded.spend_365d, orders_ytd = excluded.orders_ytd, spend_ytd = excluded.spend_ytd,
       spend_last_year = excluded.spend_last_year, orders_life = excluded.orders_life, spend_life = excluded.spend_life,
       gross_365d = excluded.gross_365d, refunded_365d = excluded.refunded_365d, last_order_on = excluded.last_order_on;
"""

_MEMBERSHIP = """CASE WHEN f.spend_365d >= 600000 AND f.orders_365d >= 12 THEN 'platinum'
       WHEN f.spend_365d >= :gold THEN 'gold' WHEN f.spend_365d >= 100000 THEN 'silver' ELSE 'member' END"""
_YEAR_CLUB = """CASE WHEN f.spend_ytd >= :star OR f.spend_last_year >= 600000 THEN 'star'
       WHEN f.orders_ytd >= 2 THEN 'friend' ELSE 'guest' END"""
_STAGE = """CASE WHEN f.orders_life = 0 THEN 'prospect' WHEN :day - f.last_order_on >= 365 THEN 'lost'
       WHEN :day - f.last_order_on >= 180 THEN 'at_risk' WHEN f.orders_life >= 5 THEN 'loyal'
       WHEN f.orders_life >= 2 THEN 'repeat' ELSE 'first_time' END"""
_RECENCY = """CASE WHEN f.last_order_on >= :day - :recency1 THEN 5 WHEN f.last_order_on >= :day - :recency2 THEN 4
       WHEN f.last_order_on >= :day - :recency3 THEN 3 WHEN f.last_order_on >= :day - :recency4 THEN 2 ELSE 1 END"""
_STEP = """CASE WHEN f.{0} <= :{1}1 THEN 1 WHEN f.{0} <= :{1}2 THEN 2 WHEN f.{0} <= :{1}3 THEN 3
       WHEN f.{0} <= :{1}4 THEN 4 ELSE 5 END"""
_MEAN = f"({_STEP.format('orders_365d', 'frequency')} + {_STEP.format('spend_365d', 'monetary')} + 1) / 2"
_RFM = f"""CASE WHEN f.last_order_on IS NULL THEN 'none' ELSE CASE {_RECENCY} * 10 + {_MEAN}
       WHEN 55 THEN 'champions' WHEN 54 THEN 'champions' WHEN 53 THEN 'potential_loyalists' WHEN 52 THEN 'potential_loyalists'
       WHEN 51 THEN 'new_customers' WHEN 45 THEN 'champions' WHEN 44 THEN 'champions' WHEN 43 THEN 'potential_loyalists'
       WHEN 42 THEN 'potential_loyalists' WHEN 41 THEN 'promising' WHEN 35 THEN 'loyal_customers'
       WHEN 34 THEN 'loyal_customers' WHEN 33 THEN 'need_attention' WHEN 32 THEN 'about_to_sleep'
       WHEN 31 THEN 'about_to_sleep' WHEN 25 THEN 'at_risk' WHEN 24 THEN 'at_risk' WHEN 23 THEN 'at_risk'
       WHEN 22 THEN 'hibernating' WHEN 21 THEN 'hibernating' WHEN 15 THEN 'cannot_lose_them' WHEN 14 THEN 'cannot_lose_them'
       WHEN 13 THEN 'at_risk' WHEN 12 THEN 'lost' WHEN 11 THEN 'lost' END END"""


def _seen(*names: str) -> str:
    return " || char(10) || ".join(f"'{name}=' || COALESCE(f.{name}, '')" for name in names)


_PROGRAMMES = {
    "membership": (_MEMBERSHIP, _seen("orders_365d", "spend_365d")),
    "year_club": (_YEAR_CLUB, _seen("orders_ytd", "spend_last_year", "spend_ytd")),
    "stage": (_STAGE, _seen("last_order_on", "orders_life")),
    "rfm": (_RFM, _seen("last_order_on", "orders_365d", "spend_365d")),
}

_DECIDE = """
CREATE TEMP TABLE IF NOT EXISTS moved (was INTEGER, customer TEXT, value TEXT, from_day INTEGER, seen TEXT);
DELETE FROM moved;
INSERT INTO moved SELECT was, customer, value, from_day, seen FROM (
    SELECT d.rowid AS was, f.customer, {value} AS value, d.value AS standing, d.from_day, {seen} AS seen
      FROM {decided} CROSS JOIN facts f ON f.customer = d.customer WHERE d.programme = '{programme}' AND d.to_day = 0)
 WHERE value <> standing;
DELETE FROM decision WHERE rowid IN (SELECT was FROM moved WHERE from_day >= :day);
UPDATE decision SET to_day = :day WHERE rowid IN (SELECT was FROM moved WHERE from_day < :day);
UPDATE decision SET to_day = 0 WHERE rowid IN (SELECT d.rowid FROM moved m CROSS JOIN decision d
    ON d.customer = m.customer AND d.programme = '{programme}' AND d.value = m.value AND d.to_day = :day);
INSERT INTO decision (customer, programme, value, from_day, since, rules, seen)
SELECT customer, '{programme}', value, :day, :day, :rules, seen FROM moved m WHERE NOT EXISTS (SELECT 1 FROM decision d
    WHERE d.customer = m.customer AND d.programme = '{programme}' AND d.to_day = 0);
"""
_DECIDE_FIRST = """
INSERT INTO decision (customer, programme, value, from_day, since, rules, seen)
SELECT f.customer, '{programme}', {value}, :day, :day, :rules, {seen} FROM {facts};
"""

_BIG_CITIES = "f.city IN ('上海', '北京', '广州', '深圳', '杭州')"
_WINBACK = ":day - f.last_order_on BETWEEN :winback AND 400 AND f.spend_life >= 300000 AND f.has_phone = 1"
_SEGMENTS = {
    "big_cities": _BIG_CITIES,
    "new_without_order": "f.registered_on >= :day - 30 AND f.orders_life = 0",
    "winback": _WINBACK,
    "best_to_win_back": (
        f"{_WINBACK} AND (SELECT d.value FROM decision d WHERE d.customer = f.customer AND d.programme = 'membership'"
        " AND d.to_day = 0) IN ('silver', 'gold')"
    ),
    "regulars_of_big_cities": f"f.orders_365d >= 3 AND {_BIG_CITIES}",
    "many_returns": "f.orders_365d >= 3 AND CAST(f.refunded_365d AS REAL) / f.gross_365d >= 0.5",
}
_LEAVE = """
UPDATE membership SET to_day = :day WHERE segment = '{segment}' AND to_day = 0 {these} AND NOT EXISTS
    (SELECT 1 FROM facts f WHERE f.customer = membership.customer AND {holds});
DELETE FROM membership WHERE to_day = :day AND to_day > 0 AND from_day >= to_day;
UPDATE membership SET to_day = 0 WHERE segment = '{segment}' AND to_day = :day AND to_day > 0 {these} AND EXISTS
    (SELECT 1 FROM facts f WHERE f.customer = membership.customer AND {holds});
"""
_ENTER = """
INSERT INTO membership (segment, customer, from_day, rules) SELECT '{segment}', f.customer, :day, :rules
  FROM {facts} WHERE {holds} AND NOT EXISTS
    (SELECT 1 FROM membership m WHERE m.segment = '{segment}' AND m.customer = f.customer AND m.to_day = 0);
"""


def main(folder: Path, day: str, rules: str, whom: str, **levels: int) -> None:
    """Run the script in one transaction, and tell what it cost."""
    as_of = date.fromisoformat(day)
    month = as_of.replace(day=1).toordinal()
    db = sqlite3.connect(folder / "kehub.db", isolation_level=None)
    db.executescript("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY")
    known = {"day": as_of.toordinal(), "year": date(as_of.year, 1, 1).toordinal(), "rules": rules, "month": month,
             "before": date(as_of.year - 1, 1, 1).toordinal(), **levels}  # fmt: skip
    (first,) = db.execute("SELECT NOT EXISTS (SELECT 1 FROM decision)").fetchone()
    (new,) = db.execute("SELECT NOT EXISTS (SELECT 1 FROM rfm_cut WHERE from_day = :month)", known).fetchone()
    begun, before = time.monotonic(), time.process_time()
    db.execute("BEGIN")
    _run(db, _cut_points() if new else (), known)
    known |= {f"{figure}{step}": value for figure, step, value in db.execute(
        "SELECT figure, step, value FROM rfm_cut WHERE from_day = :month", known)}  # fmt: skip
    _run(db, _script(whom == "everybody", first), known)
    db.execute("COMMIT")
    print(json.dumps({"cpu": time.process_time() - before, "wall": time.monotonic() - begun}))
    db.close()


def _run(db: sqlite3.Connection, scripts: Iterator[str] | tuple[str, ...], known: dict[str, object]) -> None:
    for script in scripts:
        for statement in filter(str.strip, script.split(";")):
            before = time.process_time()
            db.execute(statement, known)
            if "-v" in sys.argv:
                print(f"{time.process_time() - before:8.3f}", " ".join(statement.split())[:150])


def _cut_points() -> Iterator[str]:
    yield _BASE
    yield from (_CUTS.format(figure=figure) for figure in _FIGURES)


def _script(everybody: bool, first: bool) -> Iterator[str]:
    facts = "facts f" if everybody else f"{_DUE} c CROSS JOIN facts f ON f.customer = c.id"
    decided = "decision d" if everybody else f"{_DUE} c CROSS JOIN decision d ON d.customer = c.id"
    these = "" if everybody else f"AND customer IN {_DUE}"
    yield _FACTS.format(people="customer" if everybody else _DUE)
    for name, (value, seen) in _PROGRAMMES.items():
        yield (_DECIDE_FIRST if first else _DECIDE).format(
            programme=name, value=value, seen=seen, facts=facts, decided=decided
        )
    for name, holds in _SEGMENTS.items():
        yield (_ENTER if first else _LEAVE + _ENTER).format(segment=name, holds=holds, facts=facts, these=these)


if __name__ == "__main__":
    gold, star, winback = map(int, sys.argv[5:8])
    main(Path(sys.argv[1]), *sys.argv[2:5], gold=gold * 100, star=star * 100, winback=winback)
