"""The Shopify connector against its twin, over HTTP, through the engine: reading by pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.shopify_site import Site, living, stand
from tests.site import opener, outcome

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


@pytest.mark.parametrize("page_size", [100, 7, 1])
def test_a_first_sync_takes_all_customers_and_orders_and_certifies_them(opened: Open, page_size: int) -> None:
    site = opened({"page_size": page_size})
    report = site.sync()
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        found = outcome(report, "shop", name)
        assert (found.certificate, found.quarantined) == ("swept", 0)
        assert site.look(lambda store, name=name: living(store, name)) == set(held)


@pytest.mark.parametrize("size", [1, 100])
def test_everything_by_bulk_operation_is_the_same(opened: Open, size: int) -> None:
    site = opened({"bulk_from": 1})
    report = site.sync()
    assert report.errors == {}
    for name, held in (("customers", site.twin.books.customers), ("orders", site.twin.books.orders)):
        found = outcome(report, "shop", name)
        assert (found.certificate, found.quarantined) == ("swept", 0)
        assert site.look(lambda store, name=name: living(store, name)) == set(held)


