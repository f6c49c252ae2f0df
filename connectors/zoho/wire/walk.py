"""Reading one window of one module: what changed, or all there is, by list or, where there is much, by export.

    bulk ...  a large module as a whole, see `export.py`
    again     the total, before what changed since the export began is read as follows
    list ...  see `changes.py`

After an export the totals are asked around the reading of changes, which is short, and that again where records came or
went even then: equal totals must be as many as the living ids that were met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace

from connectors.zoho.wire.changes import ROUNDS, Changes
from connectors.zoho.wire.export import Export, Useless
from connectors.zoho.wire.place import Job, Place
from hub.connector import End, Page


@dataclass(kw_only=True)
class Walk(Changes):
    """One read of one module. `now` gives the start of one that begins now; `export` is None where nothing is exported."""

    now: Callable[[], Place]
    export: Export | None = None

    def pages(self) -> Iterator[Page]:
        """The pages from the place on; the last one carries the end, or asks to start again."""
        steps = {
            "start": self._start, "bulk": self._bulk, "wait": self._bulk, "file": self._bulk, "again": self._again,
            "list": self._list, "deleted": self._deleted, "coql": self._coql, "lost": self._lost,
        }  # fmt: skip
        with closing(self.ahead):
            while self.place.phase != "end":
                page = steps[self.place.phase]()
                page = self._ended(page) if self.place.phase == "end" else page
                if page.restart or page.end is not None:
                    yield page
                    return
                if page.rows or page.gone or self.place.phase in ("wait", "again"):
                    yield replace(page, position=asdict(self.place))
                del page  # a query's two thousand rows do not stay until the next ones are there

    def _total(self) -> int | None:
        """How many records there are in the window, as far as the system tells."""
        if self.window.full:
            return self.module.count()
        return self.module.count_where(self._surely()) if self.coql_count else None

    def _surely(self) -> str:
        """The window without its edge: whether a list since a time holds that very second is not documented."""
        return self._all().replace(">=", ">")

    def _ended(self, page: Page) -> Page:
        """The last page with its end; after an export what changed is read again where records came or went meanwhile.

        Where it is never quiet, a record that the export left out could hide behind one that came: the list leaves none
        out. So it is where the ids do not add up, for which the window is read again too.
        """
        place, after = self.place, self._total()
        if place.round and place.before != after and place.round < ROUNDS:
            place.onward()
            return page
        if place.round and self.export:
            self.export.refused.add(self.module.name)
        if place.round and place.before != after:
            return Page(restart=True)
        end = End(place.before, after, swept=self.window.full, shortfall=self.hidden, living=bool(place.round))
        return replace(page, end=end)

    # -- the phases, a call each

    def _start(self) -> Page:
        self.place.before = total = self._total()
        exports = self.window.full and self.export is not None and self.export.suits(total or 0)
        self.place.phase = "bulk" if exports else "list"
        return Page()

    def _bulk(self) -> Page:
        if self.export is None:  # the settings are others than when the place was left
            return Page(restart=True)
        try:
            return self.export.step(self.place)
        except Useless:
            self.export.refused.add(self.module.name)
            if self.place.job != Job():
                return Page(restart=True)
            self.place.phase = "list"
            return Page()

    def _again(self) -> Page:
        self.place = self.place.next_round(self.now().started, self._total())
        return Page()
