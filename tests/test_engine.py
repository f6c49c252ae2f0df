"""The flow end to end over systems in memory, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.clock import FixedClock
from tests.brand import Brand

PHONE = "+8613812345678"


@pytest.fixture
def brand(tmp_path: Path, location: str, clock: FixedClock) -> Brand:
    return Brand(tmp_path, location, clock)


def test_one_customer_is_made_of_two_records_and_written_back_once(brand: Brand) -> None:
    brand.crm.put("customers", {"id": "a", "name": "张伟", "phone": "138 1234 5678"})
    brand.till.put("customers", {"id": "7", "name": "张伟", "phone": PHONE, "email": "Wei@Shop.cn"})
    brand.till.put("orders", {"id": "o1", "customer": "7", "placed": "2026-02-20T10:00:00+08:00", "total": "1500.00"})
    report = brand.sync()
    assert report.errors == {}
    assert report.resolved is not None
    assert report.resolved.created == 1
    plan = report.plans["crm"]
    assert plan.rows == 1
    applied = brand.apply(plan.digest)
    assert dict(applied.applied["crm"].rows) == {"ack": 1}
    row = brand.crm.customers["a"]
    assert row["tier"] == "gold"
    assert row["stage"] == "first_time"
    assert row["phone"] == "138 1234 5678"  # theirs, and the same number: never touched
    writes = brand.crm.writes
    again = brand.sync()
    assert again.plans == {}
    assert again.state == "done"
    assert brand.crm.writes == writes
