"""The HubSpot twin's tokens, scopes and limits, its control side, deliveries, and the faults of the kit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.hubspot.twin import STAND, TWIN, HubSpotOptions, HubSpotTwin
from connectors.hubspot.wire.webhook import signature_v1, signature_v2, signature_v3
from hub.clock import FixedClock
from hub.testing.people import Population
from tests.desk import CROWD, NOW
from tests.hubspot_twin.conftest import Portal, category

Open = Callable[..., Portal]


def test_a_token_is_asked_for_by_a_form_and_lives_half_an_hour(portal: Open) -> None:
    desk = portal()
    asked = {"grant_type": "refresh_token", "refresh_token": desk.twin.options.refresh_token}
    for version in ("v1", "v3", "2026-03"):
        body = desk.form(f"{version}/token", **asked).json()
        assert (body["token_type"], body["expires_in"], body["hub_id"]) == ("bearer", 1800, 900001)
        desk.client.headers["Authorization"] = f"Bearer {body['access_token']}"
        assert desk.get("contacts").status_code == 200
    told = desk.form("v3/token/introspect", token=body["access_token"]).json()
    assert (told["active"], told["expires_in"]) == (True, 1800)
    desk.wait(1801)
    assert category(desk.get("contacts")) == (401, "EXPIRED_AUTHENTICATION")
    assert desk.form("v3/token/introspect", token="x").json() == {"active": False}


def test_a_code_is_good_once_and_a_revoked_refresh_token_never(portal: Open) -> None:
    desk = portal()
    code = {"grant_type": "authorization_code", "code": desk.twin.options.grant_code}
    refresh = desk.form("v3/token", **code).json()["refresh_token"]
    assert desk.form("v3/token", **code).json()["status"] == "BAD_AUTH_CODE"
    assert desk.form("v3/token/revoke", token=refresh).status_code == 204
    refused = desk.form("v3/token", grant_type="refresh_token", refresh_token=refresh)
    assert (refused.status_code, refused.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert desk.form("v3/token", client_id="other").json()["status"] == "BAD_CLIENT_ID"
    assert desk.form("v3/token", grant_type="password").json()["status"] == "BAD_GRANT_TYPE"


def test_a_private_app_s_token_is_told_about_until_it_is_replaced(portal: Open) -> None:
    desk = portal()
    path, body = "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": desk.twin.options.token}
    assert desk.client.post(path, json=body).json()["hubId"] == 900001
    assert desk.client.post(path, json={"tokenKey": "other"}).status_code == 404
    desk.twin.race_tokens()
    assert desk.get("contacts").status_code == 200
    desk.twin.kill_tokens(for_good=True)
    assert category(desk.get("contacts")) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer other", "Basic pat-na1-twin"])
def test_nobody_comes_in_without_a_token(portal: Open, header: str) -> None:
    desk = portal()
    desk.client.headers["Authorization"] = header
    assert category(desk.get("contacts")) == (401, "INVALID_AUTHENTICATION")


def test_a_missing_scope_is_named(portal: Open) -> None:
    desk = portal(scopes=("crm.objects.contacts.read",))
    assert desk.get("contacts").status_code == desk.get("0-1").status_code == 200
    assert desk.post("contacts/search", {}).status_code == 200
    for answer, scope in (
        (desk.get("orders"), "crm.objects.orders.read"),
        (desk.send("update", {"id": "1"}), "crm.objects.contacts.write"),
        (desk.client.get("/crm/v3/properties/contacts"), "crm.schemas.contacts.read"),
    ):
        assert category(answer) == (403, "MISSING_SCOPES")
        assert answer.json()["errors"][0]["context"] == {"requiredGranularScopes": [scope]}


def test_limits_are_kept_and_told_with_every_answer_but_a_search_s(portal: Open) -> None:
    desk = portal(burst=5, searches=2, daily=8)
    answer = desk.get("contacts")
    assert answer.headers["x-hubspot-ratelimit-remaining"] == "4"
    assert answer.headers["x-hubspot-ratelimit-daily-remaining"] == "7"
    found = [desk.post("contacts/search", {}) for _ in range(3)]
    assert [each.status_code for each in found] == [200, 200, 429]
    assert found[2].json()["policyName"] == "SECONDLY"
    assert not any(name.startswith("x-hubspot") for name in found[0].headers)
    desk.wait(1.5)
    found = [desk.get("contacts") for _ in range(3)]
    assert [each.json().get("policyName") for each in found] == [None, None, "TEN_SECONDLY_ROLLING"]
    desk.wait(11)
    found = [desk.get("contacts") for _ in range(4)]
    assert [each.json().get("policyName") for each in found] == [None, None, None, "DAILY"]
    assert desk.twin.counts.violations["over_budget"] == 3


def test_the_account_tells_its_zone_and_how_much_of_the_day_is_used(portal: Open) -> None:
    desk = portal()
    assert desk.client.get("/account-info/v3/details").json()["timeZone"] == "Asia/Shanghai"
    (row,) = desk.client.get("/account-info/v3/api-usage/daily/private-apps").json()["results"]
    assert (row["currentUsage"], row["usageLimit"]) == (2, 625_000)
    assert row["resetsAt"] == "2026-03-01T16:00:00.000+00:00"


# -- the control side


def test_a_clerk_makes_changes_archives_restores_and_erases(portal: Open) -> None:
    desk = portal()
    one = int(desk.control("edit", {"op": "create", "values": {"lastname": "A", "kehub_tags": ["kehub-gold"]}})["id"])
    desk.control("edit", {"op": "change", "id": one, "values": {"city": "Wuxi"}})
    shown = desk.twin.records("contacts")[str(one)]
    assert (shown["lastname"], shown["city"], shown["kehub_tags"]) == ("A", "Wuxi", ["kehub-gold"])
    desk.control("edit", {"op": "tag", "id": one, "tags": ["kehub-loyal"]})
    assert desk.twin.records("contacts")[str(one)]["kehub_tags"] == ["kehub-gold", "kehub-loyal"]
    desk.control("edit", {"op": "delete", "id": one})
    assert str(one) not in desk.twin.records("contacts")
    assert desk.control("state")["archived"]["contacts"] == [str(one)]
    desk.control("edit", {"op": "restore", "id": one})
    desk.control("edit", {"op": "erase", "id": one})
    assert desk.client.post("/_twin/edit", json={"op": "dance", "id": desk.ids()[0]}).status_code == 400


def test_two_twins_of_one_population_are_alike_and_know_whose_records_they_hold() -> None:
    one, other = (HubSpotTwin(Population(60, 3), FixedClock(NOW)) for _ in range(2))
    assert one.state() == other.state()
    assert one.state(ids=False) == other.state(ids=False)
    assert set(one.truth().values()) <= {person.number for person in CROWD.people}
    assert len(one.records("orders")) == len(one.books.kinds["orders"].rows) > 10
    assert any(row["contact"] for row in one.records("orders").values())
    assert (STAND.twin, STAND.type, TWIN) == (HubSpotTwin, "hubspot", HubSpotTwin)


@pytest.mark.parametrize("scheme", ["v3", "v2", "v1"])
def test_deliveries_are_signed_and_hold_a_hundred_events(portal: Open, scheme: str) -> None:
    desk = portal()
    url = "https://hub.example/hook?a=%2Fb"
    for number in range(120):
        desk.make(lastname=f"A{number}")
    told = desk.control("deliveries", {"url": url, "scheme": scheme})
    assert len(told) == 2
    secret, body = desk.twin.options.client_secret, told[0]["body"].encode()
    wanted = {
        "v3": lambda: signature_v3(secret, "POST", url, body, told[0]["headers"]["x-hubspot-request-timestamp"]),
        "v2": lambda: signature_v2(secret, "POST", url, body),
        "v1": lambda: signature_v1(secret, body),
    }[scheme]()
    assert wanted in told[0]["headers"].values()
    assert desk.control("deliveries", {"url": url}) == []


# -- faults


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("429", {}), ("500", {}), ("error_in_200", {}), ("html_in_200", {}), ("truncated", {}), ("short_page", {}),
        ("empty_page", {}), ("skipped_page", {}), ("repeated_page", {}), ("shuffled_rows", {}),
        ("duplicate_row", {}), ("undecodable_row", {}), ("silent_cap", {"rows": 2}), ("drift", {"kind": "create"}),
        ("drift", {"kind": "delete"}), ("drift", {"kind": "modify"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["list", "search"])
def test_every_fault_of_reading_makes_a_difference(portal: Open, fault: str, options: Any, way: str) -> None:
    plain, spoilt = (_two_pages(portal, way, *given) for given in ((), (fault, options)))
    assert plain != spoilt


def _two_pages(portal: Open, way: str, fault: str = "", options: Any = None) -> list[Any]:
    desk = portal()
    if fault:
        desk.control("faults", {fault: {"path": "/contacts", **options}})
    sort = {"sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}], "properties": ["lastname"]}
    pages = [
        desk.get("contacts", limit=4, **({"after": after} if after else {}))
        if way == "list"
        else desk.search(("hs_object_id", "GT", after or "0"), limit=4, **sort)
        for after in ("", str(desk.ids()[3]))
    ]
    return [(page.status_code, page.content) for page in pages] + [desk.twin.state(), _changed(desk)]


def _changed(desk: Portal) -> list[int]:
    return sorted(record.modified for record in desk.twin.books.kinds["contacts"].rows.values())


def test_phones_come_back_in_another_form_when_told_so(portal: Open) -> None:
    desk = portal()
    desk.control("faults", {"rewritten_phones": {}})
    one = desk.post("contacts", {"properties": {"phone": "+8613812345678"}}).json()["id"]
    assert desk.get(f"contacts/{one}", properties="phone").json()["properties"]["phone"] == "138 1234 5678"


def test_a_clerk_may_cross_a_batch(portal: Open) -> None:
    desk = portal()
    one = desk.make(lastname="A")
    desk.control("faults", {"crossed_edit": {"values": {"city": "Wuxi"}, "when": "after"}})
    desk.send("update", {"id": str(one), "properties": {"lastname": "B"}})
    assert desk.twin.records("contacts")[str(one)]["city"] == "Wuxi"


def test_a_line_that_is_cut_after_a_write_leaves_it_written(portal: Open) -> None:
    desk = portal()
    before = len(desk.ids())
    desk.control("faults", {"drop_after": {"path": "upsert"}})
    with pytest.raises(httpx.TransportError):
        desk.send("upsert", {"id": "K1", "idProperty": "kehub_id", "properties": {}})
    assert len(desk.ids()) == before + 1


def test_options_are_documented_limits_unless_set() -> None:
    own = HubSpotOptions()
    assert (own.search_cap, own.search_rows, own.page_rows, own.batch, own.searches) == (10_000, 200, 100, 100, 5)
