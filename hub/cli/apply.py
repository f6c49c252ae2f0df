"""`kehub apply DIGEST...`: store the approval, then write the plan's rows and no others."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.edge import DONE, FAILED, WAITING, command_app, leave, say, text_of
from hub.cli.opening import As, Json, opened
from hub.cli.plan_facts import item_facts
from hub.cli.report import applied_facts, error_facts
from hub.cli.show import Facts, cell, emit, show
from hub.cli.standing import brakes
from hub.cli.watching import watched
from hub.store.plans import Plan
from sync.apply import Applied
from sync.approve import approve, find_plan
from sync.engine import Report, push
from sync.setup import Setup

app = command_app()

_UNDONE = ("rejected", "refused", "unknown", "moved", "gone")


@app.command()
def apply(
    ctx: typer.Context,
    digests: Annotated[list[str], typer.Argument(metavar="DIGEST...", help="From `kehub sync` or `kehub plan list`.")],
    release: Annotated[
        list[str] | None, typer.Option(metavar="BRAKE", help="Also write what this brake holds; may be repeated.")
    ] = None,
    actor: As = "",
    json: Json = False,
) -> None:
    """Approve plans and write their rows, and no others."""
    with opened(ctx, actor) as setup, watched(json) as progress:
        plans = [find_plan(setup, digest) for digest in dict.fromkeys(digests)]
        _name_needless(setup, plans, release or [])
        for plan in plans:
            approve(setup, plan, release or ())
        held = {plan.connection: _held(setup, plan, release or []) for plan in plans}
        report = push(setup, list(held), progress)
        facts = _facts(setup, plans, report, held)
    if json:
        emit(facts)
    else:
        _tell(facts)
    for fault in report.errors.values():
        say(*text_of(fault))
    leave(_code(facts))


def _name_needless(setup: Setup, plans: list[Plan], release: list[str]) -> None:
    holding = {brake["kind"] for plan in plans for brake in brakes(setup, plan.connection)}
    for name in release:
        if name not in holding:
            say(f"Note: no brake called {name} holds these plans.")


def _held(setup: Setup, plan: Plan, release: list[str]) -> list[Facts]:
    """The brakes that go on holding rows of this plan."""
    counts = setup.store.plans.tally(plan.connection)
    return [
        {**brake, "rows": counts.get(brake["action"], 0)}
        for brake in brakes(setup, plan.connection)
        if brake["kind"] not in release
    ]


def _facts(setup: Setup, plans: list[Plan], report: Report, held: dict[str, list[Facts]]) -> Facts:
    return {
        "run": report.run,
        "state": report.state,
        "plans": [_plan_facts(setup, plan, report, held[plan.connection]) for plan in plans],
        "errors": [error_facts(name, fault) for name, fault in report.errors.items()],
    }


def _plan_facts(setup: Setup, plan: Plan, report: Report, held: list[Facts]) -> Facts:
    done = report.applied.get(plan.connection, Applied())
    left = setup.store.plans.open(plan.connection)
    undone = [row for row in setup.store.plans.rows(plan.connection) if row.state in _UNDONE]
    return {
        "digest": plan.digest,
        **applied_facts(plan.connection, done),
        "settled": dict(report.settled.get(plan.connection, {})),
        "held": held,
        "undone": [item_facts(row) for row in undone],
        "left": left.rows if left else 0,
    }


def _tell(facts: Facts) -> None:
    for plan in facts["plans"]:
        rows = ", ".join(f"{count} {outcome}" for outcome, count in sorted(plan["rows"].items()))
        print(f"{plan['connection']} {plan['digest']}: {rows or 'nothing written'} ({plan['calls']} calls)")
        show(
            ("customer", "record there", "what became of it", "code", "their field"),
            [[r["customer"], r["ext"], r["state"], r["code"], r["field"]] for r in plan["undone"]],
        )
        for brake in plan["held"]:
            print(
                f"Brake {brake['kind']} holds {brake['rows']} {brake['action']} rows: {cell(brake['note'])}\n"
                f"Release it: `kehub apply {plan['digest']} --release {brake['kind']}`"
            )
        if plan["left"]:
            print(f"{plan['left']} rows are left in the plan.")


def _code(facts: Facts) -> int:
    if facts["errors"] or any(plan["rows"].get("later") for plan in facts["plans"]):
        return FAILED
    if any(plan["held"] for plan in facts["plans"]):
        return WAITING
    lost = {row["state"] for plan in facts["plans"] for row in plan["undone"]} - {"moved", "gone"}
    return FAILED if lost else DONE
