"""Who leaves at the end of a read: those that the system told to be deleted, and those that two sweeps missed.

Nobody leaves in large numbers unseen. A source that tells of many deletes, or that many records are missing from, is
asked about first; until a person has said yes, who was told to be deleted stays noted, and absence proves nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from hub.connector import Stream
from hub.store import Store
from hub.store.absence import Told, Unmet

FEW = 10
"""So many deletes that a system tells of are believed without a question, however few records it has."""


class Left(NamedTuple):
    """The strength that the read keeps, who left, how many living records it neither met nor took, and why not."""

    strength: str
    gone: int
    kept: int
    trouble: str


def leave(store: Store, name: str, stream: Stream, strength: str, *, full: bool, now: int, grace: int) -> Left:
    """End a read of that strength, in the open transaction."""
    told = store.absence.told(name, stream.name)
    sweeps = full and stream.deletes != "none" and stream.strength == "swept"
    unmet = store.absence.unmet(name, stream.name) if sweeps else None
    if _shrunk(store, name, stream, told, unmet if strength == "swept" else None):
        kept = told.leaving if unmet is None else unmet.living - unmet.met
        return Left("chain" if sweeps and strength == "swept" else strength, 0, kept,
                    "the source shrank; nothing was taken as deleted")  # fmt: skip
    gone = store.absence.let_leave(name, stream.name) if told.leaving else 0
    if unmet is None:
        return Left(strength, gone, 0, "")
    trouble = ""
    if strength == "swept":
        gone += store.absence.take(name, stream.name, now, grace)
    elif unmet.living > unmet.met + gone:
        trouble = "the read proved no absence; nothing was taken as deleted"
    return Left(strength, gone, max(0, unmet.living - unmet.met - gone), trouble)


def _shrunk(store: Store, name: str, stream: Stream, told: Told, unmet: Unmet | None) -> bool:
    """Whether so many records are newly missing that a person must look first; a source that is empty always asks.

    Those that an earlier sweep missed already are not counted again: a person may have said yes to them.
    """
    questions, share = store.questions, stream.shrink_brake
    living, fresh = max(told.living, unmet.living if unmet else 0), max(told.leaving, unmet.fresh if unmet else 0)
    many = bool(share) and told.leaving > max(FEW, told.living * share)
    if unmet is not None and unmet.fresh:
        many = many or not unmet.met or (bool(share) and unmet.fresh > unmet.living * share)
    subject = f"{living}>{living - fresh}"
    if many and questions.answered("shrink", name).get((stream.name, subject)) != "yes":
        asked = questions.ask("shrink", subject, connection=name, field=stream.name, count=fresh)
        questions.withdraw("shrink", name, stream.name, keep=asked)
        return True
    questions.withdraw("shrink", name, stream.name)
    return False
