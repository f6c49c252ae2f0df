"""A person's verdict: two customers are one person, or some records of a customer are somebody else.

It is stored about records, not customers, so it outlives the ids; resolve honours it from the next run on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations, product

from hub.errors import SettingsError
from hub.store.records import Stored
from sync import staff
from sync.setup import Setup


def merge(setup: Setup, one: str, other: str, reason: str) -> str:
    """Judge that two customers are one person; returns the verdict's id, by which it can be undone."""
    if one == other:
        raise SettingsError("these are one customer already", where=one, remedy="see `kehub why`")
    found = setup.store.records.of_customers([one, other])
    pairs = product(_evidence(setup, found[one]), _evidence(setup, found[other]))
    with setup.store.db.writing("verdict", durable=True):
        return setup.store.verdicts.judge("same", pairs, setup.actor, reason)


def same(setup: Setup, key: bytes, reason: str) -> str:
    """Judge that the records which share an identity key are one person: all pairs, as several were asked about."""
    holders = setup.store.records.holding(key, setup.config.identity.max_records_per_key)
    with setup.store.db.writing("verdict", durable=True):
        return setup.store.verdicts.judge("same", combinations(holders, 2), setup.actor, reason)


def _evidence(setup: Setup, records: Sequence[Stored]) -> list[Stored]:
    """The records that are judged when their customer is: all of them, so that it may lose any and stay who it is.

    What the hub made itself follows its own record; records that are gone count where nothing else is left.
    """
    made = setup.store.people.made_from({record.rid for record in records})
    own = [record for record in records if record.connection != staff.CONNECTION]
    found = [record for record in own if not (record.gone or record.rid in made)] or own
    if not found:
        raise SettingsError("a customer without a record cannot be merged", remedy="see `kehub customers show`")
    return found


def split(setup: Setup, customer: str, named: Sequence[str], reason: str) -> str:
    """Judge that the named records (CONNECTION:EXTERNAL_ID) of a customer are not the person of its other records.

    What the hub made from a record (corrections, what it created in a system) goes with it and never without it: it
    carries that record's key there, and is no evidence of anybody else.
    """
    records = setup.store.records.of_customers([customer])[customer]
    leaving = {record.rid for name in named for record in [_named(setup, records, name)]}
    with_them = leaving | setup.store.people.made_from(leaving)
    rest = [r for r in records if r.rid not in with_them and r.connection != staff.CONNECTION]
    if not rest:
        raise SettingsError("nothing would be left of this customer", where=customer, remedy="name fewer records")
    made = setup.store.people.made_from({record.rid for record in rest})
    if made & leaving:
        raise SettingsError(
            "the hub made a named record from one that stays", where=customer, remedy="name the one it was made from"
        )
    staying = [record for record in rest if record.rid not in made]
    pairs = [(record, other) for record in records if record.rid in leaving for other in staying]
    with setup.store.db.writing("verdict", durable=True):
        return setup.store.verdicts.judge("apart", pairs, setup.actor, reason)


def _named(setup: Setup, records: Collection[Stored], name: str) -> Stored:
    connection, _, ext = name.partition(":")
    exts = (ext, setup.store.vault.index("ext", ext).hex())
    found = [r for r in records if r.connection == connection != staff.CONNECTION and r.ext in exts]
    if len(found) != 1:
        what = "several records of this customer have this id" if found else "no record of this customer has this id"
        raise SettingsError(what, where=connection, remedy="give CONNECTION:EXTERNAL_ID as `kehub why` shows it")
    return found[0]


def undo(setup: Setup, verdict: str) -> None:
    """Take a verdict back; what was judged before about the same records stands again."""
    store = setup.store
    with store.db.writing("verdict", durable=True):
        found = store.verdicts.undo(verdict.lower(), setup.actor)
        if not found:
            raise SettingsError("no verdict in force has this id", where=verdict, remedy="see `kehub why`")
        for rid in sorted({rid for v in found if v.kind == "same" for rid in (v.one, v.other)}):
            store.people.go_back(rid, verdict.lower())
