"""Three ways, per field: what is written, taken, agreed and asked, for each owner."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from connectors.zoho.fields import CONTACTS
from hub.connector import Field, Stream, Target
from sync.compare import Sides, compare, same
from sync.destination import Destination

Owner = Literal["theirs", "hub", "shared"]
N = None
NEVER = "never agreed"

TABLE: list[tuple[str, Any, Any, Any, dict[Owner, str]]] = [
    # situation, base, theirs, wanted -> verdict for each owner
    ("all three agree", "a", "a", "a", {"theirs": "nothing", "hub": "nothing", "shared": "nothing"}),
    ("both moved to the same", "a", "b", "b", {"theirs": "agree", "hub": "agree", "shared": "agree"}),
    ("only wanted moved", "a", "a", "b", {"theirs": "write", "hub": "write", "shared": "write"}),
    ("only theirs moved", "a", "b", "a", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("both moved apart", "a", "b", "c", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("emptied there", "a", N, "a", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("filled there", N, "b", "c", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("agreed on nothing, now wanted", N, N, "a", {"theirs": "write", "hub": "write", "shared": "write"}),
    ("first load, the same", NEVER, "a", "a", {"theirs": "agree", "hub": "agree", "shared": "agree"}),
    ("first load, both empty", NEVER, N, N, {"theirs": "agree", "hub": "agree", "shared": "agree"}),
    ("first load, they differ", NEVER, "a", "b", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("first load, empty there", NEVER, N, "b", {"theirs": "take", "hub": "write", "shared": "ask"}),
    ("nothing wanted, first load", NEVER, "a", N, {"theirs": "take", "hub": "take", "shared": "take"}),
    ("nothing wanted any more", "a", "a", N, {"theirs": "nothing", "hub": "nothing", "shared": "nothing"}),
    ("nothing wanted, moved there", "a", "b", N, {"theirs": "take", "hub": "take", "shared": "take"}),
]  # fmt: skip


@pytest.mark.parametrize("owner", ["theirs", "hub", "shared"])
@pytest.mark.parametrize(("situation", "base", "theirs", "wanted", "verdicts"), TABLE, ids=[row[0] for row in TABLE])
def test_each_situation_has_one_verdict_an_owner(
    owner: Owner, situation: str, base: Any, theirs: Any, wanted: Any, verdicts: dict[Owner, str]
) -> None:
    known = base is not NEVER
    sides = Sides(known, base if known else None, theirs, wanted)
    assert compare(Field("name", "name", owner=owner), sides)[0] == verdicts[owner]


@pytest.mark.parametrize("field", ["id", "tier", "stage", "tier.club"])
def test_what_the_hub_decides_is_its_own_whatever_the_mapping_says(field: str) -> None:
    verdict, why = compare(Field(field, "x", owner="theirs"), Sides(True, "a", "b", "a"))
    assert (verdict, why) == ("write", "changed there, the hub owns it")


def test_a_decision_that_no_programme_makes_clears_nothing_there() -> None:
    assert compare(Field("tier", "tier"), Sides(False, None, "their own gold", None))[0] == "take"


@pytest.mark.parametrize("owner", ["theirs", "hub", "shared"])
def test_our_own_word_is_cleared_when_nothing_supports_it_any_more(owner: Owner) -> None:
    assert compare(Field("email", "email", owner=owner), Sides(True, "x", "x", None, theirs_is_ours=True))[0] == "write"


def test_our_own_word_stays_where_it_is_needed_or_who_said_it_is_gone() -> None:
    sides = Sides(True, "x", "x", None, theirs_is_ours=True, keep=True)
    assert compare(Field("email", "email"), sides)[0] == "nothing"


def test_a_field_that_the_system_wants_filled_is_known_by_its_place() -> None:
    zoho = Destination("crm", Stream("customers", "customers", CONTACTS), Target())
    assert zoho.required() == {"name", "family_name"}


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        (Sides(False, None, None, "a"), "write"),
        (Sides(True, None, None, "a"), "write"),
        (Sides(False, None, "b", "a"), "take"),
        (Sides(True, "b", "b", "a"), "nothing"),
        (Sides(True, "c", "b", "a"), "take"),
        (Sides(True, "b", None, "b"), "take"),  # a person emptied it: not filled again with the same
        (Sides(True, None, None, "b", declined="b", has_declined=True), "nothing"),
        (Sides(True, "x", "x", "a", theirs_is_ours=True), "write"),  # ours may be brought up to date
    ],
)
def test_fill_empty_fills_what_is_empty_and_nothing_else(sides: Sides, verdict: str) -> None:
    assert compare(Field("email", "email", fill_empty=True), sides)[0] == verdict


def test_what_they_declined_is_not_offered_again_until_something_else_is_wanted() -> None:
    entry = Field("name", "name")
    assert compare(entry, Sides(True, "b", "b", "a", declined="a", has_declined=True))[0] == "nothing"
    assert compare(entry, Sides(True, "b", "b", "c", declined="a", has_declined=True))[0] == "write"


@pytest.mark.parametrize(
    ("one", "other", "forms", "equal"),
    [
        ("Main Street", "MAIN STREET", (), False),
        ("Main Street", "MAIN STREET", ("case",), True),
        ("MainStreet", "Main Street", ("spaces",), True),
        ("ＡＢＣ", "abc", ("width",), True),
        ("abc", "abd", ("spaces", "case", "width"), False),
        ("张伟 👍🏽", "张伟", ("pictures",), True),
        ("สมชาย", "สมชย", ("pictures",), False),
        ("กิน", "กน", ("pictures",), False),
        (None, "abc", ("case",), False),
        (["a"], ["a"], (), True),
    ],
)
def test_an_echo_is_heard_only_in_a_form_the_system_has_shown(one: Any, other: Any, forms: Any, equal: bool) -> None:
    assert same(one, other, forms) is equal
