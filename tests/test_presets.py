"""The presets of the trade at work: `kehub init`, files as a till writes them, `kehub sync`, and figures made by hand.

The day is 1 March 2026. What each person must be is worked out beside their orders.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.cli import main
from hub.settings import presets
from tests.conftest import NOW

ORDERS = "订单号,会员号,下单时间,渠道,门店,状态,商品编码,品类,数量,单价,优惠,退款金额\n"


@dataclass
class Shop:
    """A folder made by `kehub init`, and its command line."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def kehub(self, *arguments: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(self.folder / "kehub.yaml"), *arguments])
        out, err = self.capsys.readouterr()
        assert ended.value.code == code, out + err
        return out

    def facts(self, *arguments: str) -> Any:
        return orjson.loads(self.kehub(*arguments, "--json"))

    def put(self, name: str, text: str) -> None:
        """A file that the till finished an hour ago."""
        (self.folder / "files").mkdir(exist_ok=True)
        path = self.folder / "files" / name
        path.write_text(text, encoding="gb18030")
        os.utime(path, (NOW.timestamp() - 3600,) * 2)

    def orders(self, text: str, *, channel: bool = True) -> None:
        """Orders as `member day hour category price back [channel]`, one line each; with a column for the channel or not."""
        rows = [_order(number, *line.split()) for number, line in enumerate(text.strip().splitlines())]
        lines = [ORDERS, *rows] if channel else [re.sub(",(渠道|门店)", "", row, count=1) for row in (ORDERS, *rows)]
        self.put("订单0301.csv", "".join(lines))

    def sync(self) -> None:
        """Check and run, nothing is to be written, nothing waits."""
        self.kehub("doctor")
        report = self.facts("sync")
        assert report["state"] == "done"
        assert not [stream for stream in report["streams"] if stream["quarantined"] or stream["flaws"]]

    def decided(self, *people: str) -> dict[str, dict[str, str]]:
        """person -> what each programme decided."""
        whys = {person: self.facts("why", f"pos:{person}") for person in people}
        return {person: {each["programme"]: each["value"] for each in why["decisions"]} for person, why in whys.items()}

    def segments(self, *people: str) -> dict[str, list[str]]:
        """segment -> who is in it; of all segments that the rules name."""
        found: dict[str, list[str]] = {one["segment"]: [] for one in self.facts("segments", "list")}
        for person in people:
            for stay in self.facts("why", f"pos:{person}")["segments"]:
                found[stay["segment"]].append(person)
        assert {one["segment"]: one["size"] for one in self.facts("segments", "list")} == {
            name: len(members) for name, members in found.items()
        }
        return found


def _order(
    number: int, member: str, day: str, hour: str, category: str, price: str, back: str = "0", channel: str = "门店"
) -> str:
    return f"D{number},{member},{day} {hour},{channel},001,已完成,K{number},{category},1,{price},0,{back}\n"


@pytest.fixture
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shop:
    """A brand that began with the preset that the test's name ends in."""
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    monkeypatch.delenv("KEHUB_CONFIG", raising=False)
    monkeypatch.delenv("KEHUB_KEY", raising=False)
    preset = request.node.name.rpartition("_")[2]
    with pytest.raises(SystemExit) as ended:
        main(["init", str(tmp_path / "brand"), "--preset", preset, "--key-file", str(tmp_path / "brand.key")])
    out, err = capsys.readouterr()
    assert ended.value.code == 0, out + err
    return Shop(tmp_path / "brand", capsys)


def test_a_sports_brand_begins_with_sportswear(shop: Shop) -> None:
    shop.put("会员.csv", """会员号,姓名,手机号,城市,注册时间
M1,王芳,13800000001,上海,2024-01-05
M2,李雷,13800000002,杭州,2026-02-20
M3,张伟,13800000003,北京,2023-05-01
M4,赵敏,13800000004,广州,2023-05-01
M5,孙浩,13800000005,北京,2023-05-01
M6,周杰,13800000006,北京,2023-05-01
M7,吴静,13800000007,上海,2025-12-01
""")  # fmt: skip
    # M1: 6 orders, 10,200 within the year; 6,400 of it for running shoes, bought in 4 of them; 5 orders of 1,000 and more
    # M3: 4,000 243 days ago; M4: 6,000 259 days ago
    # M5: silver from 2024-12-01; reviewed on 2025-12-01, lost 30 days later. M6: silver from 2025-02-10; reviewed on
    # 2026-02-10, so kept until 2026-03-12
    # M7: 700 of 1,200 given back; one order of running shoes
    shop.orders("""
M1 2025-12-20 12:00 鞋/跑鞋/缓震 3200
M1 2026-01-10 12:00 鞋/跑鞋 1200
M1 2026-02-01 12:00 服装 800
M1 2026-02-10 12:00 鞋/跑鞋 1000
M1 2026-02-20 12:00 鞋/跑鞋 1000
M1 2026-02-25 12:00 服装 3000
M3 2025-07-01 12:00 鞋/篮球鞋 4000
M4 2025-06-15 12:00 服装/夹克 6000
M5 2024-12-01 12:00 服装 2000
M6 2025-02-10 12:00 服装 2000
M7 2026-01-05 12:00 配件 400 300
M7 2026-01-15 12:00 配件 400 300
M7 2026-02-15 12:00 鞋/跑鞋 400 100
""")
    shop.sync()
    # RFM among M1, M3, M4, M7, who bought within the year: days 4, 243, 259, 14; orders 6, 1, 1, 3; money 10,200, 4,000,
    # 6,000, 500. Of four, each has a score of its own from the top of its figure: days 5 3 2 4, orders 4 1 1 3,
    # money 4 2 3 1.
    assert shop.decided("M1", "M2", "M3", "M4", "M5", "M6", "M7") == {
        "M1": {"membership": "platinum", "running_club": "elite", "stage": "loyal", "rfm": "champions"},  # 5, 4
        "M2": {"membership": "member", "running_club": "none", "stage": "prospect", "rfm": "none"},
        "M3": {"membership": "silver", "running_club": "none", "stage": "at_risk", "rfm": "about_to_sleep"},  # 3, 2
        "M4": {"membership": "gold", "running_club": "none", "stage": "at_risk", "rfm": "hibernating"},  # 2, 2
        "M5": {"membership": "member", "running_club": "none", "stage": "lost", "rfm": "lost"},  # 1, 1
        "M6": {"membership": "silver", "running_club": "none", "stage": "lost", "rfm": "lost"},  # 1, 1
        "M7": {
            "membership": "member",
            "running_club": "runner",
            "stage": "repeat",
            "rfm": "potential_loyalists",
        },  # 4, 2
    }
    assert shop.segments("M1", "M2", "M3", "M4", "M5", "M6", "M7") == {
        "shanghai_and_hangzhou": ["M1", "M2", "M7"],
        "new_members_no_order": ["M2"],
        "winback": ["M3", "M4"],
        "marathon": ["M1"],
        "vip_winback": ["M4"],
        "big_baskets": ["M1"],
        "shop_friends": ["M1"],
        "many_returns": ["M7"],
    }


def test_a_toy_brand_begins_with_toys(shop: Shop) -> None:
    shop.put("会员.csv", """会员号,姓名,手机号,性别,城市,注册时间,孩子生日,二宝生日
P1,陈晨,13800000001,女,上海,2025-06-01,2025-09-01,
P2,刘洋,13800000002,男,上海,2020-06-01,2019-01-01,2022-06-01
P3,何丽,13800000003,女,上海,2025-06-01,,
P4,郑爽,13800000004,女,上海,2025-06-01,2024-06-01,
P5,林涛,13800000005,男,上海,,,
P6,高峰,13800000006,男,上海,2025-06-01,05-20,
""")  # fmt: skip
    # children on the day: P1 181 days; P2 2,616 (eldest) and 1,369 (youngest); P4 638; that of P6 has no year, so no age
    shop.orders(
        """
P1 2025-12-15 12:00 积木 3000
P1 2026-02-10 12:00 积木/城市 6000
P2 2025-11-01 12:00 积木 600
P3 2025-10-01 12:00 毛绒 300
P6 2025-10-10 12:00 益智 800
P6 2025-11-10 12:00 益智 800
P6 2025-12-20 12:00 益智 800
P6 2026-01-20 12:00 益智 800
""",
        channel=False,
    )
    shop.put("工单.csv", """工单号,会员号,类型,创建时间,关闭时间,状态
G1,P3,投诉,2026-01-15,2026-01-20,已关闭
G2,P4,咨询,2026-02-27,,处理中
""")  # fmt: skip
    shop.sync()
    # RFM's cut points are of 1 January, when P1, P2, P3, P6 had bought: days 17, 61, 92, 12; orders 1, 1, 1, 3; money 3,000,
    # 600, 300, 2,400. On the day: P1 19 days, 2, 9,000; P2 120, 1, 600; P3 151, 1, 300; P6 40, 4, 3,200.
    assert shop.decided("P1", "P2", "P3", "P4", "P5", "P6") == {
        "P1": {"family": "rainbow", "stage": "regular", "rfm": "loyal_customers"},  # 3; 4 and 5
        "P2": {"family": "seed", "stage": "customer", "rfm": "lost"},  # 1; 1 and 2
        "P3": {"family": "seed", "stage": "customer", "rfm": "lost"},  # 1; 1 and 1
        "P4": {"family": "guest", "stage": "prospect", "rfm": "none"},
        "P5": {"family": "guest", "stage": "suspect", "rfm": "none"},
        "P6": {"family": "star", "stage": "supporter", "rfm": "loyal_customers"},  # 3; 5 and 5
    }
    assert shop.segments("P1", "P2", "P3", "P4", "P5", "P6") == {
        "with_baby": ["P1"],
        "with_toddler": ["P4"],
        "with_preschooler": ["P2"],
        "with_schoolchild": ["P2"],
        "gift_buyers": ["P1", "P6"],
        "builders": ["P1", "P2"],
        "no_birthday_known": ["P3", "P6"],
        "builders_with_schoolchild": ["P2"],
        "follow_up": ["P3"],
    }


def test_a_single_shop_begins_with_store(shop: Shop) -> None:
    shop.put("会员.csv", """会员号,姓名,手机号,生日,注册时间
S1,王芳,13800000001,1985-03-02,2025-12-01
S2,李雷,13800000002,1990-05-12,2025-01-01
S3,张伟,13800000003,,2024-01-01
S4,赵敏,13800000004,,2026-02-01
S5,孙浩,,,
S6,周杰,13800000006,,2024-01-01
""")  # fmt: skip
    # S1: 3,100 this year, 3 orders in 90 days; S2: 1,200 last year; S3: 1,500 last year in 5 orders, the last 142 days ago;
    # S6: 5,000 in 2024
    shop.orders("""
S1 2026-01-05 10:00 女装 1500
S1 2026-01-20 10:30 女装 1000
S1 2026-02-20 10:15 女装 600 0 线上
S2 2025-06-01 20:00 男装 1200
S3 2025-03-10 15:00 男装 300
S3 2025-05-10 15:00 男装 300
S3 2025-08-10 15:00 男装 300
S3 2025-09-10 15:00 男装 300
S3 2025-10-10 15:00 男装 300
S6 2024-06-01 15:00 男装 5000
""")
    shop.sync()
    assert shop.decided("S1", "S2", "S3", "S4", "S5", "S6") == {
        "S1": {"card": "gold", "stage": "deal"},
        "S2": {"card": "silver", "stage": "deal"},
        "S3": {"card": "silver", "stage": "loyalty"},
        "S4": {"card": "member", "stage": "exploration"},
        "S5": {"card": "member", "stage": "awareness"},
        "S6": {"card": "member", "stage": "deal"},
    }
    assert shop.segments("S1", "S2", "S3", "S4", "S5", "S6") == {
        "regulars": ["S1"],
        "online_and_shop": ["S1"],
        "birthday_in_may": ["S2"],
        "morning_people": ["S1"],
        "away": ["S3"],
        "quiet_regulars": ["S3"],
    }


@pytest.mark.parametrize("preset", ["sportswear", "toys", "store"])
def test_a_preset_is_told_in_english_and_chinese(preset: str) -> None:
    text = (Path(__file__).parent.parent / "config" / f"{preset}.yaml").read_text(encoding="utf-8")
    first, second, *_ = text.splitlines()
    assert first.isascii()
    assert re.search("[\u4e00-\u9fff]", second)
    sections = re.findall(r"(?:^ *#.*\n)+(?=\S|  \S)", text, re.MULTILINE)
    assert all(re.search("[\u4e00-\u9fff]", section) for section in sections)
    assert max(map(len, text.splitlines())) <= 130
    assert preset in presets()
