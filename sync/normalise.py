"""normalise: their row becomes our noun, or goes to quarantine with its reason."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from hub.connector import Stream
from hub.errors import Rejected
from hub.forms import SPOILT, Place
from hub.model import NOUNS, Customer, Noun
from hub.store.bodies import alone
from hub.store.records import Incoming
from hub.store.registers import OrderColumns
from hub.vault import Vault
from hub.written import written
from sync.columns import CONSENTS
from sync.mapping import is_decided, pick
from sync.order_columns import LineColumns, Positions, line_columns, order_columns
from sync.pages import PLAIN, Pages
from sync.plain import changed_at, seconds
from sync.reading import Reader, external_id

_STRUCTURED = ("custom", "sizes", "named_dates", "buyer")


class _Made(NamedTuple):
    """A noun as the store takes it."""

    body: dict[str, Any]
    buyer: dict[str, str] | None = None
    typed: dict[str, Any] | None = None
    order: OrderColumns = ()
    lines: Sequence[LineColumns] = ()


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
        ext = external_id(row, self.stream.mapping.id)
        values, flaws = self._read(row)
        decided = {name: values.pop(name) for name in self._decided if name in values}
        return self._incoming(ext, self._made(values), decided, self._modified(row), flaws)

    def page(self, rows: Sequence[Any]) -> Sequence[Incoming | None]:
        """The records of the rows in which everything is plain; None for each one that must go the way of a single row."""
        return self._pages(rows) if self._pages else [None] * len(rows)

    def _incoming(self, ext: str, made: _Made, decided: dict[str, Any], at: int, flaws: Sequence[str] = ()) -> Incoming:
        body = made.body | decided if decided or self.stream.personal_ids else made.body
        if self.stream.personal_ids:
            body["_id"], ext = ext, self.vault.index("ext", ext).hex()
        try:
            text = written(body)
        except (orjson.JSONEncodeError, UnicodeEncodeError):  # somewhere deep inside: this row alone is set aside
            raise Rejected(SPOILT) from None
        (fingerprint,) = self.vault.fingerprints_of(self.digest, [text])
        if self.stream.noun != "customers":
            body, text = {}, alone(text)
        return Incoming(ext, body, at, fingerprint, *made[1:], tuple(flaws), text)

    @cached_property
    def _pages(self) -> Pages | None:
        given = self.stream, self.place, self.vault, self.currency, self.digest, self._positions
        return Pages(*given) if self.stream.noun in PLAIN else None

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.place)

    @cached_property
    def _read(self) -> Reader:
        return Reader(self.stream.mapping, self.place)

    @cached_property
    def _decided(self) -> tuple[str, ...]:
        return tuple(entry.ours for entry in self.stream.mapping.fields if is_decided(entry.ours))

    def ext(self, row: Any) -> str:
        """The id under which a row's record is stored; "" when it has none that can be."""
        try:
            ext = external_id(row, self.stream.mapping.id) if isinstance(row, dict) else ""
        except Rejected:
            return ""
        return self.vault.index("ext", ext).hex() if ext and self.stream.personal_ids else ext

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
        shaped["lines"] = [self._positions.one(line, currency).body for line in shaped.get("lines", ())]
        body = self._noun(shaped).model_dump(mode="json", exclude_none=True)
        lines = [line_columns(line, body["currency"]) for line in body["lines"]]
        return _Made(body, body["buyer"], None, order_columns(body, self.place), lines)

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


def _case(case: dict[str, Any]) -> dict[str, Any]:
    plain = {
        name: case.get(name)
        for name in ("number", "kind", "channel", "state", "sku", "batch", "cause", "unit", "satisfaction")
    }
    times = {name: case.get(name) for name in ("opened_at", "promised_at", "answered_at", "closed_at")}
    return plain | {name: seconds(text) if text else None for name, text in times.items()}
