"""The facts behind `kehub why`: all that is known of one customer, who said it, and what follows from it.

Nothing here is stored as such: golden record and reasons are functions of records, rules and settings, made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.cli.bought import bought
from hub.cli.drift_facts import drift_facts
from hub.cli.plan_facts import item_facts
from hub.cli.questions import question_facts
from hub.cli.show import Facts, day, moment
from hub.connector import Row
from hub.store.receipts import Receipt
from hub.store.records import Stored
from hub.tags import TAGS
from rules.rfm import scores
from rules.ruleset import RFM, Programme
from sync import rfm, staff, tags
from sync.explain import Clause, Explainer
from sync.golden import Said, believed
from sync.holding import Holder
from sync.mapping import LISTS
from sync.plan import decided_fields
from sync.reads import bought as bought_by
from sync.reads import read_seen
from sync.setup import Setup


def portrait(setup: Setup, customer: str) -> Facts:
    """Everything `kehub why` shows of a customer."""
    store = setup.store
    records = store.records.of_customers([customer])[customer]
    as_of = int(store.decisions.meta("decided_on") or setup.as_of)
    found = store.facts.live(customer, as_of, bought_by(setup.config)) or {}
    explainer = Explainer(store, setup.rules, bought_by(setup.config), customer, as_of)
    return {
        "customer": customer,
        "aliases": store.people.aliases(customer),
        "as_of": day(found.get("as_of")),
        "fields": fields(setup, records),
        "records": _records(setup, customer, records),
        "parted": [link for link in _links(setup, customer) if link["to_run"] is not None],
        "verdicts": [_verdict(row) for row in store.verdicts.of_customer(customer)],
        "decisions": [
            *(_decision(setup, explainer, programme) for programme in setup.rules.programmes),
            *_scored(setup, customer, found, as_of),
        ],
        "tags": _tags(setup, customer, records),
        "held": [{**row, "since": day(row.pop("since_day"))} for row in store.decisions.held(customer)],
        "segments": [
            {"segment": p.segment, "from": day(p.from_day), "to": day(p.to_day or None)}
            for p in store.segments.of_customer(customer)
        ],
        "facts": found,
        "bought": bought(setup, customer, found),
        "orders": [_order(row) for row in store.registers.purchases(customer, 10)],
        "planned": [{"connection": r.connection, **item_facts(r)} for r in store.plans.of_customer(customer)],
        "questions": _questions(setup, customer, records),
        "receipts": [_receipt(found) for found in store.receipts.list(customer=customer, count=10)],
        "drift": drift_facts(setup, store.drifts.list(every=True, customer=customer, count=20)),
        "corrections": corrections(records),
    }


# -- what is true of the customer, and who says so


def fields(setup: Setup, records: Sequence[Stored]) -> list[Facts]:
    """The golden record, each field with the word that is believed and the words that are not."""
    candidates = setup.survivorship.candidates(records)
    golden = believed(candidates)
    order = {name: place for place, name in enumerate(golden)}
    return [_field(name, golden[name], candidates.get(name, [])) for name in sorted(golden, key=order.__getitem__)]


def _field(name: str, value: Any, words: Sequence[Said]) -> Facts:
    first = words[0] if words else None
    others = [] if name in LISTS else [_said(word) for word in words[1:]]
    said = {"connection": None, "stream": None, "ext": None, "since": None} if first is None else _source(first)
    return {"field": name, "value": value, **said, "others": others}


def _source(said: Said) -> Facts:
    return {"connection": said.connection, "stream": said.stream, "ext": said.ext, "since": moment(said.since)}


def _said(said: Said) -> Facts:
    return {"value": said.value, **_source(said)}


def _records(setup: Setup, customer: str, records: Sequence[Stored]) -> list[Facts]:
    links = {(link["connection"], link["stream"], link["ext"]): link for link in _links(setup, customer)}
    return [_record(record, links.get((record.connection, record.stream, record.ext), {})) for record in records]


def _record(record: Stored, link: Row) -> Facts:
    state = "gone" if record.gone else "not read yet" if record.placeholder else "living"
    return {
        "connection": record.connection, "stream": record.stream, "ext": record.ext, "state": state,
        "run": link.get("from_run"), "reason": link.get("reason", ""),
        "ours": sorted(record.body.ours),
    }  # fmt: skip


def _links(setup: Setup, customer: str) -> list[Row]:
    return setup.store.people.links(customer)


def _verdict(row: Row) -> Facts:
    return {**row, "at": moment(row["at"]), "undone": bool(row["undone"])}


def corrections(records: Sequence[Stored]) -> list[Facts]:
    """The corrections by staff, those taken back as well."""
    return [_correction(record) for record in records if record.connection == staff.CONNECTION]


def _correction(record: Stored) -> Facts:
    values = record.body.values
    return {
        "id": record.ext,
        "fields": {name: value for name, value in values.items() if not name.startswith("_")},
        "author": values.get("_author"),
        "reason": values.get("_reason"),
        "expires": values.get("_expires") or None,
        "in_force": not record.gone,
    }


def grants(setup: Setup, customer: str) -> list[Facts]:
    """The tiers that staff have granted, those that are over as well."""
    return [
        {
            "grant": one.id, "customer": customer, "programme": one.programme, "tier": one.value, "from": day(one.from_day),
            "until": day(one.until_day), "actor": one.actor, "reason": one.reason,
            "in_force": one.from_day <= setup.as_of <= one.until_day,
        }
        for one in setup.store.holdings.granted([customer]).get(customer, ())
    ]  # fmt: skip


# -- what follows from it


def _decision(setup: Setup, explainer: Explainer, programme: Programme) -> Facts:
    """A programme's standing decision with every clause, and what is missing to the next better value."""
    clauses = explainer.clauses(programme)
    standing = _standing(setup, explainer.customer, programme.name)
    tier = programme.kind == "tier" and standing["since"]
    return {
        **standing,
        "clauses": [vars(clause) | {"missing": clause.missing} for clause in clauses],
        "next": _next(programme, standing["value"], clauses) if tier else None,
        "keeps": _keeps(setup, explainer, programme),
    }


def _standing(setup: Setup, customer: str, programme: str) -> Facts:
    """What a programme has decided: its standing value, by what it was taken, and all its periods."""
    periods = [p for p in setup.store.decisions.periods(customer) if p["programme"] == programme]
    standing = next((period for period in periods if not period["to_day"]), None)
    return {
        "programme": programme,
        "value": standing["value"] if standing else None,
        "since": day(standing["since"] or standing["from_day"]) if standing else None,
        "rules": standing["rules"] if standing else None,
        "read": read_seen(standing["seen"]) if standing else {},
        "clauses": [], "next": None, "keeps": None,
        "periods": [{**p, "from": day(p["from_day"]), "to": day(p["to_day"] or None)} for p in periods],
    }  # fmt: skip


def _scored(setup: Setup, customer: str, found: Facts, as_of: int) -> list[Facts]:
    """The RFM group as a decision, with the three figures, their scores, and the day of the cut points they go by."""
    scoring = setup.rules.rfm
    if scoring is None:
        return []
    cuts = rfm.cuts(setup.store, RFM, scoring, as_of)
    made = scores(cuts, found, as_of) if cuts and found else None
    figures = {} if made is None else {
        "recency": {"score": made.recency, "days": as_of - found["last_order_on"]},
        "frequency": {"score": made.frequency, "orders": found[f"orders_{scoring.window}"]},
        "monetary": {"score": made.monetary, "spend": found[f"spend_{scoring.window}"]},
    }  # fmt: skip
    cuts_of = day(cuts.day) if cuts else None
    return [{**_standing(setup, customer, RFM), "scores": figures, "window": scoring.window, "cuts_of": cuts_of}]


def _keeps(setup: Setup, explainer: Explainer, programme: Programme) -> Facts | None:
    """How long a tier with a memory, or a granted one, is kept if nobody does anything."""
    granted = setup.store.holdings.granted([explainer.customer], programme.name).get(explainer.customer, [])
    if not programme.remembers and not granted:
        return None
    holder = Holder(setup.store, explainer.rules, programme, explainer.bought, explainer.as_of)
    held = holder.standings([explainer.customer])[explainer.customer]
    return {
        "short_since": day(held.short_since), "review_on": day(held.review_on), "falls_on": day(held.falls_on),
        "falls_to": programme.values[held.falls_to] if held.falls_to is not None else None,
        "granted": [{**one._asdict(), "from": day(one.from_day), "until": day(one.until_day)} for one in granted],
    }  # fmt: skip


def _tags(setup: Setup, customer: str, records: Sequence[Stored]) -> list[Facts]:
    """The hub's tags on every record that can carry some: what gives each one, and whether it is there yet."""
    standing = setup.store.decisions.standing([customer])[customer]
    found: list[Facts] = []
    for connection in setup.config.connections:
        destination = setup.destination(connection)
        for entry in destination.fields() if destination else ():
            if destination and tags.is_tags(entry):
                decided = decided_fields(standing, setup.main_tier)
                given = {tag: f"{part} {value}" for tag, part, value in tags.sources(entry, decided)}
                here = [r for r in records if (r.connection, r.stream) == (connection.name, destination.stream.name)]
                found += [one for record in here if not record.gone for one in _carried(record, given)]
    return found


def _carried(record: Stored, given: Row) -> list[Facts]:
    there = set(record.body.values.get(TAGS, ()))
    return [
        {
            "connection": record.connection,
            "ext": record.ext,
            "tag": tag,
            "because": given.get(tag),
            "there": tag in there,
        }
        for tag in sorted(there | given.keys())
    ]


def _next(programme: Programme, standing: str, clauses: Sequence[Clause]) -> Facts | None:
    """The next better tier and what is missing to it; None for the best."""
    rank = programme.rank(standing)
    if not 0 < rank < len(programme.choices):
        return None
    value = programme.choices[rank - 1].value
    short = [c for c in clauses if c.value == value and c.missing is not None]
    return {"value": value, "missing": [{"fact": c.fact, "missing": c.missing} for c in short]}


# -- what happened and what is planned


def _order(row: Row) -> Facts:
    return {**row, "placed_on": day(row["placed_on"]), "counts": bool(row["counts"])}


def _questions(setup: Setup, customer: str, records: Sequence[Stored]) -> list[Facts]:
    """The open questions that concern these records, the keys they hold, or a decision on this customer."""
    keys = {key.hex() for key in setup.store.people.keys_of([record.rid for record in records])}
    places = {(record.connection, record.ext) for record in records}
    return [
        question_facts(setup, question)
        for question in setup.store.questions.open(samples=True)
        if question.subject in keys
        or (question.connection, question.subject) in places
        or (question.kind == "held" and question.subject.startswith(f"{customer}:"))
    ]


def _receipt(found: Receipt) -> Facts:
    return {
        "receipt": found.key, "connection": found.connection, "ext": found.ext, "action": found.action, "state": found.state,
        "code": found.code, "field": found.field, "plan": found.plan, "actor": found.actor, "run": found.run,
        "at": moment(found.settled or found.intended),
        "fields": {name: side["wanted"] for name, side in found.fields.items() if not name.startswith("_")},
    }  # fmt: skip
