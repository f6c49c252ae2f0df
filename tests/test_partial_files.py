"""Every way in which a read of files can end early or wrongly: what it proves, what the run shows, what mends it.

For each way: the watermark stays where the read is not whole, nobody is taken for gone, the run says what happened, and
the next good read leaves the store that an undisturbed one leaves.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.csv_file import connector as csv_connector
from connectors.csv_file.wire.pages import paged
from hub.clock import FixedClock
from hub.connector import Page
from hub.store.check import canonical
from sync.engine import Report
from tests.brand import Brand
from tests.site import outcome

YAML = """
brand: {{name: Test brand}}
store: "{store}"
rules:
  tiers:
    main: [{{tier: silver, spend_365d: 100}}, {{tier: member}}]
connections:
  till:
    type: csv_file
    streams:
      customers: {{path: "members*.csv", mode: snapshot, key: [id],
                   columns: {{name: name, phone: phone, modified: changed}}{crm}}}
      orders: {{path: "sales*.csv", mode: append, key: [no], fixed: {{currency: CNY}},
                columns: {{number: "no", buyer.external_id: member, placed_at: at, total: total, modified: at}}}}
# {till}
"""
HEADER = "id,name,phone,changed\n"
SALES = "no,member,at,total\n"
FIRST, SECOND = range(12), range(12, 20)


def members(numbers: Sequence[int]) -> str:
    """A register's rows; the name of the first one was changed since the hub read it last."""
    return HEADER + "".join(f"M{n},{'王' * (n + 1)}芳,138000000{n:02},2026-02-{1 + n:02} 10:00\n" for n in numbers)


def sales(numbers: Sequence[int]) -> str:
    """A till's rows."""
    return SALES + "".join(f"S{n},M{n},2026-02-{1 + n:02} 10:00,{100 + n}\n" for n in numbers)


@dataclass
class Site:
    """A brand that reads two registers and a till's sales, all of them written an hour ago unless told otherwise."""

    brand: Brand

    def put(self, name: str, content: str | bytes, age: float = 3600) -> Path:
        """A file as an uploader leaves it."""
        path = self.brand.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        then = self.brand.clock.now().timestamp() - age
        os.utime(path, (then, then))
        return path

    def good(self) -> None:
        """What the shop means to send: two members and an order more than at first."""
        self.put("members_1.csv", members(FIRST))
        self.put("members_2.csv", members(SECOND))
        self.put("sales.csv", sales(range(6)))

    def begin(self) -> None:
        """The first files, and the first run."""
        self.put("members_1.csv", members(FIRST[:-1]))
        self.put("members_2.csv", members(SECOND[:-1]))
        self.put("sales.csv", sales(range(5)))
        assert self.brand.sync().errors == {}

    def look(self, act: Callable[[Any], Any]) -> Any:
        """Something read from the store."""
        setup = self.brand.setup()
        try:
            return act(setup.store)
        finally:
            setup.close()

    def watermark(self, stream: str) -> int:
        """Up to when a stream has been read completely."""
        found: int = self.look(lambda store: store.marks.get("till", stream).watermark)
        return found

    def living(self) -> tuple[int, int]:
        """How many members and orders are not gone."""
        counts = self.look(lambda store: store.records.counts())
        return counts["till", "customers"], counts["till", "orders"]

    def told(self, report: Report) -> str:
        """What the run shows, and the lists it points to."""
        notes, held, asked = self.look(
            lambda store: (store.runs.notes(report.run), store.quarantine.list("till"), store.questions.open())
        )
        return repr(notes) + repr([entry.reason for entry in held]) + repr([question.kind for question in asked])

    def text(self) -> list[str]:
        """The store's content as text that is equal for equal stores."""
        return list(self.look(lambda store: list(canonical(store))))


def make(folder: Path, clock: FixedClock, options: str = "") -> Site:
    """A site on SQLite."""
    folder.mkdir(exist_ok=True)
    return Site(Brand(folder, str(folder / "kehub.db"), clock, crm_options=options, yaml=YAML))


@dataclass(frozen=True)
class Way:
    """One way: what is done to the good files before or during the read, what the run says, what the read proves.

    `strangers` are records that no later file tells of: they stay until a person says that they are gone.
    """

    name: str
    spoil: Callable[[Site], object]
    told: str
    certificate: str = ""
    stream: str = "customers"
    during: bool = False
    options: str = ", files: 2"
    strangers: int = 0


def register(content: str | bytes) -> Callable[[Site], object]:
    """The second register holds this."""
    return lambda site: site.put("members_2.csv", content)


def till(content: str | bytes) -> Callable[[Site], object]:
    """The sales hold this."""
    return lambda site: site.put("sales.csv", content)


def book(rows: str, stated: str = "") -> bytes:
    """Rows as a workbook, which may state another size than it has."""
    made, told = io.BytesIO(), io.BytesIO()
    sheets = openpyxl.Workbook()
    sheet = sheets.active
    assert sheet is not None
    for line in rows.splitlines():
        sheet.append(line.split(","))
    sheets.save(made)
    if not stated:
        return made.getvalue()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(told, "w") as new:
        for part in old.namelist():
            new.writestr(
                part, re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{stated}"'.encode(), old.read(part))
            )
    return told.getvalue()


def replaced(site: Site) -> None:
    """Another file of the same size takes the place, with the same time: an upload that keeps times, then a rename."""
    path = site.brand.folder / "members_2.csv"
    status = path.stat()
    other = path.with_suffix(".part")
    other.write_bytes(path.read_bytes().replace("芳".encode(), "兰".encode()))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


_WHOLE = members(SECOND)
_KEY_LAST = "name,phone,changed,id\n" + "".join(f"王,138000000{n:02},2026-02-01 10:00,M{n}\n" for n in SECOND)

WAYS = (
    Way("grows", lambda site: site.put("members_2.csv", _WHOLE + "M20,李,,\n"), "changed while it was read", during=True),
    Way("shrinks", register(_WHOLE[:-40]), "changed while it was read", during=True),
    Way("replaced", replaced, "replaced while it was read", during=True),
    Way("vanishes", lambda site: (site.brand.folder / "members_2.csv").unlink(), "vanished", during=True),
    Way("young", lambda site: site.put("members_2.csv", _WHOLE[:-70], age=2), "still being written"),
    Way("cut in a line", register(_WHOLE[:-30]), "its last line ends in the middle"),
    Way("cut in a character", register(_WHOLE.encode("gb18030")[: _WHOLE.encode("gb18030").rindex(b",138") - 1]),
        "middle of a character"),
    Way("cut in quotes", register(_WHOLE.replace("M19,", 'M19,"')[:-40]), "never closes"),
    Way("cut in the key", register(_KEY_LAST[:-2]), "its key may be cut off"),
    Way("cut in a value", register(_WHOLE[:-3]), "last line ends in the middle", options=", files: 2, line_break: true"),
    Way("zero bytes at the end", register(_WHOLE[:-70].encode() + bytes(70)), "zero bytes"),
    Way("zero bytes within", register(_WHOLE.encode()[:100] + bytes(64) + _WHOLE.encode()[164:]), "zero bytes"),
    Way("nothing but zero bytes", register(bytes(4096)), "zero bytes"),
    Way("empty", register(b""), "empty, without even a header"),
    Way("header only", register(HEADER), "the source shrank", "chain"),
    Way("header changed", register(_WHOLE.replace("phone", "mobile", 1)), "no column"),
    Way("key column missing", register(_WHOLE.replace("id", "member", 1)), "no column"),
    Way("workbook cut", register(book(_WHOLE)[:-200]), "not a whole workbook"),
    Way("workbook shorter than it says", register(book(members(SECOND[:-1]), "A1:D9")), "says that it ends here", "bracketed"),
    Way("file missing", lambda site: (site.brand.folder / "members_2.csv").unlink(), "1 files match, 2 should"),
    Way("file missing, number not stated", lambda site: (site.brand.folder / "members_2.csv").unlink(), "the source shrank",
        "chain", options=""),
    Way("keys twice", register(_WHOLE + "M12,李雷,,\n"), "has the same key as", "bracketed"),
    Way("a third is missing", register(members(SECOND[:2])), "the source shrank", "chain"),
    Way("another shop's file", register(_WHOLE.replace("M", "N")), "the source shrank", "chain", strangers=8),
    Way("sales cut in a line", till(sales(range(6))[:-20]), "its last line ends in the middle", stream="orders"),
    Way("sales cut in quotes", till(SALES + 'S0,M0,"2026-02-01 10:00,100\n'), "never closes", stream="orders"),
    Way("sales with zero bytes", till(sales(range(4)).encode() + bytes(4096)), "zero bytes", stream="orders"),
    Way("sales file gone", lambda site: (site.brand.folder / "sales.csv").unlink(), "no file matches", stream="orders"),
    Way("sales file started again", till(sales([5])), "'certificate': 'bracketed'", "bracketed", stream="orders"),
)  # fmt: skip

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[FixedClock], list[str]]:
    """The store after the first and the good files, made once."""
    made: list[str] = []

    def text(clock: FixedClock) -> list[str]:
        if not made:
            site = make(tmp_path_factory.mktemp("undisturbed"), clock)
            site.begin()
            site.good()
            assert site.brand.sync().errors == {}
            made.extend(site.text())
        return made

    return text


def spoiled(site: Site, way: Way, patch: pytest.MonkeyPatch) -> Report:
    """A run over files that are spoilt before it, or after its first page."""
    site.good()
    if not way.during:
        way.spoil(site)
        return site.brand.sync()

    def meanwhile(*asked: Any) -> Iterator[Page]:
        pages = paged(*asked)
        for page in pages:
            if page.places[0].startswith("members_2"):
                way.spoil(site)
            yield page

    with patch.context() as patched:
        patched.setattr(csv_connector, "paged", meanwhile)
        return site.brand.sync()


@ways
def test_the_next_good_read_mends_it(
    way: Way, tmp_path: Path, clock: FixedClock, undisturbed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make(tmp_path / "site", clock, way.options)
    site.begin()
    mark = site.watermark(way.stream)
    clock.advance(timedelta(seconds=1))
    report = spoiled(site, way, monkeypatch)
    assert way.told in site.told(report)
    assert outcome(report, "till", way.stream).certificate == way.certificate
    assert (report.state == "failed") == (not way.certificate)
    assert (site.watermark(way.stream) > mark) == bool(way.certificate)
    site.good()
    assert site.brand.sync().errors == {}
    assert site.living() == (20 + way.strangers, 6)
    if way.strangers:
        assert "shrink" in site.told(report)
    else:
        assert site.text() == undisturbed(clock)


@ways
def test_nobody_goes_because_a_read_ended_wrongly(
    way: Way, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make(tmp_path / "site", clock, way.options)
    site.begin()
    for _ in range(3):
        clock.advance(timedelta(hours=13))
        report = spoiled(site, way, monkeypatch)
        assert sum(found.gone for lane in report.lanes for found in lane.outcomes.values()) == 0
    site.good()
    assert site.brand.sync().errors == {}
    assert {f"M{n}" for n in (*FIRST, *SECOND)} <= {
        ext for (ext,) in site.look(lambda store: store.db.rows("SELECT ext FROM record WHERE gone = 0"))
    }


def test_the_page_has_a_row_for_each_way() -> None:
    page = (Path(__file__).parent.parent / "docs" / "partial-reads.md").read_text(encoding="utf-8")
    assert re.findall(r"::test_the_next_good_read_mends_it` \[([^]]+)\] \|$", page, re.MULTILINE) == [
        w.name for w in WAYS
    ]
