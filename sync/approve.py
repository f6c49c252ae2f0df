"""Approvals: who said yes to exactly which rows, and what may be pushed because of it."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import UnsafePlan
from hub.settings import Connection
from hub.store.plans import Approval, Plan, PlanRow
from sync.setup import Setup

AUTO = "apply: auto"
"""The actor of approvals that the configuration gives."""


def find_plan(setup: Setup, digest: str) -> Plan:
    """The open plan that a digest (or its beginning, from four characters) names; UnsafePlan says what became of it."""
    wanted = digest.lower()
    found = [
        plan for plan in setup.store.plans.latest(count=1000) if len(wanted) >= 4 and plan.digest.startswith(wanted)
    ]
    open_ = [plan for plan in found if plan.state == "open"]
    if len(open_) == 1:
        return open_[0]
    if len(open_) > 1:
        raise UnsafePlan("more than one plan begins like this", where=digest, remedy="write the whole digest")
    if found:
        now = setup.store.plans.open(found[0].connection)
        then = f"; {found[0].connection} now has {now.digest}" if now else ""
        raise UnsafePlan(f"this plan is {found[0].state}{then}", where=digest, remedy="see `kehub plan list`")
    raise UnsafePlan("no plan has this digest", where=digest, remedy="see `kehub plan list`")


def approve(setup: Setup, plan: Plan, released: Iterable[str]) -> None:
    """Store the approval of exactly the plan's rows; a plan whose push was cut short keeps the approval it has."""
    with setup.store.db.writing("approve", durable=True):  # nobody plans between the look and the approval
        standing = setup.store.plans.digest(plan.connection)
        if standing == plan.digest:
            setup.store.plans.approve(plan.connection, plan.digest, setup.actor, setup.config.approval_hours, released)
            return
    if any(approval.digest == plan.digest for approval in setup.store.plans.approvals(plan.connection)):
        return
    raise UnsafePlan(
        "the rows are no longer those of this plan",
        where=plan.digest,
        remedy="run `kehub sync` and look at the new plan",
    )


def approve_automatically(setup: Setup, connection: Connection) -> None:
    """`apply: auto` approves what no brake holds, from the second push on; the first one always asks a person."""
    plan = setup.store.plans.open(connection.name)
    if plan is None or not setup.store.receipts.pushed_before(connection.name):
        return
    if setup.store.plans.unapproved(connection.name):
        setup.store.plans.approve(connection.name, plan.digest, AUTO, setup.config.approval_hours, ())


def pushable(setup: Setup, name: str) -> list[tuple[PlanRow, Approval]]:
    """The rows of a connection that may be pushed now."""
    return setup.store.plans.approved(name)
