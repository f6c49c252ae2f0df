"""`kehub status`: where everything stands."""

from __future__ import annotations

from collections import Counter

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json, opened
from hub.cli.show import Facts, cell, clock_time, emit, show
from hub.cli.standing import standing

app = command_app()


@app.command()
def status(ctx: typer.Context, json: Json = False) -> None:
    """Show where everything stands: streams, plans, brakes, questions, tiers."""
    with opened(ctx) as setup:
        facts = standing(setup)
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    print(f"{facts['brand']}: {facts['customers']} customers, decided up to {facts['decided_on'] or 'never'}")
    show(
        ("connection", "stream", "#records", "read up to", "certificate", "#quarantine", "paused"),
        [_stream(stream, lambda text: clock_time(text, zone)) for stream in facts["streams"]],
    )
    _waiting(facts)
    _tiers(facts)


def _stream(stream: Facts, at: object) -> list[object]:
    assert callable(at)
    seal = stream["certificate"] or {}
    paused = f"by {stream['paused']['by']}" if stream["paused"] else ""
    return [
        stream["connection"], stream["stream"], stream["records"], at(stream["watermark"]),
        f"{seal['strength']} {at(seal['at'])}" if seal else "none", stream["quarantine"] or "", paused,
    ]  # fmt: skip


def _waiting(facts: Facts) -> None:
    show(
        ("plan", "digest", "#rows", "changes", "approved by"),
        [[p["connection"], p["digest"], p["rows"], p["actions"], p["approved_by"]] for p in facts["plans"]],
        title="Open plans", empty="No open plans.",
    )  # fmt: skip
    for brake in facts["brakes"]:
        print(f"Brake {brake['kind']} holds {brake['action']} on {brake['connection']}: {brake['note']}")
    for held in facts["held"]:
        what = f"{held['count']} x {held['programme']} -> {held['value']}"
        print(f"Held since {held['since']}: {what}, {held['reason']}")
    if facts["questions"]:
        kinds = Counter({entry["kind"]: entry["count"] for entry in facts["questions"]})
        print(f"Questions: {cell(kinds)}; see `kehub questions list`")
    if facts["drift"]:
        told = ", ".join(f"{d['count']} of fields whose owner is {d['owner']}, {d['state']}" for d in facts["drift"])
        print(f"Changed there since we wrote it: {told}; see `kehub questions drift`")


def _tiers(facts: Facts) -> None:
    for programme, values in facts["decisions"].items():
        rows = [[value, found["customers"], f"{found['share']:.1%}"] for value, found in values.items()]
        show((programme, "#customers", "#share"), rows)
