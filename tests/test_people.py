"""The invented population, and the till files written from it."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hub.connector import EMAIL, PHONE, Place
from hub.testing import shopfiles
from hub.testing.people import CANARIES, SHARES, TODAY, Population, Sighting
from hub.testing.shopfiles import write_shop_files

SYSTEMS = tuple(SHARES)
CROWD = Population(2000, 7)


def texts(value: object) -> Iterator[str]:
    """All texts that a record holds."""
    for name in getattr(value, "__slots__", ()):
        if isinstance(found := getattr(value, name), str):
            yield found


def test_the_same_three_arguments_give_the_same_people() -> None:
    first, again = Population(300, 5), Population(300, 5)
    assert first.people == again.people
    assert first.orders == again.orders
    assert [first.sightings(system) for system in SYSTEMS] == [again.sightings(system) for system in SYSTEMS]
    assert Population(300, 6).people != first.people
    assert Population(300, 5, TODAY - timedelta(days=1)).orders != first.orders


def test_two_thousand_people_are_drawn_in_less_than_a_second() -> None:
    start = time.process_time()
    crowd = Population(2000, 99)
    assert all(crowd.sightings(system) for system in SYSTEMS)
    assert crowd.orders
    assert time.process_time() - start < 1


def test_each_system_knows_its_share_and_the_shares_overlap() -> None:
    known = {system: CROWD.known(system) for system in SYSTEMS}
    for system, share in SHARES.items():
        assert abs(len(known[system]) / CROWD.size - share) < 0.04
    assert known["zoho"] & known["pos:A"] & known["pos:B"]
    assert abs(len(CROWD.known("another")) / CROWD.size - 0.5) < 0.04


def test_a_system_has_a_key_of_its_own_for_every_record() -> None:
    for system in SYSTEMS:
        keys = [seen.key for seen in CROWD.sightings(system)]
        assert len(keys) == len(set(keys))


def test_a_few_people_are_in_the_crm_twice_and_in_no_till() -> None:
    twice = {system: len(CROWD.sightings(system)) - len(CROWD.known(system)) for system in SYSTEMS}
    assert 0 < twice["zoho"] < 80
    assert twice["pos:A"] == twice["pos:B"] == 0


def test_one_phone_stands_in_a_dozen_records_because_it_is_the_stores() -> None:
    for size in (40, 2000):
        crowd = Population(size, 7)
        stores = {store.phone for store in crowd.stores}
        holders = Counter(_phone(seen) for seen in crowd.sightings("pos:A"))
        assert max(holders[phone] for phone in stores) >= 12


def test_families_share_a_phone_and_no_two_of_them_a_name() -> None:
    homes: dict[int, list[str]] = defaultdict(list)
    phones: dict[int, set[str | None]] = defaultdict(set)
    for person in CROWD.people:
        if person.household is not None:
            homes[person.household].append(person.name)
            phones[person.household].add(person.phone)
    assert len(homes) > 50
    assert all(2 <= len(names) <= 4 for names in homes.values())
    assert all(len(found) == 1 for found in phones.values())
    assert all(len(set(names)) > 1 for names in homes.values())


def test_phones_and_addresses_are_spelled_in_many_ways_and_mean_the_same() -> None:
    shapes = Counter(
        "".join("9" if char.isdigit() else char for char in seen.phone)
        for system in SYSTEMS
        for seen in CROWD.sightings(system)
        if seen.phone
    )
    assert {"99999999999", "999 9999 9999", "999-9999-9999", "+9999999999999", "99-99999999999"} <= set(shapes)
    wide = [seen for seen in CROWD.sightings("zoho") if seen.phone and not seen.phone.isascii()]
    assert wide
    right = sum(_phone(seen) == CROWD.person(seen.person).phone for seen in CROWD.sightings("zoho") if seen.phone)
    assert 0.95 < right / sum(seen.phone is not None for seen in CROWD.sightings("zoho")) < 1
    assert any(seen.email != (seen.email or "").lower() for seen in CROWD.sightings("pos:B") if seen.email)


def test_some_addresses_of_the_tills_are_none_and_all_of_the_crm_are() -> None:
    def readable(seen: Sighting) -> bool:
        try:
            return EMAIL.canonical(seen.email, Place()) is not None
        except ValueError:
            return False

    zoho = [seen for seen in CROWD.sightings("zoho") if seen.email]
    tills = [seen for seen in (*CROWD.sightings("pos:A"), *CROWD.sightings("pos:B")) if seen.email]
    assert all(map(readable, zoho))
    assert 0 < sum(not readable(seen) for seen in tills) < 30


def test_names_come_in_hanzi_in_pinyin_and_turned_round() -> None:
    names = [(CROWD.person(seen.person), seen.name) for seen in CROWD.sightings("zoho")]
    chinese = [(person, name) for person, name in names if person.chinese]
    assert any(name == person.name for person, name in chinese)
    assert any(name == f"{person.family} {person.given}" for person, name in chinese)
    assert any(name == " ".join(person.latin) for person, name in chinese)
    assert any(name == " ".join(reversed(person.latin)) for person, name in chinese)
    assert 0.05 < 1 - len(chinese) / len(names) < 0.2


def test_birthdays_are_whole_partial_or_missing() -> None:
    kinds = Counter("none" if one.birthday is None else one.birthday[:2] == "--" for one in CROWD.people)
    assert min(kinds.values()) > 100
    assert len(kinds) == 3


def test_orders_lie_within_five_hundred_days_before_today() -> None:
    days = [(TODAY - order.placed.date()).days for order in CROWD.orders]
    assert min(days) >= 0
    assert 400 < max(days) <= 501
    assert len({order.number for order in CROWD.orders}) == len(CROWD.orders)
    assert [order.placed for order in CROWD.orders] == sorted(order.placed for order in CROWD.orders)


def test_there_are_guests_returns_and_partial_refunds() -> None:
    orders = CROWD.orders
    assert 0.05 < sum(order.guest for order in orders) / len(orders) < 0.3
    assert any(order.guest and order.phone for order in orders)
    assert any(order.guest and not order.phone for order in orders)
    returned = [order for order in orders if order.status == "returned"]
    assert returned
    assert all(order.refunded == order.total for order in returned)
    assert any(0 < order.refunded < order.total for order in orders if order.status == "done")
    assert all(isinstance(order.total, Decimal) for order in orders)


def test_members_buy_where_they_are_members() -> None:
    for order in CROWD.orders:
        if not order.guest:
            assert order.person in CROWD.known("zoho" if order.shop == "crm" else f"pos:{order.shop}")


def test_the_crm_holds_phone_orders_of_its_own_and_copies_of_till_orders() -> None:
    shops = Counter(order.shop for order in CROWD.orders_in("zoho"))
    assert set(shops) == {"crm", "A", "B"}
    assert all(order.person in CROWD.known("zoho") for order in CROWD.orders_in("zoho"))


def test_canaries_are_in_every_system_and_their_values_nowhere_else() -> None:
    records = [seen for system in (*SYSTEMS, "another") for seen in CROWD.sightings(system)]
    for kind, values in CANARIES.items():
        for value in values:
            holders = [seen for seen in records if any(value in text for text in texts(seen))]
            assert len(holders) == 4, kind
            assert len({seen.person for seen in holders}) == 1
            assert all(CROWD.person(seen.person).canary for seen in holders)
    others = [text for person in CROWD.people if not person.canary for text in texts(person)]
    assert not any(value in text for values in CANARIES.values() for value in values for text in others)
    assert {1, 2, 3} <= {order.person for order in CROWD.orders}


@pytest.mark.parametrize("size", [0, 1, 3, 12, 30])
def test_a_small_population_still_has_its_canaries(size: int) -> None:
    crowd = Population(size)
    assert sum(person.canary for person in crowd.people) == 3
    assert len(crowd.people) == max(size, 3)
    assert crowd.orders


def test_the_till_files_hold_what_the_population_says(tmp_path: Path) -> None:
    crowd = Population(80, 2)
    files = write_shop_files(crowd, tmp_path)
    members_a, orders_a = _read(files.members_a, "gb18030"), _read(files.orders_a, "gb18030")
    orders_b = _read(files.orders_b, "utf-8-sig")
    assert files.orders_b.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(members_a[0]) == list(shopfiles.MEMBERS_A.values())
    assert list(orders_a[0]) == list(shopfiles.ORDERS_A.values())
    assert list(orders_b[0]) == list(shopfiles.ORDERS_B.values())
    assert [row["会员号"] for row in members_a] == [seen.key for seen in crowd.sightings("pos:A")]
    for shop, rows, number in (("A", orders_a, "订单号"), ("B", orders_b, "order_no")):
        wanted = [(order.number, line.sku) for order in crowd.orders_in(f"pos:{shop}") for line in order.lines]
        sku = {"A": shopfiles.ORDERS_A, "B": shopfiles.ORDERS_B}[shop]["sku"]
        assert [(row[number], row[sku]) for row in rows] == wanted
    guests = {order.number for order in crowd.orders if order.guest}
    assert {row["订单号"] for row in orders_a if not row["会员号"]} == {one for one in guests if one.startswith("A")}


def test_a_member_number_in_an_order_is_one_of_the_members_file(tmp_path: Path) -> None:
    files = write_shop_files(Population(80, 2), tmp_path)
    members = {row["会员号"] for row in _read(files.members_a, "gb18030")}
    assert {row["会员号"] for row in _read(files.orders_a, "gb18030")} <= members | {""}


def test_the_workbook_keeps_phones_as_text_and_dates_as_dates(tmp_path: Path) -> None:
    book = load_workbook(write_shop_files(Population(80, 2), tmp_path).members_b, read_only=True)
    rows = list(book["members"].iter_rows(values_only=True))
    book.close()
    assert list(rows[0]) == list(shopfiles.MEMBERS_B.values())
    place = {name: index for index, name in enumerate(shopfiles.MEMBERS_B)}
    assert all(isinstance(row[place["phone"]], str | None) for row in rows[1:])
    assert all(isinstance(row[place["registered"]], date) for row in rows[1:])
    assert any(isinstance(row[place["birthday"]], date) for row in rows[1:])


def test_the_registers_list_stores_and_staff(tmp_path: Path) -> None:
    files = write_shop_files(Population(10), tmp_path)
    stores, staff = _read(files.stores), _read(files.staff)
    assert {row["type"] for row in stores} == {"owned", "franchise", "distributor"}
    assert {row["store"] for row in staff} == {row["code"] for row in stores}
    assert {row["parent"] for row in stores} - {""} <= {row["code"] for row in stores}


def _phone(seen: Sighting) -> str | None:
    try:
        return PHONE.canonical(seen.phone, Place())
    except ValueError:
        return None


def _read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))
