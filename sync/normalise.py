"""normalise: their row becomes our noun, or goes to quarantine with its reason."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from collections.abc import Mapping as Rows
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic import ValidationError

from hub.connector import Stream
from hub.errors import Rejected
from hub.forms import MOMENT, NUMBER, SPOILT, Place
from hub.model import NOUNS, Buyer, Case, Customer, Noun, Order, OrderLine, StaffMember, StorePlace, local_day
from hub.store.records import Incoming
from hub.vault import Vault
from sync import mapping as table

_STRUCTURED = ("custom", "sizes", "named_dates", "buyer")
_LINE_NUMBERS = ("quantity", "unit_price", "discount", "refunded")


@dataclass(frozen=True)
class Normaliser:
    """Turns one stream's rows into records; knows the brand's place and the store's keys, does no I/O."""

    stream: Stream
    place: Place
    vault: Vault
    currency: str
    digest: str

    def __call__(self, row: Rows[str, Any]) -> Incoming:
        """The record; Rejected (with the field, never its value) when the row cannot be taken."""
        ext = self._id(row)
        values, flaws = table.read(self.stream.mapping, row, self.place)
        decided = {name: values.pop(name) for name in list(values) if table.is_decided(name)}
        noun = self._noun(values)
        body = _body(self.stream.noun, noun) | decided
        if self.stream.personal_ids:
            body["_id"], ext = ext, self.vault.index("ext", ext).hex()
        _check_text(body)
        return Incoming(
            ext=ext,
            values=body,
            modified=self._modified(row),
            fingerprint=self.vault.fingerprint([self.digest, body]),
            buyer=getattr(noun, "buyer", None),
            flaws=tuple(flaws),
            **_columns(noun, self.place),
        )

    def ext(self, row: Any) -> str:
        """The id under which a row's record is stored; "" when it has none that can be."""
        try:
            ext = self._id(row) if isinstance(row, dict) else ""
        except Rejected:
            return ""
        return self.vault.index("ext", ext).hex() if ext and self.stream.personal_ids else ext

    def _id(self, row: Rows[str, Any]) -> str:
        raw = table.pick(row, self.stream.mapping.id)
        ext = "" if raw is None or isinstance(raw, dict | list) else str(raw).strip()
        if not ext:
            raise Rejected("has no id", field=self.stream.mapping.id)
        if any(unicodedata.category(char) == "Cs" for char in ext):
            raise Rejected(SPOILT, field=self.stream.mapping.id)
        return ext

    def _modified(self, row: Rows[str, Any]) -> int:
        name = self.stream.mapping.modified
        try:
            text = MOMENT.canonical(table.pick(row, name), self.place) if name else None
        except ValueError as fault:
            raise Rejected(str(fault), field=name) from None
        return int(datetime.fromisoformat(text).timestamp()) if text else 0

    def _noun(self, values: dict[str, Any]) -> Noun:
        shaped = _shape(values)
        if self.stream.noun == "orders":
            shaped.setdefault("currency", self.currency)
            shaped["lines"] = [_line(line, self.place) for line in shaped.get("lines", ())]
        try:
            return NOUNS[self.stream.noun].model_validate(shaped)
        except ValidationError as fault:
            first = fault.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Rejected(f"{where}: {first['msg']}", field=self._theirs(where)) from None

    def _theirs(self, ours: str) -> str:
        names = {entry.ours: entry.theirs for entry in self.stream.mapping.fields}
        return names.get(ours, ours)


def _shape(values: dict[str, Any]) -> dict[str, Any]:
    """`custom.x` and `buyer.phone` as objects, `consents.email` as an opt-out."""
    shaped: dict[str, Any] = {}
    for name, value in values.items():
        head, _, rest = name.partition(".")
        if head == "consents":
            state = "opted_out" if value == "true" else "opted_in" if value == "opted_in" else ""
            if state:
                shaped.setdefault("consents", []).append({"channel": rest, "state": state})
        elif rest and head in _STRUCTURED:
            shaped.setdefault(head, {})[rest] = value
        else:
            shaped[name] = value
    return shaped


def _line(raw: Any, place: Place) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Rejected("is not a list of order lines", field="lines")
    line = {name: value for name, value in raw.items() if value not in (None, "")}
    for name in _LINE_NUMBERS:
        if name in line:
            try:
                line[name] = NUMBER.canonical(line[name], place)
            except ValueError as fault:
                raise Rejected(str(fault), field=f"lines.{name}") from None
    return line


def _check_text(body: dict[str, Any]) -> None:
    """Half a character somewhere deep inside cannot be stored: this row alone goes to quarantine."""
    try:
        orjson.dumps(body)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        raise Rejected(SPOILT) from None


def _body(name: str, noun: Noun) -> dict[str, Any]:
    found = noun.model_dump(mode="json", exclude_none=True, exclude_defaults=name == "customers")
    if isinstance(noun, Customer) and noun.consents:  # their defaults are part of what they say
        found["consents"] = [consent.model_dump(mode="json", exclude_none=True) for consent in noun.consents]
    flat: dict[str, Any] = {}
    for field, value in found.items():
        if name == "customers" and field in _STRUCTURED:
            flat.update({f"{field}.{key}": inner for key, inner in value.items()})
        else:
            flat[field] = value
    return flat


# -- columns of the typed tables


def minor(amount: Decimal, currency: str) -> int:
    """An amount in the currency's minor units (ISO 4217: yen and won have none, dinars three)."""
    digits = 0 if currency in ("JPY", "KRW", "VND", "CLP", "ISK") else 3 if currency in ("KWD", "BHD", "TND") else 2
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Rejected(f"has more than {digits} decimals", field="amount")
    return int(scaled)


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.astimezone(UTC).timestamp())


def _day(at: datetime | None, place: Place) -> int | None:
    return None if at is None else local_day(at, place.zone)


def _order(order: Order, place: Place) -> dict[str, Any]:
    typed = {
        "number": order.number, "placed_at": _seconds(order.placed_at), "placed_on": _day(order.placed_at, place),
        "delivered_on": _day(order.delivered_at, place), "channel": order.channel, "store": order.store,
        "staff": order.staff, "status": order.status, "payment": order.payment_method, "currency": order.currency,
        "total": minor(order.total, order.currency), "refunded": minor(order.refunded, order.currency),
        "source_ref": order.source_ref,
    }  # fmt: skip
    lines = [_order_line(line, number, order.currency) for number, line in enumerate(order.lines, 1)]
    return {"typed": typed, "lines": lines}


def _order_line(line: OrderLine, number: int, currency: str) -> dict[str, Any]:
    return {
        "line": number, "sku": line.sku, "batch": line.batch, "category": line.category,
        "quantity": str(line.quantity), "price": minor(line.unit_price, currency),
        "discount": minor(line.discount, currency), "refunded": minor(line.refunded, currency),
    }  # fmt: skip


def _case(case: Case, _: Place) -> dict[str, Any]:
    plain = case.model_dump(include={"number", "kind", "channel", "state", "sku", "batch", "cause", "unit"})
    times = {name: _seconds(getattr(case, name)) for name in ("opened_at", "promised_at", "answered_at", "closed_at")}
    return {"typed": plain | times}


def _register(noun: StorePlace | StaffMember, _: Place) -> dict[str, Any]:
    return {"typed": noun.model_dump()}


_TYPED: dict[type[Noun], Callable[..., dict[str, Any]]] = {
    Order: _order, Case: _case, StorePlace: _register, StaffMember: _register,
}  # fmt: skip


def _columns(noun: Noun, place: Place) -> dict[str, Any]:
    make = _TYPED.get(type(noun))
    return make(noun, place) if make else {}


def buyer_record(buyer: Buyer, vault: Vault, modified: int, digest: str) -> Incoming | None:
    """The record that stands for a buyer without a customer record: its id is the hash of its identity key."""
    kind, word = ("phone", buyer.phone) if buyer.phone else ("email", buyer.email)
    if not word:
        return None
    values = buyer.model_dump(exclude_none=True, exclude={"external_id"})
    ext = vault.index(kind, word).hex()
    return Incoming(ext, values, modified, vault.fingerprint([digest, values]))
