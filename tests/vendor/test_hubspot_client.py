"""HubSpot's own Python client (hubspot-api-client 12.0.0) against the twin, with its strict models of what comes back.

It runs in a process of its own, by the interpreter that `KEHUB_HUBSPOT_PYTHON` names (else the one that holds Zoho's SDK,
else this one). Without the client the test is skipped; with KEHUB_VENDOR=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot.twin import HubSpotTwin
from hub.testing.people import Population
from hub.testing.twin import serving

pytestmark = pytest.mark.vendor
SCRIPT = Path(__file__).with_name("hubspot_client_calls.py")


@pytest.fixture
def python() -> str:
    """An interpreter that has the client."""
    named = os.environ.get("KEHUB_HUBSPOT_PYTHON") or os.environ.get("KEHUB_ZOHO_SDK_PYTHON")
    python = named or sys.executable
    found = subprocess.run([python, "-c", "import hubspot"], capture_output=True, check=False)
    if found.returncode != 0:
        reason = "the client is not installed: pip install hubspot-api-client==12.0.0"
        pytest.fail(reason) if os.environ.get("KEHUB_VENDOR") == "1" else pytest.skip(reason)
    return python


def test_the_vendors_own_client_signs_in_lists_searches_writes_and_checks_signatures(python: str) -> None:
    twin = HubSpotTwin(Population(40, 3))  # by the real time, which the client measures a signature's age by
    contacts = twin.books.kinds["contacts"].rows
    ids, latest = sorted(contacts), max(contacts.values(), key=lambda one: one.modified)
    order = next(one for one in twin.books.kinds["orders"].rows if twin.books.linked("orders", one, "contacts"))
    buyers = list(twin.books.linked("orders", order, "contacts"))
    twin.books.update(contacts[ids[0]], {"city": "Elsewhere"})
    deliveries = [*_deliveries(twin, "v3"), *_deliveries(twin, "v2"), *_deliveries(twin, "v1")]
    with serving(twin) as url:
        wanted = {"url": url, "contact": ids[0], "order": order, "deliveries": deliveries, **_credentials(twin)}
        call = [python, str(SCRIPT), json.dumps(wanted)]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["oauth"] == 3
    assert found["listed"] == ids
    assert found["searched"] == [len(ids), ids[0], latest.id, 2]
    assert found["property"] == [True, True]
    assert found["upserted"] == [True, False, 1, "VALIDATION_ERROR"]
    assert (found["read"], found["missing"]) == (["Sdk2"], ["K9"])
    assert found["updated"] == ["a", ["b"]]
    assert (found["twice"], found["merged"], found["archived"]) == (409, True, True)
    assert found["associated"] == buyers
    assert found["refused"] == 401
    assert found["genuine"] == [True, True, True]
    assert twin.counts.rows == {"insert": 3, "update": 2, "delete": 1}


def _deliveries(twin: HubSpotTwin, scheme: str) -> list[dict[str, Any]]:
    """What has happened, signed; each time once more."""
    return twin.hooks.deliveries(
        {"url": "https://hub.example/hook?tenant=7", "scheme": scheme, "again": scheme != "v3"}
    )


def _credentials(twin: HubSpotTwin) -> dict[str, str]:
    own = twin.options
    return {
        "token": own.token, "client_id": own.client_id, "client_secret": own.client_secret, "refresh": own.refresh_token,
    }  # fmt: skip
