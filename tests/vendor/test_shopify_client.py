"""Shopify's own Python client (ShopifyAPI 12.7.0) against the twin: where it posts, what it sends, what it makes of it.

It runs in a process of its own, by the interpreter that `KEHUB_SHOPIFY_PYTHON` names (else the one that holds Zoho's
SDK, else this one). Without the client the test is skipped; with KEHUB_VENDOR=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from connectors.shopify.twin import ShopifyOptions, ShopifyTwin
from hub.testing.people import Population
from hub.testing.twin import serving

pytestmark = pytest.mark.vendor

CALLS = """
import json, sys, urllib.error, urllib.request
import shopify

wanted = json.loads(sys.argv[1])
shopify.ShopifyResource.set_site(wanted["url"] + "/admin/api/" + wanted["version"])
shopify.ShopifyResource.set_headers({"X-Shopify-Access-Token": wanted["token"]})
ask = lambda query, **variables: json.loads(shopify.GraphQL().execute(query, variables or None))

page = "query P($after:String){customers(first:7, after:$after){nodes{id} pageInfo{hasNextPage endCursor}}}"
ids, after, more = [], None, True
while more:
    found = ask(page, after=after)["data"]["customers"]
    ids += [row["id"] for row in found["nodes"]]
    after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
make = "mutation M($i:CustomerSetInput!){customerSet(input:$i){customer{id} userErrors{code field}}}"
made = ask(make, i={"email": "li@shop.cn", "firstName": "丽"})["data"]["customerSet"]["customer"]["id"]
again = ask(make, i={"email": "li@shop.cn"})["data"]["customerSet"]["userErrors"]
tier = "mutation T($m:[MetafieldsSetInput!]!){metafieldsSet(metafields:$m){metafields{value} userErrors{code}}}"
text = {"ownerId": made, "namespace": "kehub", "key": "tier", "type": "single_line_text_field", "value": "gold"}
kept = ask(tier, m=[text])["data"]["metafieldsSet"]["metafields"]
bulk = ask('mutation B{bulkOperationRunQuery(query:"{orders{edges{node{id}}}}", groupObjects:false){bulkOperation{id}}}')
job = bulk["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"]
urllib.request.urlopen(urllib.request.Request(wanted["url"] + "/_twin/clock", b'{"advance": 60}', method="POST"))
state = ask("query S($id:ID!){bulkOperation(id:$id){status url rootObjectCount}}", id=job)["data"]["bulkOperation"]
lines = urllib.request.urlopen(state["url"]).read().decode().splitlines()
unknown = ask("{customers(first:1){nodes{profession}}}")["errors"][0]["extensions"]["code"]
shopify.ShopifyResource.set_headers({"X-Shopify-Access-Token": "shpat_other"})
try:
    refused = ask("{shop{name}}")
except urllib.error.HTTPError as error:
    refused = error.code
print(json.dumps({"ids": ids, "made": made, "again": again, "kept": kept, "lines": len(lines), "state": state["status"],
                  "unknown": unknown, "refused": refused}))
"""


@pytest.fixture
def python() -> str:
    """An interpreter that has the client."""
    named = os.environ.get("KEHUB_SHOPIFY_PYTHON") or os.environ.get("KEHUB_ZOHO_SDK_PYTHON")
    python = named or sys.executable
    found = subprocess.run([python, "-c", "import shopify"], capture_output=True, check=False)
    if found.returncode != 0:
        reason = "the client is not installed: pip install ShopifyAPI==12.7.0"
        pytest.fail(reason) if os.environ.get("KEHUB_VENDOR") == "1" else pytest.skip(reason)
    return python


@pytest.mark.parametrize("version", ["2025-10", "2026-07"])
def test_the_vendors_own_client_pages_writes_and_exports(python: str, version: str) -> None:
    twin = ShopifyTwin(Population(40, 3), options=ShopifyOptions(access_token="shpat_vendor"))
    before = [f"gid://shopify/Customer/{id_}" for id_ in sorted(twin.books.customers)]
    with serving(twin) as url:
        wanted = {"url": url, "token": "shpat_vendor", "version": version}
        call = [python, "-c", CALLS, json.dumps(wanted)]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["ids"] == before
    assert found["made"] == f"gid://shopify/Customer/{max(twin.books.customers)}"
    assert found["again"] == [{"code": "TAKEN", "field": ["input", "email"]}]
    assert found["kept"] == [{"value": "gold"}]
    assert (found["state"], found["lines"]) == ("COMPLETED", len(twin.books.orders))
    assert (found["unknown"], found["refused"]) == ("undefinedField", 401)
    assert twin.counts.rows == {"insert": 1, "update": 1}
