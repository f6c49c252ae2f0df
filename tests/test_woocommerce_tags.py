"""Tags in a web shop's meta field, against the shop's twin, over HTTP, through the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.woocommerce.twin.books import Record
from hub.clock import FixedClock
from hub.errors import SettingsError
from hub.testing.twin import Stage
from tests.woocommerce_site import Site, stand

Open = Callable[..., Site]
KEY = "kehub_tags"
FIELDS = '      - {{ours: tags, theirs: meta_data.kehub_tags, of: {of}, prefix: "{prefix}"}}'


def tags(of: str = "[tier, stage]", prefix: str = "kehub-") -> str:
    """The field map."""
    return FIELDS.format(of=of, prefix=prefix)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """Open a site that writes tags into an empty shop; `site` are options of the site, all others the twin's."""

    def make(site: dict[str, Any] | None = None, **options: Any) -> Site:
        twin = stand(stage[0], clock, **options)
        twin.books.orders.clear()
        twin.books.customers.clear()
        return Site(tmp_path, clock, twin, stage[1], **{"fields": tags(), **(site or {})})

    return make


def account(site: Site, number: int = 0, **values: Any) -> Record:
    """Somebody registers, with a phone of their own."""
    return site.account(f"c{number}@shop.cn", billing={"phone": f"+86139{number:08d}"}, **values)


def meta(record: Record, key: str = KEY) -> list[tuple[int, Any]]:
    """The entries of an account's meta data under one key, with their ids."""
    return [(row["id"], row["value"]) for row in record.values["meta_data"] if row["key"] == key]


def later(site: Site) -> None:
    """An hour passes."""
    site.clock.advance(timedelta(hours=1))


def buys(site: Site, number: int = 0) -> None:
    """Somebody spends enough to be gold."""
    values = {"phone": f"+86139{number:08d}", "placed": "2026-02-01T12:00:00+08:00", "total": "1000"}
    site.till.put("orders", {"id": f"o{number}", **values})


def again(site: Site) -> None:
    """The next run, which must find nothing to write."""
    later(site)
    report = site.sync()
    assert (report.errors, report.plans) == ({}, {})


def test_tags_go_with_tier_and_stage_in_one_batch_and_a_second_run_writes_nothing(opened: Open) -> None:
    site = opened()
    found = [account(site, number) for number in range(3)]
    buys(site, 1)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["shop"].rows) == {"ack": 3}
    assert site.calls("customers/batch") == 1
    assert [value for _, value in meta(found[0])] == [["kehub-prospect", "kehub-standard"]]
    assert [value for _, value in meta(found[1])] == [["kehub-first_time", "kehub-gold"]]
    again(site)


@pytest.mark.parametrize("key", ["kehub_tags", "kehub_tier"])
def test_the_entry_that_is_there_is_changed_by_its_id_and_no_second_one_is_made(opened: Open, key: str) -> None:
    site = opened()
    record = account(site)
    site.sync_and_apply()
    ((before, _),) = meta(record, key)
    buys(site)
    later(site)
    sent: list[dict[str, Any]] = []
    update = site.twin._customers._update
    site.twin._customers._update = lambda row, body, rewrites: (sent.append(body), update(row, body, rewrites))[1]  # type: ignore[method-assign]
    site.sync_and_apply()
    ((after, value),) = meta(record, key)
    assert after == before
    assert "gold" in str(value)
    assert before in [entry.get("id") for entry in sent[0]["meta_data"]]
    again(site)


def test_a_key_that_is_there_twice_is_read_and_written_in_its_first_entry(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    record = account(site)
    for number, value in ((1, ["kehub-gold"]), (2, ["by a plugin"])):
        record.values["meta_data"].append({"id": number, "key": KEY, "value": value})
    site.sync_and_apply()
    assert meta(record) == [(1, ["kehub-standard"]), (2, ["by a plugin"])]
    again(site)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["VIP", "KEHUB-Gold", "老客户, 重要🎁"], ["VIP", "老客户, 重要🎁", "kehub-standard"]),
        ('["VIP", "kehub-gold"]', ["VIP", "kehub-standard"]),
        ("VIP, kehub-gold", ["VIP", "kehub-standard"]),
        ({"0": "VIP", "2": "kehub-gold"}, ["VIP", "kehub-standard"]),
        ("", ["kehub-standard"]),
        (7, ["kehub-standard"]),
    ],
)
def test_the_staff_s_tags_stay_in_whatever_form_they_are(opened: Open, before: Any, after: list[str]) -> None:
    site = opened({"fields": tags("[tier]")})
    record = account(site, meta_data=[{"key": KEY, "value": before}])
    site.sync_and_apply()
    assert [value for _, value in meta(record)] == [after]
    again(site)


def test_tags_may_be_one_text(opened: Open) -> None:
    site = opened({"settings": "    tags_as: text"})
    record = account(site, meta_data=[{"key": KEY, "value": "老客户"}])
    site.sync_and_apply()
    assert [value for _, value in meta(record)] == ["老客户, kehub-prospect, kehub-standard"]
    again(site)


def test_the_last_tag_goes_and_a_text_between_commas_holds_none(opened: Open) -> None:
    fields = "      - {ours: tags, theirs: meta_data.kehub_tags, of: [tier], own: [gold]}"
    site = opened({"fields": fields})
    record = account(site, meta_data=[{"key": KEY, "value": ["gold"]}])
    site.sync_and_apply()
    assert meta(record) == []  # it is not gold, and no tag is left
    again(site)
    site.write(settings="    tags_as: text", fields=tags("[tier]", "a, b"))
    with pytest.raises(SettingsError, match='the tag "a, bgold" holds ","'):
        site.sync()


def test_a_tag_typed_there_between_plan_and_apply_is_kept(opened: Open) -> None:
    site = opened({"fields": tags("[tier]")})
    record = account(site)
    report = site.sync()
    site.change(record, meta_data=[{"key": KEY, "value": ["VIP"]}])
    applied = site.apply(report.plans["shop"].digest)
    assert dict(applied.applied["shop"].rows) == {"ack": 1}
    assert [value for _, value in meta(record)] == [["VIP", "kehub-standard"]]
    again(site)


def test_an_answer_that_got_lost_is_settled_by_reading_back(opened: Open) -> None:
    site = opened()
    record = account(site)
    report = site.sync()
    site.twin.faults.set({"drop_after": {}})
    site.apply(report.plans["shop"].digest)
    later(site)
    site.sync_and_apply()
    assert site.calls("customers/batch") == 1
    assert [value for _, value in meta(record)] == [["kehub-prospect", "kehub-standard"]]
    assert site.look(lambda store: store.receipts.tally("shop")) == {"ack": 1}


def test_who_is_created_has_tags_from_the_first(opened: Open) -> None:
    site = opened({"create": True})
    site.till.put("customers", {"id": "t1", "name": "Wu", "phone": "+8613911110000", "email": "wu@shop.cn"})
    site.sync_and_apply()
    (made,) = site.twin.books.customers.values()
    assert [value for _, value in meta(made)] == [["kehub-prospect", "kehub-standard"]]
    again(site)
