"""Landing records of any noun: customers as they are, orders and cases with their buyers, registers of stores and staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.connector import Stream
from hub.store import Store
from hub.store.records import Incoming, Landing
from sync.normalise import buyer_record


def land(store: Store, connection: str, stream: Stream, records: Sequence[Incoming], now: int) -> Landing:
    """Land records of any noun in the open transaction."""
    landing, fresh = store.records.land(connection, stream.name, stream.noun, records, now)
    if stream.noun in ("orders", "cases") and fresh:
        buyers = _buyers(store, connection, [item for item, _ in fresh], now)
        if stream.noun == "orders":
            store.registers.orders(connection, fresh, landing.known, buyers, stream.counts)
        else:
            store.registers.cases(connection, fresh, landing.known, buyers)
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
        if not buyer:
            continue
        if "external_id" in buyer:
            named[item.ext] = buyer["external_id"]
            continue
        made = buyer_record(buyer, store.vault, item.modified, "buyer")
        if made is not None:
            keyed[item.ext] = made
    places = store.records.placeholder(connection, "customers", named.values()) if named else {}
    found = {ext: places[buyer] for ext, buyer in named.items()}
    if keyed:
        landing, _ = store.records.land(connection, "buyers", "customers", list(keyed.values()), now)
        found |= {ext: landing.rids[made.ext] for ext, made in keyed.items()}
    return found
