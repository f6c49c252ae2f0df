"""Tags as such: what is one tag, whose it is, how few calls give them; and what a field map of tags may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connector import Field, Tagged, TagRule, tag_calls
from hub.errors import SettingsError
from hub.plugins import load_plugins
from hub.settings import load
from hub.tags import fold, names
from sync import tags

NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def entry(**rule: object) -> Field:
    values = rule.pop("values", {})
    return Field("tags", "Tag", values=values, tags=TagRule(**rule))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (None, []),
        ("", []),
        (3, []),
        ("a, b ,", ["a", "b"]),
        ('["a, b", "c"]', ["a, b", "c"]),
        ("[half", ["[half"]),
        ([{"name": "VIP", "id": "1"}, {"id": "2"}, "b", 4], ["VIP", "b"]),
        ({"0": "a", "2": "b"}, ["a", "b"]),
    ],
)
def test_tags_are_read_in_every_form_that_systems_give_them(raw: object, found: list[str]) -> None:
    assert names(raw) == found


def test_case_spaces_and_composition_make_no_other_tag() -> None:
    assert fold("  KeHub-Café  Gold ") == fold("kehub-cafe\u0301 gold")
    assert fold(fold("İZMİR")) == fold("İZMİR")


def test_the_hub_owns_what_has_its_prefix_and_what_is_listed() -> None:
    rule = TagRule(("tier",), "VIP ", ("Loyal",))
    assert [name for name in ("vip gold", "VIPgold", "vip", "LOYAL", "loyalty", "") if rule.owns(name)] == [
        "vip gold",
        "LOYAL",
    ]


def test_half_a_character_is_nobody_s_tag_and_no_reason_to_set_the_record_aside() -> None:
    assert tags.seen(entry(of=("tier",), prefix="k-"), ["k-\ud800", "k-gold"]) == ["k-gold"]


def test_a_tag_is_spelled_as_the_site_spells_it_and_compared_without_case() -> None:
    one = entry(of=("tier", "stage"), prefix="KeHub-", values={"gold": "VIP Gold"})
    assert tags.wanted(one, {"tier": "gold", "stage": "Loyal"}) == ["kehub-loyal", "kehub-vip gold"]
    assert tags.change(one, [], ["kehub-loyal", "kehub-vip gold"]).add == ("KeHub-loyal", "KeHub-VIP Gold")
    assert tags.change(one, ["kehub-LOYAL"], ["kehub-loyal"]) == Tagged(("kehub-LOYAL",))


def test_nothing_decided_is_not_the_same_as_no_tag() -> None:
    one = entry(of=("tier",), own=("gold",))
    assert tags.wanted(one, {}) is None
    assert tags.wanted(one, {"tier": "silver"}) == []


@settings(deadline=None)
@given(st.lists(NAMES, max_size=6), st.lists(st.sampled_from(["gold", "silver", "Loyal"]), max_size=2))
def test_a_change_leaves_the_staff_s_tags_and_gives_exactly_ours(there: list[str], decided: list[str]) -> None:
    one = entry(of=("tier", "stage"), prefix="k-")
    raw = [*there, "K-old", "k-gold"]
    wanted = tags.wanted(one, dict(zip(("tier", "stage"), decided, strict=False))) or []
    change = tags.change(one, raw, wanted)
    assert tags.seen(one, list(change.all)) == wanted
    assert [name for name in change.all if not one.tags.owns(name)] == [n for n in names(raw) if not one.tags.owns(n)]
    assert tags.change(one, list(change.all), wanted) == Tagged(change.all)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.frozensets(st.sampled_from("abcd"), max_size=3), max_size=12)
)
def test_calls_give_each_customer_its_tags_once_and_are_few(wanted: dict[str, frozenset[str]]) -> None:
    calls = tag_calls(wanted)
    given_ = [(id_, tag) for call in calls for id_ in call.ids for tag in call.tags]
    assert sorted(given_) == sorted((id_, tag) for id_, found in wanted.items() for tag in found)
    assert len(calls) <= min(4, len({found for found in wanted.values() if found}))


YAML = """brand: {{name: B}}
rules: {{tiers: {{main: [{{tier: gold, spend_365d: 1}}, {{tier: standard}}]}}}}
connections:
  crm:
    fields: [
      {entry}]
{system}
"""
ZOHO = "    type: zoho\n    data_centre: cn\n    client_id: a\n    client_secret: ${S}"
FILES = "    type: csv_file\n    streams: {customers: {path: a, mode: snapshot, key: [a]}}"
SHOP = "    type: woocommerce\n    url: https://a.cn\n    consumer_key: ${S}\n    consumer_secret: ${S}"


@pytest.mark.parametrize(
    ("system", "entry", "told"),
    [
        (
            ZOHO,
            "{ours: tags, theirs: Tag, of: [tier]}",
            "which tags are the hub's? write a `prefix`, or list them",
        ),
        (ZOHO, "{ours: tags, theirs: Tag, prefix: k}", "what are the tags made of? write `of: [tier, stage]`"),
        (ZOHO, "{ours: tags, theirs: Tag, of: [teir], prefix: k}", '"of": not in the form wanted'),
        (ZOHO, "{ours: tags, theirs: Tag, of: [tier], prefx: k}", 'unknown key "prefx"; did you mean "prefix"?'),
        (ZOHO, "{ours: tags, theirs: Tag, of: [tier], prefix: k, max_length: 3}", 'tags have no "max_length"'),
        (ZOHO, "{ours: tier, theirs: T, prefix: k}", '"prefix" is for tags: write `ours: tags`'),
        (
            ZOHO,
            "{ours: tags, theirs: Tags, of: [tier], prefix: k}",
            '6:7: "Tags" cannot hold tags in zoho; `theirs` must',
        ),
        (
            ZOHO,
            "{ours: tags, theirs: Tag, of: [tier.mian], prefix: k}",
            'no programme is called "mian"; did you mean "tier.main"?',
        ),
        (
            ZOHO,
            "{ours: tags, theirs: Tag, of: [tier], prefix: a-prefix-of-some-length-}",
            '6:7: the tag "a-prefix-of-some-length-gold" has 28 characters, at most 25 are taken; shorten `prefix`',
        ),
        (
            ZOHO,
            "{ours: tags, theirs: Tag, of: [tier], prefix: a}, {ours: tags, theirs: Tag2, of: [stage], prefix: b}",
            "a connection has one entry of tags",
        ),
        (SHOP, "{ours: tags, theirs: nickname, of: [tier], prefix: k}", '"nickname" cannot hold tags in woocommerce'),
        (FILES, "{ours: tags, theirs: Tag, of: [tier], prefix: k}", "csv_file has no tags that the hub could write"),
    ],
)
def test_a_field_map_of_tags_that_cannot_work_is_told_by_line_and_column(
    tmp_path: Path, system: str, entry: str, told: str
) -> None:
    file = tmp_path / "kehub.yaml"
    file.write_text(YAML.format(system=system, entry=entry), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, load_plugins(), {"S": "s"})
    text = f"{caught.value.where}: {caught.value}; {caught.value.remedy}"
    assert told in text
    assert re.search(r"kehub\.yaml:[56]:\d+: ", text)
