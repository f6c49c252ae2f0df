"""What `kehub doctor` says of a shop; how the connector signs in; what its settings refuse; what its webhooks tell."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.shopify.connector import Shopify
from connectors.shopify.wire.settings import PINNED, ShopifySettings, sunset
from hub.clock import FixedClock
from hub.connector import Delivery, Hint
from hub.errors import AuthError, PermissionMissing, Rejected, SettingsError
from hub.testing.twin import Answer, Stage
from tests.shopify_site import Site, stand
from tests.site import opener

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def flawed(site: Site) -> dict[str, str]:
    """The findings that are not good, with their remedies."""
    with site.connector() as shop:
        return {found.subject: found.remedy for found in shop.check() if not found.good}


# -- doctor


def test_a_shop_in_order_has_good_findings_only_and_nothing_is_written(opened: Open) -> None:
    site = opened({"create": True})
    assert flawed(site) == {}
    assert site.twin.counts.writes == []


def test_doctor_names_the_version_and_its_end(opened: Open, clock: FixedClock) -> None:
    site = opened()
    assert sunset(PINNED) is not None
    assert str(sunset(PINNED)) in Shopify.version
    assert PINNED in Shopify.version
    with site.connector() as shop:
        subjects = [found.subject for found in shop.check() if found.good]
    assert f"API version {PINNED}, served until {sunset(PINNED)}" in subjects
    clock.advance(timedelta(days=450))  # within two months of its end
    assert list(flawed(site)) == [f"API version {PINNED}, served until {sunset(PINNED)}"]


def test_an_answer_by_another_version_than_was_asked_for_is_a_finding(opened: Open) -> None:
    site = opened(versions=("2026-10",))
    assert "2026-10" in flawed(site)[f"API version {PINNED} is not the one that answers"]
    site = opened({"settings": "    api_version: unstable", "store": "other.db"}, versions=("2026-07", "unstable"))
    assert list(flawed(site)) == ["API version unstable, which changes from day to day"]


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (("write_customers", "write_orders", "read_all_orders"), []),
        (("read_customers", "read_orders"), ["scope write_customers", "scope read_all_orders"]),
        (("write_customers",), ["scope read_orders", "scope read_all_orders", "names and addresses of orders"]),
    ],
)
def test_doctor_names_each_scope_that_is_missing(opened: Open, scopes: tuple[str, ...], missing: list[str]) -> None:
    assert list(flawed(opened(scopes=scopes))) == missing


def test_doctor_says_when_personal_fields_may_not_be_seen(opened: Open) -> None:
    found = flawed(opened(protected=False))
    assert list(found) == ["names and addresses of customers", "names and addresses of orders"]
    assert all("protected customer data" in remedy for remedy in found.values())


def test_doctor_says_when_the_metafield_of_creates_is_not_defined_or_another_takes_no_text(opened: Open) -> None:
    site = opened({"create": True}, key="", definitions=(("kehub.tier", "number_integer"),))
    found = flawed(site)
    assert list(found) == ["metafields.kehub.create_key", "metafields.kehub.tier"]
    assert "creates_by: tag" in found["metafields.kehub.create_key"]
    site.write(settings="    creates_by: tag", create=True)
    assert list(flawed(site)) == ["metafields.kehub.tier"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(402, b"<html>Payment Required</html>"), PermissionMissing),
        (Answer(423, {"errors": "Locked"}), PermissionMissing),
        (Answer(404, {"errors": "Not Found"}), SettingsError),
    ],
)
def test_a_shop_that_is_closed_or_not_there_is_said_so_and_not_asked_again(
    opened: Open, answer: Answer, kind: type[Exception]
) -> None:
    site = opened()
    site.twin.guard = lambda call: answer if "graphql" in call.path else None  # type: ignore[method-assign]
    with site.connector() as shop, pytest.raises(kind):
        shop.fetch(["7000000001"])
    assert site.calls("graphql") == 1
    assert list(flawed(site)) == ["sign-in"]


# -- signing in


def test_one_token_serves_a_day_and_is_renewed_before_it_ends(opened: Open, clock: FixedClock) -> None:
    site = opened({"settings": "    orders: false"})
    for _ in range(3):
        site.read()
        clock.advance(timedelta(hours=2))
    assert site.calls("access_token") == 1
    clock.advance(timedelta(hours=20))
    site.read()
    assert site.calls("access_token") == 2
    assert "401" not in site.twin.counts.statuses


def test_a_token_that_dies_is_renewed_once(opened: Open) -> None:
    site = opened()
    site.twin.faults.set({"dead_token": {"path": "/CustomersPage"}})
    assert site.read().certificate == "swept"
    assert site.calls("access_token") == 2


def test_wrong_credentials_are_told_as_such(opened: Open) -> None:
    site = opened()
    site.twin.tokens.kill(for_good=True)
    found = flawed(site)
    assert list(found) == ["sign-in"]
    assert "one organisation" in found["sign-in"]
    report = site.sync(only=["shop"])
    assert isinstance(report.errors["shop"], AuthError | SettingsError)


def test_the_token_of_an_old_app_is_sent_as_it_stands(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPIFY_TOKEN", "shpat_old")
    site = opened({"settings": "    access_token: ${SHOPIFY_TOKEN}"}, access_token="shpat_old")
    assert site.read().certificate == "swept"
    assert site.calls("access_token") == 0


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://a.myshopify.com"},
        {"url": "https://a.myshopify.com", "client_id": "a"},
        {"url": "http://a.myshopify.com", "access_token": "x"},
        {"url": "https://a.myshopify.com/admin", "access_token": "x"},
        {"url": "https://a.myshopify.com", "access_token": "x", "api_version": "2026-05"},
        {"url": "https://a.myshopify.com", "access_token": "x", "deep_rows": 25_000},
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ShopifySettings.model_validate(given)


# -- webhooks

SECRET, OLD = "shpss_twin", "shpss_before"
BODY = b'{"id":706405506930370084,"admin_graphql_api_id":"gid://shopify/Customer/706405506930370084"}'


def signed(topic: str, body: Any, secret: str = SECRET, **headers: str) -> Delivery:
    """A delivery as the shop posts it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
    given = {"x-shopify-topic": topic, "x-shopify-hmac-sha256": signature, "x-shopify-webhook-id": "w-1"}
    return Delivery("POST", "https://hub.example/hooks/shop", {**given, **headers}, raw)


@pytest.fixture
def shop(opened: Open) -> Any:
    """A connector that knows a secret and the one before it."""
    site = opened()
    with site.connector() as found:
        found.settings = found.settings.model_copy(update={"old_client_secret": SecretStr(OLD)})
        yield found


def test_a_signature_is_that_of_the_raw_body_under_the_client_secret(shop: Any) -> None:
    delivery = signed("customers/update", BODY)
    assert delivery.headers["x-shopify-hmac-sha256"] == "lxaV/hu+Gv0JTWlmDGs78v3LRzcHfHHd0EFjUiQYcC0="
    assert shop.webhook(delivery).hints == (Hint("customers", "706405506930370084"),)


def test_deliveries_under_the_old_secret_are_taken_while_it_is_set(shop: Any) -> None:
    old = signed("customers/update", BODY, OLD)
    assert shop.webhook(old).hints
    shop.settings = shop.settings.model_copy(update={"old_client_secret": SecretStr("")})
    with pytest.raises(AuthError):
        shop.webhook(old)


@pytest.mark.parametrize("part", ["body", "signature", "none", "secret"])
def test_a_delivery_that_is_not_the_shops_own_is_refused(shop: Any, part: str) -> None:
    good = signed("customers/update", BODY)
    wrong = {
        "body": replace(good, body=BODY.replace(b"0084", b"0085", 1)),
        "signature": replace(good, headers={**good.headers, "x-shopify-hmac-sha256": "ü"}),
        "none": replace(good, headers={"x-shopify-topic": "customers/update"}),
        "secret": signed("customers/update", BODY, "another"),
    }
    with pytest.raises(AuthError):
        shop.webhook(wrong[part])


def test_orders_that_are_not_read_are_not_hinted_at(shop: Any) -> None:
    shop.settings = shop.settings.model_copy(update={"orders": False})
    assert shop.webhook(signed("orders/create", {"id": 5})).hints == ()
    assert shop.webhook(signed("customers/create", {"id": 7})).hints


def test_no_secret_at_all_makes_no_delivery_genuine(shop: Any) -> None:
    update = {"client_secret": SecretStr(""), "old_client_secret": SecretStr(""), "access_token": SecretStr("x")}
    shop.settings = shop.settings.model_copy(update=update)
    with pytest.raises(AuthError):
        shop.webhook(signed("customers/update", BODY, ""))


GID = "gid://shopify/Customer/"


@pytest.mark.parametrize(
    ("topic", "body", "hints"),
    [
        ("customers/create", {"id": 7}, [("customers", "7", "changed")]),
        ("customers/enable", {"id": 7}, [("customers", "7", "changed")]),
        ("customers/delete", {"id": 7}, [("customers", "7", "gone")]),
        (
            "customers/merge",
            {
                "admin_graphql_api_customer_kept_id": f"{GID}7",
                "admin_graphql_api_customer_deleted_id": f"{GID}8",
                "status": "completed",
            },
            [("customers", "7", "changed"), ("customers", "8", "gone")],
        ),
        ("customers/merge", {"status": "failed", "admin_graphql_api_job_id": None}, []),
        ("customers_email_marketing_consent/update", {"customer_id": 7}, [("customers", "7", "changed")]),
        ("customers_marketing_consent/update", {"id": 7}, [("customers", "7", "changed")]),
        ("customer.tags_added", {"customerId": f"{GID}7", "tags": ["a"]}, [("customers", "7", "changed")]),
        ("orders/create", {"id": 5, "customer": {"id": 7}}, [("orders", "5", "changed")]),
        ("orders/cancelled", {"id": 5}, [("orders", "5", "changed")]),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 5}}, [("orders", "5", "changed")]),
        ("orders/delete", {"id": 5}, [("orders", "5", "gone")]),
        ("refunds/create", {"id": 1, "order_id": 5}, [("orders", "5", "changed")]),
        (
            "customers/redact",
            {"shop_id": 1, "customer": {"id": 7}, "orders_to_redact": [5]},
            [("customers", "7", "erase")],
        ),
        ("customers/data_request", {"customer": {"id": 7}}, [("customers", "7", "disclose")]),
        ("shop/redact", {"shop_id": 1, "shop_domain": "a.myshopify.com"}, []),
        ("app/uninstalled", {"id": 1}, []),
        ("bulk_operations/finish", {"admin_graphql_api_id": "gid://shopify/BulkOperation/1"}, []),
        ("products/update", {"id": 1}, []),
    ],
)
def test_a_delivery_hints_at_the_records_it_speaks_of(shop: Any, topic: str, body: Any, hints: list[Any]) -> None:
    heard = shop.webhook(signed(topic, body))
    assert [(one.stream, one.external_id, one.event) for one in heard.hints] == hints


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("customers/update", b"not json"),
        ("customers/update", b"[]"),
        ("customers/update", {"id": "anna@shop.cn"}),
        ("orders/create", {}),
        ("customers/redact", {"customer": None}),
    ],
)
def test_a_genuine_delivery_that_makes_no_sense_is_rejected_without_its_words(shop: Any, topic: str, body: Any) -> None:
    with pytest.raises(Rejected) as refused:
        shop.webhook(signed(topic, body))
    assert "anna" not in str(refused.value)


def test_repetitions_share_a_key_and_other_deliveries_have_others(shop: Any) -> None:
    first = shop.webhook(signed("customers/update", BODY))
    again = shop.webhook(signed("customers/update", BODY, **{"x-shopify-triggered-at": "2026-03-01T08:00:00.1234567Z"}))
    other = shop.webhook(signed("customers/update", BODY, **{"x-shopify-webhook-id": "w-2"}))
    assert first.key == again.key != other.key
    assert (first.sent, again.sent) == (None, None)  # no time is signed, and repetitions bear the first one's for hours
    bare = signed("customers/update", BODY)
    bare = replace(bare, headers={name: value for name, value in bare.headers.items() if "webhook-id" not in name})
    keys = [shop.webhook(one).key for one in (bare, bare, replace(signed("customers/create", BODY), headers={
        **bare.headers, "x-shopify-topic": "customers/create"}))]  # fmt: skip
    assert keys[0] == keys[1] != keys[2]


def test_what_the_twin_posts_is_genuine_and_its_hints_are_read_by_id(opened: Open) -> None:
    site = opened()
    customer, order = min(site.twin.books.customers), min(site.twin.books.orders)
    with site.connector() as shop:
        for topic, id_, stream in (
            ("customers/update", customer, "customers"),
            ("customers_email_marketing_consent/update", customer, "customers"),
            ("customers/redact", customer, "customers"),
            ("orders/paid", order, "orders"),
            ("orders/edited", order, "orders"),
        ):
            posted = site.twin.delivery({"topic": topic, "id": id_})
            heard = shop.webhook(Delivery("POST", "https://hub", posted["headers"], posted["body"].encode()))
            assert [(one.stream, one.external_id) for one in heard.hints] == [(stream, str(id_))]
            found = shop.named(next(one for one in shop.streams() if one.name == stream), [heard.hints[0].external_id])
            assert list(found) == [str(id_)]
        forged = site.twin.delivery({"topic": "orders/paid", "id": order, "signed_with": "shpss_other"})
        with pytest.raises(AuthError):
            shop.webhook(Delivery("POST", "https://hub", forged["headers"], forged["body"].encode()))
