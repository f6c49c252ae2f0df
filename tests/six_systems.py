"""A brand of any number of systems, each known by its stand alone, and what may happen to it, drawn from a seed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from hub.clock import FixedClock
from hub.connector import Row
from hub.testing.contract.facing import Facing
from hub.testing.contract.faults import setting, strikes
from hub.testing.people import Population
from hub.testing.site import Site, fixed_keys
from hub.testing.stand import Stand, filled, twin_of
from hub.testing.twin import Stage, serving
from hub.testing.twin_faults import FAULTS
from sync.approve import approve, find_plan
from sync.engine import Report, push
from sync.granting import grant

RULES = {
    "brand": {"name": "Six systems"},
    "brakes": {"share": 1, "from_rows": 1000},
    "rules": {"tiers": {"main": [
        {"tier": "gold", "spend_365d": 100_000}, {"tier": "silver", "spend_365d": 3000}, {"tier": "standard"},
    ]}},
}  # fmt: skip
CREATES = ("zoho", "hubspot")
"""The systems in which the hub may make customers."""
LEFT_OUT = frozenset(("clock_skew", "crossed_edit"))
"""What has tests of its own: a clock that goes wrong, and an edit in the very moment of ours, which need a word of their own."""


class Front(Facing):
    """One of the systems."""

    def __init__(self, stand: Stand, site: Site, population: Population, stage: Stage, url: str) -> None:
        self.stand, self.connection, self.url, self.clock = stand, stand.type, url, site.clock
        self.twin = stage.twin = twin_of(stand.twin, population, site.clock, stand.options)


@contextmanager
def stages(stands: Sequence[Stand]) -> Iterator[Mapping[str, tuple[Stage, str]]]:
    """A server for each system, on which one twin after the other may stand."""
    with ExitStack() as served:
        found = {}
        for stand in stands:
            stage = Stage()
            found[stand.type] = (stage, served.enter_context(serving(stage)))
        yield found


@dataclass
class Brand(Site):
    """The systems and a hub."""

    folder: Path
    clock: FixedClock
    stands: Sequence[Stand]
    served: Mapping[str, tuple[Stage, str]]
    people: Population
    fronts: dict[str, Front] = field(init=False)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fronts = {one.type: Front(one, self, self.people, *self.served[one.type]) for one in self.stands}
        blocks = {name: self._block(front) for name, front in self.fronts.items()}
        self.file = self.folder / "kehub.yaml"
        store = self.folder / "kehub.db"
        whole = {**RULES, "store": str(store), "connections": blocks}
        self.file.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
        fixed_keys(str(store), self.clock)
        for front in self.fronts.values():
            front.file = self.file

    def _block(self, front: Front) -> Row:
        stand = front.stand
        os.environ.update(stand.secrets)
        create = {"create": True} if stand.type in CREATES else {}
        block: Row = filled({"type": stand.type, **stand.settings, **stand.small, **create}, url=front.url)
        return block

    def pushed(self, digest: str) -> Report:
        """A plan approved, with what a brake holds, and pushed."""
        with self.opened() as setup:
            plan = find_plan(setup, digest)
            approve(setup, plan, ["share"])
            return push(setup, [plan.connection])

    def round(self, *, skipping: Callable[[], bool] = lambda: False, **ask: Any) -> list[Report]:
        """A sync, then what it planned, some of it left out."""
        report = self.sync(**ask)
        reports = [self.tried(lambda: report)]
        for plan in list(report.plans.values()):
            if not skipping():
                reports.append(self.tried(lambda digest=plan.digest: self.pushed(digest)))  # type: ignore[misc]
        return [one for one in reports if one]

    def calm(self) -> None:
        """No more faults; the hub runs, and reads everything, until nothing is left to do."""
        for front in self.fronts.values():
            front.twin.faults.clear()
        quiet = 0
        for _ in range(14):
            self.clock.advance(timedelta(hours=25))
            reports = self.round(full=True)
            self._say_yes()
            quiet = quiet + 1 if all(map(nothing_done, reports)) else 0
            if quiet == 3:
                return
        raise AssertionError(f"the brand does not come to rest: {self.told[-5:]}")

    def _say_yes(self) -> None:
        """A person answers where so many went at once that the hub asks first."""
        with self.opened() as setup:
            for question in setup.store.questions.open():
                if question.kind == "shrink":
                    setup.store.questions.answer(question.id, "yes", "tester")

    def promote(self, system: str, id_: str) -> None:
        """Staff grant gold for a year."""
        with self.opened() as setup:
            sql = "SELECT customer FROM record WHERE connection = :c AND stream = 'customers' AND ext = :e AND gone = 0"
            for (customer,) in setup.store.db.rows(sql, {"c": system, "e": id_}):
                grant(setup, customer, "main", "gold", setup.as_of + 365, "storm")


def nothing_done(report: Report) -> bool:
    """Whether a run planned, wrote, settled and met nothing."""
    met = any(one.new + one.changed + one.gone for lane in report.lanes for one in lane.outcomes.values())
    return not (report.plans or report.applied or report.settled or report.errors or met)


@dataclass
class Storm:
    """What happens to a brand, drawn from a seed; `words` are the last words of clerks: (system, id) -> text."""

    brand: Brand
    seed: int
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    been: dict[str, set[str]] = field(default_factory=dict)
    struck: set[tuple[str, str]] = field(default_factory=set)
    made: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)

    def blow(self, steps: int) -> None:
        """Steps of trouble, each with some edits, some faults, some time, and a run of the hub."""
        for _ in range(steps):
            for _ in range(self.chance.randrange(5)):
                self.somebody_works()
            for _ in range(self.chance.randrange(1, 5)):
                self.something_breaks()
            self.brand.clock.advance(timedelta(seconds=self.chance.choice((1, 30, 600, 7200, 50_000))))
            full = self.chance.random() < 0.1
            self.brand.round(full=full, skipping=lambda: self.chance.random() < 0.2)

    def something_breaks(self) -> None:
        """A fault on one of the systems, for a while."""
        system = self.chance.choice(tuple(self.brand.fronts))
        front = self.brand.fronts[system]
        name = self.chance.choice([one for one in FAULTS if one not in LEFT_OUT and strikes(front.stand, one)])
        own = setting(name, "")[name]
        often = {"times": self.chance.choice((1, 1, 2, 5)), "skip": self.chance.randrange(6)}
        front.twin.faults.set({name: {**own, **often}})
        self.struck.add((system, name))

    def somebody_works(self) -> None:
        """A clerk types, enters or deletes a customer, types a tier, or staff grant one."""
        system = self.chance.choice(tuple(self.brand.fronts))
        front = self.brand.fronts[system]
        id_ = self.chance.choice(front.ids())
        deed = self.chance.choice(("types", "types", "makes", "deletes", "tier", "grants"))
        if deed == "types":
            self.made += 1
            self.words[system, id_] = f"Word{self.seed}x{self.made}"
            front.clerk_types(id_, self.words[system, id_])
        elif deed == "makes":
            self.made += 1
            front.clerk_makes(f"new{self.seed}x{self.made}")
        elif deed == "deletes":
            front.clerk_deletes(id_)
        elif deed == "tier":
            front.clerk_types(id_, front.tier("silver"), front.decided)
        else:
            self.brand.promote(system, id_)
