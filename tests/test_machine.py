"""A machine that uses a brand as badly as it can: edits, merges, splits, faults, late answers; promises hold."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hub.clock import FixedClock
from hub.errors import HubError, SettingsError
from hub.store.postgres import PostgresDatabase
from sync import verdict
from sync.approve import approve, find_plan
from sync.engine import Report, push
from sync.mapping import pick
from sync.reading import spelled
from tests.conftest import NOW
from tests.scene import OTHER, PHONE, THIRD, THREE, Scene

SYSTEMS = ("crm", "shop", "till")
WRITABLE = ("crm", "shop")
phones = st.sampled_from([None, PHONE, OTHER, THIRD])
emails = st.sampled_from([None, "wei@shop.cn", "na@shop.cn"])
people_names = st.sampled_from([None, "张伟", "李娜", "forbidden"])
cities = st.sampled_from([None, "上海", "Paris"])
systems = st.sampled_from(SYSTEMS)
faults = st.sampled_from(["read", "fetch", "write", "answer", "lookup"])
numbers = st.integers(0, 30)
ages = st.sampled_from([0, 1, 179, 364, 365, 400])
totals = st.sampled_from(["50", "100", "1000"])
ways = st.sampled_from(["id", "phone", "email", "nobody", "unread"])
edits = st.one_of(
    st.tuples(st.just("phone"), phones),
    st.tuples(st.just("email"), emails),
    st.tuples(st.just("name"), people_names),
    st.tuples(st.just("city"), cities),
    st.tuples(st.just("tier"), st.sampled_from([None, "gold", "vip"])),
    st.tuples(st.just("hub_id"), st.just("nonsense")),
)


class Machine(RuleBasedStateMachine):
    """Three systems, one hub, and everything that can happen between them."""

    def __init__(self, location: str = "") -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="kehub-machine-"))
        self.scene = Scene(self.folder, location or str(self.folder / "kehub.db"), FixedClock(NOW), yaml=THREE)
        self.count = 0
        self.verdicts: list[str] = []
        self.founders: dict[str, int] = {}
        self.allowed: dict[str, list[tuple[str, str, Any, Any]]] = {name: [] for name in WRITABLE}

    def teardown(self) -> None:
        try:
            self.comes_to_rest()
        finally:
            db = self.scene.store.db
            if isinstance(db, PostgresDatabase):
                db.execute(f"DROP SCHEMA {db.schema} CASCADE")
            self.scene.close()
            shutil.rmtree(self.folder)

    # -- people in the systems

    def _fresh(self) -> str:
        self.count += 1
        return f"{self.count:03d}"

    def _some(self, system: str, table: str, number: int) -> str | None:
        rows = sorted(getattr(self.scene.system(system), table))
        return rows[number % len(rows)] if rows else None

    @initialize(entries=st.lists(st.tuples(systems, phones, emails, people_names), max_size=5))
    def begins_with_some_customers(self, entries: list[tuple[str, Any, Any, Any]]) -> None:
        for system, phone, email, name in entries:
            self.somebody_is_entered(system, phone, email, name)

    @rule(system=systems, phone=phones, email=emails, name=people_names)
    def somebody_is_entered(self, system: str, phone: Any, email: Any, name: Any) -> None:
        self.scene.customer(system, self._fresh(), phone=phone, email=email, name=name)

    @rule(system=systems, number=numbers, edit=edits)
    def somebody_is_edited(self, system: str, number: int, edit: tuple[str, Any]) -> None:
        id_ = self._some(system, "customers", number)
        if id_ is not None:
            self.scene.customer(system, id_, **{edit[0]: edit[1]})

    @rule(system=systems, number=numbers)
    def somebody_is_deleted(self, system: str, number: int) -> None:
        id_ = self._some(system, "customers", number)
        if id_ is not None:
            self.scene.system(system).remove(id_)

    @rule(system=st.sampled_from(["shop", "till"]), number=numbers, days=ages, total=totals, by=ways, phone=phones,
          email=emails)  # fmt: skip
    def somebody_buys(self, system: str, number: int, days: int, total: str, by: str, phone: Any, email: Any) -> None:
        buyer = {
            "id": {"customer": self._some(system, "customers", number)}, "phone": {"phone": phone},
            "email": {"email": email}, "nobody": {}, "unread": {"customer": f"unread-{number % 3}"},
        }[by]  # fmt: skip
        self.scene.order(system, f"o{self._fresh()}", total, days, **buyer)

    @rule(system=st.sampled_from(["shop", "till"]), number=numbers, share=st.sampled_from(["0", "50", "1000"]))
    def an_order_is_refunded(self, system: str, number: int, share: str) -> None:
        id_ = self._some(system, "orders", number)
        if id_ is not None:
            self.scene.system(system).put("orders", {"id": id_, "refunded": share})

    @rule(number=numbers, values=st.sampled_from([{"name": "王芳"}, {"phone": THIRD}, {"city": "Suzhou"}]))
    def a_clerk_corrects(self, number: int, values: dict[str, str]) -> None:
        ids = self.scene.ids()
        living = [i for i in ids if any(not r.gone for r in self.scene.store.records.of_customers([i])[i])]
        if living:
            with suppress(SettingsError):  # only corrections are left of this customer
                self.scene.correct(living[number % len(living)], **values)

    @rule(number=numbers)
    def a_correction_is_taken_back(self, number: int) -> None:
        from sync.staff import take_back

        exts = sorted(record.ext for record in self.scene.store.records.living("staff", "customers"))
        if exts:
            take_back(self.scene.hub, exts[number % len(exts)])

    @rule(one=numbers, other=numbers, joins=st.booleans())
    def a_person_judges(self, one: int, other: int, joins: bool) -> None:
        ids = self.scene.ids()
        records = [r for i in ids for r in self.scene.store.records.of_customers([i])[i]]
        if not records:
            return
        record, second = records[one % len(records)], ids[other % len(ids)]
        assert record.customer is not None
        with suppress(SettingsError):  # one customer already, or nothing would be left of it
            if joins:
                self.verdicts.append(verdict.merge(self.scene.hub, record.customer, second, "told us"))
            else:
                named = [f"{record.connection}:{record.ext}"]
                self.verdicts.append(verdict.split(self.scene.hub, record.customer, named, "not her"))

    @rule(number=numbers)
    def a_verdict_is_taken_back(self, number: int) -> None:
        if self.verdicts:
            with suppress(SettingsError):  # taken back already
                verdict.undo(self.scene.hub, self.verdicts[number % len(self.verdicts)])

    # -- faults

    @rule(system=systems, what=faults, times=st.integers(1, 2))
    def a_system_fails(self, system: str, what: str, times: int) -> None:
        self.scene.system(system).fail[what] = times

    @rule(system=st.sampled_from(WRITABLE), keeps=st.sampled_from([{}, {"city": "PARIS"}, {"city": "elsewhere"}]))
    def a_system_rewrites(self, system: str, keeps: dict[str, str]) -> None:
        self.scene.system(system).keep = dict(keeps)

    @rule(days=st.sampled_from([1, 30, 180, 366]))
    def time_passes(self, days: int) -> None:
        self.scene.advance(days)

    # -- the hub

    @rule(full=st.booleans())
    def a_run(self, full: bool) -> None:
        with self._only_approved_writes():
            report = self.scene.sync(full=full)
        self._after(report, SYSTEMS)
        self.ids_are_for_ever()

    @rule()
    def a_day_of_work(self) -> None:
        self.a_run(full=False)
        for name in WRITABLE:
            self._push(name)

    @rule(days=st.sampled_from([1, 1, 7]))
    def another_day_of_work(self, days: int) -> None:
        self.scene.advance(days)
        self.a_day_of_work()

    @rule(name=systems)
    def a_run_of_one(self, name: str) -> None:
        with self._only_approved_writes():
            report = self.scene.sync(only=[name])
        self._nothing_missing(report, [name])
        self.ids_are_for_ever()

    @rule(name=st.sampled_from(WRITABLE))
    def a_plan_is_applied(self, name: str) -> None:
        self._push(name)

    def _push(self, name: str) -> None:
        hub = self.scene.hub
        plan = hub.store.plans.open(name)
        if plan is None:
            return
        digest = find_plan(hub, plan.digest)
        try:
            approve(hub, digest, ["share"])
        except HubError:
            return  # rows were pushed since: no longer the plan that was shown
        self._allow(name)
        with self._only_approved_writes():
            push(hub, [name])
        self.nothing_is_created_twice()

    def _allow(self, name: str) -> None:
        for row in self.scene.rows(name):
            for field, side in row.fields.items():
                self.allowed[name].append((row.key, field, side["theirs"], side["wanted"]))

    # -- promises

    @contextmanager
    def _only_approved_writes(self) -> Iterator[None]:
        """P8: what changes in a system is what was approved there, and only where it was as planned."""
        before = {name: deepcopy(self.scene.system(name).customers) for name in SYSTEMS}
        yield
        assert self.scene.system("till").customers == before["till"]
        for name in WRITABLE:
            after = self.scene.system(name).customers
            assert before[name].keys() <= after.keys()
            for id_, row in after.items():
                self._approved(name, id_, before[name].get(id_, {}), row)

    def _approved(self, name: str, id_: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        mapping = self._destination(name).stream.mapping
        key = id_ if old else f"new:{new.get('hub_key')}"
        keeps = self.scene.system(name).keep
        for entry in mapping.writable():
            was, is_ = pick(old, entry.theirs), pick(new, entry.theirs)
            if was == is_:
                continue
            place = self.scene.hub.config.place
            wanted = [w for k, f, theirs, w in self.allowed[name]
                      if k == key and f == entry.ours and theirs == spelled(entry, was, place)]  # fmt: skip
            assert is_ in wanted or (keeps.get(entry.theirs) == is_ and wanted), (name, id_, entry.ours, was, is_)

    def _destination(self, name: str) -> Any:
        hub = self.scene.hub
        found = hub.destination(hub.config.connection(name))
        assert found is not None
        return found

    def _after(self, report: Report, read: tuple[str, ...]) -> None:
        self._nothing_missing(report, read)
        if not report.errors:
            self._orders_are_whole()
            if not report.applied:
                self._second_look_changes_nothing()

    def _nothing_missing(self, report: Report, read: Any) -> None:
        """P1: after a read that succeeded, the store holds what the system holds, and marks never run ahead."""
        for name in read:
            found = self.scene.system(name)
            for stream in ("customers", "orders"):
                mark = self.scene.store.marks.get(name, stream).watermark
                assert mark is None or mark <= found.now + 1
            if name in report.errors:
                continue
            rows = self.scene.store.db.rows(
                "SELECT stream, ext FROM record WHERE connection = :c AND gone = 0 AND placeholder = 0", {"c": name}
            )
            assert {ext for stream, ext in rows if stream == "customers"} == set(found.customers)
            assert {ext for stream, ext in rows if stream == "orders"} == set(found.orders)
            bodies = self.scene.store.records.living(name, "customers")
            for record in bodies:
                if not record.placeholder:
                    assert record.body.values.get("phone") == found.customers[record.ext].get("phone")
                    assert record.body.values.get("city") == found.customers[record.ext].get("city")

    def _orders_are_whole(self) -> None:
        """P3: every order counts for the customer its buyer's record belongs to, and the sums add up."""
        store = self.scene.store
        astray = store.db.rows(
            "SELECT o.number FROM orders o JOIN record r ON r.rid = o.buyer"
            " WHERE o.customer IS NULL OR o.customer <> r.customer"
        )
        assert astray == []
        rows = store.db.rows(
            "SELECT o.customer, SUM(o.total - o.refunded) FROM orders o WHERE o.customer IS NOT NULL"
            " AND (o.refunded < o.total) GROUP BY o.customer"
        )
        spent = dict(rows)
        for customer in self.scene.ids():
            assert self.scene.facts(customer)["spend_life"] == spent.pop(customer, 0)
        assert spent == {}

    def _second_look_changes_nothing(self) -> None:
        """P12: what was worked out for those touched is what one gets by looking at everybody again."""
        scene, store = self.scene, self.scene.store
        before = self._worked_out()
        scene.look_at_everybody()
        resolved = scene.resolve()
        assert (resolved.created, resolved.moved) == (0, 0)
        again = scene.sync(plan_only=True)
        if not again.errors:
            for now, then in zip(self._worked_out(), before, strict=True):
                assert now == then
        assert list(store.people.due()) == []

    def _worked_out(self) -> Any:
        store = self.scene.store
        ids = self.scene.ids()
        digests = {name: store.plans.digest(name) for name in WRITABLE}
        facts = {i: {k: v for k, v in self.scene.facts(i).items() if k != "as_of"} for i in ids}
        return self.scene.parts(), digests, facts, store.decisions.standing(ids)

    def ids_are_for_ever(self) -> None:
        """P4: a founder never changes, an alias resolves, an id belongs to whoever its founding record belongs to."""
        rows = self.scene.store.db.rows(
            "SELECT c.id, c.founder, c.merged_into, r.customer, t.merged_into, r.due FROM customer c"
            " JOIN record r ON r.rid = c.founder LEFT JOIN customer t ON t.id = c.merged_into"
        )
        assert self.founders.keys() <= {row[0] for row in rows}
        for id_, founder, into, home, beyond, _ in rows:
            assert self.founders.setdefault(id_, founder) == founder
            assert beyond is None
            assert home == (into or id_)

    def nothing_is_created_twice(self) -> None:
        """P5: one row a create key, and every receipt in a state that somebody can act on."""
        for name in WRITABLE:
            keys = [row["hub_key"] for row in self.scene.system(name).customers.values() if row.get("hub_key")]
            assert len(keys) == len(set(keys))
        assert set(self.scene.store.receipts.tally()) <= {"ack", "rejected", "unknown", "crossed"}

    def comes_to_rest(self) -> None:
        """Once nobody disturbs any more, a few rounds make every system what the hub wants, and then nothing moves."""
        for name in SYSTEMS:
            self.scene.system(name).fail.clear()
        report = self.scene.sync()
        assert report.errors == {}
        for _ in range(3):
            for name in WRITABLE:
                self._push(name)
            report = self.scene.sync()
            self._after(report, SYSTEMS)
        for name in WRITABLE:
            assert [row for row in self.scene.rows(name) if row.state != "rejected"] == []
        writes = [self.scene.system(name).writes for name in WRITABLE]
        if not any(self.scene.rows(name) for name in WRITABLE):
            self.scene.sync()
            assert [self.scene.system(name).writes for name in WRITABLE] == writes
        assert set(self.scene.store.receipts.tally()) <= {"ack", "rejected", "crossed"}
        self._remote_is_as_wanted()

    def _remote_is_as_wanted(self) -> None:
        for name in WRITABLE:
            for ext, row in self.scene.system(name).customers.items():
                customer = self.scene.who(name, ext)
                if any(r.key == ext and r.state == "rejected" for r in self.scene.rows(name)):
                    continue
                assert row.get("hub_id") == customer
                assert row.get("tier") == self.scene.decided(customer)["main"]
                assert row.get("stage") == self.scene.decided(customer)["stage"]


def profile(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )


def test_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(Machine, settings=profile(20, 40))


@pytest.mark.slow
def test_promises_hold_however_long_it_goes_on() -> None:
    run_state_machine_as_test(Machine, settings=profile(300, 60))


@pytest.mark.slow
def test_promises_hold_on_postgresql_too(postgres_url: str) -> None:
    def on_postgresql() -> Machine:
        return Machine(f"{postgres_url}{'&' if '?' in postgres_url else '?'}schema=m{uuid.uuid4().hex[:12]}")

    run_state_machine_as_test(on_postgresql, settings=profile(30, 40))
