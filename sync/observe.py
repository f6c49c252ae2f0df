"""observe: each connection reads in a lane of its own; whole pages go over a short queue to the one writer.

A lane fetches, decodes and normalises. The writer lands a page, its quarantine entries and its position in one
transaction, several pages together where they come fast. A read that ends by the system's own end mark earns a
certificate, and only that moves the watermark.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import Any

from hub.connector import Page, Row, Stream, Window
from hub.errors import HubError, Rejected, Transient
from hub.store import Store
from hub.store.database import chunks
from hub.store.hints import Told
from hub.store.marks import Certificate, Mark
from hub.store.records import Landing
from sync.arrivals import land
from sync.lanes import Arrived, Asked, Inbox, Item, Lane, Outcome, flaws_of, in_parts, together, waiting
from sync.leaving import leave
from sync.normalise import Normaliser
from sync.sorting import sorted_out

NAMED = 100
"""How many records that webhooks spoke of are asked for and landed together."""

TRIES = 3
"""How often a window is read again when its totals disagree, before the run gives up on it."""


@dataclass(frozen=True)
class Observer:
    """Reads lanes into the store; `progress` is told after each page."""

    store: Store
    run: int
    grace: int
    progress: Callable[[str, Outcome], None] = lambda name, outcome: None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    """Whose turn it is to compute: the database lets go of the interpreter at every row, and threads that compute at the
    same time would then hand it to and fro. Nobody waits for a network or for the database's lock while it is theirs."""

    def observe(self, lanes: Sequence[Lane]) -> None:
        """Run all lanes to their end; a lane's failure is noted on it and stops no other."""
        queue = Inbox()
        acks: dict[str, Queue[bool]] = {lane.name: Queue() for lane in lanes}
        threads = [
            threading.Thread(
                target=self._lane, args=(lane, queue, acks[lane.name]), name=f"lane-{lane.name}", daemon=True
            )
            for lane in lanes
        ]
        for thread in threads:
            thread.start()
        running = len(lanes)
        behind: Item | None = None
        while running:
            item, behind = behind or queue.get(), None
            assert item is not None  # it waited for as long as it took
            if isinstance(item, Lane):
                running -= 1
            elif isinstance(item, Asked):
                self._mend(item)
            else:
                pages, behind = waiting(item, queue)
                for page, good in self._write_safely(pages):
                    if page.waits:
                        acks[page.lane.name].put(good)
        for thread in threads:
            thread.join()

    # -- the lane's side

    def _lane(self, lane: Lane, queue: Inbox, ack: Queue[bool]) -> None:
        try:
            told = self.store.hints.waiting(lane.name)
            for normalise in () if lane.hinted else lane.readers:
                self._stream(lane, normalise, queue, ack)
                self._ask_again(lane, normalise, queue)
            for normalise in lane.readers:  # last: what goes wrong here keeps no window from being read
                if hints := told.get(normalise.stream.name):
                    self._hinted(lane, normalise, hints, queue, ack)
        except HubError as fault:
            lane.error = fault
        except Exception as fault:
            lane.error = Transient(
                f"the connector failed with {type(fault).__name__}", where=lane.name, remedy="see `kehub doctor`"
            )
            lane.error.__cause__ = fault
        finally:
            self.store.db.leave()
            queue.put(lane)

    def _stream(self, lane: Lane, normalise: Normaliser, queue: Inbox, ack: Queue[bool]) -> None:
        stream = normalise.stream
        lane.outcomes[stream.name] = Outcome()
        for attempt in range(1, TRIES + 1):
            window, position = self._window(lane, stream, normalise.digest, fresh=attempt > 1)
            lane.outcomes[stream.name].full = window.full
            if self._read(lane, stream, window, position, normalise, queue, ack):
                return
        lane.outcomes[stream.name].trouble = "totals disagree with what was read; nothing was certified"

    def _read(
        self, lane: Lane, stream: Stream, window: Window, position: dict[str, Any] | None,
        normalise: Normaliser, queue: Inbox, ack: Queue[bool],
    ) -> bool:  # fmt: skip
        """Read one window; False when it has to be read again."""
        ended, asks = False, _askable(lane, stream) > 0
        with _closed(lane.connector.read(stream, window, position)) as pages:
            for page, whole in in_parts(pages, position):
                with self._turn:
                    records, held = sorted_out(lane.name, page, normalise, asks=asks)
                    flaws = flaws_of(records)
                arrived = Arrived(lane, stream, replace(page, rows=()), window, records, held, flaws, int(whole))
                queue.put(arrived)
                if lane.error is not None:
                    raise lane.error
                ended = page.end is not None
                if arrived.waits and not ack.get():
                    return False
        if lane.error is not None:
            raise lane.error
        if not ended:
            raise Transient("the read ended before the system's end mark", where=f"{lane.name}.{stream.name}")
        return True

    def _ask_again(self, lane: Lane, normalise: Normaliser, queue: Inbox) -> None:
        """Ask by id for rows that came in spoilt: listed once, they lie behind the watermark until they change."""
        stream, most = normalise.stream, _askable(lane, normalise.stream)
        if lane.error is None and most and (ids := self.store.quarantine.spoilt(lane.name, stream.name, most)):
            found = Page(rows=list(lane.connector.fetch(ids).values()))
            queue.put(Asked(lane, stream, *sorted_out(lane.name, found, normalise)))

    def _hinted(self, lane: Lane, normalise: Normaliser, hints: Sequence[Told], queue: Inbox, ack: Queue[bool]) -> None:
        """Read what webhooks spoke of: by id, or, where the system cannot be asked so, with the stream's window."""
        stream = normalise.stream
        try:
            for part in chunks(hints, NAMED):
                self._by_id(lane, normalise, part, queue)
            return
        except NotImplementedError:
            pass
        if lane.hinted and self._now() - stream.overlap.total_seconds() > min(hint.last for hint in hints):
            self._stream(lane, normalise, queue, ack)  # before, the window would end short of what was told
        passed = self.store.marks.get(lane.name, stream.name).watermark or 0
        if over := [hint for hint in hints if hint.last < passed]:
            queue.put(Asked(lane, stream, hints=over))

    def _by_id(self, lane: Lane, normalise: Normaliser, hints: Sequence[Told], queue: Inbox) -> None:
        """Read and land these; an id that the system refuses for good is dropped, one that it does not know, too: whether
        a record is gone is found out in the usual ways only."""
        stream, ids = normalise.stream, list(dict.fromkeys(hint.ext for hint in hints))
        rows: list[Row] = []
        try:
            rows = list(lane.connector.named(stream, ids).values())
        except Rejected:
            if len(hints) > 1:
                for one in hints:
                    self._by_id(lane, normalise, [one], queue)
                return
        with self._turn:
            records, held = sorted_out(lane.name, Page(rows=rows), normalise)
        lane.by_id[stream.name] = lane.by_id.get(stream.name, 0) + len(hints)
        lane.outcomes.setdefault(stream.name, Outcome())
        queue.put(Asked(lane, stream, records, held, hints))

    def _window(self, lane: Lane, stream: Stream, digest: str, *, fresh: bool) -> tuple[Window, dict[str, Any] | None]:
        """The window to read: the open one with its position, or a new one bounded in the server's time."""
        mark = self.store.marks.get(lane.name, stream.name)
        further = lane.since is not None and mark.window_since is not None and lane.since < _time(mark.window_since)
        again = fresh or lane.full or further
        if mark.window_until is not None and mark.position and mark.mapping == digest and not again:
            return Window(_at(mark.window_since), _time(mark.window_until)), mark.position
        # A clock that runs ahead would put the watermark where nothing has happened yet, and what happens then be lost.
        server, ours = lane.connector.server_time(), self.store.clock.now()
        until = min(server, ours) - stream.overlap
        ahead = mark.watermark is not None and _time(mark.watermark) > max(server, ours)
        since = None if ahead or self._everything(lane, stream, mark, digest) else _at(mark.watermark)
        if since is not None:
            since -= max(ours - server, timedelta(0))  # a clock set back since dates what happens before the watermark
            since = min(since, lane.since or since)  # further back on request, never ahead of what was read completely
        with self.store.db.writing("window"):
            self.store.leases.check(f"read:{lane.name}")
            seconds = None if since is None else int(since.timestamp())
            self.store.marks.begin(lane.name, stream.name, seconds, int(until.timestamp()), digest)
            if since is None:
                self.store.quarantine.drop_unplaced(lane.name, stream.name)
        return Window(since, until), None

    def _everything(self, lane: Lane, stream: Stream, mark: Mark, digest: str) -> bool:
        if lane.full or mark.watermark is None or mark.mapping != digest or stream.change_feed == "none":
            return True
        if stream.remembers is not None and self._now() - mark.watermark > stream.remembers.total_seconds():
            return True
        return stream.sweep is not None and self._unswept(lane.name, stream.name) >= stream.sweep.total_seconds()

    def _unswept(self, name: str, stream: str) -> float:
        """For how many seconds the stream has not been read completely."""
        whole = self.store.marks.certificates(name, stream, whole=True)
        return self._now() - whole[0].at if whole else float("inf")

    # -- the writer's side

    def _write_safely(self, items: Sequence[Arrived]) -> list[tuple[Arrived, bool]]:
        """Write pages in one transaction; the verdict on each one's window, which matters at its end.

        Where one of several cannot be written, each is written alone, so that it costs its own lane only.
        """
        try:
            with self.store.db.writing("page"), self._turn:
                written = [
                    (item, False, Landing()) if item.lane.refused else (item, *self._write(item))
                    for item in together(items)
                ]
        except HubError as fault:
            if len(items) > 1:
                return [one for item in items for one in self._write_safely([item])]
            items[0].lane.refuse(fault)
            return [(items[0], False)]
        for item, _, landing in written:
            if not item.lane.refused:
                self._count(item, landing)
        return [(item, good) for item, good, _ in written]

    def _write(self, item: Arrived) -> tuple[bool, Landing]:
        """Land one page with its position; with the end, the certificate. False: read the window again."""
        outcome = item.lane.outcomes[item.stream.name]
        name, stream = item.lane.name, item.stream
        self.store.leases.check(f"read:{name}")
        if item.page.restart:
            self.store.marks.abandon(name, stream.name)
            return False, Landing()
        landing = land(self.store, name, stream, item.records, self._now(), loading=True)
        met = self._set_aside(item)
        self.store.marks.see(name, stream.name, met, landing)
        self.store.absence.met(name, stream.name, met)
        self.store.absence.tell(name, stream.name, item.page.gone)
        self.store.marks.move(name, stream.name, item.page.position)
        return item.page.end is None or self._certify(item, outcome), landing

    def _count(self, item: Arrived, landing: Landing) -> None:
        if item.page.restart:
            return
        outcome = item.lane.outcomes[item.stream.name]
        outcome.add(landing, item.flaws)
        outcome.pages += item.pages
        outcome.quarantined += len(item.held)
        self.progress(f"{item.lane.name}.{item.stream.name}", outcome)

    def _mend(self, item: Asked) -> None:
        """Land what came in good now; what is still spoilt goes to the end of the queue of those to be asked for."""
        name, stream = item.lane.name, item.stream.name
        outcome = item.lane.outcomes.setdefault(stream, Outcome())
        try:
            with self.store.db.writing("asked again"):
                self.store.leases.check(f"read:{name}")
                outcome.add(land(self.store, name, item.stream, item.records, self._now()), flaws_of(item.records))
                self._set_aside(item)
                self.store.hints.done(item.hints)
                outcome.quarantined = self.store.quarantine.counts(self.run).get((name, stream), 0)
        except HubError as fault:
            item.lane.refuse(fault)
            return
        self.progress(f"{name}.{stream}", outcome)

    def _set_aside(self, item: Arrived | Asked) -> list[str]:
        """Put rows into quarantine, and take out those that are good now; gives the ids of both."""
        for entry in item.held:
            self.store.quarantine.hold(self.run, entry)
        exts = [record.ext for record in item.records]
        self.store.quarantine.accept(item.lane.name, item.stream.name, exts)
        return exts + [entry.ext for entry in item.held if entry.ext]

    def _certify(self, item: Arrived, outcome: Outcome) -> bool:
        """Judge what the read proves; store the certificate, or say that the window must be read again."""
        end, window, name, stream = item.page.end, item.window, item.lane.name, item.stream
        assert end is not None
        seen = self.store.marks.seen(name, stream.name, living=end.living)
        bad = sum(1 for held in self.store.quarantine.list(name) if held.stream == stream.name and not held.ext)
        strength = judge(stream, window, seen, bad, end.before, end.after, end.swept, end.shortfall)
        if not strength:
            self.store.marks.abandon(name, stream.name)
            return False
        strength, outcome.gone, outcome.kept, outcome.trouble = leave(
            self.store, name, stream, strength, full=window.full, now=self._now(), grace=self.grace
        )
        since = None if window.since is None else int(window.since.timestamp())
        self.store.marks.certify(
            self.run, name, stream.name,
            Certificate(
                strength, since, int(window.until.timestamp()), seen if window.full else None, end.before, end.after,
                end.shortfall,
            ),
        )  # fmt: skip
        outcome.certificate, outcome.shortfall = strength, end.shortfall
        return True

    def _now(self) -> int:
        return int(self.store.clock.now().timestamp())


def judge(
    stream: Stream, window: Window, seen: int, bad: int, before: int | None, after: int | None,
    swept: bool, shortfall: int,
) -> str:  # fmt: skip
    """The strength a finished read has earned: swept, bracketed or chain; "" when its totals say it is incomplete.

    Fewer distinct ids than either total prove that rows are missing. Totals that moved while we read, or more ids than
    the total, tell that rows came and went: they prove nothing more, and cost the bracket. The totals are the window's.
    """
    if after is None or before is None:
        return "swept" if swept and window.full and stream.strength == "swept" else "chain"
    if seen + bad + shortfall < min(before, after):
        return ""
    if before != after or seen > after or stream.strength == "chain":
        return "chain"
    return "swept" if swept and window.full and stream.strength == "swept" else "bracketed"


@contextmanager
def _closed(pages: Iterator[Page]) -> Iterator[Iterator[Page]]:
    """Pages whose reading ends with the block, so that a read left half-way leaves no thread of its own behind."""
    try:
        yield pages
    finally:
        if isinstance(pages, Generator):
            pages.close()


def _askable(lane: Lane, stream: Stream) -> int:
    """For how many rows of the stream a connection can be asked at a time by their ids; 0 where it cannot."""
    target = lane.connector.target()
    return target.batch if target is not None and target.stream == stream.name and not stream.personal_ids else 0


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _at(seconds: int | None) -> datetime | None:
    return None if seconds is None else _time(seconds)
