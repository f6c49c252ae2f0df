"""A brand in motion: one opened setup, short words for what systems, people and runs do, and for what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hub.model import local_day
from hub.store import Store
from hub.store.plans import PlanRow
from hub.store.receipts import Receipt
from sync import granting, staff
from sync.approve import approve, find_plan
from sync.engine import Ask, Report, push, sync
from sync.reads import bought
from sync.resolve import Resolved, resolve
from sync.resolve.cluster import Limits
from sync.setup import Setup
from tests.brand import Brand

PHONE = "+8613812345678"
OTHER = "+8613900001111"
THIRD = "+8613712121212"

THREE = """
brand: {{name: Test brand}}
store: "{store}"
brakes: {{share: 1, from_rows: 10}}
rules:
  tiers:
    main:
      - {{tier: gold, spend_365d: 1000}}
      - {{tier: silver, spend_365d: 100}}
      - {{tier: member}}
connections:
  crm: {{type: memory, system: crm{crm}}}
  shop: {{type: memory, system: shop, create: true, fields: [{{ours: phone, theirs: phone, fill_empty: true}},
         {{ours: email, theirs: email, fill_empty: true}}, {{ours: id, theirs: hub_id}}]}}
  till: {{type: memory, system: till, writable: false{till}}}
"""
"""A CRM, a shop in which the hub creates customers and fills empty fields, and a till that is only read."""


@dataclass
class Scene(Brand):
    """A brand whose setup stays open between runs; the systems' clocks follow the hub's."""

    _open: list[Setup] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.follow_the_clock()

    # -- time

    def follow_the_clock(self) -> None:
        """Let the systems tell the hub's time from now on."""
        for name in ("crm", "shop", "till"):
            found = self.system(name)
            found.now = max(found.now, int(self.clock.now().timestamp()))

    def advance(self, days: float) -> None:
        """Let time pass, here and in the systems."""
        self.clock.advance(timedelta(days=days))
        self.follow_the_clock()

    @property
    def today(self) -> date:
        """The brand's calendar day."""
        return date.fromordinal(local_day(self.clock.now(), self.hub.config.place.zone))

    # -- what people and systems do

    def system(self, name: str) -> Any:
        """A system in memory."""
        from connectors.memory import twin

        return twin.system(name)

    def customer(self, system: str, id_: str, **fields: Any) -> None:
        """Somebody there enters or changes a customer."""
        self._next(system).put("customers", {"id": id_, **fields})

    def order(self, system: str, id_: str, total: str = "100", days_ago: int = 1, **fields: Any) -> None:
        """Somebody buys (or an order changes); at noon of the brand's day so many days ago."""
        placed = f"{self.today - timedelta(days=days_ago)}T12:00:00+08:00"
        self._next(system).put("orders", {"id": id_, "placed": placed, "total": total, **fields})

    def _next(self, system: str) -> Any:
        """A system in which something happens now, later than everything that happened anywhere."""
        found = self.system(system)
        found.now = max(self.system(name).now for name in ("crm", "shop", "till"))
        return found

    def correct(self, customer: str, reason: str = "asked", expires: date | None = None, **values: str) -> str:
        """A clerk corrects a customer."""
        return staff.correct(self.hub, customer, values, reason, expires)

    def grant(self, connection: str, ext: str, programme: str, tier: str, until_days: int) -> str:
        """Staff grant a tier from today on, the last day so many days from today."""
        today = self.today.toordinal()
        return granting.grant(
            self.hub, self.who(connection, ext), programme, tier, today + until_days, "asked", from_day=today
        )

    # -- what the hub does

    @property
    def hub(self) -> Setup:
        """The one opened setup."""
        if not self._open:
            self._open.append(self.setup())
        return self._open[0]

    @property
    def store(self) -> Store:
        """Its store."""
        return self.hub.store

    def reconfigure(self, yaml: str) -> None:
        """Somebody edits kehub.yaml."""
        self.close()
        self.file.write_text(yaml.format(store=self.location, crm=self.crm_options, till=self.till_options), "utf-8")

    def sync(self, as_of: date | None = None, **ask: Any) -> Report:
        self.hub.as_of = (as_of or self.today).toordinal()
        return sync(self.hub, Ask(**ask))

    def apply(self, digest: str, *released: str) -> Report:
        plan = find_plan(self.hub, digest)
        approve(self.hub, plan, released)
        return push(self.hub, [plan.connection])

    def resolve(self) -> Resolved:
        """The resolve step alone."""
        known = self.hub.config.identity
        limits = Limits(known.max_records_per_key, known.max_cluster, known.names_across_systems)
        self.store.leases.take(["decide"])
        try:
            return resolve(self.store, 0, self.hub.ranks, limits)
        finally:
            self.store.leases.release()

    def rounds(self, count: int = 3) -> Report:
        """Sync and apply everything, a few times."""
        report = self.sync()
        for _ in range(count):
            for plan in list(report.plans.values()):
                self.apply(plan.digest, "share")
            report = self.sync()
        return report

    def close(self) -> None:
        """Close the setup; the next use opens it again."""
        for setup in self._open:
            setup.close()
        self._open.clear()

    # -- what came of it

    def ids(self) -> list[str]:
        """The living customers."""
        return [str(i) for (i,) in self.store.db.rows("SELECT id FROM customer WHERE merged_into IS NULL ORDER BY id")]

    def who(self, connection: str, ext: str, stream: str = "customers") -> str:
        """The customer that a record belongs to."""
        found = self.store.records.by_exts(connection, stream, [ext])[ext].customer
        assert found is not None
        return found

    def parts(self) -> set[frozenset[str]]:
        """The partition of customer records, as sets of connection.ext."""
        found: dict[str, set[str]] = {}
        rows = self.store.db.rows("SELECT customer, connection, ext FROM record WHERE noun = 'customers'")
        for customer, connection, ext in rows:
            found.setdefault(customer, set()).add(f"{connection}.{ext}")
        return {frozenset(group) for group in found.values()}

    def facts(self, customer: str) -> dict[str, Any]:
        """A customer's facts."""
        return self.store.facts.live(customer, self.hub.as_of, bought(self.hub.config)) or {}

    def decided(self, customer: str) -> dict[str, str]:
        """A customer's standing decisions."""
        return self.store.decisions.standing([customer])[customer]

    def rows(self, connection: str = "crm") -> list[PlanRow]:
        """A connection's standing plan rows."""
        return self.store.plans.rows(connection)

    def receipts(self) -> list[Receipt]:
        """All receipts."""
        return self.store.receipts.list()

    def questions(self, *kinds: str) -> list[tuple[str, str, str]]:
        """Open questions as (kind, field, subject)."""
        found: Iterable[Any] = self.store.questions.open()
        return [(q.kind, q.field, q.subject) for q in found if not kinds or q.kind in kinds]

    def answer(self, kind: str, answer: str) -> None:
        """A person answers all open questions of a kind."""
        for question in self.store.questions.open():
            if question.kind == kind:
                assert self.store.questions.answer(question.id, answer, "tester")
                with self.store.db.writing("due"):
                    self.store.people.make_connection_due(question.connection)

    def look_at_everybody(self) -> None:
        """Make every record and customer due, as a first run over a full store would."""
        with self.store.db.writing("everybody"):
            self.store.db.execute("UPDATE record SET due = 1 WHERE noun = 'customers'")
            self.store.decisions.everybody_due(changed=True)
