"""The decide step against SQL by hand: everybody for the first time, everybody after a change of rules, the few who changed."""

from __future__ import annotations

import shutil
import sqlite3
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, repeat
from operator import ne
from pathlib import Path

from bench.figures import Figure, ratio
from bench.process import Used, run
from bench.rules_config import AFTER, BEFORE, FIRST, LATER, write
from bench.rules_store import CHANGED, change

ANSWERS = {
    "facts": "SELECT * FROM facts ORDER BY customer",
    "decisions": (
        "SELECT customer, programme, value, from_day, to_day, rules, since, seen FROM decision"
        " ORDER BY customer, programme, from_day"
    ),
    "memberships": "SELECT * FROM membership ORDER BY segment, customer, from_day",
    "cut points": "SELECT * FROM rfm_cut ORDER BY programme, from_day, figure, step",
}
"""What is compared, row by row in the order of keys."""

BY_CHANGE, BY_CALENDAR = 1, 2
"""Why customers are due: their records are read again, or not."""


@dataclass
class Pair:
    """The hub and the SQL over copies of one store, in turn."""

    hub: list[Used] = field(default_factory=list)
    sql: list[Used] = field(default_factory=list)

    @property
    def cpu(self) -> tuple[list[float], list[float]]:
        """Of the step, without starting Python."""
        return [used.told["cpu"] for used in self.hub], [used.told["cpu"] for used in self.sql]

    @property
    def mb(self) -> float:
        """Peak memory of the hub."""
        return statistics.median(used.mb for used in self.hub)


@dataclass
class Rules:
    """One measurement in one folder; with a tenth of the customers for what must not depend on their number."""

    folder: Path
    customers: int
    pairs: int

    def figures(self) -> Iterator[Figure]:
        """All of them."""
        tenth = Rules(self.folder / "tenth", self.customers // 10, self.pairs)
        yield from self._everybody("first time", self._made(), FIRST, changed=False)
        self._keep("decided")
        yield from self._everybody("rules changed", self._decided(), LATER, changed=True)
        self._keep("settled")
        settled = self._settled()
        few = {BY_CHANGE: "read again", BY_CALENDAR: "not read again"}
        here = {due: self._few(settled, due) for due in few}
        there = {due: tenth._few(tenth._settled(), due) for due in few}
        for due, how in few.items():
            must = 10.0 if due == BY_CHANGE else None
            yield ratio(f"{self.changed} changed ({how}), against SQL by hand", *here[due].cpu, must)
            yield ratio(f"the same of {tenth.customers} customers", *there[due].cpu, must)
        if tenth.changed == self.changed:
            yield ratio(f"{self.changed} changed, hub, against a tenth of the customers",
                        here[BY_CHANGE].cpu[0], there[BY_CHANGE].cpu[0], 1.5)  # fmt: skip

    @property
    def changed(self) -> int:
        """How many change."""
        return min(CHANGED, self.customers // 20)

    # -- what is measured

    def _everybody(self, name: str, store: Path, day: date, *, changed: bool) -> Iterator[Figure]:
        found = self._pairs(store, day, "everybody", changed=changed)
        yield ratio(f"everybody, {name}, against SQL by hand", *found.cpu, 2.0)
        yield Figure(f"everybody, {name}: peak memory", found.mb, 1000, "MB")

    def _few(self, settled: Path, due: int) -> Pair:
        before = self._copy(settled, "before")
        change(before / "kehub.db", due)
        return self._pairs(before, LATER, "due", changed=True)

    def _pairs(self, store: Path, day: date, whom: str, *, changed: bool) -> Pair:
        found = Pair()
        for _ in range(self.pairs):
            hub = self._copy(store, "hub")
            found.hub.append(_hub(hub, day, changed=changed))
            sql = self._copy(store, "sql")
            levels = (AFTER if changed else BEFORE).values()
            found.sql.append(run("bench.rules_sql", sql, day, found.hub[-1].told["rules"], whom, *levels))
            if wrong := {name: rows for name, rows in differences(hub, sql).items() if rows}:
                raise SystemExit(f"the hub's answer and that of the SQL by hand differ in so many rows: {wrong}")
        return found

    # -- stores, each made once a folder

    def _made(self) -> Path:
        where = self._named("made")
        run("bench.rules_store", where, self.customers)
        return where

    def _decided(self) -> Path:
        """Everybody decided by the rules before."""
        if not self._named("decided").exists():
            _hub(self._copy(self._made(), "hub"), FIRST, changed=False)
            self._keep("decided")
        return self._named("decided")

    def _settled(self) -> Path:
        """And by those after."""
        if not self._named("settled").exists():
            _hub(self._copy(self._decided(), "hub"), LATER, changed=True)
            self._keep("settled")
        return self._named("settled")

    def _named(self, name: str) -> Path:
        return self.folder / f"{name}-{self.customers}"

    def _keep(self, name: str) -> None:
        """What the hub has made of a copy is what the next measurement starts from; nobody is due, as after a plan."""
        db = sqlite3.connect(self.folder / "hub" / "kehub.db")
        with db:
            db.execute("UPDATE customer SET due = 0 WHERE due > 0")
        db.close()
        shutil.rmtree(self._named(name), ignore_errors=True)
        (self.folder / "hub").rename(self._named(name))

    def _copy(self, store: Path, name: str) -> Path:
        where = self.folder / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        shutil.copyfile(store / "kehub.db", where / "kehub.db")
        return where


def _hub(where: Path, day: date, *, changed: bool) -> Used:
    write(where, changed)
    return run("bench.rules_hub", where, "FIRST" if day == FIRST else "LATER")


def differences(one: Path, other: Path) -> dict[str, int]:
    """How many rows of each answer differ between the two stores."""
    dbs = [sqlite3.connect(f"file:{folder / 'kehub.db'}?mode=ro", uri=True) for folder in (one, other)]
    found = {
        name: sum(map(ne, *(chain(db.execute(query), repeat(None, 1)) for db in dbs)))
        for name, query in ANSWERS.items()
    }
    for db in dbs:
        db.close()
    return found
