"""Sheet sections 2 and 7: coming in, and being refused."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from .conftest import ROOT, Desk, code

Open = Callable[..., Desk]
AUTH = (401, "woocommerce_rest_authentication_error")


def test_sheet_2_over_plain_http_basic_is_not_even_looked_at(shop: Open) -> None:
    desk = shop(basic_on_http=False)
    assert code(desk.get("customers")) == (401, "woocommerce_rest_cannot_view")


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_sheet_2_over_plain_http_a_signature_works(shop: Open, kind: str) -> None:
    desk = shop(basic_on_http=False)
    assert desk.signed("GET", "customers", kind=kind, search="a b&c", per_page=2).status_code == 200


def test_sheet_2_a_wrong_signature_time_key_or_method_is_refused(shop: Open) -> None:
    desk = shop(basic_on_http=False)
    now = int(desk.twin.clock.now().timestamp())
    assert code(desk.signed("GET", "orders", key="cs_other")) == AUTH
    assert code(desk.signed("GET", "orders", oauth_consumer_key="ck_other")) == AUTH
    assert code(desk.signed("GET", "orders", oauth_signature_method="PLAINTEXT")) == AUTH
    assert code(desk.signed("GET", "orders", oauth_nonce="")) == AUTH
    assert code(desk.signed("GET", "orders", oauth_timestamp=str(now - 901))) == AUTH
    assert desk.signed("GET", "orders", oauth_timestamp=str(now + 899)).status_code == 200


def test_sheet_2_a_nonce_is_good_once_within_its_window(shop: Open) -> None:
    desk = shop(basic_on_http=False)
    assert desk.signed("GET", "orders", oauth_nonce="n").status_code == 200
    assert code(desk.signed("GET", "orders", oauth_nonce="n")) == AUTH
    desk.wait(901)
    assert desk.signed("GET", "orders", oauth_nonce="n").status_code == 200


def test_sheet_2_a_signature_may_come_in_the_header(shop: Open) -> None:
    desk = shop(basic_on_http=False)
    query = desk.signed("GET", "orders").request.url.params
    desk.twin.access._nonces.clear()
    header = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in query.items())
    answer = desk.client.get(f"{ROOT}/orders", headers={"Authorization": f"OAuth {header}"})
    assert answer.status_code == 200


def test_sheet_2_on_https_the_query_goes_before_the_header(shop: Open) -> None:
    desk = shop()
    assert desk.get("orders").status_code == 200
    assert code(desk.get("orders", consumer_key="ck_twin", consumer_secret="cs_other")) == AUTH
    bare = desk.client.get(f"{ROOT}/orders", params={"consumer_key": "ck_twin", "consumer_secret": "cs_twin"})
    assert bare.status_code == 200


def test_sheet_2_a_wrong_secret_is_401(shop: Open) -> None:
    desk = shop()
    assert code(desk.client.get(f"{ROOT}/orders", auth=("ck_twin", "cs_other"))) == AUTH
    assert code(desk.client.get(f"{ROOT}/orders", headers={"Authorization": "Basic ?"})) == (
        401,
        "woocommerce_rest_cannot_view",
    )


def test_sheet_verified_9_a_write_with_a_read_only_key_is_401(shop: Open) -> None:
    desk = shop(permissions="read")
    assert desk.get("customers").status_code == 200
    assert code(desk.ask("PUT", f"customers/{desk.some()[0]}", {})) == AUTH
    assert code(desk.ask("POST", "customers/batch", {"update": []})) == AUTH


def test_sheet_7_what_the_key_s_user_may_not_see_is_refused_by_deed(shop: Open) -> None:
    desk = shop(sees=("customers",))
    assert code(desk.get("orders")) == (403, "woocommerce_rest_cannot_view")
    assert code(desk.ask("DELETE", "orders/5001")) == (403, "woocommerce_rest_cannot_delete")


def test_sheet_7_an_unknown_route_is_404(shop: Open) -> None:
    desk = shop()
    assert code(desk.get("nothing")) == (404, "rest_no_route")
    assert code(desk.ask("PATCH", "orders")) == (404, "rest_no_route")


def test_sheet_7_the_host_refuses_in_html_and_counts_by_itself(shop: Open) -> None:
    desk = shop(calls=2)
    desk.get("orders"), desk.get("orders")
    answer = desk.get("orders")
    assert (answer.status_code, answer.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert desk.control("counters")["violations"] == {"over_budget": 1}
    desk.wait(60)
    assert desk.get("orders").status_code == 200


def test_sheet_7_faults_look_as_they_do_there(shop: Open) -> None:
    desk = shop()
    for fault, status, start in (("500", 500, "{"), ("html_in_200", 200, "<!doctype"), ("error_in_200", 200, "{")):
        desk.control("faults", {fault: {}})
        answer = desk.get("orders")
        assert (answer.status_code, answer.text[: len(start)]) == (status, start)
