"""Resolve, facts, tiers, stages and plan by hand: a few set-based statements over what the hub's pull landed.

    python -m bench.sql_side FOLDER         FOLDER holds the hub's store after a pull
    python -m bench.sql_side FOLDER HUB     how many rows of each answer are others than the hub's

The result goes into the same tables, with their indexes standing. Nobody could run a brand on it: no second run, no
guards, questions, receipts or reasons; what is sealed (names, provinces, birthdays) stays sealed, and the plan is not.
It says what the database's own work for the same answer costs. The answer must be the hub's.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

TIES = """
CREATE TEMP TABLE tie AS SELECT key, rid FROM identity WHERE key IN
    (SELECT key FROM identity GROUP BY key HAVING count(*) BETWEEN 2 AND 8);
CREATE INDEX temp.tie_rid ON tie (rid);
CREATE TEMP TABLE member (rid INTEGER PRIMARY KEY, least INTEGER NOT NULL);
INSERT INTO member SELECT rid, rid FROM record WHERE noun = 'customers';
"""

SPREAD = """
UPDATE member SET least = found.least FROM (
    SELECT t.rid, min(k.least) AS least FROM tie t JOIN (
        SELECT t.key, min(m.least) AS least FROM tie t JOIN member m ON m.rid = t.rid GROUP BY t.key
    ) k ON k.key = t.key GROUP BY t.rid
) found WHERE found.rid = member.rid AND found.least < member.least
"""
"""Everybody who shares a key takes the least number among them; again, until nothing changes."""

RESOLVE = """
INSERT INTO customer (id, founder, created_run, due)
    SELECT printf('C%016d', rid), rid, 1, 0 FROM member WHERE rid = least;
UPDATE record SET customer = printf('C%016d', m.least), due = 0 FROM member m WHERE m.rid = record.rid;
INSERT INTO link (rid, customer, from_run, reason)
    SELECT rid, printf('C%016d', least), 1, iif(rid = least, 'founded', 'shared key') FROM member ORDER BY rid;
UPDATE orders SET customer = printf('C%016d', m.least) FROM member m WHERE m.rid = orders.buyer;
"""

FACTS = """
INSERT INTO facts (customer, as_of, spend_365d, orders_life, last_order_on, has_phone, has_email, records)
SELECT p.customer, :today, coalesce(o.spend_365d, 0), coalesce(o.orders_life, 0), o.last_on, coalesce(p.phone, 0),
       coalesce(p.email, 0), p.records
  FROM (SELECT r.customer, max(i.kind = 'phone') AS phone, max(i.kind = 'email') AS email,
               count(DISTINCT r.rid) AS records
          FROM record r LEFT JOIN identity i ON i.rid = r.rid WHERE r.noun = 'customers' GROUP BY r.customer) p
  LEFT JOIN (SELECT customer, sum(CASE WHEN placed_on > :edge THEN total - refunded ELSE 0 END) AS spend_365d,
                    count(*) AS orders_life, max(placed_on) AS last_on
               FROM orders
              WHERE counts = 1 AND currency = 'CNY' AND status NOT IN ('pending', 'cancelled')
                AND placed_on <= :today AND (refunded < total OR total = 0)
              GROUP BY customer) o ON o.customer = p.customer
"""

DECIDE = """
INSERT INTO decision (customer, programme, value, from_day, since, rules, seen)
SELECT customer, 'membership', CASE WHEN spend_365d >= 2000000 THEN 'platinum' WHEN spend_365d >= 800000 THEN 'gold'
       WHEN spend_365d >= 200000 THEN 'silver' ELSE 'standard' END, :today, :today, 'by hand',
       'spend_365d=' || spend_365d FROM facts
UNION ALL
SELECT customer, 'stage', CASE WHEN orders_life = 0 THEN 'prospect' WHEN :today - last_order_on >= 365 THEN 'lost'
       WHEN :today - last_order_on >= 180 THEN 'at_risk' WHEN orders_life >= 5 THEN 'loyal'
       WHEN orders_life >= 2 THEN 'repeat' ELSE 'first_time' END, :today, :today, 'by hand',
       'last_order_on=' || coalesce(last_order_on, '') || char(10) || 'orders_life=' || orders_life FROM facts
"""

PLAN = """
INSERT INTO plan_row (connection, key, customer, action, ext, fields, body, digest, reason)
SELECT r.connection, r.ext, r.customer, 'update', r.ext, 'stage,tier',
       json_object('stage', json_object('base', NULL, 'theirs', NULL, 'wanted', s.value, 'why', 'not there yet'),
                   'tier', json_object('base', NULL, 'theirs', NULL, 'wanted', t.value, 'why', 'not there yet')),
       randomblob(16), 'stage: not there yet; tier: not there yet'
  FROM record r
  JOIN decision t ON t.customer = r.customer AND t.programme = 'membership' AND t.to_day = 0
  JOIN decision s ON s.customer = r.customer AND s.programme = 'stage' AND s.to_day = 0
 WHERE r.stream = 'customers' AND r.gone = 0 AND r.placeholder = 0
"""

_WHO = "SELECT customer, min(rid) AS least FROM record WHERE noun = 'customers' GROUP BY customer"
ANSWERS = {
    "members": f"SELECT r.rid, w.least FROM record r JOIN ({_WHO}) w ON w.customer = r.customer WHERE r.noun = 'customers'",
    "orders": f"SELECT o.rid, w.least FROM orders o JOIN ({_WHO}) w ON w.customer = o.customer",
    "facts": (
        "SELECT w.least, f.spend_365d, f.orders_life, f.last_order_on, f.has_phone, f.has_email, f.records"
        f" FROM facts f JOIN ({_WHO}) w ON w.customer = f.customer"
    ),
    "decisions": (
        "SELECT w.least, d.programme, d.value, d.since, d.seen FROM decision d"
        f" JOIN ({_WHO}) w ON w.customer = d.customer"
        " WHERE d.to_day = 0"
    ),
    "plan": f"SELECT p.connection, p.key, w.least, p.fields FROM plan_row p JOIN ({_WHO}) w ON w.customer = p.customer",
}
"""What is compared; a customer goes by its first record, since the hub's ids are hashes."""


def main(folder: Path) -> None:
    """Run the statements in one transaction, and tell what they cost."""
    today = (datetime.now(UTC) + timedelta(hours=8)).date().toordinal()
    db = sqlite3.connect(folder / "kehub.db", isolation_level=None)
    days = {"today": today, "edge": today - 365}
    begun, before = time.monotonic(), _cpu()
    db.execute("BEGIN")
    _each(db, TIES)
    while db.execute(SPREAD).rowcount:
        pass
    _each(db, RESOLVE)
    for statement in (FACTS, DECIDE, PLAN):
        db.execute(statement, days)
    db.execute("COMMIT")
    spent = {"cpu": _cpu() - before, "wall": time.monotonic() - begun}
    (customers,) = db.execute("SELECT count(*) FROM facts").fetchone()
    print(json.dumps({**spent, "customers": customers}))


def _each(db: sqlite3.Connection, script: str) -> None:
    for statement in filter(str.strip, script.split(";")):
        db.execute(statement)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def differences(ours: Path, hub: Path) -> dict[str, int]:
    """How many rows of each answer differ between the two stores; in a process of its own, since children inherit the peak
    memory of who begins them."""
    one, other = (sqlite3.connect(f"file:{folder / 'kehub.db'}?mode=ro", uri=True) for folder in (ours, hub))
    found = {name: len(set(one.execute(query)) ^ set(other.execute(query))) for name, query in ANSWERS.items()}
    one.close()
    other.close()
    return found


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(differences(*map(Path, sys.argv[1:]))))
    else:
        main(Path(sys.argv[1]))
