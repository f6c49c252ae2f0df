"""Who leaves at the end of a read: those that the system told to be deleted, and those that two sweeps missed.

Nobody leaves in large numbers unseen. A source that tells of many deletes, or that many records are missing from, is
asked about first; until a person has said yes, who was told to be deleted stays noted, and absence proves nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from hub.connector import Stream
from hub.store import Store

FEW = 10
"""So many deletes that a system tells of are believed without a question, however few records it has."""

_SHRANK = "the source shrank; nothing was taken as deleted"


class Left(NamedTuple):
    """The strength that the read keeps, who left, how many living records it neither met nor took, and why not."""

    strength: str
    gone: int
    kept: int
    trouble: str


def leave(store: Store, name: str, stream: Stream, strength: str, *, full: bool, now: int, grace: int) -> Left:
    """End a read of that strength, in the open transaction."""
    told, share = store.absence.told(name, stream.name), stream.shrink_brake
    waits = bool(share) and told.leaving > max(FEW, told.living * share)
    if waits and _asks(store, "deleted", name, stream, told.living, told.leaving):
        swept = full and strength == "swept"
        return Left("chain" if swept else strength, 0, told.leaving, _SHRANK)
    store.questions.withdraw("deleted", name, stream.name)
    gone = store.absence.let_leave(name, stream.name)
    if not full or stream.deletes == "none" or stream.strength != "swept":
        return Left(strength, gone, 0, "")
    return _absent(store, name, stream, Left(strength, gone, 0, ""), now, grace)


def _absent(store: Store, name: str, stream: Stream, so_far: Left, now: int, grace: int) -> Left:
    """Take for gone what a sweep did not meet, after those have left of whom the system told.

    Who was missed by an earlier sweep already is not counted again: a person may have said yes to it. A source that is
    empty always asks.
    """
    unmet = store.absence.unmet(name, stream.name)
    strength, gone, trouble = so_far.strength, 0, ""
    if strength == "swept":
        share = stream.shrink_brake
        many = not unmet.met or (bool(share) and unmet.fresh > unmet.living * share)
        if unmet.fresh and many and _asks(store, "shrink", name, stream, unmet.living, unmet.fresh):
            return Left("chain", so_far.gone, unmet.living - unmet.met, _SHRANK)
        gone = store.absence.take(name, stream.name, now, grace) if unmet.living > unmet.met else 0
    elif unmet.living > unmet.met:
        trouble = "the read proved no absence; nothing was taken as deleted"
    store.questions.withdraw("shrink", name, stream.name)
    return Left(strength, so_far.gone + gone, unmet.living - unmet.met - gone, trouble)


def _asks(store: Store, kind: str, name: str, stream: Stream, living: int, leaving: int) -> bool:
    """Whether a person has yet to say that so many may leave; asks, and withdraws what was asked before."""
    questions, subject = store.questions, f"{living}>{living - leaving}"
    if questions.answered(kind, name).get((stream.name, subject)) == "yes":
        return False
    asked = questions.ask(kind, subject, connection=name, field=stream.name, count=leaving)
    questions.withdraw(kind, name, stream.name, keep=asked)
    return True
