"""Reading a stream by a bulk operation.

    bulk      it is ordered; its id is the position, so that whoever goes on orders no other
    wait      it is asked after until it is done
    file      its file is fetched and read, some rows a page; whoever goes on fetches it again

A file must hold as many rows and lines as the operation counted. What it found before it failed is never taken: half a
shop would look like a whole one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from connectors.shopify.wire.bulk import PAUSE, Bulk, Busy, State
from connectors.shopify.wire.file import File, Unreadable
from connectors.shopify.wire.listing import Listing
from connectors.shopify.wire.place import Job, Place
from hub.connector import Page, Row, pauses
from hub.errors import PermissionMissing, Rejected, Transient

_STALE, _JOBS = timedelta(days=1), 3
_PATIENCE_ENDS = "the next run goes on with it; `bulk_from: 0` reads by pages"


class Useless(Exception):
    """A bulk operation cannot give this stream, or not reliably: pages can."""


@dataclass
class Export:
    """The export of one stream, `size` rows a page; `search` finds its rows ("" is all). `refused` remembers failure."""

    bulk: Bulk
    listing: Listing
    clock: Any  # hub.clock.Clock
    search: str
    size: int
    refused: set[str]
    _url: str = ""
    _rows: Iterator[Row] | None = None
    _ordered: str = ""

    @property
    def usable(self) -> bool:
        """Whether it did not fail in this run yet."""
        return self.listing.documents.stream not in self.refused

    def refuse(self) -> None:
        """For the rest of this run pages are read."""
        self.refused.add(self.listing.documents.stream)

    def step(self, place: Place) -> Page:
        """One step from the place on."""
        return {"bulk": self._order, "wait": self._wait, "file": self._read}[place.phase](place)

    def _order(self, place: Place) -> Page:
        query = self.listing.documents.bulk(self.search)
        for pause in pauses(PAUSE, fresh=False):
            self.clock.sleep(pause)
            try:
                id_ = self.bulk.order(query)
            except Busy:
                continue
            except Rejected:
                raise Useless from None
            place.job = Job(id=id_, begun=self.clock.now().isoformat(), failed=place.job.failed)
            place.phase, self._ordered = "wait", id_
            return Page()
        raise Transient("other bulk operations of this app do not end", remedy=_PATIENCE_ENDS)

    def _wait(self, place: Place) -> Page:
        """Ask after the operation until it is done; at once, where another process ordered it."""
        for pause in pauses(PAUSE, fresh=place.job.id == self._ordered):
            self.clock.sleep(pause)
            state = self.bulk.state(place.job.id)
            old = self.clock.now() - datetime.fromisoformat(place.job.begun) > _STALE
            if state.reason == "TIMEOUT":  # the same again would take as long
                raise Useless
            if state.lost or (old and not state.done) or (state.count and not state.url):
                return self._anew(place)
            if state.done:
                self._begin(place, state)
                return Page()
        raise Transient("the bulk operation is not done", remedy=_PATIENCE_ENDS)

    def _begin(self, place: Place, state: State) -> None:
        given = place.job.given if place.job.count == state.count else 0
        place.job = replace(place.job, count=state.count, objects=state.objects, given=given)
        self._url, place.phase = state.url, "file"

    def _read(self, place: Place) -> Page:
        """Some rows of the file."""
        job = place.job
        if not self._url and job.count:  # another process looked at it last: addresses are never kept
            place.phase = "wait"
            return Page()
        try:
            if self._rows is None:
                file = File(lambda: self.bulk.lines(self._url), job.count, job.objects)
                rows = file.rows() if self._url else iter(())
                self._rows = islice((self.listing.row(node) for node in rows), job.given, None)
            rows_now = list(islice(self._rows, self.size))
        except (Unreadable, Rejected, PermissionMissing):  # an address that is too old is refused like a stranger
            return self._anew(place)
        job.given += len(rows_now)
        if len(rows_now) < self.size:
            place.phase = "end"
        return Page(rows=rows_now)

    def _anew(self, place: Place) -> Page:
        """Order it again: it failed, it or its file is not kept any more, or the file is not as long as it should be."""
        job, self._rows, self._url = place.job, None, ""
        if job.failed + 1 >= _JOBS:
            raise Useless
        place.job, place.phase = Job(failed=job.failed + 1), "bulk"
        return Page()
