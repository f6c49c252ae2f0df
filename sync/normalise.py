"""normalise: their row becomes our noun, or goes to quarantine with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from hub.connector import Stream
from hub.errors import Rejected
from hub.forms import NUMBER, SPOILT, Place, speller
from hub.model import NOUNS, Customer, Noun, Order, OrderLine, local_day, minor_digits
from hub.store.records import Incoming
from hub.vault import Vault
from sync.columns import CONSENTS, Columns
from sync.mapping import is_decided, pick
from sync.plain import Plain, changed_at, seconds
from sync.reading import Reader

_PLAIN: dict[str, Plain] = {"customers": Plain(Customer), "orders": Plain(Order)}
"""What is read by columns: the nouns that come in millions."""

_LINE = Plain(OrderLine)

_STRUCTURED = ("custom", "sizes", "named_dates", "buyer")
_LINE_NUMBERS = ("quantity", "unit_price", "discount", "refunded")
_AMOUNT = re.compile(r"(-?\d{1,15})(?:\.(\d{1,6}))?", re.ASCII)


class _Made(NamedTuple):
    """A noun as the store takes it."""

    body: dict[str, Any]
    buyer: dict[str, str] | None = None
    typed: dict[str, Any] | None = None
    lines: Sequence[tuple[Any, ...]] = ()


class _Position(NamedTuple):
    """A position of an order, and its columns where its model takes it as it stands."""

    body: dict[str, Any]
    columns: tuple[Any, ...] | None


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
        values, flaws = self._read(row)
        decided = {name: values.pop(name) for name in self._decided if name in values}
        return self._incoming(ext, self._made(values), decided, self._modified(row), flaws)

    def page(self, rows: Sequence[Any]) -> Iterator[Incoming | None]:
        """The records of the rows in which everything is plain; None for each one that must go the way of a single row."""
        if self._columns is None:
            return repeat(None, len(rows))
        return map(self._plain, rows, self._columns(rows))

    def _plain(self, row: Rows[str, Any], found: tuple[dict[str, Any], int] | None) -> Incoming | None:
        if found is None:
            return None
        values, at = found
        decided = {name: values.pop(name) for name in self._decided if name in values}
        try:
            made = _Made(values) if self.stream.noun == "customers" else self._plain_order(values)
            return self._incoming(self._id(row), made, decided, at) if made else None
        except Rejected:
            return None

    def _incoming(self, ext: str, made: _Made, decided: dict[str, Any], at: int, flaws: Sequence[str] = ()) -> Incoming:
        body = made.body | decided if decided or self.stream.personal_ids else made.body
        if self.stream.personal_ids:
            body["_id"], ext = ext, self.vault.index("ext", ext).hex()
        try:
            text, fingerprint = _written(body, self.vault, self.digest)
        except (orjson.JSONEncodeError, UnicodeEncodeError):  # somewhere deep inside: this row alone is set aside
            raise Rejected(SPOILT) from None
        return Incoming(ext, body, at, fingerprint, made.buyer, made.typed, made.lines, tuple(flaws), text)

    @cached_property
    def _columns(self) -> Columns | None:
        model = _PLAIN.get(self.stream.noun)
        return Columns(self.stream.mapping, self.place, model, given=("currency",)) if model else None

    @cached_property
    def _read(self) -> Reader:
        return Reader(self.stream.mapping, self.place)

    @cached_property
    def _decided(self) -> tuple[str, ...]:
        return tuple(entry.ours for entry in self.stream.mapping.fields if is_decided(entry.ours))

    @cached_property
    def _number(self) -> Callable[[Any], str | None]:
        spell, place = speller(NUMBER, self.place), self.place
        return lambda value: spell(value) if type(value) is str else NUMBER.canonical(value, place)

    def ext(self, row: Any) -> str:
        """The id under which a row's record is stored; "" when it has none that can be."""
        try:
            ext = self._id(row) if isinstance(row, dict) else ""
        except Rejected:
            return ""
        return self.vault.index("ext", ext).hex() if ext and self.stream.personal_ids else ext

    def _id(self, row: Rows[str, Any]) -> str:
        raw = pick(row, self.stream.mapping.id)
        if type(raw) is int:
            return str(raw)
        ext = "" if raw is None or isinstance(raw, dict | list) else str(raw).strip()
        if not ext:
            raise Rejected("has no id", field=self.stream.mapping.id)
        if not ext.isascii() and any(unicodedata.category(char) == "Cs" for char in ext):
            raise Rejected(SPOILT, field=self.stream.mapping.id)
        return ext

    def _modified(self, row: Rows[str, Any]) -> int:
        name = self.stream.mapping.modified
        raw = pick(row, name) if name else None
        try:
            return changed_at(raw, self.place)
        except ValueError as fault:
            raise Rejected(str(fault), field=name) from None

    # -- one way for each noun

    def _made(self, values: dict[str, Any]) -> _Made:
        noun = self.stream.noun
        if noun == "customers":
            return _Made(self._customer(values))
        shaped = _shape(values)
        if noun == "orders":
            return self._order(shaped)
        body = self._noun(shaped).model_dump(mode="json", exclude_none=True)
        return _Made(body, body.get("buyer"), _case(body) if noun == "cases" else body)

    def _customer(self, values: dict[str, Any]) -> dict[str, Any]:
        noun = self._noun(_shape(values))
        found = noun.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        if isinstance(noun, Customer) and noun.consents:  # their defaults are part of what they say
            found["consents"] = [consent.model_dump(mode="json", exclude_none=True) for consent in noun.consents]
        return _flat(found)

    def _order(self, shaped: dict[str, Any]) -> _Made:
        currency = shaped.setdefault("currency", self.currency)
        shaped["lines"] = [self._line(line, currency).body for line in shaped.get("lines", ())]
        body = self._noun(shaped).model_dump(mode="json", exclude_none=True)
        lines = [(number, *_line_columns(line, body["currency"])) for number, line in enumerate(body["lines"], 1)]
        return _Made(body, body["buyer"], _order_columns(body, self.place), lines)

    def _plain_order(self, values: dict[str, Any]) -> _Made | None:
        """An order as its model would give it back; None where one of its positions is not plain."""
        body = {**_PLAIN["orders"].defaults, "currency": self.currency, **values}
        currency, positions, lines = body["currency"], [], []
        for number, raw in enumerate(body["lines"], 1):
            position, columns = self._line(raw, currency)
            if columns is None:
                return None
            positions.append(position)
            lines.append((number, *columns))
        body["lines"] = positions
        return _Made(body, body["buyer"], _order_columns(body, self.place), lines)

    def _line(self, raw: Any, currency: str) -> _Position:
        """A position of an order; the same goods at the same price are remembered."""
        if not isinstance(raw, dict):
            raise Rejected("is not a list of order lines", field="lines")
        parts = tuple(raw.items())
        texts = {str}.issuperset(map(type, raw.values()))
        return self._lines(parts, currency) if texts else _line(parts, currency, self._number)

    @cached_property
    def _lines(self) -> Callable[[tuple[tuple[str, Any], ...], str], _Position]:
        number = self._number
        return lru_cache(maxsize=4096)(lambda parts, currency: _line(parts, currency, number))

    def _noun(self, shaped: dict[str, Any]) -> Noun:
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
        if "." not in name:
            shaped[name] = value
            continue
        head, _, rest = name.partition(".")
        if head == "consents":
            if state := CONSENTS.get(value):
                shaped.setdefault("consents", []).append({"channel": rest, "state": state})
        elif head in _STRUCTURED:
            shaped.setdefault(head, {})[rest] = value
        else:
            shaped[name] = value
    return shaped


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `_shape` for customers."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if name in _STRUCTURED:
            flat.update({f"{name}.{key}": inner for key, inner in value.items()})
        else:
            flat[name] = value
    return flat


def _line(parts: tuple[tuple[str, Any], ...], currency: str, number: Callable[[Any], str | None]) -> _Position:
    line = {name: value for name, value in parts if value is not None and value != ""}
    name = ""
    try:
        for name in _LINE_NUMBERS:
            if name in line:
                line[name] = number(line[name])
    except ValueError as fault:
        raise Rejected(str(fault), field=f"lines.{name}") from None
    if not _LINE.takes(line):
        return _Position(line, None)
    line = {**_LINE.defaults, **line}
    return _Position(line, _line_columns(line, currency))


# -- columns of the typed tables


@lru_cache(maxsize=4096)
def minor(amount: str | Decimal, currency: str) -> int:
    """An amount in the currency's minor units."""
    digits = minor_digits(currency)
    if isinstance(amount, str) and (plain := _AMOUNT.fullmatch(amount)) and len(plain[2] or "") <= digits:
        return int(plain[1] + (plain[2] or "").ljust(digits, "0"))
    scaled = Decimal(amount).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Rejected(f"has more than {digits} decimals", field="amount")
    return int(scaled)


def _order_columns(order: dict[str, Any], place: Place) -> dict[str, Any]:
    placed = datetime.fromisoformat(order["placed_at"])
    delivered, currency = order.get("delivered_at"), order["currency"]
    return {
        "number": order["number"], "placed_at": int(placed.timestamp()), "placed_on": local_day(placed, place.zone),
        "delivered_on": local_day(datetime.fromisoformat(delivered), place.zone) if delivered else None,
        "channel": order["channel"], "store": order.get("store"), "staff": order.get("staff"), "status": order["status"],
        "payment": order.get("payment_method"), "currency": currency, "total": minor(order["total"], currency),
        "refunded": minor(order["refunded"], currency), "source_ref": order.get("source_ref"),
    }  # fmt: skip


def _line_columns(line: dict[str, Any], currency: str) -> tuple[Any, ...]:
    return (
        line["sku"], line.get("batch"), line.get("category"), line["quantity"], minor(line["unit_price"], currency),
        minor(line["discount"], currency), minor(line["refunded"], currency),
    )  # fmt: skip


def _case(case: dict[str, Any]) -> dict[str, Any]:
    plain = {
        name: case.get(name)
        for name in ("number", "kind", "channel", "state", "sku", "batch", "cause", "unit", "satisfaction")
    }
    times = {name: case.get(name) for name in ("opened_at", "promised_at", "answered_at", "closed_at")}
    return plain | {name: seconds(text) if text else None for name, text in times.items()}


def _written(values: Rows[str, Any], vault: Vault, digest: str) -> tuple[bytes, bytes]:
    """A body as it will be sealed, and its fingerprint under a mapping."""
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    return text, vault.fingerprint_of(digest, text)


def buyer_record(buyer: Rows[str, str], vault: Vault, modified: int, digest: str) -> Incoming | None:
    """The record that stands for a buyer without a customer record: its id is the hash of its identity key."""
    kind = "phone" if buyer.get("phone") else "email"
    word = buyer.get(kind)
    if not word:
        return None
    values = {name: value for name, value in buyer.items() if name != "external_id"}
    text, fingerprint = _written(values, vault, digest)
    return Incoming(vault.index(kind, word).hex(), values, modified, fingerprint, text=text)
