"""The facts behind `kehub plan`: a plan's rows, sorted, filtered and paged, and what writing them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from hub.cli.show import Facts, moment
from hub.cli.standing import brakes, open_plans, plan_facts
from hub.errors import SettingsError, UnsafePlan
from hub.store.database import chunks
from hub.store.drifts import Drift
from hub.store.plans import Plan, PlanRow
from hub.tags import TAGS, tag_calls
from sync.approve import find_plan
from sync.destination import TAG, Destination
from sync.setup import Setup

ACTIONS = ("create", "update", TAG, "delete")

SORTS: dict[str, Callable[[Facts], Any]] = {
    "key": lambda item: item["key"],
    "customer": lambda item: (item["customer"], item["key"]),
    "action": lambda item: (item["action"], item["key"]),
    "state": lambda item: (item["state"], item["key"]),
    "fields": lambda item: (len(item["fields"]), sorted(item["fields"]), item["key"]),
}


@dataclass(frozen=True)
class View:
    """What part of a plan to show, and in which order."""

    page: int = 1
    per_page: int = 20
    sort: str = "key"
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether the store's own order and paging will do."""
        return self.sort == "key" and not self.filters


def chosen_plan(setup: Setup, which: str) -> Plan:
    """The open plan that a digest or a connection's name means; without either, the only one there is."""
    plans = open_plans(setup)
    names = [connection.name for connection in setup.config.connections]
    if which in names:
        found = [plan for plan in plans if plan.connection == which]
    else:
        found = [find_plan(setup, which)] if which else plans
    if not found:
        raise SettingsError("there is no open plan", where=which, remedy="`kehub sync` makes plans")
    if len(found) > 1:
        listed = ", ".join(f"{plan.connection} {plan.digest}" for plan in found)
        raise SettingsError("there is more than one open plan", remedy=f"name one of: {listed}")
    return found[0]


def page_facts(setup: Setup, plan: Plan, view: View) -> Facts:
    """A plan's head and one page of its rows."""
    start = (view.page - 1) * view.per_page
    if view.whole:
        shown, page = plan.rows, list(items(setup, plan, limit=view.per_page, offset=start))
    else:
        found = _sorted([item for item in items(setup, plan) if _passes(item, view.filters)], view.sort)
        shown, page = len(found), found[start : start + view.per_page]
    calls, seconds = forecast(setup, plan)
    return {
        **plan_facts(setup, plan),
        "approval": approval_facts(setup, plan),
        "brakes": brakes(setup, plan.connection),
        "cost": {"calls": calls, "seconds": seconds},
        "page": view.page,
        "pages": max(1, -(-shown // view.per_page)),
        "shown": shown,
        "items": page,
    }


def items(setup: Setup, plan: Plan, *, limit: int = 1_000_000_000, offset: int = 0) -> Iterator[Facts]:
    """The plan's rows in key order. Only the open plan has rows; UnsafePlan when they moved on under it."""
    standing = setup.store.plans.digest(plan.connection)
    if standing != plan.digest:
        what = "a part of this plan has been written; what stands now is another one"
        remedy = "`kehub apply` with this digest goes on, `kehub sync` plans afresh"
        raise UnsafePlan(what, where=plan.digest, remedy=remedy)
    holding = {brake["action"]: brake["kind"] for brake in brakes(setup, plan.connection)}
    released = (approval_facts(setup, plan) or {}).get("released", ())
    for rows in _parts(setup, plan.connection, limit, offset):
        drifts = setup.store.drifts.of_records(plan.connection, [row.ext for row in rows if row.ext])
        for row in rows:
            brake = holding.get(row.action, "")
            yield {**item_facts(row, "" if brake in released else brake), "drift": _drift(row, drifts)}


def _drift(row: PlanRow, drifts: Mapping[tuple[str, str], Drift]) -> Facts:
    """Which fields of a row somebody there changed: since when we know, and how often ours was written back."""
    found = ((name, drifts.get((row.ext, name))) for name in row.fields)
    return {
        name: {"seen": moment(drift.seen), "rounds": drift.rounds, "crossed": drift.crossed}
        for name, drift in found
        if drift is not None and drift.state == "open"
    }


def _parts(setup: Setup, connection: str, limit: int, offset: int) -> Iterator[list[PlanRow]]:
    """A few thousand at a time: a plan may be longer than memory likes."""
    while limit > 0 and (part := setup.store.plans.rows(connection, limit=min(limit, 2000), offset=offset)):
        yield part
        limit, offset = limit - len(part), offset + len(part)


def item_facts(row: PlanRow, held: str = "") -> Facts:
    """One planned change; `held` names the brake that holds it."""
    return {
        "key": row.key, "customer": row.customer, "action": row.action, "ext": row.ext, "state": row.state,
        "held": held, "code": row.code, "field": row.field, "reason": row.reason, "fields": row.fields,
    }  # fmt: skip


def approval_facts(setup: Setup, plan: Plan) -> Facts | None:
    """Who approved this plan, until when, and which brakes that released."""
    for one in setup.store.plans.approvals(plan.connection):
        if one.digest == plan.digest:
            return {
                "actor": one.actor,
                "at": moment(one.at),
                "until": moment(one.until),
                "released": sorted(one.released),
            }
    return None


def forecast(setup: Setup, plan: Plan) -> tuple[int, float]:
    """(calls, seconds) of writing the whole plan: per batch the write, its guard and the read-back.

    Tags with calls of their own cost one for every set of tags that comes or goes in a batch.
    """
    destination = setup.destination(setup.config.connection(plan.connection))
    if destination is None:
        return 0, 0.0
    target, calls = destination.target, 0
    tally = setup.store.plans.tally(plan.connection)
    for action, rows in tally.items():
        guard = 1 if target.guard != "none" and action != "create" else 0
        batches = -(-rows // target.batch)
        writes = 0 if action == TAG else rows if target.one_by_one else batches
        calls += batches * (guard + 1) + writes
    if destination.tags_apart and tally.keys() & {TAG, "create"}:
        calls += _tag_writes(setup, destination)
    return calls, round(calls * target.seconds_per_call, 1)


def _tag_writes(setup: Setup, destination: Destination) -> int:
    """The calls that add and remove the plan's tags; created customers get theirs right after they are made."""
    assert destination.tagging is not None
    calls, chosen = 0, dict[str, list[tuple[str, set[str], set[str]]]]()
    for row in chain.from_iterable(_parts(setup, destination.name, 1_000_000_000, 0)):
        if TAGS in row.fields:
            theirs, wanted = (set(row.fields[TAGS][side] or ()) for side in ("theirs", "wanted"))
            chosen.setdefault(row.action, []).append((row.key, theirs, wanted))
    for action, rows in chosen.items():
        for part in chunks(rows, destination.batch(action)):
            calls += len(tag_calls({key: wanted - theirs for key, theirs, wanted in part}))
            calls += len(tag_calls({key: theirs - wanted for key, theirs, wanted in part}))
    return calls + (destination.tagging.ahead if calls else 0)


def _passes(item: Facts, filters: dict[str, str]) -> bool:
    if "field" in filters and filters["field"] not in item["fields"]:
        return False
    return all(
        str(item[name]).lower() == filters[name].lower() for name in ("action", "state", "customer") if name in filters
    )


def _sorted(found: list[Facts], sort: str) -> list[Facts]:
    key = SORTS.get(sort.removeprefix("-"))
    if key is None:
        raise SettingsError(f'cannot sort by "{sort}"', where="--sort", remedy=f"choose from: {', '.join(SORTS)}")
    return sorted(found, key=key, reverse=sort.startswith("-"))
