"""The HubSpot connector against its twin, over HTTP, through the engine: writing, and tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.hubspot.twin.books import Record
from connectors.hubspot.twin.replies import Refused
from connectors.hubspot.wire.batch import inputs, results
from hub.clock import FixedClock
from hub.connector import Answer, Tagged, Write
from hub.errors import SettingsError
from hub.testing.twin import Stage
from tests.hubspot_site import Site, stand
from tests.site import opener

Open = Callable[..., Site]
HOUR = timedelta(hours=1)
TAGS = '      - {{ours: tags, theirs: kehub_tags, of: [tier, stage], prefix: "{prefix}"}}'


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def emptied(site: Site) -> Site:
    """The site with neither contacts nor orders."""
    for module in ("contacts", "orders"):
        for record in list(site.rows(module).values()):
            site.twin.books.kinds[module].drop(record)
    return site


def till_says(site: Site, **values: Any) -> None:
    """The till knows something newer."""
    site.clock.advance(HOUR)
    site.till.now = int(site.clock.now().timestamp())
    site.till.put("customers", {"id": "7", "name": "Zhou", **values})


def again(site: Site) -> None:
    """The next runs, which must find nothing to write."""
    for _ in range(2):
        site.clock.advance(HOUR)
        site.twin.counts.reset()
        report, _ = site.sync_and_apply()
        assert (report.errors, report.plans) == ({}, {})
        assert site.calls("batch/up") == 0


# -- updates


def test_one_property_on_250_contacts_costs_three_calls(opened: Open, clock: FixedClock) -> None:
    site = emptied(opened(tiers=("basic", "standard", "silver", "gold")))
    for number in range(250):
        site.insert(lastname=f"C{number}", phone=f"+86139{number:08d}")
    site.sync_and_apply()
    clock.advance(HOUR)
    site.write(floor="basic")
    site.twin.counts.reset()
    _, applied = site.sync_and_apply()
    assert applied is not None
    done = applied.applied["crm"]
    assert (done.error, dict(done.rows)) == (None, {"ack": 250})
    assert (done.writes, done.guards, done.read_backs) == (3, 3, 3)
    assert site.calls("batch/update") == 3
    assert {tuple(write["fields"]) for write in site.twin.counts.writes} == {("kehub_tier",)}
    again(site)


def test_tier_and_stage_are_properties_and_others_stay_as_they_are(opened: Open) -> None:
    site = opened()
    one = site.insert(lastname="Zhou", company="Zhou & Co", lifecyclestage="customer", hs_email_optout="true")
    site.sync_and_apply()
    assert (one.values["kehub_tier"], one.values["kehub_stage"]) == ("standard", "prospect")
    assert (one.values["company"], one.values["lifecyclestage"]) == ("Zhou & Co", "customer")
    written = {name for write in site.twin.counts.writes for name in write["fields"]}
    assert written <= {"kehub_tier", "kehub_stage", "firstname", "lastname", "phone", "email"}  # consent never
    again(site)


def test_a_phone_that_comes_back_in_another_form_is_written_once(opened: Open, clock: FixedClock) -> None:
    site = opened(rewrite_phones=True)
    one = site.insert(email="zhou@shop.cn", phone="138 1234 5678")
    site.sync_and_apply()
    till_says(site, email="zhou@shop.cn", phone="139 8765 4321")
    site.sync_and_apply()
    assert one.values["phone"] == "139 8765 4321"
    again(site)


def test_a_value_is_cleared_by_an_empty_text(opened: Open) -> None:
    site = opened()
    one = site.insert(lastname="Zhou", kehub_tier="gold")
    with site.connector() as crm:
        (result,) = crm.write([Write("a", {"kehub_tier": None}, str(one.id))])
    assert result.outcome == "ok"
    assert one.values["kehub_tier"] is None


def test_each_row_of_a_batch_has_its_own_result_whatever_their_order(opened: Open) -> None:
    site = opened({"create": True})
    one, two, other = site.insert(lastname="A"), site.insert(lastname="B"), site.insert(email="other@shop.cn")
    gone = site.insert(lastname="C")
    site.edit("delete", gone)
    batch = [
        Write("good", {"kehub_tier": "gold"}, str(one.id)),
        Write("option", {"kehub_tier": "diamond"}, str(two.id)),
        Write("gone", {"kehub_tier": "gold"}, str(gone.id)),
        Write("address", {"email": "OTHER@shop.cn", "lastname": "Wu"}, create_key="k1"),
        Write("made", {"lastname": "Sun", "phone": "139"}, create_key="k2"),
        Write("keyless", {"lastname": "Nobody"}),
    ]
    with site.connector() as crm:
        told = {result.key: result for result in crm.write(batch)}
        assert site.twin.counts.statuses["207"] == 2
        assert crm.lookup(["k1", "k2"]) == {"k2": told["made"].external_id}
    assert {key: result.outcome for key, result in told.items()} == {
        "good": "ok", "option": "rejected", "gone": "rejected", "address": "rejected", "made": "ok", "keyless": "refused",
    }  # fmt: skip
    assert (told["option"].code, told["option"].field) == ("INVALID_OPTION", "kehub_tier")
    assert told["gone"].code == "OBJECT_NOT_FOUND"
    assert (told["address"].code, told["address"].field) == ("CONFLICT", "email")
    assert told["good"].stored == site.clock.now()
    assert other.values.get("lastname") is None


def test_writes_to_one_contact_are_one_input_since_two_would_be_refused(opened: Open) -> None:
    site = opened({"create": True})
    one = site.insert(lastname="A")
    with site.connector() as crm:
        told = crm.write([Write("a", {"kehub_tier": "gold"}, str(one.id)), Write("b", {"city": "Wuxi"}, str(one.id))])
        made = crm.write([Write(key, {"lastname": "Wu"}, create_key="k1") for key in ("c", "d")])
    assert [result.outcome for result in (*told, *made)] == ["ok"] * 4
    assert (one.values["kehub_tier"], one.values["city"]) == ("gold", "Wuxi")
    assert made[0].external_id == made[1].external_id
    assert site.twin.counts.rows == {"update": 1, "insert": 1}


def test_a_contact_that_was_merged_away_is_not_taken_for_the_one_that_answers(opened: Open) -> None:
    site = opened()
    kept, other = site.insert(lastname="A"), site.insert(lastname="B")
    site.edit("merge", kept, other=other.id)
    with site.connector() as crm:
        (result,) = crm.write([Write("a", {"kehub_tier": "gold"}, str(other.id))])
    assert (result.outcome, result.external_id) == ("unknown", None)


ROWS = [("a", "1"), ("b", "2"), ("c", "3")]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"results": [{"id": "2", "objectWriteTraceId": "row-2"}]}, ["unknown", "ok", "unknown"]),
        ({"results": [{"id": "3"}, {"id": "1"}]}, ["ok", "unknown", "ok"]),
        ({"results": [{"id": "9", "objectWriteTraceId": "row-1"}]}, ["unknown", "unknown", "unknown"]),
        ({"errors": [{"category": "RATE_LIMITS", "context": {"ids": ["2"]}}]}, ["unknown", "retry_after", "unknown"]),
        ({"errors": [{"category": "INTERNAL_ERROR", "context": {"objectWriteTraceId": ["row-1"]}}]}, ["unknown"] * 3),
        ({"errors": [{"category": "Name: 王芳", "context": {"ids": ["1"]}}]}, ["unknown"] * 3),
        ({"results": None, "errors": [7]}, ["unknown"] * 3),
        ([], ["unknown"] * 3),
    ],
)
def test_a_row_of_which_an_answer_says_nothing_clear_is_unknown(body: Any, wanted: list[str]) -> None:
    sent = inputs((id_, Write(key, {}, id_)) for key, id_ in ROWS)
    told = results(sent, Answer(200, content=orjson.dumps(body)), updates=True)
    assert [result.outcome for result in told] == wanted
    assert all("王" not in result.code for result in told)


def test_a_property_at_fault_is_named_from_the_message_where_nothing_else_names_it() -> None:
    message = (
        'Property values were not valid: [{"isValid":false,"message":"王芳","error":"INVALID_INTEGER","name":"age"}]'
    )
    error = {"category": "VALIDATION_ERROR", "message": message, "context": {"objectWriteTraceId": ["row-1"]}}
    sent = inputs([("1", Write("a", {}, "1"))])
    (told,) = results(sent, Answer(207, content=orjson.dumps({"errors": [error]})), updates=True)
    assert (told.outcome, told.code, told.field) == ("rejected", "INVALID_INTEGER", "age")


def test_a_property_that_is_not_there_costs_the_rows_that_name_it(opened: Open) -> None:
    site = emptied(opened(hub_fields=("kehub_id", "kehub_tier")))
    one = site.insert(lastname="A", phone="13911112222")
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.applied["crm"].codes == {"PROPERTY_DOESNT_EXIST": 1}
    assert one.values.get("kehub_tier") is None


def test_a_batch_that_is_refused_as_a_whole_for_one_row_costs_that_row_only(opened: Open) -> None:
    site = emptied(opened())
    rows = [site.insert(lastname=f"C{number}", phone=f"+86139{number:08d}") for number in range(5)]
    write = site.twin.batch.write

    def refusing(call: Any, kind: Any, deed: str) -> Any:
        if str(rows[3].id).encode() in call.body:
            raise Refused(409, "Contact already exists. Existing ID: 1", "CONFLICT")
        return write(call, kind, deed)

    site.twin.batch.write = refusing  # type: ignore[method-assign]
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert (dict(applied.applied["crm"].rows), applied.applied["crm"].codes) == (
        {"ack": 4, "rejected": 1},
        {"CONFLICT": 1},
    )
    assert [row.values.get("kehub_tier") for row in rows] == ["standard"] * 3 + [None, "standard"]


@pytest.mark.parametrize("fault", ["drop_after", "html_in_200", "error_in_200", "500"])
def test_an_update_whose_answer_is_unclear_is_read_back_and_settled(
    opened: Open, clock: FixedClock, fault: str
) -> None:
    site = emptied(opened())
    one = site.insert(lastname="A", phone="13911112222")
    report = site.sync()
    site.twin.faults.set({fault: {"path": "batch/update", "on": "write"}})
    site.apply(report.plans["crm"].digest)
    site.twin.faults.clear()
    clock.advance(HOUR)
    site.sync_and_apply()
    assert one.values["kehub_tier"] == "standard"
    assert set(site.tally()) == {"ack"} or fault != "drop_after"
    again(site)


def test_an_edit_between_plan_and_apply_is_not_written_over(opened: Open, clock: FixedClock) -> None:
    site = emptied(opened())
    one = site.insert(lastname="A", email="zhou@shop.cn", phone="138 1234 5678")
    site.sync_and_apply()
    till_says(site, email="zhou@shop.cn", phone="139 8765 4321")
    report = site.sync()
    site.change(one, phone="137 0000 1111")
    applied = site.apply(report.plans["crm"].digest)
    assert "crossed" not in applied.applied["crm"].rows or one.values["phone"] == "137 0000 1111"
    assert one.values["phone"] == "137 0000 1111"


# -- creates


@pytest.mark.parametrize("fault", ["drop_after", "500", "error_in_200"])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_create_whose_answer_got_lost_is_settled_and_never_made_twice(
    opened: Open, clock: FixedClock, fault: str, skip: int
) -> None:
    site = opened({"create": True})
    site.sync_and_apply()
    site.till.put("customers", {"id": "7", "name": "孙丽", "phone": "139 8765 4321", "email": "sun@shop.cn"})
    before = set(site.rows())
    site.twin.faults.set({fault: {"path": "batch/upsert", "on": "write", "times": 1 + skip}})
    site.sync_and_apply()
    site.twin.faults.clear()
    for _ in range(3):
        clock.advance(HOUR)
        report, _ = site.sync_and_apply()
        assert report.errors == {}
    (new,) = set(site.rows()) - before
    assert site.rows()[new].values["lastname"] == "孙丽"
    assert len(str(site.rows()[new].values["kehub_id"])) == 16
    assert set(site.tally()) == {"ack"}


def test_a_contact_that_somebody_archived_counts_as_made(opened: Open) -> None:
    site = opened({"create": True})
    with site.connector() as crm:
        (made,) = crm.write([Write("a", {"lastname": "Wu"}, create_key="k1")])
        site.edit("delete", int(made.external_id))
        assert crm.lookup(["k1", "k2"]) == {"k1": made.external_id}


def test_where_the_archive_cannot_be_asked_by_key_the_living_are(opened: Open) -> None:
    site = opened({"create": True}, archive_by_property=False)
    with site.connector() as crm:
        (made,) = crm.write([Write("a", {"lastname": "Wu"}, create_key="k1")])
        assert crm.lookup(["k1", "k2"]) == {"k1": made.external_id}


def test_without_a_property_for_keys_nothing_is_created(opened: Open) -> None:
    site = opened({"settings": '    key_property: ""'})
    with site.connector() as crm:
        (refused,) = crm.write([Write("d", {"lastname": "Wu"}, create_key="k1")])
        assert crm.lookup(["k1"]) == {}
        target = crm.target()
    assert target is not None
    assert (refused.outcome, refused.code, target.creates) == ("refused", "NO_CREATE_KEY", False)


# -- tags


def tagged(site: Site, number: int = 0, **values: Any) -> Record:
    return site.insert(lastname=f"C{number}", phone=f"+86139{number:08d}", **values)


def test_tags_are_options_of_one_property_and_the_staff_s_stay(opened: Open) -> None:
    site = emptied(opened({"fields": TAGS.format(prefix="kehub-")}, tags=("vip", "老客户")))
    one, two = tagged(site, 1, kehub_tags="vip;kehub-gold;老客户"), tagged(site, 2)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["crm"].rows) == {"ack": 2}
    assert str(one.values["kehub_tags"]).split(";") == ["vip", "老客户", "kehub-prospect", "kehub-standard"]
    assert str(two.values["kehub_tags"]).split(";") == ["kehub-prospect", "kehub-standard"]
    assert site.calls("batch/update") == 1
    again(site)


def test_who_is_created_has_tags_from_the_first_and_the_last_one_goes(opened: Open) -> None:
    site = emptied(opened({"create": True, "fields": TAGS.format(prefix="kehub-")}))
    site.till.put("customers", {"id": "t1", "name": "Wu", "phone": "+8613911110000"})
    site.sync_and_apply()
    (made,) = site.rows().values()
    assert str(made.values["kehub_tags"]).split(";") == ["kehub-prospect", "kehub-standard"]
    again(site)
    with site.connector() as crm:
        crm.write([Write("a", {"kehub_tags": Tagged((), (), ("kehub-standard",))}, str(made.id))])
    assert made.values["kehub_tags"] is None


def test_a_tag_ticked_there_between_plan_and_apply_is_kept(opened: Open) -> None:
    site = emptied(opened({"fields": TAGS.format(prefix="kehub-")}, tags=("vip",)))
    one = tagged(site)
    report = site.sync()
    site.edit("tag", one, tags=["vip"])
    site.apply(report.plans["crm"].digest)
    assert str(one.values["kehub_tags"]).split(";") == ["vip", "kehub-prospect", "kehub-standard"]
    again(site)


def test_a_tag_with_a_semicolon_would_be_two(opened: Open) -> None:
    site = opened({"fields": TAGS.format(prefix="a;b")})
    with pytest.raises(SettingsError, match='the tag "a;bgold" holds ";"'):
        site.sync()
