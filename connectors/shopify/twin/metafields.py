"""Metafields: up to 25 in a call, all of them or none, and only if they are still as the caller knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from connectors.shopify.twin.books import Books, Record, Values, digest
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.reading import Reading
from connectors.shopify.twin.replies import Flawed
from hub.testing.twin_rewrites import rewritten_pairs

Note = Callable[[str, str, str, Iterable[str]], None]


class Metafields:
    """The metafields of customers."""

    def __init__(self, books: Books, options: ShopifyOptions, reading: Reading, note: Note) -> None:
        self._books = books
        self._options = options
        self._reading = reading
        self._note = note

    def root(self) -> Values:
        """The root's fields that change metafields."""
        return {"metafieldsSet": self._set, "metafieldsDelete": self._delete}

    def keep(self, record: Record, namespace: str, key: str, value: str, kind: str) -> None:
        """Keep one metafield."""
        (pair,) = rewritten_pairs([{"key": f"metafields.{namespace}.{key}", "value": value}], self._options.rewrites)
        record.metafields[namespace, key] = {"value": pair["value"], "type": kind}
        self._books.touch(record)

    def _set(self, info: Any, metafields: list[Values]) -> Values:
        self._reading.allowed("write", "customers")
        try:
            if len(metafields) > self._options.metafields_a_call:
                raise Flawed("LESS_THAN_OR_EQUAL_TO", "Exceeded the maximum metafields input limit", "metafields")
            owners = [self._checked(place, one) for place, one in enumerate(metafields)]
        except Flawed as flawed:
            return {"metafields": None, "userErrors": [flawed.error]}
        for owner, one in zip(owners, metafields, strict=True):
            kind = self._reading.definitions().get((one["namespace"], one["key"]), one.get("type") or "")
            self.keep(owner, one["namespace"], one["key"], one["value"], kind)
            self._note("update", "customers", str(owner.id), (f"metafields.{one['namespace']}.{one['key']}",))
        shown = [
            self._reading.shown.metafield(owner, "Customer", one["namespace"], one["key"])
            for owner, one in zip(owners, metafields, strict=True)
        ]
        return {"metafields": shown, "userErrors": []}

    def _checked(self, place: int, one: Values) -> Record:
        """The owner of one metafield, which may be set as it stands."""
        way = ("metafields", str(place))
        owner = self._owner(one["ownerId"])
        if owner is None:
            raise Flawed("INVALID", "Owner does not exist.", *way, "ownerId", place=place)
        name = (one.get("namespace") or "app--1", one["key"])
        kind = self._reading.definitions().get(name)
        if not one["value"]:
            raise Flawed("BLANK", "may not be empty", *way, "value", place=place)
        if kind is None and not one.get("type"):
            raise Flawed("BLANK", "Type can't be blank", *way, "type", place=place)
        if kind not in (None, "id", one.get("type")) and one.get("type"):
            raise Flawed(
                "INVALID_TYPE", "Type must be consistent with the definition's type", *way, "type", place=place
            )
        if "compareDigest" in one:
            held = owner.metafields.get(name)
            if one["compareDigest"] != (digest(held) if held else None):
                told = "The resource has been updated since it was loaded."
                raise Flawed("STALE_OBJECT", told, *way, place=place)
        if kind == "id" and self._taken(owner, name, one["value"]):
            raise Flawed("TAKEN", "Value must be unique", *way, "value", place=place)
        return owner

    def _taken(self, owner: Record, name: tuple[str, str], value: str) -> bool:
        others = (one for one in self._books.customers.values() if one is not owner)
        return any(one.metafields.get(name, {}).get("value") == value for one in others)

    def _owner(self, id_: str) -> Record | None:
        number = id_.removeprefix("gid://shopify/Customer/")
        return self._books.customers.get(int(number)) if number.isdecimal() else None

    def _delete(self, info: Any, metafields: list[Values]) -> Values:
        """What is not there is passed over, and told as null."""
        self._reading.allowed("write", "customers")
        gone: list[Values | None] = []
        for one in metafields:
            owner = self._owner(one["ownerId"])
            found = owner and owner.metafields.pop((one["namespace"], one["key"]), None)
            if owner and found:
                self._books.touch(owner)
                self._note("update", "customers", str(owner.id), (f"metafields.{one['namespace']}.{one['key']}",))
            gone.append(one if found else None)
        return {"deletedMetafields": gone, "userErrors": []}
