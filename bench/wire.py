"""A call and its reply, as the page server sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

Part = bytes | memoryview


@dataclass(frozen=True)
class Call:
    """A request."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """A status, the parts of a body, headers."""

    def __init__(self, status: int, *parts: Part, **headers: object) -> None:
        self.status = status
        self.parts = parts
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def length(self) -> int:
        """The body's length."""
        return sum(map(len, self.parts))


def plain(found: object, status: int = 200) -> Reply:
    """A small JSON answer."""
    return Reply(status, orjson.dumps(found))
