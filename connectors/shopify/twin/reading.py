"""Queries: listings with cursors, counts, look-ups, the app's own installation and the definitions of metafields."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.shopify.twin.books import Books, Record, Values
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.replies import Refused
from connectors.shopify.twin.search import tests_of
from connectors.shopify.twin.shown import Shown
from hub.testing.twin import Call
from hub.testing.twin_pages import Pages

_SORTED: Mapping[str, Callable[[Record], int]] = {
    "ID": lambda record: record.id,
    "UPDATED_AT": lambda record: record.updated,
    "CREATED_AT": lambda record: record.created,
    "PROCESSED_AT": lambda record: record.created,
}
Spoil = Callable[[Call, str, list[Values]], list[Values]]


class Reading:
    """The query side of one shop."""

    def __init__(self, books: Books, options: ShopifyOptions, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._pages = pages
        self._spoil = spoil
        self.shown = Shown(books, options.protected, self._nested)

    def root(self, operations: Callable[[str], Values | None]) -> Values:
        """The root of queries; `operations` finds a bulk operation."""
        return {
            **{name: self._listed(name) for name in ("customers", "orders")},
            **{f"{name}Count": self._counted(name) for name in ("customers", "orders")},
            "customer": lambda info, id: self._of("Customer", id),
            "order": lambda info, id: self._of("Order", id),
            "node": lambda info, id: self._node(id, operations),
            "nodes": lambda info, ids: self._nodes(ids, operations),
            "bulkOperation": lambda info, id: operations(id),
            "customerByIdentifier": lambda info, identifier: self._identified(identifier),
            "currentAppInstallation": self._installed,
            "metafieldDefinitions": lambda info, **asked: self._defined(**asked),
            "shop": lambda info: {
                "id": "gid://shopify/Shop/1", "name": "Twin", "myshopifyDomain": "twin.myshopify.com",
                "currencyCode": "CNY", "ianaTimezone": "Asia/Shanghai",
            },
        }  # fmt: skip

    def found(self, module: str, query: str | None) -> list[Record]:
        """The records that a search finds, by id."""
        self.allowed("read", module)
        tests = tests_of(query, daily=self._options.daily_search, known=self._indexed)
        rows = self._books.of(module).values()
        return sorted((one for one in rows if all(test(one) for test in tests)), key=lambda one: one.id)

    def allowed(self, deed: str, module: str) -> None:
        """Refuse what no scope allows; who may write may read."""
        scopes = self._options.scopes
        if not {f"{deed}_{module}", f"write_{module}"} & set(scopes):
            raise Refused("ACCESS_DENIED", f"Access denied for {module} field. Required access: `{deed}_{module}`.")

    def definitions(self) -> dict[tuple[str, str], str]:
        """The type of each metafield of customers that is defined."""
        own = self._options
        named = [*own.definitions, *([(own.key, "id")] if own.key else [])]
        split = [(name.rpartition("."), kind) for name, kind in named]
        return {(namespace, key): kind for (namespace, _, key), kind in split}

    def identified(self, custom_id: Mapping[str, Any]) -> Record | None:
        """The customer under a custom id; refused where no such metafield is defined as unique."""
        place = (str(custom_id.get("namespace") or ""), str(custom_id["key"]))
        if self.definitions().get(place) != "id":
            raise Refused("UNDEFINED_METAFIELD", "Metafield definition with unique values not found.")
        wanted = custom_id["value"]
        rows = self._books.customers.values()
        return next((one for one in rows if one.metafields.get(place, {}).get("value") == wanted), None)

    # -- listings

    def _listed(self, module: str) -> Callable[..., Values]:
        shows = self.shown.customer if module == "customers" else self.shown.order

        def listing(info: Any, **asked: Any) -> Values:
            rows = self.found(module, asked.get("query"))
            call = info.context.call
            if info.context.bulk:
                exported, _ = self._pages.capped(call, rows)
                return {"edges": [{"node": one} for one in self._spoil(call, module, [shows(r) for r in exported])]}
            key = _SORTED.get(asked.get("sortKey") or "ID", _SORTED["ID"])
            rows.sort(key=lambda one: (key(one), one.id), reverse=bool(asked.get("reverse")))
            return self._page(call, module, rows, asked, key, shows)

        return listing

    def _page(
        self, call: Call, module: str, rows: list[Record], asked: Mapping[str, Any],
        key: Callable[[Record], int], shows: Callable[[Record], Values],
    ) -> Values:  # fmt: skip
        size, own = self._size(asked), self._options
        shown, _ = self._pages.capped(call, rows)
        behind = _behind(asked.get("after"), str(asked.get("query")), str(asked.get("sortKey")))
        start = 0 if behind is None else sum((key(one), one.id) <= behind for one in shown)
        if start >= own.deep_rows:
            raise Refused("INVALID", "Pagination ends at 25000 objects.")
        begin, size = self._pages.cut(call, start, size)
        part = shown[begin : begin + size]
        last = part[-1] if part else None
        marks = (str(asked.get("query")), str(asked.get("sortKey")))
        end = _cursor(key(last), last.id, *marks) if last else None
        nodes = self._spoil(call, module, [shows(one) for one in part])
        first = _cursor(key(part[0]), part[0].id, *marks) if part else None
        place = {
            "hasNextPage": begin + size < len(shown), "hasPreviousPage": begin > 0, "endCursor": end, "startCursor": first
        }  # fmt: skip
        return {"nodes": nodes, "edges": [{"cursor": end, "node": node} for node in nodes], "pageInfo": place}

    def _size(self, asked: Mapping[str, Any]) -> int:
        size = asked.get("first")
        if size is None or asked.get("last") is not None:
            raise Refused("BAD_REQUEST", "you must provide one of first or last")
        if not 0 < size <= self._options.page_rows:
            raise Refused("BAD_REQUEST", "first is out of range")
        return int(size)

    def _nested(self, rows: Sequence[Values], how: Any) -> Values:
        """A connection inside of a row: of a bulk operation all of it."""
        info, asked = how
        if info.context.bulk:
            return {"edges": [{"node": row} for row in rows]}
        size, start = self._size(asked), int(asked.get("after") or 0)
        part, end = list(rows[start : start + size]), start + size
        place = {
            "hasNextPage": end < len(rows), "hasPreviousPage": start > 0, "endCursor": str(end), "startCursor": str(start)
        }  # fmt: skip
        return {"nodes": part, "edges": [{"cursor": str(end), "node": one} for one in part], "pageInfo": place}

    def _counted(self, module: str) -> Callable[..., Values | None]:
        def count(info: Any, **asked: Any) -> Values | None:
            found, own = len(self.found(module, asked.get("query"))), self._options
            if own.counts == "none":
                return None
            limit = asked.get("limit", 10_000)
            most = own.deep_rows if limit is None and own.counts == "capped" else limit
            capped = most is not None and found > most
            return {"count": most if capped else found, "precision": "AT_LEAST" if capped else "EXACT"}

        return count

    def _indexed(self, record: Record) -> int:
        """The time of change as the search knows it: what is too young is not indexed yet."""
        young = self._options.lag and record.updated > self._books.now() - self._options.lag
        return record.created - 1 if young else record.updated

    # -- look-ups

    def _of(self, noun: str, id_: str) -> Values | None:
        module = "customers" if noun == "Customer" else "orders"
        self.allowed("read", module)
        number = id_.removeprefix(f"gid://shopify/{noun}/")
        record = self._books.of(module).get(int(number)) if number.isdecimal() else None
        shows = self.shown.customer if noun == "Customer" else self.shown.order
        return shows(record) if record else None

    def _node(self, id_: str, operations: Callable[[str], Values | None]) -> Values | None:
        noun = id_.removeprefix("gid://shopify/").partition("/")[0]
        if noun == "BulkOperation":
            return operations(id_)
        return self._of(noun, id_) if noun in ("Customer", "Order") else None

    def _nodes(self, ids: Sequence[str], operations: Callable[[str], Values | None]) -> list[Values | None]:
        if len(ids) > self._options.input_rows:
            raise Refused("MAX_INPUT_SIZE_EXCEEDED", "The input array size is too large.")
        return [self._node(id_, operations) for id_ in ids]

    def _identified(self, identifier: Mapping[str, Any]) -> Values | None:
        self.allowed("read", "customers")
        if custom_id := identifier.get("customId"):
            record = self.identified(custom_id)
            return self.shown.customer(record) if record else None
        if id_ := identifier.get("id"):
            return self._of("Customer", id_)
        name, value = ("email", identifier.get("emailAddress")) if "emailAddress" in identifier else (
            "phone", identifier.get("phoneNumber"))  # fmt: skip
        record = self._books.holder(name, str(value))
        return self.shown.customer(record) if record else None

    def _installed(self, info: Any) -> Values:
        scopes = [{"handle": one, "description": one} for one in self._options.scopes]
        return {"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes}

    def _defined(self, **asked: Any) -> Values:
        found = [
            {
                "__typename": "MetafieldDefinition", "id": f"gid://shopify/MetafieldDefinition/{place}", "namespace": ns,
                "key": key, "name": key, "ownerType": "CUSTOMER", "type": {"name": kind, "category": "TEXT"},
                "capabilities": {"uniqueValues": {"eligible": True, "enabled": kind == "id"}},
            }
            for place, ((ns, key), kind) in enumerate(self.definitions().items(), 1)
            if asked.get("namespace") in (None, ns) and asked.get("key") in (None, key)
        ]  # fmt: skip
        place = {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None, "startCursor": None}
        return {"nodes": found, "pageInfo": place}


def _cursor(key: int, id_: int, query: str, sort: str) -> str:
    """A cursor is bound to its search and sort."""
    return base64.b64encode(json.dumps([key, id_, query, sort]).encode()).decode()


def _behind(cursor: str | None, query: str, sort: str) -> tuple[int, int] | None:
    if cursor is None:
        return None
    try:
        key, id_, of_query, of_sort = json.loads(base64.b64decode(cursor, validate=True))
    except ValueError:
        raise Refused("INVALID_CURSOR", "Invalid cursor for current pagination sort.") from None
    if (of_query, of_sort) != (query, sort):
        raise Refused("INVALID_CURSOR", "Invalid cursor for current pagination sort.")
    return int(key), int(id_)
