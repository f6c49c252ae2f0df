"""The Fxiaoke connector against its twin, over HTTP, through the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.fxiaoke.twin.replies import good
from connectors.fxiaoke.wire.codes import error_code, sign_in_refusal
from hub.clock import FixedClock
from hub.connector import Answer, Window, Write
from hub.errors import AuthError, HubError, PermissionMissing, QuotaExceeded, SettingsError, Transient
from hub.store import Store
from hub.store.receipts import Receipt
from hub.testing.twin import Stage
from sync.engine import Report
from sync.lanes import Outcome
from tests.fxiaoke_site import HEADER, ORDER_FIELDS, Site, ids, living, read, stand
from tests.site import opener
from tests.site import outcome as outcome_of

Open = Callable[..., Site]
MOBILE = "user_mobile: ${FXIAOKE_MOBILE}"


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


def outcome(report: Report, stream: str = "customers") -> Outcome:
    return outcome_of(report, "crm", stream)


# -- reading


@pytest.mark.parametrize("acts", [HEADER, MOBILE])
def test_a_first_sync_takes_all_customers_and_orders_and_certifies_them(opened: Open, acts: str) -> None:
    site = opened({"acts": acts})
    report = site.sync()
    assert report.errors == {}
    for stream in ("customers", "orders"):
        assert outcome(report, stream).certificate == "swept"
        assert outcome(report, stream).quarantined == 0
        assert outcome(report, stream).flaws.keys() <= {"phone"}  # typed badly
    assert site.look(living) == set(site.accounts())
    assert site.look(lambda store: living(store, "orders")) == set(site.accounts("SalesOrderObj"))
    assert site.twin.counts.violations == {}


def test_a_customer_and_its_order_arrive_with_their_fields(opened: Open) -> None:
    fields = """
      - {ours: birthday, theirs: field_birth__c}
      - {ours: consents.email, theirs: field_noMail__c}
      - {ours: interests, theirs: field_hobby__c}
      - {ours: origin, theirs: account_source, values: {shop: "1", web: "2"}}
    """
    site = opened({"fields": fields + ORDER_FIELDS})
    buyer = site.insert(
        name="王小明", tel="139 1111 2222", email="Wang@Shop.CN", address="南京东路 1 号", account_source="2",
        field_birth__c=-315648000000, field_noMail__c=True, field_hobby__c=["a1", "c3"], create_time=1767225600000,
    )  # fmt: skip
    order = site.insert(
        "SalesOrderObj", name="SO-1", account_id=buyer.id, order_time=1771516800000, order_amount="12.34",
        mc_currency="USD", field_refund__c="2.00", field_source__c="A77", field_state__c="s3",
    )  # fmt: skip
    site.sync()
    record = site.look(lambda store: store.records.by_exts("crm", "customers", [buyer.id])[buyer.id])
    wanted = {
        "name": "王小明", "phone": "+8613911112222", "email": "wang@shop.cn", "street": "南京东路 1 号",
        "origin": "web", "birthday": "1960-01-01", "interests": ["a1", "c3"], "registered_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    assert wanted.items() <= record.body.values.items()
    assert record.body.values["consents"][0]["state"] == "opted_out"
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.currency, o.source_ref, b.ext FROM orders o"
        " JOIN record r ON r.rid = o.rid JOIN record b ON b.rid = o.buyer WHERE r.ext = :ext"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": order.id}))
    assert tuple(row) == ("SO-1", "done", 1234, 200, "USD", "A77", buyer.id)


@pytest.mark.parametrize(
    ("name", "phone"), [("ContactObj", "mobile1"), ("MemberObj", "mobile"), ("Guest__c", "field_mobile__c")]
)
def test_any_object_can_hold_the_customers(opened: Open, name: str, phone: str) -> None:
    fields = f"      - {{ours: phone, theirs: {phone}}}\n"
    site = opened({"settings": f"    object: {name}", "fields": fields + ORDER_FIELDS}, people_in=name)
    report, applied = site.sync_and_apply()
    assert report.errors == {}
    assert site.look(living) == set(site.accounts(name))
    assert applied is not None
    assert applied.applied["crm"].rows == {"ack": len(site.accounts(name))}
    family = "custom/v2" if name.endswith("__c") else "v2"
    assert site.calls(f"/cgi/crm/{family}/data/update") == len(site.accounts(name))
    buyers = {order["ship_to_id"] for order in site.accounts("SalesOrderObj").values() if "ship_to_id" in order}
    sql = "SELECT DISTINCT b.ext FROM orders o JOIN record b ON b.rid = o.buyer WHERE b.connection = 'crm'"
    assert {ext for (ext,) in site.look(lambda store: store.db.rows(sql))} == buyers
    assert bool(buyers) == (name == "ContactObj")


def test_what_is_shown_beside_a_field_can_be_mapped(opened: Open) -> None:
    site = opened(
        {"settings": "    object: ContactObj", "fields": "      - {ours: custom.firm, theirs: account_id__r}"}
    )
    firm = site.insert(name="大象公司")
    one = site.insert("ContactObj", name="Wu", account_id=firm.id)
    site.sync()
    record = site.look(lambda store: store.records.by_exts("crm", "customers", [one.id])[one.id])
    assert record.body.values["custom.firm"] == "大象公司"


def test_orders_that_another_system_counts_are_not_counted(opened: Open) -> None:
    site = opened({"settings": "    counts: false"})
    site.sync()
    assert site.look(lambda store: store.db.rows("SELECT SUM(counts) FROM orders"))[0][0] == 0


def test_nothing_new_costs_one_call_a_stream(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(hours=1))
    site.twin.counts.reset()
    report = site.sync()
    assert site.calls("data/query") == 2
    assert {outcome(report, stream).certificate for stream in ("customers", "orders")} == {"bracketed"}


@pytest.mark.parametrize("options", [{}, {"short_by": 2}, {"shows_invalid": True}])
def test_every_position_lets_another_process_go_on(opened: Open, clock: FixedClock, options: dict[str, Any]) -> None:
    site = opened({"page_size": 5}, **options)
    for record in list(site.accounts())[:4]:
        site.edit("invalidate", record)
    with site.connector() as crm:
        whole = read(crm, everything(clock))
    assert set(ids(whole)) == set(site.accounts())
    assert len({one for page in whole for one in page.gone}) == (4 if options.get("shows_invalid") else 0)
    for number, page in enumerate(whole[:-1]):
        position = json.loads(json.dumps(page.position))
        with site.connector() as crm:
            rest = read(crm, everything(clock), position)
        assert ids(rest) == ids(whole[number + 1 :])
        assert rest[-1].end == whole[-1].end


def test_a_position_of_another_version_starts_again(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as crm:
        (page,) = read(crm, everything(clock), {"offset": 12})
    assert page.restart


def test_more_rows_than_an_offset_can_reach_are_all_read(opened: Open) -> None:
    site = opened({"page_size": 10}, offset_cap=20)
    assert len(site.accounts()) + len(site.accounts("SalesOrderObj")) > 20
    report = site.sync()
    assert outcome(report).certificate == outcome(report, "orders").certificate == "swept"
    assert site.look(living) == set(site.accounts())


@pytest.mark.slow
def test_more_rows_than_the_true_cap_of_an_offset_are_all_read(opened: Open) -> None:
    site = opened()
    for number in range(10_050):
        site.insert(name=f"C{number}")
    with site.connector() as crm:
        pages = read(crm, everything(site.clock))
    assert set(ids(pages)) == set(site.accounts())
    assert pages[-1].end is not None
    assert pages[-1].end.before == pages[-1].end.after == len(site.accounts())
    assert site.twin.counts.violations == {}


def test_a_short_page_is_no_end(opened: Open) -> None:
    site = opened({"page_size": 10}, short_by=7)
    assert outcome(site.sync()).certificate == "swept"
    assert site.look(living) == set(site.accounts())


def test_totals_that_disagree_are_never_certified(opened: Open) -> None:
    site = opened(silent_cap=9)
    hidden = len(site.accounts()) - 9
    found = outcome(site.sync())
    assert (found.certificate, bool(found.trouble)) == ("", True)
    assert len(site.look(living)) == 9
    site.write(settings=f"    hidden_rows: {{customers: {hidden}}}")
    report = site.sync(streams=["customers"])
    assert outcome(report).certificate == "swept"
    assert outcome(report).shortfall == hidden


def test_a_part_of_which_rows_are_missing_is_never_certified(opened: Open, clock: FixedClock, monkeypatch: Any) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(hours=1))
    changed = list(site.accounts())[:8]
    for record in changed:
        site.edit("change", record, address="改")
    before = site.look(lambda store: store.marks.get("crm", "customers").watermark)
    desk = type(site.twin._listing)
    page = desk._page
    with monkeypatch.context() as patched:
        some = lambda *call: [row for row in page(*call) if row.id in changed[:3]]  # noqa: E731
        patched.setattr(desk, "_page", some)
        found = outcome(site.sync())
    assert (found.certificate, bool(found.trouble)) == ("", True)
    assert site.look(lambda store: store.marks.get("crm", "customers").watermark) == before
    found = outcome(site.sync())
    assert found.certificate == "bracketed"
    assert found.changed + found.unchanged == 8


@pytest.mark.parametrize("switch", ["find_explicit_total_num", "returnTotalNum", "need_return_count_num"])
def test_whichever_switch_the_tenant_obeys_totals_are_told(opened: Open, clock: FixedClock, switch: str) -> None:
    site = opened(total_switch=switch)
    with site.connector() as crm:
        end = read(crm, everything(clock))[-1].end
    assert end is not None
    assert end.before == end.after == len(site.accounts())


def test_without_totals_nothing_counts_as_swept(opened: Open) -> None:
    site = opened(totals=False)
    assert outcome(site.sync()).certificate == "chain"  # totals of nought beside rows prove nothing
    site = opened({"settings": "    totals: false", "store": "second.db"})
    assert outcome(site.sync()).certificate == "chain"


@pytest.mark.parametrize("kind", ["modify", "delete", "create"])
def test_rows_that_move_while_they_are_read_are_not_lost(opened: Open, clock: FixedClock, kind: str) -> None:
    site = opened({"page_size": 4})
    site.twin.faults.set({"drift": {"kind": kind, "times": 2}})  # more would be a source that shrank
    assert site.sync().errors == {}
    clock.advance(timedelta(days=1))
    site.sync()
    clock.advance(timedelta(days=1))
    site.sync()
    assert site.look(living) == set(site.accounts())


def test_what_passes_by_itself_costs_nothing(opened: Open) -> None:
    site = opened({"page_size": 7})
    for fault in ("truncated", "html_in_200", "error_in_200", "500", "429", "duplicate_row"):
        site.twin.faults.set({fault: {"on": "read", "times": 3, "skip": 2}})
        report = site.sync(full=True, only=["crm"])
        assert report.errors == {}, fault
        assert outcome(report).certificate == outcome(report, "orders").certificate == "swept", fault
        assert site.look(living) == set(site.accounts()), fault


def test_a_page_out_of_order_is_not_believed(opened: Open, clock: FixedClock, monkeypatch: Any) -> None:
    site = opened({"page_size": 5})
    same = lambda self, call, table, found, search: list(table.rows.values())[: search.limit]  # noqa: E731
    monkeypatch.setattr(type(site.twin._listing), "_page", same)
    with site.connector() as crm, pytest.raises(Transient, match="order asked for"):
        read(crm, everything(clock))  # the same page for ever


def test_one_undecodable_row_is_set_aside_alone(opened: Open) -> None:
    site = opened({"page_size": 10})
    record = next(iter(site.accounts()))
    whole = site.accounts()[record]["name"]
    site.accounts()[record]["name"] = "张\ud800"
    found = outcome(site.sync())
    assert found.quarantined == 1
    assert len(site.look(living)) == len(site.accounts()) - 1
    (held,) = site.look(lambda store: store.quarantine.list("crm"))
    assert (held.ext, held.field) == (record, "name")
    site.accounts()[record]["name"] = whole  # mended by a migration there, which moves no time of change
    assert outcome(site.sync()).changed == 1  # its orders had told of it before
    assert site.look(living) == set(site.accounts())
    assert site.look(lambda store: store.quarantine.counts()) == {}


def read_so_far(site: Site) -> list[str]:
    """What was read, as text, without whom it belongs to: a lane that failed may found a customer on another record."""
    lines = [line for line in site.text() if not line.startswith(("customer ", "link "))]
    return sorted(re.sub(r"C[A-Z2-7]{16}", "C", line) for line in lines)


@pytest.mark.parametrize("skip", range(1, 8, 3))
def test_killed_at_any_call_the_next_run_ends_as_if_undisturbed(opened: Open, skip: int) -> None:
    site = opened({"page_size": 5})
    calm = opened({"page_size": 5, "store": "calm.db"})
    site.twin = calm.twin
    calm.sync()
    site.twin.faults.set({"500": {"on": "read", "skip": skip, "times": 6}})
    assert "crm" in site.sync().errors
    assert site.sync().errors == {}
    assert read_so_far(site) == read_so_far(calm)


@pytest.mark.parametrize("op", ["invalidate", "delete"])
def test_deleted_records_are_found_by_the_sweep_of_each_day(opened: Open, clock: FixedClock, op: str) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(hours=1))
    lost = list(site.accounts())[:2]
    for record in lost:
        site.edit(op, record)
    assert not outcome(site.sync()).full
    assert set(lost) <= site.look(living)
    for hours in (23, 24):
        clock.advance(timedelta(hours=hours))
        assert outcome(site.sync()).full
    assert site.look(living) == set(site.accounts())


def test_records_that_are_shown_as_invalidated_are_gone_at_once(opened: Open, clock: FixedClock) -> None:
    site = opened(shows_invalid=True)
    site.sync()
    clock.advance(timedelta(hours=1))
    lost, back = list(site.accounts())[:2]
    site.edit("invalidate", lost)
    site.edit("invalidate", back)
    found = outcome(site.sync())
    assert (found.gone, found.certificate) == (2, "bracketed")
    assert site.look(living) == set(site.accounts())
    clock.advance(timedelta(hours=1))
    site.edit("change", back, life_status="normal")
    site.sync()
    assert site.look(living) == set(site.accounts())
    assert outcome(site.sync(full=True)).certificate == "swept"


# -- writing


@pytest.mark.parametrize(("acts", "rewrites"), [("user_id: FSUID_77AA", True), (HEADER, False)])
def test_one_field_on_every_customer_costs_a_call_each(
    opened: Open, clock: FixedClock, acts: str, rewrites: bool
) -> None:
    site = opened({"acts": acts}, rewrite_phones=rewrites, tiers=("standard", "basic", "silver", "gold"))
    site.twin.books.tables["SalesOrderObj"].rows.clear()
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.write(floor="basic")
    site.twin.counts.reset()
    _, applied = site.sync_and_apply()
    assert applied is not None
    done, count = applied.applied["crm"], len(site.accounts())
    assert (done.error, dict(done.rows)) == (None, {"ack": count})
    assert site.calls("data/update") == count
    assert (done.guards, done.read_backs) == (-(-count // 20), -(-count // 20))
    assert {tuple(write["fields"]) for write in site.twin.counts.writes} == {("field_tier__c",)}
    assert site.twin.counts.violations == {}
    again, _ = site.sync_and_apply()
    assert again.plans == {}


def test_an_option_is_written_and_read_by_its_own_value(opened: Open) -> None:
    tier = ", values: {gold: opt_gold, silver: opt_silver, standard: opt_standard}"
    site = opened({"tier": tier}, option_prefix="opt_", hub_fields=("field_hubId__c", "field_tier__c", ""))
    text = site.file.read_text(encoding="utf-8")
    site.file.write_text(text.replace("      - {ours: stage, theirs: field_stage__c}\n", ""), encoding="utf-8")
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert set(applied.applied["crm"].rows) == {"ack"}
    assert {row["field_tier__c"] for row in site.accounts().values()} <= {"opt_gold", "opt_silver", "opt_standard"}
    report, _ = site.sync_and_apply()
    assert report.plans == {}


def test_values_go_out_in_their_json_forms(opened: Open) -> None:
    fields = """
      - {ours: custom.visit, theirs: field_visited__c, form: moment, write: true}
      - {ours: custom.size, theirs: field_size__c, form: number, write: true}
      - {ours: consents.email, theirs: field_noMail__c, write: true}
      - {ours: birthday, theirs: field_birth__c, write: true}
    """
    site = opened({"fields": fields})
    one = site.insert(name="Wu", field_card__c="88")
    values = {"field_visited__c": "2026-02-01T10:00:00Z", "field_size__c": "36.5", "field_noMail__c": "true",
              "field_birth__c": "1990-02-03", "tel": None}  # fmt: skip
    with site.connector() as crm:
        results = crm.write([Write("a", values, one.id), Write("b", {"field_birth__c": "--02-03"}, one.id)])
        row = crm.fetch([one.id, "64f0a0000000000000ffffff"])
    assert [(result.outcome, result.code, result.field) for result in results] == [
        ("ok", "", ""),
        ("rejected", "NO_YEAR", "field_birth__c"),
    ]
    stored = site.accounts()[one.id]
    assert [stored[name] for name in list(values)[:4]] == [1769940000000, "36.5", True, 633974400000]
    assert stored["field_card__c"] == "88"
    assert list(row) == [one.id]
    assert row[one.id]["field_birth__c"] == "1990-02-03"


@pytest.mark.parametrize("way", ["null", "empty"])
def test_a_field_is_cleared_in_the_way_that_the_tenant_takes(opened: Open, way: str) -> None:
    site = opened({"settings": f"    clear_with: {way}"}, clears_with=way)
    one = site.insert(name="Wu", tel="13911112222")
    with site.connector() as crm:
        crm.write([Write("a", {"tel": None}, one.id)])
    assert "tel" not in site.accounts()[one.id]


def test_a_rejected_row_is_listed_with_code_and_field_and_the_others_are_done(opened: Open) -> None:
    site = opened()
    good, bad, locked = (site.insert(name=name) for name in ("Good", "Bad", "Locked"))
    locked.values["lock_status"] = "1"
    with site.connector() as crm:
        results = crm.write(
            [
                Write("a", {"field_tier__c": "gold"}, good.id),
                Write("b", {"field_tier__c": "no such tier"}, bad.id),
                Write("c", {"field_tier__c": "gold", "email": "?"}, bad.id),
                Write("d", {"field_tier__c": "gold"}, locked.id),
                Write("e", {"field_tier__c": "gold"}, "64f0a0000000000000ffffff"),
            ]
        )
    told = [(result.key, result.outcome, result.code, result.field) for result in results]
    assert told == [
        ("a", "ok", "", ""),
        ("b", "rejected", "32000", "field_tier__c"),
        ("c", "rejected", "32000", ""),
        ("d", "rejected", "320002", ""),
        ("e", "rejected", "32000", "field_tier__c"),
    ]
    assert site.accounts()[good.id]["field_tier__c"] == "gold"


def test_rejected_rows_stay_listed_in_the_plan(opened: Open) -> None:
    site = opened(stages=("new",))
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.applied["crm"].codes == {"32000": len(site.accounts())}
    rows = site.look(lambda store: store.plans.rows("crm"))
    assert {(row.state, row.code) for row in rows} == {("rejected", "32000")}


@pytest.mark.parametrize(
    ("place", "acts"), [("dataId", "user_id: FSUID_77AA"), ("data.dataId", MOBILE), ("data._id", HEADER)]
)
def test_a_customer_of_the_till_is_created_once_under_its_own_key(
    opened: Open, clock: FixedClock, place: str, acts: str
) -> None:
    site = opened({"create": True, "acts": acts}, create_id=place)
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321", "email": "sun@shop.cn"})
    before = set(site.accounts())
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.errors == {}
    (new,) = set(site.accounts()) - before
    made = site.accounts()[new]
    assert (made["name"], made["tel"], made["email"]) == ("孙丽", "+8613987654321", "sun@shop.cn")
    assert (made["owner"], made["record_type"], made["life_status"]) == (["1000"], "default__c", "normal")
    assert len(made["field_hubId__c"]) == 16
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.plans == {}
    assert set(site.accounts()) - before == {new}
    assert site.twin.counts.violations == {}


@pytest.mark.parametrize(("fault", "options"), [("drop_after", {}), (None, {"create_id": ""})])
def test_a_create_without_a_clear_answer_is_settled_by_a_look_up_and_never_repeated(
    opened: Open, clock: FixedClock, fault: str | None, options: dict[str, Any]
) -> None:
    site = opened({"create": True}, **options)
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321"})
    before = set(site.accounts())
    if fault:
        site.twin.faults.set({fault: {"path": "create"}})
    site.sync_and_apply()
    assert site.tally().get("unknown") == 1
    assert site.calls("data/create") == 1
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.errors == {}
    assert len(set(site.accounts()) - before) == 1
    assert site.calls("data/create") == 1
    assert set(site.tally()) == {"ack"}


def test_a_create_that_never_arrived_is_sent_again_after_the_settle_time_only(opened: Open, clock: FixedClock) -> None:
    site = opened({"create": True, "settings": "    settle_seconds: 600"})
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321"})
    before = set(site.accounts())
    site.twin.faults.set({"drop_before": {"path": "create"}})
    site.sync_and_apply()
    for minutes, made in ((1, 0), (10, 1)):
        clock.advance(timedelta(minutes=minutes))
        site.sync_and_apply()
        assert len(set(site.accounts()) - before) == made


@pytest.mark.parametrize(
    ("settings", "options", "state"),
    [
        ("", {}, "ack"),
        ("", {"shows_invalid": True, "invalid_query": "refused"}, "ack"),
        ("", {"invalid_query": "refused"}, "unknown"),
        ("    invalid_shown: false", {"invalid_query": "hidden"}, "unknown"),
    ],
)
def test_what_a_clerk_invalidated_before_its_create_was_settled_is_not_made_again(
    opened: Open, clock: FixedClock, settings: str, options: dict[str, Any], state: str
) -> None:
    site = opened({"create": True, "settings": settings}, **options)
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321"})
    before = set(site.accounts())
    site.twin.faults.set({"drop_after": {"path": "create"}})
    site.sync_and_apply()
    (made,) = set(site.accounts()) - before
    site.edit("invalidate", made)
    for hours in (1, 24, 48, 72):
        clock.advance(timedelta(hours=hours))
        report, _ = site.sync_and_apply()
        assert report.errors == {}
        assert site.calls("data/create") == 1
    assert [receipt.state for receipt in site.look(_creates)] == [state]


def _creates(store: Store) -> list[Receipt]:
    return [receipt for receipt in store.receipts.list() if receipt.action == "create"]


def test_a_tenant_that_hides_what_was_invalidated_gets_its_first_creates_all_the_same(opened: Open) -> None:
    site = opened({"create": True}, invalid_query="refused")
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321"})
    site.sync_and_apply()
    assert [receipt.state for receipt in site.look(_creates)] == ["ack"]


def test_a_key_of_an_invalidated_record_is_refused_for_another_create(opened: Open) -> None:
    site = opened({"create": True})
    there = site.insert(name="Wu", field_hubId__c="k1")
    site.edit("invalidate", there.id)
    with site.connector() as crm:
        (told,) = crm.write([Write("a", {"name": "Wu", "tel": "1"}, create_key="k1")])
    assert (told.outcome, told.code) == ("refused", "INVALIDATED")
    assert site.calls("data/create") == 0


def test_what_a_create_would_make_twice_is_changed_instead(opened: Open) -> None:
    site = opened({"create": True})
    there = site.insert(name="Wu", field_hubId__c="k1")
    with site.connector() as crm:
        (first, second, third) = crm.write(
            [
                Write(key, {"name": "Wu", "tel": "1"}, create_key=made)
                for key, made in (("a", "k1"), ("b", "k2"), ("c", "k2"))
            ]
        )
        (refused,) = crm.write([Write("d", {"name": "Wu"})])
        assert crm.lookup(["k1", "k2", "k3"]) == {"k1": there.id, "k2": second.external_id}
    assert first.external_id == there.id
    assert second.external_id == third.external_id
    assert site.accounts()[there.id]["tel"] == "1"
    assert site.twin.counts.rows["create"] == 1
    assert refused.outcome == "refused"


def test_many_keys_are_looked_up_a_hundred_a_call(opened: Open) -> None:
    site = opened()
    made = {f"key{number}": site.insert(name="Wu", field_hubId__c=f"key{number}").id for number in range(120)}
    with site.connector() as crm:
        assert crm.lookup([*made, "nobody"]) == made
    # of the second hundred one is missing: an empty page proves it, and it is not among the invalidated ones either
    assert site.calls("data/query") == 4


def test_a_short_page_hides_no_key_and_no_record(opened: Open) -> None:
    site = opened(short_by=97)
    made = {f"key{number}": site.insert(name="Wu", field_hubId__c=f"key{number}").id for number in range(10)}
    with site.connector() as crm:
        assert crm.lookup(list(made)) == made
        assert set(crm.fetch(list(made.values()))) == set(made.values())


def test_a_row_that_a_clerk_changed_since_is_left_out(opened: Open, clock: FixedClock) -> None:
    site = opened()
    report = site.sync()
    clock.advance(timedelta(hours=1))
    edited, lost = list(site.accounts())[:2]
    site.edit("change", edited, field_tier__c="gold", field_stage__c="lost")
    site.edit("invalidate", lost)
    applied = site.apply(report.plans["crm"].digest).applied["crm"]
    assert applied.rows == {"ack": len(site.accounts()) - 1, "moved": 2}


def test_automations_run_only_where_the_site_wants_them(opened: Open) -> None:
    site = opened({"settings": "    trigger: [workflow]"})
    one = site.insert(name="Wu")
    with site.connector() as crm:
        target = crm.target()
        crm.write([Write("a", {"tel": "1"}, one.id)])
    assert target is not None
    assert target.side_effects
    assert site.twin.counts.violations == {"automations_fired": 1}


@pytest.mark.parametrize("seed", range(2))
def test_after_a_storm_of_faults_both_sides_agree_and_nobody_was_made_twice(
    opened: Open, clock: FixedClock, seed: int
) -> None:
    chance = Random(seed)
    faults = ("429", "500", "html_in_200", "error_in_200", "truncated", "drop_before", "drop_after", "dead_token")

    def played(storm: bool) -> Site:
        site = opened({"create": True, "page_size": 6, "store": f"{storm}.db"})
        for number in range(3):
            site.till.put("customers", {"id": f"{number}", "name": f"新{number}", "phone": f"139 8765 432{number}"})
        for _ in range(3 if storm else 0):
            drawn = chance.sample(faults, 4)
            site.twin.faults.set(
                {name: {"times": chance.randrange(1, 4), "skip": chance.randrange(12)} for name in drawn}
            )
            site.sync_and_apply()
            clock.advance(timedelta(hours=1))
        site.twin.faults.clear()
        for _ in range(3):
            report, _ = site.sync_and_apply()
            clock.advance(timedelta(hours=1))
        assert (report.errors, report.plans) == ({}, {})
        assert site.twin.counts.violations.keys() <= {"token_calls"}
        return site

    calm = played(storm=False).twin.state(ids=False)
    site = played(storm=True)
    assert site.twin.state(ids=False) == calm
    assert set(site.tally()) == {"ack"}


# -- credentials, limits


@pytest.mark.parametrize(("acts", "code"), [(HEADER, 20016), (MOBILE, 11014)])
def test_a_dead_token_is_renewed_once_for_all(opened: Open, acts: str, code: int) -> None:
    site = opened({"page_size": 5, "acts": acts}, dead_token_code=code)
    site.twin.faults.set({"dead_token": {"skip": 3, "on": "read"}})
    assert site.sync().errors == {}
    assert site.sync().errors == {}
    assert site.calls("/cgi/corpAccessToken") + site.calls("/oauth2.0/token") == 2
    assert site.calls("getByMobile") == (1 if acts is MOBILE else 0)


def test_a_token_lives_two_hours_and_is_renewed_in_its_last_minutes(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(minutes=100))
    site.sync()
    assert site.calls("/cgi/corpAccessToken") == 1
    clock.advance(timedelta(minutes=16))
    site.sync()
    assert site.calls("/cgi/corpAccessToken") == 2


def test_an_app_that_was_stopped_stops_this_system_only(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"dead_token": {"for_good": True, "skip": 1}})
    report = site.sync()
    assert isinstance(report.errors["crm"], PermissionMissing)
    assert report.errors["crm"].code == "20005"
    assert set(report.errors) == {"crm"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [("10006", SettingsError), ("20005", PermissionMissing), ("30002", QuotaExceeded), ("14001", QuotaExceeded),
     ("-1", Transient), ("32000", SettingsError), ("77777", AuthError)],
)  # fmt: skip
def test_refusals_of_the_sign_in_are_told_apart(clock: FixedClock, code: str, kind: type[HubError]) -> None:
    assert type(sign_in_refusal(code, clock.now())) is kind


def test_a_wrong_secret_is_a_matter_of_settings(opened: Open, monkeypatch: Any) -> None:
    site = opened()
    monkeypatch.setenv("FXIAOKE_APP_SECRET", "wrong")
    assert isinstance(site.sync().errors["crm"], SettingsError)
    with site.connector() as crm:
        (finding,) = crm.check()
    assert (finding.subject, finding.good) == ("sign-in", False)
    assert "app_secret" in finding.remedy


def test_an_unknown_employee_is_a_matter_of_settings(opened: Open, monkeypatch: Any) -> None:
    site = opened({"acts": "user_id: FSUID_NONE"})
    assert isinstance(site.sync().errors["crm"], SettingsError)
    monkeypatch.setenv("FXIAOKE_MOBILE", "13999999999")
    site.write(acts=MOBILE)
    assert "no employee" in str(site.sync().errors["crm"])


def test_somebody_has_to_act(opened: Open) -> None:
    with pytest.raises(SettingsError, match="user_id"):
        opened({"acts": "auth_mode: header"}).sync()
    with pytest.raises(SettingsError, match="time zone"):
        opened({"settings": "    date_zone: Nowhere/At_all"}).sync()


def test_the_limit_of_each_interface_is_kept(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 1, "settings": "    calls: 8"}, calls=8)
    begun = clock.now()
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.applied["crm"].rows == {"ack": len(site.accounts())}
    assert site.twin.counts.violations == {}
    assert clock.now() - begun > timedelta(seconds=40)


@pytest.mark.parametrize("code", [14001, 30004])
def test_a_limit_that_others_use_up_is_waited_for(opened: Open, clock: FixedClock, code: int) -> None:
    site = opened(limit_code=code)
    begun = clock.now()
    site.twin.faults.set({"429": {"path": "query", "times": 2}})
    assert site.sync().errors == {}
    assert clock.now() - begun >= timedelta(seconds=40 if code == 14001 else 0)


def test_a_used_up_day_ends_at_midnight_in_beijing(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 5}, daily_calls=4)
    error = site.sync().errors["crm"]
    assert isinstance(error, QuotaExceeded)
    assert error.until.isoformat() == "2026-03-01T16:00:00+00:00"
    assert error.code == "30002"


def test_a_quota_that_ends_while_rows_are_written_leaves_the_rest_for_later(opened: Open) -> None:
    rows, daily = 8, 5
    site = opened(daily_calls=daily)
    made = [site.insert(name=f"C{number}") for number in range(rows)]
    with site.connector() as crm:
        results = crm.write([Write(str(number), {"tel": "1"}, one.id) for number, one in enumerate(made)])
        assert [result.outcome for result in results] == ["ok"] * daily + ["retry_after"] * (rows - daily)
        with pytest.raises(QuotaExceeded):
            crm.write([Write("a", {"tel": "2"}, made[0].id)])


def test_a_day_can_have_a_budget_of_its_own(opened: Open) -> None:
    site = opened({"page_size": 2, "settings": "    calls_per_day: 10"})
    assert isinstance(site.sync().errors["crm"], QuotaExceeded)
    assert site.calls("/data/query") <= 10


def test_the_forecast_knows_that_rows_are_written_one_by_one(opened: Open) -> None:
    from hub.cli.plan_facts import forecast

    site = opened()
    plan = site.sync().plans["crm"]
    with site.opened() as setup:
        calls, seconds = forecast(setup, plan)
        destination = setup.destination(setup.config.connection("crm"))
    assert destination is not None
    assert calls == plan.rows + 2 * -(-plan.rows // destination.target.batch)
    assert seconds == pytest.approx(calls * 0.2)


def test_one_token_serves_all_processes(opened: Open) -> None:
    site = opened()
    with site.connector() as one, site.connector() as two:
        one.fetch(list(site.accounts()))
        two.fetch(list(site.accounts()))
    assert site.calls("/cgi/corpAccessToken") == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'{"errorCode": 0}', "0"), (b'{"errorCode": "-1"}', "-1"), (b'{"errorCode": "Wu, 139"}', "NONE"), (b"[]", "NONE"),
     (b'{"errorCode": true}', "NONE"), (b"<html>", "")],
)  # fmt: skip
def test_a_code_is_a_number_or_none_at_all(body: bytes, code: str) -> None:
    assert error_code(Answer(200, {}, body)) == code


@pytest.mark.parametrize("body", [{"dataList": [{"name": "Wu"}], "total": 1}, {"dataList": []}, {}])
def test_an_answer_that_is_not_whole_is_not_believed(
    opened: Open, clock: FixedClock, monkeypatch: Any, body: Any
) -> None:
    site = opened()
    monkeypatch.setattr(type(site.twin._listing), "query", lambda self, call: good(data=body))
    with site.connector() as crm, pytest.raises(Transient):
        read(crm, everything(clock))


# -- check


@pytest.mark.parametrize("place", ["top", "data"])
def test_the_check_names_missing_fields_and_options(opened: Open, place: str) -> None:
    site = opened({"create": True}, hub_fields=("", "", "field_stage__c"), stages=("a1", "b2"), describe_name=place)
    with site.connector() as crm:
        bad = {finding.subject: finding.remedy for finding in crm.check() if not finding.good}
    assert set(bad) == {f"field AccountObj.{name}" for name in ("field_hubId__c", "field_tier__c", "field_stage__c")}
    assert "first_time" in bad["field AccountObj.field_stage__c"]
    assert "a1" in bad["field AccountObj.field_stage__c"]
    site.write(create=False)
    with site.connector() as crm:
        assert "field AccountObj.field_hubId__c" not in {finding.subject for finding in crm.check()}


def test_the_check_names_what_a_create_would_lack(opened: Open) -> None:
    site = opened({"create": True, "acts": MOBILE}, key_unique=False)
    site.twin.extras()["fields"]({"module": "AccountObj", "api_name": "field_must__c", "required": True})
    with site.connector() as crm:
        bad = {finding.subject: finding.remedy for finding in crm.check() if not finding.good}
    assert set(bad) == {"field AccountObj.field_must__c", "field AccountObj.field_hubId__c"}
    text = site.file.read_text(encoding="utf-8")
    site.file.write_text(text.replace("    key_field: field_hubId__c\n", ""), encoding="utf-8")
    with site.connector() as crm:
        assert "setting key_field" in {finding.subject for finding in crm.check() if not finding.good}


def test_the_check_names_a_field_that_cannot_be_written_and_an_object_that_is_not_there(opened: Open) -> None:
    fields = "      - {ours: note, theirs: field_deals__c, write: true}\n      - {ours: origin, theirs: account_id__r}"
    site = opened({"fields": fields})
    with site.connector() as crm:
        bad = {finding.subject for finding in crm.check() if not finding.good}
    assert bad == {"field AccountObj.field_deals__c", "field AccountObj.account_id__r"}
    site.write(fields="", settings="    object: LeadsObj")
    with site.connector() as crm:
        bad = {finding.subject for finding in crm.check() if not finding.good}
    assert bad == {"object LeadsObj"}


def test_another_host_than_the_gateway_is_suspected_where_a_web_page_answers(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"html_in_200": {"times": None}})
    with site.connector() as crm:
        (finding,) = crm.check()
    assert "check `host`" in finding.remedy
