"""The floor's rows: what is validated of a page, as the tuples that land. Typed dictionaries cost pydantic least."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

Values = tuple[Any, ...]

TABLES = """
CREATE TABLE IF NOT EXISTS contact (id TEXT PRIMARY KEY, modified, family, given, salutation, born, mobile, phone, home,
    other, email, second_email, country, province, city, street, postcode, source, note, opted_out, tier, stage);
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY, created, modified, email, given, family, given_there,
    family_there, street, district, city, province, postcode, country, phone, mail);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, placed, modified, completed, total, refunded, number, customer,
    status, currency, payment, given, family, street, district, city, province, postcode, country, phone, mail);
CREATE TABLE IF NOT EXISTS line (orders INTEGER, id INTEGER, sku, name, quantity, subtotal, total,
    PRIMARY KEY (orders, id));
"""


class Contact(TypedDict):
    """What the hub maps of a contact."""

    id: str
    Modified_Time: datetime
    Last_Name: str
    First_Name: str | None
    Salutation: str | None
    Date_of_Birth: str | None
    Mobile: str | None
    Phone: str | None
    Home_Phone: str | None
    Other_Phone: str | None
    Email: str | None
    Secondary_Email: str | None
    Mailing_Country: str | None
    Mailing_State: str | None
    Mailing_City: str | None
    Mailing_Street: str | None
    Mailing_Zip: str | None
    Lead_Source: str | None
    Description: str | None
    Email_Opt_Out: bool
    KeHub_Tier: str | None
    KeHub_Stage: str | None


class Info(TypedDict):
    """How a page of Zoho's goes on."""

    more_records: bool
    next_page_token: NotRequired[str | None]


class Contacts(TypedDict):
    """A page of Zoho's."""

    data: list[Contact]
    info: Info


class Address(TypedDict):
    """A billing address."""

    first_name: str
    last_name: str
    address_1: str
    address_2: str
    city: str
    state: str
    postcode: str
    country: str
    phone: str
    email: str


class Account(TypedDict):
    """What the hub maps of an account."""

    id: int
    date_created_gmt: datetime
    date_modified_gmt: datetime | None
    email: str
    first_name: str
    last_name: str
    billing: Address


class Line(TypedDict):
    """A position of an order."""

    id: int
    sku: str
    name: str
    quantity: int
    subtotal: Decimal
    total: Decimal


class Refund(TypedDict):
    """What was given back."""

    total: Decimal


class Order(TypedDict):
    """What the hub maps of an order."""

    id: int
    number: str
    customer_id: int
    status: str
    currency: str
    payment_method: str
    total: Decimal
    date_created_gmt: datetime
    date_modified_gmt: datetime
    date_completed_gmt: datetime | None
    billing: Address
    line_items: list[Line]
    refunds: list[Refund]


_CONTACTS, _ACCOUNTS, _ORDERS = TypeAdapter(Contacts), TypeAdapter(list[Account]), TypeAdapter(list[Order])
FIELDS = tuple(Contact.__annotations__)[1:]
_contact = itemgetter(*FIELDS[1:])
_address = itemgetter(*Address.__annotations__)
_account = itemgetter("email", "first_name", "last_name")
_order = itemgetter("number", "customer_id", "status", "currency", "payment_method")


def contacts(body: bytes) -> tuple[list[Values], Info]:
    """A page of contacts, and how it goes on."""
    page = _CONTACTS.validate_json(body)
    return [(row["id"], _seconds(row["Modified_Time"]), *_contact(row)) for row in page["data"]], page["info"]


def accounts(body: bytes) -> list[Values]:
    """A page of accounts."""
    return [
        (row["id"], _seconds(row["date_created_gmt"]), _seconds(row["date_modified_gmt"]), *_account(row),
         *_address(row["billing"]))
        for row in _ACCOUNTS.validate_json(body)
    ]  # fmt: skip


def orders(body: bytes) -> tuple[list[Values], list[Values]]:
    """A page of orders, and their lines as rows of their own."""
    found, lines = [], []
    for row in _ORDERS.validate_json(body):
        back = sum(_fen(one["total"]) for one in row["refunds"])
        found.append(
            (row["id"], _seconds(row["date_created_gmt"]), _seconds(row["date_modified_gmt"]),
             _seconds(row["date_completed_gmt"]), _fen(row["total"]), back, *_order(row), *_address(row["billing"]))
        )  # fmt: skip
        for line in row["line_items"]:
            amounts = _fen(line["subtotal"]), _fen(line["total"])
            lines.append((row["id"], line["id"], line["sku"], line["name"], line["quantity"], *amounts))
    return found, lines


def _fen(amount: Decimal) -> int:
    return int(amount * 100)


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
