"""observe: each connection reads in a lane of its own; whole pages go over a short queue to the one writer.

A lane fetches, decodes and normalises. The writer lands a page, its quarantine entries and its position in one
transaction. A read that ends by the system's own end mark earns a certificate, and only that moves the watermark.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import Any

from hub.connector import Connector, Page, Stream, Window
from hub.errors import HubError, Transient
from hub.store import Store
from hub.store.absence import Unmet
from hub.store.marks import Certificate, Mark
from hub.store.quarantine import Held
from hub.store.records import Incoming, Landing
from sync.normalise import Normaliser, buyer_record
from sync.sorting import sorted_out

QUEUE = 4
TRIES = 3
"""How often a window is read again when its totals disagree, before the run gives up on it."""


@dataclass
class Lane:
    """One connection's reading: what to read, and what came of it."""

    name: str
    connector: Connector[Any]
    readers: Sequence[Normaliser]
    full: bool = False
    since: datetime | None = None
    error: HubError | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)


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

    def add(self, landing: Landing) -> None:
        """Count a landed page."""
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


@dataclass(frozen=True)
class Observer:
    """Reads lanes into the store; `progress` is told after each page."""

    store: Store
    run: int
    grace: int
    progress: Callable[[str, Outcome], None] = lambda name, outcome: None

    def observe(self, lanes: Sequence[Lane]) -> None:
        """Run all lanes to their end; a lane's failure is noted on it and stops no other."""
        queue: Queue[Arrived | Lane] = Queue(maxsize=QUEUE)
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
        while running:
            item = queue.get()
            if isinstance(item, Lane):
                running -= 1
            elif (good := self._write_safely(item)) is not None:
                acks[item.lane.name].put(good)
        for thread in threads:
            thread.join()

    # -- the lane's side

    def _lane(self, lane: Lane, queue: Queue[Arrived | Lane], ack: Queue[bool]) -> None:
        try:
            for normalise in lane.readers:
                self._stream(lane, normalise, queue, ack)
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

    def _stream(self, lane: Lane, normalise: Normaliser, queue: Queue[Arrived | Lane], ack: Queue[bool]) -> None:
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
        normalise: Normaliser, queue: Queue[Arrived | Lane], ack: Queue[bool],
    ) -> bool:  # fmt: skip
        """Read one window; False when it has to be read again."""
        ended = False
        with _closed(lane.connector.read(stream, window, position)) as pages:
            for page in pages:
                records, held = sorted_out(lane.name, page, normalise)
                queue.put(Arrived(lane, stream, page, window, records, held))
                if lane.error is not None:
                    raise lane.error
                ended = page.end is not None
                if (ended or page.restart) and not ack.get():
                    return False
        if lane.error is not None:
            raise lane.error
        if not ended:
            raise Transient("the read ended before the system's end mark", where=f"{lane.name}.{stream.name}")
        return True

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

    def _write_safely(self, item: Arrived) -> bool | None:
        """Write a page; the verdict on the window when the lane waits for one (at its end), else None."""
        try:
            good = item.lane.error is None and self._write(item)
        except HubError as fault:
            item.lane.error, good = fault, False
        return good if item.page.end is not None or item.page.restart else None

    def _write(self, item: Arrived) -> bool:
        """Land one page with its position; with the end, the certificate. False: read the window again."""
        outcome = item.lane.outcomes[item.stream.name]
        name, stream = item.lane.name, item.stream
        with self.store.db.writing("page"):
            self.store.leases.check(f"read:{name}")
            if item.page.restart:
                self.store.marks.abandon(name, stream.name)
                return False
            outcome.add(land(self.store, name, stream, item.records, self._now()))
            self._set_aside(item)
            outcome.gone += self.store.records.mark_gone(name, stream.name, list(item.page.gone))
            self.store.marks.move(name, stream.name, item.page.position)
            done = item.page.end is None or self._certify(item, outcome)
        outcome.pages += 1
        outcome.quarantined += len(item.held)
        for record in item.records:
            for flaw in record.flaws:
                outcome.flaws[flaw] = outcome.flaws.get(flaw, 0) + 1
        self.progress(f"{name}.{stream.name}", outcome)
        return done

    def _set_aside(self, item: Arrived) -> None:
        for entry in item.held:
            self.store.quarantine.hold(self.run, entry)
        exts = [record.ext for record in item.records]
        self.store.quarantine.accept(item.lane.name, item.stream.name, exts)
        held = [entry.ext for entry in item.held if entry.ext]
        self.store.marks.see(item.lane.name, item.stream.name, exts + held)

    def _certify(self, item: Arrived, outcome: Outcome) -> bool:
        """Judge what the read proves; store the certificate, or say that the window must be read again."""
        end, window, name, stream = item.page.end, item.window, item.lane.name, item.stream
        assert end is not None
        seen = self.store.marks.seen(name, stream.name)
        bad = sum(1 for held in self.store.quarantine.list(name) if held.stream == stream.name and not held.ext)
        strength = judge(stream, window, seen, bad, end.before, end.after, end.swept, end.shortfall)
        if not strength:
            self.store.marks.abandon(name, stream.name)
            return False
        if window.full and stream.deletes != "none" and stream.strength == "swept":
            strength = self._take_away(name, stream, strength, outcome)
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

    def _take_away(self, name: str, stream: Stream, strength: str, outcome: Outcome) -> str:
        """Take for gone what a sweep did not meet; the strength that the read keeps. What is not taken is counted."""
        found, gone = self.store.absence.unmet(name, stream.name), 0
        if strength == "swept" and self._shrunk(name, stream, found):
            strength, outcome.trouble = "chain", "the source shrank; nothing was taken as deleted"
        elif strength == "swept":
            gone = self.store.absence.take(name, stream.name, self._now(), self.grace)
        elif found.living > found.met:
            outcome.trouble = "the read proved no absence; nothing was taken as deleted"
        outcome.gone += gone
        outcome.kept = found.living - found.met - gone
        return strength

    def _shrunk(self, name: str, stream: Stream, found: Unmet) -> bool:
        """Whether so many records are newly missing that a person must look first; a source that is empty always asks.

        Those that an earlier sweep missed already are not counted again: a person may have said yes to them.
        """
        questions = self.store.questions
        many = bool(stream.shrink_brake) and found.fresh > found.living * stream.shrink_brake
        subject = f"{found.living}>{found.living - found.fresh}"
        asks = bool(found.fresh) and (many or not found.met)
        if asks and questions.answered("shrink", name).get((stream.name, subject)) != "yes":
            asked = questions.ask("shrink", subject, connection=name, field=stream.name, count=found.fresh)
            questions.withdraw("shrink", name, stream.name, keep=asked)
            return True
        questions.withdraw("shrink", name, stream.name)
        return False

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


def land(store: Store, connection: str, stream: Stream, records: Sequence[Incoming], now: int) -> Landing:
    """Land records of any noun in the open transaction."""
    landing, fresh = store.records.land(connection, stream.name, stream.noun, records, now)
    if stream.noun in ("orders", "cases") and fresh:
        buyers = _buyers(store, connection, [item for item, _ in fresh], now)
        if stream.noun == "orders":
            store.registers.orders(connection, fresh, buyers, stream.counts)
        else:
            store.registers.cases(connection, fresh, buyers)
    elif stream.noun == "stores":
        store.registers.stores(connection, [item.typed or {} for item, _ in fresh])
    elif stream.noun == "staff":
        store.registers.staff(connection, [item.typed or {} for item, _ in fresh])
    return landing


def _buyers(store: Store, connection: str, records: Iterable[Incoming], now: int) -> dict[str, int]:
    """External id of an order or case -> its buyer's record: a customer of the same system, else an identity key."""
    named: dict[str, str] = {}
    keyed: dict[str, Incoming] = {}
    for item in records:
        buyer = item.buyer
        if buyer is None:
            continue
        if buyer.external_id:
            named[item.ext] = buyer.external_id
            continue
        made = buyer_record(buyer, store.vault, item.modified, "buyer")
        if made is not None:
            keyed[item.ext] = made
    places = store.records.placeholder(connection, "customers", named.values()) if named else {}
    found = {ext: places[buyer] for ext, buyer in named.items()}
    if keyed:
        store.records.land(connection, "buyers", "customers", list(keyed.values()), now)
        ids = store.records.by_exts(connection, "buyers", sorted({made.ext for made in keyed.values()}))
        found |= {ext: ids[made.ext].rid for ext, made in keyed.items()}
    return found


@contextmanager
def _closed(pages: Iterator[Page]) -> Iterator[Iterator[Page]]:
    """Pages whose reading ends with the block, so that a read left half-way leaves no thread of its own behind."""
    try:
        yield pages
    finally:
        if isinstance(pages, Generator):
            pages.close()


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _at(seconds: int | None) -> datetime | None:
    return None if seconds is None else _time(seconds)
