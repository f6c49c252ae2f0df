"""The documents that read: put together from a mapping, so that no query asks for what nobody reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hub.connector import Mapping
from hub.errors import SettingsError

LINES = 10
"""So many positions of an order come with it on a page; the others are asked for by order."""

_META = "metafields."
_STATE = "marketingState"
_MADE = {
    "email": ("defaultEmailAddress.emailAddress",),
    "phone": ("defaultPhoneNumber.phoneNumber",),
    "optedOut": (f"defaultEmailAddress.{_STATE}", f"defaultPhoneNumber.{_STATE}"),
    "defaultAddress.street": ("defaultAddress.address1", "defaultAddress.address2"),
}
_MADE_OF_ORDERS = {
    "customer": ("customer.id",),
    "buyerPhone": ("phone", "billingAddress.phone", "customer.defaultPhoneNumber.phoneNumber"),
    "billingAddress.name": ("billingAddress.firstName", "billingAddress.lastName", "billingAddress.name"),
    "channel": ("sourceName",),
    "status": ("cancelledAt", "closed", "test", "displayFinancialStatus", "displayFulfillmentStatus"),
    "payment": ("paymentGatewayNames",),
    "total": ("totalPriceSet.shopMoney.amount",),
    "refunded": ("totalRefundedSet.shopMoney.amount",),
    "lines": (),
}
_LINE = (
    "id sku name quantity originalUnitPriceSet{shopMoney{amount}} "
    "discountedTotalSet(withCodeDiscounts:true){shopMoney{amount}}"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OBJECTS_OF_LINE = 5

Tree = dict[str, Any]


@dataclass(frozen=True)
class Documents:
    """The documents of one stream: `customers` or `orders`, with the fields that its mapping reads."""

    stream: str
    mapping: Mapping
    lines: bool = False

    @cached_property
    def metafields(self) -> dict[str, tuple[str, str]]:
        """The metafields that are read, by the alias under which they come: namespace and key."""
        names = dict.fromkeys(entry.theirs for entry in self.mapping.fields if entry.theirs.startswith(_META))
        return {f"m{place}": metafield_of(name) for place, name in enumerate(names)}

    @property
    def noun(self) -> str:
        """What the schema calls one of them."""
        return "Customer" if self.stream == "customers" else "Order"

    @property
    def counts(self) -> str:
        """The name of the field that counts them."""
        return f"{self.stream}Count"

    @cached_property
    def cost(self) -> int:
        """What a row of a page costs at most, by the published rules: a point an object."""
        objects = 1 + _objects(self._tree) + len(self.metafields)
        return objects + (1 + LINES * _OBJECTS_OF_LINE if self._asks_lines else 0)

    @cached_property
    def page(self) -> str:
        """A page of the listing, in an order."""
        name, keys = f"{self.stream.title()}Page", f"{self.noun}SortKeys!"
        arguments = "first:$first, after:$after, query:$query, sortKey:$sort"
        return (
            f"query {name}($first:Int!, $after:String, $query:String, $sort:{keys})"
            f"{{{self.stream}({arguments}){{nodes{{{self._fields()}}} pageInfo{{hasNextPage hasPreviousPage endCursor}}}}}}"
        )

    @cached_property
    def count(self) -> str:
        """How many there are, or how many a search finds."""
        name = f"{self.stream.title()}Count"
        return f"query {name}($query:String){{{self.counts}(query:$query, limit:null){{count precision}}}}"

    @cached_property
    def by_id(self) -> str:
        """Rows by their ids."""
        name = f"{self.stream.title()}ById"
        return f"query {name}($ids:[ID!]!){{nodes(ids:$ids){{... on {self.noun}{{{self._fields()}}}}}}}"

    @cached_property
    def more_lines(self) -> str:
        """The positions of one order behind those that came with it."""
        return (
            "query OrderLines($id:ID!, $after:String){order(id:$id)"
            f"{{lineItems(first:100, after:$after){{nodes{{{_LINE}}} pageInfo{{hasNextPage endCursor}}}}}}}}"
        )

    def bulk(self, search: str) -> str:
        """The query of a bulk operation over all rows, or over those that a search finds."""
        found = f"(query:{json.dumps(search)})" if search else ""
        return f"{{{self.stream}{found}{{edges{{node{{{self._fields(bulk=True)}}}}}}}}}"

    @property
    def _asks_lines(self) -> bool:
        return self.lines and any(entry.ours == "lines" for entry in self.mapping.fields)

    @cached_property
    def _tree(self) -> Tree:
        made = _MADE if self.stream == "customers" else _MADE_OF_ORDERS
        tree: Tree = {"id": {}, self.mapping.modified: {}}
        for entry in self.mapping.fields:
            if not entry.theirs.startswith(_META):
                for path in made.get(entry.theirs, made.get(entry.theirs.partition(".")[0], (entry.theirs,))):
                    _grow(tree, path)
        return tree

    def _fields(self, *, bulk: bool = False) -> str:
        metafields = " ".join(
            f"{alias}:metafield(namespace:{json.dumps(namespace)}, key:{json.dumps(key)}){{value compareDigest}}"
            for alias, (namespace, key) in self.metafields.items()
        )
        lines = f"lineItems{{edges{{node{{{_LINE}}}}}}}" if bulk else self._page_of_lines
        return " ".join(part for part in (_shown(self._tree), metafields, lines if self._asks_lines else "") if part)

    @property
    def _page_of_lines(self) -> str:
        return f"lineItems(first:{LINES}){{nodes{{{_LINE}}} pageInfo{{hasNextPage endCursor}}}}"


def metafield_of(name: str) -> tuple[str, str]:
    """Namespace and key of a metafield's name; SettingsError when it is none."""
    _, _, rest = name.partition(".")
    namespace, _, key = rest.partition(".")
    if not namespace or not key or "." in key:
        remedy = "write it as metafields.NAMESPACE.KEY"
        raise SettingsError("not a metafield's name", where=name, remedy=remedy)
    return namespace, key


def _grow(tree: Tree, path: str) -> None:
    for name in path.split("."):
        if not _NAME.fullmatch(name):
            raise SettingsError("not a field's name", where=path, remedy="correct it in the connection's `fields`")
        tree = tree.setdefault(name, {})


def _shown(tree: Tree) -> str:
    return " ".join(name + (f"{{{_shown(inner)}}}" if inner else "") for name, inner in tree.items())


def _objects(tree: Tree) -> int:
    inner: Iterable[Tree] = (part for part in tree.values() if part)
    return sum(1 + _objects(part) for part in inner)
