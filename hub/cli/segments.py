"""`kehub segments list|show|overlap|export`: groups of customers as they were last decided, by id and never by name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json, opened
from hub.cli.show import Facts, day, emit
from hub.cli.show import show as show_table
from hub.cli.standing import sizes
from hub.errors import SettingsError
from hub.settings.problems import guess
from hub.store.segments import MOST, Size
from sync.segments import written
from sync.setup import Setup

app = command_app(help="Groups of customers: how many are in each, who came and went, who is in several.")

DAYS = 30
"""How far back changes are counted, today included."""

WIDE = 10
"""Segments that a picture has room for."""

_SHADES = " ░▒▓█"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The segment's name in the rules.")]


@app.command(name="list")
def list_segments(ctx: typer.Context, json: Json = False) -> None:
    """List the segments with their size, who came and went in 30 days, and their rule."""
    with opened(ctx) as setup:
        facts = _listed(setup)
    if json:
        emit(facts)
        return
    rows = [[f["segment"], f["size"], f["entered"], f["left"], f["rule"]] for f in facts]
    columns = ("segment", "#members", f"#entered in {DAYS} days", "#left", "rule")
    show_table(columns, rows, empty="No segments. Write some under `rules:` in kehub.yaml.")


@app.command()
def show(
    ctx: typer.Context,
    name: Name,
    most: Annotated[int, typer.Option(min=1, help="How many changes and members to show.")] = 10,
    json: Json = False,
) -> None:
    """Show one segment: its size, the last changes, and the first members by id."""
    with opened(ctx) as setup:
        facts = _one(setup, name, most)
    if json:
        emit(facts)
        return
    print(
        f"{facts['segment']}: {facts['size']} members; in {DAYS} days {facts['entered']} entered, {facts['left']} left"
    )
    print(f"Rule: {facts['rule'] or 'none any more; its members leave with the next run'}")
    changes = [[f["day"], f["customer"], f["change"]] for f in facts["changes"]]
    show_table(("day", "customer", "change"), changes, title="Last changes", empty="Nobody came or went.")
    show_table(("customer",), [[each] for each in facts["members"]], title="First members", empty="Nobody is in it.")


@app.command()
def overlap(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", show_default=False)] = None,
    json: Json = False,
) -> None:
    """Show how many customers are in two segments at once; without names, of the largest segments."""
    with opened(ctx) as setup:
        facts = _overlap(setup, names or [])
    if json:
        emit(facts)
    elif not facts["segments"]:
        print("No segments.")
    else:
        _picture(facts)


@app.command()
def export(
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", help="Where the ids go; only you may read it.")],
    json: Json = False,
) -> None:
    """Write the ids of a segment's members into a CSV file, and nothing else about them."""
    with opened(ctx) as setup:
        _known(setup, name)
        facts = {"segment": name, "file": str(out), "members": _write(setup, name, out)}
        setup.record("segments export", segment=name, members=facts["members"])
    if json:
        emit(facts)
    else:
        print(f"{facts['members']} ids written to {out}")


def _sizes(setup: Setup) -> dict[str, Size]:
    """Every segment that the rules know or that somebody was in of late."""
    return sizes(setup, setup.as_of - DAYS + 1)


def _listed(setup: Setup) -> list[Facts]:
    rules = written(setup.config)
    return [
        {"segment": name, "size": size.members, "entered": size.entered, "left": size.left, "rule": rules.get(name)}
        for name, size in _sizes(setup).items()
    ]


def _known(setup: Setup, name: str) -> Size:
    """The segment's size; SettingsError when there is no such segment."""
    sizes = _sizes(setup)
    if name not in sizes:
        remedy = "segments: " + (", ".join(sizes) or "none yet")
        raise SettingsError(f'no segment is called "{name}"{guess(name, sizes)}', remedy=remedy)
    return sizes[name]


def _one(setup: Setup, name: str, most: int) -> Facts:
    size, segments = _known(setup, name), setup.store.segments
    changes = segments.changes(name, 0, date.max.toordinal(), most)
    return {
        "segment": name,
        "size": size.members,
        "entered": size.entered,
        "left": size.left,
        "rule": written(setup.config).get(name),
        "changes": [
            {"day": day(each.day), "customer": each.customer, "change": "entered" if each.entered else "left"}
            for each in changes
        ],
        "members": list(segments.members(name, most)),
    }


def _overlap(setup: Setup, names: Sequence[str]) -> Facts:
    sizes = {name: _known(setup, name) for name in dict.fromkeys(names)} or _sizes(setup)
    if len(sizes) > MOST:
        raise SettingsError(f"these are {len(sizes)} segments", remedy=f"name at most {MOST}")
    chosen = list(sizes) if names else sorted(sizes, key=lambda name: -sizes[name].members)[:WIDE]
    counts = setup.store.segments.overlap(chosen)
    pairs = [
        {"segment": one, "in": other, "customers": counts[one, other], "share": _share(counts, one, other)}
        for one in chosen
        for other in chosen
    ]
    return {"segments": chosen, "pairs": pairs}


def _share(counts: dict[tuple[str, str], int], one: str, other: str) -> float:
    """The share of a segment's members who are in another as well."""
    return round(counts[one, other] / counts[one, one], 4) if counts[one, one] else 0.0


def _picture(facts: Facts) -> None:
    """A row a segment: what share of its members is in each other one, the darker the more."""
    found = {(pair["segment"], pair["in"]): pair for pair in facts["pairs"]}
    names = facts["segments"]
    rows = [
        [name, found[name, name]["customers"], *(_cell(found[name, other], other == name) for other in names)]
        for name in names
    ]
    print("Of the members of the segment at the left, how many are in the one above:")
    show_table(("segment", "#members", *(f"#{name}" for name in names)), rows)


def _cell(pair: Facts, same: bool) -> str:
    if same or not pair["customers"]:
        return "" if same else "-"
    shade = _SHADES[min(int(pair["share"] * len(_SHADES)), len(_SHADES) - 1)]
    return f"{pair['customers']} {shade * 3} {pair['share']:>4.0%}"


def _write(setup: Setup, name: str, file: Path) -> int:
    """The members' ids under one heading; only the file's owner may read it."""
    count = 0
    file.touch(mode=0o600)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["customer"])
        for customer in setup.store.segments.members(name):
            writer.writerow([customer])
            count += 1
    return count
