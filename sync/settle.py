"""Settling what an earlier run left unclear: by reading back, or by looking up a create's own key. Never by repeating."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hub.store.plans import PlanRow
from hub.store.receipts import Receipt
from hub.store.records import Incoming
from sync.destination import TAG
from sync.landing import Shore, as_row, create_key_of, holds, own_faults, shows_wanted


def settle(shore: Shore) -> Counter[str]:
    """Settle a connection's intents without a result and its unclear receipts; what cannot be settled stays listed."""
    done: Counter[str] = Counter()
    open_ = shore.store.receipts.unsettled(shore.name)
    size = shore.destination.target.batch
    for start in range(0, len(open_), size):
        part = open_[start : start + size]
        places = _places(shore, part)
        seen = shore.fetch(sorted(set(filter(None, places.values()))))
        with shore.store.db.writing("settle", durable=True):
            shore.store.leases.check(f"push:{shore.name}")
            for receipt in part:
                done[_one(shore, receipt, places[receipt.key], seen)] += 1
    return done


def _places(shore: Shore, part: Sequence[Receipt]) -> dict[str, str | None]:
    """Receipt key -> the id under which its effect must be looked for; creates are looked up by their create key.

    "" where the system cannot tell whether there is one, None where there is none.
    """
    creates = {receipt.key: create_key_of(receipt) for receipt in part if receipt.action == "create"}
    with own_faults(shore.name):
        found = shore.connector.lookup(sorted(creates.values())) if creates else {}
    return {r.key: found.get(creates[r.key]) if r.key in creates else r.ext for r in part}


def _one(shore: Shore, receipt: Receipt, ext: str | None, seen: dict[str, Incoming]) -> str:
    row = as_row(receipt)
    incoming = seen.get(ext or "")
    if ext and _happened(receipt, row, incoming):
        shore.acknowledged(row, ext, incoming, edited=True)
        shore.store.receipts.finish(receipt.key, "ack", ext=ext)
        _drop(shore, row)
        return "ack"
    if _never_happened(shore, receipt, row, ext, incoming):
        shore.store.receipts.finish(receipt.key, "intent")
        shore.store.receipts.withdraw([receipt.key])
        _mark(shore, row, "open")
        _plan_again(shore, receipt)
        return "not done"
    if receipt.action != "create" and (incoming is not None or _gone(shore, receipt)):
        # somebody edited or deleted the row since: whether ours came first no longer matters to anybody
        shore.crossings(row, incoming)
        shore.store.receipts.finish(receipt.key, "crossed")
        _plan_again(shore, receipt)
        _mark(shore, row, "moved")
        return "crossed"
    shore.store.receipts.finish(receipt.key, "unknown")
    _mark(shore, row, "unknown")
    return "unknown"


def _gone(shore: Shore, receipt: Receipt) -> bool:
    """Whether the record is known to have been deleted; that it cannot be found just now tells nothing."""
    known = shore.store.records.by_exts(shore.name, shore.destination.stream.name, [receipt.ext]).get(receipt.ext)
    return known is not None and known.gone


def _happened(receipt: Receipt, row: PlanRow, incoming: Incoming | None) -> bool:
    """A create that was found happened, even where its record has been removed since."""
    return receipt.action == "create" or (incoming is not None and shows_wanted(incoming.values, row))


def _never_happened(shore: Shore, receipt: Receipt, row: PlanRow, ext: str | None, incoming: Incoming | None) -> bool:
    if receipt.action == TAG:
        return incoming is not None  # some of the tags may have come or gone: what is still missing is planned again
    if receipt.action == "update":
        return incoming is not None and holds(incoming.values, row, "theirs")
    target = shore.destination.target
    waited = shore.store.clock.now().timestamp() - receipt.intended >= target.settle.total_seconds()
    return ext is None and (target.native_idempotency or waited)


def _plan_again(shore: Shore, receipt: Receipt) -> None:
    shore.store.people.make_due([shore.store.people.current(receipt.customer) or receipt.customer])


def _standing(shore: Shore, row: PlanRow) -> list[PlanRow]:
    rows = shore.store.plans.of_customer(row.customer)
    return [found for found in rows if found.connection == row.connection and found.key == row.key]


def _drop(shore: Shore, row: PlanRow) -> None:
    for found in _standing(shore, row):
        if found.fields == row.fields or found.action == "create":
            shore.store.plans.remove(found)
        else:
            shore.store.people.make_due([row.customer])


def _mark(shore: Shore, row: PlanRow, state: str) -> None:
    for found in _standing(shore, row):
        shore.store.plans.mark(found, state)
