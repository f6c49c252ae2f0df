"""A store with customers and ten times as many orders over three years, drawn in SQL from a seed.

    python -m bench.rules_store FOLDER CUSTOMERS      a multiple of 20

Orders have statuses, refunds, a few another currency; one in five has lines. Facts hold the profile, as if records had told
it; there are records only for `CHANGED` customers, whose orders change later on (`change`), and they tell what facts hold.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.rules_config import FIRST, LATER, opened, write
from hub.store.records import Incoming
from sync.facts import Profiler
from sync.setup import Setup

CHANGED = 1_000
"""How many customers change; one in twenty, where there are fewer than 20,000."""

_ORDERS_OF = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 22, 35, 55)
"""How many orders customers have: ten on average, most of them with few people."""

_P = 2147483647
_DRAWN = f"""
SELECT n, h, h * 16807 % {_P} AS g, h * 48271 % {_P} AS k FROM (SELECT n, (s * s + n) % {_P} AS h FROM (
    SELECT n, (n * 69621 + {{seed}}) % {_P} AS s FROM ({{numbers}})))
"""
"""Three numbers by chance for each n: a square modulo a prime, and two generators after it."""

_UP_TO = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {most}) SELECT n FROM up"

_CUSTOMERS = """
CREATE TEMP TABLE person AS SELECT n, printf('%08x%08x', h, k) AS id, h, g, k FROM ({drawn});
INSERT INTO customer (id, founder, created_run, due) SELECT id, n, 1, 0 FROM person ORDER BY n;
INSERT INTO facts (customer, as_of, registered_on, gender, province, city, birth_year, birth_month, birth_day,
                   has_phone, has_email, has_wechat, phone_region, children, records, systems, quality)
SELECT id, 0, :day - h % 1400, CASE h % 3 WHEN 0 THEN 'male' ELSE 'female' END,
       CASE g % 3 WHEN 0 THEN '浙江' WHEN 1 THEN '上海' ELSE '广东' END,
       CASE g % 12 WHEN 0 THEN '上海' WHEN 1 THEN '北京' WHEN 2 THEN '杭州' WHEN 3 THEN '深圳' WHEN 4 THEN '成都'
                   WHEN 5 THEN '苏州' WHEN 6 THEN '宁波' WHEN 7 THEN '南京' WHEN 8 THEN '武汉' WHEN 9 THEN '西安' END,
       1950 + k % 56, 1 + k % 12, 1 + k % 28, h % 5 > 0, h % 3 = 0, h % 2, 'CN', 0, 1, 1, 40 + h % 60
  FROM person ORDER BY id;
"""

_ORDERS = """
CREATE TEMP TABLE share (class INTEGER PRIMARY KEY, orders INTEGER NOT NULL);
INSERT INTO share VALUES {shares};
CREATE TEMP TABLE bought AS SELECT p.n AS person, p.id AS id, t.n AS time FROM ({times}) t
    CROSS JOIN person p CROSS JOIN share s ON s.class = p.n % 20 AND s.orders >= t.n;
INSERT INTO orders (rid, connection, number, buyer, customer, placed_at, placed_on, delivered_on, channel, store, status,
                    payment, currency, total, refunded, source_ref, counts)
SELECT 100000000 + n, 'pos', 'A' || n, b.person, b.id, (:day - h % 1096 - 719163) * 86400 - 28800 + k % 86400,
       :day - h % 1096, NULL, CASE g % 3 WHEN 0 THEN 'online' ELSE 'store' END,
       CASE g % 3 WHEN 0 THEN NULL ELSE 'S' || (g % 97) END,
       CASE WHEN k % 100 < 3 THEN 'pending' WHEN k % 100 < 7 THEN 'cancelled' WHEN k % 100 < 15 THEN 'returned'
            WHEN k % 100 < 40 THEN 'delivered' ELSE 'done' END,
       'card', CASE k % 211 WHEN 0 THEN 'HKD' ELSE 'CNY' END, {total},
       CASE WHEN k % 100 BETWEEN 7 AND 14 THEN {total} WHEN k % 100 BETWEEN 15 AND 18 THEN ({total}) / 2 ELSE 0 END,
       NULL, 1
  FROM ({drawn}) JOIN bought b ON b.rowid = n;
INSERT INTO order_line (rid, line, sku, category, quantity, price, discount, refunded)
SELECT 100000000 + n, 1, 'K' || (h % 997), '鞋/' || (g % 7), '1', {total}, 0, 0 FROM ({drawn}) WHERE k % 5 = 0;
"""
_TOTAL = "3000 + (h % 1000) * (g % 1000) / 10"
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'orders' AND sql IS NOT NULL"


def main(folder: Path, customers: int) -> None:
    """Make the store, unless the folder has it already."""
    done = folder / "made"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kehub.db").unlink(missing_ok=True)
    write(folder, changed=False)
    setup = opened(folder, FIRST)
    setup.store.close()
    _fill(folder / "kehub.db", customers)
    setup = opened(folder, FIRST)
    with setup.store.db.writing("bench"):
        setup.store.decisions.remember("told", setup.told)  # what records tell stands already
        _records(setup, min(CHANGED, customers // 20))
    setup.close()
    done.touch()


def _fill(path: Path, customers: int) -> None:
    """Rows first, indexes of orders afterwards."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;"
                     " PRAGMA temp_store = FILE; BEGIN")  # fmt: skip
    indexes = db.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    for statement in _statements(customers):
        db.execute(statement, {"day": LATER.toordinal()} if ":day" in statement else {})
    for _, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def _statements(customers: int) -> Iterator[str]:
    people = _DRAWN.format(seed=7, numbers=_UP_TO.format(most=customers))
    orders = _DRAWN.format(seed=11, numbers=_UP_TO.format(most=10 * customers))
    shares = ", ".join(f"({number}, {count})" for number, count in enumerate(_ORDERS_OF))
    written = _CUSTOMERS.format(drawn=people) + _ORDERS.format(
        drawn=orders, shares=shares, total=_TOTAL, times=_UP_TO.format(most=max(_ORDERS_OF))
    )
    return (statement for statement in written.split(";") if statement.strip())


# -- the customers that change


def _records(setup: Setup, count: int) -> None:
    """Records for those who change, and their profile as these tell it."""
    store = setup.store
    people = [customer for (customer,) in store.db.rows(_WHO, {"count": count})]
    page = [_record(number, customer) for number, customer in enumerate(people)]
    landing, _ = store.records.land("pos", "customers", "customers", page, 1_750_000_000)
    store.db.many(
        "UPDATE record SET customer = ?, due = 0 WHERE rid = ?",
        [(customer, landing.rids[item.ext]) for customer, item in zip(people, page, strict=True)],
    )
    records = store.records.of_customers(people)
    profiler = Profiler(setup.survivorship, setup.config.place)
    store.facts.save_profile([{"customer": one, **profiler.profile(records[one])} for one in people])


_WHO = "SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id) ORDER BY c.id LIMIT :count"


def _record(number: int, customer: str) -> Incoming:
    values = {
        "name": f"顾客{number}", "phone": f"+86138{number:08}", "email": f"a{number}@example.cn", "city": "上海",
        "province": "上海", "gender": "female", "birthday": f"{1960 + number % 40}-05-{1 + number % 28:02}",
        "registered_at": f"202{2 + number % 4}-03-0{1 + number % 9}T02:00:00Z",
    }  # fmt: skip
    return Incoming(customer, values, 1_700_000_000 + number, number.to_bytes(8, "big"), text=orjson.dumps(values))


def change(path: Path, due: int) -> None:
    """One order of each of them comes back: they are due as after a read (1), or as by the calendar (2)."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN")
    db.execute("UPDATE orders SET refunded = total, status = 'returned' WHERE rid IN (SELECT MAX(o.rid) FROM record r"
               " JOIN orders o ON o.customer = r.customer GROUP BY r.customer)")  # fmt: skip
    db.execute("UPDATE customer SET due = ? WHERE id IN (SELECT customer FROM record)", (due,))
    db.execute("COMMIT")
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
