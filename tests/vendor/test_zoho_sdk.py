"""Zoho's own Python SDK (zohocrmsdk8_0 7.0.0) against the twin: a twin that it accepts is close to the real thing.

It runs the SDK in a process of its own, by the interpreter that `KEHUB_ZOHO_SDK_PYTHON` names (default: this one), for
its pins need not be ours. Without the SDK the test is skipped; with KEHUB_VENDOR=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.zoho.twin import ZohoTwin
from hub.testing.people import Population
from hub.testing.twin import serving

pytestmark = pytest.mark.vendor
SCRIPT = Path(__file__).with_name("zoho_sdk_calls.py")


@pytest.fixture
def python() -> str:
    """An interpreter that has the SDK."""
    python = os.environ.get("KEHUB_ZOHO_SDK_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import zohocrmsdk"], capture_output=True, check=False)
    if found.returncode != 0:
        reason = "zohocrmsdk is not installed: pip install zohocrmsdk8_0==7.0.0"
        pytest.fail(reason) if os.environ.get("KEHUB_VENDOR") == "1" else pytest.skip(reason)
    return python


def test_the_vendors_own_client_lists_gets_updates_and_upserts(python: str, tmp_path: Path) -> None:
    twin = ZohoTwin(Population(40, 3))
    contacts = twin.books.modules["Contacts"].rows
    contact = min(contacts)
    name, first_page = contacts[contact].values["Last_Name"], sorted(contacts)[:5]
    with serving(twin) as url:
        wanted = {"url": url, "folder": str(tmp_path), "contact": contact, **_credentials(twin)}
        call = [python, str(SCRIPT), json.dumps(wanted)]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["listed"] == first_page
    assert found["got"] == name
    assert found["updated"] == ["SUCCESS"]
    assert contacts[contact].values["KeHub_ID"] == "C-SDK"
    assert found["upserted"] == ["update", "insert"]
    assert twin.counts.rows == {"update": 2, "insert": 1}


def _credentials(twin: ZohoTwin) -> dict[str, str]:
    options = twin.options
    return {"client": options.client_id, "secret": options.client_secret, "refresh": options.refresh_token}
