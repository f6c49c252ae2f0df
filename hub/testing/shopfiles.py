"""The files that the two shops' tills export of the invented population.

    stores.csv, staff.csv       UTF-8, the brand's registers            STORE_COLUMNS, STAFF_COLUMNS
    shop_a_members.csv          GB18030, Chinese headers                MEMBERS_A
    shop_a_orders.csv           GB18030, Chinese headers, status words  ORDERS_A, STATUSES_A
    shop_b_members.xlsx         first sheet, English headers, dates as dates, phones as text   MEMBERS_B
    shop_b_orders.csv           UTF-8 with a byte order mark            ORDERS_B, STATUSES_B

An order takes one row a position and repeats its number; its member number is blank for a guest, times are local
(Asia/Shanghai), amounts are yuan with two decimals, `refunded` is what was given back on the position. The constants
map a meaning (the key) to the shop's column name or status word, so that a configuration can be written from them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from openpyxl import Workbook

from hub.testing.people import ZONE, Line, Population, Purchase, Sighting
from hub.testing.people import key_in as member_number

Columns = Mapping[str, str]
Cell = str | datetime | None
Row = dict[str, Cell]

STORE_COLUMNS = ("code", "name", "type", "region", "parent", "opening_hours")
STAFF_COLUMNS = ("code", "name", "store", "role")

MEMBERS_A: Columns = MappingProxyType(
    {
        "number": "会员号",
        "name": "姓名",
        "gender": "性别",
        "birthday": "生日",
        "phone": "手机号",
        "email": "邮箱",
        "province": "省",
        "city": "市",
        "district": "区",
        "street": "地址",
        "postcode": "邮编",
        "store": "所属门店",
        "registered": "注册时间",
        "card": "会员卡号",
        "note": "备注",
    }
)
MEMBERS_B: Columns = MappingProxyType(
    {
        "number": "Member ID",
        "name": "Name",
        "gender": "Gender",
        "birthday": "Birthday",
        "phone": "Mobile",
        "email": "E-mail",
        "province": "Province",
        "city": "City",
        "district": "District",
        "street": "Street",
        "postcode": "Postcode",
        "store": "Home store",
        "registered": "Joined",
        "card": "Card",
        "note": "Remark",
    }
)
ORDERS_A: Columns = MappingProxyType(
    {
        "number": "订单号",
        "member": "会员号",
        "phone": "手机号",
        "placed": "下单时间",
        "delivered": "送达日期",
        "store": "门店",
        "staff": "导购",
        "payment": "支付方式",
        "currency": "币种",
        "sku": "商品编码",
        "category": "品类",
        "quantity": "数量",
        "unit_price": "单价",
        "discount": "优惠",
        "refunded": "退款金额",
        "status": "状态",
    }
)
ORDERS_B: Columns = MappingProxyType(
    {
        "number": "order_no",
        "member": "member_id",
        "phone": "mobile",
        "placed": "placed_at",
        "delivered": "delivered_on",
        "store": "store_code",
        "staff": "staff_code",
        "payment": "pay_type",
        "currency": "currency",
        "sku": "item_no",
        "category": "item_group",
        "quantity": "qty",
        "unit_price": "price",
        "discount": "reduction",
        "refunded": "refund",
        "status": "state",
    }
)
GENDERS_A: Columns = MappingProxyType({"female": "女", "male": "男"})
STATUSES_A: Columns = MappingProxyType(
    {"paid": "已付款", "shipped": "已发货", "done": "已完成", "returned": "已退货", "cancelled": "已取消"}
)
STATUSES_B: Columns = MappingProxyType(
    {"paid": "PAID", "shipped": "SHIPPED", "done": "COMPLETE", "returned": "RETURNED", "cancelled": "CANCELLED"}
)


@dataclass(frozen=True)
class ShopFiles:
    """Where the files were written."""

    stores: Path
    staff: Path
    members_a: Path
    orders_a: Path
    members_b: Path
    orders_b: Path


def write_shop_files(population: Population, folder: Path) -> ShopFiles:
    """Write all six files into `folder`, replacing what is there; the same population gives the same content."""
    folder.mkdir(parents=True, exist_ok=True)
    files = ShopFiles(
        folder / "stores.csv",
        folder / "staff.csv",
        folder / "shop_a_members.csv",
        folder / "shop_a_orders.csv",
        folder / "shop_b_members.xlsx",
        folder / "shop_b_orders.csv",
    )
    _write_csv(files.stores, STORE_COLUMNS, (_fields(one, STORE_COLUMNS) for one in population.stores))
    _write_csv(files.staff, STAFF_COLUMNS, (_fields(one, STAFF_COLUMNS) for one in population.staff))
    _write_csv(files.members_a, MEMBERS_A.values(), _members_a(population), encoding="gb18030")
    _write_csv(files.orders_a, ORDERS_A.values(), _orders(population, "A", ORDERS_A, STATUSES_A), encoding="gb18030")
    _write_sheet(files.members_b, MEMBERS_B.values(), _members_b(population))
    _write_csv(files.orders_b, ORDERS_B.values(), _orders(population, "B", ORDERS_B, STATUSES_B), encoding="utf-8-sig")
    return files


def _fields(entry: object, columns: Iterable[str]) -> Row:
    return {column: getattr(entry, column) for column in columns}


def _named(columns: Columns, values: Row) -> Row:
    return {columns[meaning]: value for meaning, value in values.items()}


def _member(seen: Sighting, gender: str | None, registered: Cell) -> Row:
    return {
        "number": seen.key,
        "name": seen.name,
        "gender": gender,
        "birthday": seen.birthday,
        "phone": seen.phone,
        "email": seen.email,
        "province": seen.province,
        "city": seen.city,
        "district": seen.district,
        "street": seen.street,
        "postcode": seen.postcode,
        "store": seen.home_store,
        "registered": registered,
        "card": seen.card,
        "note": seen.note,
    }


def _members_a(population: Population) -> Iterator[Row]:
    for seen in population.sightings("pos:A"):
        gender = GENDERS_A[seen.gender] if seen.gender else None
        row = _member(seen, gender, _local(seen.registered))
        row["birthday"] = seen.birthday.replace("-", "/").lstrip("/") if seen.birthday else None
        yield _named(MEMBERS_A, row)


def _members_b(population: Population) -> Iterator[Row]:
    for seen in population.sightings("pos:B"):
        row = _member(seen, seen.gender, seen.registered.astimezone(ZONE).replace(tzinfo=None))
        if seen.birthday and not seen.birthday.startswith("--"):
            row["birthday"] = datetime.fromisoformat(seen.birthday)
        yield _named(MEMBERS_B, row)


def _orders(population: Population, shop: str, columns: Columns, statuses: Columns) -> Iterator[Row]:
    for order in population.orders_in(f"pos:{shop}"):
        head = _head(order, f"pos:{shop}", statuses)
        for line in order.lines:
            yield _named(columns, {**head, **_position(line)})


def _head(order: Purchase, system: str, statuses: Columns) -> Row:
    return {
        "number": order.number,
        "member": "" if order.guest else member_number(system, order.person),
        "phone": order.phone,
        "placed": _local(order.placed),
        "delivered": order.delivered.isoformat() if order.delivered else None,
        "store": order.store,
        "staff": order.staff,
        "payment": order.payment,
        "currency": order.currency,
        "status": statuses[order.status],
    }


def _position(line: Line) -> Row:
    return {
        "sku": line.sku,
        "category": line.category,
        "quantity": str(line.quantity),
        "unit_price": _money(line.unit_price),
        "discount": _money(line.discount),
        "refunded": _money(line.refunded),
    }


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _write_csv(path: Path, columns: Iterable[str], rows: Iterable[Row], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)


def _write_sheet(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """A workbook with one sheet; phones and numbers are text cells, as tills write them."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("members")
    names = list(columns)
    sheet.append(names)

    for row in rows:
        sheet.append([row[name] for name in names])
    book.save(path)
