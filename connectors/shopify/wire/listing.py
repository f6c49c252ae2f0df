"""The calls of one stream: a page, a count, rows by id; and what their answers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.shopify.wire.api import Api
from connectors.shopify.wire.dialect import TOO_DEAR
from connectors.shopify.wire.documents import Documents
from connectors.shopify.wire.rows import customer, gid, nodes_of, order
from hub.connector import Row
from hub.errors import Rejected, Transient

IDS = 100
_ROOM = 0.9  # of what one query may cost: our sum is by the published rules, theirs counts


@dataclass(frozen=True)
class PageOf:
    """A page: its rows, where the next one begins, and whether there is one before and after it."""

    rows: list[Row]
    cursor: str
    more: bool
    earlier: bool


@dataclass
class Listing:
    """One stream's listing. `size` is the rows of a page; it shrinks for good where a page turns out too dear."""

    api: Api
    documents: Documents
    size: int
    most: int
    channels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = max(1, min(self.size, int(self.most * _ROOM) // self.documents.cost))

    def page(self, search: str, sort: str, cursor: str) -> PageOf:
        """The page behind a cursor."""
        while True:
            asked = {"first": self.size, "after": cursor or None, "query": search or None, "sort": sort}
            try:
                found = self.api.ask(self.documents.page, asked).get(self.documents.stream)
            except Rejected as fault:
                if fault.code != TOO_DEAR or self.size == 1:
                    raise
                self.size //= 2  # another query, and half as dear
                continue
            return self._page(found)

    def count(self, search: str) -> tuple[int, bool] | None:
        """How many rows a search finds, and whether that is exact; None where the shop does not say."""
        found = self.api.ask(self.documents.count, {"query": search or None}).get(self.documents.counts)
        if not isinstance(found, dict) or not isinstance(found.get("count"), int):
            return None
        return found["count"], found.get("precision") == "EXACT"

    def by_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Rows by their numbers; absent ones are left out."""
        known, found = [gid(self.documents.noun, id_) for id_ in ids if id_.isdecimal()], dict[str, Row]()
        step = max(1, min(IDS, int(self.most * _ROOM) // self.documents.cost))
        for start in range(0, len(known), step):
            nodes = self.api.ask(self.documents.by_id, {"ids": known[start : start + step]}).get("nodes")
            if not isinstance(nodes, list):
                raise Transient("the answer holds no rows where they belong")
            rows = [self.row(node) for node in nodes if isinstance(node, dict) and node.get("id")]
            found |= {row["id"]: row for row in rows}
        return found

    def row(self, node: Row) -> Row:
        """A row as the mapping reads it, with all its positions."""
        if self.documents.stream == "customers":
            return customer(node, self.documents.metafields)
        return order(self._whole(node), self.documents.metafields, self.channels)

    def _whole(self, node: Row) -> Row:
        """An order with the positions that did not fit into the page."""
        connection = node.get("lineItems")
        if not isinstance(connection, dict):
            return node
        rows, place = nodes_of(connection), _place(connection)
        while place.get("hasNextPage"):
            asked = {"id": node["id"], "after": place.get("endCursor")}
            found = self.api.ask(self.documents.more_lines, asked).get("order")
            if not isinstance(found, dict):  # deleted meanwhile
                break
            more = nodes_of(found.get("lineItems"))
            if not more:
                raise Transient("more positions of an order were promised than come")
            rows, place = rows + more, _place(found.get("lineItems"))
        return {**node, "lineItems": {"nodes": rows}}

    def _page(self, found: Any) -> PageOf:
        nodes = found.get("nodes") if isinstance(found, dict) else None
        place = _place(found)
        if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes) or not place:
            raise Transient("the answer holds no rows where they belong")
        more, cursor = bool(place.get("hasNextPage")), str(place.get("endCursor") or "")
        if (more or cursor) and not nodes:
            raise Transient("more rows were promised than come")
        if more and not cursor:
            raise Transient("the listing goes on and does not tell where")
        return PageOf([self.row(node) for node in nodes], cursor, more, bool(place.get("hasPreviousPage")))


def _place(connection: Any) -> Row:
    found = connection.get("pageInfo") if isinstance(connection, dict) else None
    return found if isinstance(found, dict) else {}
