"""A connector in front of its twin, with a hub behind it: what every check of the contract plays on."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from connectors.memory import twin as memory
from hub.clock import FixedClock
from hub.connector import Delivery, Heard, Page, Row, Window, Write
from hub.errors import HubError
from hub.testing.contract.facing import Facing
from hub.testing.people import Population
from hub.testing.site import MASTER, Among, Records, fixed_keys, outcome, stream
from hub.testing.stand import Stand, filled, twin_of
from sync.engine import Report
from sync.granting import grant
from sync.lanes import Outcome

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PEOPLE = 24
SEED = 3
ROUNDS = 9
HEARD_AT = "https://hub.example.com/hooks/subject"
_TILLS = count()
_BRAND: Mapping[str, Any] = {
    "brand": {"name": "Contract"},
    "brakes": {"share": 1, "from_rows": 1000},
    "rules": {
        "tiers": {
            "main": [
                {"tier": "gold", "spend_365d": 10**9},
                {"tier": "silver", "spend_365d": 10**8},
                {"tier": "standard"},
            ]
        }
    },
}


class Rig(Facing):
    """One connector, its twin on a server, one hub, one clock for all."""

    connection = "subject"

    def __init__(self, stand: Stand, folder: Path, stage: Any, url: str, people: int = PEOPLE) -> None:
        self.stand = stand
        self.folder = folder
        self.clock = FixedClock(NOW)
        self.url = url
        self.stage = stage
        self.plugins = Among(stand.connector) if stand.connector else None
        self.disturbed = False
        self.told: list[str] = []
        self.population = Population(people, SEED)
        self.twin: Any = twin_of(stand.twin, self.population, self.clock, stand.options)
        self.twin.settle_in(folder / "system")
        self.called: list[str] = []
        stage.twin = self._overheard
        self.till_name = f"contract{next(_TILLS)}"
        self.newcomers: list[str] = []
        self.store = "kehub.db"
        self.extra: dict[str, Any] = {}
        self._write()

    def another(self, people: int) -> Rig:
        """A rig of the same kind in a folder of its own, with another number of people."""
        folder = self.folder / f"people{people}"
        folder.mkdir()
        return Rig(self.stand, folder, self.stage, self.url, people)

    # -- configuration

    def configure(self, **settings: Any) -> None:
        """Write the configuration with other settings than the stand's."""
        self.extra |= settings
        self._write()

    def _write(self) -> None:
        block = {"type": self.stand.type, **self.stand.settings, **self.stand.small, **self.extra}
        till = {"type": "memory", "system": self.till_name, "writable": False}
        connections = {self.connection: filled(block, url=self.url, folder=self.folder / "system"), "till": till}
        home = self.folder / "hub"
        home.mkdir(exist_ok=True)
        whole = {**_BRAND, "store": str(home / self.store), "connections": connections}
        self.file = home / f"{self.store}.yaml"
        self.file.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
        fixed_keys(str(home / self.store), self.clock)

    async def _overheard(self, scope: Any, receive: Any, send: Any) -> None:
        """The twin, with every address that is called kept."""
        self.called.append(f"{scope['path']}?{unquote(scope['query_string'].decode('latin-1'))}")
        await self.twin(scope, receive, send)

    # -- what happens there

    def newcomer(self, *, no_mail: bool = False) -> None:
        """Somebody buys in a shop whom the system does not know."""
        number = f"{len(self.newcomers):02d}"
        found = {
            "name": f"Kalliope Vogelsang{number}",
            "phone": f"+86137000012{number}",
            "email": f"kv{number}@newcomer.example.net",
        }
        self.newcomers += list(found.values())
        memory.system(self.till_name).put("customers", {"id": f"n{number}", **found, "no_mail": no_mail})

    def told_of(self, id_: str, text: str, signed_with: str = "") -> Delivery:
        """The webhook that arrives when a clerk changes a record, signed with the stand's secret or with another."""
        self.clerk_types(id_, text)
        secret = signed_with or self.stand.secrets[self.stand.signs_with]
        post = self.twin.tells(self.module, id_, HEARD_AT, secret)
        return Delivery("POST", HEARD_AT, {name.lower(): value for name, value in post.headers.items()}, post.body)

    def heard(self, delivery: Delivery) -> Heard:
        """What the connector makes of a delivery."""
        with self.connector() as found:
            heard: Heard = found.webhook(delivery)
            return heard

    def words(self, id_: str) -> list[str]:
        """The names, phones and addresses that the system holds of somebody, as they stand there."""
        row, personal = self.rows()[id_], ("name", "family_name", "given_name", "phone", "email", "street")
        found = [self.part(row, entry.theirs) for entry in self.customers.mapping.fields if entry.ours in personal]
        return sorted({str(value) for value in found if value and len(str(value)) > 1})

    def erased(self, id_: str) -> None:
        """Let the connector make the system forget somebody."""
        with self.connector() as found:
            (result,) = found.erase([id_])
        assert (result.key, result.outcome) == (id_, "ok"), f"the erasure is {result.outcome}"

    def lose_an_answer(self) -> None:
        """The next write takes effect, and its answer gets lost."""
        self.twin.faults.set({"drop_after": {"times": 1}})

    def kept(self) -> Path:
        """The folder of everything that the hub keeps on the disk."""
        return self.folder / "hub"

    # -- what the hub does

    def promote(self, id_: str) -> None:
        """Staff grant a customer's tier for a year, so that the hub has one field of one record to write."""
        with self.opened() as setup:
            sql = "SELECT customer FROM record WHERE connection = :c AND stream = :s AND ext = :e"
            named = {"c": self.connection, "s": self.customers.name, "e": id_}
            ((customer,),) = setup.store.db.rows(sql, named)
            grant(setup, customer, "main", "gold", setup.as_of + 365, "contract")

    def run(self, **ask: Any) -> tuple[Report, Report | None]:
        """A sync and the apply of what it planned. Errors must be of the kinds that the hub knows, and are kept."""
        report, pushed = self.sync_and_apply(**ask)
        for each in (report, pushed):
            for error in each.errors.values() if each else ():
                assert isinstance(error, HubError), f"{type(error).__name__} is no error of the hub's"
                self.note(error)
        return report, pushed

    def settle(self) -> None:
        """The first read, and all that follows from it, in a system that is healthy."""
        self.rest()
        self.twin.counts.reset()

    def rest(self) -> None:
        """Run until nothing is planned and nothing changes any more; the faults are over.

        Runs that do not get there are followed by complete ones, days apart: then absence counts.
        """
        self.twin.faults.clear()
        for number in range(ROUNDS):
            self.clock.advance(timedelta(minutes=20) if number < 3 else timedelta(days=2))
            report, _ = self.run(full=number > 3)
            busy = report.plans or report.applied or report.settled or report.errors
            if not busy and not any(one.new + one.changed for lane in report.lanes for one in lane.outcomes.values()):
                return
        raise AssertionError(f"the hub does not come to rest: {self.told[-3:]}")

    def sweep(self) -> None:
        """Two complete reads, a month apart: what is gone, or was never told, is found by then."""
        for _ in range(2):
            self.clock.advance(timedelta(days=31))
            self.run(full=True)

    def read(self, name: str | None = None, **ask: Any) -> Outcome:
        """One run without an apply, and what it read of a stream (nothing, where it did not get that far)."""
        report = self.sync(plan_only=True, **ask)
        (lane,) = (lane for lane in report.lanes if lane.name == self.connection)
        self.note(*report.errors.values())
        wanted = name or self.customers.name
        return outcome(report, self.connection, wanted) if wanted in lane.outcomes else Outcome()

    def pages(self, window: Window, position: Row | None = None, name: str | None = None) -> list[Page]:
        """All pages of one read, by a connector of its own."""
        with self.connector() as found:
            return list(found.read(stream(found, name or self.customers.name), window, position))

    def send(self, *rows: Write) -> dict[str, Any]:
        """Write rows directly; the results by key."""
        with self.connector() as found:
            results = found.write([replace(row, seen=self._seen(found, row)) for row in rows])
        return {result.key: result for result in results}

    def _seen(self, connector: Any, row: Write) -> Row:
        if row.external_id is None or self.aim.guard == "none":
            return {}
        found: Row = connector.fetch([row.external_id]).get(row.external_id, {})
        return found

    def whole(self) -> Window:
        """The window of a complete read."""
        return Window(None, self.clock.now())

    # -- what came of it

    def undisturbed(self, name: str) -> Records:
        """What a hub with an empty store reads of the same system when nothing is wrong."""
        own = self.store
        self.clock.advance(timedelta(minutes=2))  # two hubs share the system's budget: they do not meet
        with _aside(self):
            (self.folder / "hub" / "calm.db").unlink(missing_ok=True)
            self.store = "calm.db"
            self._write()
            report = self.sync(plan_only=True)
            assert not report.errors, f"a read of a healthy system failed: {report.errors}"
            records = self.held_records(name)
            self.store = own
            self._write()
        self.clock.advance(timedelta(minutes=2))
        return records

    def set_aside(self, name: str) -> set[str]:
        """The ids of the rows of a stream that are in quarantine."""
        kept = self.look(lambda store: store.quarantine.list(self.connection))
        return {one.ext for one in kept if one.stream == name}

    def agrees(self) -> None:
        """The hub holds what the system holds: at once, or after a fault when it came to rest and read everything."""
        if self.disturbed:
            self.rest()
            self.sweep()
        for name in self.streams:
            held, truth = self.held_records(name), self.undisturbed(name)
            missing = sorted(truth.keys() - held.keys())
            assert not missing, f"{name}: {len(missing)} records of the system are not held"
            surplus = sorted(held.keys() - truth.keys())
            assert not surplus, f"{name}: {len(surplus)} records are held that the system no longer has"
            stale = [ext for ext, print_ in truth.items() if held[ext] != print_]
            assert not stale, f"{name}: {len(stale)} records are not held as the system has them"


@contextmanager
def environment(stand: Stand) -> Iterator[None]:
    """The environment that a rig's configuration reads; afterwards all is as it was before."""
    wanted = {"KEHUB_KEY": base64.b64encode(MASTER).decode(), **stand.secrets}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _aside(rig: Rig) -> Iterator[None]:
    """Keep what the twin counted from what is read on the side."""
    counts = rig.twin.counts
    kept = {
        name: (list(value) if isinstance(value, list) else value.copy()) for name, value in _counters(counts).items()
    }
    yield
    for name, value in kept.items():
        mine = getattr(counts, name)
        mine.clear()
        mine.extend(value) if isinstance(mine, list) else mine.update(value)


def _counters(counts: Any) -> Mapping[str, Any]:
    return {name: value for name, value in vars(counts).items() if not isinstance(value, int)}
