"""A plan as a table one can read and approve: a line a field, the customer named once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from hub.cli.show import Facts, cell, clock_time, show

_BRIEF = 28


def tell_page(facts: Facts, full: bool, zone: tzinfo) -> None:
    """Print the head, one page of rows, and what to type next."""
    for line in _head(facts, zone):
        print(line)
    most = 0 if full else _BRIEF
    rows = [row for item in facts["items"] for row in _lines(item, most, zone)]
    show(("customer", "record there", "field", "from", "to", "why", "state"), rows, empty="No rows on this page.")
    for line in _foot(facts):
        print(line)


def _head(facts: Facts, zone: tzinfo) -> Iterator[str]:
    actions = ", ".join(f"{count} {action}" for action, count in facts["actions"].items())
    yield f"Plan {facts['digest']} for {facts['connection']}: {facts['rows']} rows ({actions}), from run {facts['run']}"
    cost = facts["cost"]
    yield f"Cost: {cost['calls']} calls, about {duration(cost['seconds'])}"
    if facts["difference"]:
        yield f"Against the plan before: {facts['difference']}"
    for brake in facts["brakes"]:
        yield f"Brake {brake['kind']} holds {brake['action']}: {brake['note']} (--release {brake['kind']} lifts it)"
    approval = facts["approval"]
    yield (
        f"Approved by {approval['actor']}, good until {clock_time(approval['until'], zone)}"
        if approval
        else "Not approved yet"
    )


def _lines(item: Facts, most: int, zone: tzinfo) -> Iterator[list[object]]:
    state = f"held by {item['held']}" if item["held"] and item["state"] == "open" else item["state"]
    place = " ".join(filter(None, (item["code"], item["field"])))
    state = f"{state} ({place})" if place else state
    for number, (name, side) in enumerate(sorted(item["fields"].items())):
        head = [item["customer"], item["ext"] or f"({item['action']})"] if number == 0 else ["", ""]
        yield [
            *head, name, _from(side, most), cell(side["wanted"], most), _why(item, name, zone),
            state if number == 0 else "",
        ]  # fmt: skip


def _why(item: Facts, name: str, zone: tzinfo) -> str:
    """Why a field is written; where somebody there changed it, when that was seen."""
    why, drift = str(item["fields"][name]["why"]), item["drift"].get(name)
    if drift is None:
        return why
    again = f", written back {drift['rounds']} times before" if drift["rounds"] else ""
    return f"{why} (seen {clock_time(drift['seen'], zone)}{again})"


def _from(side: Facts, most: int) -> str:
    """What stands there; and what was agreed on last, where somebody changed it since."""
    theirs = cell(side["theirs"], most)
    if side["base"] is None or side["base"] == side["theirs"]:
        return theirs
    return f"{theirs} (agreed: {cell(side['base'], most)})"


def _foot(facts: Facts) -> Iterator[str]:
    if facts["pages"] > 1:
        yield f"Page {facts['page']} of {facts['pages']} ({facts['shown']} rows); --page {facts['page'] + 1} goes on"
    release = "".join(f" --release {kind}" for kind in sorted({brake["kind"] for brake in facts["brakes"]}))
    yield f"Write: `kehub apply {facts['digest']}{release}`"


def duration(seconds: float) -> str:
    """Seconds as a reader says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
