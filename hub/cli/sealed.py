"""What reads have proved, stream by stream, and what waits because a proof is missing: for `status` and `runs show`.

A certificate *stands since* the moment when it was earned; a read that breaks off leaves the one before it standing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.cli.show import Facts, day, moment
from hub.connector import Stream
from hub.store import Store
from hub.store.marks import Certificate
from hub.store.questions import Question
from hub.store.runs import Note, Run


def seal(found: Certificate) -> Facts:
    """One certificate: strength, the window it covers, since when it stands, and the rows known to be left out."""
    return {
        "strength": found.strength, "since": moment(found.since), "until": moment(found.until), "at": moment(found.at),
        "records": found.records, "shortfall": found.shortfall, "run": found.run,
    }  # fmt: skip


_SHRINKS = ("shrink", "deleted")
"""The questions about records that may be gone."""


@dataclass(frozen=True)
class Waiting:
    """What waits for better reads: looked up once, told by stream."""

    store: Store
    held: Sequence[Facts]
    shrunk: Sequence[Question]

    @classmethod
    def now(cls, store: Store) -> Waiting:
        """As the store has it."""
        return cls(store, store.decisions.held(), store.questions.open(kinds=_SHRINKS))

    def of(self, connection: str, stream: Stream) -> list[Facts]:
        """What waits for a better read of a stream: `kind` is lowering, deletes or shrink."""
        found = [*self._lowering(connection, stream.name), *self._shrink(connection, stream.name)]
        count, since = self.store.absence.missed(connection, stream.name)
        whole = next(iter(self.store.marks.certificates(connection, stream.name, whole=True)), None)
        if count:
            found.append(_hold("deletes", count, moment(since), "missed by one sweep, wait for another"))
        elif whole and stream.strength == "swept" and stream.deletes == "absence" and whole.strength != "swept":
            found.append(_hold("deletes", None, moment(whole.at), f"the last complete read was {whole.strength} only"))
        return found

    def _lowering(self, connection: str, stream: str) -> list[Facts]:
        mark = f"stream {connection}.{stream} incomplete"
        days = [row["since_day"] for row in self.held if mark in row["reason"]]
        return [_hold("lowering", len(days), day(min(days)), "wait for a complete read")] if days else []

    def _shrink(self, connection: str, stream: str) -> list[Facts]:
        asked = (one for one in self.shrunk if (one.connection, one.field) == (connection, stream))
        why = "the source went from {} records; see `kehub questions list`"
        return [_hold("shrink", one.count, None, why.format(one.subject.replace(">", " to "))) for one in asked]


def _hold(kind: str, count: int | None, since: str | None, why: str) -> Facts:
    return {"kind": kind, "count": count, "since": since, "why": why}


def run_seals(store: Store, run: Run, notes: Sequence[Note]) -> list[Facts]:
    """What a run's reads proved: the certificate earned, the one that stood after it, and what the run held back."""
    said: dict[tuple[str, str], dict[str, Facts]] = {}
    for note in notes:
        if note.kind in ("read", "held"):
            said.setdefault((note.connection, note.stream), {})[note.kind] = note.facts
    return [_run_seal(store, run, key, each.get("read", {}), each.get("held", {})) for key, each in said.items()]


def _run_seal(store: Store, run: Run, key: tuple[str, str], read: Facts, held: Facts) -> Facts:
    stood = next(iter(store.marks.certificates(*key, run=run.id)), None)
    trouble, kept = read.get("trouble", ""), read.get("kept", 0)
    found = [_hold("deletes", kept, None, trouble or "missed by one sweep, wait for another")] if kept else []
    if held:
        found.append(_hold("lowering", held["lowering"], held["since"], "wait for a complete read"))
    return {
        "connection": key[0], "stream": key[1], "earned": read.get("certificate") or None,
        "certificate": seal(stood) if stood else None, "trouble": trouble, "holds": found,
    }  # fmt: skip


def spelled(found: Facts | None, at: Callable[[str | None], str]) -> str:
    """A certificate as a reader sees it; `at` spells a time."""
    if found is None:
        return "none"
    short = f", {found['shortfall']} rows not shown to us" if found["shortfall"] else ""
    return f"{found['strength']} since {at(found['at'])}{short}"


def told(found: Facts, at: Callable[[str | None], str]) -> str:
    """One thing that waits, as a reader sees it."""
    words = {
        "lowering": "lowering decisions",
        "deletes": "records not taken as deleted",
        "shrink": "records in question",
    }
    many = f"{found['count']} " if found["count"] is not None else ""
    since = f" since {at(found['since']) if 'T' in found['since'] else found['since']}" if found["since"] else ""
    return f"{many}{words[found['kind']]}{since}: {found['why']}"
