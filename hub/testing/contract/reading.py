"""Checks on reading: everything once, whatever happens on the way, and only what is new after that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hub.connector import MOMENT, Page, Stream, Window
from hub.testing.contract.check import check, follower, networked
from hub.testing.contract.rig import Rig
from sync.mapping import pick

MINUTE = timedelta(minutes=1)


@check("works")
def reads_every_record(rig: Rig) -> None:
    """It reads every record of every stream, and ends by the system's own end."""
    for name in rig.streams:
        pages = rig.pages(rig.whole(), name=name)
        _ended(pages)
        assert sorted(_ids(rig.streams[name], pages)) == rig.ids(name), f"{name}: not the rows that the system holds"


@check("works")
def reads_page_by_page(rig: Rig) -> None:
    """It reads in pages, none of which holds a row that another one has."""
    pages = rig.pages(rig.whole())
    assert len([page for page in pages if page.rows]) > 1, "everything came in one page"
    ids = _ids(rig.customers, pages)
    assert len(ids) == len(set(ids)), "a row came twice"


@check("careful")
def goes_on_at_every_page(rig: Rig) -> None:
    """A read that stopped at any page goes on behind it, in another process."""
    for name, one in rig.streams.items():
        window = rig.whole()
        pages = rig.pages(window, name=name)
        for number, page in enumerate(pages):
            if page.position is None or page.end:
                continue
            rest = rig.pages(window, json.loads(json.dumps(page.position)), name)
            _ended(rest)
            met = {*_ids(one, pages[: number + 1]), *_ids(one, rest)}
            assert met == set(rig.ids(name)), f"{name}: going on behind page {number + 1} loses rows"


@check("works")
def reads_an_empty_system(rig: Rig) -> None:
    """A system without records is read as empty, and that is no error."""
    empty = rig.another(people=0)
    for name in empty.streams:
        for id_ in empty.ids(name):
            empty.clerk_deletes(id_, name)
        pages = empty.pages(empty.whole(), name=name)
        _ended(pages)
        assert not _ids(empty.streams[name], pages), f"{name}: rows out of nowhere"


@check("works", follower)
def reads_what_changed_and_little_else(rig: Rig) -> Iterator[None]:
    """After the first read it reads what changed, and finds nothing else changed."""
    rig.settle()
    chosen = rig.ids()[5]
    rig.clerk_types(chosen, "Changed")
    rig.clock.advance(20 * MINUTE)
    yield
    found = rig.read()
    yield
    if not rig.disturbed:
        assert (found.new, found.changed) == (0, 1), (
            f"{found.new} new and {found.changed} changed instead of one changed"
        )
    rig.agrees()


@check("careful", follower)
def meets_a_row_that_comes_late(rig: Rig) -> None:
    """A change that shows a minute after its time was read is met by the overlap."""
    rig.settle()
    rig.clock.advance(20 * MINUTE)
    rig.read()
    rig.twin.clock.advance(-60)
    rig.clerk_types(rig.ids()[3], "Late")
    rig.twin.clock.advance(60)
    rig.clock.advance(20 * MINUTE)
    rig.read()
    rig.agrees()


@check("careful", follower)
def tells_rows_of_the_same_moment_apart(rig: Rig) -> Iterator[None]:
    """Rows that changed in the same moment are all read, though a page ends among them."""
    rig.settle()
    rig.clock.advance(10 * MINUTE)
    for id_ in rig.ids():
        rig.types_now(id_, "Same moment")
    rig.clock.advance(20 * MINUTE)
    yield
    rig.read()
    yield
    rig.agrees()


@check("careful", follower)
def reads_nothing_of_the_future(rig: Rig) -> None:
    """A window that has not begun yet holds nothing."""
    tomorrow = rig.clock.now() + timedelta(days=1)
    pages = rig.pages(Window(tomorrow, tomorrow + timedelta(days=1)))
    assert not _ids(rig.customers, pages), "rows of a time that has not come"


@check("careful")
def a_first_read_is_whole_or_does_not_count(rig: Rig) -> Iterator[None]:
    """A read that counts as complete has met every record, or has set aside by name those that it could not read."""
    before = {name: set(rig.ids(name)) for name in rig.streams}
    yield
    for name in rig.streams:
        certificate = rig.read(name).certificate
        missing = (before[name] & set(rig.ids(name))) - rig.held_records(name).keys() - rig.set_aside(name)
        assert not missing or not certificate, (
            f"{name}: a read that lacks {len(missing)} records counts as {certificate}"
        )
    yield
    rig.agrees()


@check("careful")
def a_read_cut_short_does_not_count(rig: Rig) -> Iterator[None]:
    """A read that breaks off moves no watermark and takes nobody away; the next one makes it good."""
    rig.settle()
    before = {name: (rig.watermark(name), rig.held_records(name).keys()) for name in rig.streams}
    rig.clock.advance(timedelta(days=31))
    yield
    for name in rig.streams:
        outcome = rig.read(name)
        mark, held = before[name]
        if not outcome.certificate:
            assert rig.watermark(name) == mark, f"{name}: an unfinished read moved the watermark"
            assert held <= rig.held_records(name).keys(), f"{name}: an unfinished read took records away"
    yield
    rig.agrees()


@check("careful", networked)
def an_error_in_a_200_is_no_page(rig: Rig) -> None:
    """An error that comes under status 200, or a page of HTML, is not taken for rows or for the end."""
    for fault in ("error_in_200", "html_in_200"):
        rig.twin.faults.set({fault: {"times": None, "on": "read"}})
        outcome = rig.read()
        assert not outcome.certificate, f"{fault}: a read of errors counts as complete"
        rig.twin.faults.clear()
        rig.clock.advance(timedelta(days=1))
    rig.read()
    rig.agrees()


@check("careful", networked)
def a_silent_cap_is_noticed(rig: Rig) -> None:
    """A listing that ends before its own total does not count as complete."""
    for name in rig.streams:
        rows = len(rig.ids(name)) // 2
        rig.twin.faults.set({"silent_cap": {"rows": rows, "totals": "honest", "times": None}})
        outcome = rig.read(name, full=True)
        rig.twin.faults.clear()
        whole = rig.held_records(name).keys() >= set(rig.ids(name))
        assert whole or outcome.certificate not in ("swept", "bracketed"), f"{name}: half of the rows count as all"


@check("works")
def a_row_that_cannot_be_read_stops_nobody(rig: Rig) -> None:
    """A row that cannot be decoded is set aside or asked for again, and the others are read."""
    rig.twin.faults.set({"undecodable_row": {"times": 1}})
    rig.read()
    rig.twin.faults.clear()
    missing = set(rig.ids()) - rig.held_records(rig.customers.name).keys()
    assert len(missing) <= 1, f"{len(missing)} rows went down with the one that cannot be read"
    rig.sweep()
    rig.agrees()


@check("works")
def tells_when_a_row_changed(rig: Rig) -> None:
    """The time of change it gives is the system's own, in whatever zone the system tells it."""
    if not rig.customers.mapping.modified:
        return
    chosen = rig.ids()[0]
    rig.clerk_types(chosen, "Timed")
    with rig.opened() as setup:
        place = setup.config.place
    rows = dict(_rows(rig.customers, rig.pages(rig.whole())))
    told = MOMENT.canonical(pick(rows[chosen], rig.customers.mapping.modified), place)
    at = datetime.fromisoformat(str(told)).astimezone(UTC)
    assert abs(at - rig.twin.clock.now()) < MINUTE, "the time of change is not that of the change"


@check("careful")
def reading_writes_nothing(rig: Rig) -> None:
    """Reading and checking change nothing in the system."""
    before = json.dumps(rig.twin.state(), sort_keys=True, default=str)
    with rig.connector() as found:
        list(found.check())
    rig.read()
    rig.read(full=True)
    assert not rig.twin.counts.writes, "it wrote while it read"
    assert json.dumps(rig.twin.state(), sort_keys=True, default=str) == before, "the system is not as it was"


@check("careful", lambda rig: "" if rig.customers.deletes != "none" else "the system does not say who was deleted")
def learns_of_deletes(rig: Rig) -> Iterator[None]:
    """Who is deleted there is gone here: at once by a list of deletes, after two complete reads by absence."""
    rig.settle()
    chosen = rig.ids()[4]
    rig.clerk_deletes(chosen)
    rig.clock.advance(20 * MINUTE)
    yield
    rig.read()
    yield
    if rig.customers.deletes == "feed" and not rig.disturbed:
        assert chosen not in rig.held_records(rig.customers.name), "a delete that is listed is passed over"
    if not rig.disturbed:
        rig.sweep()
    rig.agrees()


@check("works", lambda rig: rig.stand.exempt.get("drift", ""))
def bears_rows_that_move_while_it_reads(rig: Rig) -> None:
    """Rows that change, come and go between two pages are neither lost nor taken for gone."""
    for kind in ("modify", "create", "delete"):
        rig.twin.faults.set({"drift": {"kind": kind, "times": 2}})
        rig.read(full=True)
        rig.twin.faults.clear()
    rig.sweep()
    rig.agrees()


@check("gentle", follower)
def a_quiet_run_asks_little(rig: Rig) -> None:
    """When nothing changed, a run costs a few calls and does not read everything again."""
    rig.settle()
    rig.clock.advance(20 * MINUTE)
    rig.read()
    rig.clock.advance(20 * MINUTE)
    rig.twin.counts.reset()
    found = rig.read()
    calls = rig.twin.counts.kinds["read"]
    assert found.unchanged < len(rig.ids()) or rig.customers.change_feed != "full", "everything was read again"
    assert calls <= 4 * len(rig.streams) + 2, f"{calls} calls for nothing new"


def _ended(pages: list[Page]) -> None:
    assert pages, "no page at all"
    assert pages[-1].end is not None, "the last page does not carry the end"
    assert all(page.end is None for page in pages[:-1]), "an end came before the last page"


def _rows(one: Stream, pages: list[Page]) -> Iterator[tuple[str, dict[str, object]]]:
    for page in pages:
        for row in page.rows:
            id_ = pick(row, one.mapping.id)
            assert id_ not in (None, ""), "a row without an id"
            yield str(id_), row


def _ids(one: Stream, pages: list[Page]) -> list[str]:
    return [id_ for id_, _ in _rows(one, pages)]
