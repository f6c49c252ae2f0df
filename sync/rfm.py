"""RFM's cut points: computed on their scheduled days, and as they stand on a day."""

from __future__ import annotations

from hub.store import Store
from hub.store.facts import Bought, Wanted
from rules.rfm import Cuts, Rfm, due_day


def bring_up_to_date(store: Store, name: str, rfm: Rfm, as_of: int, bought: Bought) -> bool:
    """Compute the cut points where a scheduled day has come; whether there are new ones.

    Computed as of the scheduled day: a run that comes later finds the same points as one on the day itself. Call it
    within a write transaction, after resolve.
    """
    programme = rfm.programme(name)
    standing = store.cuts.standing(programme, as_of)
    day = due_day(rfm.refresh, standing[0] if standing else None, as_of)
    if day is None:
        return False
    store.facts.everybody_at(day, Wanted(read_by(rfm)), bought)
    points = store.cuts.compute(rfm.window, rfm.steps)
    if points:
        store.cuts.save(programme, day, points)
    return bool(points)


def read_by(rfm: Rfm) -> frozenset[str]:
    """The facts that scores are made of."""
    return frozenset({"last_order_on", f"orders_{rfm.window}", f"spend_{rfm.window}"})


def cuts(store: Store, name: str, rfm: Rfm, as_of: int) -> Cuts | None:
    """The cut points of a day, as they are kept."""
    standing = store.cuts.standing(rfm.programme(name), as_of)
    return Cuts(rfm, standing[0], **standing[1]) if standing else None
