"""Landing records of any noun: customers as they are, orders and cases with their buyers, registers of stores and staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from hub.connector import Stream
from hub.store import Store
from hub.store.records import Incoming, Landing
from hub.vault import Vault


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
        elif word := buyer.get("phone") or buyer.get("email"):
            keyed[item.ext] = _buyer(buyer, word, store.vault, item.modified)
    places = store.records.placeholder(connection, "customers", named.values()) if named else {}
    found = {ext: places[buyer] for ext, buyer in named.items()}
    if keyed:
        landing, _ = store.records.land(connection, "buyers", "customers", list(keyed.values()), now)
        found |= {ext: landing.rids[made.ext] for ext, made in keyed.items()}
    return found


def _buyer(buyer: dict[str, str], word: str, vault: Vault, modified: int) -> Incoming:
    """The record that stands for a buyer without a customer record: its id is the hash of its identity key."""
    kind = "phone" if buyer.get("phone") else "email"
    text = orjson.dumps(buyer, option=orjson.OPT_SORT_KEYS)
    (fingerprint,) = vault.fingerprints_of("buyer", [text])
    return Incoming(vault.index(kind, word).hex(), buyer, modified, fingerprint, text=text)
