"""The score card of a connector: what it promises, tier by tier, each line done, to do, or exempt with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from hub.testing.contract.check import Check, Tier
from hub.testing.contract.faults import pairs, setting
from hub.testing.contract.run import Verdict, all_checks, fitting, misfits, play
from hub.testing.stand import Stand

TIERS: Sequence[Tier] = get_args(Tier)
MEANS = {
    "works": "it reads everything, finds what changed, and writes what the hub decides",
    "careful": "nothing is lost, doubled or given away when something goes wrong",
    "gentle": "it asks little, in few calls, and leaves alone who asks for rest",
}
WORDS = {"holds": "done", "fails": "to do", "exempt": "exempt"}
Told = Callable[[int, int], None]
"""Told with how many more lines are known, and of how many."""


@dataclass(frozen=True)
class Line:
    """One line of a card: a check, what it came to, and why, or the fault under which it fails."""

    check: Check
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Card:
    """All lines of one connector; `disturbed` is how many pairs of a fault and a check were played, 0 for none."""

    type: str
    lines: tuple[Line, ...]
    disturbed: int = 0

    def tally(self, tier: Tier | None = None) -> tuple[int, int]:
        """How many lines are done, and how many there are that are not exempt."""
        wanted = [line for line in self.lines if line.state != "exempt" and tier in (None, line.check.tier)]
        return sum(line.state == "done" for line in wanted), len(wanted)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to do."""
        return all(line.state != "to do" for line in self.lines)

    def facts(self) -> dict[str, Any]:
        """The card as JSON has it."""
        shown = [
            {"check": line.check.name, "tier": line.check.tier, "says": line.check.says, "state": line.state,
             "reason": line.reason} for line in self.lines
        ]  # fmt: skip
        return {"type": self.type, "disturbed": self.disturbed, "lines": shown}


def scored(stand: Stand, told: Told = lambda more, total: None, *, faults: bool = False) -> Card:
    """Play every check of the contract; with `faults` also under each fault that can break it."""
    reasons = misfits(stand)
    checks = fitting(reasons)
    disturbed = list(pairs(stand, checks)) if faults else []
    total = len(checks) + len(disturbed)
    found = {}
    for name, one in checks.items():
        found[name] = _played(one, stand, "")
        told(1, total)
    for fault, name in disturbed:
        verdict = _played(checks[name], stand, fault)
        if verdict.state == "fails" and found[name].state == "holds":
            found[name] = Verdict(checks[name], "fails", f"under {fault}: {verdict.reason}")
        told(1, total)
    lines = [
        Line(one, WORDS[found[name].state], found[name].reason) if name in found else Line(one, "exempt", reasons[name])
        for name, one in all_checks().items()
    ]
    return Card(stand.type, tuple(lines), len(disturbed))


def claimed(stand: Stand) -> Card:
    """The card of a connector whose checks all hold, as its tests prove; nothing is played."""
    reasons = misfits(stand)
    lines = [
        Line(one, "exempt" if reasons[name] else "done", reasons[name]) for name, one in all_checks().items()
    ]  # fmt: skip
    return Card(stand.type, tuple(lines), sum(1 for _ in pairs(stand, fitting(reasons))))


def markdown(card: Card) -> str:
    """A card as a page."""
    done, all_ = card.tally()
    return "".join(
        [f"# Score card: {card.type}\n\n{done} of {all_} lines are done.", *_disturbed(card), *_tables(card)]
    )


def _disturbed(card: Card) -> Iterator[str]:
    if card.disturbed:
        yield f" {card.disturbed} pairs of a fault and a check were played as well."


def _tables(card: Card) -> Iterator[str]:
    for tier in TIERS:
        done, all_ = card.tally(tier)
        yield f"\n\n## {tier.capitalize()}: {done} of {all_}\n\n{MEANS[tier].capitalize()}.\n"
        yield "\n| line | state | check |\n|---|---|---|\n"
        for line in card.lines:
            if line.check.tier == tier:
                why = f": {line.reason}" if line.reason else ""
                yield f"| {line.check.says} | {line.state}{why} | `{line.check.name}` |\n"


def _played(one: Check, stand: Stand, fault: str) -> Verdict:
    with TemporaryDirectory(prefix="kehub-score-") as folder:
        return play(one, stand, Path(folder), setting(fault, one.name) if fault else None)
