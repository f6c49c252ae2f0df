"""What runs of few changes cost less for: the sums of plans and the living are kept, of orders what differs is written."""

from __future__ import annotations

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store import Store
from hub.store.bodies import alone
from hub.store.check import check
from hub.store.plans import PlanRow
from hub.store.records import Incoming

KEYS = [*"abcd", "tag:a", "tag:b", "new:x", "new:y"]
ROWS = st.dictionaries(
    st.sampled_from(KEYS), st.tuples(st.sampled_from(["anna", "bo", "chen"]), st.integers(0, 2)), max_size=5
)
PLANNED = st.tuples(st.sampled_from(["plan", "plan", "plan", "write", "discard", "look"]), ROWS)
_connections = (f"crm{number}" for number in count())


def wanted(connection: str, rows: dict[str, tuple[str, int]]) -> list[PlanRow]:
    """Rows as the planner makes them: updates of records, their tags, creates."""
    found = []
    for key, (customer, value) in rows.items():
        action = {"tag": "tag", "new": "create"}.get(key.partition(":")[0], "update")
        ext = "" if action == "create" else key.removeprefix("tag:")
        fields = {"tier": {"base": None, "theirs": None, "wanted": value, "why": "decided"}}
        found.append(PlanRow(connection, key, customer, action, ext, fields, "decided"))
    return found


def said(rows: list[PlanRow]) -> dict[str, tuple[str, int]]:
    """The rows as they were asked for."""
    return {row.key: (row.customer, row.fields["tier"]["wanted"]) for row in rows}


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(PLANNED, min_size=1, max_size=8), first=st.booleans())
def test_what_is_kept_of_a_plan_is_what_one_counts(
    store: Store, steps: list[tuple[str, dict[str, tuple[str, int]]]], first: bool
) -> None:
    crm, standing = next(_connections), dict[str, tuple[str, int]]()
    for kind, rows in steps:
        with store.db.writing("test"):
            if kind == "plan":
                customers = sorted({customer for customer, _ in rows.values()})
                records = sorted({key.removeprefix("tag:") for key in rows if not key.startswith("new:")})
                places = {*rows, *records, *(f"tag:{record}" for record in records)}
                left = {k: row for k, row in standing.items() if k not in places and row[0] not in customers}
                store.plans.replace(customers, {crm: records}, wanted(crm, rows), first=first and not standing)
                standing = left | rows
            elif kind == "write":
                for row in store.plans.rows(crm):
                    if row.key in rows:
                        store.plans.remove(row)
                        del standing[row.key]
            elif kind == "discard":
                store.plans.discard(crm)
                standing = {}
            else:
                store.plans.look(crm)
        assert said(store.plans.rows(crm)) == standing
        assert store.plans.sums.look(crm) == store.plans.sums.count(crm)
        assert sum(store.plans.tally(crm).values()) == len(standing)
    assert store.plans.sums.wrong() == []
    kept = store.plans.digest(crm)
    with store.db.writing("test"):  # the same rows, in another order and for the first time, are the same plan
        store.plans.discard(crm)
        for row in reversed(wanted(crm, standing)):
            store.plans.replace([], {crm: []}, [row])
        assert store.plans.look(crm).digest == kept
        store.plans.discard(crm)


@settings(max_examples=40, deadline=None)
@given(one=ROWS, other=ROWS)
def test_other_rows_have_another_digest(
    store: Store, one: dict[str, tuple[str, int]], other: dict[str, tuple[str, int]]
) -> None:
    crm, digests = next(_connections), []
    for rows in (one, other):
        with store.db.writing("test"):
            store.plans.replace([], {crm: []}, wanted(crm, rows), first=True)
            digests.append(store.plans.look(crm).digest)
            store.plans.discard(crm)
    asked = [{key: value for key, (_, value) in rows.items()} for rows in (one, other)]
    assert (digests[0] == digests[1]) == (asked[0] == asked[1]), "whose row it is does not matter, what it writes does"


def test_a_create_that_goes_to_another_customer_says_what_that_one_is_to_get(store: Store) -> None:
    crm = next(_connections)
    with store.db.writing("test"):
        store.plans.replace(["anna"], {crm: []}, wanted(crm, {"new:x": ("anna", 1)}))
        store.plans.replace(["bo"], {crm: []}, wanted(crm, {"new:x": ("bo", 2)}))
        assert said(store.plans.rows(crm)) == {"new:x": ("bo", 2)}
        store.plans.discard(crm)


def test_a_sum_that_is_wrong_is_told(store: Store) -> None:
    crm = next(_connections)
    with store.db.writing("test"):
        store.plans.replace(["anna"], {crm: []}, wanted(crm, {"a": ("anna", 1)}), first=True)
        assert check(store) == []
        store.db.execute("DELETE FROM plan_row WHERE connection = :crm", {"crm": crm})
    assert check(store) == [f"the plan rows of {crm} do not come to what is kept of them"]
    with store.db.writing("test"):
        store.plans.discard(crm)
    assert check(store) == []


IDS = st.sets(st.sampled_from("abcdef"))


@settings(max_examples=40, deadline=None)
@given(here=IDS, gone=IDS, named=IDS, back=IDS, most=st.one_of(st.none(), st.integers(0, 8)))
def test_the_living_are_counted(
    store: Store, here: set[str], gone: set[str], named: set[str], back: set[str], most: int | None
) -> None:
    crm = next(_connections)
    with store.db.writing("test"):
        for stream, ids in (("customers", here), ("leads", {"z"})):
            page = [Incoming(ext, {}, 1, b"x", text=alone(b"{}")) for ext in sorted(ids)]
            store.records.land(crm, stream, "customers", page, 1)
        store.records.mark_gone(crm, "customers", sorted(gone))
        store.records.placeholder(crm, "customers", named)
        store.records.land(crm, "customers", "customers", [Incoming(ext, {}, 2, b"y") for ext in sorted(back)], 2)
    living = len((here - gone) | back)
    assert store.people.living(crm, "customers", most) == (living if most is None else min(living, most))


# -- orders that change

ORDERS = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(
        st.sampled_from(["paid", "done"]), st.sampled_from([0, 500]), st.sampled_from([None, "done-at"]),
        st.sampled_from(["", "anna", "bo"]), st.lists(st.sampled_from(["shoe", "ball"]), max_size=3),
    ),
    max_size=4,
)  # fmt: skip
Ordered = tuple[str, int, str | None, str, list[str]]


def order(ext: str, said: Ordered, number: int) -> Incoming:
    """An order of two columns, a buyer and some lines that vary."""
    status, refunded, payment, _, skus = said
    columns = (ext, 1, 1, None, "online", None, None, status, payment, "CNY", 900, refunded, None)
    lines = [(sku, None, None, 1, 900, 0, refunded) for sku in skus]
    return Incoming(ext, {}, number, bytes([number]), text=alone(b"{}"), order=columns, lines=lines)


@settings(max_examples=60, deadline=None)
@given(pages=st.lists(ORDERS, max_size=5))
def test_orders_that_are_read_again_are_as_they_were_told_last(store: Store, pages: list[dict[str, Ordered]]) -> None:
    shop, told, buyers = next(_connections), dict[str, Ordered](), dict[str, int]()
    with store.db.writing("test"):
        buyers = store.records.placeholder(shop, "customers", ["anna", "bo"])
    for number, page in enumerate(pages):
        with store.db.writing("test"):
            incoming = [order(ext, said, number) for ext, said in page.items()]
            landing, fresh = store.records.land(shop, "orders", "orders", incoming, 1)
            named = {ext: buyers[said[3]] for ext, said in page.items() if said[3]}
            store.registers.orders(shop, fresh, landing.known, named, counts=True)
        told |= page
    found = store.db.rows(
        "SELECT r.ext, o.status, o.refunded, o.payment, o.buyer FROM orders o JOIN record r ON r.rid = o.rid"
        " WHERE r.connection = :shop", {"shop": shop},
    )  # fmt: skip
    assert {ext: rest for ext, *rest in found} == {
        ext: [status, refunded, payment, buyers.get(buyer)]
        for ext, (status, refunded, payment, buyer, _) in told.items()
    }
    lines = store.db.rows(
        "SELECT r.ext, l.sku, l.refunded FROM order_line l JOIN record r ON r.rid = l.rid WHERE r.connection = :shop"
        " ORDER BY r.ext, l.line", {"shop": shop},
    )  # fmt: skip
    assert lines == [(ext, sku, told[ext][1]) for ext in sorted(told) for sku in told[ext][4]]
