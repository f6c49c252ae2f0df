"""The facts behind `kehub status`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from hub.cli.sealed import Waiting, seal
from hub.cli.show import Facts, day, moment
from hub.connector import Stream
from hub.settings import Connection
from hub.store.plans import Plan
from hub.store.segments import Size
from rules.ruleset import RFM
from sync.segments import written
from sync.setup import Setup


def standing(setup: Setup) -> Facts:
    """Streams with their marks, open plans, brakes, held decisions, questions, shares of tiers and stages, segments."""
    store = setup.store
    decided = store.decisions.meta("decided_on")
    return {
        "brand": setup.config.brand.name,
        "customers": store.people.count(),
        "decided_on": day(int(decided)) if decided else None,
        "streams": streams(setup),
        "plans": [plan_facts(setup, plan) for plan in open_plans(setup)],
        "brakes": brakes(setup),
        "held": _held(setup),
        "questions": _questions(setup),
        "drift": [
            {"owner": owner, "state": state, "count": count} for (owner, state), count in store.drifts.tally().items()
        ],
        "decisions": _shares(setup),
        "segments": {name: size.members for name, size in sizes(setup).items()},
        "hints": _hints(setup),
        "receipts": store.receipts.tally(),
        "run": _last_run(setup),
    }


def _questions(setup: Setup) -> list[Facts]:
    counts = Counter(question.kind for question in setup.store.questions.open())
    return [{"kind": kind, "count": counts[kind]} for kind in sorted(counts)]


def _hints(setup: Setup) -> list[Facts]:
    return [
        {"connection": connection, "stream": stream, "event": event, "count": count, "since": moment(first)}
        for (connection, stream, event), (count, first) in setup.store.hints.tally().items()
    ]


def streams(setup: Setup) -> list[Facts]:
    """Every stream of every connection, and those that the hub keeps itself (corrections, buyers of orders)."""
    counts, waiting = setup.store.records.counts(), Waiting.now(setup.store)
    readers = [(c, reader.stream) for c in setup.config.connections for reader in setup.readers(c)]
    found = [_stream(setup, connection, stream, counts, waiting) for connection, stream in readers]
    known = {(entry["connection"], entry["stream"]) for entry in found}
    own: list[Facts] = [
        {"connection": name, "stream": stream, "records": count, "watermark": None, "certificate": None,
         "unfinished": None, "full_at": None, "holds": [], "quarantine": 0, "paused": None}
        for (name, stream), count in counts.items() if (name, stream) not in known
    ]  # fmt: skip
    return found + own


def _stream(
    setup: Setup, connection: Connection, stream: Stream, counts: dict[tuple[str, str], int], waiting: Waiting
) -> Facts:
    store, key = setup.store, (connection.name, stream.name)
    mark = store.marks.get(*key)
    return {
        "connection": connection.name,
        "stream": stream.name,
        "records": counts.get(key, 0),
        "watermark": moment(mark.watermark),
        "certificate": next((seal(found) for found in store.marks.certificates(*key)), None),
        "unfinished": moment(mark.window_until),
        "full_at": next((moment(found.until) for found in store.marks.certificates(*key, whole=True)), None),
        "holds": waiting.of(connection.name, stream),
        "quarantine": store.quarantine.counts().get(key, 0),
        "paused": _paused(setup, connection),
    }


def _paused(setup: Setup, connection: Connection) -> Facts | None:
    by = setup.store.runs.paused().get(connection.name)
    if by:
        return {"by": by[0], "at": moment(by[1])}
    return {"by": "kehub.yaml", "at": None} if connection.paused else None


def open_plans(setup: Setup) -> list[Plan]:
    """Each connection's open plan, in the order of the configuration."""
    found = (setup.store.plans.open(connection.name) for connection in setup.config.connections)
    return [plan for plan in found if plan is not None]


def plan_facts(setup: Setup, plan: Plan) -> Facts:
    """A plan without its rows."""
    plans = setup.store.plans
    approval = next((one for one in plans.approvals(plan.connection) if one.digest == plan.digest), None)
    return {
        "connection": plan.connection, "digest": plan.digest, "state": plan.state, "rows": plan.rows, "run": plan.run,
        "at": moment(plan.at), "difference": plan.difference,
        "actions": plans.tally(plan.connection) if plan.state == "open" else {},
        "approved_by": approval.actor if approval else None,
    }  # fmt: skip


def brakes(setup: Setup, connection: str | None = None) -> list[Facts]:
    """The brakes that hold now; `action` is the kind of change that each one holds."""
    return [
        {"connection": brake.connection, "kind": brake.kind, "action": brake.subject, "note": brake.note}
        for brake in setup.store.plans.brakes(connection)
    ]


def _held(setup: Setup) -> list[Facts]:
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row in setup.store.decisions.held():
        groups.setdefault((row["programme"], row["value"], row["reason"]), []).append(row["since_day"])
    return [
        {"programme": programme, "value": value, "reason": reason, "count": len(days), "since": day(min(days))}
        for (programme, value, reason), days in sorted(groups.items())
    ]


def _shares(setup: Setup) -> Facts:
    """Of each programme of the rules; what one decided that they no longer have stands in the store until the end."""
    programmes, shares = [*(one.name for one in setup.rules.programmes), RFM], setup.store.decisions.shares()
    found: Facts = {}
    for programme in programmes if setup.rules.rfm else programmes[:-1]:
        values = shares.get(programme, {})
        whole = sum(values.values())
        found[programme] = {
            value: {"customers": count, "share": round(count / whole, 4)} for value, count in values.items()
        }
    return {programme: values for programme, values in found.items() if values}


def sizes(setup: Setup, since: int | None = None) -> dict[str, Size]:
    """Every segment that the rules know, or that somebody is in, or came or went since a day (without one, from now on)."""
    nobody = dict.fromkeys(written(setup.config), Size(0, 0, 0))
    after = setup.as_of + 1 if since is None else since
    return dict(sorted({**nobody, **setup.store.segments.sizes(after)}.items()))


def _last_run(setup: Setup) -> Facts | None:
    return next((run_facts(asdict(run)) for run in setup.store.runs.latest(1)), None)


def run_facts(run: Facts) -> Facts:
    """A run with times a reader and a program understand."""
    times = {"started": moment(run["started"]), "ended": moment(run["ended"]), "as_of": day(run["as_of"])}
    return {**run, **times}
