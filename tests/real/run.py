"""The brand's files through `sync`, a day after the other, and what the store then holds, by household."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.clock import FixedClock
from hub.plugins import load_plugins
from hub.settings import load
from hub.store import Store
from hub.testing.site import fixed_keys
from rules.rfm import Cuts, scores
from rules.ruleset import RFM
from sync import rfm
from sync.engine import Ask, Report, sync
from sync.lanes import Outcome
from sync.setup import Setup, open_setup

HERE = Path(__file__).parent
DAYS = (date(2017, 6, 30), date(2017, 12, 31), date(2018, 2, 15), date(2018, 2, 16), date(2018, 6, 30))
"""The days decided: when half of the files are there, the data's last, and three on which the calendar alone moves people. On
the last but one there are no new cut points of RFM either, so only those are looked at whom a window or a threshold touches."""

HALF = DAYS[0]
LAST = DAYS[1]

State = dict[str, Any]
"""Of one day: `households` (household -> decisions, facts and segments) and `cuts` (figure -> cut points)."""


@dataclass
class Watch:
    """How long each step of a run took: seconds on the wall, and of the processor."""

    took: dict[str, tuple[float, float]] = field(default_factory=dict)
    _step: str = "observe"
    _since: tuple[float, float] = field(default_factory=lambda: _now())

    def step(self, name: str) -> None:
        """The next step has begun."""
        now = _now()
        self.took[self._step] = (now[0] - self._since[0], now[1] - self._since[1])
        self._step, self._since = name, now

    def lane(self, name: str, outcome: Outcome) -> None:
        """Ignore."""

    def pushed(self, name: str, count: int) -> None:
        """Ignore."""


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


@dataclass
class Done:
    """One run: its day, what it reported, how long its steps took, what the store held afterwards; `peak`: the most memory
    that the process had held by then, in MB."""

    day: date
    report: Report
    took: dict[str, tuple[float, float]]
    peak: int
    state: State


class Grocer:
    """The brand in a folder of its own, with its files; `KEHUB_KEY` holds the tests' master key."""

    def __init__(self, folder: Path) -> None:
        self.files, self.later = folder / "files", folder / "later"
        outside("journey", self.later)
        self.files.mkdir()
        self.file = folder / "kehub.yaml"
        shutil.copy(HERE / "kehub.yaml", self.file)
        self.clock = FixedClock(_night(DAYS[0]))
        fixed_keys(str(folder / "kehub.db"), self.clock)

    def days(self) -> Iterator[Done]:
        """A run late on each day."""
        for day in DAYS:
            self.clock.advance(_night(day) - self.clock.now())
            self._export(day)
            setup = self.open()
            watch = Watch()
            try:
                report = sync(setup, Ask(), watch)
                watch.step("end")
                yield Done(day, report, watch.took, peak_memory(), state(setup))
            finally:
                setup.close()

    def _export(self, day: date) -> None:
        """The till puts out the months that are over; the register is there from the beginning."""
        for path in sorted(self.later.iterdir()):
            if path.stem <= f"baskets-{day:%Y-%m}" or path.stem == "households":
                os.utime(path, (0, 0))  # the hub's clock stands in 2017: a file of later would still be growing
                path.rename(self.files / path.name)

    def open(self) -> Setup:
        """The configuration and the store, as the command line opens them."""
        return open_setup(load(self.file, load_plugins()), self.clock, "tester")


def outside(script: str, *arguments: object) -> None:
    """Run one of the scripts that need the package and pandas, by the interpreter that has them."""
    python = os.environ["KEHUB_JOURNEY_PYTHON"]
    subprocess.run([python, "-W", "error", HERE / f"{script}.py", *map(str, arguments)], check=True)


def _night(day: date) -> datetime:
    """Late in New York's evening: half past ten in winter, half past eleven in summer."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=3, minutes=30)


def peak_memory() -> int:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# -- what the store holds


def state(setup: Setup) -> State:
    """What was decided of each household, and by which facts."""
    store, known = setup.store, households(setup.store)
    decided = store.decisions.standing(list(known))
    segments = _segments(store)
    cuts = rfm.cuts(store, RFM, setup.rules.rfm, setup.as_of) if setup.rules.rfm else None
    assert cuts is not None
    found = {}
    for customer, household in known.items():
        facts = store.facts.of(customer) or {}
        found[household] = {
            "decided": decided[customer], "facts": facts, "segments": sorted(segments.get(customer, ())),
            "scores": _scores(cuts, facts, setup.as_of),
        }  # fmt: skip
    return {"households": found, "cuts": {name: list(getattr(cuts, name)) for name in FIGURES}}


FIGURES = ("recency", "frequency", "monetary")


def households(store: Store) -> dict[str, str]:
    """customer -> household, in the register's order."""
    rows = store.db.rows(
        "SELECT customer, ext FROM record WHERE connection = 'till' AND stream = 'customers' ORDER BY rid"
    )
    return dict(rows)


def _segments(store: Store) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for segment, customer in store.db.rows("SELECT segment, customer FROM membership WHERE to_day = 0"):
        found.setdefault(customer, set()).add(segment)
    return found


def _scores(cuts: Cuts, facts: dict[str, Any], as_of: int) -> list[int]:
    made = scores(cuts, facts, as_of)
    return [] if made is None else [made.recency, made.frequency, made.monetary]


Basket = tuple[str, ...]
"""basket, household, day, total, lines, their discounts; amounts in cents."""


def baskets(store: Store) -> Iterator[Basket]:
    """Every order that the store holds."""
    known = households(store)
    sql = (
        "SELECT o.number, o.customer, o.placed_on, o.total, COUNT(*), SUM(l.discount) FROM orders o"
        " JOIN order_line l ON l.rid = o.rid GROUP BY o.rid ORDER BY o.rid"
    )
    for number, customer, *figures in store.db.rows(sql):
        yield number, known[customer], *map(str, figures)


# -- what the referee says


class Referee:
    """The same by pandas alone, see `referee.py`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        outside("referee", folder, *DAYS)

    def state(self, day: date) -> State:
        """Of one day."""
        found: State = json.loads((self.folder / f"{day}.json").read_text(encoding="utf-8"))
        return found

    def baskets(self) -> Iterator[Basket]:
        """Every basket."""
        with (self.folder / "baskets.csv").open(encoding="utf-8", newline="") as lines:
            yield from map(tuple, csv.reader(lines))


def differences(ours: State, theirs: State) -> list[str]:
    """What is not equal, as `household: what ours theirs`; the referee names the facts that rules read."""
    found = [] if ours["cuts"] == theirs["cuts"] else [f"cuts: {ours['cuts']} {theirs['cuts']}"]
    for household in sorted(ours["households"].keys() | theirs["households"].keys(), key=int):
        one, other = (of["households"].get(household, {"facts": {}}) for of in (ours, theirs))
        facts = {name: one["facts"].get(name, 0) for name in other["facts"]}  # what orders are counted by has no zeroes
        for name in ("decided", "segments", "scores"):
            if one.get(name) != other.get(name):
                found.append(f"{household}: {name} {one.get(name)} {other.get(name)}")
        found += [f"{household}: {n} {facts[n]!r} {told!r}" for n, told in other["facts"].items() if facts[n] != told]
    return found
