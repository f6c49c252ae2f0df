"""A declared REST system against its twin, over HTTP, through the engine: reading in every declared way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.connector import Window
from tests.rest_site import ACCESS, PAGINGS, TIMES, Declared, Open, ids, living, opened, outcome
from tests.site import read

__all__ = ["opened"]


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("auth", ACCESS)
def test_each_way_of_paging_reads_everything_behind_each_way_of_coming_in(opened: Open, paging: str, auth: str) -> None:
    site = opened(7, paging=paging, auth=auth)
    report = site.sync()
    assert report.errors == {}
    assert (outcome(report).certificate, outcome(report).quarantined) == ("swept", 0)
    assert site.look(living) == {one.number for one in site.members}
    assert outcome(report, "orders").certificate == "swept"
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.purchases)
    if paging != "whole":
        assert site.calls("GET /v1/members") >= len(site.twin.books.members) // 7


# -- what changed


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("paging", ["page", "offset", "cursor", "link", "token"])
def test_a_later_run_asks_for_what_changed_only(opened: Open, clock: FixedClock, paging: str, times: str) -> None:
    site = opened(7, paging=paging, times=times)
    site.sync()
    clock.advance(timedelta(hours=1))
    for one in site.members[:9]:
        site.change(one, name="Changed")
    clock.advance(timedelta(minutes=30))
    site.twin.counts.reset()
    found = site.read()
    assert (found.certificate, found.full) == ("bracketed", False)
    assert (found.changed, found.quarantined) == (9, 0)
    assert site.calls("GET /v1/members") == 2


def test_a_member_arrives_with_all_fields(opened: Open) -> None:
    site = opened(times="epoch_ms")
    one = site.join(
        name="王芳", mobile="138 1234 5678", email="Fang@Club.CN", gender="F", birthday="1990-02-03", no_mail=True,
        level="gold", address={"province": "上海", "city": "上海", "street": "南京路 1", "postcode": "200001"},
    )  # fmt: skip
    site.sync()
    record = site.look(lambda store: store.records.by_exts("club", "customers", [one.number]))[one.number]
    values = record.body.values
    wanted = {
        "name": "王芳", "phone": "+8613812345678", "email": "fang@club.cn", "gender": "female", "birthday": "1990-02-03",
        "province": "上海", "street": "南京路 1", "postcode": "200001", "registered_at": "2026-03-01T08:00:00Z",
    }  # fmt: skip
    assert wanted.items() <= values.items()
    assert [(one["channel"], one["state"]) for one in values["consents"]] == [("email", "opted_out")]


def test_a_purchase_arrives_with_its_lines_and_its_buyer(opened: Open) -> None:
    site = opened(times="local")
    member = site.join(name="Anna", mobile="13912345678")
    item = {"code": "K-1", "title": "Blocks", "group": "toys", "count": 3, "price": "33.50", "off": "0.50", "back": "0"}
    bought = site.buy(member=member.number, total="100.00", back="33.50", state="sent", items=[item])
    assert site.read("orders").quarantined == 0
    sql = (
        "SELECT o.number, o.status, o.total, o.refunded, o.placed_at, b.ext FROM orders o JOIN record r ON r.rid = o.rid"
        " JOIN record b ON b.rid = o.buyer WHERE r.ext = :ext"
    )
    (row,) = site.look(lambda store: store.db.rows(sql, {"ext": bought.number}))
    placed = int(site.clock.now().timestamp())
    assert tuple(row) == (bought.number, "shipped", 10000, 3350, placed, member.number)
    sql = "SELECT l.sku, l.quantity, l.price, l.discount FROM order_line l JOIN record r ON r.rid = l.rid WHERE r.ext = :ext"
    (line,) = site.look(lambda store: store.db.rows(sql, {"ext": bought.number}))
    assert tuple(line) == ("K-1", "3", 3350, 50)


def test_a_field_may_lie_in_a_list_and_is_read_from_its_place(opened: Open) -> None:
    def change(own: Declared) -> None:
        listed = [("other_phones", "labels.0.no"), ("custom.seen", "labels.1")]
        own["streams"][0]["fields"] += [{"ours": ours, "theirs": theirs, "write": False} for ours, theirs in listed]
        own["streams"][0]["fields"][-1]["form"] = "moment"

    site = opened(change=change, times="epoch")
    one = site.join(name="Anna", labels=[{"no": "139 1234 5678"}, 1772352000])
    bare = site.join(name="Bare")
    site.sync()
    records = site.look(lambda store: store.records.by_exts("club", "customers", [one.number, bare.number]))
    values = records[one.number].body.values
    assert (values["other_phones"], values["custom.seen"]) == (["+8613912345678"], "2026-03-01T08:00:00Z")
    assert "other_phones" not in records[bare.number].body.values


def test_nothing_is_asked_when_the_watermark_lies_ahead(opened: Open, clock: FixedClock) -> None:
    site = opened()
    with site.connector() as club:
        later = clock.now() + timedelta(days=2)
        (page,) = read(club, Window(later, clock.now()))
        assert (list(page.rows), list(page.gone)) == ([], [])
        assert page.end is not None
        assert site.calls("GET") == 0
        assert ids(read(club, Window(later, later + timedelta(hours=1)))) == []


def test_the_overlap_finds_what_came_late(opened: Open, clock: FixedClock) -> None:
    site = opened(change=lambda own: own["streams"][0].update(overlap_minutes=10))
    site.sync()
    clock.advance(timedelta(minutes=3))
    late = site.join(name="Late")
    clock.advance(timedelta(minutes=5))
    assert site.read().new == 0  # not yet: the window ends ten minutes ago
    clock.advance(timedelta(minutes=20))
    assert site.read().new == 1
    assert late.number in site.look(living)


def test_a_listing_may_be_asked_by_post_with_everything_in_the_body(opened: Open, clock: FixedClock) -> None:
    def search(own: Declared) -> None:
        members = own["streams"][0]
        members |= {"path": "/members/search", "method": "POST", "body": {"query": {"why": "sync"}}}
        members["paging"] |= {"param": "query.page", "size_param": "query.limit", "sent_in": "body"}
        members["since"] |= {"param": "query.since", "until": "query.until", "sent_in": "body"}

    site = opened(7, search)
    assert site.read().certificate == "swept"
    assert site.look(living) == {one.number for one in site.members}
    clock.advance(timedelta(hours=1))
    site.change(site.members[0], name="Changed")
    clock.advance(timedelta(minutes=30))
    assert site.read().changed == 1
    assert site.calls("POST /v1/members/search") == len(site.twin.books.members) // 7 + 2
    assert site.calls("GET /v1/members") == 0


@pytest.mark.parametrize("paging", ["page", "offset", "cursor", "last_row", "link", "token"])
def test_a_total_may_stand_in_a_header(opened: Open, paging: str) -> None:
    site = opened(7, lambda own: own["streams"][0].update(total={"header": "X-Total"}), paging=paging)
    assert site.read().certificate == "swept"
    assert site.look(living) == {one.number for one in site.members}


# -- what is gone


def gone_by(**how: Any) -> Callable[[Declared], None]:
    def change(own: Declared) -> None:
        own["streams"][0]["deletes"] = how

    return change


@pytest.mark.parametrize("paging", ["page", "cursor"])
def test_who_left_is_gone_by_the_flag_that_says_so(opened: Open, clock: FixedClock, paging: str) -> None:
    site = opened(7, paging=paging)
    site.sync()
    leaver = site.members[3]
    clock.advance(timedelta(hours=1))
    site.edit("delete", leaver)
    clock.advance(timedelta(hours=1))
    found = site.read()
    assert (found.certificate, found.gone) == ("bracketed", 1)
    assert leaver.number not in site.look(living)


def test_who_left_is_gone_by_a_listing_of_their_own(opened: Open, clock: FixedClock) -> None:
    listed = {
        "by": "path",
        "path": "/members/closed",
        "records": "result.closed",
        "total": {"path": "result.meta.total"},
    }
    site = opened(7, gone_by(**listed), shows_closed=False)
    site.sync()
    erased, leaver = site.members[2], site.members[5]
    clock.advance(timedelta(hours=1))
    site.edit("delete", leaver)
    site.edit("delete", erased, erase=True)
    clock.advance(timedelta(hours=1))
    found = site.read()
    assert (found.certificate, found.gone) == ("bracketed", 2)
    assert site.look(living) == {one.number for one in site.members}


def test_what_is_missing_from_two_complete_reads_is_gone(opened: Open, clock: FixedClock) -> None:
    site = opened(7)
    site.sync()
    dropped = next(iter(site.twin.books.purchases.values()))
    site.edit("delete", dropped)
    for _ in range(2):
        clock.advance(timedelta(days=31))
        assert site.read("orders").certificate == "swept"
    assert dropped.number not in site.look(lambda store: living(store, "orders"))


# -- how much a read can prove


@pytest.mark.parametrize(
    ("total", "deletes", "proven"),
    [
        (True, {"by": "absence"}, "swept"), (True, {"by": "none"}, "swept"), (False, {"by": "none"}, "chain"),
        (False, {"by": "absence"}, "swept"),
    ],
)  # fmt: skip
def test_a_read_proves_what_the_declaration_lets_it_prove(
    opened: Open, total: bool, deletes: dict[str, Any], proven: str
) -> None:
    def change(own: Declared) -> None:
        members = own["streams"][0]
        members["deletes"] = deletes
        if not total:
            del members["total"]

    site = opened(7, change, paging="cursor", shows_closed=False)
    with site.connector() as club:
        assert club.streams()[0].strength == proven
    assert site.read().certificate == proven


def test_hidden_rows_are_counted_and_never_waited_for(opened: Open) -> None:
    site = opened(7, lambda own: own["streams"][0].update(hidden_rows=2))
    shown = site.twin.pages.capped
    site.twin.pages.capped = lambda call, found: (  # type: ignore[method-assign]
        shown(call, found)[0], len(found) + 2 * ("members" in call.path)
    )  # fmt: skip
    found = site.read()
    assert (found.certificate, found.shortfall) == ("swept", 2)
    assert site.look(living) == {one.number for one in site.members}


@pytest.mark.parametrize(
    ("paging", "end"),
    [("page", "pages")]
    + [
        (paging, end)
        for paging in ("page", "offset", "cursor", "last_row", "link", "token")
        for end in ("more", "last")
    ],
)
def test_an_end_may_be_told_by_a_flag_or_by_the_number_of_pages(opened: Open, paging: str, end: str) -> None:
    def change(own: Declared) -> None:
        members = own["streams"][0]
        own["streams"] = [members]
        del members["total"]
        members["paging"].pop("more", None)
        members["paging"][end] = f"result.meta.{end}"

    site = opened(7, change, paging=paging)
    assert site.read().certificate == "chain"
    assert site.look(living) == {one.number for one in site.members}
    assert site.calls("GET /v1/members") == -(-len(site.twin.books.members) // 7)


def test_without_a_filter_by_time_every_run_reads_everything(opened: Open, clock: FixedClock) -> None:
    site = opened(100, lambda own: own["streams"][0].pop("since"))
    site.sync()
    clock.advance(timedelta(hours=1))
    found = site.read()
    assert (found.full, found.certificate, found.unchanged) == (True, "swept", len(site.members))
