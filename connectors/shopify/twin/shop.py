"""One document's way: understood, weighed, throttled or carried out, and answered with what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from connectors.shopify.twin.books import Books, Values
from connectors.shopify.twin.bucket import Bucket
from connectors.shopify.twin.bulk import Operations
from connectors.shopify.twin.customers import Customers
from connectors.shopify.twin.engine import Context, Operation, cost, objects, run, told, understood
from connectors.shopify.twin.metafields import Metafields
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.reading import Reading
from connectors.shopify.twin.replies import errors
from hub.testing.twin import Answer, Call, Kind
from hub.testing.twin_pages import Pages

Struck = Callable[[str, Call], Values | None]
_BULK = "bulkOperationRunQuery"
_LISTED = ("customers", "orders", _BULK, "node")


class Shop:
    """Everything of the twin that needs GraphQL; `drift` lets a record of a page change just after it was read."""

    def __init__(
        self, books: Books, options: ShopifyOptions, pages: Pages, struck: Struck,
        note: Callable[[str, str, str, Iterable[str]], None], drift: Callable[[str, int, str], None],
    ) -> None:  # fmt: skip
        self._options = options
        self._pages = pages
        self._drift = drift
        self._reading = Reading(books, options, pages, self._spoil)
        metafields = Metafields(books, options, self._reading, note)
        rewrites: Callable[[Call], bool] = lambda call: struck("rewritten_phones", call) is not None  # noqa: E731
        self._customers = Customers(books, options, self._reading, metafields, note, rewrites)
        self._metafields = metafields
        self.operations = Operations(books, options, lambda: self._reading.root(lambda _: None), struck)
        self._known: dict[bytes, Operation] = {}

    def kind(self, call: Call) -> tuple[Kind, str]:
        """Whether a document writes, and its name. Ordering a bulk operation changes nothing in the shop."""
        operation = self._operation(call)
        names = {one.name.value for one in operation.fields}
        return ("write" if operation.mutates and names != {_BULK} else "read"), operation.name or "unnamed"

    def lists(self, call: Call) -> bool:
        """Whether a document walks a listing: not if it counts, looks up, or searches for one tag or address."""
        operation = self._operation(call)
        fields = [one for one in operation.fields if one.name.value in _LISTED]
        searches = [str(operation.argument(one, "query") or "") for one in fields]
        return bool(fields) and not any(word in search for search in searches for word in ("tag:", "email:", "phone:"))

    def named(self, call: Call) -> str:
        """The number of the first customer that a document's variables name; "" for none."""
        return _first_id(self._operation(call).variables)

    def answer(self, call: Call, bucket: Bucket) -> Answer:
        """What a document comes to."""
        operation = self._operation(call)
        if operation.errors:
            return Answer(200, {"errors": told(operation.errors)})
        price = cost(operation, self._options.mutation_cost) * self._options.cost_factor
        if price > self._options.query_cost:
            said = f"Query cost is {price}, which exceeds the single query max cost limit ({self._options.query_cost})."
            return Answer(200, errors("MAX_COST_EXCEEDED", said, cost=price, maxCost=self._options.query_cost))
        if not bucket.takes(price):
            return Answer(200, {**errors("THROTTLED", "Throttled"), "extensions": bucket.told(price, None)})
        found = run(operation, self._root(call), Context(call))
        spent = price if operation.mutates else min(price, objects(found.data))
        bucket.spend(spent)
        body: Values = {"data": found.data, "extensions": bucket.told(price, spent)}
        return Answer(200, body | ({"errors": told(found.errors)} if found.errors else {}))

    def _operation(self, call: Call) -> Operation:
        """The call's document; it is looked at several times, and understood once."""
        if call.body not in self._known:
            self._known.clear()
            self._known[call.body] = _understood(call)
        return self._known[call.body]

    def _root(self, call: Call) -> Values:
        reading = self._reading.root(lambda id_: self.operations.found(id_, call))
        ordered = {_BULK: self.operations.ordered}
        return {**reading, **self._customers.root(), **self._metafields.root(), **ordered}

    def _spoil(self, call: Call, module: str, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        title = "firstName" if module == "customers" else "name"

        def drift(kind: str) -> None:
            self._drift(module, int(rows[0]["legacyResourceId"]), kind)

        return self._pages.shown(call, rows, title, drift)


def _understood(call: Call) -> Operation:
    try:
        body: Any = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return understood("")
    variables = body.get("variables")
    return understood(body["query"], variables if isinstance(variables, dict) else {}, body.get("operationName"))


def _first_id(value: Any) -> str:
    """The first global id of a customer in a value."""
    if isinstance(value, str):
        return value.removeprefix("gid://shopify/Customer/") if value.startswith("gid://shopify/Customer/") else ""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((id_ for part in parts if (id_ := _first_id(part))), "")
