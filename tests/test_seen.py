"""What the open read of a stream has met, whichever way it is kept: by id, or by the numbers of records that it made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.store import Store, create_store, open_store
from hub.store.absence import Unmet
from hub.store.records import Incoming
from tests.conftest import MASTER, NOW

IDS = st.lists(st.sampled_from("abcdefgh"), max_size=5, unique=True)
PAGES = st.lists(st.tuples(st.sampled_from(["read", "read", "read", "other", "named"]), IDS, IDS), max_size=8)
_connections = (f"shop{number}" for number in count())


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples, each of which has a connection of its own."""
    location = str(tmp_path_factory.mktemp("seen") / "kehub.db")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        location = f"{url}{'&' if '?' in url else '?'}schema=t_seen"
    create_store(location, MASTER, FixedClock(NOW)).close()
    store = open_store(location, MASTER, FixedClock(NOW))
    yield store
    if request.param == "postgresql":
        store.db.execute("DROP SCHEMA t_seen CASCADE")
    store.close()


def landed(store: Store, connection: str, stream: str, ids: list[str], said: int) -> None:
    """Records as a read lands them; what else it met is told by `seen`."""
    page = [Incoming(ext, {}, 1, bytes([said]), text=b"{}") for ext in ids]
    landing, _ = store.records.land(connection, stream, "orders", page, 1)
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
