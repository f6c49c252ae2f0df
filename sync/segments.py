"""segments: who enters and who leaves, by rules over facts and by lists in files.

    judged = Segmenter(store, place, folder, connections).settle(rules, lists, day, digest)

Runs in decide's write transaction, after facts have been brought up to date and before anybody ceases to be due.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from hub.errors import SettingsError
from hub.forms import Place
from hub.settings import Configuration
from hub.settings.rule_shape import Segment
from hub.store import Store
from hub.store.segments import Move, Moved
from sync.listed import Found, Reader

Waiting = Callable[[Sequence[Move]], Collection[str]]
"""Which of these customers' moves must wait, because a stream that the rule reads is incomplete for them."""


@dataclass(frozen=True)
class Rule:
    """A segment by a rule: an SQL expression over `facts f` that holds or not, with its parameters.

    Rules that share their parameters (the same object) are judged together.
    """

    name: str
    expression: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """A segment by a list: a CSV file, relative to the configuration's folder, and the column that names customers."""

    name: str
    file: str
    column: str


@dataclass(frozen=True)
class Judged:
    """What became of one segment.

    `waiting` moves were held. `problem` says why a list could not be read (its members stay as they are); `unknown`,
    `several` and `unreadable` are the numbers of its lines that name nobody, more than one, or nothing that can be read.
    """

    entered: int = 0
    left: int = 0
    waiting: int = 0
    problem: str = ""
    unknown: tuple[int, ...] = ()
    several: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()

    def told(self) -> dict[str, int | str]:
        """What is worth telling of it, for a run's report; lines as `spans`."""
        lines = {"unknown": self.unknown, "several": self.several, "unreadable": self.unreadable}
        told: dict[str, int | str] = {"entered": self.entered, "left": self.left, "waiting": self.waiting}
        told |= {"problem": self.problem, **{f"{what}_lines": spans(numbers) for what, numbers in lines.items()}}
        return {what: value for what, value in told.items() if value}


@dataclass(frozen=True)
class Segmenter:
    """Settles segments in one store; `folder` is where the paths of lists start, `connections` are the brand's."""

    store: Store
    place: Place
    folder: Path
    connections: Sequence[str]

    def lists(self, segments: Sequence[Listed], day: int, rules: str) -> dict[str, Judged]:
        """Bring lists up to date: before anything that looks members up."""
        return {segment.name: self._listed(segment, day, rules) for segment in segments}

    def settle(
        self, segments: Sequence[Rule], lists: Collection[str], day: int, rules: str, waiting: Waiting | None = None
    ) -> dict[str, Judged]:
        """Bring segments by rule up to date; ends those that are neither among these nor `lists`, and the stays of merged
        customers."""
        self.store.segments.leave_merged(day)
        found = self._all(segments, day, rules, waiting)
        for name in self.store.segments.names():
            if name not in found and name not in lists:
                found[name] = Judged(left=self.store.segments.drop(name, day))
        return found

    def _all(self, segments: Sequence[Rule], day: int, rules: str, waiting: Waiting | None) -> dict[str, Judged]:
        if waiting is not None:
            return {segment.name: self._held(segment, day, rules, waiting) for segment in segments}
        found: dict[str, Judged] = {}
        for _, alike in groupby(segments, lambda one: id(one.params)):
            together = list(alike)
            expressions = {one.name: one.expression for one in together}
            moved = self.store.segments.judge_all(expressions, rules, day, dict(together[0].params))
            found |= {name: Judged(entered, left) for name, (entered, left) in moved.items()}
        return found

    def _held(self, rule: Rule, day: int, rules: str, waiting: Waiting) -> Judged:
        """Page by page, because somebody may have to wait."""
        entered = left = held = 0
        for page in self.store.segments.differing(rule.name, rule.expression, dict(rule.params)):
            wait = set(waiting(page))
            going = [move for move in page if move.customer not in wait]
            moved = self._move(rule.name, day, rules, going)
            entered, left, held = entered + moved.entered, left + moved.left, held + len(page) - len(going)
        return Judged(entered, left, held)

    def _move(self, name: str, day: int, rules: str, moves: Sequence[Move]) -> Moved:
        entering = [move.customer for move in moves if move.enters]
        leaving = [move.customer for move in moves if not move.enters]
        return self.store.segments.settle(name, day, rules, entering, leaving)

    def _listed(self, segment: Listed, day: int, rules: str) -> Judged:
        """The customers whom the list names today: people may have merged or come apart since. A fault changes nobody:
        even those that were merged hand their place on."""
        segments = self.store.segments
        try:
            found = self.read(segment)
        except SettingsError as error:
            moved = segments.agree(segment.name, day, rules, segments.heirs(segment.name))
            return Judged(moved.entered, moved.left, problem=str(error))
        moved = segments.agree(segment.name, day, rules, found.customers)
        lines = (tuple(found.unknown), tuple(found.several), tuple(found.unreadable))
        return Judged(moved.entered, moved.left, 0, "", *lines)

    def read(self, segment: Listed) -> Found:
        """Whom a list names; SettingsError for a file that cannot be taken as it is."""
        return Reader(self.store, self.place, self.connections).read(self.folder / segment.file, segment.column)


def spans(lines: Sequence[int], most: int = 20) -> str:
    """The numbers of lines for a reader, as in `3, 5-9 and 12 more`: runs together, and only the first ones."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs[:most])
    rest = sum(high - low + 1 for low, high in runs[most:])
    return f"{shown} and {rest} more" if rest else shown


def written(config: Configuration) -> dict[str, str]:
    """segment -> its rule as somebody wrote it."""
    return {name: _text(rule) for name, rule in sorted(config.written.segments.items())}


def _text(rule: Segment) -> str:
    """A rule as one line: a predicate as it is, a list by its file and column."""
    return rule.when or (f"list {rule.list.file}, by {rule.list.column}" if rule.list else "")
