"""The Shopify twin: customers, tags, metafields, consents; each mutation by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.shopify_twin.conftest import Desk

Shop = Callable[..., Desk]
SET = (
    "mutation M($i:CustomerSetInput!, $d:CustomerSetIdentifiers){customerSet(input:$i, identifier:$d)"
    "{customer{id email tags} userErrors{code field message}}}"
)
META = (
    "mutation M($m:[MetafieldsSetInput!]!){metafieldsSet(metafields:$m)"
    "{metafields{key value compareDigest} userErrors{code field elementIndex}}}"
)
EMAIL = (
    "mutation M($i:CustomerEmailMarketingConsentUpdateInput!){customerEmailMarketingConsentUpdate(input:$i)"
    "{customer{defaultEmailAddress{marketingState}} userErrors{code field}}}"
)


def test_a_customer_is_set_by_id_address_phone_or_an_id_of_ones_own(shop: Shop) -> None:
    desk = shop()
    made = desk.ask(SET, i={"firstName": "伟", "email": "wei@shop.cn"})["customerSet"]["customer"]
    same = desk.ask(SET, i={"lastName": "张", "email": "wei@shop.cn"}, d={"email": "wei@shop.cn"})["customerSet"]
    assert same["customer"]["id"] == made["id"]
    own = {"customId": {"namespace": "kehub", "key": "create_key", "value": "k1"}}
    first = desk.ask(SET, i={"lastName": "Li"}, d=own)["customerSet"]["customer"]["id"]
    second = desk.ask(SET, i={"lastName": "Lee"}, d=own)["customerSet"]["customer"]["id"]
    assert first == second
    record = desk.twin.books.customers[int(first.rpartition("/")[2])]
    assert (record.values["lastName"], record.metafields["kehub", "create_key"]["value"]) == ("Lee", "k1")


def test_an_id_of_ones_own_needs_a_definition(shop: Shop) -> None:
    own = {"customId": {"namespace": "kehub", "key": "create_key", "value": "k1"}}
    assert shop(key="").code(SET, i={"lastName": "Li"}, d=own) == "UNDEFINED_METAFIELD"


@pytest.mark.parametrize(
    ("given", "identifier", "code", "field"),
    [
        ({"email": "taken@shop.cn"}, None, "TAKEN", "email"),
        ({"phone": "+8613900000009"}, None, "TAKEN", "phone"),
        ({"phone": "139 0000 0001"}, None, "INVALID", "phone"),
        ({"email": "nobody"}, None, "INVALID", "email"),
        ({"lastName": "x" * 256}, None, "TOO_LONG", "lastName"),
        ({}, None, "BLANK", "input"),
        ({"lastName": "Li"}, {"id": "gid://shopify/Customer/1"}, "NOT_FOUND", "id"),
        ({"email": "a@shop.cn"}, {"email": "b@shop.cn"}, "INPUT_MISMATCH", "email"),
    ],
)
def test_a_customer_that_is_wrong_is_refused_with_code_and_field(
    shop: Shop, given: Any, identifier: Any, code: str, field: str
) -> None:
    desk = shop()
    desk.twin.books.add("customers", {"email": "taken@shop.cn", "phone": "+8613900000009"})
    before = desk.twin.state()
    told = desk.ask(SET, i=given, d=identifier)["customerSet"]
    assert told["customer"] is None
    assert [(one["code"], one["field"][-1]) for one in told["userErrors"]] == [(code, field)]
    assert desk.twin.state() == before


def test_tags_and_addresses_in_a_set_replace_what_was_there(shop: Shop) -> None:
    desk = shop()
    one = desk.twin.books.add("customers", {"email": "a@shop.cn", "tags": ["VIP"], "defaultAddress": {"city": "Wuxi"}})
    gid = f"gid://shopify/Customer/{one.id}"
    desk.ask(SET, i={"lastName": "Li"}, d={"id": gid})
    assert (one.tags, one.values["defaultAddress"]["city"]) == (["VIP"], "Wuxi")
    desk.ask(SET, i={"tags": ["new"], "addresses": [{"zip": "10115"}]}, d={"id": gid})
    assert (one.tags, one.values["defaultAddress"]["city"], one.values["defaultAddress"]["zip"]) == (
        ["new"], None, "10115",
    )  # fmt: skip


def test_tags_are_added_and_removed_without_regard_to_case(shop: Shop) -> None:
    desk = shop()
    (gid,) = desk.some()
    record = desk.twin.books.customers[int(gid.rpartition("/")[2])]
    both = (
        'mutation M($id:ID!){a:tagsAdd(id:$id, tags:["VIP","vip","x,y"]){userErrors{message}} '
        'b:tagsAdd(id:$id, tags:["VIP"]){node{id} userErrors{message}} '
        'c:tagsAdd(id:$id, tags:["vip","Gold"]){userErrors{message}} '
        'd:tagsRemove(id:$id, tags:["GOLD"]){userErrors{message}} '
        'e:tagsAdd(id:"gid://shopify/Customer/1", tags:["a"]){userErrors{field}}}'
    )
    told = desk.ask(both, id=gid)
    assert [len(told[name]["userErrors"]) for name in "abcde"] == [1, 0, 0, 0, 1]
    assert record.tags == ["VIP"]


def test_metafields_are_set_all_or_none_and_only_if_they_are_as_they_were(shop: Shop) -> None:
    desk = shop()
    (gid,) = desk.some()

    def one(value: str, **more: Any) -> dict[str, Any]:
        text = "single_line_text_field"
        return {"ownerId": gid, "namespace": "kehub", "key": "tier", "type": text, "value": value, **more}

    first = desk.ask(META, m=[one("gold", compareDigest=None)])["metafieldsSet"]["metafields"][0]
    assert first["value"] == "gold"
    wrong = [one("x", key="stage"), one("silver", compareDigest=None)]
    told = desk.ask(META, m=wrong)["metafieldsSet"]
    assert [(error["code"], error["elementIndex"]) for error in told["userErrors"]] == [("STALE_OBJECT", 1)]
    record = desk.twin.books.customers[int(gid.rpartition("/")[2])]
    assert sorted(record.metafields) == [("kehub", "tier")]
    good = desk.ask(META, m=[one("silver", compareDigest=first["compareDigest"])])["metafieldsSet"]
    assert good["userErrors"] == []
    for flaw, code in (
        ({"value": ""}, "BLANK"), ({"ownerId": "gid://shopify/Customer/1"}, "INVALID"), ({"type": None}, "BLANK"),
    ):  # fmt: skip
        told = desk.ask(META, m=[{**one("x"), **flaw}])["metafieldsSet"]["userErrors"]
        assert told[0]["code"] == code
    many = [one("x", key=f"k{number}") for number in range(26)]
    assert desk.ask(META, m=many)["metafieldsSet"]["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"


def test_a_metafield_of_type_id_is_unique_and_a_defined_type_is_held_to(shop: Shop) -> None:
    desk = shop(definitions=(("shop.points", "number_integer"),))
    first, second = desk.some(2)
    own = {"namespace": "kehub", "key": "create_key", "type": "id", "value": "k1"}
    assert desk.ask(META, m=[{**own, "ownerId": first}])["metafieldsSet"]["userErrors"] == []
    assert desk.ask(META, m=[{**own, "ownerId": second}])["metafieldsSet"]["userErrors"][0]["code"] == "TAKEN"
    points = {"ownerId": first, "namespace": "shop", "key": "points", "type": "single_line_text_field", "value": "7"}
    assert desk.ask(META, m=[points])["metafieldsSet"]["userErrors"][0]["code"] == "INVALID_TYPE"


def test_metafields_that_are_not_there_are_deleted_without_a_word(shop: Shop) -> None:
    desk = shop()
    (gid,) = desk.some()
    desk.twin.books.merge(desk.twin.books.customers[int(gid.rpartition("/")[2])], {"metafields.kehub.tier": "gold"})
    drop = (
        "mutation M($m:[MetafieldIdentifierInput!]!){metafieldsDelete(metafields:$m)"
        "{deletedMetafields{key} userErrors{message}}}"
    )
    given = [{"ownerId": gid, "namespace": "kehub", "key": key} for key in ("tier", "other")]
    assert desk.ask(drop, m=given)["metafieldsDelete"] == {
        "deletedMetafields": [{"key": "tier"}, None],
        "userErrors": [],
    }


def test_consent_is_changed_by_its_own_mutation_only_and_the_newest_stays(shop: Shop) -> None:
    desk = shop()
    one = desk.twin.books.add("customers", {"email": "a@shop.cn"})
    gid = f"gid://shopify/Customer/{one.id}"

    def say(state: str, at: str) -> Any:
        consent = {"marketingState": state, "consentUpdatedAt": at}
        return desk.ask(EMAIL, i={"customerId": gid, "emailMarketingConsent": consent})[
            "customerEmailMarketingConsentUpdate"
        ]

    assert (
        say("SUBSCRIBED", "2026-02-02T00:00:00Z")["customer"]["defaultEmailAddress"]["marketingState"] == "SUBSCRIBED"
    )
    say("UNSUBSCRIBED", "2026-02-01T00:00:00Z")
    assert one.consents["email"]["state"] == "SUBSCRIBED"
    assert say("NOT_SUBSCRIBED", "2026-02-03T00:00:00Z")["userErrors"][0]["code"] == "INCLUSION"
    update = "mutation M($i:CustomerInput!){customerUpdate(input:$i){userErrors{message}}}"
    told = desk.ask(update, i={"id": gid, "emailMarketingConsent": {"marketingState": "UNSUBSCRIBED"}})
    assert "consent" in told["customerUpdate"]["userErrors"][0]["message"]
    sms = (
        "mutation M($i:CustomerSmsMarketingConsentUpdateInput!){customerSmsMarketingConsentUpdate(input:$i)"
        "{userErrors{code}}}"
    )
    given = {"customerId": gid, "smsMarketingConsent": {"marketingState": "SUBSCRIBED"}}
    assert desk.ask(sms, i=given)["customerSmsMarketingConsentUpdate"]["userErrors"] == [{"code": "INVALID"}]


def test_a_customer_with_orders_cannot_be_deleted(shop: Shop) -> None:
    desk = shop()
    buyer = next(order.values["customer"] for order in desk.twin.books.orders.values() if order.values["customer"])
    other = desk.twin.books.add("customers", {"email": "a@shop.cn"})
    drop = "mutation M($i:CustomerDeleteInput!){customerDelete(input:$i){deletedCustomerId userErrors{message}}}"
    told = {
        id_: desk.ask(drop, i={"id": f"gid://shopify/Customer/{id_}"})["customerDelete"] for id_ in (buyer, other.id)
    }
    assert (told[buyer]["deletedCustomerId"], len(told[buyer]["userErrors"])) == (None, 1)
    assert told[other.id]["deletedCustomerId"] == f"gid://shopify/Customer/{other.id}"
    assert other.id not in desk.twin.books.customers


def test_writes_need_their_scope(shop: Shop) -> None:
    assert shop(scopes=("read_customers",)).code(SET, i={"lastName": "Li"}) == "ACCESS_DENIED"


def test_what_is_written_can_be_kept_in_other_words(shop: Shop) -> None:
    desk = shop(rewrites=(("lastName", "upper"), ("metafields.kehub.tier", "label")), rewrite_phones=True)
    made = desk.ask(SET, i={"lastName": "Li", "phone": "+8613912345678"})["customerSet"]["customer"]["id"]
    text = {"ownerId": made, "namespace": "kehub", "key": "tier", "type": "single_line_text_field", "value": "gold"}
    desk.ask(META, m=[text])
    record = desk.twin.books.customers[int(made.rpartition("/")[2])]
    assert (record.values["lastName"], record.values["phone"]) == ("LI", "+86 139 1234 5678")
    assert record.metafields["kehub", "tier"]["value"] == "Gold"
