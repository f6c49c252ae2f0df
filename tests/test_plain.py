"""What is plain is taken without the model: both ways must come to the same, for whatever a row may hold."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connector import Mapping, Stream
from hub.errors import Rejected
from hub.forms import DATE, MOMENT, NUMBER, Form, Place, speller
from hub.model import Customer, Order, OrderLine
from hub.vault import Vault
from sync import normalise
from sync.normalise import Normaliser
from sync.plain import Plain
from tests.brand import KEYS

WORDS = st.sampled_from((
    "", "x" * 500, "x" * 501, "CNY", "cny", "JPY", "KWD", "paid", "gone", "online", "12", "12.50", "0.001", "-3", "1e3",
    "1234567890123456.5", "2025-03-01", "--03-01", "2025-02-30T10:00:00Z", "2025-03-01T10:00:00Z", "2025-03-01T10:00:00+08:00",
    "0999-03-01T10:00:00Z", "+8613812345678", "+8613812345678\n", "13812345678", "a@b.cn", "a b@c", "male", "女", "王芳", "true",
    "opted_in", "\u0661\u0662", "lunar",
))  # fmt: skip
ANY = (
    st.none()
    | WORDS
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.integers(-5, 5)
    | st.lists(WORDS, max_size=2)
)
LINES = st.lists(st.dictionaries(st.sampled_from((*OrderLine.model_fields, "odd")), ANY, max_size=5), max_size=3)
PARTS = ("custom", "sizes", "named_dates", "buyer", "consents", "lines")
FIELDS = {
    "customers": (*Customer.model_fields, "custom.size", "sizes.shoe", "named_dates.child", "odd"),
    "orders": (*Order.model_fields, "buyer.phone", "buyer.email", "buyer.name", "buyer.external_id", "buyer.odd"),
}
SAID = ANY.filter(lambda value: value not in (None, "", []))
CONSENTS = st.dictionaries(st.sampled_from(("consents.email", "consents.fax")), WORDS.filter(bool))


def some(noun: str) -> st.SearchStrategy[dict[str, Any]]:
    """Values under names that a mapping can have."""
    return st.dictionaries(st.sampled_from([name for name in FIELDS[noun] if name not in PARTS]), SAID)


def outcome(noun: Any, values: Rows[str, Any]) -> Any:
    stream = Stream(noun, noun, Mapping(id="id", fields=()))
    try:
        return Normaliser(stream, Place(), Vault(KEYS), "CNY", "")._made(dict(values))
    except Rejected as fault:
        return str(fault), fault.field


def both(noun: Any, values: Rows[str, Any]) -> tuple[Any, Any]:
    """What is made of values as they come, and by the model alone."""
    with pytest.MonkeyPatch.context() as patch:
        quick = outcome(noun, values)
        for name in ("CUSTOMER", "ORDER"):
            patch.setattr(getattr(normalise, name), "takes", lambda values: False)
        return quick, outcome(noun, values)


@given(some("customers"), CONSENTS)
@settings(deadline=None, max_examples=600)
def test_a_customer_comes_out_as_the_model_has_it(values: dict[str, Any], consents: dict[str, str]) -> None:
    quick, modelled = both("customers", {**values, **consents})
    assert quick == modelled


@given(
    some("orders"),
    st.fixed_dictionaries({"placed_at": st.just("2025-03-01T10:00:00Z"), "total": st.just("12.5"), "number": WORDS}),
    LINES,
)
@settings(deadline=None, max_examples=600)
def test_an_order_comes_out_as_the_model_has_it(odd: dict[str, Any], whole: dict[str, Any], lines: list[Any]) -> None:
    quick, modelled = both("orders", {**odd, **whole, "lines": lines})
    assert quick == modelled
    quick, modelled = both("orders", whole)
    assert quick == modelled


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
