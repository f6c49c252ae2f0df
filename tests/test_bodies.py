"""Bodies: what a system says, since when, and what of it is only our own echo."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hub.store.bodies import Body, overtaken, take

FIRST = Body({"phone": "1"}, {"phone": 10}, {})


@pytest.mark.parametrize(
    ("old", "seen", "written", "evidence"),
    [
        pytest.param(None, {"phone": "1"}, {}, {"phone": ("1", 50)}, id="a first value counts from its record's time"),
        pytest.param(FIRST, {"phone": "1"}, {}, {"phone": ("1", 10)}, id="a value that stays keeps its time"),
        pytest.param(FIRST, {"phone": "2"}, {}, {"phone": ("2", 50)}, id="a changed value counts from the change"),
        pytest.param(FIRST, {}, {}, {}, id="an emptied field says nothing"),
        pytest.param(FIRST, {"phone": "2"}, {"phone": "2"}, {"phone": ("1", 10)}, id="our write displaces, never says"),
        pytest.param(Body(), {"phone": "2"}, {"phone": "2"}, {}, id="our write into an empty field says nothing"),
        pytest.param(FIRST, {}, {"phone": None}, {"phone": ("1", 10)}, id="our emptying keeps their word"),
        pytest.param(FIRST, {"phone": "3"}, {"phone": "2"}, {"phone": ("3", 50)}, id="whoever replaces ours is heard"),
        pytest.param(
            Body({"phone": "2"}, {"phone": 20}, {"phone": ("1", 10)}), {"phone": "2"}, {"phone": "2"},
            {"phone": ("1", 10)}, id="an echo read again stays an echo",
        ),
        pytest.param(
            Body({"phone": "2"}, {"phone": 20}, {"phone": ("1", 10)}), {"phone": "3"}, {"phone": "3"},
            {"phone": ("1", 10)}, id="a second write of ours displaces what they said, not the first one",
        ),
        pytest.param(
            Body({"phone": "2"}, {"phone": 20}, {"phone": ("1", 10)}), {}, {"phone": "2"}, {},
            id="emptied by them after our write, they say nothing",
        ),
    ],
)  # fmt: skip
def test_evidence_is_what_the_system_says_itself(
    old: Body | None, seen: dict[str, Any], written: dict[str, Any], evidence: dict[str, tuple[Any, int]]
) -> None:
    body = take(old, seen, 50, written)
    assert {name: (value, since) for name, value, since in body.evidence()} == evidence
    assert {name: body.said(name) for name in evidence} == {name: value for name, (value, _) in evidence.items()}
    assert body.values == seen


def test_a_write_is_overtaken_when_the_system_shows_something_else() -> None:
    assert overtaken({"a": "1", "b": "2", "c": None}, {"a": "1", "b": "9", "c": "x"}) == ["b", "c"]
    assert overtaken({"a": None}, {}) == []


words = st.sampled_from([None, "1", "2", "3"])


@given(st.lists(st.tuples(st.booleans(), words), max_size=12))
def test_whatever_the_order_of_writes_and_edits_evidence_is_the_last_word_of_the_system(
    steps: list[tuple[bool, str | None]],
) -> None:
    """A model of one field: our writes never change what the system said; an edit does, unless it spells ours."""
    body, written, said, shown = Body(), {}, None, None
    for number, (ours, value) in enumerate(steps, 1):
        if ours:
            written = {"f": value}
        elif written.get("f", "none of ours") != value:
            said = value if value != shown or not written else said
            said, written = value, {}
        shown = value
        seen = {} if value is None else {"f": value}
        body = Body.from_json(take(body, seen, number, written).to_json())
        assert body.said("f") == said
