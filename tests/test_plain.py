"""What is plain: the model would give it back as it stands. Whole rows are in `test_columns.py`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.forms import DATE, MOMENT, NUMBER, Form, Place, speller
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


def said(form: Form, text: str) -> str | None:
    """A form's spelling twice over, the second time remembered; None where there is none."""
    spell = speller(form, Place())
    try:
        assert spell(text) == spell(text) == form.canonical(text, Place())
        return spell(text)
    except ValueError:
        return None
