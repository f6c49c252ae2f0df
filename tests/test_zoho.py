"""The Zoho connector against its twin, over HTTP, through the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.connector import Window, Write
from hub.errors import AuthError, PermissionMissing, QuotaExceeded, Transient
from hub.testing.twin import Stage
from tests.site import opener
from tests.zoho_site import Site, ids, living, read, stand

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


# -- reading


def test_a_first_sync_takes_all_contacts_and_orders_and_certifies_them(opened: Open) -> None:
    site = opened()
    report = site.sync()
    (lane,) = (lane for lane in report.lanes if lane.name == "crm")
    assert report.errors == {}
    assert lane.outcomes["customers"].certificate == "swept"
    assert lane.outcomes["orders"].certificate == "swept"
    assert lane.outcomes["customers"].quarantined == lane.outcomes["orders"].quarantined == 0
    assert site.look(living) == set(site.contacts())
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.modules["Sales_Orders"].rows)


def test_a_contact_and_its_order_arrive_with_their_fields(opened: Open) -> None:
    site = opened()
    buyer = site.insert(
        Last_Name="Müller", First_Name="Anna", Mobile="139 1111 2222", Home_Phone="010 6552 9988", Email="Anna@Shop.CN",
        Date_of_Birth="1990-02-03", Email_Opt_Out=True, Salutation="Ms.", Mailing_City="Berlin",
    )  # fmt: skip
    order = site.insert(
        "Sales_Orders", Subject="x", Contact_Name={"id": buyer.id, "name": "Anna"}, Order_No="SO-1", Status="Delivered",
        Grand_Total=12.34, Refunded_Amount=2.0, Placed_At="2026-02-20T23:30:00+08:00", Currency="CNY",
        Source_Order_No="A77",
    )  # fmt: skip
    site.sync()
    record = site.look(lambda store: store.records.by_exts("crm", "customers", [buyer.id])[buyer.id])
    wanted = {
        "name": "Anna Müller", "family_name": "Müller", "given_name": "Anna", "phone": "+8613911112222",
        "other_phones": ["+861065529988"], "email": "anna@shop.cn", "birthday": "1990-02-03", "gender": "female",
        "city": "Berlin",
    }  # fmt: skip
    assert wanted.items() <= record.body.values.items()
    assert record.body.values["consents"][0]["state"] == "opted_out"
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.source_ref, b.ext FROM orders o"
        " JOIN record r ON r.rid = o.rid JOIN record b ON b.rid = o.buyer WHERE r.ext = :ext"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": order.id}))
    assert tuple(row) == ("SO-1", "done", 1234, 200, "A77", buyer.id)


def test_nothing_new_costs_two_calls_a_stream(opened: Open) -> None:
    site = opened()
    site.sync()
    site.twin.counts.reset()
    report = site.sync()
    assert site.calls("GET") == 4  # 304 and 204 for each stream
    assert (site.twin.counts.statuses["304"], site.twin.counts.statuses["204"]) == (2, 2)
    assert {lane.outcomes["orders"].certificate for lane in report.lanes} >= {"chain"}


@pytest.mark.parametrize("options", [{}, {"token_cap": 10}, {"count_as_text": True}, {"paging": "keyset"}])
def test_every_position_lets_another_process_go_on(opened: Open, clock: FixedClock, options: dict[str, Any]) -> None:
    site = opened({"page_size": 5, "settings": "    coql_rows: 4"}, **options)
    for contact in list(site.contacts())[:7]:
        site.delete(contact)
    clock.advance(timedelta(minutes=10))
    with site.connector() as crm:
        whole = read(crm, everything(clock))
    assert set(ids(whole)) == set(site.contacts())
    gone = {one for page in whole for one in page.gone}
    assert len(gone) == 7
    for number, page in enumerate(whole[:-1]):
        position = json.loads(json.dumps(page.position))
        with site.connector() as crm:
            rest = read(crm, everything(clock), position)
        assert ids(rest) == ids(whole[number + 1 :])
        assert rest[-1].end == whole[-1].end


def test_a_listing_beyond_the_cap_goes_on_by_coql(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 4, "settings": "    coql_rows: 3"}, token_cap=8)
    moment = clock.now() - timedelta(days=1)
    for _ in range(7):  # more of one second than a query returns
        site.twin.books.insert("Contacts", {"Last_Name": "Wu"}, at=int(moment.timestamp()))
    report = site.sync()
    (lane,) = (lane for lane in report.lanes if lane.name == "crm")
    assert lane.outcomes["customers"].certificate == "swept"
    assert site.look(living) == set(site.contacts())
    assert site.calls("coql") > 5


@pytest.mark.parametrize("kind", ["modify", "delete", "create"])
@pytest.mark.parametrize("whole", [True, False])
def test_rows_that_move_while_the_list_is_read_hide_none(
    opened: Open, clock: FixedClock, kind: str, whole: bool
) -> None:
    site = opened({"page_size": 4})
    if not whole:
        site.sync()
        clock.advance(timedelta(hours=1))
        for contact in list(site.contacts())[:13]:
            site.change(contact, Mailing_City="Wuxi")
            clock.advance(timedelta(seconds=1))
        clock.advance(timedelta(hours=1))
    site.twin.faults.set({"drift": {"kind": kind, "path": "Contacts", "times": 2}})
    site.sync()
    assert site.look(living) == set(site.contacts())
    seen = site.look(lambda store: store.records.living("crm", "customers"))
    cities = {record.ext: record.body.values.get("city") for record in seen}
    assert cities == {id_: values.get("Mailing_City") for id_, values in site.contacts().items()}


def test_a_token_that_expired_starts_the_window_again(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 5})
    site.twin.faults.set({"500": {"path": "/Contacts", "skip": 3, "times": 6}})
    assert isinstance(site.sync(only=["crm"]).errors["crm"], Transient | QuotaExceeded)
    clock.advance(timedelta(days=2))
    report = site.sync(only=["crm"])
    assert report.errors == {}
    assert site.look(living) == set(site.contacts())


def test_other_parameters_than_the_tokens_start_the_window_again(opened: Open) -> None:
    site = opened({"page_size": 5})
    site.twin.faults.set({"500": {"path": "/Contacts", "skip": 3, "times": 6}})
    site.sync(only=["crm"])
    site.write(page_size=6)
    report = site.sync(only=["crm"])
    assert report.errors == {}
    assert report.lanes[0].outcomes["customers"].certificate == "swept"


def test_a_position_of_another_version_starts_again(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as crm:
        (page,) = read(crm, everything(clock), {"offset": 12})
    assert page.restart


def read_so_far(site: Site) -> list[str]:
    """What was read, as text, without whom it belongs to: a lane that failed may found a customer on another record."""
    lines = [line for line in site.text() if not line.startswith(("customer ", "link "))]
    return sorted(re.sub(r"C[A-Z2-7]{16}", "C", line) for line in lines)


@pytest.mark.parametrize("skip", range(1, 17, 3))
def test_killed_at_any_call_the_next_run_ends_as_if_undisturbed(opened: Open, skip: int) -> None:
    site = opened({"page_size": 3})
    calm = opened({"page_size": 3, "store": "calm.db"})
    site.twin = calm.twin
    calm.sync()
    site.twin.faults.set({"500": {"on": "read", "skip": skip, "times": 6}})
    first = site.sync()
    assert "crm" in first.errors
    assert site.sync().errors == {}
    assert read_so_far(site) == read_so_far(calm)


def test_many_deletes_that_the_system_tells_of_wait_for_a_person(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 7})
    site.sync()
    lost = list(site.contacts())[:14]
    for contact in lost:
        site.delete(contact)
    for _ in range(3):  # told once, never forgotten, and never taken by parts
        clock.advance(timedelta(hours=1))
        site.sync()
        assert site.look(living) == set(site.contacts()) | set(lost)
    (question,) = site.look(lambda store: [one for one in store.questions.open() if one.kind == "deleted"])
    assert question.count == len(lost)
    site.look(lambda store: store.questions.answer(question.id, "yes", "tester"))
    site.sync()
    assert site.look(living) == set(site.contacts())
    assert site.look(lambda store: [one for one in store.questions.open() if one.kind == "deleted"]) == []


def test_one_of_many_deletes_that_is_alive_again_stays(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 7})
    site.sync()
    lost = list(site.contacts())[:14]
    with site.opened() as setup, setup.store.db.writing("test"):
        setup.store.absence.tell("crm", "customers", lost)
    site.sync(full=True)  # which meets them all
    assert site.look(living) == set(site.contacts())
    assert site.look(lambda store: store.absence.told("crm", "customers").leaving) == 0


def test_deleted_records_are_gone(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 3})
    site.sync()
    clock.advance(timedelta(hours=1))
    for contact in list(site.contacts())[:8]:
        site.delete(contact)
    order = next(iter(site.twin.books.modules["Sales_Orders"].rows))
    site.delete(order, "Sales_Orders")
    clock.advance(timedelta(hours=1))
    report = site.sync()
    (lane,) = (lane for lane in report.lanes if lane.name == "crm")
    assert lane.outcomes["customers"].gone == 8
    assert lane.outcomes["orders"].gone == 1
    assert site.look(living) == set(site.contacts())


def test_after_the_bin_forgot_a_full_read_finds_what_went(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(hours=1))
    lost = next(iter(site.contacts()))
    site.delete(lost)
    clock.advance(timedelta(days=130))
    (lane,) = (lane for lane in site.sync().lanes if lane.name == "crm")
    assert lane.outcomes["customers"].full
    assert lost in site.look(living)  # absent once proves nothing yet
    clock.advance(timedelta(days=1))
    site.sync(full=True)
    assert lost not in site.look(living)


def test_totals_that_disagree_are_never_certified(opened: Open, clock: FixedClock, monkeypatch: Any) -> None:
    site = opened()
    hidden = site.insert(Last_Name="Hidden")
    listed = type(site.twin._listing)._selection
    monkeypatch.setattr(
        type(site.twin._listing), "_selection",
        lambda self, *rest: [row for row in listed(self, *rest) if row.id != hidden.id],
    )  # fmt: skip
    (lane,) = (lane for lane in site.sync().lanes if lane.name == "crm")
    assert lane.outcomes["customers"].certificate == ""
    assert lane.outcomes["customers"].trouble
    assert site.calls("Contacts") == 0 or site.calls("actions/count") >= 6  # read three times
    site.write(settings="    hidden_rows: {customers: 1}")
    (lane,) = (lane for lane in site.sync().lanes if lane.name == "crm")
    assert lane.outcomes["customers"].certificate == "swept"
    assert site.look(lambda store: store.marks.certificates("crm", "customers")[0].shortfall) == 1


def test_totals_of_changed_records_are_asked_for_where_coql_counts(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    coql_count: true"})
    with site.connector() as crm:
        end = read(crm, Window(clock.now() - timedelta(days=30), clock.now()))[-1].end
    assert end is not None
    assert end.before == end.after
    assert end.before


def test_one_undecodable_row_is_set_aside_alone(opened: Open) -> None:
    site = opened({"page_size": 10})
    next(iter(site.contacts().values()))["Last_Name"] = "张\ud800"
    (lane,) = (lane for lane in site.sync().lanes if lane.name == "crm")
    assert lane.outcomes["customers"].quarantined == 1
    assert len(site.look(living)) == len(site.contacts()) - 1
    (held,) = site.look(lambda store: store.quarantine.list("crm"))
    assert held.field == "Last_Name"


@pytest.mark.parametrize("fault", ["truncated", "html_in_200", "error_in_200", "500", "429", "duplicate_row"])
def test_what_passes_by_itself_costs_nothing(opened: Open, fault: str) -> None:
    site = opened({"page_size": 7})
    site.twin.faults.set({fault: {"on": "read", "times": 3, "skip": 2}})
    report = site.sync()
    assert report.errors == {}
    assert site.look(living) == set(site.contacts())


def test_a_list_out_of_order_is_not_believed(opened: Open, clock: FixedClock, monkeypatch: Any) -> None:
    site = opened()
    listed = type(site.twin._listing)._selection
    monkeypatch.setattr(type(site.twin._listing), "_selection", lambda self, *rest: listed(self, *rest)[::-1])
    with site.connector() as crm, pytest.raises(Transient, match="order of change"):
        read(crm, everything(clock))


# -- writing


@pytest.mark.parametrize("rewrites", [False, True])
def test_one_field_on_250_contacts_costs_three_calls(opened: Open, clock: FixedClock, rewrites: bool) -> None:
    site = opened(rewrite_phones=rewrites, tiers=("standard", "basic", "silver", "gold"))
    site.twin.books.modules["Sales_Orders"].rows.clear()
    for number in range(250 - len(site.contacts())):
        site.insert(Last_Name=f"Contact {number}", Mobile=f"+86139{number:08d}")
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.write(floor="basic")
    site.twin.counts.reset()
    _, applied = site.sync_and_apply()
    assert applied is not None
    done = applied.applied["crm"]
    assert (done.error, dict(done.rows)) == (None, {"ack": 250})
    assert (done.writes, done.guards, done.read_backs) == (3, 3, 3)
    assert site.calls("PUT") == 3
    assert {tuple(write["fields"]) for write in site.twin.counts.writes} == {("KeHub_Tier",)}
    site.twin.counts.reset()
    again, _ = site.sync_and_apply()
    assert again.plans == {}
    assert site.calls("PUT") + site.calls("POST /crm/v8/{module}") == 0
    assert site.twin.counts.violations["automations_fired"] == 0


def test_a_phone_that_comes_back_in_another_form_is_written_once(opened: Open, clock: FixedClock) -> None:
    site = opened(rewrite_phones=True)
    one = site.insert(Last_Name="Zhou", Mobile="138 1234 5678", Email="zhou@shop.cn")
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.till.now = int(clock.now().timestamp())
    site.till.put("customers", {"id": "7", "name": "Zhou", "email": "zhou@shop.cn", "phone": "139 8765 4321"})
    site.sync_and_apply()
    assert site.contacts()[one.id]["Mobile"] == "139 8765 4321"
    for _ in range(2):
        clock.advance(timedelta(hours=1))
        site.twin.counts.reset()
        report, _ = site.sync_and_apply()
        assert report.plans == {}
        assert site.calls("PUT") == 0


@pytest.mark.parametrize("status", [207, 200, 202])
def test_a_rejected_row_is_listed_with_code_and_field_and_the_others_are_done(opened: Open, status: int) -> None:
    site = opened(mixed_status=status)
    good, bad = site.insert(Last_Name="Good"), site.insert(Last_Name="Bad")
    with site.connector() as crm:
        results = crm.write(
            [
                Write("a", {"KeHub_Tier": "gold"}, good.id),
                Write("b", {"KeHub_Tier": "no such tier"}, bad.id),
                Write("c", {"Email": "not an address", "Last_Name": None}, good.id),
                Write("d", {"KeHub_Tier": "gold"}, "5545974000000000001"),
            ]
        )
    told = [(result.key, result.outcome, result.code, result.field) for result in results]
    assert told == [
        ("a", "ok", "", ""),
        ("b", "rejected", "INVALID_DATA", "KeHub_Tier"),
        ("c", "rejected", "MANDATORY_NOT_FOUND", "Last_Name"),
        ("d", "rejected", "INVALID_DATA", "id"),
    ]
    assert site.contacts()[good.id]["KeHub_Tier"] == "gold"


def test_a_batch_of_which_every_row_fails_is_read_row_by_row(opened: Open) -> None:
    site = opened(stages=("new",))
    report, applied = site.sync_and_apply()
    assert report.plans["crm"].rows == len(site.contacts())
    assert applied is not None
    done = applied.applied["crm"]
    assert done.writes == 1  # 400 with results by row: not split, nothing to guess
    assert done.rows["rejected"] == len(site.contacts())
    assert done.codes == {"INVALID_DATA": len(site.contacts())}
    rows = site.look(lambda store: store.plans.rows("crm"))
    assert {(row.state, row.code, row.field) for row in rows} == {("rejected", "INVALID_DATA", "KeHub_Stage")}


def test_values_go_out_in_zohos_own_types(opened: Open) -> None:
    fields = (
        "      - {ours: custom.visit, theirs: Visited, form: moment, write: true}\n"
        "      - {ours: custom.size, theirs: Size, form: number, write: true}\n"
        "      - {ours: custom.vip, theirs: Vip, form: flag, write: true}"
    )
    site = opened({"fields": fields})
    for name, kind in (("Visited", "datetime"), ("Size", "double"), ("Vip", "boolean")):
        site.twin.extras()["fields"]({"module": "Contacts", "api_name": name, "data_type": kind, "length": 0})
    one = site.insert(Last_Name="Wu")
    values = {"Visited": "2026-02-01T10:00:00Z", "Size": "36.5", "Vip": "true"}
    with site.connector() as crm:
        (result,) = crm.write([Write("a", values, one.id)])
        row = crm.fetch([one.id, "5545974000000000001"])
    assert result.outcome == "ok"
    assert list(row) == [one.id]
    assert (row[one.id]["Visited"], row[one.id]["Size"], row[one.id]["Vip"]) == (
        "2026-02-01T18:00:00+08:00",
        36.5,
        True,
    )


def test_a_customer_of_the_till_is_created_once_under_its_own_key(opened: Open, clock: FixedClock) -> None:
    site = opened({"create": True})
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321", "email": "sun@shop.cn"})
    before = set(site.contacts())
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.errors == {}
    (new,) = set(site.contacts()) - before
    made = site.contacts()[new]
    assert (made["Last_Name"], made["Mobile"], made["Email"]) == ("孙丽", "+8613987654321", "sun@shop.cn")
    customers = site.look(lambda store: {record.customer for record in store.records.every()})
    assert made["KeHub_ID"] not in customers
    assert len(made["KeHub_ID"]) == 16
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.plans == {}
    assert set(site.contacts()) - before == {new}


@pytest.mark.parametrize("times", [1, 6])
def test_a_create_whose_answer_got_lost_is_settled_and_never_repeated(
    opened: Open, clock: FixedClock, times: int
) -> None:
    site = opened({"create": True})
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321"})
    before = set(site.contacts())
    site.twin.faults.set({"drop_after": {"path": "upsert", "times": times}})
    site.sync_and_apply()
    site.twin.faults.clear()
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.errors == {}
    (new,) = set(site.contacts()) - before
    assert site.contacts()[new]["Last_Name"] == "孙丽"
    assert set(site.look(lambda store: store.receipts.tally("crm"))) == {"ack"}


def test_two_creates_under_one_key_are_one(opened: Open) -> None:
    site = opened({"create": True})
    values = {"Last_Name": "Wu"}
    with site.connector() as crm:
        results = crm.write([Write(key, values, create_key="k1") for key in ("a", "b")])
        assert crm.lookup(["k1", "k2", "it's"]) == {"k1": results[0].external_id}
        (refused,) = crm.write([Write("c", values)])
    assert [result.key for result in results] == ["a", "b"]
    assert results[0].external_id == results[1].external_id
    assert site.twin.counts.rows["insert"] == 1
    assert refused.outcome == "refused"


def test_many_keys_are_looked_up_fifty_a_call(opened: Open) -> None:
    site = opened()
    made = {f"key{number}": site.insert(Last_Name="Wu", KeHub_ID=f"key{number}").id for number in range(120)}
    with site.connector() as crm:
        assert crm.lookup([*made, "nobody"]) == made
    assert site.calls("coql") == 3


def test_a_row_that_is_locked_is_tried_later(opened: Open, monkeypatch: Any) -> None:
    from connectors.zoho.wire.rows import results
    from hub.connector import Answer

    rows = b'{"data":[{"code":"RECORD_LOCKED","details":{}},{"code":"INTERNAL_ERROR"},{"status":"?"},"?"]}'
    told = results(["a", "b", "c", "d"], Answer(207, {}, rows))
    assert [one.outcome for one in told] == ["retry_after", "unknown", "unknown", "unknown"]
    assert {one.outcome for one in results(["a", "b"], Answer(200, {}, b'{"data":[{"code":"SUCCESS"}]}'))} == {
        "unknown"
    }
    assert {one.outcome for one in results(["a"], Answer(200, {}, b"{}"))} == {"unknown"}


def test_automations_run_only_where_the_site_wants_them(opened: Open) -> None:
    site = opened({"settings": "    trigger: [workflow]"})
    with site.connector() as crm:
        target = crm.target()
    assert target is not None
    assert target.side_effects


# -- credentials, rights, limits


def test_a_revoked_sign_in_stops_this_system_only(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"dead_token": {"for_good": True, "skip": 1}})
    report = site.sync()
    assert isinstance(report.errors["crm"], AuthError)
    assert "kehub login crm" in str(report.errors["crm"])
    assert set(report.errors) == {"crm"}


def test_the_token_tells_where_to_call_unless_the_site_does(opened: Open) -> None:
    site = opened({"settings": "    api_url: http://127.0.0.1:9"})
    with site.connector() as crm, pytest.raises(Transient):
        crm.fetch(["5545974000000000001"])


def test_a_missing_scope_is_named(opened: Open) -> None:
    scopes = ("ZohoCRM.modules.contacts.ALL", "ZohoCRM.settings.fields.READ")
    site = opened(scopes=scopes)
    report = site.sync()
    assert isinstance(report.errors["crm"], PermissionMissing)
    assert site.look(living) == set(site.contacts())  # what may be read has been
    with site.connector() as crm:
        bad = {finding.subject: finding.remedy for finding in crm.check() if not finding.good}
    assert set(bad) == {"scope ZohoCRM.modules.sales_orders.READ", "scope ZohoCRM.coql.READ"}
    assert all("kehub login crm" in remedy for remedy in bad.values())


def test_the_check_goes_on_when_contacts_cannot_be_read(opened: Open) -> None:
    site = opened(scopes=("ZohoCRM.coql.READ", "ZohoCRM.modules.sales_orders.READ"))
    with site.connector() as crm:
        found = {finding.subject: finding.good for finding in crm.check()}
    assert not found["scope ZohoCRM.modules.contacts.READ"]
    assert found["scope ZohoCRM.modules.sales_orders.READ"]
    assert not found["scope ZohoCRM.settings.fields.READ"]


def test_few_credits_are_a_finding(opened: Open) -> None:
    site = opened({"settings": "    credits_per_day: 1000"}, credits=60)
    with site.connector() as crm:
        list(crm.check()), list(crm.check()), list(crm.check())
        findings = list(crm.check())
    (left,) = (finding for finding in findings if finding.subject.startswith("API credits"))
    assert not left.good


def test_a_scope_for_writing_is_proven_without_writing(opened: Open) -> None:
    scopes = ("ZohoCRM.modules.READ", "ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.sales_orders.READ")
    site = opened({"create": True}, scopes=(*scopes, "ZohoCRM.coql.READ", "ZohoCRM.settings.fields.READ"))
    with site.connector() as crm:
        bad = {finding.subject for finding in crm.check() if not finding.good}
    assert bad == {"scope ZohoCRM.modules.contacts.UPDATE", "scope ZohoCRM.modules.contacts.CREATE"}


def test_the_check_names_missing_fields_and_picklist_values(opened: Open) -> None:
    site = opened({"create": True}, hub_fields=("KeHub_Stage",), stages=("prospect", "lost"))
    with site.connector() as crm:
        bad = {finding.subject: finding.remedy for finding in crm.check() if not finding.good}
    assert set(bad) == {"field Contacts.KeHub_ID", "field Contacts.KeHub_Tier", "field Contacts.KeHub_Stage"}
    assert "first_time" in bad["field Contacts.KeHub_Stage"]
    site.write(create=False)
    with site.connector() as crm:
        assert "field Contacts.KeHub_ID" not in {finding.subject for finding in crm.check()}


def test_the_check_names_a_read_only_field_and_a_key_that_is_not_unique(opened: Open) -> None:
    fields = "      - {ours: note, theirs: Created_Time, write: true}"
    site = opened({"create": True, "fields": fields, "settings": "    external_id: Member_Card"})
    with site.connector() as crm:
        bad = {finding.subject for finding in crm.check() if not finding.good}
    assert bad == {"field Contacts.Created_Time", "field Contacts.Member_Card"}


def test_the_check_says_at_once_that_nobody_can_sign_in(opened: Open) -> None:
    site = opened()
    site.twin.kill_tokens(for_good=True)
    with site.connector() as crm:
        (finding,) = crm.check()
    assert (finding.subject, finding.good) == ("sign-in", False)
    assert "kehub login crm" in finding.remedy


def test_credits_are_counted_and_never_overdrawn(opened: Open) -> None:
    site = opened({"page_size": 1, "settings": "    credits_per_day: 20"}, credits=20)
    report = site.sync()
    assert isinstance(report.errors["crm"], QuotaExceeded)
    assert site.twin.counts.violations["over_budget"] == 0
    with site.connector() as crm:
        assert crm.settings.credits == 20


def test_too_many_mapped_fields_are_refused_by_name(opened: Open) -> None:
    fields = "\n".join(f"      - {{ours: custom.f{number}, theirs: F{number}, write: false}}" for number in range(40))
    site = opened({"fields": fields})
    report = site.sync()
    assert "crm.customers" in str(report.errors["crm"])
