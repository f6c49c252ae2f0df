"""What passes between a lane, which reads, and the writer: pages on their way, and how many of them land together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from hub.connector import Connector, Page, Row, Stream, Window
from hub.errors import HubError
from hub.store.hints import Told
from hub.store.quarantine import Held
from hub.store.records import Incoming, Landing
from sync.normalise import Normaliser

COMMIT = 1600
"""Records that are landed in one transaction, where so many come fast enough: a page of an index that many of them change is
written once. More would need memory."""

PART = 250
"""Rows of a page that are worked through at a time."""

WAITING = 400
"""Records that may wait for the writer; a page of more waits alone."""

LINGER = 0.05
"""For how many seconds a page waits for the next one to land with it: a transaction costs as much as a page."""

_flaws = attrgetter("flaws")


@dataclass
class Lane:
    """One connection's reading: what to read, and what came of it."""

    name: str
    connector: Connector[Any]
    readers: Sequence[Normaliser]
    full: bool = False
    since: datetime | None = None
    error: HubError | None = None
    refused: bool = False
    """Whether a page could not be written: those behind it then are not either. A lane that fails by itself loses none."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    hinted: bool = False
    """Whether only what webhooks spoke of is read."""
    by_id: dict[str, int] = field(default_factory=dict)
    """Of streams that were read by id for hints: how many hints that took."""

    def refuse(self, fault: HubError) -> None:
        """Take nothing more from this lane: what it sent last could not be written."""
        self.error, self.refused = fault, True


@dataclass
class Outcome:
    """What one run read of one stream; `kept` counts records that it did not meet and that are not taken for gone."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    quarantined: int = 0
    flaws: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    certificate: str = ""
    shortfall: int = 0
    kept: int = 0
    full: bool = False
    trouble: str = ""

    def add(self, landing: Landing, flaws: Sequence[str]) -> None:
        """Count records that landed, and what could not be read in them."""
        for flaw in flaws:
            self.flaws[flaw] = self.flaws.get(flaw, 0) + 1
        self.new += landing.new
        self.changed += landing.changed
        self.unchanged += landing.unchanged


@dataclass(frozen=True)
class Arrived:
    """A page on its way from a lane to the writer."""

    lane: Lane
    stream: Stream
    page: Page
    window: Window
    records: Sequence[Incoming] = ()
    held: Sequence[Held] = ()
    flaws: Sequence[str] = ()
    """Those of all its records, see `flaws_of`."""
    pages: int = 1
    """How many pages end with it."""

    @property
    def waits(self) -> bool:
        """Whether the lane waits for the verdict on its window."""
        return self.page.end is not None or self.page.restart


@dataclass(frozen=True)
class Asked:
    """Rows that came in spoilt, or that webhooks spoke of, as the system gives them when it is asked for them by id."""

    lane: Lane
    stream: Stream
    records: Sequence[Incoming] = ()
    held: Sequence[Held] = ()
    hints: Sequence[Told] = ()
    """What is done when they have landed."""


Item = Arrived | Asked | Lane
"""What comes to the writer; a lane at its end comes itself."""


def flaws_of(records: Sequence[Incoming]) -> list[str]:
    """The flaws of records. Of a page they are looked for by whoever has just made it, while it lies near at hand."""
    return list(chain.from_iterable(map(_flaws, records)))


class Inbox:
    """What waits for the writer: pages that hold `WAITING` records together, or one larger one."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._records = 0
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Add one; waits while too much is waiting."""
        with self._changed:
            self._changed.wait_for(lambda: not self._items or self._records + _size(item) <= WAITING)
            self._items.append(item)
            self._records += _size(item)
            self._changed.notify_all()

    def get(self, timeout: float | None = None) -> Item | None:
        """The next one; None where none comes in so many seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items, timeout):
                return None
            item = self._items.popleft()
            self._records -= _size(item)
            self._changed.notify_all()
            return item


def _size(item: Item) -> int:
    return 0 if isinstance(item, Lane) else max(1, len(item.records))


def in_parts(pages: Iterable[Page], position: Row | None) -> Iterator[tuple[Page, bool]]:
    """Pages, large ones in parts, and whether a page ends with this one.

    Only with its last part does a page's own position count; who is cut off before goes on from where the page began.
    """
    for page in pages:
        rows = page.rows
        for start in range(0, len(rows) - PART, PART):
            places = page.places[start : start + PART]
            yield Page(rows=rows[start : start + PART], places=places, position=position), False
        rest = (len(rows) - 1) // PART * PART if rows else 0
        position = page.position
        part = replace(page, rows=rows[rest:], places=page.places[rest:])
        del page, rows  # a large page is not kept until the next one is there
        yield part, True


def waiting(first: Arrived, queue: Inbox) -> tuple[list[Arrived], Item | None]:
    """The pages that are waiting or about to come, up to a transaction's worth, and what else came behind them."""
    pages = [first]
    while not pages[-1].waits and sum(len(page.records) for page in pages) < COMMIT:
        item = queue.get(timeout=LINGER)
        if not isinstance(item, Arrived):
            return pages, item
        pages.append(item)
    return pages, None


def together(pages: Sequence[Arrived]) -> Iterator[Arrived]:
    """Pages of one stream that hold nothing but records, as one; every other page as it is. A lane's keep their order."""
    open_: dict[str, list[Arrived]] = {}
    for page in pages:
        known = open_.setdefault(page.lane.name, [])
        if known and not (_only_records(page) and known[-1].stream == page.stream):
            yield _joined(known)
            known.clear()
        if _only_records(page):
            known.append(page)
        else:
            yield page
    yield from (_joined(known) for known in open_.values() if known)


def _only_records(page: Arrived) -> bool:
    return not (page.waits or page.held or page.page.gone or page.page.bad)


def _joined(pages: Sequence[Arrived]) -> Arrived:
    records = [record for page in pages for record in page.records]
    flaws = [flaw for page in pages for flaw in page.flaws]
    return replace(pages[-1], records=records, flaws=flaws, pages=sum(page.pages for page in pages))
