"""The documents that read: put together from a mapping, so that no query asks for what nobody reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from connectors.shopify.wire.selection import META, Tree, metafield_of, objects, shown, tree_of
from hub.connector import Mapping

LINES = 10
"""So many positions of an order come with it on a page; the others are asked for by order."""

_LINE = (
    "id sku name quantity originalUnitPriceSet{shopMoney{amount}} "
    "discountedTotalSet(withCodeDiscounts:true){shopMoney{amount}}"
)
_OBJECTS_OF_LINE = 5


@dataclass(frozen=True)
class Documents:
    """The documents of one stream: `customers` or `orders`, with the fields that its mapping reads."""

    stream: str
    mapping: Mapping
    lines: bool = False

    @cached_property
    def metafields(self) -> dict[str, tuple[str, str]]:
        """The metafields that are read, by the alias under which they come: namespace and key."""
        names = dict.fromkeys(entry.theirs for entry in self.mapping.fields if entry.theirs.startswith(META))
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
        own = 1 + objects(self._tree) + len(self.metafields)
        return own + (1 + LINES * _OBJECTS_OF_LINE if self._asks_lines else 0)

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
        return tree_of(self.mapping, self.stream)

    def _fields(self, *, bulk: bool = False) -> str:
        metafields = " ".join(
            f"{alias}:metafield(namespace:{json.dumps(namespace)}, key:{json.dumps(key)}){{value compareDigest}}"
            for alias, (namespace, key) in self.metafields.items()
        )
        lines = f"lineItems{{edges{{node{{{_LINE}}}}}}}" if bulk else self._page_of_lines
        return " ".join(part for part in (shown(self._tree), metafields, lines if self._asks_lines else "") if part)

    @property
    def _page_of_lines(self) -> str:
        return f"lineItems(first:{LINES}){{nodes{{{_LINE}}} pageInfo{{hasNextPage endCursor}}}}"
