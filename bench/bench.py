"""What is measured, in which order. Sides take turns, so that a slow minute of the machine meets all of them."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bench.check import FLOOR, HUB, landed, right
from bench.crm import CAP
from bench.daily import Daily
from bench.figures import Figure, ratio
from bench.pages import rendered
from bench.process import ROOT, Used, ask, requests, run, served
from bench.shop import Shop

DLT = ROOT / ".venv-bench-dlt" / "bin" / "python"
"""An environment of its own for dlt; without it, and beyond the cap of page tokens, that side is left out."""

PARALLEL = 2
"""How many numbered pages the hub asks a shop for at once, unless its settings say otherwise."""


@dataclass
class Bench:
    """One measurement in one folder."""

    folder: Path
    contacts: int
    orders: int
    pairs: int
    today: date

    def pull(self) -> Iterator[Figure]:
        """A cold pull, everything landed: the hub with all its duties, the floor with none."""
        sides: dict[str, Callable[[str], Used]] = {"floor": self._floor, "hub": self._pull}
        if DLT.exists() and self.contacts <= CAP:
            sides["dlt"] = self._dlt
        found: dict[str, list[Used]] = {name: [] for name in sides}
        with self._site() as url:
            for _ in range(self.pairs):
                for name, side in sides.items():
                    ask(url, "reset")
                    used = side(url)
                    found[name].append(replace(used, requests=sum(requests(url).values())))
        cpu = {name: [used.cpu for used in runs] for name, runs in found.items()}
        yield ratio("cold pull, against the floor", cpu["hub"], cpu["floor"], 3.0)
        if "dlt" in cpu:
            yield ratio("cold pull, dlt against the hub", cpu["dlt"], cpu["hub"], 1.3, more=True)
        yield Figure("peak memory in the pull", _median(used.mb for used in found["hub"]), 128, "MB")
        for name, runs in found.items():
            yield Figure(f"{name}: requests", runs[-1].requests)
            yield Figure(f"{name}: CPU a record", _median(cpu[name]) / self._records * 1e6, unit="us")
            yield Figure(f"{name}: wall", _median(used.wall for used in runs), unit="s")
            yield Figure(f"{name}: peak memory", _median(used.mb for used in runs), unit="MB")

    def after(self) -> Iterator[Figure]:
        """Resolve, facts, decide, plan over what a pull landed: the hub's, and by hand in SQL with the same answer."""
        found: dict[str, list[Used]] = {"hub": [], "sql": []}
        with self._site() as url:
            self._pull(url)
            for _ in range(self.pairs):
                hub, sql = self._copy("rest"), self._copy("sql")
                found["hub"].append(run("bench.hub_side", hub, url, "rest"))
                found["sql"].append(run("bench.sql_side", sql))
                if wrong := {name: rows for name, rows in run("bench.sql_side", sql, hub).told.items() if rows}:
                    raise SystemExit(f"the hub's answer and that of the SQL by hand differ in so many rows: {wrong}")
        steps = [used.told["steps"] for used in found["hub"]]
        by_hand = [used.told["cpu"] for used in found["sql"]]
        yield ratio(
            "resolve, facts, decide, plan, against SQL by hand", [sum(one.values()) for one in steps], by_hand, 3.0
        )
        for step in steps[0]:
            yield Figure(f"hub: CPU of {step}", _median(one[step] for one in steps), unit="s")
        yield Figure("peak memory with resolve and decide", _median(used.mb for used in found["hub"]), 384, "MB")

    def daily(self) -> Iterator[Figure]:
        """Scheduled runs after a first sync, as whole processes."""
        with self._site() as url:
            yield from Daily(self.folder, url, self.pairs, {"contacts": self.contacts, "orders": self.orders}).figures()

    def latency(self) -> Iterator[Figure]:
        """Wall time where each answer takes 100 ms, over few pages: the floor asks for as many at once as the hub."""
        few = replace(self, folder=self.folder / "few", contacts=2_000, orders=20_000)
        found: dict[str, list[float]] = {"floor": [], "hub": []}
        with few._site() as url:
            ask(url, "latency?ms=100")
            for _ in range(self.pairs):
                found["floor"].append(few._floor(url, PARALLEL).wall)
                found["hub"].append(few._pull(url).wall)
        yield ratio("wall with 100 ms latency, against the floor", found["hub"], found["floor"], 1.2)

    def growth(self) -> Iterator[Figure]:
        """Peak memory with all contacts, and with a tenth of them."""
        tenth = replace(self, folder=self.folder / "tenth", contacts=self.contacts // 10, orders=self.orders // 10)
        with tenth._site() as url:
            little = tenth._pull(url)
        with self._site() as url:
            much = self._pull(url)
            rest = run("bench.hub_side", self.folder / "hub", url, "rest")
        yield Figure("peak memory in the pull", much.mb, 128, "MB")
        yield Figure("peak memory in the pull, against a tenth of the contacts", much.mb / little.mb, 1.1, "x")
        yield Figure("peak memory with resolve and decide", rest.mb, 384, "MB")

    def alone(self, side: str) -> None:
        """One side once; `profile` and `profile_rest` show where the hub's time goes in the pull and after it."""
        sides = {"floor": self._floor, "hub": self._pull, "dlt": self._dlt}
        with self._site() as url:
            if side in sides:
                used = sides[side](url)
            elif side == "profile":
                used = run("bench.profile", self._fresh("profile"), url, "pull", shown=True)
            else:
                self._pull(url)
                after = {"rest": "bench.hub_side", "profile_rest": "bench.profile"}[side]
                used = run(after, self._copy("rest"), url, "rest", shown=side == "profile_rest")
        print(f"{side}: {used.cpu:.2f} CPU s, {used.wall:.2f} s of wall, {used.mb:.0f} MB {used.told or ''}".rstrip())

    # -- sides

    def _floor(self, url: str, concurrency: int = 0) -> Used:
        return self._landed("floor", "floor.db", FLOOR, lambda where: run("bench.floor", where, url, concurrency))

    def _pull(self, url: str) -> Used:
        return self._landed("hub", "kehub.db", HUB, lambda where: run("bench.hub_side", where, url, "pull"))

    def _dlt(self, url: str) -> Used:
        where = self._fresh("dlt")
        used = run("bench.dlt_side", where, url, python=str(DLT))
        right("dlt", run("bench.dlt_side", where, python=str(DLT)).told, self._pages())
        return used

    def _copy(self, name: str) -> Path:
        """The folder of the pull that was made last, once more."""
        where = self._fresh(name)
        shutil.copytree(self.folder / "hub", where)
        return where

    def _landed(self, side: str, store: str, queries: dict[str, str], act: Callable[[Path], Used]) -> Used:
        """Run a side into an empty folder, and look at what it landed."""
        where = self._fresh(side)
        used = act(where)
        right(side, landed(where / store, queries), self._pages())
        return used

    def _fresh(self, name: str) -> Path:
        where = self.folder / name
        shutil.rmtree(where, ignore_errors=True)
        return where

    # -- what is served

    @property
    def _records(self) -> int:
        return self.contacts + self.orders + self.contacts // 2

    def _pages(self) -> Path:
        where = self.folder / "pages"
        if not rendered(Shop(self.contacts, self.orders, self.today), where):
            run("bench.pages", where, self.contacts, self.orders, self.today)
        return where

    @contextmanager
    def _site(self) -> Iterator[str]:
        with served("bench.server", self._pages()) as url:
            yield url


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
