"""What is plain: the model would give it back as it stands. Whole rows are in `test_columns.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.forms import DATE, MOMENT, NUMBER, Form, Place, is_time, speller
from hub.model import Customer, Order
from sync.plain import Plain


def test_most_rows_are_plain() -> None:
    order = {
        "number": "1", "placed_at": "2025-03-01T10:00:00Z", "total": "12.5", "currency": "CNY", "status": "paid",
        "buyer": {"phone": "+8613812345678", "email": "a@b.cn", "name": "王芳"}, "lines": [{"sku": "A", "quantity": "2"}],
    }  # fmt: skip
    assert Plain(Order).takes(order)
    assert Plain(Customer).takes(
        {"name": "王芳", "phone": "+8613812345678", "birthday": "--03-01", "custom.size": "42"}
    )
    assert not Plain(Customer).takes({"name": "王芳", "phone": "13812345678"})


@pytest.mark.parametrize(
    ("form", "quick", "slow"),
    [(NUMBER, "{}", "+{}"), (MOMENT, "2025-{:0>2}-{:0>2}T{:0>2}:30:15Z", "2025/{}/{} {}:30:15+00:00")],
)
@given(st.data())
@settings(deadline=None, max_examples=300)
def test_the_quick_way_to_spell_is_the_slow_one(form: Form, quick: str, slow: str, data: st.DataObject) -> None:
    if form is NUMBER:
        parts: tuple[object, ...] = (data.draw(st.from_regex(r"\A(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?\Z")),)
    else:
        parts = tuple(data.draw(st.integers(0, 31)) for _ in range(3))
    assert said(form, quick.format(*parts)) == said(form, slow.format(*parts))


@given(st.dates())
def test_a_plain_date_is_itself(day: Any) -> None:
    assert said(DATE, day.isoformat()) == said(DATE, day.isoformat().replace("-", "."))


@given(st.dates(), st.times(), st.integers(0, 5), st.sampled_from("0123469Z"))
def test_a_time_is_told_as_the_library_tells_it(day: Any, time: Any, place: int, other: str) -> None:
    """A character changed makes days and hours that there are not."""
    text = f"{day.isoformat()}T{time.isoformat(timespec='seconds')}Z"
    at = (5, 6, 8, 9, 11, 14)[place]
    for one in (text, text[:at] + other + text[at + 1 :]):
        try:
            exact = datetime.fromisoformat(one).strftime("%Y-%m-%dT%H:%M:%SZ") == one
        except ValueError:
            exact = False
        assert is_time(one) == (exact and one[0] != "0")


def said(form: Form, text: str) -> str | None:
    """A form's spelling twice over, the second time remembered; None where there is none."""
    spell = speller(form, Place())
    try:
        assert spell(text) == spell(text) == form.canonical(text, Place())
        return spell(text)
    except ValueError:
        return None
