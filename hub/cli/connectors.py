"""`kehub connectors`: what is installed here, what of it cannot be used, and the score card of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.edge import DONE, FAILED, USAGE, command_app, leave
from hub.cli.opening import Json
from hub.cli.show import Facts, emit, show
from hub.cli.watching import counted
from hub.connector import Connector
from hub.errors import SettingsError
from hub.plugins import GROUP, load_plugins
from hub.settings import ConnectorClass
from hub.settings.problems import guess

if TYPE_CHECKING:
    from hub.testing.contract.card import Card

app = command_app(help="The connectors that are installed, and how good they are.")


@app.callback()
def family() -> None:
    """The connectors that are installed, and how good they are."""


@app.command(name="list")
def list_connectors(ctx: typer.Context, json: Json = False) -> None:
    """List types with what they read and write, and plugins that cannot be used."""
    plugins = load_plugins()
    points = entry_points(group=GROUP)
    found = [_facts(type_, kind, list(points)) for type_, kind in plugins.connectors().items()]
    faults = [asdict(fault) for fault in plugins.faults()]
    if json:
        emit({"connectors": found, "faults": faults})
    else:
        rows = [[f["type"], f["distribution"], f["version"], f["reads"], f["writes"]] for f in found]
        show(("type", "from", "version", "reads", "writes"), rows)
        show(("cannot be used", "from", "because"), [[f["plugin"], f["distribution"], f["reason"]] for f in faults])
    leave(USAGE if faults else DONE)


@app.command()
def score(
    types: Annotated[list[str] | None, typer.Argument(help="Connectors by type; all that have a twin without.")] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Also play each check under the faults that can break it.")
    ] = False,
    write: Annotated[Path | None, typer.Option(help="A folder to write the cards to, as TYPE.md.")] = None,
    json: Json = False,
) -> None:
    """Play the contract of connectors against their twins and print their score cards; exit 4 when a line is to do."""
    from hub.testing.contract.card import markdown, scored
    from hub.testing.stand import stand_of

    cards = []
    for kind in _chosen(types or []):
        with counted(f"playing {kind.type}", json) as told:
            cards.append(scored(stand_of(kind), told, faults=faults))
    for card in cards:
        if write is not None:
            write.mkdir(parents=True, exist_ok=True)
            (write / f"{card.type}.md").write_text(markdown(card), encoding="utf-8")
        if not json:
            _print(card)
    if json:
        emit({"cards": [card.facts() for card in cards]})
    leave(DONE if all(card.tally()[0] == card.tally()[1] for card in cards) else FAILED)


def _chosen(types: list[str]) -> list[ConnectorClass]:
    from hub.testing.stand import stand_of

    known = load_plugins().connectors()
    for type_ in types:
        if type_ not in known:
            raise SettingsError(
                f'no connector is called "{type_}"{guess(type_, known)}', remedy="see `kehub connectors list`"
            )
    if types:
        return [known[type_] for type_ in types]
    return [kind for kind in known.values() if _has_stand(kind, stand_of)]


def _has_stand(kind: ConnectorClass, stand_of: Callable[[ConnectorClass], object]) -> bool:
    try:
        stand_of(kind)
    except SettingsError:
        return False
    return True


def _print(card: Card) -> None:
    from hub.testing.contract.card import MEANS, TIERS

    done, all_ = card.tally()
    print(f"{card.type}: {done} of {all_} lines done" + (f", {card.disturbed} disturbed" if card.disturbed else ""))
    for tier in TIERS:
        done, all_ = card.tally(tier)
        rows = [[line.check.says, line.state, line.reason] for line in card.lines if line.check.tier == tier]
        show(("line", "state", "why"), rows, title=f"{tier} ({done} of {all_}): {MEANS[tier]}")


def _facts(type_: str, kind: ConnectorClass, points: list[EntryPoint]) -> Facts:
    writes = kind.target is not Connector.target
    return {
        "type": type_,
        "distribution": _distribution(kind, points),
        "version": kind.version or None,
        "reads": _streams(kind),
        "writes": writes,
        "summary": (kind.__doc__ or "").partition("\n")[0],
    }


def _distribution(kind: ConnectorClass, points: list[EntryPoint]) -> str:
    """The installed distribution whose entry point brings this class."""
    home = kind.__module__
    for point in points:
        if point.dist is not None and (home == point.module or home.startswith(f"{point.module}.")):
            return f"{point.dist.name} {point.dist.version}"
    return "-"


def _streams(kind: ConnectorClass) -> list[str] | str:
    """The streams of a connector whose settings do not change them; else they are as configured."""
    from hub.clock import system_clock
    from hub.connector import Place, Tools

    try:
        made = kind(kind.Settings(), Tools("", system_clock(), Place(), "."))
        return [stream.name for stream in made.streams()]
    except Exception:  # a stranger's settings may want anything; then only a configuration tells
        return "as configured"
