"""Reading a whole module by Bulk Read: a job for each page of the export, and its file row by row.

    bulk      a job is ordered; its number is the position, so that whoever goes on orders no other
    wait      it is asked after until it is done
    file      its file is downloaded and read, some rows a page; whoever goes on downloads it again

There is no stable snapshot, and no order: an export proves nothing by itself. What changed meanwhile is read by the
list afterwards, and totals tell whether every record was met; see `walk.py`.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zipfile import BadZipFile

from connectors.zoho.wire.bulk import GONE, PAUSE, Bulk
from connectors.zoho.wire.cells import Columns, Unreadable
from connectors.zoho.wire.dialect import LOST_TOKEN
from connectors.zoho.wire.file import proven, rows_behind
from connectors.zoho.wire.module import Module
from connectors.zoho.wire.place import Job, Place
from hub.connector import Mapping, Page, Row, pauses
from hub.errors import PermissionMissing, Rejected, Transient

_STALE, _JOBS = timedelta(days=1), 3
_PATIENCE_ENDS = "the next run goes on with it; `bulk_from: 0` reads by list"


class Useless(Exception):
    """Bulk Read cannot give this module, or not reliably: the list can."""


@dataclass
class Export:
    """The export of one module with these columns, from `least` records on; `size` rows a page.

    `refused`: the modules that this run reads by list, as an export of them came to nothing.
    """

    bulk: Bulk
    module: Module
    mapping: Mapping
    names: Sequence[str]
    clock: Any  # hub.clock.Clock
    size: int
    least: int
    tags: bool
    refused: set[str] = field(default_factory=set)
    _columns: Columns | None = None
    _lines: Iterator[Row] | None = None
    _ordered: str = ""

    def suits(self, count: int) -> bool:
        """Whether a module of so many records is to be exported."""
        return bool(self.least) and count >= self.least and self.module.name not in self.refused

    def lacking(self) -> list[str]:
        """The mapped columns that an export cannot give as the list does."""
        described = self.module.described().rows("fields")
        columns, missing = Columns.of(self.names, self.mapping, described, self.tags)
        self._columns = None if missing else columns
        return missing

    def step(self, place: Place) -> Page:
        """One step from the place on."""
        return {"bulk": self._order, "wait": self._wait, "file": self._read}[place.phase](place)

    def _order(self, place: Place) -> Page:
        job = place.job
        try:
            self._know()
            number = self.bulk.order(self.names, job.page, job.token)
        except PermissionMissing:
            raise Useless from None
        except Rejected as fault:
            if job.token and fault.code in LOST_TOKEN:
                return Page(restart=True)
            raise Useless from None
        place.job, place.phase = replace(job, id=number, begun=self.clock.now().isoformat()), "wait"
        self._ordered = number
        return Page()

    def _know(self) -> Columns:
        if self._columns is None:
            self.lacking()
        if self._columns is None:
            raise Useless
        return self._columns

    def _wait(self, place: Place) -> Page:
        """Ask after the job until it is done; at once, where another process ordered it."""
        for pause in pauses(PAUSE, fresh=place.job.id == self._ordered):
            self.clock.sleep(pause)
            try:
                state = self.bulk.state(place.job.id)
            except Rejected as fault:
                return self._anew(place, fault)
            old = self.clock.now() - datetime.fromisoformat(place.job.begun) > _STALE
            if state.failed or (old and not state.done):
                return self._anew(place)
            if state.done:
                place.job = replace(place.job, count=state.count, more=state.more, following=state.token)
                place.phase = "file"
                return Page()
        raise Transient("the job is not done", where=f"Bulk Read of {self.module.name}", remedy=_PATIENCE_ENDS)

    def _anew(self, place: Place, fault: Exception | None = None) -> Page:
        """Order the page's job again: it failed, or neither it nor its file is kept any more."""
        if isinstance(fault, Rejected) and fault.code != GONE:
            raise fault
        job, self._lines = place.job, None
        if job.failed + 1 >= _JOBS:
            raise Useless
        place.job = Job(page=job.page, token=job.token, earlier=job.earlier, failed=job.failed + 1)
        place.phase = "bulk"
        return Page()

    def _read(self, place: Place) -> Page:
        """Some rows of the file; at its end it must have held as many as Zoho counted."""
        job, columns = place.job, self._know()
        try:
            if self._lines is None and job.count:
                self._lines = rows_behind(job, self.bulk.file(job.id), columns, {"id", *self.names})
            rows = list(islice(self._lines or (), self.size))
        except (Rejected, BadZipFile, zlib.error, EOFError) as fault:
            return self._anew(place, fault)
        except (Unreadable, csv.Error):
            raise Useless from None
        if rows and not job.given and not proven(self.module, columns, rows, self.mapping.modified):
            raise Useless
        job.given += len(rows)
        if len(rows) < self.size:
            self._close(place)
        return Page(rows=rows)

    def _close(self, place: Place) -> None:
        job, self._lines = place.job, None
        rows = job.earlier + job.given
        if job.given != job.count or (job.more and rows > 2 * (place.before or 0)):  # the same pages, over and over
            raise Useless
        if job.more:
            place.job, place.phase = Job(page=job.page + 1, token=job.following, earlier=rows), "bulk"
        else:
            place.onward()
