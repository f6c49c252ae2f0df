"""A declared REST system whose listings misbehave: what is spoilt costs no row, and is never taken for the end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.rest.wire.leg import Leg
from connectors.rest.wire.listing import Sheet
from connectors.rest.wire.walk import Walk
from hub.clock import FixedClock
from hub.connector import Window
from hub.errors import Transient
from tests.rest_site import Declared, Open, ids, living, opened, outcome
from tests.site import read

__all__ = ["opened"]

PAGED = ("page", "offset", "cursor", "last_row", "link", "token")


def alone(own: Declared) -> None:
    """Members only, which is what these tests look at."""
    own["streams"] = own["streams"][:1]


def unnumbered(own: Declared) -> None:
    """Members only, and nobody tells how many there are."""
    alone(own)
    del own["streams"][0]["total"]


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


@pytest.mark.parametrize("paging", PAGED)
@pytest.mark.parametrize("fault", ["empty_page", "short_page", "repeated_page", "duplicate_row", "shuffled_rows"])
def test_a_page_that_is_spoilt_once_costs_no_row(opened: Open, paging: str, fault: str) -> None:
    site = opened(7, alone, paging=paging)
    site.twin.faults.set({fault: {"path": "/members", "skip": 1}})
    assert site.read().certificate in ("swept", "chain")
    assert site.look(living) == {one.number for one in site.members}


@pytest.mark.parametrize("paging", PAGED)
@pytest.mark.parametrize("fault", ["empty_page", "repeated_page"])
def test_without_any_total_a_doubtful_page_is_asked_for_again(opened: Open, paging: str, fault: str) -> None:
    site = opened(7, unnumbered, paging=paging)
    site.twin.faults.set({fault: {"path": "/members", "skip": 1}})
    assert site.read().certificate == "chain"
    assert site.look(living) == {one.number for one in site.members}


@pytest.mark.parametrize("paging", ["page", "link"])
@pytest.mark.parametrize("fault", ["html_in_200", "truncated", "error_in_200", "500", "429"])
def test_an_answer_that_is_no_page_is_asked_for_again(opened: Open, paging: str, fault: str) -> None:
    site = opened(7, alone, paging=paging)
    site.twin.faults.set({fault: {"path": "/members", "skip": 2, "times": 2}})
    assert site.read().certificate == "swept"
    assert site.look(living) == {one.number for one in site.members}


@pytest.mark.parametrize(
    ("paging", "fault"),
    [(paging, fault) for paging in PAGED for fault in ("empty_page", "repeated_page")]
    + [("cursor", fault) for fault in ("html_in_200", "error_in_200", "truncated")],
)
def test_a_page_that_stays_spoilt_is_no_end_and_the_next_run_goes_on(
    opened: Open, clock: FixedClock, paging: str, fault: str
) -> None:
    site = opened(7, alone, paging=paging)
    site.twin.faults.set({fault: {"path": "/members", "skip": 2, "times": None}})
    report = site.sync()
    assert report.errors["club"].what
    assert outcome(report).certificate == ""
    site.twin.faults.clear()
    clock.advance(timedelta(hours=1))
    assert site.read().certificate in ("swept", "chain")
    assert site.look(living) == {one.number for one in site.members}


@pytest.mark.parametrize("paging", PAGED)
def test_a_listing_that_ends_too_early_by_its_own_total_is_never_certified(opened: Open, paging: str) -> None:
    site = opened(7, alone, paging=paging)
    site.twin.faults.set({"silent_cap": {"path": "/members", "rows": 9}})
    report = site.sync()
    assert outcome(report).certificate == ""
    assert report.errors["club"].what


@pytest.mark.parametrize("paging", ["page", "offset", "cursor", "link", "token"])
def test_a_page_passed_over_is_noticed_by_the_total(opened: Open, paging: str) -> None:
    site = opened(7, alone, paging=paging)
    site.twin.faults.set({"skipped_page": {"path": "/members", "skip": 1}})
    assert site.read().certificate
    assert site.look(living) == {one.number for one in site.members}


def test_rows_that_move_up_while_an_offset_is_walked_hide_none(opened: Open) -> None:
    site = opened(7, unnumbered, paging="offset", flags=False)
    first = site.twin.books.members
    site.twin.faults.set({"drift": {"path": "/members", "skip": 1, "kind": "delete"}})
    remove, edit = site.twin.books.erase, site.twin.edit
    site.twin.edit = lambda wish: remove("members", wish["id"]) or {} if wish["op"] == "delete" else edit(wish)  # type: ignore[method-assign]
    site.read()
    assert site.look(living) >= {number for number, one in first.items() if not one.closed}


@pytest.mark.parametrize("paging", ["page", "cursor", "link", "token"])
def test_a_page_that_comes_again_and_again_is_never_the_end(opened: Open, paging: str) -> None:
    site = opened(7, unnumbered, paging=paging)
    site.twin.faults.set({"repeated_page": {"path": "/members", "skip": 1, "times": None}})
    report = site.sync()
    assert outcome(report).certificate == ""
    assert report.errors["club"].what


@pytest.mark.parametrize("ring", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_marks_that_go_round_in_a_ring_end_the_read_as_partial(opened: Open, ring: list[str]) -> None:
    site = opened(7, unnumbered, paging="cursor")
    with site.connector() as club:
        own = club.settings.stream("customers")
        listing, asked = club.listing(own), []

        class Ring:
            paging, size = listing.paging, 7

            def sheet(self, mark: Any, window: Window, size: int) -> Sheet:
                asked.append(mark)
                number = len(asked)
                place = ring.index(mark) if mark in ring else -1
                return Sheet([{"member_no": f"M{number}"}], next=ring[(place + 1) % len(ring)])

        walk = Walk(Ring(), everything(site.clock), Leg(), "member_no")  # type: ignore[arg-type]
        with pytest.raises(Transient, match="does not move on"):
            [walk.step() for _ in range(20)]
        assert len(asked) < 20


@pytest.mark.parametrize("paging", PAGED)
def test_a_read_goes_on_after_any_of_its_pages(opened: Open, clock: FixedClock, paging: str) -> None:
    site = opened(7, alone, paging=paging)
    with site.connector() as club:
        whole = read(club, everything(clock))
        for number, page in enumerate(whole[:-1], 1):
            assert page.position is not None
            rest = read(club, everything(clock), json.loads(json.dumps(page.position)))
            assert ids(whole[:number]) + ids(rest) == ids(whole)
            assert rest[-1].end == whole[-1].end


def test_a_place_of_other_settings_begins_the_read_again(opened: Open, clock: FixedClock) -> None:
    site = opened(7, alone, paging="cursor")
    with site.connector() as club:
        page = read(club, everything(clock))[0]
    assert page.position is not None
    other = opened(7, alone, paging="page")
    with other.connector() as club:
        for position in (page.position, {"way": "page 7 /members"}, {"leg": 7}):
            assert [one.restart for one in read(club, everything(clock), position)] == [True]


def test_a_row_without_an_id_is_set_aside_and_hides_nobody(opened: Open) -> None:
    site = opened(7, alone)
    nameless = site.join(name="Nobody")
    shown = site.twin.books.shown
    site.twin.books.shown = lambda record: {  # type: ignore[method-assign]
        **shown(record), **({"member_no": None} if record is nameless else {})
    }  # fmt: skip
    found = site.read()
    assert (found.quarantined, found.certificate) == (1, "bracketed")  # a row without an id may be anybody's
    (held,) = site.look(lambda store: store.quarantine.list("club"))
    assert held.reason == "has no id"
    assert held.place.startswith("customers: page ")


def test_a_secret_that_a_link_repeats_is_kept_nowhere(opened: Open, clock: FixedClock) -> None:
    site = opened(7, alone, paging="link", auth="key_query")
    with site.connector() as club:
        pages = read(club, everything(clock))
    assert len(pages) > 3
    assert site.twin.options.secret not in json.dumps([page.position for page in pages])


def test_a_link_to_another_host_is_not_followed(opened: Open) -> None:
    site = opened(7, alone, paging="link")
    site.twin._members._listing._link = lambda *given: "https://elsewhere.example/v1/members?mark=x"  # type: ignore[method-assign]
    report = site.sync()
    assert "another host" in report.errors["club"].what
    assert "elsewhere" not in str(report.errors["club"])


@pytest.mark.parametrize("paging", ["cursor", "token", "link"])
def test_a_mark_that_the_system_no_longer_knows_begins_the_read_again(
    opened: Open, clock: FixedClock, paging: str
) -> None:
    site = opened(7, alone, paging=paging)
    with site.connector() as club:
        page = read(club, everything(clock))[1]
        assert page.position is not None
        page.position["leg"]["mark"] = f"{club.settings.base_url}/members?mark=%21" if paging == "link" else "!"
        assert [one.restart for one in read(club, everything(clock), page.position)] == [True]


@pytest.mark.parametrize("paging", ["page", "offset", "cursor", "link", "token"])
def test_a_read_goes_on_among_the_deleted_too(opened: Open, clock: FixedClock, paging: str) -> None:
    def change(own: Declared) -> None:
        alone(own)
        own["streams"][0]["deletes"] = {"by": "path", "path": "/members/closed", "records": "result.closed"}

    site = opened(5, change, paging=paging, shows_closed=False)
    for number in range(17):
        site.join(name=f"Left {number}", status="closed")
    with site.connector() as club:
        whole = read(club, everything(clock))
        gone = [id_ for page in whole for id_ in page.gone]
        assert set(gone) == {one.number for one in site.twin.books.members.values() if one.closed}
        for number, page in enumerate(whole[:-1], 1):
            rest = read(club, everything(clock), json.loads(json.dumps(page.position)))
            assert [id_ for page in (*whole[:number], *rest) for id_ in page.gone] == gone


def test_what_is_read_is_what_the_twin_holds(opened: Open, clock: FixedClock) -> None:
    site = opened(7)
    with site.connector() as club:
        for stream, module, id_ in (("customers", "members", "member_no"), ("orders", "purchases", "no")):
            rows = {row[id_]: row for page in read(club, everything(clock), name=stream) for row in page.rows}
            assert rows == site.twin.records(module)
