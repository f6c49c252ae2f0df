"""The HubSpot connector against its twin, over HTTP, through the engine: reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.connector import Window
from hub.testing.twin import Call, Stage
from sync.engine import Report
from tests.hubspot_site import OAUTH, PEOPLE, Site, ids, living, read, stand
from tests.site import opener, outcome

Open = Callable[..., Site]
HOUR = timedelta(hours=1)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now())


def busy_hour(site: Site, clock: FixedClock, count: int = 12, apart: float = 60, module: str = "contacts") -> Window:
    """Some time in which so many records change, so many seconds apart, read an hour later."""
    start = clock.now()
    for number, record in enumerate(list(site.rows(module).values())[:count]):
        clock.advance(timedelta(seconds=apart))
        site.change(record, module, **({"city": f"City {number}"} if module == "contacts" else {"hs_tax": str(number)}))
    clock.advance(HOUR)
    return Window(start, clock.now() - timedelta(minutes=5))


def value(site: Site, ext: int) -> dict[str, Any]:
    """What the store holds of a contact."""
    (record,) = site.look(lambda store: store.records.by_exts("crm", "customers", [str(ext)])).values()
    return dict(record.body.values)


def order_row(site: Site, ext: int) -> tuple[Any, ...]:
    """What the store holds of an order: number, status, total, refunded, source, its buyer's stream and id."""
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.source_ref, b.stream, b.ext FROM orders o"
        " JOIN record r ON r.rid = o.rid LEFT JOIN record b ON b.rid = o.buyer"
        " WHERE r.ext = :ext AND r.connection = 'crm'"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": str(ext)}))
    return tuple(row)


def of(report: Report, name: str = "customers") -> Any:
    assert report.errors == {}
    return outcome(report, "crm", name)


# -- all there is


@pytest.mark.parametrize("page_size", [100, 7, 1])
def test_a_first_sync_takes_all_contacts_and_orders_and_certifies_them(opened: Open, page_size: int) -> None:
    site = opened({"page_size": page_size, "search_rows": page_size})
    report = site.sync()
    for name, module in (("customers", "contacts"), ("orders", "orders")):
        found = of(report, name)
        assert (found.certificate, found.quarantined, found.new) == ("swept", 0, len(site.rows(module)))
        assert site.look(lambda store, name=name: living(store, name)) == set(site.rows(module))


@pytest.mark.parametrize(
    ("access", "version"), [("token: ${HUBSPOT_TOKEN}", "2026-09"), (OAUTH, "v3"), (OAUTH, "2026-03")]
)
def test_numbered_and_dated_versions_are_spoken_with_either_kind_of_token(
    opened: Open, access: str, version: str
) -> None:
    site = opened({"access": access, "create": True, "settings": f"    api_version: {version}"})
    report, applied = site.sync_and_apply()
    assert applied is not None
    assert (of(report).certificate, applied.errors) == ("swept", {})
    assert {("/2026" in path, "/crm/v" in path) for path in site.twin.counts.calls if "/crm/" in path} == {
        (version != "v3", version == "v3")
    }


def test_a_contact_arrives_with_all_fields(opened: Open) -> None:
    site = opened()
    one = site.insert(
        firstname="Anna", lastname="Müller", email="anna@shop.cn", phone="139 1111 2222", mobilephone="+49 30 901820",
        hs_additional_emails="a.mueller@shop.cn;anna2@shop.cn", city="Berlin", state="Berlin", country="Germany",
        address="Lane 7", zip="10115", jobtitle="Buyer", hs_email_optout="true",
    )  # fmt: skip
    two = site.insert(firstname="伟", lastname="张")
    site.sync()
    wanted = {
        "name": "Anna Müller", "family_name": "Müller", "given_name": "Anna", "phone": "+8613911112222",
        "email": "anna@shop.cn", "other_emails": ["a.mueller@shop.cn", "anna2@shop.cn"], "city": "Berlin",
        "other_phones": ["+4930901820"], "country": "Germany", "street": "Lane 7", "postcode": "10115",
        "occupation": "Buyer", "registered_at": "2026-03-01T08:00:00Z",
    }  # fmt: skip
    values = value(site, one.id)
    assert wanted.items() <= values.items()
    assert values["consents"][0]["state"] == "opted_out"
    assert value(site, two.id)["name"] == "张伟"


def test_an_order_arrives_with_its_amounts_and_its_contact(opened: Open) -> None:
    site = opened()
    buyer, other = site.insert(lastname="Anna"), site.insert(lastname="Bea")
    order = site.insert(
        "orders", hs_external_order_id="W-77", hs_order_name="Camping", hs_external_order_status="Fulfilled",
        hs_total_price="95.00", hs_refund_amount="12.50", hs_currency_code="CNY", kehub_source_ref="A-1",
    )  # fmt: skip
    named = site.insert("orders", hs_order_name="Only a name", hs_total_price="5", hs_currency_code="CNY")
    for contact in (other, buyer):
        site.edit("associate", order, "orders", other=contact.id)
    site.sync()
    assert order_row(site, order.id) == ("W-77", "shipped", 9500, 1250, "A-1", "customers", str(buyer.id))
    assert order_row(site, named.id)[:3] == ("Only a name", "done", 500)


def test_an_order_without_a_contact_is_its_billing_address_s(opened: Open) -> None:
    site = opened()
    values = {"hs_total_price": "5", "hs_currency_code": "CNY"}
    phone = site.insert("orders", hs_billing_address_phone="139 1111 2222", **values)
    again = site.insert("orders", hs_billing_address_phone="13911112222", **values)
    none = site.insert("orders", **values)
    site.sync()
    buyers = [order_row(site, order.id)[5:] for order in (phone, again, none)]
    assert buyers[0] == buyers[1] != buyers[2]
    assert (buyers[0][0], buyers[2]) == ("buyers", (None, None))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("open", "pending"), ("processing", "paid"), ("Fulfilled", "shipped"), ("DELIVERED", "delivered"),
        ("complete", "done"), ("canceled", "cancelled"), ("refunded", "returned"), ("Im Lager", "paid"),
    ],
)  # fmt: skip
def test_statuses_are_told_in_our_words(opened: Open, theirs: str, ours: str) -> None:
    site = opened({"settings": "    statuses: {Im Lager: paid}"})
    order = site.insert("orders", hs_external_order_status=theirs, hs_total_price="5", hs_currency_code="CNY")
    site.sync()
    assert order_row(site, order.id)[1] == ours


def test_an_unknown_status_and_an_order_without_currency_are_set_aside_and_not_guessed(opened: Open) -> None:
    site = opened()
    odd = site.insert("orders", hs_external_order_status="Im Lager", hs_total_price="5", hs_currency_code="CNY")
    poor = site.insert("orders", hs_total_price="5")
    found = site.outcome("orders")
    assert (found.quarantined, found.certificate) == (2, "swept")
    held = site.look(lambda store: store.quarantine.list("crm"))
    assert {(one.ext, one.field) for one in held} == {
        (str(odd.id), "hs_external_order_status"),
        (str(poor.id), "hs_currency_code"),
    }


def test_where_another_system_counts_the_orders_none_is_counted(opened: Open) -> None:
    site = opened({"settings": "    counts: false"})
    with site.connector() as crm:
        assert [stream.counts for stream in crm.streams()] == [True, False]
    site.write(settings="    orders: false")
    with site.connector() as crm:
        assert [stream.name for stream in crm.streams()] == ["customers"]


def test_more_properties_than_an_address_or_a_search_takes_are_read_by_id(opened: Open, clock: FixedClock) -> None:
    names = [f"a_property_with_a_rather_long_name_{number:02}_as_some_are" for number in range(50)]
    fields = "\n".join(f"      - {{ours: custom.f{number}, theirs: {name}}}" for number, name in enumerate(names))
    site = opened({"page_size": 5, "search_rows": 5, "fields": fields})
    for name in names:
        site.twin._add_property({"name": name})
    one = site.insert(lastname="Li", **{names[49]: "deep"})
    assert site.outcome().certificate == "swept"
    assert value(site, one.id)["custom.f49"] == "deep"
    clock.advance(HOUR)
    site.change(one, **{names[48]: "deeper"})
    clock.advance(HOUR)
    assert site.outcome().certificate == "bracketed"
    assert value(site, one.id)["custom.f48"] == "deeper"
    assert site.calls("batch/read") > 0


def test_a_cursor_that_only_hubspot_can_read_is_given_back_as_it_came(opened: Open) -> None:
    site = opened({"page_size": 4}, cursor="opaque")
    assert site.outcome().certificate == "swept"
    assert site.look(living) == set(site.rows())


def test_a_list_whose_cursors_lead_round_in_circles_is_left_after_a_while(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 2, "settings": "    orders: false"}, cursor="opaque")
    after = site.twin.listing._after
    site.twin.listing._after = lambda text: after(text) % 510  # type: ignore[method-assign]
    assert "totals disagree" in site.sync().errors["crm"].what
    assert site.calls("GET ") < 200
    site.twin.listing._after = after  # type: ignore[method-assign]
    clock.advance(HOUR)
    assert site.outcome().certificate == "swept"


def test_without_totals_a_read_is_a_chain_and_nobody_is_gone_by_absence(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    totals: false"})
    assert site.outcome().certificate == "chain"
    one = next(iter(site.rows().values()))
    site.twin.books.kinds["contacts"].drop(one)
    for _ in range(3):
        clock.advance(timedelta(days=2))
        assert site.outcome(full=True).certificate == "chain"
    assert one.id in site.look(living)


# -- what changed


def test_nothing_new_costs_a_search_and_a_look_into_the_archive_a_stream(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(HOUR)
    site.twin.counts.reset()
    report = site.sync()
    assert (site.calls("/search"), site.calls("GET "), site.calls("associations")) == (2, 2, 0)
    for name in ("customers", "orders"):
        found = of(report, name)
        assert (found.certificate, found.changed, found.new) == ("bracketed", 0, 0)


@pytest.mark.parametrize("module", ["contacts", "orders"])
@pytest.mark.parametrize(("apart", "rows"), [(60, 200), (60, 4), (60, 1), (0, 4), (0, 1), (0.001, 3)])
def test_a_window_is_read_whole_however_many_changed_at_once_and_no_search_meets_its_cap(
    opened: Open, clock: FixedClock, module: str, apart: float, rows: int
) -> None:
    site = opened({"search_rows": rows}, search_cap=max(rows, 2))
    window = busy_hour(site, clock, apart=apart, module=module)
    name = {"contacts": "customers"}.get(module, module)
    with site.connector() as crm:
        pages = read(crm, window, name=name)
    assert set(ids(pages)) == set(list(site.rows(module))[:12])
    assert pages[-1].end is not None
    assert (pages[-1].end.before, pages[-1].end.after) == (12, 12)


def test_only_what_changed_is_read_again(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(HOUR)
    one = next(iter(site.rows().values()))
    site.change(one, city="Wuxi")
    clock.advance(HOUR)
    found = site.outcome()
    assert (found.changed, found.new, found.unchanged, found.certificate) == (1, 0, 0, "bracketed")


def test_what_search_learns_late_is_found_by_the_next_window(opened: Open, clock: FixedClock) -> None:
    site = opened(index_delay=200)
    site.sync()
    clock.advance(HOUR)
    one, new = next(iter(site.rows().values())), site.insert(lastname="Wu")
    site.change(one, city="Wuxi")
    clock.advance(timedelta(seconds=100))
    assert site.outcome().changed == 0
    clock.advance(timedelta(minutes=6))
    found = site.outcome()
    assert (found.changed, found.new) == (1, 1)
    assert value(site, one.id)["city"] == "Wuxi"
    assert new.id in site.look(living)


def test_bounds_are_met_once(opened: Open, clock: FixedClock) -> None:
    site = opened()
    one = site.insert(lastname="Wu")
    start = clock.now()
    clock.advance(HOUR)
    with site.connector() as crm:
        assert ids(read(crm, Window(start, start + timedelta(seconds=1)))) == [one.id]
        assert ids(read(crm, Window(start - timedelta(seconds=1), start))) == []


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("name", "module"), [("customers", "contacts"), ("orders", "orders")])
def test_every_position_lets_another_process_go_on(
    opened: Open, clock: FixedClock, name: str, module: str, whole: bool
) -> None:
    site = opened({"page_size": 4, "search_rows": 4})
    start = clock.now()
    for record in list(site.rows(module).values())[-6:]:
        site.edit("delete", record, module)
    window = busy_hour(site, clock, module=module)
    window = everything(clock) if whole else Window(start, window.until)
    with site.connector() as crm:
        pages = read(crm, window, name=name)
    assert pages[-1].end is not None
    assert len(pages) > 4
    for number, page in enumerate(pages[:-1]):
        with site.connector() as crm:
            rest = read(crm, window, json.loads(json.dumps(page.position)), name)
        assert ids(rest) == ids(pages[number + 1 :])
        assert [page.gone for page in rest] == [page.gone for page in pages[number + 1 :]]
        assert rest[-1].end == pages[-1].end


def test_a_position_of_another_version_starts_again(opened: Open, clock: FixedClock) -> None:
    site = opened()
    for position in ({"offset": 12}, {"phase": "coql"}):
        with site.connector() as crm:
            (page,) = read(crm, everything(clock), position)
        assert page.restart


@pytest.mark.parametrize("skip", [0, 2, 5, 9])
def test_killed_at_any_call_the_next_run_ends_as_if_undisturbed(opened: Open, clock: FixedClock, skip: int) -> None:
    site = opened({"page_size": 5})
    site.twin.faults.set({"500": {"on": "read", "skip": skip, "times": None}})
    assert "crm" in site.sync().errors
    site.twin.faults.clear()
    clock.advance(HOUR)
    assert site.sync().errors == {}
    assert site.look(living) == set(site.rows())
    assert site.look(lambda store: living(store, "orders")) == set(site.rows("orders"))


def test_a_contact_that_changes_while_a_window_is_read_is_the_next_window_s(opened: Open, clock: FixedClock) -> None:
    site = opened({"search_rows": 4})
    site.sync()
    busy_hour(site, clock)
    wanted = list(site.rows().values())[:12]
    moved: list[int] = []

    def spoil(call: Call, kind: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if call.path.endswith("/contacts/search") and not moved:
            moved.append(wanted[-1].id)  # on the last page, and gone from it when it is asked for
            site.change(wanted[-1], city="Elsewhere")
        return rows

    site.twin.search._spoil = spoil
    found = site.outcome()
    assert (found.changed, found.certificate) == (11, "chain")
    clock.advance(HOUR)
    found = site.outcome()
    assert (found.changed, found.certificate) == (1, "bracketed")
    assert value(site, moved[0])["city"] == "Elsewhere"


# -- who is gone


def test_the_archive_tells_who_is_gone_and_who_is_taken_out_of_it_comes_back(opened: Open, clock: FixedClock) -> None:
    site = opened({"page_size": 2})
    site.sync()
    clock.advance(HOUR)
    gone = list(site.rows().values())[:3]
    for record in gone:
        site.edit("delete", record)
    order = next(iter(site.rows("orders").values()))
    site.edit("delete", order, "orders")
    clock.advance(HOUR)
    report = site.sync()
    assert (of(report).gone, of(report, "orders").gone) == (3, 1)
    assert site.look(living) == set(site.rows())
    clock.advance(HOUR)
    site.edit("restore", gone[0])
    clock.advance(HOUR)
    site.sync()
    assert site.look(living) == set(site.rows()) >= {gone[0].id}


def test_records_that_do_not_say_that_they_are_archived_are_not_gone(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened()
    gone = site.insert(lastname="A")
    site.edit("delete", gone)
    with site.connector() as crm:
        assert [one for page in read(crm, everything(clock)) for one in page.gone] == [str(gone.id)]
    found = site.twin.listing._found
    monkeypatch.setattr(site.twin.listing, "_found", lambda kind, archived: found(kind, archived=False))
    with site.connector() as crm:  # the filter is passed over
        assert [one for page in read(crm, everything(clock)) for one in page.gone] == []


def test_the_archive_may_be_looked_into_less_often_and_tells_as_much(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    archived_minutes: 60\n    orders: false"})
    site.sync()
    site.twin.counts.reset()
    told = []
    for number in range(12):
        clock.advance(timedelta(minutes=15))
        site.edit("delete", list(site.rows().values())[number])
        told.append(site.outcome().gone)
    assert site.calls("GET ") == 3
    assert told == [1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0]  # each when a window first reaches into a new hour


@pytest.mark.parametrize("keeps", ["primary", "new"])
def test_who_was_merged_into_another_is_gone(opened: Open, clock: FixedClock, keeps: str) -> None:
    site = opened(merged_keeps=keeps)
    kept, other = site.insert(lastname="Wu", email="wu@shop.cn"), site.insert(lastname="Wu", email="wu2@shop.cn")
    site.sync()
    clock.advance(HOUR)
    site.edit("merge", kept, other=other.id)
    clock.advance(HOUR)
    found = site.outcome()
    assert (found.gone, found.certificate) == (1 if keeps == "primary" else 2, "bracketed")
    assert site.look(living) == set(site.rows())
    with site.connector() as crm:
        assert list(crm.fetch([str(other.id)])) == []  # the survivor answers for it, and is somebody else


def test_who_was_erased_is_gone_after_two_complete_reads(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    one = next(iter(site.rows().values()))
    site.edit("erase", one)
    for gone in (0, 1):
        clock.advance(timedelta(days=31))
        found = site.outcome()
        assert (found.full, found.certificate, found.gone) == (True, "swept", gone)
    assert one.id not in site.look(living)


def test_a_spoilt_name_is_asked_for_again_by_id(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.twin.faults.set({"undecodable_row": {"path": "/contacts"}})
    found = site.outcome()
    assert (found.certificate, found.quarantined) == ("swept", 0)
    assert site.look(living) == set(site.rows())


def test_orders_by_id_come_with_their_contacts(opened: Open) -> None:
    site = opened()
    linked = next(order for order in site.rows("orders") if site.twin.books.linked("orders", order, "contacts"))
    with site.connector() as crm:
        stream = next(one for one in crm.streams() if one.name == "orders")
        found = crm.named(stream, [str(linked), "999999"])
    assert found.keys() == {str(linked)}
    assert int(found[str(linked)]["contact"]) in site.rows()


def test_what_the_twin_shows_is_what_the_connector_reads(opened: Open, clock: FixedClock) -> None:
    site = opened()
    for name, module in (("customers", "contacts"), ("orders", "orders")):
        with site.connector() as crm:
            rows = {row["id"]: row for page in read(crm, everything(clock), name=name) for row in page.rows}
        shown = site.twin.records(module)
        assert rows.keys() == shown.keys()
        for id_, row in rows.items():
            assert {key: value or None for key, value in row.items()}.items() <= {
                **{key: value or None for key, value in shown[id_].items()}
            }.items()
    assert len(PEOPLE.people) == 40
