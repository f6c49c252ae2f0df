"""The WooCommerce connector against its twin, over HTTP, through the engine: writing, credentials, rights, webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.woocommerce.wire.batch import results
from connectors.woocommerce.wire.oauth1 import base_string, signature
from connectors.woocommerce.wire.settings import WooSettings
from connectors.woocommerce.wire.webhook import is_genuine, is_ping
from hub.clock import FixedClock
from hub.connector import Write
from hub.errors import AuthError, PermissionMissing, SettingsError
from hub.testing.twin import Stage
from tests.site import opener
from tests.woocommerce_site import Site, living, stand

Open = Callable[..., Site]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def meta(site: Site, id_: int) -> dict[str, Any]:
    """An account's meta fields."""
    return {row["key"]: row["value"] for row in site.twin.books.customers[id_].values["meta_data"]}


# -- updates


def test_one_field_on_250_customers_costs_three_calls(opened: Open, clock: FixedClock) -> None:
    site = opened(rewrite_phones=True)
    site.twin.books.orders.clear()
    for number in range(250 - len(site.twin.books.customers)):
        site.account(f"c{number}@shop.cn", billing={"phone": f"+86139{number:08d}"})
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.write(floor="basic")
    site.twin.counts.reset()
    _, applied = site.sync_and_apply()
    assert applied is not None
    done = applied.applied["shop"]
    assert (done.error, dict(done.rows)) == (None, {"ack": 250})
    assert (done.writes, done.guards, done.read_backs) == (3, 3, 3)
    assert site.calls("customers/batch") == 3
    assert {tuple(write["fields"]) for write in site.twin.counts.writes} == {("meta_data",)}
    site.twin.counts.reset()
    again, _ = site.sync_and_apply()
    assert again.plans == {}
    assert site.calls("batch") == 0


def test_tier_and_stage_are_meta_fields_and_others_stay_as_they_are(opened: Open) -> None:
    site = opened()
    start = {"vip_card": {"no": 7}, "_hidden": "x", "kehub_tier": "old"}
    kept = [{"key": key, "value": value} for key, value in start.items()]
    one = site.account("anna@shop.cn", meta_data=kept, billing={"company": "Anna & Co"})
    number = {row["key"]: row["id"] for row in one.values["meta_data"]}
    site.sync_and_apply()
    found = meta(site, one.id)
    assert (found["vip_card"], found["_hidden"]) == ({"no": 7}, "x")
    assert (found["kehub_tier"], found["kehub_stage"]) == ("standard", "prospect")
    assert next(row["id"] for row in one.values["meta_data"] if row["key"] == "kehub_tier") == number["kehub_tier"]
    assert one.values["billing"]["company"] == "Anna & Co"


def test_an_address_merges_field_by_field(opened: Open, clock: FixedClock) -> None:
    site = opened()
    one = site.account("zhou@shop.cn", last_name="Zhou", billing={"phone": "138 1234 5678", "city": "Wuxi"})
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.till.now = int(clock.now().timestamp())
    site.till.put("customers", {"id": "7", "name": "Zhou", "email": "zhou@shop.cn", "phone": "139 8765 4321"})
    site.sync_and_apply()
    assert one.values["billing"]["phone"] == "+8613987654321"
    assert one.values["billing"]["city"] == "Wuxi"
    assert one.values["email"] == "zhou@shop.cn"


def test_a_phone_that_comes_back_in_another_form_is_written_once(opened: Open, clock: FixedClock) -> None:
    site = opened(rewrite_phones=True)
    one = site.account("zhou@shop.cn", billing={"phone": "138 1234 5678"})
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.till.now = int(clock.now().timestamp())
    site.till.put("customers", {"id": "7", "name": "Zhou", "email": "zhou@shop.cn", "phone": "139 8765 4321"})
    site.sync_and_apply()
    assert one.values["billing"]["phone"] == "139 8765 4321"
    for _ in range(2):
        clock.advance(timedelta(hours=1))
        site.twin.counts.reset()
        report, _ = site.sync_and_apply()
        assert report.plans == {}
        assert site.calls("batch") == 0


def test_the_e_mail_address_of_an_account_is_never_changed(opened: Open, clock: FixedClock) -> None:
    site = opened()
    one = site.account("old@shop.cn", billing={"phone": "13912345678"})
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    site.till.now = int(clock.now().timestamp())
    site.till.put("customers", {"id": "7", "name": "Wu", "email": "new@shop.cn", "phone": "139 1234 5678"})
    site.sync_and_apply()
    assert one.values["email"] == "old@shop.cn"
    assert all("email" not in write["fields"] for write in site.twin.counts.writes)


@pytest.mark.parametrize("word", ["null", "empty"])
def test_an_emptied_meta_field_goes_out_as_the_site_says(opened: Open, word: str) -> None:
    site = opened({"settings": f"    clear_meta: {word}"}, null_deletes_meta=word == "null")
    one = site.account("anna@shop.cn", meta_data=[{"key": "kehub_tier", "value": "gold"}])
    with site.connector() as shop:
        (result,) = shop.write([Write("a", {"meta_data.kehub_tier": None, "first_name": None}, str(one.id))])
        row = shop.fetch([str(one.id)])[str(one.id)]
    assert result.outcome == "ok"
    assert not row.get("meta_data.kehub_tier")
    assert one.values["first_name"] == ""


def test_each_item_of_a_batch_has_its_own_result(opened: Open) -> None:
    site = opened()
    good, other = site.account("good@shop.cn"), site.account("other@shop.cn")
    clerk = site.account("clerk@shop.cn", role="shop_manager")
    with site.connector() as shop:
        told = shop.write(
            [
                Write("a", {"meta_data.kehub_tier": "gold"}, str(good.id)),
                Write("b", {"email": "other@shop.cn"}, str(good.id)),
                Write("c", {"email": "no address"}, str(other.id)),
                Write("d", {"meta_data.kehub_tier": "gold"}, "999999"),
                Write("e", {"email": "c@shop.cn"}, str(clerk.id)),
                Write("f", {"meta_data.kehub_tier": "gold"}, str(other.id)),
            ]
        )
    assert [(one.key, one.outcome, one.code, one.field) for one in told] == [
        ("a", "ok", "", ""),
        ("b", "rejected", "woocommerce_rest_customer_invalid_email", "email"),
        ("c", "rejected", "customer_invalid_email", "email"),
        ("d", "rejected", "woocommerce_rest_invalid_id", "id"),
        ("e", "rejected", "woocommerce_rest_cannot_edit", ""),
        ("f", "ok", "", ""),
    ]
    assert meta(site, good.id)["kehub_tier"] == meta(site, other.id)["kehub_tier"] == "gold"
    assert site.calls("batch") == 1


def test_an_answer_that_does_not_tell_leaves_its_rows_unknown() -> None:
    batch = [Write("a", {}, "7"), Write("b", {}, "8")]
    error = {"code": "internal_server_error", "data": {"status": 500}}
    for told in (None, {}, [{"id": 7}], [{"id": 8}, {"id": 7}], [{"id": 7, "error": error}, "?"]):
        assert {one.outcome for one in results(batch, told)} <= {"unknown", "rejected"}
    listed = {"id": 0, "error": {"code": "rest_missing_callback_param", "data": {"status": 400, "params": ["email"]}}}
    named = {"id": 0, "error": {"code": "rest_invalid_param", "data": {"status": 400, "params": {"billing": "bad"}}}}
    assert [one.field for one in results(batch, [listed, named])] == ["email", "billing"]


def test_a_batch_too_large_for_this_shop_is_halved(opened: Open) -> None:
    site = opened(batch=20)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["shop"].rows) == {"ack": len(site.twin.books.customers)}
    assert set(site.twin.counts.statuses) >= {"413", "200"}
    site.write(settings="    batch_rows: 20", floor="basic")
    site.twin.counts.reset()
    site.sync_and_apply()
    assert "413" not in site.twin.counts.statuses


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_an_update_whose_answer_got_lost_is_settled_by_reading_back(
    opened: Open, clock: FixedClock, fault: str
) -> None:
    site = opened()
    report = site.sync()
    site.twin.faults.set({fault: {}})
    site.apply(report.plans["shop"].digest)
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.errors == {}
    assert {meta(site, id_).get("kehub_stage") for id_ in site.twin.books.customers} - {None}
    assert set(site.look(lambda store: store.receipts.tally("shop"))) == {"ack"}


# -- creates: off unless the site says so; the account's name carries the key


def test_a_customer_of_the_till_gets_one_account_under_a_name_of_its_own(opened: Open, clock: FixedClock) -> None:
    site = opened({"create": True})
    site.twin.books.orders.clear()  # guests who left an address would get accounts too
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321", "email": "sun@shop.cn"})
    site.till.put("customers", {"id": "8", "name": "Nobody's mail", "phone": "139 8765 0000"})
    before = set(site.twin.books.customers)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.errors == {}
    (new,) = set(site.twin.books.customers) - before  # who has no e-mail address can have no account
    made = site.twin.books.customers[new].values
    assert (made["first_name"], made["billing"]["phone"], made["email"]) == ("孙丽", "+8613987654321", "sun@shop.cn")
    customers = site.look(lambda store: {record.customer for record in store.records.every()})
    key = made["username"].removeprefix("kehub-")
    assert len(key) == 16
    assert key.upper() not in {str(customer).upper() for customer in customers}
    clock.advance(timedelta(hours=1))
    report, _ = site.sync_and_apply()
    assert report.plans == {}
    assert set(site.twin.books.customers) - before == {new}


@pytest.mark.parametrize("searchable", [True, False])
def test_a_create_whose_answer_got_lost_is_settled_and_never_made_twice(
    opened: Open, clock: FixedClock, searchable: bool
) -> None:
    site = opened({"create": True}, search_usernames=searchable)
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321", "email": "sun@shop.cn"})
    before = set(site.twin.books.customers)
    site.twin.faults.set({"drop_after": {"path": "batch"}})
    site.sync_and_apply()
    site.twin.faults.clear()
    for _ in range(3):  # where names cannot be searched for, the shop itself refuses the second one
        clock.advance(timedelta(hours=1))
        report, _ = site.sync_and_apply()
        assert report.errors == {}
    (new,) = set(site.twin.books.customers) - before
    assert site.twin.books.customers[new].values["first_name"] == "孙丽"
    assert set(site.look(lambda store: store.receipts.tally("shop"))) == {"ack"}


def test_two_creates_under_one_key_are_one_account(opened: Open) -> None:
    site = opened({"create": True})
    values = {"email": "wu@shop.cn", "last_name": "Wu"}
    with site.connector() as shop:
        first, second = shop.write([Write(key, values, create_key="k1") for key in ("a", "b")])
        (changed,) = shop.write([Write("c", {"email": "wu2@shop.cn"}, create_key="k1")])
        (refused,) = shop.write([Write("d", values)])
        assert shop.lookup(["k1", "k2"]) == {"k1": first.external_id}
    assert first.outcome == second.outcome == changed.outcome == "ok"
    assert first.external_id == second.external_id == changed.external_id
    assert site.twin.counts.rows["insert"] == 1
    assert (refused.outcome, refused.code) == ("refused", "NO_CREATE_KEY")


@pytest.mark.parametrize("code", ["registration-error-email-exists", "woocommerce_rest_customer_exists"])
def test_somebody_else_s_address_is_told_and_nothing_is_written_there(opened: Open, code: str) -> None:
    site = opened({"create": True}, exists_code=code)
    theirs = site.account("wu@shop.cn", last_name="Wu")
    with site.connector() as shop:
        (result,) = shop.write([Write("a", {"email": "WU@shop.cn", "last_name": "Other"}, create_key="k1")])
    assert (result.outcome, result.code) == ("rejected", code)
    assert theirs.values["last_name"] == "Wu"


# -- credentials and rights


def test_over_plain_http_requests_are_signed_each_once(opened: Open) -> None:
    site = opened({"page_size": 10})
    assert site.sync().errors == {}
    assert len(site.twin.access._nonces) == site.calls("GET")


def test_the_secret_goes_over_http_to_this_computer_only(opened: Open) -> None:
    site = opened({"settings": "    auth: basic"}, basic_on_http=True)
    assert site.sync().errors == {}
    assert site.twin.access._nonces == {}
    keys = {"consumer_key": "ck", "consumer_secret": "cs"}
    with pytest.raises(ValueError, match="in the clear"):
        WooSettings.model_validate({"url": "http://shop.example.org", "auth": "basic", **keys})
    for url, signs in (("http://shop.example.org", True), ("https://shop.example.org/de", False)):
        assert WooSettings.model_validate({"url": url, **keys}).signs is signs


def test_what_is_signed_is_method_address_and_sorted_parameters() -> None:
    """RFC 5849 3.4.1 (the sheet's section 2): a bare host, a parameter with a blank and one in brackets."""
    params = {"b": "2 3", "a[0]": "x&y", "oauth_nonce": "n"}
    base = base_string("get", "http://shop.example/wp-json/wc/v3/orders", params)
    assert base == (
        "GET&http%3A%2F%2Fshop.example%2Fwp-json%2Fwc%2Fv3%2Forders"
        "&a%255B0%255D%3Dx%2526y%26b%3D2%25203%26oauth_nonce%3Dn"
    )
    digest = hmac.new(b"cs&", base.encode(), hashlib.sha256).digest()
    assert signature("cs", base) == base64.b64encode(digest).decode()


def test_a_refused_nonce_is_made_anew_once(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened()
    nonces = iter(["same", "same", *map(str, range(100))])
    monkeypatch.setattr("connectors.woocommerce.wire.oauth1.secrets.token_hex", lambda _: next(nonces))
    assert site.sync().errors == {}
    assert site.twin.counts.statuses["401"] == 1


def test_a_wrong_secret_stops_this_system_only(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    site = opened()
    monkeypatch.setenv("WOO_SECRET", "cs_other")
    report = site.sync()
    assert isinstance(report.errors["shop"], AuthError)
    assert set(report.errors) == {"shop"}
    with site.connector() as shop:
        (finding,) = shop.check()
    assert (finding.subject, finding.good) == ("key", False)
    assert "clock" in finding.remedy


def test_basic_at_a_site_that_takes_the_call_for_http_says_what_to_set(opened: Open) -> None:
    site = opened({"settings": "    auth: basic"})
    with site.connector() as shop:
        (finding,) = shop.check()
    assert (finding.subject, finding.good) == ("key", False)
    assert "auth: oauth1" in finding.remedy


def test_a_good_connection_passes_the_check_and_nothing_is_written(opened: Open) -> None:
    site = opened()
    with site.connector() as shop:
        findings = list(shop.check())
    assert [finding for finding in findings if not finding.good] == []
    assert len(findings) == 5
    assert site.twin.counts.written == 0


def test_the_check_names_what_the_key_lacks(opened: Open) -> None:
    site = opened(permissions="read")
    with site.connector() as shop:
        assert {one.subject for one in shop.check() if not one.good} == {"right to write customers"}
    site = opened(sees=("orders",))
    assert isinstance(site.sync().errors["shop"], PermissionMissing)
    with site.connector() as shop:
        bad = {one.subject for one in shop.check() if not one.good}
    assert bad == {"right to read customers", "right to write customers"}
    site = opened(sees=("customers",))
    with site.connector() as shop:
        assert {one.subject for one in shop.check() if not one.good} == {"right to read orders"}
    assert site.look(living) == set()
    assert isinstance(site.sync().errors["shop"], PermissionMissing)
    assert site.look(living) == set(site.twin.books.customers)  # what may be read has been


def test_the_check_says_when_the_shop_does_not_filter_by_time(opened: Open) -> None:
    site = opened(ignores_modified=True)
    with site.connector() as shop:
        (bad,) = (finding for finding in shop.check() if not finding.good)
    assert bad.subject == "orders by time of change"


def test_a_place_that_is_no_shop_is_a_setting_to_correct(opened: Open) -> None:
    site = opened({"settings": "    api: /wp-json/wc/v9"})
    assert isinstance(site.sync().errors["shop"], SettingsError)


# -- webhooks


def test_a_delivery_is_the_shop_s_when_its_signature_is_that_of_the_raw_body() -> None:
    """HMAC-SHA256 after RFC 4231 test case 2, as the sheet's section 8 wants it: base64 of the digest."""
    secret, body = "Jefe", b"what do ya want for nothing?"
    digest = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    assert is_genuine(secret, body, base64.b64encode(digest).decode())
    assert not is_genuine(secret, body + b" ", base64.b64encode(digest).decode())
    assert not is_genuine("jefe", body, base64.b64encode(digest).decode())
    assert not is_genuine(secret, body, digest.hex())
    assert not is_genuine(secret, body, "ünfug")


def test_a_secret_is_used_with_its_html_entities_decoded() -> None:
    signed = base64.b64encode(hmac.new(b"a&b", b"{}", hashlib.sha256).digest()).decode()
    assert is_genuine("a&amp;b", b"{}", signed)


def test_the_ping_of_a_new_webhook_is_no_delivery() -> None:
    assert is_ping({"Content-Type": "application/x-www-form-urlencoded"}, b"webhook_id=17")
    assert not is_ping({"X-WC-Webhook-Topic": "customer.updated"}, b"webhook_id=17")
    assert not is_ping({}, b'{"id": 17}')
