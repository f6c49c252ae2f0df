"""Canonical forms: one spelling a value, the libraries' verdict without the libraries, and a spelling that stays."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from hub import forms
from hub.forms import CODE, DATE, EMAIL, FLAG, FORMS, GENDER, LINE, LOOSER, MOMENT, NUMBER, PHONE, TEXT, Form, Place

CHINA = Place()
GERMANY = Place("DE", ZoneInfo("Europe/Berlin"))
REFUSED = "refused"
lenient = settings(deadline=None, max_examples=300)


def spelled(form: Form, value: object, place: Place = CHINA) -> str | None:
    try:
        return form.canonical(value, place)
    except ValueError:
        return REFUSED


def verdict(judge: object, *asked: str) -> str:
    assert callable(judge)
    try:
        return str(judge(*asked))
    except ValueError:
        return REFUSED


# -- phones

SEPARATORS = st.sampled_from(["", "", "", " ", "-", "  ", ".", "/", "(", ")", "--"])
DIGITS = st.text("0123456789", min_size=0, max_size=5)
CALLING = st.sampled_from(["", "", "", "+86", "86", "0086", "+", "0", "+860086", "+8686", "00", "+1", "17951", "(86)"])


@st.composite
def mobile_like(draw: st.DrawFn) -> str:
    """Numbers near the shape of a mainland mobile: all prefixes, wrong lengths, odd separators, doubled codes."""
    head = draw(st.integers(100, 199) | st.sampled_from([130, 138, 147, 166, 170, 188, 199]))
    parts = [draw(CALLING), str(head), draw(st.text("0123456789", min_size=3, max_size=5)), draw(DIGITS)]
    return "".join(part + draw(SEPARATORS) for part in parts)


@given(mobile_like() | st.from_regex(forms._MOBILE_CN, fullmatch=True))
@settings(deadline=None, max_examples=800)
@example("+86008613812345678")
@example("+8686 138 1234 5678")
@example("17951 13812345678")
@example("13812345678 ext. 5")
def test_the_quick_way_for_mobiles_gives_the_librarys_verdict(text: str) -> None:
    assert verdict(forms._phone_number, text, "CN") == verdict(forms._phone_by_library, text, "CN")


@pytest.mark.parametrize("prefix", range(100, 200))
def test_each_mobile_prefix_gives_the_librarys_verdict(prefix: int) -> None:
    for rest in ("00000000", "12345678", "99999999", "07400000", "01012345"):
        for calling in ("", "+86", "86", "0086"):
            text = f"{calling}{prefix}{rest}"
            assert verdict(forms._phone_number, text, "CN") == verdict(forms._phone_by_library, text, "CN"), text


@given(mobile_like())
@lenient
def test_the_quick_way_is_for_china_only(text: str) -> None:
    assert verdict(forms._phone_number, text, "DE") == verdict(forms._phone_by_library, text, "DE")


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "(138) 1234-5678",
        "+86 13812345678",
        "+86-138-1234-5678",
        "0086 138 1234 5678",
        "8613812345678",
        "１３８１２３４５６７８",
        "＋８６　１３８　１２３４　５６７８",
        "138\t1234\n5678",
        " 13812345678\u3000",
        13812345678,
        13812345678.0,
        Decimal("13812345678"),
    ],
)
def test_a_mobile_has_one_spelling(written: object) -> None:
    assert spelled(PHONE, written) == "+8613812345678"


@pytest.mark.parametrize(
    "written", ["1381234567", "12812345678", "无", "0", "+86008613812345678", "1.38E+10", "a@b.cn"]
)
def test_what_is_no_phone_is_refused(written: str) -> None:
    assert spelled(PHONE, written) == REFUSED


def test_a_landline_and_a_foreign_phone_are_spelled_by_the_library() -> None:
    assert spelled(PHONE, "010-6552 9988") == "+861065529988"
    assert spelled(PHONE, "030 901820", GERMANY) == "+4930901820"
    assert spelled(PHONE, "+49 30 901820") == "+4930901820"


@pytest.mark.parametrize(
    "region", sorted(each for each in phonenumbers.SUPPORTED_REGIONS if phonenumbers.example_number(each))
)
def test_phones_of_all_regions_keep_their_spelling(region: str) -> None:
    number = phonenumbers.example_number(region)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    once = spelled(PHONE, text)
    assert once == spelled(PHONE, once) != REFUSED


# -- e-mail

LABEL = st.text("abcxyz019-", min_size=1, max_size=8) | st.sampled_from(["xn--fiqs8s", "a" * 63, "a" * 64, "ab--cd"])
LOCAL = st.text("abcxyz019._+-", min_size=1, max_size=10) | st.sampled_from(["a" * 64, "a" * 65, "a..b", ".a", "a'b"])
ENDING = st.sampled_from(["com", "cn", "local", "test", "invalid", "example", "c", "c0m", "123", "museum", "a" * 24])


@st.composite
def address_like(draw: st.DrawFn) -> str:
    labels = draw(st.lists(LABEL, min_size=0, max_size=5))
    return f"{draw(LOCAL)}@{'.'.join([*labels, draw(ENDING)])}"


@given(address_like() | st.from_regex(forms._SIMPLE_EMAIL, fullmatch=True) | st.text("ab.#-", max_size=12))
@settings(deadline=None, max_examples=250)
@example("zeyu.xie115#qq.example.net")
@example("a@b.local")
@example("a@b.arpa")
@example("a@local")
@example(f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 8}.cn")
@example(f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 5}.cn")
def test_the_quick_way_for_addresses_gives_the_librarys_verdict(text: str) -> None:
    assert verdict(forms._email_address, text) == verdict(forms._email_by_library, text)


@pytest.mark.parametrize("written", ["Fang.Wang@Example.COM", " fang.wang@example.com ", "ｆａｎｇ.wang@example.com"])
def test_an_address_has_one_spelling(written: str) -> None:
    assert spelled(EMAIL, written) == "fang.wang@example.com"


@pytest.mark.parametrize("written", ["无", "a@", "@b.cn", "a@b", "a b@c.cn", "a@b..cn", "a@-b.cn", "x" * 100_000])
def test_what_is_no_address_is_refused(written: str) -> None:
    assert spelled(EMAIL, written) == REFUSED


def test_addresses_of_other_scripts_are_the_librarys_to_judge() -> None:
    assert spelled(EMAIL, "王芳@例子.中国") == "王芳@例子.中国"


# -- dates and times


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-03-01", "2025-03-01"),
        ("2025/3/1", "2025-03-01"),
        ("2025.3.1", "2025-03-01"),
        ("2025年3月1日", "2025-03-01"),
        ("20250301", "2025-03-01"),
        ("２０２５－０３－０１", "2025-03-01"),
        ("2025-03-01 00:00:00", "2025-03-01"),
        ("2025-03-01T00:00:00Z", "2025-03-01"),
        (date(2025, 3, 1), "2025-03-01"),
        (datetime(2025, 3, 1, 9), "2025-03-01"),
        ("45717", "2025-03-01"),
        (45717.0, "2025-03-01"),
        ("03-01", "--03-01"),
        ("--03-01", "--03-01"),
        ("3月1日", "--03-01"),
        ("2-29", "--02-29"),
    ],
)
def test_a_date_is_read_in_all_its_shapes(written: object, meant: str) -> None:
    assert spelled(DATE, written) == meant


@pytest.mark.parametrize("written", ["2025-02-29", "0000-00-00", "01/03/2025", "2025-13-01", "2-30", "soon", "2025"])
def test_what_is_no_date_or_has_two_readings_is_refused(written: str) -> None:
    assert spelled(DATE, written) == REFUSED


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-03-01 10:22", "2025-03-01T02:22:00Z"),
        ("2025/3/1 9:05", "2025-03-01T01:05:00Z"),
        ("2025年3月1日 10:22", "2025-03-01T02:22:00Z"),
        ("2025年03月01日10:22:31", "2025-03-01T02:22:31Z"),
        ("2025-03-01T10:22:31+08:00", "2025-03-01T02:22:31Z"),
        ("2025-03-01T02:22:31Z", "2025-03-01T02:22:31Z"),
        ("2025-03-01T02:22:31.999Z", "2025-03-01T02:22:31Z"),
        ("2025-03-01", "2025-02-28T16:00:00Z"),
        ("2025-3-12", "2025-03-11T16:00:00Z"),
        (datetime(2025, 3, 1, 10, 22), "2025-03-01T02:22:00Z"),
        (datetime(2025, 3, 1, 2, 22, tzinfo=UTC), "2025-03-01T02:22:00Z"),
        ("0999-01-02 00:00", "0999-01-01T15:54:17Z"),
    ],
)
def test_a_time_is_read_in_all_its_shapes(written: object, meant: str) -> None:
    assert spelled(MOMENT, written) == meant


def test_a_time_without_a_zone_is_the_places_and_summer_counts() -> None:
    assert spelled(MOMENT, "2025-07-01 10:22", GERMANY) == "2025-07-01T08:22:00Z"
    assert spelled(MOMENT, "2025-01-01 10:22", GERMANY) == "2025-01-01T09:22:00Z"


@pytest.mark.parametrize(
    "written", ["0001-01-01", "9999-12-31T23:59-08:00", "0000-00-00", "2025-02-30", "10:22", "now"]
)
def test_times_that_cannot_be_are_refused_and_never_more(written: str) -> None:
    assert spelled(MOMENT, written) == REFUSED


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)))
@lenient
def test_any_time_survives_its_spelling(at: datetime) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    assert forms.moment(MOMENT.canonical(at, CHINA) or "", GERMANY) == at


# -- numbers, flags, words


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12", "12"),
        ("012.50", "12.5"),
        ("1,234.50", "1234.5"),
        ("１，２３４", "1234"),
        ("¥1,000", "1000"),
        ("￥ 5", "5"),
        ("-0.00", "0"),
        ("1e5", "100000"),
        ("0e-999999999", "0"),
        ("100", "100"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        (12.0, "12"),
        (0.1, "0.1"),
        (Decimal("1E+2"), "100"),
        (-3, "-3"),
    ],
)
def test_a_number_has_one_spelling(written: object, meant: str) -> None:
    assert spelled(NUMBER, written) == meant


@pytest.mark.parametrize(
    "written",
    ["12,50", "1.234,56", "1,00", "1,2345", "1_000", "nan", "inf", "1e999999999", "1e-99", "ten", "-", ",", "1 2"],
)
def test_what_is_no_number_or_has_two_readings_is_refused(written: str) -> None:
    assert spelled(NUMBER, written) == REFUSED


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
@lenient
def test_a_number_is_exactly_itself(value: Decimal) -> None:
    assume(not value or value.adjusted() > -30)
    assert Decimal(spelled(NUMBER, value) or "") == value


@pytest.mark.parametrize(("form", "written", "meant"), [
    (FLAG, "是", "true"), (FLAG, "Ｙ", "true"), (FLAG, True, "true"), (FLAG, 1, "true"),
    (FLAG, "否", "false"), (FLAG, "0", "false"), (FLAG, False, "false"), (FLAG, "maybe", REFUSED),
    (GENDER, "女", "female"), (GENDER, "Mr.", "male"), (GENDER, "Ｆ", "female"), (GENDER, "未知", None),
    (LINE, " 王  芳\n", "王 芳"), (TEXT, " a\n b ", "a\n b"), (CODE, "Ａ－０１", "A-01"), (CODE, 1001.0, "1001"),
])  # fmt: skip
def test_words_have_one_spelling(form: Form, written: object, meant: str | None) -> None:
    assert spelled(form, written) == meant


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("empty", [None, "", "   ", "\u3000", "\n"])
def test_what_is_empty_is_none_in_every_form(form: Form, empty: object) -> None:
    assert form.canonical(empty, CHINA) is None


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("text", ["13812345678", "a@b.cn", "2025-03-01 x", "12", "true", "女", "\u738b"])
def test_half_a_character_is_refused_in_every_form(form: Form, text: str) -> None:
    for half in (f"{text}\ud800", f"\udfff{text}"):
        assert spelled(form, half) == REFUSED


def test_composed_and_decomposed_characters_are_the_same() -> None:
    assert spelled(LINE, "Jose\u0301") == spelled(LINE, "Jos\u00e9") == "Jos\u00e9"


@pytest.mark.parametrize("form", [TEXT, LINE, CODE, PHONE, MOMENT, NUMBER], ids=lambda form: form.name)
@given(st.data())
@settings(deadline=None)
def test_what_looks_settled_is_spelled_already(form: Form, data: st.DataObject) -> None:
    pattern = forms.settled(form, Place())
    assert pattern is not None
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    assert form.canonical(text, Place()) == (forms.without_zeros(text) if form is NUMBER else text)
    assert "\n" not in text


@given(
    address_like() | st.from_regex(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]{1,64}\.)+[a-z]{2,24}", fullmatch=True)
)
@example(f"{'a' * 64}@{'b' * 63}.{'c' * 63}.cn")
@example(f"{'a' * 65}@b.cn")
@example(f"a@{'b' * 64}.cn")
@settings(deadline=None)
def test_an_address_that_looks_settled_is_spelled_already(text: str) -> None:
    pattern = forms.settled(EMAIL, Place())
    assert pattern is not None
    if re.fullmatch(pattern, text, re.ASCII):
        assert EMAIL.canonical(text, Place()) == text


def test_looser_spellings_grow_looser() -> None:
    assert LOOSER["spaces"]("a b") == LOOSER["spaces"]("ab")
    assert LOOSER["case"]("A  B") == LOOSER["case"]("a b")
    assert LOOSER["width"]("Ａ") == LOOSER["width"]("a")


# -- a spelling stays

SEEDS = st.sampled_from([
    "13812345678", "+4930901820", "010 65529988", "Wang@例子.中国", "a@b.cn", "2025年3月1日", "3-1", "45717",
    "20250301", "2025-03-01T10:22:31+08:00", "1,234.50", "¥5", "是", "女士", "Ｆ", "ﬁ", "ß", "İ", "Å", "\u00a8x",
])  # fmt: skip
VALUES = (
    st.text(max_size=20)
    | SEEDS
    | st.tuples(SEEDS, st.text(max_size=3)).map("".join)
    | st.text("0123456789-/.,年月日 :TZ+¥e", max_size=16)
    | st.text("aAİßﬁ.@-\u0301\u0345中国", max_size=12)
    | mobile_like()
    | address_like()
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.datetimes()
    | st.decimals()
)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(value=VALUES)
@settings(deadline=None, max_examples=150)
def test_a_canonical_spelling_is_its_own_and_nothing_but_valueerror_is_raised(form: Form, value: object) -> None:
    once = spelled(form, value)
    if once not in (None, REFUSED):
        assert spelled(form, once) == once
        assert spelled(form, once, GERMANY) == once
