"""The nouns of a retail brand, as every part of KeHub agrees on them. No I/O, imports nothing of ours.

A connector's mapping turns a foreign row into one of the *noun* models below (`NOUNS`); whatever does not fit goes to
quarantine with its reason. Strings arrive in canonical form (see `hub.forms`): phones E.164, e-mails lower case,
dates ISO, times UTC. Money is Decimal here and integer minor units in the store; it is never a float.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{4,14}$")]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
BirthDate = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d\d-\d\d|--\d\d-\d\d)$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Short = Annotated[str, StringConstraints(max_length=500)]
Long = Annotated[str, StringConstraints(max_length=4_000_000)]


class Noun(BaseModel):
    """Base of all nouns: frozen, and an unknown field is a mistake of the mapping, not something to drop quietly."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Consent(Noun):
    """What one person allowed or forbade for one purpose and channel, and what proves it."""

    channel: Literal["email", "sms", "phone", "wechat", "post", "push"]
    purpose: Short = "marketing"
    state: Literal["opted_in", "opted_out"]
    at: datetime | None = None
    source: Short = ""
    evidence: Short = ""


class Customer(Noun):
    """One system's record of a person (or, after survivorship, the golden record).

    `birthday` is an ISO date, or `--MM-DD` where the year is unknown; `birthday_calendar` tells which calendar it is
    counted in. `phone` and `email` are the main ones; the others count for identity too. `home_store` and `adviser`
    are codes of the store and staff registers. `custom` holds the site's own attributes.
    """

    name: Short | None = None
    family_name: Short | None = None
    given_name: Short | None = None
    gender: Literal["female", "male"] | None = None
    birthday: BirthDate | None = None
    birthday_calendar: Literal["solar", "lunar"] | None = None
    phone: E164 | None = None
    other_phones: tuple[E164, ...] = ()
    email: EmailAddress | None = None
    other_emails: tuple[EmailAddress, ...] = ()
    wechat_unionid: Short | None = None
    wechat_openid: Short | None = None
    member_card: Short | None = None
    push_token: Short | None = None
    country: Short | None = None
    province: Short | None = None
    city: Short | None = None
    district: Short | None = None
    street: Short | None = None
    postcode: Short | None = None
    home_store: Short | None = None
    adviser: Short | None = None
    preferred_channel: Short | None = None
    language: Short | None = None
    time_zone: Short | None = None
    registered_at: datetime | None = None
    origin: Short | None = None
    lawful_basis: Short | None = None
    occupation: Short | None = None
    note: Long | None = None
    interests: tuple[Short, ...] = ()
    sizes: dict[str, Short] = Field(default_factory=dict)
    named_dates: dict[str, BirthDate] = Field(default_factory=dict)
    custom: dict[str, Short] = Field(default_factory=dict)
    consents: tuple[Consent, ...] = ()


class Buyer(Noun):
    """How an order names its customer: by a customer record's id in the same system, else by an identity key."""

    external_id: Short | None = None
    phone: E164 | None = None
    email: EmailAddress | None = None
    name: Short | None = None


OrderStatus = Literal["pending", "paid", "shipped", "delivered", "done", "cancelled", "returned"]


class OrderLine(Noun):
    """One position of an order; `refunded` is the amount given back on it, in the order's currency."""

    sku: Short
    name: Short | None = None
    batch: Short | None = None
    category: Short | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)


class Order(Noun):
    """A purchase. `total` is what was to be paid after discounts, `refunded` what was given back since.

    `source_ref` is the number under which another system holds the same order: such an order is linked, not counted.
    """

    number: Short
    buyer: Buyer = Buyer()
    placed_at: datetime
    delivered_at: datetime | None = None
    channel: Literal["store", "online", "phone", "other"] = "other"
    store: Short | None = None
    staff: Short | None = None
    status: OrderStatus = "done"
    payment_method: Short | None = None
    currency: Currency
    total: Decimal
    refunded: Decimal = Decimal(0)
    source_ref: Short | None = None
    lines: tuple[OrderLine, ...] = ()


class Case(Noun):
    """A service case: a complaint, enquiry, return, exchange, repair, suggestion or praise.

    `satisfaction` is what the customer said of how it was handled, from 1 (not at all) to 5 (very).
    """

    number: Short
    buyer: Buyer = Buyer()
    kind: Literal["complaint", "enquiry", "return", "exchange", "repair", "suggestion", "praise"] = "enquiry"
    channel: Literal["phone", "mail", "chat", "store", "social", "review"] = "store"
    opened_at: datetime
    promised_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    state: Literal["open", "waiting", "solved", "closed"] = "open"
    sku: Short | None = None
    batch: Short | None = None
    cause: Short | None = None
    unit: Short | None = None
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None
    text: Long | None = None
    resolution: Long | None = None


class Who(Noun):
    """Whom an event names: by one or several of the keys that tie records together, as they were typed."""

    phone: Short | None = None
    email: Short | None = None
    wechat_unionid: Short | None = None
    wechat_openid: Short | None = None
    member_card: Short | None = None


Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[\w.:-]+$", max_length=60)]


class TouchEvent(Noun):
    """Something that a person did, as a site, an app or a till tells it while it happens.

    `id` is the sender's own, equal for repetitions of one event and for nothing else. `at` carries its offset. `page` is
    where it was (a path, no query), `sku`, `store`, `campaign` and `message` are codes; `facts` is what else there is to
    say, by name.
    """

    id: Key
    kind: Literal[
        "page_view", "product_view", "search", "cart_add", "cart_remove", "checkout", "app_open", "store_visit",
        "check_in", "booking", "message_sent", "message_delivered", "message_opened", "message_clicked",
        "message_bounced", "unsubscribed",
    ]  # fmt: skip
    at: AwareDatetime
    who: Who
    page: Short | None = None
    sku: Short | None = None
    store: Short | None = None
    campaign: Short | None = None
    message: Short | None = None
    facts: Annotated[dict[Slug, Short | int | bool], Field(max_length=20)] = Field(default_factory=dict)


class StorePlace(Noun):
    """A shop of the brand, from its register; `city` and `province` are where it stands."""

    code: Short
    name: Short
    type: Literal["owned", "franchise", "distributor"] = "owned"
    region: Short | None = None
    city: Short | None = None
    province: Short | None = None
    parent: Short | None = None
    opening_hours: Short | None = None


class StaffMember(Noun):
    """A person who works for the brand, from its register; `store` is a store's code."""

    code: Short
    name: Short
    store: Short | None = None
    role: Short | None = None


class Brand(Noun):
    """The brand a configuration and its store belong to; `region` is the ISO country assumed for bare phones."""

    name: Short
    time_zone: Short = "Asia/Shanghai"
    currency: Currency = "CNY"
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"


NounName = Literal["customers", "orders", "cases", "stores", "staff"]

NOUNS: dict[NounName, type[Noun]] = {
    "customers": Customer,
    "orders": Order,
    "cases": Case,
    "stores": StorePlace,
    "staff": StaffMember,
}
"""What a stream can carry, by the name used in `Stream.noun` and in YAML."""

DECIDED = ("id", "tier", "stage", "tags")
"""Fields that the hub itself decides for a customer; a mapping may send them, they are always hub-owned."""


def minor_digits(currency: str) -> int:
    """How many decimals a currency's amounts have (ISO 4217: yen and won none, dinars three)."""
    return 0 if currency in ("JPY", "KRW", "VND", "CLP", "ISK") else 3 if currency in ("KWD", "BHD", "TND") else 2


def local_day(at: datetime | date, zone: object) -> int:
    """The proleptic ordinal of a time's calendar day in the brand's zone (dates in the store are such ordinals)."""
    if isinstance(at, datetime):
        assert isinstance(zone, tzinfo)
        at = at.astimezone(zone)
    return at.toordinal()
