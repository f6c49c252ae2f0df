"""`kehub sync`: read, decide, plan; and write what is approved already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from hub.cli.edge import DONE, FAILED, WAITING, command_app, leave, say, text_of
from hub.cli.opening import As, Json, opened
from hub.cli.report import report_facts
from hub.cli.show import Facts, emit, show
from hub.cli.watching import watched
from hub.errors import SettingsError
from sync.engine import Ask, Report
from sync.engine import sync as run_sync
from sync.segments import Judged, spans
from sync.setup import Setup

app = command_app()

_DAY, _TIME = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"


@app.command()
def sync(
    ctx: typer.Context,
    only: Annotated[list[str] | None, typer.Option(metavar="CONNECTION", help="Only these; may be repeated.")] = None,
    stream: Annotated[list[str] | None, typer.Option(metavar="STREAM", help="Read only these streams.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=[_DAY, _TIME], metavar="D", help="Read again what changed since then.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=[_DAY], metavar="D", help="Decide for this day; without it, for today.")
    ] = None,
    hinted: Annotated[bool, typer.Option("--hinted", help="Read only what webhooks spoke of.")] = False,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Write nothing, whatever is approved.")] = False,
    actor: As = "",
    json: Json = False,
) -> None:
    """Read all systems, decide, and plan what must change.

    Nothing is written before its plan is approved (`kehub apply DIGEST`), except to connections with `apply: auto`.
    """
    if full and since:
        raise SettingsError("--full and --since exclude each other", remedy="give one of them")
    if hinted and (full or since):
        raise SettingsError("--hinted reads neither everything nor since a day", remedy="leave out the other option")
    day = as_of.date() if as_of else None
    with opened(ctx, actor, day) as setup, watched(json) as progress:
        ask = Ask(only or (), stream or (), full, _moment(setup, since), plan_only, hinted)
        report = run_sync(setup, ask, progress)
        facts = report_facts(setup, report)
    if json:
        emit(facts)
    else:
        _tell(facts, report)
    leave({"failed": FAILED, "waiting": WAITING}.get(report.state, DONE))


def _moment(setup: Setup, since: datetime | None) -> datetime | None:
    """A bare day begins at midnight where the brand is."""
    if since is None:
        return None
    return (since if since.tzinfo else since.replace(tzinfo=setup.config.place.zone)).astimezone(UTC)


def _tell(facts: Facts, report: Report) -> None:
    show(
        ("connection", "stream", "#new", "#changed", "#same", "#gone", "#aside", "certificate", "read"),
        [
            [s["connection"], s["stream"], s["new"], s["changed"], s["unchanged"], s["gone"], s["quarantined"],
             s["certificate"] or "none", "everything" if s["full"] else "changes"]
            for s in facts["streams"]
        ],
    )  # fmt: skip
    _tell_steps(facts)
    _tell_segments(report.decided.segments if report.decided else {})
    _tell_troubles(facts)
    _tell_applied(facts)
    _tell_plans(facts)
    for fault in report.errors.values():
        say(*text_of(fault))


def _tell_steps(facts: Facts) -> None:
    found, decided = facts["resolved"], facts["decided"]
    if found:
        print(
            f"Resolved {found['records']} records: {found['created']} new customers, {found['merged']} merged,"
            f" {found['parted']} parted, {found['blocked']} keys blocked"
        )
    if decided:
        moves = ", ".join(f"{name} {count}" for name, count in decided["changed"].items())
        held = sum(decided["held"].values())
        print(f"Decided {decided['due']} customers: {moves or 'no programmes'} changed, {held} held")
        if decided["other_currency"]:
            print(f"{decided['other_currency']} orders in another currency than the brand's are not counted")


def _tell_segments(segments: Mapping[str, Judged]) -> None:
    """Who came and went, in one line; then what is to be said of each list, by the numbers of its lines."""
    moved = [f"{name} +{one.entered} -{one.left}" for name, one in segments.items() if one.entered or one.left]
    if moved:
        print(f"Segments: {', '.join(moved)}")
    for name, one in segments.items():
        if one.problem:
            print(f"Segment {name} keeps its members: {one.problem}")
        for what, lines in (
            ("name nobody", one.unknown),
            ("name several customers", one.several),
            ("cannot be read", one.unreadable),
        ):
            if lines:
                print(f"Segment {name}, lines of its list that {what}: {spans(lines)}")


def _tell_troubles(facts: Facts) -> None:
    for stream in facts["streams"]:
        name = f"{stream['connection']}.{stream['stream']}"
        if stream["trouble"]:
            print(f"{name}: {stream['trouble']}")
        if stream["flaws"]:
            print(f"{name}: fields left empty because they cannot be read: {_counts(stream['flaws'])}")
        if stream["quarantined"]:
            print(f"{name}: {stream['quarantined']} rows set aside; see `kehub quarantine list`")


def _counts(found: Facts) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))


def _tell_applied(facts: Facts) -> None:
    for name, settled in facts["settled"].items():
        print(f"{name}: settled what an earlier run left unclear: {_counts(settled)}")
    for done in facts["applied"]:
        codes = f" (codes: {_counts(done['codes'])})" if done["codes"] else ""
        print(f"{done['connection']}: written: {_counts(done['rows']) or 'nothing'}{codes}")


def _tell_plans(facts: Facts) -> None:
    show(
        ("plan", "digest", "#rows", "changes", "difference", "approved by"),
        [
            [p["connection"], p["digest"], p["rows"], p["actions"], p["difference"], p["approved_by"]]
            for p in facts["plans"]
        ],
    )
    for brake in facts["brakes"]:
        print(f"Brake {brake['kind']} holds {brake['action']} on {brake['connection']}: {brake['note']}")
    if facts["questions"]:
        print(f"{facts['questions']} questions wait for a person: `kehub questions list`")
    for plan in facts["plans"]:
        print(f"Look: `kehub plan show {plan['digest']}`   Write: `kehub apply {plan['digest']}`")
    if not facts["plans"] and not facts["errors"]:
        print("Nothing to write.")
