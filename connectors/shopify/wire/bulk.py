"""The calls of a bulk operation: it is ordered, asked after, and its file is fetched part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.shopify.wire.api import Api
from hub.connector import Row
from hub.errors import PermissionMissing, Rejected, Transient

_ORDER = (
    "mutation BulkStart($query:String!){bulkOperationRunQuery(query:$query, groupObjects:false)"
    "{bulkOperation{id status} userErrors{code field}}}"
)
_STATE = (
    "query BulkState($id:ID!){node(id:$id){... on BulkOperation{id status errorCode url objectCount rootObjectCount}}}"
)
_BUSY = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
_OVER = frozenset({"FAILED", "CANCELED", "CANCELING", "EXPIRED"})
PAUSE = 5.0
"""Seconds between the order of a job and the first look at it."""


class Busy(Exception):
    """As many operations are running as may."""


@dataclass(frozen=True)
class State:
    """What the shop says of an operation: whether it is done, or came to nothing and why; then its file."""

    done: bool = False
    lost: bool = False
    reason: str = ""
    url: str = ""
    count: int = 0
    objects: int = 0


@dataclass(frozen=True)
class Bulk:
    """Bulk operations of one shop; files come in parts of `most` bytes."""

    api: Api
    most: int

    def order(self, query: str) -> str:
        """Have an operation begun, and give its id. A second one, where an answer got lost, is waste and no harm."""
        found = self.api.ask(_ORDER, {"query": query}).get("bulkOperationRunQuery")
        told = found if isinstance(found, dict) else {}
        errors = [one for one in told.get("userErrors") or () if isinstance(one, dict)]
        if errors:
            code = str(errors[0].get("code") or "")
            if code in _BUSY:
                raise Busy
            raise Rejected("the shop does not take this bulk operation", code=code or "INVALID")
        operation = told.get("bulkOperation")
        id_ = str(operation.get("id") or "") if isinstance(operation, dict) else ""
        if not id_:
            raise Transient("the answer names no bulk operation")
        return id_

    def state(self, id_: str) -> State:
        """How far an operation is. One that is not known any more is lost; a state that we do not know is one of work."""
        told = self.api.ask(_STATE, {"id": id_}).get("node")
        if not isinstance(told, dict) or not told.get("status"):
            return State(lost=True)
        status, reason = str(told["status"]), str(told.get("errorCode") or "")
        if status in _OVER and reason == "ACCESS_DENIED":
            raise PermissionMissing("a bulk operation lacks a right", remedy="kehub doctor names the missing scope")
        if status != "COMPLETED":
            return State(lost=status in _OVER, reason=reason)
        return State(
            True, url=str(told.get("url") or ""), count=_whole(told, "rootObjectCount"),
            objects=_whole(told, "objectCount"),
        )  # fmt: skip

    def lines(self, url: str) -> Iterator[bytes]:
        """The lines of a file, in memory a part at a time: it is full of personal data, and never on disk."""
        start, rest, whole = 0, b"", False
        while not whole:
            part, whole = self.api.part(url, start, start + self.most - 1)
            start += len(part)
            whole = whole or len(part) < self.most
            *lines, rest = (rest + part).split(b"\n")
            yield from (line for line in lines if line.strip())
        if rest.strip():
            yield rest


def _whole(told: Row, name: str) -> int:
    """A count, which is a text on the wire."""
    text: Any = told.get(name)
    return int(text) if str(text).isdecimal() else 0
