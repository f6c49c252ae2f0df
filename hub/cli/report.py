"""The facts of a run, for `kehub sync` and `kehub apply`."""

from __future__ import annotations

from dataclasses import asdict

from hub.cli.show import Facts, day
from hub.cli.standing import brakes, open_plans, plan_facts
from hub.errors import HubError
from sync.apply import Applied
from sync.engine import Report
from sync.setup import Setup


def report_facts(setup: Setup, report: Report) -> Facts:
    """What one sync did, and what now waits."""
    return {
        "run": report.run,
        "state": report.state,
        "as_of": day(setup.as_of),
        "streams": [
            {"connection": lane.name, "stream": stream, **asdict(outcome)}
            for lane in report.lanes
            for stream, outcome in lane.outcomes.items()
        ],
        "resolved": asdict(report.resolved) if report.resolved else None,
        "decided": asdict(report.decided) if report.decided else None,
        "settled": {name: dict(found) for name, found in report.settled.items()},
        "applied": [applied_facts(name, done) for name, done in report.applied.items()],
        "plans": [plan_facts(setup, plan) for plan in open_plans(setup)],
        "brakes": brakes(setup),
        "questions": len(setup.store.questions.open()),
        "errors": [error_facts(name, fault) for name, fault in report.errors.items()],
    }


def applied_facts(name: str, done: Applied) -> Facts:
    """What one push did to one connection."""
    return {
        "connection": name, "rows": dict(done.rows), "codes": dict(done.codes), "writes": done.writes,
        "guards": done.guards, "read_backs": done.read_backs, "calls": done.calls,
    }  # fmt: skip


def error_facts(name: str, fault: HubError) -> Facts:
    """An error that stopped one connection."""
    return {
        "connection": name, "kind": type(fault).__name__, "what": fault.what, "where": fault.where,
        "remedy": fault.remedy, "code": fault.code,
    }  # fmt: skip
