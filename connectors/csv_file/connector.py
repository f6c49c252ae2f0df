"""Store registers and till exports, CSV or Excel, as streams. Files are only read.

    pos:
      type: csv_file
      streams:
        customers: {path: "till/members*.csv", mode: snapshot, key: [会员号], columns: {name: 姓名, phone: 手机}}

A changed file is found by reading all of it: files have no feed of changes. The read is certified by size, time and
content that stay the same, and by the number of different keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pydantic

from connectors.csv_file.wire import files
from connectors.csv_file.wire.columns import identifies, lay_out
from connectors.csv_file.wire.line import filled
from connectors.csv_file.wire.pages import Tally, after, paged
from connectors.csv_file.wire.rows import Register
from connectors.csv_file.wire.stream import FileStream, fields_of
from connectors.csv_file.wire.text import lines_of
from hub.connector import Connector, ConnectorSettings, End, Finding, Mapping, Page, Stream, Window
from hub.errors import HubError

Row = dict[str, Any]  # JSON


class CsvFileSettings(ConnectorSettings):
    """The streams of one set of files; a stream carries the noun of its own name unless it states another."""

    streams: dict[str, FileStream] = pydantic.Field(min_length=1)

    @pydantic.field_validator("streams", mode="before")
    @classmethod
    def _named_after_noun(cls, streams: object) -> object:
        if not isinstance(streams, dict):
            return streams
        return {name: {"noun": name, **each} if isinstance(each, dict) else each for name, each in streams.items()}


class CsvFile(Connector[CsvFileSettings]):
    """Reads the files of one connection; see `wire/rows.py` for the rows."""

    type = "csv_file"
    Settings = CsvFileSettings
    uses_http = False

    def streams(self) -> Sequence[Stream]:
        """As the settings list them."""
        return tuple(_stream(name, each) for name, each in self.settings.streams.items())

    def check(self) -> Iterable[Finding]:
        """For each stream, whether its files are there, readable, and have the columns."""
        for name, each in self.settings.streams.items():
            try:
                for source in files.survey(each.path, self.tools.folder, each.files):
                    self._register(each, source.name, files.load(source, 0, self.tools))
            except HubError as error:
                yield Finding(f"stream {name}", False, str(error))
            else:
                yield Finding(f"stream {name}", True)

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """All rows of all files in name order; a window is not asked for, since files do not know what changed."""
        pages = self._pages(self.settings.streams[stream.name])
        return pages if position is None else after(pages, position)

    def _pages(self, each: FileStream) -> Iterator[Page]:
        tally, sha = Tally(each.mode == "snapshot"), ""
        sources = files.survey(each.path, self.tools.folder, each.files)
        for source in sources:
            content = files.load(source, each.settle_seconds, self.tools)
            sha = files.digest(content, sha)
            items = self._register(each, source.name, content).items()
            yield from paged(tally.admitted(items), {"file": source.name, "sha": sha})
        files.same(sources, sha)
        # A row that cannot be read hides a key: then nothing may be taken for gone.
        whole = each.mode == "snapshot" and not tally.faults
        yield Page(end=End(before=tally.keys, after=tally.keys, swept=whole))

    def _register(self, each: FileStream, name: str, content: bytes) -> Register:
        lines = lines_of(name, content, each)
        header = next((line.cells for line in filled(lines())), [])
        layout = lay_out(name, header, each.noun, each.key, each.columns)
        zone = ZoneInfo(each.time_zone) if each.time_zone else None
        return Register(name, lines, layout, self.tools.place, each.fixed, each.trailer, zone, each.line_break)


def _stream(name: str, each: FileStream) -> Stream:
    snapshot = each.mode == "snapshot"
    brake = each.shrink_brake if each.shrink_brake is not None else 0.2 if snapshot else 0.0
    return Stream(
        name,
        each.noun,
        Mapping("key", fields_of(each), "modified" if "modified" in each.columns else ""),
        strength="swept" if snapshot else "bracketed",
        change_feed="none",
        deletes="absence" if snapshot else "none",
        counts=each.counts,
        personal_ids=identifies(each.noun, each.key, each.columns),
        overlap=timedelta(0),
        shrink_brake=brake,
    )
