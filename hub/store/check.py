"""Looking a store over: what is wrong with it, and its content as text that is equal for equal stores.

The canonical text leaves out what may differ between two runs that did the same: run ids, clock times, nonces, internal
ids, and the tables `run`, `lease`, `budget` and `token`. A receipt counts by its key and final state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.errors import SettingsError
from hub.store import Store
from hub.store.facts_wanted import COLUMNS
from hub.written import written

Convert = Callable[[Store, list[Any]], list[Any]]


@dataclass(frozen=True)
class Section:
    """One table as canonical text: a query that puts natural keys in the place of internal ids, and what to open."""

    name: str
    sql: str
    convert: Convert = field(default=lambda store, row: row)


def _record(store: Store, row: list[Any]) -> list[Any]:
    *head, blob = row
    if blob is None:
        return [*head, None]
    body = store.vault.open(bytes(blob), f"record:{head[0]}:{head[1]}")
    body["s"] = {name: at for name, at in body["s"].items() if name not in body["o"]}
    return [*head, body]


def _shadow(store: Store, row: list[Any]) -> list[Any]:
    connection, ext, blob = row
    return [connection, ext, store.vault.open(bytes(blob), f"shadow:{connection}")]


def _plan_row(store: Store, row: list[Any]) -> list[Any]:
    *head, digest, blob = row
    return [*head, bytes(digest).hex(), store.vault.open(bytes(blob), f"plan_row:{head[0]}")]


def _quarantine(store: Store, row: list[Any]) -> list[Any]:
    *head, blob = row
    opened = None if blob is None else store.vault.open(bytes(blob), f"quarantine:{head[0]}:{head[1]}")
    return [*head, opened]


def _sealed(table: str) -> Callable[[Store, list[Any]], list[Any]]:
    """Opens the body, the last column, of a table whose bodies are sealed for its first column."""

    def opened(store: Store, row: list[Any]) -> list[Any]:
        *head, blob = row
        return [*head, store.vault.open(bytes(blob), f"{table}:{head[0]}")]

    return opened


def _staff(store: Store, row: list[Any]) -> list[Any]:
    *head, blob = row
    return [*head, store.vault.open(bytes(blob), "staff_member")]


def _heard(store: Store, row: list[Any]) -> list[Any]:
    """An event, or a hint that waits for a person: what it says instead of where it lies."""
    *head, context, blob = row
    return [*head, store.vault.open(bytes(blob), str(context))]


def _hex(store: Store, row: list[Any]) -> list[Any]:
    return [value.hex() if isinstance(value, bytes) else value for value in row]


_PLACE = "r.connection, r.stream, r.ext"

SECTIONS = (
    Section("record", "SELECT connection, stream, ext, noun, customer, gone, placeholder, body FROM record"
            " ORDER BY connection, stream, ext", _record),
    Section("identity", f"SELECT {_PLACE}, i.kind, i.key FROM identity i JOIN record r ON r.rid = i.rid"
            f" ORDER BY {_PLACE}, i.kind, i.key", _hex),
    Section("customer", f"SELECT c.id, {_PLACE}, c.merged_into FROM customer c JOIN record r ON r.rid = c.founder"
            " ORDER BY c.id"),
    Section("link", f"SELECT {_PLACE}, l.customer, CASE WHEN l.to_run IS NULL THEN 1 ELSE 0 END, l.reason FROM link l"
            f" JOIN record r ON r.rid = l.rid ORDER BY {_PLACE}, l.seq"),
    Section("verdict", "SELECT v.id, v.kind, r.connection, r.stream, r.ext, o.connection, o.stream, o.ext, v.actor,"
            " v.undone, v.undone_by, v.body FROM verdict v JOIN record r ON r.rid = v.one"
            f" JOIN record o ON o.rid = v.other ORDER BY {_PLACE}, o.connection, o.stream, o.ext, v.seq", _sealed("verdict")),
    Section("consent", f"SELECT {_PLACE}, c.channel, c.purpose, c.state, c.source FROM consent c"
            f" JOIN record r ON r.rid = c.rid ORDER BY {_PLACE}, c.channel, c.purpose"),
    Section("mark", "SELECT connection, stream, mapping, CASE WHEN watermark IS NULL THEN 0 ELSE 1 END, position"
            " FROM mark ORDER BY connection, stream"),
    Section("leaving", "SELECT connection, stream, ext FROM leaving ORDER BY connection, stream, ext"),
    Section("certificate", "SELECT connection, stream, strength, records, shortfall FROM certificate WHERE id IN"
            " (SELECT MAX(id) FROM certificate WHERE since IS NULL GROUP BY connection, stream)"
            " ORDER BY connection, stream"),
    Section("quarantine", "SELECT connection, stream, ext, place, reason, field, body FROM quarantine"
            " ORDER BY connection, stream, ext, place", _quarantine),
    Section("orders", "SELECT o.connection, o.number, b.stream, b.ext, o.customer, o.placed_at, o.placed_on,"
            " o.delivered_on, o.channel, o.store, o.staff, o.status, o.payment, o.currency, o.total, o.refunded,"
            " o.source_ref, o.counts FROM orders o JOIN record r ON r.rid = o.rid LEFT JOIN record b ON b.rid = o.buyer"
            f" ORDER BY {_PLACE}"),
    Section("order_line", f"SELECT {_PLACE}, l.line, l.sku, l.batch, l.category, l.quantity, l.price, l.discount,"
            f" l.refunded FROM order_line l JOIN record r ON r.rid = l.rid ORDER BY {_PLACE}, l.line"),
    Section("cases", "SELECT k.connection, k.number, b.stream, b.ext, k.customer, k.kind, k.channel, k.opened_at,"
            " k.closed_at, k.state, k.sku, k.batch, k.cause, k.unit, k.satisfaction FROM cases k JOIN record r ON r.rid = k.rid"
            f" LEFT JOIN record b ON b.rid = k.buyer ORDER BY {_PLACE}"),
    Section("store_place", "SELECT code, name, type, region, city, province, parent, opening_hours, origin FROM store_place"
            " ORDER BY code"),
    Section("staff_member", "SELECT code, store, role, origin, body FROM staff_member ORDER BY code", _staff),
    Section("facts", f"SELECT customer, {', '.join(COLUMNS)} FROM facts ORDER BY customer"),
    Section("fact_value", "SELECT customer, name, value FROM fact_value ORDER BY customer, name"),
    Section("customer_tag", "SELECT customer, tag FROM customer_tag ORDER BY customer, tag", _hex),
    Section("decision", "SELECT customer, programme, from_day, to_day, value, since, rules FROM decision"
            " ORDER BY customer, programme, from_day"),
    Section("tier_memory", "SELECT customer, programme, base, base_day, state, next_day FROM tier_memory"
            " ORDER BY customer, programme"),
    Section("tier_grant", f"SELECT g.id, {_PLACE}, g.programme, g.value, g.from_day, g.until_day, g.actor, g.body"
            " FROM tier_grant g JOIN record r ON r.rid = g.rid ORDER BY g.id", _sealed("tier_grant")),
    Section("membership", "SELECT customer, segment, from_day, to_day, rules FROM membership"
            " ORDER BY customer, segment, from_day"),
    Section("rfm_cut", "SELECT programme, from_day, figure, step, value FROM rfm_cut"
            " ORDER BY programme, from_day, figure, step"),
    Section("held", "SELECT customer, programme, value, reason, since_day FROM held ORDER BY customer, programme"),
    Section("question", "SELECT id, kind, connection, field, subject, count, answer, actor, body FROM question"
            " ORDER BY id", _sealed("question")),
    Section("question_part", "SELECT kind, connection, field, ext FROM question_part"
            " ORDER BY kind, connection, field, ext"),
    Section("drift", "SELECT connection, stream, ext, field, owner, state, why, rounds, body FROM drift"
            " ORDER BY connection, stream, ext, field", _sealed("drift")),
    Section("shadow", "SELECT connection, ext, body FROM shadow ORDER BY connection, ext", _shadow),
    Section("plan_row", "SELECT connection, key, customer, action, ext, reason, state, code, field, digest, body"
            " FROM plan_row ORDER BY connection, key", _plan_row),
    Section("plan", "SELECT connection, digest, rows FROM plan WHERE state = 'open' ORDER BY connection, digest"),
    Section("brake", "SELECT connection, kind, subject, note FROM brake ORDER BY connection, kind, subject"),
    Section("receipt", "SELECT key, connection, ext, customer, action, state, code, field FROM receipt ORDER BY key"),
    Section("hint", "SELECT connection, stream, event, 'hint:' || connection, body FROM hint WHERE event = 'erase'"
            " ORDER BY connection, stream, key", _heard),
    Section("touch_event", "SELECT source, kind, at, 'touch_event:' || source, body FROM touch_event"
            " ORDER BY source, key", _heard),
    Section("touch_key", "SELECT e.source, e.kind, e.at, t.key FROM touch_key t JOIN touch_event e ON e.id = t.event"
            " ORDER BY e.source, e.key, t.key", _hex),
    Section("echo", "SELECT connection, field, form, ext, customer FROM echo ORDER BY connection, field, form, ext"),
)  # fmt: skip


def canonical(store: Store) -> Iterator[str]:
    """The store's content, one line a row: `table [values]` in JSON, sorted by natural key."""
    for section in SECTIONS:
        for row in store.db.rows(section.sql):
            values = section.convert(store, list(row))
            yield f"{section.name} {written(values).decode()}"


_FAULTS = (
    ("records of a customer stream without a customer (run `kehub sync`)",
     "SELECT COUNT(*) FROM record WHERE noun = 'customers' AND customer IS NULL AND due = 0"),
    ("records that wear an id which lives on as an alias",
     "SELECT COUNT(*) FROM record r JOIN customer c ON c.id = r.customer WHERE c.merged_into IS NOT NULL"),
    ("orders whose customer is not their buyer's",
     "SELECT COUNT(*) FROM orders o JOIN record r ON r.rid = o.buyer"
     " WHERE COALESCE(o.customer, '') <> COALESCE(r.customer, '')"),
    ("cases whose customer is not their buyer's",
     "SELECT COUNT(*) FROM cases k JOIN record r ON r.rid = k.buyer"
     " WHERE COALESCE(k.customer, '') <> COALESCE(r.customer, '')"),
    ("aliases that point at an id which is itself an alias or unknown",
     "SELECT COUNT(*) FROM customer a LEFT JOIN customer c ON c.id = a.merged_into"
     " WHERE a.merged_into IS NOT NULL AND (c.id IS NULL OR c.merged_into IS NOT NULL)"),
    ("identity keys of records that are gone",
     "SELECT COUNT(*) FROM identity i JOIN record r ON r.rid = i.rid WHERE r.gone = 1 AND i.kind <> 'created'"),
    ("identity keys still to be sorted in by the run under way, or cut off (run `kehub sync`)",
     "SELECT COUNT(*) FROM identity_new"),
    ("indexes still to be made by the run under way, or cut off (run `kehub sync`)",
     "SELECT COUNT(*) FROM meta WHERE name LIKE 'laid down: %'"),
    ("records with more than one open link",
     "SELECT COUNT(*) FROM (SELECT rid FROM link WHERE to_run IS NULL GROUP BY rid HAVING COUNT(*) > 1) x"),
    ("open links that disagree with their record",
     "SELECT COUNT(*) FROM link l JOIN record r ON r.rid = l.rid WHERE l.to_run IS NULL AND l.customer <> r.customer"),
    ("customers with two standing decisions in one programme",
     "SELECT COUNT(*) FROM (SELECT customer FROM decision WHERE to_day = 0 GROUP BY customer, programme"
     " HAVING COUNT(*) > 1) x"),
    ("stays in a segment that overlap another one of the same customer, or end before they begin",
     "SELECT COUNT(*) FROM membership a LEFT JOIN membership b ON b.segment = a.segment AND b.customer = a.customer"
     " AND b.from_day > a.from_day AND (a.to_day = 0 OR b.from_day < a.to_day)"
     " WHERE b.customer IS NOT NULL OR (a.to_day > 0 AND a.to_day <= a.from_day)"),
    ("identity keys of events that are not there",
     "SELECT COUNT(*) FROM touch_key t LEFT JOIN touch_event e ON e.id = t.event WHERE e.id IS NULL"),
    ("order lines without their order",
     "SELECT COUNT(*) FROM order_line l LEFT JOIN orders o ON o.rid = l.rid WHERE o.rid IS NULL"),
)  # fmt: skip


def check(store: Store) -> list[str]:
    """What is wrong with a store, a line each; an empty list is a sound store. Opens every sealed blob."""
    found = [f"{count} {what}" for what, sql in _FAULTS if (count := store.db.rows(sql)[0][0])]
    if store.db.dialect == "sqlite":
        found += [f"SQLite: {line}" for (line,) in store.db.rows("PRAGMA integrity_check") if line != "ok"]
    found += [f"the plan rows of {name} do not come to what is kept of them" for name in store.plans.sums.wrong()]
    try:
        for _ in canonical(store):
            pass
    except SettingsError:
        found.append("a sealed blob does not open with this store's keys")
    return found
