"""The catalogue of facts: the only names that rules may use, what they mean, and what they are called in Chinese.

A fact is a column of the stored table `facts`, or *derived*: an expression of the rule language over other facts, put in
its place when a rule is read. Days are proleptic ordinals, money is in minor units of the brand's currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["count", "money", "number", "day", "text", "flag"]
"""`count` is a whole number, `number` may have decimals, `flag` is 1 or 0."""

Group = Literal["orders", "lines", "habits", "cases", "profile", "age", "custom", "derived"]
"""Where a fact comes from; what no rule reads of a group is not computed."""

WINDOWS = ("30d", "90d", "180d", "365d", "ytd", "last_year", "life")
"""Spans of time that order facts look back over, the as-of day included: so many days, this year, the year before, ever."""

_SPANS = {
    "30d": ("in the last 30 days", "近30天"), "90d": ("in the last 90 days", "近90天"),
    "180d": ("in the last 180 days", "近180天"), "365d": ("in the last 365 days", "近365天"),
    "ytd": ("this calendar year", "今年"), "last_year": ("in the calendar year before", "去年"), "life": ("ever", "累计"),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One name that rules may use. `zh` are its Chinese names, the first one is shown; `window` is one of `WINDOWS`.

    `label` is what figures are called before people; `derived` is the expression that a derived fact stands for.
    """

    name: str
    kind: Kind
    group: Group
    means: str
    zh: tuple[str, ...] = ()
    window: str = ""
    label: str = ""
    derived: str = ""


def _spans(
    stem: str, kind: Kind, group: Group, means: str, zh: str, label: str, windows: tuple[str, ...]
) -> Iterator[Fact]:
    for window in windows:
        span, span_zh = _SPANS[window]
        said = f"{label} {span.removeprefix('in the last ') if window.endswith('d') else span}"
        said = f"{label} in {span.removeprefix('in the last ')}" if window[0].isdigit() else said
        yield Fact(f"{stem}_{window}", kind, group, f"{means} {span}", (span_zh + zh,), window, said)


def _rates(
    stem: str, kind: Kind, means: str, zh: str, label: str, derived: str, windows: tuple[str, ...]
) -> Iterator[Fact]:
    for fact in _spans(stem, kind, "derived", means, zh, label, windows):
        yield Fact(fact.name, kind, "derived", fact.means, fact.zh, "", fact.label, derived.replace("{w}", fact.window))


_TWO = ("365d", "life")

_ORDERS = (
    *_spans("orders", "count", "orders", "orders that count as bought, those given back in full left out,", "订单数", "orders",
            WINDOWS),
    *_spans("spend", "money", "orders", "money spent, less what was given back,", "消费", "spent", WINDOWS),
    *_rates("aov", "money", "average value of an order", "客单价", "average order", "spend_{w} / orders_{w}", WINDOWS),
    Fact("first_order_on", "day", "orders", "day of the first order", ("首单日期",)),
    Fact("last_order_on", "day", "orders", "day of the last order", ("末单日期",)),
    Fact("recency", "count", "derived", "days since the last order", ("距末单天数",), label="days since the last order",
         derived="days_since(last_order_on)"),
    Fact("purchase_interval", "number", "derived", "average number of days between two orders", ("平均购买间隔",),
         label="days between orders", derived="(last_order_on - first_order_on) / (orders_life - 1)"),
    *_spans("gross", "money", "orders", "money that was to be paid for what was bought, before anything was given back,",
            "成交额", "bought for", _TWO),
    *_spans("refunded", "money", "orders", "money given back", "退款", "given back", _TWO),
    *_rates("return_rate", "number", "share of the money paid that was given back", "退货率", "share given back",
            "refunded_{w} / gross_{w}", _TWO),
    *_spans("discount", "money", "lines", "discounts on what was bought", "优惠", "discounts", _TWO),
    *_rates("discount_share", "number", "share of the full price that was taken off", "折扣率", "share taken off",
            "discount_{w} / (gross_{w} + discount_{w})", _TWO),
    Fact("favourite_category", "text", "lines",
         "category bought in most orders; of equals the latest bought, then the first by name", ("最爱品类",)),
    Fact("favourite_sku", "text", "lines", "article bought in most orders, as above", ("最爱商品",)),
    Fact("favourite_store", "text", "habits", "store of most orders, as above", ("常去门店",)),
    Fact("favourite_channel", "text", "habits", "channel of most orders (store, online, phone, other), as above", ("常用渠道",)),
    Fact("channel_type", "text", "habits", "store, online or both: where the customer buys", ("渠道类型",)),
    Fact("usual_hour", "count", "habits", "hour of the day (0 to 23, the brand's time) of most orders", ("常购时段",)),
    Fact("usual_weekday", "count", "habits", "day of the week (1 is Monday) of most orders", ("常购星期",)),
)  # fmt: skip

_SERVICE = (
    Fact("open_cases", "count", "cases", "cases that are not solved or closed", ("未结工单",)),
    Fact("cases_365d", "count", "cases", "cases opened in the last 365 days", ("近365天工单数",), "365d", "cases in 365 days"),
    Fact("cases_life", "count", "cases", "cases ever", ("累计工单数",)),
    Fact("last_case_on", "day", "cases", "day on which the latest case was opened", ("末次工单日期",)),
    Fact("last_contact_on", "day", "cases", "day of the latest word with the customer: a case opened, answered or closed",
         ("末次联系日期",)),
    Fact("last_satisfaction", "count", "cases", "what was said of the latest case that has a satisfaction, 1 to 5",
         ("末次满意度",)),
)  # fmt: skip

_PERSON = (
    Fact("registered_on", "day", "profile", "day of registration", ("注册日期",)),
    Fact("gender", "text", "profile", "female or male", ("性别",)),
    Fact("province", "text", "profile", "province of the main address", ("省份",)),
    Fact("city", "text", "profile", "city of the main address", ("城市",)),
    Fact("home_store", "text", "profile", "code of the home store", ("归属门店",)),
    Fact("birth_year", "count", "profile", "year of birth", ("出生年",)),
    Fact("birth_month", "count", "profile", "month of birth", ("出生月",)),
    Fact("birth_day", "count", "profile", "day of birth in its month", ("出生日",)),
    Fact("age", "count", "age", "years of age on the as-of day", ("年龄",)),
    Fact("has_phone", "flag", "profile", "1 when a phone is known", ("有手机号",)),
    Fact("has_email", "flag", "profile", "1 when an e-mail address is known", ("有邮箱",)),
    Fact("has_wechat", "flag", "profile", "1 when a WeChat id is known", ("有微信",)),
    Fact("phone_region", "text", "profile", "country of the main phone number, as in CN or HK", ("手机号地区",)),
    Fact("children", "count", "profile", "children whose birthday is known: named dates that begin with child or 孩子",
         ("孩子数",)),
    Fact("youngest_born_on", "day", "profile", "day of birth of the youngest such child", ("最小孩子出生日",)),
    Fact("eldest_born_on", "day", "profile", "day of birth of the eldest such child", ("最大孩子出生日",)),
    Fact("records", "count", "profile", "number of records that make up the customer", ("档案数",)),
    Fact("systems", "count", "profile", "number of systems that know the customer", ("系统数",)),
    Fact("quality", "count", "profile", "quality of the record, 0 to 100: complete, valid, agreed between systems",
         ("档案质量",)),
    Fact("confirmed_on", "day", "profile", "day on which a system last changed its word on name, phone, e-mail or address",
         ("末次确认日期",)),
)  # fmt: skip
"""Facts about the person, nothing that identifies them."""

CATALOGUE: dict[str, Fact] = {fact.name: fact for fact in (*_ORDERS, *_SERVICE, *_PERSON)}
"""All facts that KeHub brings, by name. A brand's own are added from its rules."""

STORED = frozenset(name for name, fact in CATALOGUE.items() if not fact.derived)
"""The facts that are kept; the others are derived from them."""

REFUSED: dict[str, str] = {
    "name": "has no fact of its own", "family_name": "has no fact of its own", "given_name": "has no fact of its own",
    "phone": "use has_phone or phone_region", "other_phones": "use has_phone", "email": "use has_email",
    "other_emails": "use has_email", "wechat_unionid": "use has_wechat", "wechat_openid": "use has_wechat",
    "member_card": "has no fact of its own", "street": "use city or province", "district": "use city or province",
    "postcode": "use city or province", "birthday": "use age, birth_year, birth_month or birth_day",
    "note": "has no fact of its own", "push_token": "has no fact of its own", "named_dates": "use children",
}  # fmt: skip
"""Fields that identify a person: sealed in the store, so no rule can read them; and what to use instead."""

DIMENSIONS: dict[str, str] = {
    "category": "path of the article's category; a path counts with all below it", "sku": "article number",
    "channel": "store, online, phone or other", "store": "code of the store", "city": "the store's city",
    "province": "the store's province", "region": "the store's region", "payment": "way of payment",
}  # fmt: skip
"""What orders can be counted by in `orders_on('category', '鞋/跑鞋', '365d')` and `spend_on(...)`."""
