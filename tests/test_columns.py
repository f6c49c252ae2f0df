"""A page read by columns says of each row what reading that row alone says, or leaves it to that way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.fxiaoke.fields import CUSTOMERS as FXIAOKE
from connectors.woocommerce import fields as woo
from connectors.woocommerce.wire.rows import order
from connectors.zoho.fields import CONTACTS, SALES_ORDERS
from hub.connector import CODE, DATE, EMAIL, FLAG, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping, Stream, TagRule
from hub.errors import Rejected
from hub.forms import Place
from hub.model import OrderLine
from hub.store.records import Incoming
from hub.testing.site import KEYS
from hub.vault import Vault
from sync.normalise import Normaliser

WORDS = st.sampled_from((
    "", " ", "x" * 500, "x" * 501, "CNY", "cny", "JPY", "KWD", "paid", "gone", "online", "12", "12.50", "0.001", "-3", "1e3",
    "1234567890123456.5", "2025-03-01", "--03-01", "2025-02-30T10:00:00Z", "2025-03-01T10:00:00Z", "2025-03-01T10:00:00+08:00",
    "0999-03-01T10:00:00Z", "9999-12-31T23:59:59-08:00", "2025-02-29T10:00:00+08:00", "2024-02-29",
    "+8613812345678", "+8613812345678\n", "13812345678", "a@b.cn", "a b@c", "male", "女", "王芳", "true",
    "opted_in", "two\nlines", "\u0661\u0662", "lunar", "half \ud800", "kehub-gold", "M",
))  # fmt: skip
ANY = (
    st.none()
    | WORDS
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.integers(-5, 5)
    | st.booleans()
    | st.floats()
    | st.lists(WORDS, max_size=2)
    | st.dictionaries(WORDS, WORDS, max_size=1)
)
LINES = st.lists(st.dictionaries(st.sampled_from((*OrderLine.model_fields, "odd")), ANY, max_size=5), max_size=3) | ANY

EVERYTHING = Mapping(
    id="id",
    modified="modified",
    fields=(
        Field("name", "name", LINE),
        Field("family_name", "family", LINE),
        Field("name", "family", LINE, max_length=40),
        Field("given_name", "deep.er.given", LINE),
        Field("gender", "sex", LINE, values={"male": "M", "female": "F"}),
        Field("phone", "phone", PHONE, required=True),
        Field("other_phones", "phone", PHONE),
        Field("other_phones", "deep.phone", PHONE),
        Field("email", "mail", EMAIL),
        Field("other_emails", "mails", EMAIL),
        Field("note", "deep.note", TEXT),
        Field("registered_at", "since", MOMENT),
        Field("birthday", "born", DATE),
        Field("custom.size", "size", NUMBER),
        Field("sizes.shoe", "size", NUMBER),
        Field("consents.email", "no_mail", FLAG),
        Field("consents.sms", "no_sms", FLAG),
        Field("consents.fax", "no_fax", FLAG),
        Field("tier", "tier", CODE),
        Field("tags", "tags", tags=TagRule(of=("tier",), prefix="kehub-")),
        Field("odd", "odd", LINE),
    ),
)  # fmt: skip
ONE_NAME = Mapping("id", (Field("family_name", "family", LINE), Field("given_name", "given", LINE)))
ORDERS = replace(woo.ORDERS, fields=(*woo.ORDERS.fields, Field("buyer.odd", "odd"), Field("tier", "tier", CODE)))
MAPPINGS = [
    ("customers", EVERYTHING), ("customers", ONE_NAME), ("customers", CONTACTS), ("customers", woo.CUSTOMERS),
    ("customers", FXIAOKE["AccountObj"]), ("orders", ORDERS), ("orders", SALES_ORDERS),
]  # fmt: skip


def places(mapping: Mapping) -> list[str]:
    """Their names that the mapping reads, those at the top of a row and those inside of objects."""
    return sorted({mapping.id, mapping.modified, *(entry.theirs for entry in mapping.fields)} - {""})


def filled(row: dict[str, Any], path: str, value: Any) -> None:
    """Put a value where a path leads, or under the path itself where something else is in the way."""
    head, *rest = path.split(".")
    while rest and isinstance(row.setdefault(head, {}), dict):
        row, head, rest = row[head], rest[0], rest[1:]
    row[".".join((head, *rest))] = value


@st.composite
def rows(draw: st.DrawFn, mapping: Mapping) -> dict[str, Any]:
    """A row that has an id and holds anything in some of its fields."""
    row: dict[str, Any] = {}
    for path in draw(st.lists(st.sampled_from(places(mapping)), unique=True)):
        filled(row, path, draw(LINES if path == "lines" else ANY))
    filled(row, mapping.id, draw(st.sampled_from(("1", " 2", 3, None, "id\ud800", "名"))))
    if draw(st.booleans()):
        filled(row, "phone", "13812345678")
    if draw(st.booleans()):
        for entry in mapping.fields:
            if entry.required:
                filled(row, entry.theirs, "2025-03-01T10:00:00Z" if entry.form is MOMENT else "12.5")
    return row


def reader(noun: Any, mapping: Mapping, *, personal: bool = False) -> Normaliser:
    return Normaliser(Stream("s", noun, mapping, personal_ids=personal), Place(), Vault(KEYS), "CNY", "digest")


def alone(normalise: Normaliser, row: Any) -> Incoming | None:
    try:
        return normalise(row)
    except Rejected:
        return None


@pytest.mark.parametrize(("noun", "mapping"), MAPPINGS)
@given(st.data(), st.booleans())
@settings(deadline=None, max_examples=300)
def test_a_page_says_what_its_rows_say(noun: Any, mapping: Mapping, data: st.DataObject, personal: bool) -> None:
    page = data.draw(st.lists(rows(mapping), min_size=1, max_size=4))
    normalise = reader(noun, mapping, personal=personal)
    told = list(normalise.page(page))
    assert len(told) == len(page)
    for row, record in zip(page, told, strict=True):
        assert record is None or record == alone(normalise, row)


CONTACT = {
    "id": "1", "modified": "2025-03-01T10:00:00Z", "family": "王", "deep": {"er": {"given": "芳"}, "phone": "13912345678"},
    "sex": "F", "phone": "13812345678", "mail": "A@b.cn", "since": "2025-03-01 10:00", "size": 42, "no_mail": True,
    "no_sms": "false", "tier": "gold", "tags": ["kehub-gold", "vip"],
}  # fmt: skip
ORDER = order({
    "id": 7, "number": "7", "status": "completed", "currency": "CNY", "total": "12.50", "customer_id": 0,
    "billing": {"phone": "13812345678", "email": "a@b.cn", "last_name": "王"}, "date_created_gmt": "2025-03-01T10:00:00",
    "line_items": [{"sku": "A", "quantity": 2, "subtotal": "13.00", "total": "12.50"}], "refunds": [{"total": "-1.00"}],
}, {})  # fmt: skip


@pytest.mark.parametrize(("noun", "mapping", "row"), [("customers", EVERYTHING, CONTACT), ("orders", ORDERS, ORDER)])
def test_an_ordinary_row_is_plain(noun: Any, mapping: Mapping, row: dict[str, Any]) -> None:
    normalise = reader(noun, mapping)
    (record,) = normalise.page([row])
    assert record is not None
    assert record == normalise(row)


def test_one_odd_row_leaves_the_others_of_its_page_plain() -> None:
    normalise = reader("customers", EVERYTHING)
    odd = [
        {**CONTACT, "phone": ["13812345678"]},
        {**CONTACT, "mail": "nobody"},
        {**CONTACT, "odd": "word"},
        "no object",
    ]
    told = list(normalise.page([CONTACT, *odd[:3], CONTACT]))
    assert [record is None for record in told] == [False, True, True, True, False]
    assert list(normalise.page([CONTACT, odd[3]])) == [None, None]


@pytest.mark.parametrize(
    "odd",
    ["", None, "two\nlines", "x" * 501, "\uff21", "a  b", "13812345678", "a@b.test", "2024-02-29T10:00:00Z", "2024-02-29",
     "2025-02-29", "3月1日", "9999-12-31T23:59:59-08:00", "2025-03-01T10:00:00+0800", 7],
)  # fmt: skip
@pytest.mark.parametrize("field", ["name", "note", "phone", "mail", "since", "size", "born", "modified"])
def test_texts_looked_at_together_are_told_apart(field: str, odd: Any) -> None:
    """Columns in which no value comes again are matched as a whole; one value unlike the others takes nobody with it."""
    rows = [
        {
            **CONTACT, "id": str(number), "name": f"name {number}", "note": f"note {number}", "phone": f"+86138123456{number}",
            "mail": f"a{number}@b.cn", "since": f"2025-03-01T10:00:{number}Z", "size": f"{number}.50",
            "born": f"19{number}-02-28", "modified": f"2025-03-01T10:00:{number}+08:00",
        }
        for number in range(10, 40)
    ]  # fmt: skip
    rows[7][field] = odd
    rows[7].pop("deep")
    rows[7]["deep.note"] = odd
    normalise = reader("customers", EVERYTHING)
    told = list(normalise.page(rows))
    assert [record or alone(normalise, row) for row, record in zip(rows, told, strict=True)] == [
        alone(normalise, row) for row in rows
    ]
    assert sum(record is None for record in told) <= 1


def test_an_orders_columns_are_the_same_by_page_and_alone() -> None:
    """Late evenings in UTC are the brand's next day; yen have no cents; what has too many decimals is left out."""
    kinds = [
        ("CNY", "12.50", "done"), ("JPY", "1200", "paid"), ("JPY", "12.5", "paid"), ("KWD", "1.125", "done"),
        ("CNY", "0", "done"), ("CNY", "1.125", "done"), ("CNY", "-3", "done"), ("", "7.00", "done"),
        (None, "999999999999999.99", "gone"),
    ]  # fmt: skip
    rows = [
        {
            **ORDER, "id": 100 + number, "number": f"N{number}", "currency": currency, "total": total, "status": status,
            "date_created_gmt": f"2025-03-0{1 + number % 9}T{number % 24:02}:10:0{number % 10}Z",
            "date_completed_gmt": f"2025-04-01T{number % 24:02}:00:00Z" if number % 2 else None,
            "lines": ORDER["lines"] * (number % 3),
        }
        for number, (currency, total, status) in enumerate(kinds * 4)
    ]  # fmt: skip
    normalise = reader("orders", ORDERS)
    told = list(normalise.page(rows))
    for row, record in zip(rows, told, strict=True):
        assert record is None or record == alone(normalise, row)
    assert sum(record is not None for record in told) >= 12
