"""The Shopify connector against its twin, over HTTP, through the engine: writing, tags, consents, creates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.shopify.twin.books import Record
from connectors.shopify.wire.results import result_of, told_by
from connectors.shopify.wire.writing import Document, update_of
from hub.clock import FixedClock
from hub.connector import Tagged, Write
from hub.errors import PermissionMissing, Transient
from hub.testing.twin import Stage
from tests.shopify_site import Site, living, stand

Open = Callable[..., Site]
ROOT = Path(__file__).parent.parent
TIER, STAGE = ("kehub", "tier"), ("kehub", "stage")


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Open an empty shop; `site` are options of the site, all others the twin's."""

    def make(site: dict[str, Any] | None = None, **options: Any) -> Site:
        twin = stand(stage[0], clock, **options)
        twin.books.orders.clear()
        twin.books.customers.clear()
        return Site(tmp_path, clock, twin, stage[1], **(site or {}))

    return make


def meta(record: Record, name: tuple[str, str] = TIER) -> str | None:
    """The value of a customer's metafield."""
    found: str | None = record.metafields.get(name, {}).get("value")
    return found


def some(site: Site, count: int = 3) -> list[Record]:
    """So many customers, each with a phone and an address of their own."""
    return [site.customer(email=f"c{n}@shop.cn", phone=f"+86139{n:08d}", lastName=f"Li {n}") for n in range(count)]


def later(site: Site) -> None:
    site.clock.advance(timedelta(hours=1))
    site.till.now = int(site.clock.now().timestamp())


def again(site: Site) -> None:
    """The next run, which must find nothing to write."""
    later(site)
    report = site.sync()
    assert (report.errors, report.plans) == ({}, {})


# -- updates


def test_many_customers_go_in_one_document_and_a_second_run_writes_nothing(opened: Open) -> None:
    site = opened()
    records = some(site, 45)
    _, applied = site.sync_and_apply()
    assert applied is not None
    done = applied.applied["shop"]
    assert (done.error, dict(done.rows)) == (None, {"ack": 45})
    assert (done.writes, site.asked("WriteCustomers")) == (3, 3)
    assert {(meta(one), meta(one, STAGE), tuple(one.tags)) for one in records} == {
        ("standard", "prospect", ("kehub-standard",))
    }
    assert site.twin.counts.violations == {}
    again(site)


def test_only_what_changed_is_sent(opened: Open) -> None:
    site = opened()
    (one,) = some(site, 1)
    one.tags = ["VIP"]
    site.sync_and_apply()
    later(site)
    site.twin.counts.reset()
    site.till.put("orders", {"id": "o1", "phone": one.values["phone"], "placed": "2026-02-01", "total": "1000"})
    site.sync_and_apply()
    assert sorted(field for write in site.twin.counts.writes for field in write["fields"]) == [
        "metafields.kehub.stage", "metafields.kehub.tier", "tags", "tags",
    ]  # fmt: skip
    assert (meta(one), one.tags) == ("gold", ["VIP", "kehub-gold"])
    assert one.values["lastName"] == "Li 0"
    again(site)


def test_a_phone_goes_out_in_e164_and_addresses_stay_as_they_are(opened: Open) -> None:
    site = opened()
    one = site.customer(email="zhou@shop.cn", lastName="Zhou", defaultAddress={"city": "Wuxi", "address1": "Lane 7"})
    site.sync_and_apply()
    later(site)
    site.till.put("customers", {"id": "7", "name": "Zhou", "email": "zhou@shop.cn", "phone": "139 8765 4321"})
    site.sync_and_apply()
    assert one.values["phone"] == "+8613987654321"
    assert (one.values["defaultAddress"]["city"], one.values["defaultAddress"]["address1"]) == ("Wuxi", "Lane 7")
    assert one.values["email"] == "zhou@shop.cn"


@pytest.mark.parametrize("how", ["option", "fault"])
def test_a_phone_that_comes_back_in_another_form_is_written_once(opened: Open, how: str) -> None:
    site = opened(rewrite_phones=how == "option")
    one = site.customer(email="zhou@shop.cn", lastName="Zhou")
    site.sync_and_apply()
    later(site)
    site.till.put("customers", {"id": "7", "name": "Zhou", "email": "zhou@shop.cn", "phone": "139 8765 4321"})
    if how == "fault":
        site.twin.faults.set({"rewritten_phones": {"times": None}})
    site.sync_and_apply()
    assert one.values["phone"] == "+86 139 8765 4321"
    again(site)


def test_each_customer_of_a_document_has_its_own_result(opened: Open) -> None:
    site = opened(definitions=(("shop.points", "number_integer"),))
    first, second, third = some(site)
    with site.connector() as shop:
        told = shop.write(
            [
                Write("a", {"metafields.kehub.tier": "gold", "lastName": "Wu"}, str(first.id)),
                Write("b", {"phone": first.values["phone"], "metafields.kehub.tier": "gold"}, str(second.id)),
                Write("c", {"email": "no address"}, str(third.id)),
                Write("d", {"lastName": "Li"}, "999"),
                Write("e", {"metafields.kehub.stage": "loyal", "metafields.shop.points": "7"}, str(third.id)),
                Write("f", {"firstName": "x" * 256}, str(third.id)),
                Write("g", {"tags": Tagged(("a,b",), add=("a,b",))}, str(third.id)),
                Write("h", {"note": None, "firstName": "伟🎁"}, str(third.id)),
            ]
        )
    assert [(one.key, one.outcome, one.code, one.field) for one in told] == [
        ("a", "ok", "", ""),
        ("b", "rejected", "TAKEN", "phone"),
        ("c", "rejected", "INVALID", "email"),
        ("d", "rejected", "NOT_FOUND", "id"),
        ("e", "rejected", "INVALID_TYPE", "metafields.shop.points"),
        ("f", "rejected", "TOO_LONG", "firstName"),
        ("g", "rejected", "INVALID", "tags"),
        ("h", "ok", "", ""),
    ]
    assert (meta(first), first.values["lastName"], meta(second), meta(third, STAGE)) == ("gold", "Wu", "gold", None)
    assert third.values["firstName"] == "伟🎁"
    assert site.asked("WriteCustomers") == 1


def test_an_emptied_metafield_goes(opened: Open) -> None:
    site = opened()
    one = site.customer(email="anna@shop.cn", **{"metafields.kehub.tier": "gold", "metafields.shop.kept": "x"})
    with site.connector() as shop:
        (told,) = shop.write([Write("a", {"metafields.kehub.tier": None}, str(one.id))])
        row = shop.fetch([str(one.id)])[str(one.id)]
    assert (told.outcome, row["metafields.kehub.tier"]) == ("ok", None)
    assert meta(one, ("shop", "kept")) == "x"


def test_a_metafield_that_changed_since_it_was_read_is_left_alone_and_planned_afresh(opened: Open) -> None:
    site = opened()
    one = site.customer(email="anna@shop.cn", **{"metafields.kehub.tier": "old"})
    two = site.customer(email="berta@shop.cn")
    with site.connector() as shop:
        seen = shop.fetch([str(one.id), str(two.id)])
        site.change(one, **{"metafields.kehub.tier": "a clerk's"})
        site.change(two, **{"metafields.kehub.tier": "a clerk's"})
        told = shop.write(
            [
                Write("a", {"metafields.kehub.tier": "gold"}, str(one.id), seen=seen[str(one.id)]),
                Write("b", {"metafields.kehub.tier": "gold"}, str(two.id), seen=seen[str(two.id)]),
            ]
        )
        assert [(each.outcome, each.code) for each in told] == [("retry_after", "STALE_OBJECT")] * 2
        fresh = shop.fetch([str(one.id)])[str(one.id)]
        (told_again,) = shop.write([Write("a", {"metafields.kehub.tier": "gold"}, str(one.id), seen=fresh)])
    assert (told_again.outcome, meta(one), meta(two)) == ("ok", "gold", "a clerk's")


def test_an_edit_in_the_moment_before_a_write_is_not_written_over(opened: Open) -> None:
    site = opened()
    (one,) = some(site, 1)
    report = site.sync()
    site.twin.faults.set({"crossed_edit": {"values": {"metafields.kehub.tier": "a clerk's"}}})
    applied = site.apply(report.plans["shop"].digest).applied["shop"]
    assert (dict(applied.rows), applied.codes["STALE_OBJECT"], meta(one)) == ({"later": 1}, 1, "a clerk's")
    later(site)
    site.sync_and_apply()
    assert meta(one) == "standard"  # the hub's own field, written over an edit that it has seen
    again(site)


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_document_whose_answer_got_lost_is_settled_by_reading_back(opened: Open, fault: str) -> None:
    site = opened()
    records = some(site)
    report = site.sync()
    site.twin.faults.set({fault: {}})
    site.apply(report.plans["shop"].digest)
    later(site)
    report, _ = site.sync_and_apply()
    assert report.errors == {}
    assert {meta(one) for one in records} == {"standard"}
    assert set(site.tally()) == {"ack"}
    again(site)


def test_a_write_whose_answer_got_lost_is_unclear_and_not_sent_again(opened: Open) -> None:
    site = opened()
    (one,) = some(site, 1)
    site.twin.faults.set({"drop_after": {}})
    with site.connector() as shop, pytest.raises(Transient) as fault:
        shop.write([Write("a", {"lastName": "Wu"}, str(one.id))])
    assert fault.value.unclear
    assert site.asked("WriteCustomers") == 1


def test_a_throttled_document_of_writes_did_nothing_and_is_sent_again(opened: Open) -> None:
    site = opened()
    (one,) = some(site, 1)
    with site.connector() as shop:
        shop.fetch([str(one.id)])
        site.twin.bucket.spend(1_999)
        shop._api.pace.at = None
        (told,) = shop.write([Write("a", {"lastName": "Wu"}, str(one.id))])
    assert (told.outcome, one.values["lastName"]) == ("ok", "Wu")
    assert site.twin.counts.violations["throttled"] == 1


def test_a_batch_that_costs_too_much_is_halved(opened: Open) -> None:
    site = opened(query_cost=300)
    site.write(settings="    query_cost: 300")
    some(site, 40)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["shop"].rows) == {"ack": 40}
    again(site)


def test_a_missing_right_to_write_is_named_and_nothing_is_written(opened: Open) -> None:
    site = opened(scopes=("read_customers", "read_orders"))
    (one,) = some(site, 1)
    with site.connector() as shop, pytest.raises(PermissionMissing):
        shop.write([Write("a", {"lastName": "Wu"}, str(one.id))])
    assert one.values["lastName"] == "Li 0"


def test_an_answer_that_does_not_tell_leaves_its_rows_unknown() -> None:
    document = Document("WriteCustomers")
    for key in ("a", "b", "c", "d"):
        document.add(key, update_of(Write(key, {"lastName": "Wu"}, "7"), guarded=True))
    good = {"customer": {"id": "gid://shopify/Customer/7", "updatedAt": "2026-03-01T08:00:00Z"}, "userErrors": []}
    errors = [
        {"path": ["w1_customerSet"], "extensions": {"code": "INTERNAL_SERVER_ERROR"}},
        {"path": ["w2_customerSet"], "extensions": {"code": "ACCESS_DENIED"}},
    ]
    told = told_by({"data": {"w0_customerSet": good, "w1_customerSet": None}, "errors": errors}, document)
    results = [result_of(key, told[key]) for key in "abcd"]
    assert [(one.outcome, one.code) for one in results] == [
        ("ok", ""), ("unknown", "INTERNAL_SERVER_ERROR"), ("rejected", "ACCESS_DENIED"), ("unknown", "INTERNAL_ERROR"),
    ]  # fmt: skip
    assert (results[0].external_id, str(results[0].stored)) == ("7", "2026-03-01 08:00:00+00:00")


# -- tags: the staff's stay


def test_the_hub_adds_and_removes_its_own_tags_and_never_names_the_staffs(opened: Open) -> None:
    site = opened()
    one = site.customer(email="a@shop.cn", phone="+8613900000001", tags=["VIP", "KEHUB-Gold", "老客户"])
    site.sync_and_apply()
    assert one.tags == ["VIP", "老客户", "kehub-standard"]
    again(site)


def test_a_tag_that_a_clerk_adds_in_that_very_moment_stays(opened: Open) -> None:
    site = opened()
    one = site.customer(email="a@shop.cn", phone="+8613900000001", tags=["kehub-gold"])
    report = site.sync()
    site.twin.faults.set({"crossed_edit": {"values": {"tags": ["kehub-gold", "VIP"]}}})
    site.apply(report.plans["shop"].digest)
    assert one.tags == ["VIP", "kehub-standard"]


# -- consent is never written


def test_a_mapping_that_says_consent_is_written_is_refused_and_named_by_doctor(opened: Open) -> None:
    field = "      - {ours: custom.consent, theirs: emailMarketingConsent, owner: hub}"
    site = opened({"fields": field})
    (one,) = some(site, 1)
    with site.connector() as shop:
        values = {"emailMarketingConsent": {"marketingState": "SUBSCRIBED"}, "lastName": "Wu"}
        told = shop.write([Write("a", values, str(one.id)), Write("b", values, None, "k1")])
        flawed = [finding for finding in shop.check() if not finding.good]
    assert [(each.outcome, each.code, each.field) for each in told] == [
        ("refused", "NOT_WRITTEN", "emailMarketingConsent")
    ] * 2
    assert [finding.subject for finding in flawed] == ["field emailMarketingConsent"]
    assert (site.asked("WriteCustomers"), one.values["lastName"]) == (0, "Li 0")


@pytest.mark.parametrize(
    "name", ["addresses", "smsMarketingConsent", "optedOut.email", "taxExempt", "defaultAddress.city"]
)
def test_fields_whose_writing_would_do_harm_are_refused(opened: Open, name: str) -> None:
    site = opened()
    (one,) = some(site, 1)
    with site.connector() as shop:
        (told,) = shop.write([Write("a", {name: "x"}, str(one.id))])
    assert (told.outcome, told.code) == ("refused", "NOT_WRITTEN")


def test_no_document_that_the_connector_can_send_knows_of_consent(opened: Open) -> None:
    files = [*(ROOT / "connectors/shopify").glob("*.py"), *(ROOT / "connectors/shopify/wire").glob("*.py")]
    assert len(files) > 20
    for file in files:
        assert not re.search(r"MarketingConsent|ConsentUpdate", file.read_text(encoding="utf-8")), file.name
    site = opened({"create": True})
    records = some(site)
    before = [dict(one.consents["email"]) for one in records]
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321", "no_mail": "yes"})
    bodies: list[bytes] = []
    answer = site.twin._shop.answer
    site.twin._shop.answer = lambda call, bucket: (bodies.append(call.body), answer(call, bucket))[1]  # type: ignore[method-assign]
    site.sync_and_apply()
    writes = [body for body in bodies if body.startswith(b'{"query":"mutation')]
    assert len(writes) == 3
    assert all(b"Consent" not in body for body in writes)
    assert [one.consents["email"] for one in records] == before
    made = site.twin.books.customers[max(site.twin.books.customers)]
    assert {each["state"] for each in made.consents.values()} == {"NOT_SUBSCRIBED"}


# -- creates: off unless the site says so; a metafield or a tag carries the key


def test_nobody_is_created_unless_the_site_says_so(opened: Open) -> None:
    site = opened()
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321"})
    site.sync_and_apply()
    assert site.twin.books.customers == {}


@pytest.mark.parametrize("by", ["custom_id", "tag"])
def test_a_customer_is_made_with_tier_and_tags_and_found_by_its_key(opened: Open, by: str) -> None:
    site = opened({"create": True, "settings": f"    creates_by: {by}"}, key="kehub.create_key" if by != "tag" else "")
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321", "email": "sun@shop.cn"})
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["shop"].rows) == {"ack": 1}
    (made,) = site.twin.books.customers.values()
    assert (made.values["phone"], made.values["email"], meta(made)) == ("+8613987654321", "sun@shop.cn", "standard")
    key = meta(made, ("kehub", "create_key")) if by == "custom_id" else made.tags[0].removeprefix("kehub-key-")
    with site.connector() as shop:
        assert shop.lookup([str(key), "never"]) == {str(key): str(made.id)}
    assert "kehub-standard" in made.tags
    again(site)


def test_a_key_that_the_shop_does_not_keep_itself_is_kept_by_us(opened: Open) -> None:
    site = opened({"create": True}, set_keeps_key=False)
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321"})
    site.sync_and_apply()
    (made,) = site.twin.books.customers.values()
    assert meta(made, ("kehub", "create_key"))
    again(site)


@pytest.mark.parametrize("by", ["custom_id", "tag"])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_create_whose_answer_got_lost_is_never_made_twice(opened: Open, by: str, fault: str) -> None:
    site = opened({"create": True, "settings": f"    creates_by: {by}"})
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321"})
    report = site.sync()
    site.twin.faults.set({fault: {"path": "/CreateCustomers"}})
    site.apply(report.plans["shop"].digest)
    for _ in range(3):
        later(site)
        site.sync_and_apply()
    assert len(site.twin.books.customers) == 1
    (made,) = site.twin.books.customers.values()
    assert meta(made) == "standard"
    again(site)


def test_a_create_sent_twice_under_one_key_makes_one_customer(opened: Open) -> None:
    site = opened()
    with site.connector() as shop:
        entry = Write("a", {"lastName": "Sun", "phone": "+8613987654321"}, None, "key1")
        first = shop.write([entry, Write("b", entry.values, None, "key1")])
        second = shop.write([entry])
    ids = {one.external_id for one in (*first, *second)}
    assert ({one.outcome for one in (*first, *second)}, len(ids), len(site.twin.books.customers)) == ({"ok"}, 1, 1)


def test_a_create_without_a_key_is_refused(opened: Open) -> None:
    site = opened()
    with site.connector() as shop:
        (told,) = shop.write([Write("a", {"lastName": "Sun"})])
    assert (told.outcome, told.code) == ("refused", "NO_CREATE_KEY")


def test_a_new_customer_that_did_not_get_its_tier_is_made_all_the_same_and_gets_it_later(opened: Open) -> None:
    site = opened({"create": True})
    site.till.put("customers", {"id": "7", "name": "Sun", "phone": "13987654321"})
    report = site.sync()
    site.twin.faults.set({"500": {"path": "/FinishCustomers", "times": None}})
    site.apply(report.plans["shop"].digest)
    site.twin.faults.clear()
    (made,) = site.twin.books.customers.values()
    assert meta(made) is None
    later(site)
    site.sync_and_apply()
    assert (meta(made), made.tags) == ("standard", ["kehub-standard"])
    assert site.look(living) == {made.id}
    again(site)


def test_a_create_with_an_address_that_is_taken_is_rejected_with_the_field(opened: Open) -> None:
    site = opened()
    site.customer(email="sun@shop.cn")
    for by in ("custom_id", "tag"):
        site.write(settings=f"    creates_by: {by}")
        with site.connector() as shop:
            (told,) = shop.write([Write("a", {"lastName": "Sun", "email": "sun@shop.cn"}, None, "key1")])
        assert (told.outcome, told.code, told.field) == ("rejected", "TAKEN", "email")
