"""What is written and what comes back: accounts as the shop wants them, and the result of each item of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.woocommerce.wire.rows import meta_ids
from hub.connector import Row, RowResult, Tagged, Write

_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "customer_invalid_email": "email",
        "woocommerce_rest_customer_invalid_email": "email",
        "registration-error-email-exists": "email",
        "registration-error-username-exists": "username",
        "registration-error-missing-password": "password",
        "woocommerce_rest_invalid_id": "id",
    }
)
"""What a code is about, where the answer does not name it."""


@dataclass(frozen=True)
class Meta:
    """How meta fields are written: `empty` for one without a value, tags as a list or as one text."""

    empty: Any = None
    tags_as_text: bool = False

    def entry(self, key: str, value: Any, ids: Mapping[str, int]) -> Row:
        """One meta field: the entry that is there is changed, so that there is never a second one of its key."""
        if isinstance(value, Tagged):
            value = (", ".join(value.all) if self.tags_as_text else list(value.all)) or None
        known = {"id": ids[key]} if key in ids else {}
        return {**known, "key": key, "value": self.empty if value is None else value}


def body_of(values: Row, seen: Row, meta: Meta) -> Row:
    """A flat row as a customer, `seen` as it is. Only the meta fields named are touched: the shop keeps all others."""
    body: Row = {}
    ids = meta_ids(seen)
    for name, value in values.items():
        head, _, rest = name.partition(".")
        if head == "meta_data":
            body.setdefault(head, []).append(meta.entry(rest, value, ids))
        elif rest:
            body.setdefault(head, {})[rest] = "" if value is None else value
        else:
            body[name] = "" if value is None else value
    return body


def username_of(create_key: str) -> str:
    """The account name that carries a create's key: unique in a shop, and fixed once the account is there."""
    return f"kehub-{create_key}"


def results(batch: Sequence[Write], told: Any) -> list[RowResult]:
    """One result a row, by its place in the list; `unknown` where the answer says nothing."""
    if not isinstance(told, list) or len(told) != len(batch):
        return [RowResult(entry.key, "unknown") for entry in batch]
    return [_result(entry, item if isinstance(item, dict) else {}) for entry, item in zip(batch, told, strict=True)]


def _result(entry: Write, item: Row) -> RowResult:
    error = item.get("error")
    if isinstance(error, dict):
        return _refused(entry.key, error)
    id_ = str(item.get("id") or "")
    if not id_ or (entry.external_id and entry.external_id != id_):
        return RowResult(entry.key, "unknown")
    return RowResult(entry.key, "ok", external_id=id_, stored=_time(item.get("date_modified_gmt")))


def _time(text: Any) -> datetime | None:
    """A time of change, which is UTC without saying so; None for an account that was never edited."""
    try:
        return datetime.fromisoformat(f"{text}+00:00")
    except ValueError:
        return None


def _refused(key: str, error: Row) -> RowResult:
    code, about = str(error.get("code") or ""), error.get("data")
    about = about if isinstance(about, dict) else {}
    status = str(about.get("status") or "")
    if not code or status.startswith("5"):
        return RowResult(key, "unknown", code=code)
    return RowResult(key, "rejected", code=code, field=_FIELDS.get(code) or _first(about.get("params")))


def _first(params: Any) -> str:
    """The first parameter that an error names, in an object or in a list."""
    return str(next(iter(params), "")) if isinstance(params, dict | list) else ""
