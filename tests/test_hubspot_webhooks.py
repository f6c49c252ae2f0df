"""HubSpot's webhooks: signatures after its documentation and its own client, what events speak of, repetitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.hubspot.wire.webhook import (
    decoded,
    events_of,
    hints_of,
    key_of,
    signature_v1,
    signature_v2,
    signature_v3,
)
from hub.clock import FixedClock
from hub.connector import Delivery, Heard, Hint
from hub.errors import AuthError, Rejected
from hub.testing.twin import Stage
from tests.hubspot_site import OAUTH, Site, stand
from tests.listening import Listening
from tests.site import opener

Open = Callable[..., Site]
SECRET, URL, STAMP = "hub-secret-0001", "https://hub.example/webhooks/hubspot?tenant=7", "1740909731000"
BODY = (
    b'[{"eventId":11,"subscriptionId":42,"portalId":900001,"appId":77,"occurredAt":1740909730123,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":501,"changeFlag":"CREATED","changeSource":"CRM"}]'
)
SENT = datetime.fromtimestamp(1740909731, UTC)
V3 = "upnqFVkb9FtPI01AUCr9Bvx9Ig5Keb/nvcWw8N5l7GA="
V2 = "19c574c8386bc9b2e387ddd70e37fabc3335a341a7dcb469773cc8adfd2a59f9"
V1 = "f7bf1f1911e84eae86757453ae8b5b2d0cd41e8cde4ae12e751bf28c04d3193c"


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def heard(site: Site, headers: dict[str, str], body: bytes = BODY, url: str = URL, method: str = "POST") -> Heard:
    """What the connector makes of a post."""
    with site.connector() as crm:
        found: Heard = crm.webhook(Delivery(method, url, headers, body))
        return found


def signed(stamp: str = STAMP, signature: str = V3) -> dict[str, str]:
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}


def events(*told: dict[str, Any]) -> list[Hint]:
    return hints_of(events_of(json.dumps(told).encode()))


def test_signatures_are_those_of_the_documentation() -> None:
    assert signature_v3(SECRET, "POST", URL, BODY, STAMP) == V3
    assert signature_v2(SECRET, "POST", URL, BODY) == V2
    assert signature_v1(SECRET, BODY) == V1


def test_an_address_is_signed_with_twelve_characters_decoded_and_no_others() -> None:
    assert decoded("https://a.b/%3Ax%2fy%3F%40%21%27%28%29%2A%2C%3B%24") == "https://a.b/:x/y?@!'()*,;$"
    assert decoded("https://a.b/%20%E5%BC%A0%2B%26%3D%25") == "https://a.b/%20%E5%BC%A0%2B%26%3D%25"


def test_a_delivery_is_hubspot_s_when_its_signature_is_and_tells_when_it_was_sent(opened: Open) -> None:
    found = heard(opened(), signed())
    assert (found.sent, found.hints) == (SENT, [Hint("customers", "501")])


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        (signed(signature="A" * 44), {}),
        (signed(signature="ünfug"), {}),
        (signed("1740909731001"), {}),
        (signed("now"), {}),
        (signed(""), {}),
        (signed(), {"body": BODY + b" "}),
        (signed(), {"url": URL + "8"}),
        (signed(), {"method": "PUT"}),
        ({"x-hubspot-signature": V1, "x-hubspot-signature-version": "v1"}, {}),
        ({"x-hubspot-signature": V2, "x-hubspot-signature-version": "v2"}, {}),
        ({"x-hubspot-signature": V3, "x-hubspot-signature-version": "v4"}, {}),
        ({}, {}),
    ],
)
def test_any_other_post_is_refused(opened: Open, clock: FixedClock, headers: dict[str, str], changed: Any) -> None:
    site = opened()
    with pytest.raises(AuthError):
        heard(site, headers, **changed)


@pytest.mark.parametrize(("scheme", "signature", "taken"), [("v1", V1, ("v1",)), ("v2", V2, ("v1", "v2"))])
def test_older_signatures_are_taken_where_the_settings_say_so(
    opened: Open, scheme: str, signature: str, taken: tuple[str, ...]
) -> None:
    headers = {"x-hubspot-signature": signature, "x-hubspot-signature-version": scheme}
    for weakest in ("v1", "v2", "v3"):
        site = opened({"settings": f"    webhook_signature: {weakest}"})
        if weakest in taken:
            assert heard(site, headers).sent is None
        else:
            with pytest.raises(AuthError):
                heard(site, headers)


def test_a_newer_signature_that_is_wrong_is_not_made_good_by_an_older_one(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    webhook_signature: v1"})
    with pytest.raises(AuthError):
        heard(site, {**signed(signature="A" * 44), "x-hubspot-signature": V1})


def test_an_oauth_app_s_deliveries_are_signed_with_its_client_secret(opened: Open, clock: FixedClock) -> None:
    site = opened({"access": OAUTH})
    site.file.write_text(site.file.read_text().replace("    webhook_secret: ${HUBSPOT_SECRET}\n", ""), encoding="utf-8")
    assert heard(site, signed()).sent == SENT


def test_without_a_secret_nothing_is_believed(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.file.write_text(site.file.read_text().replace("    webhook_secret: ${HUBSPOT_SECRET}\n", ""), encoding="utf-8")
    with pytest.raises(AuthError, match="webhook_secret"):
        heard(site, signed(signature=signature_v3("", "POST", URL, BODY, STAMP)))


@pytest.mark.parametrize(
    ("event", "hints"),
    [
        ({"subscriptionType": "contact.propertyChange", "objectId": 5}, [("customers", "5", "changed")]),
        ({"subscriptionType": "contact.restore", "objectId": 5}, [("customers", "5", "changed")]),
        ({"subscriptionType": "contact.deletion", "objectId": 5}, [("customers", "5", "gone")]),
        ({"subscriptionType": "contact.privacyDeletion", "objectId": 5}, [("customers", "5", "erase")]),
        ({"subscriptionType": "contact.associationChange", "fromObjectId": 5}, [("customers", "5", "changed")]),
        (
            {"subscriptionType": "object.deletion", "objectTypeId": "0-123", "objectId": 9},
            [("orders", "9", "gone")],
        ),
        (
            {"subscriptionType": "object.creation", "objectTypeId": "0-1", "objectId": 5},
            [("customers", "5", "changed")],
        ),
        (
            {
                "subscriptionType": "contact.merge", "objectId": 1, "primaryObjectId": 1, "mergedObjectIds": [2, 3],
                "newObjectId": 1,
            },
            [("customers", "2", "gone"), ("customers", "3", "gone"), ("customers", "1", "changed")],
        ),
        (
            {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": [2], "newObjectId": 9},
            [("customers", "1", "gone"), ("customers", "2", "gone"), ("customers", "9", "changed")],
        ),
        ({"subscriptionType": "deal.creation", "objectId": 5}, []),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-3", "objectId": 5}, []),
        ({"subscriptionType": "contact.creation", "objectId": "x"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_events_say_whom_they_speak_of(event: dict[str, Any], hints: list[Any]) -> None:
    assert events(event) == [Hint(*one) for one in hints]


def test_ten_changes_of_one_contact_are_one_hint() -> None:
    changes = [
        {"subscriptionType": "contact.propertyChange", "objectId": 5, "propertyName": f"p{n}"} for n in range(10)
    ]
    assert events(*changes) == [Hint("customers", "5")]


@pytest.mark.parametrize("body", [b"", b"{}", b"[7]", b"\xff", b'{"eventId": 1}'])
def test_a_genuine_post_that_is_no_list_of_events_is_rejected(opened: Open, clock: FixedClock, body: bytes) -> None:
    site = opened()
    stamp = str(int(clock.now().timestamp() * 1000))
    with pytest.raises(Rejected):
        heard(site, signed(stamp, signature_v3(SECRET, "POST", URL, body, stamp)), body)


def test_a_repetition_has_the_same_key_and_nothing_else_has() -> None:
    one = {"eventId": 1, "subscriptionId": 2, "objectId": 3, "occurredAt": 4, "attemptNumber": 0}
    other = {**one, "propertyName": "email"}
    assert key_of([one, other]) == key_of([{**other, "attemptNumber": 1}, {**one, "attemptNumber": 1}])
    for name in ("eventId", "subscriptionId", "objectId", "occurredAt"):
        assert key_of([{**one, name: 99}]) != key_of([one])
    assert key_of([one]) != key_of([one, one]) != key_of([one, other])


def test_what_happens_in_the_portal_is_delivered_signed_and_understood(opened: Open, clock: FixedClock) -> None:
    site = opened()
    one, other, order = site.insert(lastname="A"), site.insert(lastname="B"), site.insert("orders")
    site.change(one, city="Wuxi")
    site.edit("merge", one, other=other.id)
    site.edit("delete", order, "orders")
    (told,) = site.twin.hooks.deliveries({"url": URL})
    found = heard(site, told["headers"], told["body"].encode())
    assert set(found.hints) == {
        Hint("customers", str(one.id)), Hint("customers", str(other.id)), Hint("customers", str(other.id), "gone"),
        Hint("orders", str(order.id)), Hint("orders", str(order.id), "gone"),
    }  # fmt: skip
    clock.advance(timedelta(minutes=10))
    (again,) = site.twin.hooks.deliveries({"url": URL, "again": True})
    assert heard(site, again["headers"], again["body"].encode()).key == found.key
    site.write(settings="    orders: false")
    assert {hint.stream for hint in heard(site, again["headers"], again["body"].encode()).hints} == {"customers"}


# -- through the receiver


class Portal(Listening, Site):
    """A portal whose webhooks come to a receiver of ours, behind a proxy."""

    def write(self, **changed: Any) -> None:
        """Write the configuration with the receiver's block."""
        super().write(**changed)
        block = "receiver: {public_url: 'https://hooks.example.com'}\n"
        self.file.write_text(self.file.read_text(encoding="utf-8") + block, encoding="utf-8")

    def deliver(self, url: str, **wish: Any) -> list[int]:
        """Let the twin post what has happened."""
        return self.posted(url, **{"signed": "https://hooks.example.com/hooks/crm", **wish})


@pytest.fixture
def portal(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Portal:
    site: Portal = opener(Portal, stand, stage, tmp_path, clock)()
    assert site.sync().errors == {}
    return site


def test_records_that_webhooks_name_are_read_again_as_a_window_would_read_them(
    portal: Portal, clock: FixedClock
) -> None:
    clock.advance(timedelta(minutes=10))
    contact, order = next(iter(portal.rows())), next(iter(portal.rows("orders")))
    portal.change(contact, city="苏州")
    portal.change(order, "orders", hs_refund_amount="1.00")
    with portal.listening() as url:
        assert portal.deliver(url, times=2) == [200, 200]
    report = portal.sync(hinted=True)
    assert report.errors == {}
    assert report.lanes[0].by_id == {"customers": 1, "orders": 1}
    hinted = {name: portal.held_records(name) for name in ("customers", "orders")}
    clock.advance(timedelta(minutes=10))
    portal.sync(full=True)
    assert {name: portal.held_records(name) for name in hinted} == hinted


def test_forged_deliveries_are_refused_and_so_are_those_of_another_time(portal: Portal) -> None:
    portal.insert(lastname="A")
    with portal.listening() as url:
        assert portal.deliver(url, forged=True) == [401]
        assert portal.deliver(url, again=True, secret="x") == [401]
        assert portal.deliver(url, again=True, signed=f"{url}/hooks/crm") == [401]
        assert portal.deliver(url, again=True, scheme="v2") == [401]
        assert portal.deliver(url, again=True, age=301) == [401]
        assert portal.deliver(url, again=True, age=-301) == [401]
        assert portal.deliver(url, again=True, age=299) == [200]
        told = httpx.get(f"{url}/healthz").json()
    assert told["refused"] == {"crm": {"early": 1, "forged": 4, "stale": 1}}
    assert told["waiting"] == {"crm": 1}


def test_a_privacy_delete_waits_for_a_person(portal: Portal) -> None:
    one = next(iter(portal.rows()))
    portal.edit("erase", one)
    with portal.listening() as url:
        assert portal.deliver(url) == [200]
    assert portal.sync(hinted=True).errors == {}
    waiting = portal.look(lambda store: store.hints.requests())
    assert [(told.connection, told.ext) for told in waiting] == [("crm", str(one))]
    assert str(one) in portal.held_records("customers")
