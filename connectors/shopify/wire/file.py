"""The file of a bulk operation: a line an object, the rows below a row on lines of their own, in no given place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from hub.connector import Row

_PARENT = "__parentId"
_MARK = b'"__parentId"'


class Unreadable(Exception):
    """The file is not what the operation said it is."""


@dataclass(frozen=True)
class File:
    """One file, which `lines` fetches from its start; it should have `count` rows and `objects` lines."""

    lines: Callable[[], Iterable[bytes]]
    count: int
    objects: int

    def rows(self) -> Iterator[Row]:
        """Its rows with those below them; Unreadable, at the latest at its end, where it is too short or too long.

        Rows below others may stand anywhere: they are collected first, by a reading of their own.
        """
        below = self._below() if self.objects > self.count else {}
        count = lines = 0
        for line in self.lines():
            lines += 1
            if _MARK in line and _PARENT in (found := _decoded(line)):
                continue
            count += 1
            found = _decoded(line)
            kept = below.pop(str(found.get("id")), ())
            yield {**found, "lineItems": {"nodes": [_decoded(one) for one in kept]}} if self._nests else found
        if count != self.count or (self.objects and lines != self.objects) or below:
            raise Unreadable

    @property
    def _nests(self) -> bool:
        return self.objects > self.count

    def _below(self) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for line in self.lines():
            if _MARK in line and (parent := _decoded(line).get(_PARENT)):
                found.setdefault(str(parent), []).append(line)
        return found


def _decoded(line: bytes) -> Row:
    """A line's object; half a surrogate pair spoils its own row only."""
    try:
        found: Any = orjson.loads(line)
    except ValueError:
        found = _tolerantly(line)
    if not isinstance(found, dict):
        raise Unreadable
    return found


def _tolerantly(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8", "surrogateescape"))
    except ValueError:
        raise Unreadable from None
