"""Files as streams: what is read, what is refused and how it is said, and what a read can prove."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import csv_file
from connectors.csv_file.connector import CsvFile, CsvFileSettings
from connectors.csv_file.fields import COLUMNS, MANY, NAMED
from connectors.csv_file.wire import files, rows
from connectors.csv_file.wire.columns import form_of
from connectors.csv_file.wire.pages import PAGE
from connectors.csv_file.wire.values import clean
from hub.clock import FixedClock
from hub.connector import CODE, PHONE, BadRow, End, Page, Place, Tools, Window
from hub.errors import HubError, PermissionMissing, SettingsError, Transient
from hub.model import NOUNS, NounName

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
MEMBERS = {"name": "姓名", "phone": "手机"}
LINES = {
    "number": "单号",
    "buyer.external_id": "会员号",
    "placed_at": "时间",
    "lines.sku": "SKU",
    "lines.quantity": "数量",
    "lines.unit_price": "单价",
    "lines.discount": "优惠",
    "lines.refunded": "退款",
}
ORDER_HEADER = "单号,会员号,时间,SKU,数量,单价,优惠,退款\n"


class Till:
    """A folder of files and a connection to it, at a fixed time; files lie there for a minute unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FixedClock(NOW)
        self.pages: list[Page] = []

    def put(self, name: str, content: str | bytes, encoding: str = "utf-8", age: float = 60) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        stamp = self.clock.now().timestamp() - age
        os.utime(path, (stamp, stamp))
        return path

    def sheet(self, name: str, table: Iterable[Iterable[object]], title: str = "Sheet") -> Path:
        book = openpyxl.Workbook()
        page = book.active
        assert page is not None
        page.title = title
        for row in table:
            page.append(list(row))
        book.save(self.folder / name)
        return self.put(name, (self.folder / name).read_bytes())

    def connector(self, name: str = "customers", /, **stream: Any) -> CsvFile:
        stated = {"path": "*", "mode": "snapshot", "key": ["会员号"], **stream}
        chosen = CsvFileSettings.model_validate({"streams": {name: stated}})
        return CsvFile(chosen, Tools("pos", self.clock, Place(), str(self.folder)))

    def reading(self, position: dict[str, Any] | None = None, /, **stream: Any) -> Iterator[Page]:
        connector = self.connector(**stream)
        return connector.read(connector.streams()[0], Window(None, NOW), position)

    def rows(self, **stream: Any) -> list[dict[str, Any]]:
        self.pages = list(self.reading(**stream))
        return [row for page in self.pages for row in page.rows]

    def orders(self, text: str, **stream: Any) -> list[dict[str, Any]]:
        self.put("sales.csv", text)
        return self.rows(**{"noun": "orders", "mode": "append", "key": ["单号"], "columns": LINES, **stream})

    @property
    def bad(self) -> list[BadRow]:
        return [row for page in self.pages for row in page.bad]

    @property
    def end(self) -> End:
        found = self.pages[-1].end
        assert found is not None
        return found


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)


MEMBER_ROWS = [
    {"key": "M1", "name": "王芳", "phone": "13812345678"},
    {"key": "M2", "name": "李雷", "phone": None},
]
MEMBER_TEXT = "会员号,姓名,手机\nM1,王芳,13812345678\nM2,李雷,\n"


# -- what a file may look like


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(till: Till, encoding: str, delimiter: str) -> None:
    till.put("members.csv", MEMBER_TEXT.replace(",", delimiter), encoding)
    assert till.rows(columns=MEMBERS) == MEMBER_ROWS
    assert till.end == End(before=2, after=2, swept=True)


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-le", "big5hkscs"])
def test_any_encoding_can_be_stated(till: Till, encoding: str) -> None:
    till.put("members.csv", "no,name\nM1,王芳\n", encoding)
    assert till.rows(key=["no"], columns={"name": "name"}, encoding=encoding)[0]["name"] == "王芳"


def test_gb18030_has_the_rare_characters_of_names(till: Till) -> None:
    name = "䶮𠮷龴㛃堃喆"
    till.put("members.csv", f"会员号,姓名,手机\nM1,{name},\n", "gb18030")
    assert till.rows(columns=MEMBERS)[0]["name"] == name


@given(st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4), min_size=5))
@settings(max_examples=50, deadline=None)
def test_names_in_gb18030_are_never_taken_for_damaged_utf8(names: list[str]) -> None:
    from connectors.csv_file.wire.text import _encoding

    content = ("会员号,姓名\n" + "".join(f"M,{name}\n" for name in names)).encode("gb18030")
    assert _encoding("members.csv", content, "auto") == "gb18030"


def test_line_breaks_quotes_and_delimiters_inside_quotes_belong_to_the_cell(till: Till) -> None:
    till.put("members.csv", '会员号,姓名,手机\r\nM1,"王\n芳, ""小芳""",1\r\nM2,李雷,2\r\n')
    assert [row["name"] for row in till.rows(columns=MEMBERS)] == ['王\n芳, "小芳"', "李雷"]
    assert till.pages[0].places == ["members.csv:2", "members.csv:4"]


def test_a_semicolon_in_the_rows_does_not_make_it_the_delimiter(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\nM1,a;b;c;d;e,1\n")
    assert till.rows(columns=MEMBERS)[0]["name"] == "a;b;c;d;e"


@pytest.mark.parametrize("delimiter", ["tab", "\t"])
def test_a_tab_can_be_stated_by_name(till: Till, delimiter: str) -> None:
    till.put("members.csv", MEMBER_TEXT.replace(",", "\t"))
    assert till.rows(columns=MEMBERS, delimiter=delimiter) == MEMBER_ROWS


def test_two_hundred_columns_and_a_cell_of_a_megabyte_are_read(till: Till) -> None:
    names = [f"列{number}" for number in range(200)]
    till.put("wide.csv", ",".join(names) + "\n" + ",".join(["M1", "长" * 350_000, *"x" * 198]) + "\n")
    row = till.rows(key=["列0"], columns={"note": "列1", "custom.last": "列199"})[0]
    assert len(row["note"]) == 350_000
    assert row["custom"] == {"last": "x"}


def test_empty_lines_title_lines_and_a_dos_end_mark_are_no_rows(till: Till) -> None:
    till.put("members.csv", "会员导出\n\n会员号,姓名,手机\n,,\nM1,王芳,13812345678\n\nM2,李雷,\n\x1a")
    assert till.rows(columns=MEMBERS, skip_rows=1) == MEMBER_ROWS
    assert not till.bad


def test_headers_are_compared_without_regard_to_width_and_spaces(till: Till) -> None:
    till.put("members.csv", " 会员号 ,姓名(中文),手机\nM1,王芳,1\n")
    assert till.rows(columns={"name": "姓名(中文)"})[0]["name"] == "王芳"


def test_what_exports_do_to_numbers_is_undone() -> None:
    assert clean('="0012"', CODE) == clean("'0012", CODE) == clean("\t0012", CODE) == "0012"
    assert clean("13812345678.0", PHONE) == "13812345678"
    assert clean("12345.0", CODE) == "12345.0"
    assert clean("'s-Hertogenbosch", CODE) == "'s-Hertogenbosch"


# -- workbooks


def test_a_workbook_gives_what_a_person_would_type(till: Till) -> None:
    till.sheet(
        "members.xlsx",
        [
            ["会员号", "姓名", "手机", "生日", "注册时间", "身高", "VIP", "备注"],
            [1001, "王芳", 13812345678.0, datetime(1990, 5, 4), datetime(2025, 3, 1, 10, 22), 0.1 + 0.2, True, "x"],
            ["1002", "李雷", 13912345678, None, None, None, None, "y"],
        ],
    )
    columns = MEMBERS | {"birthday": "生日", "registered_at": "注册时间", "custom.height": "身高", "custom.vip": "VIP"}
    first, second = till.rows(columns=columns)
    assert first == {
        "key": "1001",
        "name": "王芳",
        "phone": "13812345678",
        "birthday": "1990-05-04",
        "registered_at": "2025-03-01 10:22:00",
        "custom": {"height": "0.3", "vip": "true"},
    }
    assert (second["key"], second["phone"], second["birthday"]) == ("1002", "13912345678", None)
    assert till.pages[0].places == ["members.xlsx:2", "members.xlsx:3"]


def test_a_sheet_is_found_by_its_name_and_a_wrong_one_is_told_apart(till: Till) -> None:
    till.sheet("members.xlsx", [["会员号", "姓名", "手机"], ["M1", "王芳", None]], title="会员")
    assert till.rows(columns=MEMBERS, sheet="会员")[0]["key"] == "M1"
    with pytest.raises(SettingsError, match=r"no such sheet.*会员"):
        till.rows(columns=MEMBERS, sheet="Members")


def test_a_workbook_is_known_by_its_content_not_by_its_name(till: Till) -> None:
    content = till.sheet("a.xlsx", [["会员号", "姓名", "手机"], ["M1", "王芳", None]]).read_bytes()
    till.put("members.csv", content)
    assert [row["key"] for row in till.rows(path="members.csv", columns=MEMBERS)] == ["M1"]
    till.put("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1")
    with pytest.raises(SettingsError, match=r"save it as \.xlsx"):
        till.rows(path="old.xls", columns=MEMBERS)


def test_the_size_that_a_workbook_states_is_not_believed(till: Till) -> None:
    import zipfile

    path = till.sheet("a.xlsx", [["会员号", "姓名", "手机"], ["M1", "王芳", None], ["M2", "李雷", None]])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(till.folder / "b.xlsx", "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"'))
    till.put("b.xlsx", (till.folder / "b.xlsx").read_bytes())
    assert len(till.rows(path="b.xlsx", columns=MEMBERS)) == 2


def test_a_number_that_excel_has_rounded_is_refused_as_a_key(till: Till) -> None:
    till.sheet("members.xlsx", [["会员号", "姓名", "手机"], [620012345678901234, "王芳", None], ["M2", "李雷", None]])
    assert [row["key"] for row in till.rows(columns=MEMBERS)] == ["M2"]
    assert "Excel has rounded" in till.bad[0].reason
    till.put("members.xlsx", "会员号,姓名,手机\n6.20012E+17,王芳,\n")
    assert till.rows(columns=MEMBERS) == []


def test_a_date_and_a_time_of_day_in_a_workbook_are_text(till: Till) -> None:
    till.sheet("members.xlsx", [["会员号", "生日", "时刻"], ["M1", date(1990, 5, 4), time(10, 22)]])
    row = till.rows(columns={"birthday": "生日", "custom.at": "时刻"})[0]
    assert (row["birthday"], row["custom"]) == ("1990-05-04", {"at": "10:22:00"})


def test_a_file_name_with_brackets_is_a_name_first(till: Till) -> None:
    till.put("members[1].csv", MEMBER_TEXT)
    assert till.rows(path="members[1].csv", columns=MEMBERS) == MEMBER_ROWS


def test_excels_lock_file_is_no_export(till: Till) -> None:
    till.put("members.csv", MEMBER_TEXT)
    till.put("~$members.csv", b"lock")
    assert till.rows(columns=MEMBERS) == MEMBER_ROWS


# -- what is refused as a whole


def test_a_wrong_byte_is_named_with_its_offset(till: Till) -> None:
    content = MEMBER_TEXT.encode()
    at = content.index("李".encode())
    till.put("members.csv", content[:at] + b"\xff" + content[at + 1 :])
    with pytest.raises(SettingsError, match=rf"members.csv: not valid utf-8 at byte {at}; set `encoding`"):
        till.rows(columns=MEMBERS)


def test_a_stated_encoding_is_not_second_guessed(till: Till) -> None:
    till.put("members.csv", MEMBER_TEXT, "gb18030")
    with pytest.raises(SettingsError, match="not valid utf-8 at byte 0"):
        till.rows(columns=MEMBERS, encoding="utf-8")


def test_bytes_of_no_encoding_name_both_offsets(till: Till) -> None:
    till.put("members.csv", b"no,name\nM1,\xe9\xff\xff\n")
    with pytest.raises(SettingsError, match="utf-8 at byte 11, gb18030 at byte 11"):
        till.rows(key=["no"], columns={"name": "name"})


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_cut_in_the_middle_of_a_character_is_read_next_time(till: Till, encoding: str) -> None:
    till.put("members.csv", "会员号,姓名,手机\nM1,王芳".encode(encoding)[:-1])
    with pytest.raises(Transient, match="cut off"):
        till.rows(columns=MEMBERS)


def test_a_file_cut_inside_quotes_is_read_next_time(till: Till) -> None:
    till.put("members.csv", '会员号,姓名,手机\nM1,王芳,1\nM2,"李')
    with pytest.raises(Transient, match=r"members.csv:3: a quoted cell opens here and never closes"):
        till.rows(columns=MEMBERS)


def test_a_file_cut_inside_its_header_is_read_next_time(till: Till) -> None:
    till.put("members.csv", '"会员号","姓')
    with pytest.raises(Transient, match=r"members.csv:1: a quoted cell opens here and never closes"):
        till.rows(columns=MEMBERS)


def test_a_cut_workbook_is_read_next_time(till: Till) -> None:
    path = till.sheet("members.xlsx", [["会员号", "姓名", "手机"], ["M1", "王芳", None]])
    till.put("members.xlsx", path.read_bytes()[:-300])
    with pytest.raises(Transient, match="cut off"):
        till.rows(columns=MEMBERS)


@pytest.mark.parametrize("size", range(10, 5200, 371))
def test_no_damage_to_a_workbook_is_more_than_an_error(till: Till, size: int) -> None:
    content = till.sheet("members.xlsx", [["会员号", "姓名", "手机"], ["M1", "王芳", None]]).read_bytes()
    till.put("members.xlsx", content[:size] + b"\0\0\0\0" + content[size + 4 :])
    with contextlib.suppress(HubError):
        till.rows(columns=MEMBERS)


def test_a_missing_column_names_the_columns_seen_and_the_nearest(till: Till) -> None:
    till.put("members.csv", "会员号,会员姓名,手机号码\nM1,王芳,13812345678\n")
    with pytest.raises(SettingsError) as caught:
        till.rows(columns=MEMBERS)
    assert str(caught.value) == (
        'members.csv: no column "姓名", "手机"; '
        'did you mean "会员姓名", "手机号码"? It has "会员号", "会员姓名", "手机号码"'
    )


def test_a_first_row_that_is_no_header_is_never_shown(till: Till) -> None:
    till.put("members.csv", "M1,王芳,13812345678\n")
    with pytest.raises(SettingsError) as caught:
        till.rows(columns=MEMBERS)
    assert "none of its columns" in str(caught.value)
    assert "王芳" not in str(caught.value)
    assert "138" not in str(caught.value)


def test_a_column_that_is_there_twice_is_refused_only_if_it_is_read(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机,备注,备注\nM1,王芳,1,a,b\n")
    assert till.rows(columns=MEMBERS)[0]["name"] == "王芳"
    with pytest.raises(SettingsError, match='two columns are called "备注"'):
        till.rows(columns=MEMBERS | {"note": "备注"})


def test_a_header_of_200_columns_is_not_listed_in_full(till: Till) -> None:
    till.put("members.csv", "会员号," + ",".join(f"列{number}" for number in range(199)) + "\n")
    with pytest.raises(SettingsError, match="and 160 more"):
        till.rows(columns=MEMBERS)


def test_an_order_file_without_amounts_is_refused(till: Till) -> None:
    columns = {name: header for name, header in LINES.items() if name not in ("lines.unit_price", "number")}
    with pytest.raises(SettingsError, match=r"no column for number, total \(or lines.unit_price\)"):
        till.orders(ORDER_HEADER, columns=columns)


# -- rows that are refused


def test_a_row_with_too_few_or_too_many_cells_is_refused_with_its_line(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\nM1,王芳\nM2,李雷,2,,\nM3,韩,3,4\nM4,梅,4\n")
    assert [row["key"] for row in till.rows(columns=MEMBERS)] == ["M2", "M4"]
    assert [(bad.place, bad.reason) for bad in till.bad] == [
        ("members.csv:2", "has 2 cells, the header 3"),
        ("members.csv:4", "has 4 cells, the header 3"),
    ]
    assert till.bad[0].raw == "M1\t王芳".encode()


def test_a_row_that_cannot_be_read_forbids_conclusions_from_absence(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\nM1,王芳\nM2,李雷,2\n")
    till.rows(columns=MEMBERS)
    assert till.end == End(before=1, after=1, swept=False)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",王芳,1", "its key is empty"),
        ("M1,王\0芳,1", "NUL byte"),
        ("M1,#N/A,1", "error of Excel"),
        ("1E+5,王芳,1", "Excel has rounded"),
        ("M1,王芳,1.38E+10", "Excel has rounded"),
        ('M1,"王"芳,1', "quotes do not match"),
    ],
)
def test_a_spoilt_row_is_refused_and_the_next_one_read(till: Till, row: str, reason: str) -> None:
    till.put("members.csv", f"会员号,姓名,手机\n{row}\nM2,李雷,2\n")
    assert [found["key"] for found in till.rows(columns=MEMBERS)] == ["M2"]
    assert reason in till.bad[0].reason


def test_a_hash_sign_or_an_exponent_alone_spoils_nothing(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\n#1,E+ 王 #N/A,1\n")
    assert till.rows(columns=MEMBERS) == [{"key": "#1", "name": "E+ 王 #N/A", "phone": "1"}]


def test_a_repeat_in_a_snapshot_is_refused_unless_it_says_the_same(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\nM1,王芳,1\nM1,王芳,1\nM1,王方,1\n")
    assert len(till.rows(columns=MEMBERS)) == 1
    assert [(bad.place, bad.reason) for bad in till.bad] == [
        ("members.csv:4", "has the same key as members.csv:2 and other values")
    ]


def test_repeats_are_found_across_the_files_of_a_snapshot(till: Till) -> None:
    till.put("a.csv", "会员号,姓名,手机\nM1,王芳,1\nM2,李雷,2\n")
    till.put("b.csv", "会员号,姓名,手机\nM2,李雷,2\nM1,王方,1\n")
    assert len(till.rows(columns=MEMBERS)) == 2
    assert [bad.reason for bad in till.bad] == ["has the same key as a.csv:2 and other values"]
    assert till.end.before == till.end.after == 2


def test_in_append_mode_the_later_row_comes_later_and_never_on_the_same_page(till: Till) -> None:
    till.put("2.csv", "会员号,姓名,手机\nM1,丙,1\n")
    till.put("1.csv", "会员号,姓名,手机\nM1,甲,1\nM1,乙,1\nM2,丁,1\n")
    till.rows(columns=MEMBERS, mode="append")
    assert [[row["name"] for row in page.rows] for page in till.pages] == [["甲"], ["乙", "丁"], ["丙"], []]
    assert till.end == End(before=2, after=2, swept=False)


# -- keys


def test_several_key_columns_are_joined_and_no_two_keys_look_alike(till: Till) -> None:
    till.put("members.csv", "店,号,姓名\nS1,1,a\nS1|1,2,b\nS1,1|2,c\nＳ１,２,d\n")
    keys = [row["key"] for row in till.rows(key=["店", "号"], columns={"name": "姓名"})]
    assert keys == ["S1|1", r"S1\|1|2", r"S1|1\|2", "S1|2"]


def test_a_key_that_is_a_phone_is_marked_as_personal(till: Till) -> None:
    assert till.connector(key=["手机"], columns=MEMBERS).streams()[0].personal_ids
    assert till.connector(key=["手机号"]).streams()[0].personal_ids
    assert not till.connector(columns=MEMBERS).streams()[0].personal_ids


# -- orders


def test_lines_with_one_number_are_one_order_wherever_they_stand(till: Till) -> None:
    found = till.orders(
        ORDER_HEADER
        + "T1,M1,2025-03-01 10:22,A,2,100.00,10,0\n"
        + "T2,,2025-03-01 10:25,C,1,5.5,,\n"
        + 'T1,M1,2025-03-01 10:22,B,1,"¥1,000.50",0,1000.50\n'
    )
    assert found == [
        {
            "key": "T2",
            "number": "T2",
            "buyer": {"external_id": None},
            "placed_at": "2025-03-01 10:25",
            "lines": [{"sku": "C", "quantity": "1", "unit_price": "5.5"}],
            "total": "5.5",
            "refunded": "0",
        },
        {
            "key": "T1",
            "number": "T1",
            "buyer": {"external_id": "M1"},
            "placed_at": "2025-03-01 10:22",
            "lines": [
                {"sku": "A", "quantity": "2", "unit_price": "100.00", "discount": "10", "refunded": "0"},
                {"sku": "B", "quantity": "1", "unit_price": "¥1,000.50", "discount": "0", "refunded": "1000.50"},
            ],
            "total": "1190.5",
            "refunded": "1000.5",
        },
    ]
    assert till.pages[0].places == ["sales.csv:3", "sales.csv:2,4"]
    assert till.end == End(before=2, after=2, swept=False)


def test_a_total_of_its_own_goes_before_the_sum(till: Till) -> None:
    header = "单号,时间,SKU,数量,单价,实付\n"
    columns = {"number": "单号", "placed_at": "时间", "lines.sku": "SKU", "lines.unit_price": "单价", "total": "实付"}
    found = till.orders(
        header + "T1,2025-03-01,A,1,10,\nT1,2025-03-01,B,1,10,19\nT2,2025-03-01,A,1,7,\n", columns=columns
    )
    assert [row["total"] for row in found] == ["19", "7"]


@pytest.mark.parametrize("price", ["", "ten"])
def test_an_order_has_no_sum_when_a_price_is_missing_or_unreadable(till: Till, price: str) -> None:
    found = till.orders(ORDER_HEADER + f"T1,M1,2025-03-01,A,1,10,,\nT1,M1,2025-03-01,B,1,{price},,\n")
    assert "total" not in found[0]
    assert len(found[0]["lines"]) == 2


def test_one_bad_line_makes_the_whole_order_bad(till: Till) -> None:
    found = till.orders(ORDER_HEADER + "T1,M1,2025-03-01,A,1,10,,\nT1,M1,2025\nT2,M1,2025-03-01,A,1,10,,\n")
    assert [row["key"] for row in found] == ["T2"]
    assert [(bad.place, bad.reason) for bad in till.bad] == [("sales.csv:2,3", "has 3 cells, the header 8")]


def test_lines_without_a_number_do_not_become_one_order(till: Till) -> None:
    till.orders(ORDER_HEADER + ",M1,2025-03-01,A,1,10,,\n,M2,2025-03-01,B,1,10,,\n")
    assert [bad.place for bad in till.bad] == ["sales.csv:2", "sales.csv:3"]


def test_an_order_with_two_buyers_or_two_totals_is_refused(till: Till) -> None:
    till.orders(ORDER_HEADER + "T1,M1,2025-03-01,A,1,10,,\nT1,M2,2025-03-01,B,1,10,,\n")
    assert till.bad[0].reason == 'its lines differ in "会员号", of which an order has one'
    columns = LINES | {"total": "退款"}
    till.orders(ORDER_HEADER + "T1,M1,2025-03-01,A,1,10,,5\nT1,M1,2025-03-01,B,1,10,,6\n", columns=columns)
    assert till.bad[0].reason == 'its lines differ in "退款", of which an order has one'


def test_an_order_of_one_row_needs_no_lines(till: Till) -> None:
    columns = {"number": "单号", "placed_at": "时间", "total": "单价"}
    found = till.orders(ORDER_HEADER + "T1,M1,2025-03-01,A,1,10,,\n", columns=columns)
    assert found == [{"key": "T1", "number": "T1", "placed_at": "2025-03-01", "total": "10"}]
    names = [
        entry.ours for entry in till.connector("orders", key=["单号"], columns=columns).streams()[0].mapping.fields
    ]
    assert names == ["number", "placed_at", "total"]


def test_fixed_values_stand_in_for_columns(till: Till) -> None:
    fixed = {"currency": "CNY", "channel": "store", "buyer.name": "x"}
    row = till.orders(ORDER_HEADER + "T1,M1,2025-03-01,A,1,10,,\n", fixed=fixed)[0]
    assert (row["currency"], row["channel"], row["buyer"]) == ("CNY", "store", {"name": "x", "external_id": "M1"})


def test_times_of_a_file_with_a_zone_of_its_own_become_utc(till: Till) -> None:
    rows = till.orders(ORDER_HEADER + "T1,M1,2025-07-01 10:22,A,1,1,,\nT2,M1,soon,A,1,1,,\n", time_zone="Europe/Paris")
    assert [row["placed_at"] for row in rows] == ["2025-07-01T08:22:00Z", "soon"]


@given(st.permutations([f"T{number % 4},M1,2025-03-01,A,{number},1,," for number in range(12)]))
@settings(max_examples=25, deadline=None)
def test_the_order_of_lines_changes_no_order(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    found = Till(tmp_path_factory.mktemp("till")).orders(ORDER_HEADER + "\n".join(lines) + "\n")
    assert {row["key"]: row["total"] for row in found} == {"T0": "12", "T1": "15", "T2": "18", "T3": "21"}


# -- what the settings mean


def test_columns_left_out_are_found_by_their_usual_names(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机号码,E-MAIL,鞋码\nM1,王芳,13812345678,a@b.cn,38\n")
    assert till.rows() == [{"key": "M1", "name": "王芳", "phone": "13812345678", "email": "a@b.cn"}]


def test_the_files_of_the_invented_shops_need_no_column_settings(till: Till) -> None:
    assert till.orders(
        "单号,会员号,手机号,下单时间,商品编码,数量,单价\nT1,M1,13812345678,2025-03-01,A,2,3\n", columns={}
    ) == [
        {
            "key": "T1",
            "number": "T1",
            "buyer": {"external_id": "M1", "phone": "13812345678"},
            "placed_at": "2025-03-01",
            "lines": [{"sku": "A", "quantity": "2", "unit_price": "3"}],
            "total": "6",
            "refunded": "0",
        }
    ]


def test_site_fields_go_into_objects_and_cells_of_several_values_into_lists(till: Till) -> None:
    till.put("members.csv", "会员号,鞋码,退订短信,兴趣,纪念日,改\nM1,38,是,茶；围棋, 05-20,2025-01-01\n")
    columns = {
        "custom.shoe_size": "鞋码",
        "consents.sms": "退订短信",
        "interests": "兴趣",
        "named_dates.wedding": "纪念日",
        "modified": "改",
    }
    assert till.rows(columns=columns) == [
        {
            "key": "M1",
            "custom": {"shoe_size": "38"},
            "consents": {"sms": "是"},
            "interests": ["茶", "围棋"],
            "named_dates": {"wedding": "05-20"},
            "modified": "2025-01-01",
        }
    ]
    mapping = till.connector(columns=columns).streams()[0].mapping
    assert (mapping.id, mapping.modified) == ("key", "modified")
    assert [entry.form.name for entry in mapping.fields] == ["line", "flag", "line", "date"]
    assert not mapping.writable()


def test_a_stream_declares_what_its_mode_can_prove(till: Till) -> None:
    snapshot = till.connector(values={"gender": {"female": "女"}}).streams()[0]
    assert (snapshot.strength, snapshot.deletes, snapshot.change_feed) == ("swept", "absence", "none")
    assert snapshot.shrink_brake == 0.2
    assert {entry.ours: entry.values for entry in snapshot.mapping.fields}["gender"] == {"female": "女"}
    append = till.connector("orders", mode="append", counts=False, shrink_brake=0.5).streams()[0]
    assert (append.strength, append.deletes, append.counts, append.shrink_brake) == ("bracketed", "none", False, 0.5)
    assert till.connector("orders", mode="append").streams()[0].shrink_brake == 0
    assert {"total", "refunded", "lines"} <= {entry.ours for entry in append.mapping.fields}
    assert till.connector("tills", noun="stores").streams()[0].noun == "stores"


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ({"key": []}, "name the columns that never change"),
        ({"columns": {"nmae": "姓名"}}, "customers have no field nmae, did you mean name?"),
        ({"columns": {"lines.sku": "SKU"}}, "customers have no field lines.sku"),
        ({"columns": {"custom.a.b": "SKU"}}, "no field custom.a.b"),
        ({"columns": {"name": "姓名"}, "fixed": {"name": "x"}}, "fixed: name is read from a column"),
        ({"encoding": "utf-99"}, "not known"),
        ({"time_zone": "Mars/Base"}, "not known"),
        ({"trailer": "("}, "not well written"),
        ({"mode": "sometimes"}, "mode"),
        ({"shrink_brake": 2}, "shrink_brake"),
        ({"colums": {}}, "colums"),
    ],
)
def test_settings_that_cannot_work_are_refused(till: Till, stream: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("(", r"\(").replace("?", r"\?")):
        till.connector(**stream)


@pytest.mark.parametrize("streams", [{}, [], {"customers": 3}, {"parties": {"path": "x", "mode": "append"}}])
def test_streams_of_a_wrong_shape_are_refused(streams: object) -> None:
    with pytest.raises(ValidationError):
        CsvFileSettings.model_validate({"streams": streams})


def test_each_field_of_our_model_can_be_a_column() -> None:
    structured = {"buyer", "lines", "consents", "sizes", "named_dates", "custom"}
    for noun, columns in COLUMNS.items():
        assert {name.split(".")[0] for name in columns} | structured >= set(NOUNS[noun].model_fields), noun
    assert set(NAMED) == structured - {"buyer", "lines"}
    assert set(COLUMNS["customers"]) >= MANY
    nouns: list[NounName] = list(COLUMNS)
    assert [form_of(noun, "no_such") for noun in nouns] == [None] * len(nouns)


def test_the_plugin_brings_the_connector() -> None:
    assert csv_file.kehub_connectors() == [CsvFile]
    assert CsvFile.uses_http is False


# -- what a read can prove


def test_no_file_is_never_an_empty_read(till: Till) -> None:
    with pytest.raises(Transient, match=r"till\*.csv: no file matches"):
        till.rows(path="till*.csv")
    (till.folder / "till1.csv").mkdir()
    with pytest.raises(Transient, match="no file matches"):
        till.rows(path="till*.csv")


def test_an_empty_file_is_never_an_empty_read(till: Till) -> None:
    till.put("members.csv", b"")
    with pytest.raises(Transient, match="empty, without even a header"):
        till.rows(columns=MEMBERS)


def test_a_header_alone_is_a_complete_read_of_nothing(till: Till) -> None:
    till.put("members.csv", "会员号,姓名,手机\n")
    assert till.rows(columns=MEMBERS) == []
    assert till.end == End(before=0, after=0, swept=True)


def test_a_fresh_file_is_left_alone_until_it_has_settled(till: Till) -> None:
    till.put("members.csv", MEMBER_TEXT, age=2)
    with pytest.raises(Transient, match="still being written"):
        till.rows(columns=MEMBERS)
    assert till.rows(columns=MEMBERS, settle_seconds=1) == MEMBER_ROWS
    till.clock.advance(timedelta(seconds=4))
    assert till.rows(columns=MEMBERS) == MEMBER_ROWS


def test_files_before_the_one_still_being_written_are_read_but_not_certified(till: Till) -> None:
    till.put("1.csv", MEMBER_TEXT)
    till.put("2.csv", MEMBER_TEXT, age=1)
    pages = till.reading(columns=MEMBERS, mode="append")
    assert next(pages).rows == MEMBER_ROWS
    with pytest.raises(Transient, match=r"2.csv: still being written"):
        next(pages)


def test_a_file_from_the_future_is_watched_instead(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    path = till.put("members.csv", MEMBER_TEXT, age=-3600)
    assert till.rows(columns=MEMBERS) == MEMBER_ROWS
    assert till.clock.now() == NOW + timedelta(seconds=5)

    def grow(seconds: float) -> None:
        path.write_text(MEMBER_TEXT + "M3,韩,3\n", encoding="utf-8")

    monkeypatch.setattr(till.clock, "sleep", grow)
    with pytest.raises(Transient, match="changed while it was read"):
        till.rows(columns=MEMBERS)


def test_a_file_that_grows_while_it_is_read_is_not_certified(till: Till) -> None:
    path = till.put("members.csv", MEMBER_TEXT)
    pages = till.reading(columns=MEMBERS)
    assert next(pages).end is None
    path.write_text(MEMBER_TEXT + "M3,韩,3\n", encoding="utf-8")
    with pytest.raises(Transient, match="changed while it was read"):
        next(pages)


def test_a_file_that_vanishes_while_it_is_read_is_not_certified(till: Till) -> None:
    path = till.put("members.csv", MEMBER_TEXT)
    pages = till.reading(columns=MEMBERS)
    next(pages)
    path.unlink()
    with pytest.raises(Transient, match="vanished"):
        next(pages)


@pytest.mark.parametrize(
    ("fault", "ours"), [(PermissionError(13, "no"), PermissionMissing), (OSError(5, "secret"), Transient)]
)
def test_the_operating_systems_refusals_become_ours(
    till: Till, monkeypatch: pytest.MonkeyPatch, fault: OSError, ours: type[HubError]
) -> None:
    till.put("members.csv", MEMBER_TEXT)

    def refuse(_: Path) -> bytes:
        raise fault

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ours, match=r"members\.csv") as caught:
        till.rows(columns=MEMBERS)
    assert "secret" not in str(caught.value)


def test_a_closing_line_proves_the_number_of_rows(till: Till) -> None:
    trailer = r"合计,(?P<rows>\d+)"
    till.put("members.csv", MEMBER_TEXT + "合计,2,\n")
    assert till.rows(columns=MEMBERS, trailer=trailer) == MEMBER_ROWS
    till.put("members.csv", MEMBER_TEXT + "合计,3,\n")
    with pytest.raises(Transient, match="has 2 rows, its closing line says 3"):
        till.rows(columns=MEMBERS, trailer=trailer)
    till.put("members.csv", MEMBER_TEXT)
    with pytest.raises(Transient, match="closing line is missing"):
        till.rows(columns=MEMBERS, trailer=trailer)
    till.put("members.csv", "会员号,姓名,手机\n")
    with pytest.raises(Transient, match="closing line is missing"):
        till.rows(columns=MEMBERS, trailer=trailer)


# -- going on after a page


def _three_pages(till: Till) -> Callable[..., Iterator[Page]]:
    till.put("1.csv", "会员号,姓名\n" + "".join(f"A{number},甲\n" for number in range(PAGE + 1)))
    till.put("2.csv", "会员号,姓名\nB1,乙\nB2\n")
    return lambda position=None: till.reading(position, columns={"name": "姓名"})


def test_a_read_goes_on_after_any_page_with_the_same_end(till: Till) -> None:
    reading = _three_pages(till)
    whole = list(reading())
    assert [len(page.rows) for page in whole] == [PAGE, 1, 1, 0]
    assert [page.position and (page.position["file"], page.position["row"]) for page in whole] == [
        ("1.csv", PAGE),
        ("1.csv", PAGE + 1),
        ("2.csv", 2),
        None,
    ]
    for number, page in enumerate(whole[:-1], 1):
        assert list(reading(json.loads(json.dumps(page.position)))) == whole[number:]
    assert whole[-1].end == End(before=PAGE + 2, after=PAGE + 2, swept=False)


def test_a_position_in_files_that_changed_starts_again(till: Till) -> None:
    reading = _three_pages(till)
    position = list(reading())[2].position
    till.put("1.csv", "会员号,姓名\nA1,乙\n")
    assert list(reading(position)) == [Page(restart=True)]


def test_a_file_that_comes_before_the_position_starts_again(till: Till) -> None:
    reading = _three_pages(till)
    position = list(reading())[2].position
    till.put("0.csv", "会员号,姓名\nC1,乙\n")
    assert list(reading(position)) == [Page(restart=True)]


# -- doctor


def test_check_finds_what_is_missing_stream_by_stream(till: Till) -> None:
    till.put("members.csv", MEMBER_TEXT, age=0)
    stated = {"mode": "snapshot", "key": ["会员号"], "noun": "customers"}
    streams = {
        "good": {**stated, "path": "members.csv", "columns": MEMBERS},
        "absent": {**stated, "path": "gone.csv"},
        "wrong": {**stated, "path": "members.csv", "columns": {"note": "备注"}},
    }
    chosen = CsvFileSettings.model_validate({"streams": streams})
    findings = list(CsvFile(chosen, Tools("pos", till.clock, Place(), str(till.folder))).check())
    assert [(found.subject, found.good) for found in findings] == [
        ("stream good", True),
        ("stream absent", False),
        ("stream wrong", False),
    ]
    assert 'no column "备注"' in findings[2].remedy
    assert "gone.csv: no file matches" in findings[1].remedy


def test_digests_depend_on_what_was_read_before() -> None:
    assert files.digest(b"a", "") != files.digest(b"a", files.digest(b"b", ""))


def test_rows_are_documented_where_they_are_made() -> None:
    assert '{"key": "M001"' in (rows.__doc__ or "")
