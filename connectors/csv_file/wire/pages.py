"""Rows to pages: repeated keys, counts, and finding the way back to a position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.csv_file.wire.rows import Found
from hub.connector import BadRow, Page

PAGE = 500


class Tally:
    """The keys that a read has met, over all its files.

    In a snapshot one key is one row: an identical repeat is dropped, another one is refused. Elsewhere the later wins.
    """

    def __init__(self, snapshot: bool) -> None:
        self.faults = 0
        self._snapshot = snapshot
        self._met: dict[str, tuple[int, str]] = {}

    @property
    def keys(self) -> int:
        """How many different keys there were."""
        return len(self._met)

    def admitted(self, items: Iterable[Found | BadRow]) -> Iterator[Found | BadRow]:
        """The rows to hand on, and what is refused."""
        for item in items:
            admitted = item if isinstance(item, BadRow) else self._unique(item)
            if admitted:
                self.faults += isinstance(admitted, BadRow)
                yield admitted

    def _unique(self, item: Found) -> Found | BadRow | None:
        content = hash(repr(item.row)) if self._snapshot else 0
        met, place = self._met.setdefault(item.key, (content, item.place))
        if not self._snapshot or place == item.place:
            return item
        if met == content:
            return None
        return BadRow(item.place, f"has the same key as {place} and other values", repr(item.row).encode())


def paged(items: Iterable[Found | BadRow], mark: dict[str, Any]) -> Iterator[Page]:
    """Pages of one file, none with the same key twice; `mark` and the number of items so far are their position."""
    page: list[Found | BadRow] = []
    keys: set[str] = set()
    done = 0
    for item in items:
        key = item.key if isinstance(item, Found) else ""
        if len(page) == PAGE or (key and key in keys):
            done += len(page)
            yield _page(page, {**mark, "row": done})
            page, keys = [], set()
        page.append(item)
        keys.add(key)
    if page:
        yield _page(page, {**mark, "row": done + len(page)})


def _page(items: list[Found | BadRow], position: dict[str, Any]) -> Page:
    found = [item for item in items if isinstance(item, Found)]
    return Page(
        rows=[item.row for item in found],
        places=[item.place for item in found],
        bad=[item for item in items if isinstance(item, BadRow)],
        position=position,
    )


def after(pages: Iterable[Page], position: dict[str, Any]) -> Iterator[Page]:
    """The pages behind `position`, or a restart where there is no such position any more: the files are others."""
    rest = iter(pages)
    for page in rest:
        if page.position == position:
            yield from rest
            return
    yield Page(restart=True)
