"""The flow on one screen: settle, observe, resolve, decide, plan, apply.

observe    lanes read every connection into the store            sync/observe.py (normalise: sync/normalise.py)
resolve    one customer out of many records                      sync/resolve/
decide     facts, tiers and stages for whom a change touches     sync/decide.py
plan       three ways, per field; brakes; a digest               sync/plan.py
apply      the approved rows and no others                       sync/apply.py (settle: sync/settle.py)
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from hub.errors import HubError, Transient
from hub.garbage import few_collections
from hub.model import local_day
from hub.settings import Connection
from hub.store.plans import Plan
from sync import reads, staff
from sync.apply import Applied, Applier
from sync.approve import approve_automatically, pushable
from sync.decide import Decider, DecideResult, Incomplete, no_way_back
from sync.destination import Destination
from sync.lanes import Lane
from sync.memory import one_heap
from sync.observe import Observer
from sync.plan import Planner
from sync.progress import Progress, Silent
from sync.resolve import Resolved, resolve
from sync.resolve.cluster import Limits
from sync.settle import settle
from sync.setup import Setup

GRACE = 12 * 3600
"""Seconds between two swept reads before absence from both means gone."""


@dataclass
class Ask:
    """What the caller of a sync asks for."""

    only: Sequence[str] = ()
    streams: Sequence[str] = ()
    full: bool = False
    since: datetime | None = None
    plan_only: bool = False
    hinted: bool = False
    """Read only what webhooks spoke of."""


@dataclass
class Report:
    """What one run did; `state` is done, waiting (for a person) or failed (in part)."""

    run: int
    lanes: list[Lane] = field(default_factory=list)
    resolved: Resolved | None = None
    decided: DecideResult | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    settled: dict[str, Counter[str]] = field(default_factory=dict)
    applied: dict[str, Applied] = field(default_factory=dict)
    errors: dict[str, HubError] = field(default_factory=dict)
    state: str = "done"


def sync(setup: Setup, ask: Ask, progress: Progress | None = None) -> Report:
    """One run over the chosen connections. Errors of one connection are reported and stop no other."""
    one_heap()
    told = progress or Silent()
    chosen = setup.chosen(ask.only)
    store = setup.store
    no_way_back(store, setup.as_of)
    store.leases.take(["decide", *(f"{verb}:{c.name}" for c in chosen for verb in ("read", "push"))])
    try:
        gc.freeze()  # what is loaded by now stays: each look for garbage among it cost more than all it ever found
        report = Report(store.runs.start("sync", setup.actor, setup.as_of, setup.rules.digest))
        store.runs.break_open(report.run)
        _settle(setup, chosen, report)
        with few_collections():
            _observe(setup, chosen, ask, report, told)
            told.step("resolve")
            staff.expire(setup)
            known = setup.config.identity
            limits = Limits(known.max_records_per_key, known.max_cluster, known.names_across_systems)
            report.resolved = resolve(store, report.run, setup.ranks, limits)
            told.step("decide")
            report.decided = _decide(setup, report)
            told.step("plan")
            report.plans = _plan(setup, report)
        if not ask.plan_only:
            _apply(setup, chosen, report, told)
        _retain(setup)
        _conclude(setup, report)
    finally:
        gc.unfreeze()
        store.leases.release()
    return report


def push(setup: Setup, names: Sequence[str], progress: Progress | None = None) -> Report:
    """Push what has been approved for these connections, without reading first: `kehub apply`."""
    chosen = [setup.config.connection(name) for name in names]
    store = setup.store
    store.leases.take(["decide", *(f"push:{connection.name}" for connection in chosen)])
    try:
        report = Report(store.runs.start("apply", setup.actor, setup.as_of, setup.rules.digest))
        _settle(setup, chosen, report)
        _apply(setup, chosen, report, progress or Silent())
        _conclude(setup, report)
    finally:
        store.leases.release()
    return report


def _settle(setup: Setup, chosen: Sequence[Connection], report: Report) -> None:
    for connection in chosen:
        if not setup.store.receipts.unsettled(connection.name):
            continue
        try:
            shore = setup.shore(connection, report.run)
            if shore is not None:
                report.settled[connection.name] = found = settle(shore)
                setup.store.runs.note(report.run, connection.name, "", "settled", **found)
        except HubError as fault:
            _failed(setup, report, connection.name, fault)


def _observe(setup: Setup, chosen: Sequence[Connection], ask: Ask, report: Report, told: Progress) -> None:
    for connection in chosen:
        if ask.hinted and not setup.store.hints.waiting(connection.name):
            continue
        try:
            readers = setup.readers(connection, ask.streams)
            report.lanes.append(
                Lane(connection.name, setup.connector(connection), readers, ask.full, ask.since, hinted=ask.hinted)
            )
        except HubError as fault:
            _failed(setup, report, connection.name, fault)
    Observer(setup.store, report.run, GRACE, told.lane).observe(report.lanes)
    setup.store.finish_loading()
    _registers(setup)
    for lane in report.lanes:
        for stream, outcome in lane.outcomes.items():
            setup.store.runs.note(report.run, lane.name, stream, "read", **vars(outcome))
            if stream in lane.by_id:
                setup.store.runs.note(report.run, lane.name, stream, "hinted", hints=lane.by_id[stream])
            partial = lane.hinted and stream in lane.by_id
            if lane.error is None and not outcome.certificate and not partial:
                lane.error = Transient(outcome.trouble, where=f"{lane.name}.{stream}", remedy="see `kehub runs show`")
        if lane.error is not None:
            _failed(setup, report, lane.name, lane.error)


def _registers(setup: Setup) -> None:
    """The registers of stores and staff that stand in the configuration itself."""
    with setup.store.db.writing("registers"):
        setup.store.registers.stores("kehub.yaml", [place.model_dump() for place in setup.config.stores])
        setup.store.registers.staff("kehub.yaml", [member.model_dump() for member in setup.config.staff])


def _decide(setup: Setup, report: Report) -> DecideResult:
    decider = Decider(
        setup.store, setup.rules, setup.survivorship, setup.config.place, reads.bought(setup.config), setup.as_of,
        setup.config.hold_days, setup.basis, setup.told, setup.config.folder, [c.name for c in setup.config.connections],
    )  # fmt: skip
    incomplete = incomplete_streams(setup)
    decided = decider.decide(incomplete)
    told = {name: value for name, value in vars(decided).items() if name != "segments"}
    setup.store.runs.note(report.run, "", "", "decided", **told)
    for name, judged in decided.segments.items():
        if news := judged.told():
            setup.store.runs.note(report.run, "", "", "segment", segment=name, **news)
    lowering = sum(decided.held.values())
    for stream in incomplete if lowering else ():
        setup.store.runs.note(
            report.run, stream.connection, stream.stream, "held", lowering=lowering, since=stream.since
        )
    return decided


def incomplete_streams(setup: Setup) -> list[Incomplete]:
    """Counted order streams that have not been read completely for the as-of day; lowering decisions wait for them."""
    found = []
    for connection in setup.config.connections:
        for reader in setup.readers(connection):
            if reader.stream.noun != "orders" or not reader.stream.counts:
                continue
            mark = setup.store.marks.get(connection.name, reader.stream.name).watermark
            at = None if mark is None else datetime.fromtimestamp(mark, UTC) + reader.stream.overlap
            day = 0 if at is None else local_day(at, setup.config.place.zone)
            if day < setup.as_of:
                since = "ever" if at is None else date.fromordinal(day).isoformat()
                found.append(Incomplete(connection.name, reader.stream.name, since))
    return found


def _plan(setup: Setup, report: Report) -> dict[str, Plan]:
    destinations: list[Destination] = []
    for connection in setup.config.connections:
        destination = setup.destination(connection)
        if destination is not None:
            destinations.append(destination)
    planner = Planner(
        setup.store, report.run, destinations, setup.survivorship, setup.main_tier, setup.config.brakes.share,
        setup.config.brakes.from_rows, setup.config.brakes.write_backs,
    )  # fmt: skip
    plans = planner.plan()
    for name, plan in plans.items():
        setup.store.runs.note(report.run, name, "", "plan", digest=plan.digest, rows=plan.rows)
    return plans


def _apply(setup: Setup, chosen: Sequence[Connection], report: Report, told: Progress) -> None:
    """Push what a standing approval covers; a connection with `apply: auto` approves its own plan first."""
    for connection in chosen:
        try:
            if connection.apply == "auto":
                approve_automatically(setup, connection)
            rows = pushable(setup, connection.name)
            shore = setup.shore(connection, report.run) if rows else None
            if shore is None:
                continue
            report.applied[connection.name] = done = Applier(shore, told.pushed).apply(rows)
            _publish(setup, report, connection.name, done)
        except HubError as fault:
            _failed(setup, report, connection.name, fault)


def _publish(setup: Setup, report: Report, name: str, done: Applied) -> None:
    with setup.store.db.writing("published"):
        plan = setup.store.plans.publish(report.run, name)
    report.plans.pop(name, None)
    if plan is not None:
        report.plans[name] = plan
    setup.store.runs.note(
        report.run, name, "", "applied", rows=dict(done.rows), writes=done.writes, guards=done.guards,
        read_backs=done.read_backs, codes=dict(done.codes),
    )  # fmt: skip
    if done.error is not None:
        _failed(setup, report, name, done.error)


def _failed(setup: Setup, report: Report, name: str, fault: HubError) -> None:
    report.errors[name] = fault
    setup.store.runs.note(
        report.run, name, "", "failed", error=type(fault).__name__, what=fault.what, where=fault.where, code=fault.code
    )


def _retain(setup: Setup) -> None:
    """Retention is part of every run."""
    now = int(setup.clock.now().timestamp())
    days = setup.config.retention
    setup.store.quarantine.forget_before(now - days.quarantine_days * 86400)
    setup.store.runs.forget_before(now - days.runs_days * 86400)
    setup.store.marks.forget_before(now - days.runs_days * 86400)
    setup.store.receipts.forget_before(now - days.receipts_days * 86400)
    setup.store.hints.forget_before(now - days.heard_days * 86400)
    setup.store.drifts.forget_before(now - days.receipts_days * 86400)
    setup.store.plans.forget_approvals()


def _conclude(setup: Setup, report: Report) -> None:
    waiting = any(setup.store.plans.open(c.name) for c in setup.config.connections) or setup.store.questions.some()
    report.state = "failed" if report.errors else "waiting" if waiting else "done"
    setup.store.runs.end(report.run, report.state)
