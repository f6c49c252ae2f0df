"""Shopify's webhooks at the receiver: proven by the app's secret, kept once, and read again by id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.listening import Listening
from tests.shopify_site import Site, living, stand
from tests.site import opener


@dataclass
class Shop(Listening, Site):
    """A shop whose webhooks come to a receiver of ours."""

    def deliver(self, url: str, *events: dict[str, Any], **wish: Any) -> list[int]:
        secret = self.twin.options.client_secret
        return self.posted(url, **{"secret": secret, "events": list(events), **wish})


@pytest.fixture
def shop(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Shop:
    make: Callable[..., Shop] = opener(Shop, stand, stage, tmp_path, clock)
    site = make()
    assert site.sync().errors == {}
    return site


def test_records_that_deliveries_name_are_read_again_as_a_window_would_read_them(shop: Shop, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=10))
    customer, order = min(shop.twin.books.customers), min(shop.twin.books.orders)
    shop.change(shop.twin.books.customers[customer], lastName="Changed")
    shop.change(shop.twin.books.orders[order], "orders", refunded="1.00")
    before = {name: shop.held_records(name) for name in ("customers", "orders")}
    with shop.listening() as url:
        events = ({"topic": "customers/update", "id": customer}, {"topic": "orders/updated", "id": order})
        assert shop.deliver(url, *events, times=2) == [200] * 4
    shop.twin.counts.reset()
    report = shop.sync(hinted=True)
    assert report.errors == {}
    assert report.lanes[0].by_id == {"customers": 1, "orders": 1}
    assert (shop.asked("CustomersPage"), shop.asked("OrdersById")) == (0, 1)
    hinted = {name: shop.held_records(name) for name in before}
    assert hinted["customers"][str(customer)] != before["customers"][str(customer)]
    clock.advance(timedelta(minutes=10))
    shop.sync(full=True)
    assert {name: shop.held_records(name) for name in before} == hinted


def test_a_forged_delivery_is_refused_and_one_that_is_repeated_for_hours_is_taken_once(
    shop: Shop, clock: FixedClock
) -> None:
    customer = min(shop.twin.books.customers)
    event = {"topic": "customers/update", "id": customer, "webhook_id": "w-1"}
    with shop.listening() as url:
        assert shop.deliver(url, event, secret="shpss_other") == [401]
        assert shop.deliver(url, event, forged=True) == [401]
        assert shop.waiting() == []
        assert shop.deliver(url, event) == [200]
        clock.advance(timedelta(hours=4))
        assert shop.deliver(url, event) == [200]
    assert shop.waiting() == [("customers", str(customer), "changed")]


def test_a_request_to_forget_somebody_waits_for_a_person(shop: Shop) -> None:
    customer = min(shop.twin.books.customers)
    with shop.listening() as url:
        events = ({"topic": "customers/redact", "id": customer}, {"topic": "shop/redact"})
        assert shop.deliver(url, *events) == [200, 200]
    shop.sync(hinted=True)
    found = shop.look(lambda store: [(one.connection, one.ext) for one in store.hints.requests()])
    assert (found, shop.waiting()) == ([("shop", str(customer))], [])
    assert customer in shop.look(living)


def test_a_customer_who_was_merged_into_another_is_looked_for_by_both_ids(shop: Shop) -> None:
    kept, gone = sorted(shop.twin.books.customers)[:2]
    shop.twin.edit({"op": "merge", "id": kept, "gone": gone})
    with shop.listening() as url:
        assert shop.deliver(url, {"topic": "customers/merge", "id": kept, "gone": gone}) == [200]
    assert shop.waiting() == [("customers", str(kept), "changed"), ("customers", str(gone), "gone")]
    report = shop.sync(hinted=True)
    assert report.errors == {}
    assert shop.waiting() == []
