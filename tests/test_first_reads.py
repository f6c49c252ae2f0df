"""What first reads cost less for: ids told by the numbers of the records that a read made, keys and an index set up late."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.store import Store, create_store, identities, open_store
from hub.store.absence import Unmet
from hub.store.bodies import alone
from hub.store.check import check
from hub.store.database import Database
from hub.store.records import Incoming
from sync.resolve import resolve
from sync.resolve.cluster import Limits
from tests.conftest import MASTER

IDS = st.lists(st.sampled_from("abcdefgh"), max_size=5, unique=True)
PAGES = st.lists(st.tuples(st.sampled_from(["read", "read", "read", "other", "named"]), IDS, IDS), max_size=8)
ORDER = ("7", 1, 1, None, "online", None, None, "done", None, "CNY", 100, 0, None)
_connections = (f"shop{number}" for number in count())


def landed(store: Store, connection: str, stream: str, ids: list[str], said: int) -> None:
    """Records as a read lands them; what else it met is told by `seen`."""
    page = [Incoming(ext, {}, 1, bytes([said]), text=b"{}") for ext in ids]
    landing, _ = store.records.land(connection, stream, "orders", page, 1, loading=True)
    if stream == "orders":
        store.marks.see(connection, stream, ids, landing)


@settings(max_examples=120, deadline=None)
@given(before=IDS, pages=PAGES, told=IDS)
def test_as_many_are_met_and_missed_as_one_counts_by_hand(
    store: Store, before: list[str], pages: list[tuple[str, list[str], list[str]]], told: list[str]
) -> None:
    shop, met, living = next(_connections), set[str](), set(before)
    with store.db.writing("test"):
        store.marks.begin(shop, "orders", None, 1, "")
        landed(store, shop, "orders", before, 0)
        store.marks.begin(shop, "orders", None, 1, "")  # nothing of what an earlier read has met counts
    for number, (kind, ids, held) in enumerate(pages, 1):
        with store.db.writing("test"):
            if kind == "other":
                landed(store, shop, "refunds", ids, number)
                continue
            if kind == "named":  # asked for by id: no part of the read, though it may make records
                store.records.land(shop, "orders", "orders", [Incoming(ext, {}, 1, b"n", text=b"{}") for ext in ids], 1)
                living |= set(ids)
                continue
            landed(store, shop, "orders", ids, number)
            store.marks.see(shop, "orders", held)  # set aside
            living, met = living | set(ids), met | set(ids) | set(held)
        assert store.marks.seen(shop, "orders") == len(met)
    with store.db.writing("test"):
        store.absence.tell(shop, "orders", told)
    assert store.marks.seen(shop, "orders", living=True) == len(met - set(told))
    missed = living - met
    unmet = store.absence.unmet(shop, "orders")
    assert unmet == (Unmet(len(living), len(living & met), len(missed)) if missed else Unmet(0, 0, 0))
    with store.db.writing("test"):
        store.absence.take(shop, "orders", 10, 0)
        assert store.absence.missed(shop, "orders") == (len(missed), 10 if missed else None)
        assert store.absence.take(shop, "orders", 11, 0) == len(missed)


def test_of_a_first_read_hardly_anything_is_kept(store: Store) -> None:
    shop = next(_connections)
    with store.db.writing("test"):
        store.marks.begin(shop, "orders", None, 1, "")
        for start in range(0, 1000, 250):
            landed(store, shop, "orders", [f"{number:04}" for number in range(start, start + 250)], 1)
    kept = [
        store.db.rows(f"SELECT COUNT(*) FROM {table} WHERE connection = :shop", {"shop": shop})
        for table in ("seen", "seen_new")
    ]
    assert kept == [[(0,)], [(4,)]]
    assert store.marks.seen(shop, "orders") == 1000


# -- keys that wait

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["read", "read", "ours", "gone"]),
        st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "1", "2", "3"]), max_size=4),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(steps=PEOPLE, together=st.sampled_from([1, 3, 1000]))
def test_keys_that_wait_are_those_of_records_that_landed_one_by_one(
    store: Store, steps: list[tuple[str, dict[str, str]]], together: int
) -> None:
    shop, wanted = next(_connections), dict[str, str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identities, "TOGETHER", together)
        for number, (kind, phones) in enumerate(steps):
            with store.db.writing("test"):
                if kind == "gone":
                    store.records.mark_gone(shop, "customers", sorted(phones))
                    wanted = {ext: phone for ext, phone in wanted.items() if ext not in phones}
                    continue
                page = [
                    Incoming(ext, {"phone": phone} if phone else {}, number, f"{number}{ext}".encode())
                    for ext, phone in phones.items()
                ]
                ours = kind == "ours"
                store.records.land(shop, "customers", "customers", page, number, made_by_us=ours, loading=not ours)
                wanted |= phones
    store.finish_loading()
    key = {store.vault.index("phone", phone): phone for phone in "123"}
    found = store.db.rows(
        "SELECT r.ext, i.key FROM identity i JOIN record r ON r.rid = i.rid WHERE r.connection = :shop", {"shop": shop}
    )
    assert {ext: key[bytes(held)] for ext, held in found} == {ext: phone for ext, phone in wanted.items() if phone}
    assert len(found) == sum(map(bool, wanted.values()))
    assert store.db.rows("SELECT 1 FROM identity_new") == []


def test_who_is_known_is_found_by_a_new_key_at_once(store: Store) -> None:
    shop = next(_connections)
    for said in (b"1", b"2"):
        with store.db.writing("test"):
            page = [Incoming("known", {"phone": f"77{said.decode()}"}, 1, said)]
            store.records.land(shop, "customers", "customers", page, 1, loading=True)
    held = store.db.rows("SELECT COUNT(*) FROM identity WHERE key = :key", {"key": store.vault.index("phone", "772")})
    assert held == [(1,)]


def test_no_more_keys_wait_than_are_sorted_in_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "TOGETHER", 50)
    shop, most = next(_connections), 0
    for start in range(0, 400, 20):
        page = [Incoming(str(number), {"phone": f"1{number}"}, 1, b"x") for number in range(start, start + 20)]
        with store.db.writing("test"):
            store.records.land(shop, "customers", "customers", page, 1, loading=True)
        most = max(most, store.db.rows("SELECT COUNT(*) FROM identity_new")[0][0])
    assert 20 <= most < 50 + 20


# -- the index of buyers


def stands(db: Database) -> bool:
    """Whether the index of buyers does."""
    table, column = ("sqlite_master", "name") if db.dialect == "sqlite" else ("pg_indexes", "indexname")
    where = "" if db.dialect == "sqlite" else " AND schemaname = current_schema()"
    return bool(db.rows(f"SELECT 1 FROM {table} WHERE {column} = 'orders_buyer'{where}"))


def test_the_index_of_buyers_is_away_while_first_orders_land_and_no_other_time(
    location: str, clock: FixedClock
) -> None:
    create_store(location, MASTER, clock).close()
    store = open_store(location, MASTER, clock)

    def order(ext: str) -> None:
        with store.db.writing("test"):
            page = [Incoming(ext, {}, 1, b"x", text=alone(b"{}"), order=ORDER)]
            landing, fresh = store.records.land("shop", "orders", "orders", page, 1)
            store.registers.orders("shop", fresh, landing.known, {}, counts=True, loading=True)

    try:
        assert stands(store.db)
        for ext in ("1", "2"):
            order(ext)
            assert not stands(store.db)
        store.finish_loading()
        assert stands(store.db)
        order("3")
        store.finish_loading()
        assert stands(store.db)
        assert check(store) == []
    finally:
        store.close()


def test_a_run_that_comes_after_a_killed_one_sets_up_what_that_left(location: str, clock: FixedClock) -> None:
    create_store(location, MASTER, clock).close()
    left = open_store(location, MASTER, clock)
    with left.db.writing("test"):
        left.registers.orders("shop", [], set(), {}, counts=True, loading=True)
        page = [Incoming("1", {"phone": "1"}, 1, b"x")]
        left.records.land("shop", "customers", "customers", page, 1, loading=True)
    assert [line.partition(" (")[0] for line in check(left)] == [
        "1 identity keys still to be sorted in by the run under way, or cut off",
        "1 indexes still to be made by the run under way, or cut off",
    ]
    left.close()
    store = open_store(location, MASTER, clock)
    try:
        store.leases.take(["decide"])
        resolve(store, 1, {}, Limits())
        assert stands(store.db)
        assert store.db.rows("SELECT COUNT(*) FROM identity") == [(1,)]
    finally:
        store.leases.release()
        store.close()
