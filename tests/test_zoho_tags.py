"""Tags in Zoho, against its twin, over HTTP, through the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.zoho.twin.options import ALL_SCOPES
from hub import failpoints
from hub.cli.finding import the_customer
from hub.cli.plan_facts import forecast
from hub.cli.portrait import portrait
from hub.clock import FixedClock
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync import verdict
from sync.engine import Report
from tests.zoho_site import Site, stand

Open = Callable[..., Site]
WITHOUT_TAGS = tuple(scope for scope in ALL_SCOPES if "tags" not in scope)
TAGS = '      - {{ours: tags, theirs: Tag, of: {of}, prefix: "{prefix}"}}'
BARE = """      - {ours: tier, theirs: KeHub_Tier, write: false}
      - {ours: stage, theirs: KeHub_Stage, write: false}
"""


def tags(of: str = "[tier, stage]", prefix: str = "kehub-", bare: bool = True) -> str:
    """The field map; `bare` leaves tags as the only thing that is written."""
    return (BARE if bare else "") + TAGS.format(of=of, prefix=prefix)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Open a site that writes tags into an empty organisation; `site` are options of the site, others the twin's."""

    def make(site: dict[str, Any] | None = None, **options: Any) -> Site:
        twin = stand(stage[0], clock, Population(1, 3), **options)
        for module in twin.books.modules.values():
            for record in list(module.rows.values()):
                module.drop(record)
        return Site(tmp_path, clock, twin, stage[1], **{"fields": tags(), **(site or {})})

    return make


def crowd(site: Site, count: int = 3) -> list[str]:
    """So many contacts."""
    return [site.insert(Last_Name=f"C{number}", Mobile=f"+86139{number:08d}").id for number in range(count)]


def held(site: Site, id_: str) -> list[str]:
    """A contact's tags."""
    return sorted(tag["name"] for tag in site.contacts()[id_]["Tag"])


def staff(site: Site, id_: str, *names: str, op: str = "tag") -> None:
    """A clerk gives a contact tags, or takes them."""
    site.twin.edit({"op": op, "id": id_, "tags": list(names)})


def other(site: Site, **options: Any) -> None:
    """From now on Zoho treats tags in another way."""
    site.twin._tags._options = replace(site.twin.options, **options)


def buys(site: Site, id_: str, phone: str, total: str = "1000") -> None:
    """Somebody buys at the till."""
    site.till.put("orders", {"id": id_, "phone": phone, "placed": "2026-02-01T12:00:00+08:00", "total": total})


def later(site: Site) -> None:
    """An hour passes."""
    site.clock.advance(timedelta(hours=1))


def done(applied: Report | None) -> dict[str, int]:
    """What became of the rows of a push."""
    assert applied is not None
    assert applied.errors == {}
    return dict(applied.applied["crm"].rows)


def again(site: Site) -> Report:
    """The next run, which must find nothing to write."""
    later(site)
    site.twin.counts.reset()
    report = site.sync()
    assert (report.errors, report.plans) == ({}, {})
    assert site.calls("_tags") == 0
    return report


# -- what is written


def test_tier_and_stage_become_tags_and_a_second_run_writes_nothing(opened: Open) -> None:
    site = opened({"fields": tags(bare=False)})
    first, second, _ = crowd(site)
    buys(site, "o1", "+8613900000001")
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 6}  # fields and tags are rows of their own
    assert held(site, first) == ["kehub-prospect", "kehub-standard"]
    assert held(site, second) == ["kehub-first_time", "kehub-gold"]
    assert site.contacts()[second]["KeHub_Tier"] == "gold"
    again(site)


def test_250_contacts_with_one_new_tag_cost_one_call_beside_guards_and_read_backs(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    crowd(site, 250)
    report = site.sync()
    with site.opened() as setup:
        told, _ = forecast(setup, report.plans["crm"])
    site.twin.counts.reset()
    applied = site.apply(report.plans["crm"].digest).applied["crm"]
    print(dict(site.twin.counts.calls))
    assert dict(applied.rows) == {"ack": 250}
    assert (applied.guards, applied.read_backs) == (3, 3)
    assert site.calls("add_tags") == 1
    assert site.calls("settings/tags") == 2  # which there are, and making this one
    assert site.calls("PUT") == site.calls("remove_tags") == 0
    assert told == 8  # the forecast knows of the list, not of making tags
    site.write(floor="basic")
    later(site)
    site.twin.counts.reset()
    _, second = site.sync_and_apply()
    assert done(second) == {"ack": 250}
    assert (site.calls("add_tags"), site.calls("remove_tags")) == (1, 1)
    again(site)


def test_only_those_who_differ_are_written(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    first, *_ = crowd(site, 5)
    staff(site, first, "KeHub-Standard", "VIP")  # case makes no other tag
    site.sync_and_apply()
    assert {write["id"] for write in site.twin.counts.writes} == set(site.contacts()) - {first}
    assert held(site, first) == ["KeHub-Standard", "VIP"]
    again(site)


def test_our_old_tag_goes_and_the_staff_s_stay_when_the_tier_changes(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    (only,) = crowd(site, 1)
    staff(site, only, "VIP", "老客户, 重要🎁", "kehubx")
    site.sync_and_apply()
    assert held(site, only) == ["VIP", "kehub-standard", "kehubx", "老客户, 重要🎁"]
    buys(site, "o1", "+8613900000000")
    later(site)
    site.sync_and_apply()
    assert held(site, only) == ["VIP", "kehub-gold", "kehubx", "老客户, 重要🎁"]
    again(site)


def test_a_list_of_own_tags_leaves_all_others_to_the_staff(opened: Open) -> None:
    fields = BARE + "      - {ours: tags, theirs: Tag, of: [tier], own: [金卡会员], values: {gold: 金卡会员}}"
    site = opened({"fields": fields})
    first, second = crowd(site, 2)
    staff(site, first, "金卡会员", "standard")
    buys(site, "o1", "+8613900000001")
    site.sync_and_apply()
    assert held(site, first) == ["standard"]  # it is not gold, and only the list is the hub's
    assert held(site, second) == ["金卡会员"]
    again(site)


def test_tags_may_hold_commas_emoji_and_any_script(opened: Open) -> None:
    site = opened({"fields": tags("[tier]", "会员, 🎁 ")})
    (only,) = crowd(site, 1)
    site.sync_and_apply()
    assert held(site, only) == ["会员, 🎁 standard"]
    again(site)


def test_many_sets_of_few_tags_go_tag_by_tag(opened: Open) -> None:
    site = opened()
    ids = crowd(site, 9)
    for number, total in enumerate(("1000", "100", "1") * 3):
        for repeat in range(number // 3 + 1):
            buys(site, f"o{number}-{repeat}", f"+8613900000{number:03d}", total)
    site.sync_and_apply()
    assert {tuple(held(site, id_)) for id_ in ids} >= {
        ("kehub-first_time", "kehub-gold"),
        ("kehub-gold", "kehub-repeat"),
    }
    assert site.calls("add_tags") == 5  # three tiers and two stages; by sets it would be six
    again(site)


# -- creates


def test_who_is_created_gets_tags_at_once(opened: Open) -> None:
    site = opened({"create": True})
    site.till.put("customers", {"id": "t1", "name": "Wu", "phone": "+8613911110000"})
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 1}
    (made,) = site.contacts()
    assert held(site, made) == ["kehub-prospect", "kehub-standard"]
    again(site)


def test_a_create_whose_tags_failed_is_tagged_by_the_next_plan_and_made_once(opened: Open) -> None:
    site = opened({"create": True}, tags_per_record=1)
    site.till.put("customers", {"id": "t1", "name": "Wu", "phone": "+8613911110000"})
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 1}
    assert applied is not None
    assert dict(applied.applied["crm"].codes) == {"LIMIT_EXCEEDED": 1}
    (made,) = site.contacts()
    assert held(site, made) == []
    other(site, tags_per_record=0)
    later(site)
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 1}
    assert held(site, made) == ["kehub-prospect", "kehub-standard"]
    assert site.twin.counts.rows["insert"] == 1
    again(site)


# -- what goes wrong


def test_what_is_refused_for_one_stays_listed_and_the_others_are_tagged(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")}, tags_per_record=2)
    full, first, second = crowd(site)
    staff(site, full, "a", "b")
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 2, "rejected": 1}
    (row,) = site.look(lambda store: store.plans.rows("crm"))
    assert (row.ext, row.state, row.code, row.field) == (full, "rejected", "LIMIT_EXCEEDED", "Tag")
    assert held(site, first) == held(site, second) == ["kehub-standard"]
    staff(site, full, "a", op="untag")
    later(site)
    site.sync_and_apply()
    assert held(site, full) == ["b", "kehub-standard"]
    again(site)


def test_a_locked_record_is_tried_again(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    ids = crowd(site)
    other(site, locked=(ids[0],))
    _, applied = site.sync_and_apply()
    assert done(applied) == {"ack": 2, "later": 1}
    other(site)
    later(site)
    site.sync_and_apply()
    assert all(held(site, id_) == ["kehub-standard"] for id_ in ids)
    again(site)


def test_an_answer_that_got_lost_is_settled_by_reading_back(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    ids = crowd(site)
    report = site.sync()
    site.twin.faults.set({"drop_after": {"path": "/actions/"}})
    site.apply(report.plans["crm"].digest)
    assert site.calls("add_tags") == 1
    assert all(held(site, id_) == ["kehub-standard"] for id_ in ids)
    later(site)
    report, _ = site.sync_and_apply()
    assert report.errors == {}
    assert site.calls("add_tags") == 1
    assert site.look(lambda store: store.receipts.tally("crm")) == {"ack": 3}
    again(site)


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", ["push:before", "push:after"])
@pytest.mark.parametrize("create", [False, True])
def test_whoever_dies_around_the_call_ends_with_the_same_tags(
    opened: Open, monkeypatch: pytest.MonkeyPatch, place: str, create: bool
) -> None:
    site = opened({"create": create})
    if create:
        site.till.put("customers", {"id": "t1", "name": "Wu", "phone": "+8613911110000"})
    else:
        crowd(site, 1)
    report = site.sync()

    def die(reached: str) -> None:
        if reached == place:
            raise Died

    with monkeypatch.context() as patched:
        patched.setattr(failpoints, "hit", die)
        with pytest.raises(Died):
            site.apply(report.plans["crm"].digest)
    for _ in range(2):
        later(site)
        report, _ = site.sync_and_apply()
        assert report.errors == {}
    (only,) = site.contacts()
    assert held(site, only) == ["kehub-prospect", "kehub-standard"]
    assert site.twin.counts.rows["insert"] == int(create)
    again(site)


def test_tags_added_whose_old_ones_did_not_go_are_planned_again(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    (only,) = crowd(site, 1)
    site.sync_and_apply()
    buys(site, "o1", "+8613900000000")
    later(site)
    report = site.sync()
    site.twin.faults.set({"500": {"path": "/crm/v8/Contacts/actions/remove_tags", "times": 9}})
    applied = site.apply(report.plans["crm"].digest)
    assert dict(applied.applied["crm"].rows) == {"later": 1}
    assert held(site, only) == ["kehub-gold", "kehub-standard"]
    site.twin.faults.clear()
    later(site)
    site.sync_and_apply()
    assert held(site, only) == ["kehub-gold"]
    again(site)


def test_a_tag_of_ours_that_staff_take_between_plan_and_apply_makes_the_row_move(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    first, second = crowd(site, 2)
    site.sync_and_apply()
    for number in (0, 1):
        buys(site, f"o{number}", f"+861390000000{number}")
    later(site)
    report = site.sync()
    staff(site, first, "kehub-standard", op="untag")
    staff(site, second, "VIP")  # theirs: nothing that the hub has to do with
    applied = site.apply(report.plans["crm"].digest)
    assert dict(applied.applied["crm"].rows) == {"ack": 1, "moved": 1}
    assert (held(site, first), held(site, second)) == ([], ["VIP", "kehub-gold"])
    later(site)
    site.sync_and_apply()
    assert held(site, first) == ["kehub-gold"]
    again(site)


def test_a_tag_of_ours_that_staff_add_by_hand_is_taken_away_again_and_said(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    (only,) = crowd(site, 1)
    site.sync_and_apply()
    later(site)
    staff(site, only, "kehub-gold")
    later(site)
    site.sync()
    (row,) = site.look(lambda store: store.plans.rows("crm"))
    assert row.fields["tags"]["theirs"] == ["kehub-gold", "kehub-standard"]
    assert row.fields["tags"]["why"] == "changed there, the hub owns it"


# -- what is not documented


@pytest.mark.parametrize(
    "options", [{"tags_appear": False}, {"tags_touch": False}, {"tags_appear": False, "tags_touch": False}]
)
def test_whether_unknown_tags_are_made_and_times_of_change_move_makes_no_difference(
    opened: Open, options: dict[str, Any]
) -> None:
    site = opened(**options)
    (only,) = crowd(site, 1)
    site.sync_and_apply()
    assert held(site, only) == ["kehub-prospect", "kehub-standard"]
    buys(site, "o1", "+8613900000000")
    later(site)
    site.sync_and_apply()
    assert held(site, only) == ["kehub-first_time", "kehub-gold"]
    again(site)


def test_a_site_may_trust_zoho_to_make_tags(opened: Open) -> None:
    site = opened({"settings": "    make_tags: false"}, scopes=WITHOUT_TAGS)
    (only,) = crowd(site, 1)
    site.sync_and_apply()
    assert held(site, only) == ["kehub-prospect", "kehub-standard"]
    assert site.calls("settings/tags") == 0


@pytest.mark.parametrize("can", [False, True])
def test_contacts_beyond_the_list_s_cap_come_with_their_tags(opened: Open, can: bool) -> None:
    site = opened({"page_size": 2, "settings": f"    coql_tags: {str(can).lower()}"}, token_cap=4, coql_tags=can)
    ids = crowd(site, 7)
    for id_ in ids:
        staff(site, id_, "kehub-gold", "VIP")
        later(site)
    report = site.sync()
    assert report.errors == {}
    records = site.look(lambda store: store.records.by_exts("crm", "customers", ids))
    assert {id_: record.body.values["tags"] for id_, record in records.items()} == {id_: ["kehub-gold"] for id_ in ids}


# -- the check, and the door


def test_the_check_asks_for_the_scope_of_tags(opened: Open) -> None:
    site = opened(scopes=WITHOUT_TAGS)
    with site.connector() as crm:
        found = {finding.subject: finding for finding in crm.check()}
    assert not found["scope ZohoCRM.settings.tags.CREATE"].good
    assert "kehub login crm" in found["scope ZohoCRM.settings.tags.READ"].remedy
    site = opened()
    with site.connector() as crm:
        assert [finding.subject for finding in crm.check() if not finding.good] == []


def test_why_tells_where_each_tag_comes_from(opened: Open) -> None:
    site = opened({"fields": tags("[tier, stage]")})
    (only,) = crowd(site, 1)
    staff(site, only, "kehub-old", "VIP")
    report = site.sync()
    told = why(site, only)
    assert told == [
        ("kehub-old", None, True),
        ("kehub-prospect", "stage prospect", False),
        ("kehub-standard", "tier standard", False),
    ]
    site.apply(report.plans["crm"].digest)
    assert why(site, only) == [("kehub-prospect", "stage prospect", True), ("kehub-standard", "tier standard", True)]


def why(site: Site, id_: str) -> list[tuple[str, str | None, bool]]:
    """A customer's tags as `kehub why` tells them."""
    with site.opened() as setup:
        facts = portrait(setup, the_customer(setup, f"crm:{id_}"))
    return [(tag["tag"], tag["because"], tag["there"]) for tag in facts["tags"]]


# -- merge and split


def test_tags_follow_the_customer_through_a_merge_and_its_undoing(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    first, second = crowd(site, 2)
    buys(site, "o1", "+8613900000001")
    site.sync_and_apply()
    assert (held(site, first), held(site, second)) == (["kehub-standard"], ["kehub-gold"])
    with site.opened() as setup:
        who = [setup.store.records.by_exts("crm", "customers", [id_])[id_].customer for id_ in (first, second)]
        made = verdict.merge(setup, *map(str, who), "asked")
    later(site)
    site.sync_and_apply()
    assert (held(site, first), held(site, second)) == (["kehub-gold"], ["kehub-gold"])
    with site.opened() as setup:
        verdict.undo(setup, made)
    later(site)
    site.sync_and_apply()
    assert (held(site, first), held(site, second)) == (["kehub-standard"], ["kehub-gold"])
    again(site)
