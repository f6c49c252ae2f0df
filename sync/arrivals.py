"""Landing records of any noun: customers as they are, orders and cases with their buyers, registers of stores and staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.connector import Stream
from hub.store import Store
from hub.store.records import Incoming, Landing
from hub.vault import Vault
from hub.written import written


def land(
    store: Store, connection: str, stream: Stream, records: Sequence[Incoming], now: int, *, loading: bool = False
) -> Landing:
    """Land records of any noun in the open transaction. `loading`: see `Store.finish_loading`."""
    landing, fresh = store.records.land(connection, stream.name, stream.noun, records, now, loading=loading)
    if stream.noun in ("orders", "cases") and fresh:
        buyers = _buyers(store, connection, [item for item, _ in fresh], now, loading)
        if stream.noun == "orders":
            store.registers.orders(connection, fresh, landing.known, buyers, stream.counts, loading=loading)
        else:
            store.registers.cases(connection, fresh, landing.known, buyers)
    elif stream.noun == "stores":
        store.registers.stores(connection, [item.typed or {} for item, _ in fresh])
    elif stream.noun == "staff":
        store.registers.staff(connection, [item.typed or {} for item, _ in fresh])
    return landing


def _buyers(store: Store, connection: str, records: Iterable[Incoming], now: int, loading: bool) -> dict[str, int]:
    """External id of an order or case -> its buyer's record: a customer of the same system, else an identity key."""
    named: dict[str, str] = {}
    keyed: list[Incoming] = []
    for item in records:
        buyer = item.buyer
        if buyer and "external_id" in buyer:
            named[item.ext] = buyer["external_id"]
        elif buyer and ("phone" in buyer or "email" in buyer):
            keyed.append(item)
    places = store.records.placeholder(connection, "customers", named.values()) if named else {}
    found = {ext: places[buyer] for ext, buyer in named.items()}
    if keyed:
        made = _standing_for([item.buyer or {} for item in keyed], [item.modified for item in keyed], store.vault)
        landing, _ = store.records.land(connection, "buyers", "customers", made, now, loading=loading)
        found |= {item.ext: landing.rids[buyer.ext] for item, buyer in zip(keyed, made, strict=True)}
    return found


def _standing_for(buyers: Sequence[dict[str, str]], times: Sequence[int], vault: Vault) -> list[Incoming]:
    """The records that stand for buyers without a customer record: the id of each is the hash of its identity key."""
    texts = [written(buyer) for buyer in buyers]
    keys = [
        vault.index("phone", buyer["phone"]) if "phone" in buyer else vault.index("email", buyer["email"])
        for buyer in buyers
    ]
    prints = vault.fingerprints_of("buyer", texts)
    every = zip(keys, buyers, times, prints, texts, strict=True)
    return [Incoming(key.hex(), buyer, at, mark, text=text) for key, buyer, at, mark, text in every]
