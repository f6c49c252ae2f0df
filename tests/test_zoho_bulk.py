"""Large modules of Zoho by Bulk Read: the same records as by list, whatever moves, fails or is killed meanwhile."""

from __future__ import annotations

import json
import random
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from connectors.zoho.twin.bulk import Exports
from connectors.zoho.twin.csv_file import Spelling, archive
from connectors.zoho.twin.listing import Listing
from connectors.zoho.twin.options import ALL_SCOPES
from connectors.zoho.wire.cells import Columns
from connectors.zoho.wire.file import rows_in
from hub.clock import FixedClock
from hub.connector import Window
from hub.errors import Transient
from hub.store import create_store, open_store
from hub.testing.people import Population
from hub.testing.site import MASTER
from hub.testing.twin import Answer, Call, Stage
from sync.observe import Outcome
from tests import kill_site
from tests.kill_storm import Storm
from tests.kill_systems import ZOHO
from tests.site import opener, outcome
from tests.zoho_site import Site, ids, living, read, stand

Open = Callable[..., Site]
ORDER, STATE, RESULT = "POST /crm/bulk/v8/read", "GET /crm/bulk/v8/read/{id}", "GET /crm/bulk/v8/read/{id}/result"
BULK = "    bulk_from: 1"
SMALL = {"page_size": 1, "settings": BULK}
"""Five rows a page of an export."""


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def everything(clock: FixedClock) -> Window:
    return Window(None, clock.now() - timedelta(minutes=5))


def whole(site: Site, name: str = "customers", **ask: Any) -> Outcome:
    """What a run of the CRM alone read of one stream."""
    report = site.sync(only=["crm"], **ask)
    assert report.errors == {}
    return outcome(report, "crm", name)


def calls(site: Site, name: str) -> int:
    return site.twin.counts.calls[name]


def cities(site: Site) -> dict[str, str | None]:
    seen, there = site.look(lambda store: (list(store.records.living("crm", "customers")), living(store)))
    assert len(there) == sum(record.ext in there for record in seen)
    return {record.ext: record.body.values.get("city") for record in seen if record.ext in there}


def true_cities(site: Site) -> dict[str, str | None]:
    return {id_: values.get("Mailing_City") for id_, values in site.contacts().items()}


def records(site: Site, name: str) -> Any:
    """A stream's living records as the store holds them: time of change, fingerprint of all fields, flaws aside."""
    sql = "SELECT ext, modified FROM record WHERE connection = 'crm' AND stream = :stream AND gone = 0"
    times = site.look(lambda store: [tuple(row) for row in store.db.rows(sql, {"stream": name})])
    return site.held_records(name), sorted(times)


# -- the same as a list says

ODD = {
    "Vip": ("boolean", (True, False, None)),
    "Size": ("double", (36.5, 40.0, 0.1, -2.0, None)),
    "Visits": ("integer", (0, 7, None)),
    "Spent": ("currency", (12.3, 1000000.0, 0.005, None)),
    "Share": ("percent", (50, 33.3, None)),
    "Number": ("bigint", ("900719925474099312", "007", None)),
    "Since": ("date", ("2024-02-29", None)),
    "Visited": ("datetime", ("2026-02-01T00:30:00+08:00", None)),
    "Likes": ("multiselectpicklist", (["red", "light blue"], ["green"], [], None)),
    "Remark": ("textarea", ('a "quoted", comma', "two\nlines", "  spaces  ", "张伟 🦊 é", "=1+1", "null", "", None)),
    "Choice": ("picklist", ("red", "light blue", None)),
}
"""Fields of every type that a file can hold, with the values that take turns in them."""

FIELDS = "\n".join(
    f"      - {{ours: custom.{name.lower()}, theirs: {name}, write: false{form}}}"
    for name, form in {
        **dict.fromkeys(ODD, ""), "Visited": ", form: moment", "Size": ", form: number", "Vip": ", form: flag",
        "Since": ", form: date", "Remark": ", form: text",
    }.items()
    if name != "Likes"
)  # fmt: skip
FIELDS += "\n      - {ours: interests, theirs: Likes, write: false}"


def fill(site: Site) -> None:
    """Give every contact a value of every type."""
    for name, (kind, _) in ODD.items():
        picks = ["red", "green", "light blue"] if kind.endswith("picklist") else []
        site.twin._add_field({"module": "Contacts", "api_name": name, "data_type": kind, "length": 0, "picks": picks})
    for number, values in enumerate(site.contacts().values()):
        values.update({name: turns[number % len(turns)] for name, (_, turns) in ODD.items()})
        values["Tag"] = [{"name": name, "id": "1"} for name in ("kehub-gold", "VIP", "old")[: number % 4]]


SPELLED = {
    "as told": {},
    "booleans in capitals": {"bulk_flags": ("TRUE", "FALSE")},
    "booleans as digits": {"bulk_flags": ("1", "0")},
    "times of another zone": {"bulk_zone": "UTC"},
}
TAGS = "\n      - {ours: tags, theirs: Tag, of: [tier], prefix: kehub-}"


@pytest.mark.parametrize("way", SPELLED)
def test_an_export_gives_the_records_that_a_list_gives(
    stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock, way: str
) -> None:
    def crowd(stage: Stage, clock: FixedClock, **options: Any) -> Any:
        return stand(stage, clock, Population(220, 5), **options)

    opened = opener(Site, crowd, stage, tmp_path, clock)
    given = {"page_size": 10, "fields": FIELDS + TAGS}
    site = opened({**given, "settings": f"{BULK}\n    bulk_tags: true"}, bulk_rows=70, bulk_tags=True, **SPELLED[way])
    fill(site)
    assert len(site.contacts()) > 100
    assert whole(site).certificate == whole(site, "orders", full=True).certificate == "swept"
    listed = Site(tmp_path, clock, site.twin, stage[1], **given, store="listed.db", settings="    bulk_from: 0")
    ordered = calls(site, ORDER)
    assert whole(listed).flaws == {}
    assert calls(site, ORDER) == ordered > 4
    for name in ("customers", "orders"):
        assert records(site, name) == records(listed, name)
    assert len(site.held_records("customers")) == len(site.contacts())


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("picklist", "ROT"),
        ("boolean", "maybe"),
        ("multiselectpicklist", "red|green"),
        ("datetime", "yesterday"),
        ("currency", "1.234,50"),
        ("textarea", "Remark"),
        ("bigint", "9.00719925474099E+17"),
    ],
)
def test_a_file_that_says_something_else_than_the_list_is_not_used(
    opened: Open, monkeypatch: pytest.MonkeyPatch, kind: str, wrong: str
) -> None:
    site = opened({**SMALL, "fields": FIELDS})
    fill(site)
    cell = Spelling.cell
    monkeypatch.setattr(
        Spelling, "cell", lambda self, own, value: wrong if own == kind and value else cell(self, own, value)
    )
    assert whole(site).certificate == "swept"
    assert calls(site, "GET /crm/v8/{module}") > len(site.contacts())  # a row a call
    site.write(settings="    bulk_from: 0")
    before = records(site, "customers")
    whole(site, full=True)
    assert records(site, "customers") == before


def test_what_a_file_cannot_give_is_read_by_list(opened: Open) -> None:
    for number, (field, options) in enumerate((
        ("{ours: tags, theirs: Tag, of: [tier], prefix: kehub-}", {}),
        ("{ours: custom.account, theirs: Account_Name.name}", {}),
        ("{ours: custom.nothing, theirs: Nothing}", {}),
        ("{ours: custom.story, theirs: Story}", {"data_type": "textarea", "length": 50_000}),
        ("{ours: custom.sum, theirs: Sum}", {"data_type": "formula"}),
        ("{ours: custom.events, theirs: Events}", {"data_type": "multiselectlookup"}),
    )):  # fmt: skip
        site = opened({"settings": BULK, "fields": f"      - {field}", "store": f"k{number}.db"})
        if options:
            name = field.rpartition("theirs: ")[2].rstrip("}")
            site.twin._add_field({"module": "Contacts", "api_name": name, **options})
        assert whole(site).certificate == "swept"
        assert calls(site, ORDER) == 1  # orders are exported all the same
        assert site.look(living) == set(site.contacts())


def test_a_column_that_is_refused_after_all_sends_the_module_to_the_list(opened: Open) -> None:
    tags = "      - {ours: tags, theirs: Tag, of: [tier], prefix: kehub-}"
    site = opened({"settings": f"{BULK}\n    bulk_tags: true\n    orders: false", "fields": tags})
    assert whole(site).certificate == "swept"
    assert (calls(site, ORDER), site.twin.counts.statuses["201"]) == (1, 0)


def test_the_size_of_a_module_decides(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    bulk_from: 22"})  # contacts are 21, orders fewer
    whole(site)
    assert calls(site, ORDER) == 0
    site.insert(Last_Name="Wu")
    whole(site, full=True)
    assert calls(site, ORDER) == 1
    clock.advance(timedelta(hours=1))
    whole(site)  # no full window
    assert calls(site, ORDER) == 1
    with site.connector() as crm:
        assert crm.settings.__class__(**{**crm.settings.model_dump(), "bulk_from": 0}).bulk_from == 0
        assert type(crm.settings).model_fields["bulk_from"].default == 20_000


# -- what moves while jobs run

Moved = Callable[[Site], object]


def on_export(monkeypatch: pytest.MonkeyPatch, acts: dict[int, Callable[[], object]]) -> None:
    """Let things happen in Zoho right after the so-many-th export was written."""
    write, count = Exports._export, [0]

    def writing(self: Exports, call: Call, job: Any) -> None:
        write(self, call, job)
        count[0] += 1
        acts.get(count[0], lambda: None)()

    monkeypatch.setattr(Exports, "_export", writing)


MOVES: dict[str, Moved] = {
    "one of the first page changes": lambda site: site.change(min(site.contacts()), Mailing_City="Wuxi"),
    "one of the last page changes": lambda site: site.change(max(site.contacts()), Mailing_City="Wuxi"),
    "one of the first page goes": lambda site: site.delete(min(site.contacts())),
    "one of the last page goes": lambda site: site.delete(max(site.contacts())),
    "one goes for good": lambda site: site.twin.edit(
        {"op": "delete", "module": "Contacts", "id": min(site.contacts()), "permanent": True}
    ),
    "one comes": lambda site: site.insert(Last_Name="New", Mailing_City="Wuxi"),
    "one goes, one comes": lambda site: (site.delete(min(site.contacts())), site.insert(Last_Name="New")),
    "two go, three come": lambda site: (
        [site.delete(id_) for id_ in sorted(site.contacts())[:2]],
        [site.insert(Last_Name=f"New {number}") for number in range(3)],
    ),
    "one comes and goes": lambda site: site.delete(site.insert(Last_Name="Short").id),
    "one changes, another goes": lambda site: (
        site.change(sorted(site.contacts())[9], Mailing_City="Wuxi"), site.delete(min(site.contacts())),
    ),
}  # fmt: skip


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("looked", ["begin", "end"])
@pytest.mark.parametrize("paging", ["offset", "keyset"])
@pytest.mark.parametrize("move", MOVES)
def test_whatever_moves_while_jobs_run_none_is_lost_and_none_deleted_wrongly(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, move: str, paging: str, looked: str, page: int
) -> None:
    site = opened(SMALL, bulk_rows=8, bulk_paging=paging, bulk_at=looked)
    clock.advance(timedelta(days=1))
    on_export(monkeypatch, {page: lambda: MOVES[move](site)})
    found = whole(site)
    assert found.certificate in ("swept", "chain")
    assert cities(site) == true_cities(site)
    assert found.gone <= len(site.twin.books.modules["Contacts"].bin)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_between_two_calls_what_is_certified_and_the_next_window_are_the_whole_truth(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    options = {
        "bulk_rows": chance.choice([5, 8, 13, 50]), "bulk_paging": chance.choice(["offset", "keyset"]),
        "bulk_at": chance.choice(["begin", "end"]), "paging": chance.choice(["offset", "keyset"]),
        "since_inclusive": chance.random() < 0.5, "token_cap": chance.choice([100_000, 4]),
    }  # fmt: skip
    site = opened({"page_size": chance.choice([1, 2, 4]), "settings": f"{BULK}\n    orders: false"}, **options)
    clock.advance(timedelta(days=1))
    guard, often = site.twin.guard, chance.choice([0.1, 0.3, 0.6])

    def moving(call: Call) -> Answer | None:
        if call.kind != "auth" and chance.random() < often:
            clock.advance(timedelta(seconds=chance.choice([0, 0, 1, 20])))
            id_ = chance.choice(sorted(site.contacts()))
            kind = chance.choice(["change", "delete", "insert"])
            if kind == "insert":
                site.insert(Last_Name="New", Mailing_City=f"City {seed}")
            elif kind == "delete":
                site.delete(id_)
            else:
                site.change(id_, Mailing_City=f"City {chance.random()}")
        return guard(call)

    before = set(site.contacts())
    with monkeypatch.context() as busy:
        busy.setattr(site.twin, "guard", moving)
        report = site.sync(only=["crm"])
    found = outcome(report, "crm")
    if not found.certificate:
        assert report.errors
        assert site.look(lambda store: store.marks.get("crm", "customers").watermark) is None
    else:
        assert before & set(site.contacts()) <= site.look(living)  # nobody deleted wrongly, and nobody left out
    site.look(lambda store: [store.questions.answer(one.id, "yes", "tester") for one in store.questions.open()])
    clock.advance(timedelta(hours=1))
    assert whole(site).full == (not found.certificate)
    site.look(lambda store: [store.questions.answer(one.id, "yes", "tester") for one in store.questions.open()])
    clock.advance(timedelta(hours=1))
    whole(site)
    assert cities(site) == true_cities(site)


def test_a_row_that_the_pages_left_out_is_noticed_although_another_came(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened(SMALL, bulk_rows=8)
    clock.advance(timedelta(days=1))
    gone, passed_over = sorted(site.contacts())[0], sorted(site.contacts())[8]
    given: list[str] = []
    on_export(monkeypatch, {1: lambda: (site.delete(gone), site.insert(Last_Name="New"))})
    with site.connector() as crm:
        pages = read(crm, everything(clock))
        given = ids(pages)
        end = pages[-1].end
        assert end is not None
        assert passed_over not in given  # the second page began a row too late
        assert (end.before, end.after, end.living) == (21, 21, True)
        assert len(set(given) - {one for page in pages for one in page.gone}) == 20
        again = read(crm, everything(clock))  # the ids do not add up: the run's next attempt is by list
    assert set(ids(again)) == set(site.contacts())
    assert calls(site, ORDER) == 3


def test_a_record_that_comes_at_the_very_end_is_awaited(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, deleted, left = opened(SMALL), Listing.deleted, [2]

    def deleting(self: Listing, call: Call) -> Answer:
        told = deleted(self, call)
        if call.params["module"] == "Contacts" and left[0]:
            left[0] -= 1
            clock.advance(timedelta(seconds=1))
            site.insert(Last_Name=f"New {left[0]}")
        return told

    monkeypatch.setattr(Listing, "deleted", deleting)
    found = whole(site)
    assert (found.certificate, left) == ("swept", [0])
    assert site.look(living) == set(site.contacts())
    (proof,) = site.look(lambda store: store.marks.certificates("crm", "customers"))
    assert proof.total_before == proof.total_after == proof.records == 23


def test_what_is_never_quiet_is_read_by_list_in_the_end(
    opened: Open, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, deleted = opened(SMALL), Listing.deleted

    def deleting(self: Listing, call: Call) -> Answer:
        told = deleted(self, call)
        clock.advance(timedelta(seconds=1))
        site.insert(Last_Name="New")
        return told

    monkeypatch.setattr(Listing, "deleted", deleting)
    before = set(site.contacts())
    found = whole(site)
    assert found.certificate == "chain"  # as lists are then
    assert calls(site, "GET /crm/v8/{module}") > len(before)
    assert calls(site, "GET /crm/v8/{module}/deleted") >= 5 + 1
    assert before <= site.look(living)
    monkeypatch.setattr(Listing, "deleted", deleted)
    clock.advance(timedelta(hours=1))
    whole(site)  # the next window
    assert site.look(living) == set(site.contacts())


def test_a_sweep_by_export_finds_who_is_absent_as_one_by_list_does(opened: Open, clock: FixedClock) -> None:
    site = opened(SMALL)
    whole(site)
    lost = min(site.contacts())
    site.delete(lost)
    site.twin.books.modules["Contacts"].bin.clear()  # as a merge may leave no trace
    for gone in (0, 1):
        clock.advance(timedelta(days=31))
        found = whole(site)
        assert (found.certificate, found.full, found.gone) == ("swept", True, gone)
    assert site.look(living) == set(site.contacts())


def test_who_was_met_and_then_told_to_be_deleted_is_not_counted_among_the_living(
    location: str, clock: FixedClock
) -> None:
    create_store(location, MASTER, clock).close()
    store = open_store(location, MASTER, clock)
    try:
        with store.db.writing("test"):
            store.marks.begin("crm", "customers", None, 1, "")
            store.marks.see("crm", "customers", ["1", "2", "3"])
            store.absence.tell("crm", "customers", ["2", "9"])  # nobody ever met the second one
            store.absence.tell("crm", "orders", ["1"])
        assert (store.marks.seen("crm", "customers"), store.marks.seen("crm", "customers", living=True)) == (3, 2)
        with store.db.writing("test"):
            store.absence.met("crm", "customers", ["2"])  # alive again
        assert store.marks.seen("crm", "customers", living=True) == 3
    finally:
        store.close()


# -- cut short, and gone on with


@pytest.mark.parametrize(
    "options",
    [{}, {"bulk_tokens": False}, {"bulk_at": "end"}, {"bulk_paging": "keyset"}, {"bulk_rows": 7}, {"bulk_rows": 10}],
)
def test_every_position_lets_another_process_go_on_with_the_same_job(
    opened: Open, clock: FixedClock, options: dict[str, Any]
) -> None:
    site = opened(SMALL, **{"bulk_rows": 8, **options})
    for contact in list(site.contacts())[:4]:
        site.delete(contact)
    clock.advance(timedelta(minutes=10))
    with site.connector() as crm:
        pages = read(crm, everything(clock))
    pages_of_jobs = -(-len(site.contacts()) // site.twin.options.bulk_rows)
    assert calls(site, ORDER) == pages_of_jobs
    assert set(ids(pages)) == set(site.contacts())
    phases = Counter(str(page.position["phase"]) for page in pages[:-1] if page.position)
    assert phases.keys() >= {"wait", "file", "deleted" if "deleted" in phases else "wait"}
    for number, page in enumerate(pages[:-1]):
        position = json.loads(json.dumps(page.position))
        before = calls(site, ORDER)
        with site.connector() as crm:
            rest = read(crm, everything(clock), position)
        assert ids(rest) == ids(pages[number + 1 :])
        assert rest[-1].end == pages[-1].end
        begun = (
            position["job"]["page"] - (position["phase"] == "bulk") if position["phase"] != "again" else pages_of_jobs
        )
        if position["phase"] in ("bulk", "wait", "file", "again"):
            assert calls(site, ORDER) - before == pages_of_jobs - begun  # the job of the position is gone on with


@pytest.mark.parametrize("skip", range(1, 24))
def test_broken_off_at_any_call_the_next_run_ends_as_if_undisturbed(opened: Open, skip: int) -> None:
    site = opened(SMALL, bulk_rows=8)
    site.twin.faults.set({"500": {"on": "read", "skip": skip, "times": 6}})
    first = site.sync(only=["crm"])
    assert "crm" in first.errors
    ordered = calls(site, ORDER)
    report = site.sync(only=["crm"])
    assert report.errors == {}
    assert {one.certificate for one in report.lanes[0].outcomes.values()} <= {"swept", "chain"}
    assert cities(site) == true_cities(site)
    assert site.look(lambda store: living(store, "orders")) == set(site.twin.books.modules["Sales_Orders"].rows)
    assert calls(site, ORDER) <= 3 + 2 + 6  # the six that failed among them
    assert ordered <= calls(site, ORDER)


class Alone(Storm):
    """A storm over a brand without tills: waiting for a job moves the clock that all lanes of a process share."""

    def _site(self, name: str, url: str, files: Path) -> kill_site.Site:
        site = super()._site(name, url, files)
        config = json.loads((site.folder / "kehub.yaml").read_text("utf-8"))
        config["connections"] = {"zoho": config["connections"]["zoho"]}
        (site.folder / "kehub.yaml").write_text(json.dumps(config), encoding="utf-8")
        return site


def test_killed_at_every_page_of_an_export_the_hub_ends_as_after_an_undisturbed_run(
    tmp_path: Path, kill_clock: None
) -> None:
    def settings(url: str) -> dict[str, Any]:
        return {**ZOHO.settings(url), "bulk_from": 1, "page_size": 2}

    system = replace(ZOHO, people=40, settings=settings, options={"bulk_rows": 14, "bulk_seconds": 0})

    def chosen(passed: Counter[str]) -> list[str]:
        assert passed["commit:page:after"] > 12  # two streams, of which the first has two jobs and four pages at least
        return [f"commit:page:after:{number}" for number in range(1, 10)]

    assert Alone(system, tmp_path).at_points(chosen).total() == 9


# -- jobs and files that go wrong

WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a job fails": ("failed_job", {}, "again"),
    "jobs fail for ever": ("failed_job", {"times": None}, "list"),
    "a count lies": ("lying_count", {}, "list"),
    "a file is short": ("short_file", {}, "list"),
    "rows are repeated over pages": ("repeated_rows", {}, ""),
    "a result is lost": ("lost_result", {}, "again"),
    "results are lost for ever": ("lost_result", {"times": None}, "list"),
    "half a file": ("truncated", {"path": "/result"}, ""),
    "a page of HTML for a file": ("html_in_200", {"path": "/result", "on": "read"}, ""),
    "an error for a file": ("error_in_200", {"path": "/result", "on": "read"}, ""),
    "too many requests": ("429", {"path": "/result", "on": "read", "times": 3}, ""),
    "out of order": ("500", {"on": "read", "times": 3}, ""),
    "a file without rows": ("empty_page", {}, "list"),
    "a row twice in a file": ("duplicate_row", {}, "list"),
    "an export ends early": ("silent_cap", {"rows": 9, "times": None}, "list"),
    "a page is passed over": ("skipped_page", {}, "list"),
    "a page comes again": ("repeated_page", {}, "list"),
    "the same pages over and over": ("repeated_page", {"times": None}, "list"),
    "a short page": ("short_page", {}, "list"),
    "rows in another order": ("shuffled_rows", {}, ""),
}
"""By fault: its options, and what becomes of it: the job is ordered again, the module is listed, or neither."""


WRONG_AT = [
    (way, skip)
    for way, (fault, *_) in WRONG.items()
    for skip in (0, 1)
    if skip or fault not in ("repeated_rows", "repeated_page")  # there is no page before the first one
]


@pytest.mark.parametrize(("way", "skip"), WRONG_AT)
def test_a_job_or_a_file_that_goes_wrong_costs_time_and_no_record(opened: Open, way: str, skip: int) -> None:
    fault, options, then = WRONG[way]
    site = opened({**SMALL, "settings": f"{BULK}\n    orders: false"}, bulk_rows=8)
    site.twin.faults.set({fault: {"path": "/bulk/v8/read", "skip": skip, **options}})
    found = whole(site)
    assert found.certificate == "swept"
    assert cities(site) == true_cities(site)
    listed = calls(site, "GET /crm/v8/{module}") > 15  # a row a call
    assert listed == (then == "list"), site.twin.counts.calls
    if then != "list":
        assert calls(site, ORDER) == 3 + (then == "again") + (fault == "500" and skip == 0 and 3)


def test_the_store_has_no_certificate_of_an_export_that_did_not_add_up(opened: Open) -> None:
    site = opened(SMALL)
    site.twin.faults.set({
        "lying_count": {"path": "/bulk/v8/read"}, "500": {"path": "/crm/v8/Contacts", "skip": 3, "times": None},
    })  # fmt: skip
    report = site.sync(only=["crm"])
    assert report.errors
    assert site.look(lambda store: store.marks.certificates("crm", "customers")) == []
    assert site.look(lambda store: store.marks.get("crm", "customers")).watermark is None


def test_a_job_that_takes_long_is_asked_after_less_and_less_often(opened: Open) -> None:
    site = opened({"settings": f"{BULK}\n    orders: false"}, bulk_seconds=300)
    whole(site)
    assert calls(site, STATE) == 7  # after 15, 37, 71, 121, 181, 241, 301 seconds


def test_a_job_that_takes_hours_is_gone_on_with_by_the_next_run(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": f"{BULK}\n    orders: false"}, bulk_seconds=3 * 3600)
    error = site.sync(only=["crm"]).errors["crm"]
    assert isinstance(error, Transient)
    assert "bulk_from" in str(error)
    clock.advance(timedelta(hours=3))
    assert whole(site).certificate == "swept"
    assert calls(site, ORDER) == 1


def test_a_job_that_is_not_done_after_a_day_is_ordered_again(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": f"{BULK}\n    orders: false"}, bulk_seconds=3 * 86_400, bulk_life=9 * 86_400)
    for _ in range(3):
        assert site.sync(only=["crm"]).errors
        clock.advance(timedelta(days=1))
    assert calls(site, ORDER) == 3
    assert whole(site).certificate == "swept"  # by list


@pytest.mark.parametrize("days", [1, 2])
@pytest.mark.parametrize("phase", ["wait", "file", "bulk"])
def test_days_later_jobs_files_and_tokens_are_gone_and_the_read_begins_again(
    opened: Open, clock: FixedClock, phase: str, days: int
) -> None:
    site = opened({**SMALL, "settings": f"{BULK}\n    orders: false"}, bulk_rows=8)
    with site.connector() as crm:
        pages = read(crm, everything(clock))
    positions = [page.position for page in pages if page.position]
    position = next(one for one in positions if (one["phase"], one["job"]["page"]) == (phase, 2))
    clock.advance(timedelta(days=days))
    site.insert(Last_Name="New")
    with site.connector() as crm:
        rest = read(crm, everything(clock), json.loads(json.dumps(position)))
    assert rest[-1].restart  # the token of the second page is gone too
    assert whole(site).certificate == "swept"
    assert site.look(living) == set(site.contacts())


def test_a_job_of_the_first_page_that_is_gone_is_ordered_again(opened: Open, clock: FixedClock) -> None:
    site = opened({**SMALL, "settings": f"{BULK}\n    orders: false"})
    with site.connector() as crm:
        pages = read(crm, everything(clock))
    clock.advance(timedelta(days=2))
    changed = max(site.contacts())
    site.change(changed, Mailing_City="Wuxi")
    with site.connector() as crm:
        rest = read(crm, everything(clock), pages[2].position)
    assert rest[-1].end is not None
    assert (calls(site, ORDER), set(ids(rest))) == (2, set(site.contacts()))


def test_the_setting_taken_back_starts_an_open_export_again(opened: Open, clock: FixedClock) -> None:
    site = opened(SMALL)
    site.twin.faults.set({"500": {"path": "/result", "times": 6}})
    assert site.sync(only=["crm"]).errors
    site.write(settings="    bulk_from: 0")
    assert whole(site).certificate == "swept"
    assert site.look(living) == set(site.contacts())


# -- rights, credits, limits, and what lies where


def test_without_the_scope_the_module_is_listed_and_the_check_says_so(opened: Open) -> None:
    scopes = tuple(scope for scope in ALL_SCOPES if "bulk" not in scope)
    site = opened({"settings": BULK}, scopes=scopes)
    assert whole(site).certificate == "swept"
    assert site.look(living) == set(site.contacts())
    with site.connector() as crm:
        bad = {finding.subject: finding.remedy for finding in crm.check() if not finding.good}
    assert set(bad) == {"scope ZohoCRM.bulk.READ"}
    assert "kehub login crm" in bad["scope ZohoCRM.bulk.READ"]
    assert "by list" in bad["scope ZohoCRM.bulk.READ"]
    site.write(settings="    bulk_from: 1000")  # no module is that large
    with site.connector() as crm:
        assert all(finding.good for finding in crm.check())


def test_the_check_says_what_bulk_read_does_not_give(opened: Open) -> None:
    site = opened({"settings": BULK, "fields": "      - {ours: tags, theirs: Tag, of: [tier], prefix: kehub-}"})
    with site.connector() as crm:
        told = [finding.subject for finding in crm.check() if finding.good]
    assert "Bulk Read of Contacts: not used, as it does not give Tag" in told
    assert "Bulk Read of Sales_Orders" in told
    assert calls(site, ORDER) == 0


def test_a_job_is_paid_for(opened: Open) -> None:
    site = opened({"settings": f"{BULK}\n    credits_per_day: 110\n    orders: false"}, credits=110, bulk_rows=15)
    report = site.sync(only=["crm"])
    assert "quota" in str(report.errors["crm"]) or "budget" in str(report.errors["crm"])  # two jobs are 100
    assert site.twin.counts.violations["over_budget"] == 0


def test_downloads_keep_to_ten_a_minute(opened: Open) -> None:
    site = opened({**SMALL, "settings": f"{BULK}\n    orders: false"}, bulk_rows=1, bulk_seconds=0)
    assert whole(site).certificate == "swept"
    assert calls(site, RESULT) == len(site.contacts()) > 20
    assert site.twin.counts.statuses["429"] == 0


@pytest.mark.parametrize("status", [200, 204])
def test_a_module_that_is_emptied_before_its_job_looks_is_read_by_list(
    opened: Open, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    site, order = opened({"settings": f"{BULK}\n    orders: false"}, bulk_empty=status), Exports.ordered

    def ordering(self: Exports, call: Call) -> Answer:
        for id_ in list(site.contacts()):
            site.delete(id_)
        return order(self, call)

    monkeypatch.setattr(Exports, "ordered", ordering)
    whole(site)
    assert calls(site, ORDER) == 1
    assert site.look(living) == set()


def test_nothing_of_a_file_is_laid_down_on_a_disk(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was laid down")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, forbidden)
    site = opened(SMALL, bulk_rows=8)
    before = set(site.folder.rglob("*"))
    assert whole(site).certificate == "swept"
    new = set(site.folder.rglob("*")) - before
    assert all(path.name.startswith("kehub.db") for path in new)
    secrets = [str(values["Mobile"]).encode() for values in site.contacts().values() if values.get("Mobile")]
    for path in site.folder.rglob("kehub.db*"):
        assert not any(secret in path.read_bytes() for secret in secrets)


def test_a_large_file_is_read_in_little_memory() -> None:
    kinds = {"Last_Name": "text", "Email": "email", "Email_Opt_Out": "boolean", "Modified_Time": "datetime"}
    rows = [
        {"id": str(5 * 10**18 + n), "Last_Name": f"Wang {n}", "Email": f"{n}@shop.cn", "Email_Opt_Out": n % 2 == 0,
         "Modified_Time": "2026-02-01T00:30:00+08:00"} for n in range(60_000)
    ]  # fmt: skip
    packed = archive("1", list(kinds), kinds, rows, Spelling(("true", "false"), ""))
    unpacked = sum(info.file_size for info in ZipFile(BytesIO(packed)).infolist())
    del rows
    tracemalloc.start()
    try:
        count = sum(1 for _ in rows_in(ZipFile(BytesIO(packed)), Columns(kinds), {"id", *kinds}))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, unpacked > 3_000_000) == (60_000, True)
    assert peak < len(packed) + 500_000
