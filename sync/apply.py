"""apply: the approved rows and no others. Intent before the call, result after it, per row.

Just before a batch its rows are read again; a row that moved is skipped and planned afresh. After the call the batch is
read back: what the system made of our words becomes what both sides agree on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub import failpoints
from hub.connector import Row, RowResult, Write
from hub.errors import Conflict, HubError, Rejected, Transient
from hub.store.database import chunks
from hub.store.plans import Approval, PlanRow
from hub.store.records import Incoming
from sync import crossing, mapping
from sync.destination import TAG
from sync.landing import Shore, as_row, holds, own_faults, shows_wanted

Entry = tuple[str, PlanRow]
"""A receipt's key and the row it is for."""

TRIES = 2
"""How often a batch is sent again after the system refused it because a row changed in that very moment."""


@dataclass(frozen=True)
class Look:
    """A record as the guard saw it, as the read-back saw it, and that normalised."""

    before: Row
    after: Row
    seen: Incoming | None


@dataclass
class Applied:
    """What one push did: rows by outcome, batches by kind, and the error that ended it early.

    `calls` counts every request that went out for it; a batch of tags may need several.
    """

    rows: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    guards: int = 0
    read_backs: int = 0
    calls: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    error: HubError | None = None


@dataclass(frozen=True)
class Applier:
    """Pushes approved rows to one destination."""

    shore: Shore
    progress: Callable[[str, int], None] = lambda name, count: None

    def apply(self, approved: Sequence[tuple[PlanRow, Approval]]) -> Applied:
        """Push all rows, batch by batch. An error of the system ends this push; what was done stays done.

        A row whose last write is not settled yet is left out: it may have happened.
        """
        done = Applied()
        unsettled = {as_row(receipt).key for receipt in self.shore.store.receipts.unsettled(self.shore.name)}
        rows = [entry for entry in approved if entry[0].state != "refused" and entry[0].key not in unsettled]
        before = self.shore.calls
        try:
            for action in ("create", "update", TAG):
                self._action([entry for entry in rows if entry[0].action == action], done)
        except HubError as fault:
            done.error = fault
        done.calls = self.shore.calls - before or done.writes + done.guards + done.read_backs
        return done

    def _action(self, rows: Sequence[tuple[PlanRow, Approval]], done: Applied) -> None:
        """Push the rows of one kind; a batch holds rows of one approval, whose plan and actor its receipts carry."""
        by_approval: dict[Approval, list[PlanRow]] = {}
        for row, approval in rows:
            by_approval.setdefault(approval, []).append(row)
        for approval, approved in by_approval.items():
            for part in chunks(approved, self.shore.destination.batch(approved[0].action)):
                standing, raw = self._guarded(list(part), done)
                if standing:
                    self._batch(standing, raw, approval, done)
                self.progress(self.shore.name, len(part))

    # -- before the call

    def _guarded(self, rows: list[PlanRow], done: Applied) -> tuple[list[PlanRow], dict[str, Row]]:
        """Read the batch again; rows that are no longer as planned are landed, marked and left out.

        Gives the rows that stand, and what the system holds, by its ids.
        """
        if self.shore.destination.target.guard == "none" or rows[0].action == "create":
            return rows, {}
        still, moved, raw, seen = self._looked(rows, done)
        if moved:
            with self.shore.store.db.writing("moved"):
                self._skip(moved, seen)
            done.rows["moved"] += len(moved)
        return still, raw

    def _looked(
        self, rows: list[PlanRow], done: Applied
    ) -> tuple[list[PlanRow], list[PlanRow], dict[str, Row], dict[str, Incoming]]:
        """The rows that are as planned, those that moved, and what the system holds now: raw, and normalised."""
        raw = self.shore.raw([row.ext for row in rows])
        seen = self.shore.normalised(raw)
        done.guards += self._reads(len(rows))
        still = [row for row in rows if row.ext in seen and holds(seen[row.ext].values, row, "theirs")]
        return still, [row for row in rows if row not in still], raw, seen

    def _reads(self, ids: int) -> int:
        """The calls that read so many rows by id."""
        return -(-ids // self.shore.destination.target.batch)

    def _skip(self, moved: Sequence[PlanRow], seen: dict[str, Incoming]) -> None:
        store, shore = self.shore.store, self.shore
        store.leases.check(f"push:{shore.name}")
        shore.land([seen[row.ext] for row in moved if row.ext in seen])
        for row in moved:
            store.plans.mark(row, "moved", "moved" if row.ext in seen else "gone")
        store.people.make_due([row.customer for row in moved])

    # -- the call

    def _batch(
        self, rows: list[PlanRow], raw: dict[str, Row], approval: Approval, done: Applied, tries: int = TRIES
    ) -> None:
        store, name = self.shore.store, self.shore.name
        entries = [(store.receipts.key(row), row) for row in rows]
        with store.db.writing("intent", durable=True):
            store.leases.check(f"push:{name}")
            store.receipts.intend(self.shore.run, approval.digest, approval.actor, entries)
        failpoints.hit("push:before")
        try:
            writes = self._writes(entries, raw)
            with own_faults(name, unclear=True):
                results = {result.key: result for result in self.shore.connector.write(writes)}
            done.writes += 1
            failpoints.hit("push:after")
        except Rejected as fault:
            self._split(entries, fault, raw, approval, done)
            return
        except Conflict:
            self._look_again(entries, approval, done, tries)
            return
        except HubError as fault:
            unclear = isinstance(fault, Transient) and fault.unclear
            if not unclear:
                self._withdraw(entries)
                raise
            done.writes += 1
            done.error = fault
            results = {}
        self._results(entries, results, raw, done)
        if done.error is not None:
            raise done.error

    def _look_again(self, entries: list[Entry], approval: Approval, done: Applied, tries: int) -> None:
        """The system refused the batch, as a row changed since the guard's look: what moved is crossed, the rest goes on.

        Nothing of the batch was written. Rows that others write to all the time are left for later.
        """
        shore, keys = self.shore, {row.key: key for key, row in entries}
        done.writes += 1
        still, moved, raw, seen = self._looked([row for _, row in entries], done)
        with shore.store.db.writing("crossed", durable=True):
            self._skip(moved, seen)
            shore.store.receipts.withdraw([keys[row.key] for row in still])
            for row in moved:
                shore.store.receipts.finish(keys[row.key], "crossed")
                shore.crossings(row, seen.get(row.ext))
        if moved:
            done.rows["crossed"] += len(moved)
        if still and tries:
            self._batch(still, raw, approval, done, tries - 1)
        elif still:
            done.rows["later"] += len(still)

    def _writes(self, entries: Sequence[Entry], raw: dict[str, Row]) -> list[Write]:
        table = self.shore.destination.stream.mapping
        return [
            Write(
                key=key,
                values=mapping.write(table, {name: side["wanted"] for name, side in row.fields.items()}, seen),
                external_id=row.ext or None,
                create_key=row.key.removeprefix("new:") if row.action == "create" else None,
                seen=seen,
            )
            for key, row in entries
            for seen in (raw.get(row.ext, {}),)
        ]

    def _withdraw(self, entries: Sequence[Entry]) -> None:
        with self.shore.store.db.writing("withdraw"):
            self.shore.store.receipts.withdraw([key for key, _ in entries])

    def _split(
        self, entries: list[Entry], fault: Rejected, raw: dict[str, Row], approval: Approval, done: Applied
    ) -> None:
        """The system refuses the batch as a whole: halve it until the row that it dislikes stands alone."""
        done.writes += 1
        if len(entries) == 1:
            key = entries[0][0]
            self._results(entries, {key: RowResult(key, "rejected", code=fault.code, field=fault.field)}, raw, done)
            return
        self._withdraw(entries)
        rows, middle = [row for _, row in entries], len(entries) // 2
        for part in (rows[:middle], rows[middle:]):
            self._batch(part, raw, approval, done)

    # -- after the call

    def _results(
        self, entries: Sequence[Entry], results: dict[str, RowResult], before: dict[str, Row], done: Applied
    ) -> None:
        answers = [(key, row, results.get(key) or RowResult(key, "unknown")) for key, row in entries]
        ids = [_ext(row, result) for _, row, result in answers if result.outcome in ("ok", "unchanged", "unknown")]
        found = [ext for ext in ids if ext]
        after = self.shore.read_back(found)
        seen = self.shore.normalised(after)
        done.read_backs += self._reads(len(found))
        with self.shore.store.db.writing("receipts", durable=True):
            self.shore.store.leases.check(f"push:{self.shore.name}")
            for key, row, result in answers:
                ext = _ext(row, result)
                look = Look(before.get(ext, {}), after.get(ext, {}), seen.get(ext))
                outcome = self._finish(key, row, result, look)
                done.rows[outcome] += 1
                if result.code:
                    done.codes[result.code] += 1

    def _finish(self, key: str, row: PlanRow, result: RowResult, look: Look) -> str:
        store = self.shore.store
        if result.outcome in ("ok", "unchanged"):
            return self._acknowledge(key, self._without(row, result.left, look.seen), _ext(row, result), look, result)
        if result.outcome == "retry_after":
            store.receipts.withdraw([key])
            return "later"
        if result.outcome == "unknown":
            return self._unclear(key, row, look, result)
        store.receipts.finish(key, result.outcome, code=result.code, field=result.field)
        store.plans.mark(row, result.outcome, result.code, result.field)
        return result.outcome

    def _acknowledge(self, key: str, row: PlanRow, ext: str, look: Look, result: RowResult) -> str:
        target, table = self.shore.destination.target, self.shore.destination.stream.mapping
        edited = crossing.edited(target, look.before, look.after, result, look.seen)
        crossed = self.shore.acknowledged(row, ext, look.seen, edited=edited)
        if not crossed and crossing.overwrote(target, table, row.fields, look.before, look.after):
            crossed = True
            self.shore.overwrote(row, ext)
        self.shore.store.receipts.finish(key, "ack", ext=ext, code="crossed" if crossed else "")
        self.shore.store.plans.remove(row)
        return "crossed" if crossed else "ack"

    def _without(self, row: PlanRow, left: Sequence[str], seen: Incoming | None) -> PlanRow:
        """The row without the fields that the system may not have taken, unless it shows them: they are planned again."""
        if not left:
            return row
        names = {entry.ours for entry in self.shore.destination.fields() if entry.theirs in left}
        kept = {
            name: side
            for name, side in row.fields.items()
            if name not in names or (seen is not None and seen.values.get(name) == side["wanted"])
        }
        if len(kept) < len(row.fields):
            self.shore.store.people.make_due([row.customer])
        return row._replace(fields=kept)

    def _unclear(self, key: str, row: PlanRow, look: Look, result: RowResult) -> str:
        """What is there is settled by what a read-back shows; a create stays unknown until it is looked up.

        Tags that came or went in part are no riddle: what is still missing is planned again.
        """
        seen = look.seen
        if seen is not None and row.action != "create":
            if shows_wanted(seen.values, row):
                return self._acknowledge(key, row, row.ext, look, result)
            if row.action == TAG:
                self.shore.land([seen])
                self.shore.store.people.make_due([row.customer])
            if row.action == TAG or holds(seen.values, row, "theirs"):
                self.shore.store.receipts.withdraw([key])
                return "later"
        self.shore.store.receipts.finish(key, "unknown")
        self.shore.store.plans.mark(row, "unknown")
        return "unknown"


def _ext(row: PlanRow, result: RowResult) -> str:
    return result.external_id or row.ext
