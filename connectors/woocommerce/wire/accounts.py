"""Writing customers: batches of creates and updates, and finding again what an earlier try has made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.woocommerce.wire.batch import Meta, body_of, results, username_of
from connectors.woocommerce.wire.listing import Listing
from connectors.woocommerce.wire.rows import customer
from hub.connector import Row, RowResult, Write

_ALL = {"role": "all", "_fields": "id,username"}


@dataclass(frozen=True)
class Accounts:
    """The customers of one shop as a target; `meta` says how meta fields are written."""

    listing: Listing
    meta: Meta

    def fetch(self, ids: Iterable[str], role: str = "all") -> dict[str, Row]:
        """Customers by id, a hundred a call."""
        rows = self.listing.by_ids([int(one) for one in ids if one.isdecimal()], role=role)
        return {str(row["id"]): customer(row) for row in rows}

    def write(self, updates: Sequence[Write], creates: Sequence[Write]) -> list[RowResult]:
        """One batch; its items are told by their places in the two lists."""
        body = {
            "create": [self._body(entry) | {"username": username_of(entry.create_key or "")} for entry in creates],
            "update": [self._body(entry) | {"id": int(entry.external_id or 0)} for entry in updates],
        }
        told = self.listing.batch({name: items for name, items in body.items() if items})
        told = told if isinstance(told, dict) else {}
        made = zip(creates, results(creates, told.get("create")), strict=True)
        return [*results(updates, told.get("update")), *(self._known(entry, result) for entry, result in made)]

    def lookup(self, create_keys: Iterable[str]) -> dict[str, str]:
        """The accounts whose names carry these create keys."""
        places = {key: self._named(key, search=username_of(key)) for key in create_keys}
        return {key: id_ for key, id_ in places.items() if id_}

    def _known(self, entry: Write, result: RowResult) -> RowResult:
        """A create refused because the account is there: made by an earlier try of ours, or somebody else's."""
        if result.outcome != "rejected" or not result.code.endswith("exists"):
            return result
        key, email = entry.create_key or "", str(entry.values.get("email") or "")
        id_ = (self._named(key, email=email) if email else "") or self._named(key, search=username_of(key))
        return RowResult(entry.key, "ok", external_id=id_) if id_ else result

    def _named(self, key: str, **found_by: Any) -> str:
        """The id of the account that carries this key, among those found; "" when it is not among them."""
        rows = self.listing.found(**found_by, **_ALL)
        return next((str(row["id"]) for row in rows if row.get("username") == username_of(key)), "")

    def _body(self, entry: Write) -> Row:
        return body_of(entry.values, entry.seen, self.meta)
