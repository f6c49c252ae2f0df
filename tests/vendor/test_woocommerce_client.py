"""WooCommerce's own Python client (woocommerce 3.0.0) against the twin: it signs by itself, and the twin must agree.

It runs in a process of its own, by the interpreter that `KEHUB_WOO_PYTHON` names (else the one that holds Zoho's SDK,
else this one). Without the client the test is skipped; with KEHUB_VENDOR=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from connectors.woocommerce.twin import WooTwin
from hub.testing.people import Population
from hub.testing.twin import serving

pytestmark = pytest.mark.vendor

CALLS = """
import json, sys
from woocommerce import API

wanted = json.loads(sys.argv[1])
shop = API(url=wanted["url"], consumer_key=wanted["key"], consumer_secret=wanted["secret"], version="wc/v3", timeout=30)
other = API(url=wanted["url"], consumer_key=wanted["key"], consumer_secret="cs_other", version="wc/v3", timeout=30)
since = {"modified_after": "2020-01-01T00:00:00", "dates_are_gmt": "true", "orderby": "modified", "order": "asc"}
listed = shop.get("orders", params={**since, "per_page": 5})
made = shop.post("customers", {"email": "li@shop.cn", "first_name": "丽"})
again = shop.post("customers", {"email": "li@shop.cn"})
tier = {"meta_data": [{"key": "kehub_tier", "value": "gold"}]}
put = shop.put(f"customers/{made.json()['id']}", tier)
batch = shop.post("customers/batch", {"update": [{"id": made.json()["id"], "last_name": "孙"}, {"id": 99999}]})
gone = shop.delete(f"customers/{made.json()['id']}", params={"force": True})
print(json.dumps({
    "listed": [row["id"] for row in listed.json()],
    "total": listed.headers["X-WP-Total"],
    "made": made.status_code,
    "again": again.json()["code"],
    "tier": put.json()["meta_data"][-1]["value"],
    "batch": [row.get("last_name") or row["error"]["code"] for row in batch.json()["update"]],
    "gone": gone.status_code,
    "refused": other.get("orders").status_code,
}))
"""


@pytest.fixture
def python() -> str:
    """An interpreter that has the client."""
    named = os.environ.get("KEHUB_WOO_PYTHON") or os.environ.get("KEHUB_ZOHO_SDK_PYTHON")
    python = named or sys.executable
    found = subprocess.run([python, "-c", "import woocommerce"], capture_output=True, check=False)
    if found.returncode != 0:
        reason = "the client is not installed: pip install woocommerce==3.0.0"
        pytest.fail(reason) if os.environ.get("KEHUB_VENDOR") == "1" else pytest.skip(reason)
    return python


def test_the_vendors_own_client_lists_creates_updates_and_deletes(python: str) -> None:
    twin = WooTwin(Population(40, 3))
    oldest = sorted(twin.books.orders.values(), key=lambda order: (order.modified, order.id))[:5]
    with serving(twin) as url:
        wanted = {"url": url, "key": twin.options.consumer_key, "secret": twin.options.consumer_secret}
        call = [python, "-c", CALLS, json.dumps(wanted)]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["listed"] == [order.id for order in oldest]
    assert found["total"] == str(len(twin.books.orders))
    assert (found["made"], found["again"]) == (201, "registration-error-email-exists")
    assert found["tier"] == "gold"
    assert found["batch"] == ["孙", "woocommerce_rest_invalid_id"]
    assert (found["gone"], found["refused"]) == (200, 401)
    assert twin.counts.rows == {"insert": 1, "update": 2, "delete": 1}
