"""What one sees while a run goes on: a line for each stream being read, and the step the run is at.

It is drawn on standard error, on a terminal only; elsewhere a run is silent until it ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sync.lanes import Outcome
from sync.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, TaskID


class Drawn:
    """A progress drawn with rich."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._lines: dict[str, TaskID] = {}
        self._counts: dict[str, int] = {}

    def lane(self, name: str, outcome: Outcome) -> None:
        """A page of a stream has been landed."""
        done = outcome.new + outcome.changed + outcome.unchanged
        set_aside = f", {outcome.quarantined} set aside" if outcome.quarantined else ""
        end = f", {outcome.certificate}" if outcome.certificate else ""
        self._line(name, f"{done} records ({outcome.new} new, {outcome.changed} changed{set_aside}){end}", end != "")

    def step(self, name: str) -> None:
        """The next step has begun."""
        for line in self._lines.values():
            self._bars.update(line, total=1, completed=1)
        self._line(name, "", False)

    def pushed(self, name: str, count: int) -> None:
        """So many more rows have been dealt with."""
        self._counts[name] = self._counts.get(name, 0) + count
        self._line(f"{name} (writing)", f"{self._counts[name]} rows", False)

    def _line(self, name: str, text: str, ended: bool) -> None:
        if name not in self._lines:
            self._lines[name] = self._bars.add_task(name, total=None, text="")
        self._bars.update(self._lines[name], text=text, total=1 if ended else None, completed=1 if ended else 0)


def columns() -> tuple[ProgressColumn, ...]:
    """What a line shows: whether it goes on, its name, its counts, its time."""
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    name, text = (TextColumn(part, markup=False) for part in ("{task.description}", "{task.fields[text]}"))
    return SpinnerColumn(finished_text="+"), name, text, TimeElapsedColumn()


@contextmanager
def watched(quiet: bool) -> Iterator[Progress]:
    """A progress for the length of a run."""
    if quiet or not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(*columns(), console=Console(stderr=True, markup=False), transient=True) as bars:
        yield Drawn(bars)


@contextmanager
def counted(name: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar for work whose size is known when it begins: call it with how many more are done, and of how many."""
    if quiet or not sys.stderr.isatty():
        yield lambda more, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True, markup=False), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda more, total: bars.update(task, advance=more, total=total)
