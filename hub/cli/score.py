"""`kehub connectors score`: the contract played against a connector's twin, as a card in three tiers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.edge import DONE, FAILED, leave
from hub.cli.opening import Json, configuration_path
from hub.cli.show import emit, show
from hub.cli.watching import counted
from hub.errors import SettingsError
from hub.plugins import load_plugins
from hub.settings.folders import plugin_folders
from hub.settings.problems import guess

if TYPE_CHECKING:
    from hub.testing.contract.card import Card
    from hub.testing.stand import Stand

Types = Annotated[
    list[str] | None,
    typer.Argument(help="Connectors by type, or the folder of one's own code; without any, all that have a twin."),
]
Disturbed = Annotated[bool, typer.Option("--faults", help="Also play each check under the faults that can break it.")]
Folder = Annotated[Path | None, typer.Option(help="A folder to write the cards to, as TYPE.md.")]


def score(
    ctx: typer.Context, types: Types = None, faults: Disturbed = False, write: Folder = None, json: Json = False
) -> None:
    """Play the contract of connectors against their twins and print their score cards; exit 4 when a line is to do."""
    from hub.testing.contract.card import markdown, scored

    cards = []
    for stand in list(_stands(plugin_folders(configuration_path(ctx)), types or [])):
        try:
            with counted(f"playing {stand.type}", json) as told:
                cards.append(scored(stand, told, faults=faults))
        except SettingsError as missing:  # a stand-in may need a package of its own
            if types:
                raise
            print(f"{stand.type} was passed over: {missing}", file=sys.stderr)
            continue
        if write is not None:
            write.mkdir(parents=True, exist_ok=True)
            (write / f"{stand.type}.md").write_text(markdown(cards[-1]), encoding="utf-8")
        if not json:
            _print(cards[-1])
    if json:
        emit({"cards": [card.facts() for card in cards]})
    leave(DONE if all(card.whole for card in cards) else FAILED)


def _stands(folders: Sequence[Path], types: list[str]) -> Iterator[Stand]:
    """The stands of the connectors asked for; those without one are passed over where none was asked for."""
    from hub.testing.found import stand_at, stand_of

    known = load_plugins(folders=folders).connectors()
    for type_ in types or known:
        if type_ not in known and (own := stand_at(type_)) is not None:
            yield own
            continue
        if type_ not in known:
            what = f'no connector is called "{type_}"{guess(type_, known)}'
            raise SettingsError(what, remedy="see `kehub connectors list`, or name the folder of its code")
        try:
            yield replace(stand_of(type_, folders), connector=known[type_])
        except SettingsError:
            if types:
                raise


def _print(card: Card) -> None:
    from hub.testing.contract.card import MEANS, TIERS

    done, all_ = card.tally()
    print(f"{card.type}: {done} of {all_} lines done" + (f", {card.disturbed} disturbed" if card.disturbed else ""))
    for tier in TIERS:
        done, all_ = card.tally(tier)
        rows = [[line.check.says, line.state, line.reason] for line in card.lines if line.check.tier == tier]
        show(("line", "state", "why"), rows, title=f"{tier} ({done} of {all_}): {MEANS[tier]}")
