"""What the invented population is made of: people, stores, staff, purchases, and the canaries among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which all shops of the invented brand keep their books."""

TODAY = date(2026, 3, 1)
"""The day on which the population stands unless told otherwise."""

Gender = Literal["female", "male"]
Status = Literal["paid", "shipped", "done", "returned", "cancelled"]


@dataclass(frozen=True, slots=True)
class Person:
    """One invented human being as they truly are; `number` is the truth that tests compare with.

    `birthday` is an ISO date, or `--MM-DD` where the person never tells the year. `phone` is E.164. People of one
    `household` share it; where `shop_phone` is set it is the store's, typed by a clerk for want of a better one.
    """

    number: int
    family: str
    given: str
    latin: tuple[str, str]
    chinese: bool
    gender: Gender
    birthday: str | None
    phone: str | None
    email: str | None
    province: str
    city: str
    district: str
    street: str
    postcode: str
    home_store: str
    registered: datetime
    card: str
    opted_out: bool
    household: int | None = None
    shop_phone: bool = False
    note: str | None = None
    canary: bool = False

    @property
    def name(self) -> str:
        """The full name in the order of its language."""
        return self.family + self.given if self.chinese else f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One system's record of a person, as typed there. `key` is its id in that system, `person` the truth."""

    system: str
    key: str
    person: int
    family: str
    given: str
    name: str
    gender: Gender | None
    birthday: str | None
    phone: str | None
    email: str | None
    province: str | None
    city: str | None
    district: str | None
    street: str | None
    postcode: str | None
    home_store: str
    registered: datetime
    card: str | None
    opted_out: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One position of a purchase; amounts in yuan."""

    sku: str
    name: str
    category: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    refunded: Decimal

    @property
    def total(self) -> Decimal:
        """What the position cost after its discount."""
        return self.unit_price * self.quantity - self.discount


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order. `shop` is A or B, or `crm` for a phone order that only the CRM holds.

    `person` is the truth; `guest` orders carry no member number, and a phone only where `phone` is not None.
    """

    number: str
    shop: Literal["A", "B", "crm"]
    person: int
    guest: bool
    phone: str | None
    store: str
    staff: str
    placed: datetime
    delivered: date | None
    status: Status
    payment: str
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """What was to be paid after discounts."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def refunded(self) -> Decimal:
        """What was given back since."""
        return sum((line.refunded for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Store:
    """One entry of the store register. `shop` tells whose till stands there."""

    code: str
    name: str
    shop: Literal["A", "B"]
    type: Literal["owned", "franchise", "distributor"]
    region: str
    parent: str
    opening_hours: str
    phone: str


@dataclass(frozen=True, slots=True)
class Clerk:
    """One entry of the staff register; `store` is a store's code."""

    code: str
    name: str
    store: str
    role: str


STORES = (
    Store("SH01", "上海淮海店", "A", "owned", "华东", "", "10:00-22:00", "+8613000000101"),
    Store("SH02", "上海徐家汇店", "A", "owned", "华东", "SH01", "10:00-22:00", "+8613000000102"),
    Store("HZ01", "杭州西湖店", "A", "franchise", "华东", "SH01", "09:30-21:30", "+8613000000103"),
    Store("CD01", "成都春熙店", "A", "distributor", "西南", "", "10:00-22:30", "+8613000000104"),
    Store("GZ01", "广州天河店", "B", "owned", "华南", "", "10:00-22:00", "+8613000000201"),
    Store("SZ01", "深圳南山店", "B", "franchise", "华南", "GZ01", "10:00-22:00", "+8613000000202"),
    Store("BJ01", "北京朝阳店", "B", "distributor", "华北", "", "10:00-21:30", "+8613000000203"),
)

_ROLES = ("head", "adviser", "cashier")
_CLERKS = (
    "赵店长 钱顾问 孙收银 李店长 周顾问 吴收银 郑店长 王顾问 冯收银 陈店长 褚顾问 卫收银 "
    "蒋店长 沈顾问 韩收银 杨店长 朱顾问 秦收银 尤店长 许顾问 何收银"
)

STAFF = tuple(
    Clerk(f"{store.code}-{place + 1}", name, store.code, _ROLES[place])
    for store, names in zip(STORES, zip(*[iter(_CLERKS.split())] * 3, strict=True), strict=True)
    for place, name in enumerate(names)
)

CANARY_NAMES = (("亓官", "霁璃"), ("Quistgaard", "Zebulonia"), ("濮阳", "瓘珺"))

CANARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": tuple(part for parts in CANARY_NAMES for part in parts),
        "phone": ("19107654301", "19107654302", "19107654303"),
        "email": tuple(f"canary.{word}@birdcage.example.org" for word in ("amsel", "wren", "zeisig")),
        "street": ("栖枭胡同 707 号", "808 Nightjar Close", "鹮鹭里 909 弄"),
        "note": ("对蜂毒过敏-鸢尾七号", "allergic to bee stings kestrel-8", "只在雨天来访-鹡鸰九号"),
    }
)
"""Values that occur in the canaries' records and nowhere else: found in a log, a metric or a digest they prove a leak.

Phones are the national digits, contained in every spelling that the systems hold; names are the parts of the names.
"""
