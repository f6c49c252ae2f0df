"""The facts behind the drift inbox: what somebody there made of our words, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from hub.cli.show import Facts, cell, clock_time, moment, show
from hub.store.drifts import Drift
from hub.store.records import Stored
from sync.setup import Setup

ANSWERS = ("ours", "theirs")


def drift_facts(setup: Setup, found: Iterable[Drift]) -> list[Facts]:
    """Entries of the inbox with their customers, what follows, and what can be answered."""
    drifts = list(found)
    exts: dict[tuple[str, str], list[str]] = {}
    for drift in drifts:
        exts.setdefault((drift.connection, drift.stream), []).append(drift.ext)
    records = {place: setup.store.records.by_exts(*place, sorted(set(listed))) for place, listed in exts.items()}
    return [_facts(setup, drift, records[drift.connection, drift.stream].get(drift.ext)) for drift in drifts]


def _facts(setup: Setup, drift: Drift, record: Stored | None) -> Facts:
    return {
        "id": drift.id, "connection": drift.connection, "ext": drift.ext,
        "customer": record.customer if record else None, "field": drift.field, "owner": drift.owner,
        "ours": drift.ours, "theirs": drift.theirs, "wanted": drift.wanted, "seen": moment(drift.seen),
        "state": drift.state, "why": drift.why, "closed": moment(drift.closed), "rounds": drift.rounds,
        "crossed": drift.crossed, "follows": follows(setup, drift), "answers": ANSWERS if answerable(drift) else (),
    }  # fmt: skip


def answerable(drift: Drift) -> bool:
    """Whether a person can say whose word counts: what is taken over or settled needs no word any more."""
    return drift.standing and drift.owner != "theirs"


def follows(setup: Setup, drift: Drift) -> str:
    """What follows from an entry, in a few words."""
    if drift.state == "closed":
        return drift.why
    if drift.state == "accepted":
        return "left as it is there"
    if drift.owner == "hub" and drift.rounds < setup.config.brakes.write_backs:
        return "is written back"
    return "waits for an answer"


def tell_drift(facts: list[Facts], zone: tzinfo, *, empty: str = "") -> None:
    """The inbox as a table."""
    rows = [
        [f["id"], f["customer"], f"{f['connection']}:{f['ext']}", f["field"], cell(f["ours"], 24),
         cell(f["theirs"], 24), clock_time(f["seen"], zone), f"{f['follows']}{_notes(f)}"]
        for f in facts
    ]  # fmt: skip
    show(("id", "customer", "record there", "field", "ours", "theirs", "seen", "what follows"), rows, empty=empty)


def drift_told(facts: list[Facts], zone: tzinfo) -> Iterator[str]:
    """The entries that still stand, in a line each."""
    for found in facts:
        if found["state"] != "closed":
            what = f"{found['field']} {cell(found['theirs'])} in place of our {cell(found['ours'])}"
            seen = clock_time(found["seen"], zone)
            yield f"{found['connection']}:{found['ext']} {what}, seen {seen}; {found['follows']}{_notes(found)} [{found['id']}]"


def _notes(facts: Facts) -> str:
    notes = ["crossed our push"] if facts["crossed"] else []
    notes += [f"written back {facts['rounds']} times"] if facts["rounds"] else []
    return f" ({', '.join(notes)})" if notes else ""
