"""`kehub status`: where everything stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json, opened
from hub.cli.sealed import spelled, told
from hub.cli.show import Facts, cell, clock_time, emit, show
from hub.cli.standing import standing
from hub.store.hints import REQUESTS

app = command_app()


@app.command()
def status(ctx: typer.Context, json: Json = False) -> None:
    """Show where everything stands: streams, plans, brakes, questions, tiers, segments."""
    with opened(ctx) as setup:
        facts = standing(setup)
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    print(f"{facts['brand']}: {facts['customers']} customers, decided up to {facts['decided_on'] or 'never'}")

    def at(text: str | None) -> str:
        return clock_time(text, zone)

    show(
        ("connection", "stream", "#records", "read up to", "certificate", "#quarantine", "paused"),
        [_stream(stream, at) for stream in facts["streams"]],
    )
    for stream in facts["streams"]:
        for held in stream["holds"]:
            print(f"Held by {stream['connection']}.{stream['stream']}: {told(held, at)}")
    _waiting(facts)
    _tiers(facts)


def _stream(stream: Facts, at: Callable[[str | None], str]) -> list[object]:
    unfinished = f"; a read from {at(stream['unfinished'])} is unfinished" if stream["unfinished"] else ""
    paused = f"by {stream['paused']['by']}" if stream["paused"] else ""
    return [
        stream["connection"], stream["stream"], stream["records"], at(stream["watermark"]),
        spelled(stream["certificate"], at) + unfinished, stream["quarantine"] or "", paused,
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
    _hinted(facts["hints"])
    if facts["drift"]:
        told = ", ".join(f"{d['count']} of fields whose owner is {d['owner']}, {d['state']}" for d in facts["drift"])
        print(f"Changed there since we wrote it: {told}; see `kehub questions drift`")


def _hinted(hints: list[Facts]) -> None:
    rest: Counter[str] = Counter()
    for one in hints:
        rest[one["connection"]] += one["count"] * (one["event"] not in REQUESTS)
    if +rest:
        print(f"Told by webhooks and not read yet: {cell(+rest)}; `kehub sync --hinted` reads them")
    if requests := sum(one["count"] for one in hints if one["event"] in REQUESTS):
        print(f"Requests of people about what is known of them: {requests}; see `kehub hints list`")


def _tiers(facts: Facts) -> None:
    for programme, values in facts["decisions"].items():
        rows = [[value, found["customers"], f"{found['share']:.1%}"] for value, found in values.items()]
        show((programme, "#customers", "#share"), rows)
    show(("segment", "#members"), list(facts["segments"].items()))
