"""A third party's Python client (fxiaoke-python 0.0.3) against the twin: what it sends and expects, the twin must take.

It runs in a process of its own, by the interpreter that `KEHUB_FXIAOKE_PYTHON` names (else the one that holds Zoho's
SDK, else this one). Its address is fixed, so a transport of its own leads it to the twin. Without the client the test
is skipped; with KEHUB_VENDOR=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from hub.testing.people import Population
from hub.testing.twin import serving

pytestmark = pytest.mark.vendor

CALLS = """
import json, sys
from requests.adapters import HTTPAdapter
from fxiaoke.api import FxiaokeApi
from fxiaoke.baseObj import baseObj

wanted = json.loads(sys.argv[1])

class ToTwin(HTTPAdapter):
    def send(self, request, **how):
        request.url = request.url.replace("https://open.fxiaoke.com", wanted["url"])
        return super().send(request, **how)

api = FxiaokeApi.init(wanted["app"], wanted["secret"], wanted["code"], "FSUID_77AA")
api._session.requests.mount("https://open.fxiaoke.com", ToTwin())
accounts = baseObj(api, "AccountObj")

orders = [{"fieldName": "_id", "isAsc": True}]
listed = accounts.query(orders=orders, fieldProjection=["_id", "name"], limit=20)  # pages by offset, up to the total
ids = [one["_id"] for one in listed]
row = {"name": "client", "owner": ["FSUID_77AA"], "record_type": "default__c", "tel": "13900000000"}
made = accounts.create(object_data=row)["dataId"]
print(json.dumps({
    "ids": ids,
    "total": listed.total(),
    "made": made,
    "name": accounts.get(made)["name"],
    "fields": sorted(accounts.describe()["describe"]["fields"]),
}))
"""


@pytest.fixture
def python() -> str:
    """An interpreter that has the client."""
    named = os.environ.get("KEHUB_FXIAOKE_PYTHON") or os.environ.get("KEHUB_ZOHO_SDK_PYTHON")
    python = named or sys.executable
    found = subprocess.run([python, "-c", "import fxiaoke, six"], capture_output=True, check=False)
    if found.returncode != 0:
        reason = "the client is not installed: pip install fxiaoke-python==0.0.3 six"
        pytest.fail(reason) if os.environ.get("KEHUB_VENDOR") == "1" else pytest.skip(reason)
    return python


def test_a_third_partys_client_reads_writes_and_describes(python: str) -> None:
    twin = FxiaokeTwin(Population(60, 3), options=FxiaokeOptions(describe_name="top"))
    options = twin.options
    known = list(twin.books.tables["AccountObj"].rows)
    with serving(twin) as url:
        wanted = {
            "url": url, "app": options.app_id, "secret": options.app_secret, "code": options.permanent_code,
        }  # fmt: skip
        ran = subprocess.run([python, "-c", CALLS, json.dumps(wanted)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found["ids"] == known
    assert found["total"] == len(known)
    assert found["made"] == list(twin.books.tables["AccountObj"].rows)[-1]
    assert found["name"] == "client"
    assert {"name", "tel", "field_tier__c"} <= set(found["fields"])
    noted = twin.counts.violations  # it sends no trace id and lets automations start
    assert set(noted) == {"no_trace_id", "automations_fired"}
