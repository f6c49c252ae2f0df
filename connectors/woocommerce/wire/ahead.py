"""Fetching pages side by side before a walk comes to them.

What a walk will ask for next is known as long as nothing moves. The first page is asked for alone, since it tells the
total; so is the last one: its total is the one after all others. A walk that turns elsewhere is never misled: pages that
it does not ask for are thrown away, and after a few of those nothing is fetched ahead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.woocommerce.wire.listing import Listing
from hub.connector import Row

Fetched = tuple[list[Row], int]
_MISSES = 3


@dataclass
class Ahead:
    """The pages of one listing by offset, `size` rows each; `alone`: none is fetched before it is asked for.

    Close it: threads of its own may be at work.
    """

    listing: Listing
    params: Row
    size: int
    alone: bool = False
    _offsets: deque[int] = field(default_factory=deque)
    _pages: Generator[Fetched, None, None] | None = None
    _misses: int = 0

    def page(self, offset: int) -> Fetched:
        """The rows from the offset on, and the total told with them."""
        if self._offsets and self._offsets[0] == offset and self._pages is not None:
            self._offsets.popleft()
            return next(self._pages)
        self._misses += bool(self._offsets)
        self.close()
        rows, total = self._ask(self.listing.door, offset)
        self._look_ahead(offset, len(rows), total)
        return rows, total

    def close(self) -> None:
        """Fetch no more."""
        self._offsets.clear()
        if self._pages is not None:
            self._pages.close()
            self._pages = None

    def _look_ahead(self, offset: int, seen: int, total: int) -> None:
        """Begin to fetch what follows: each page begins with the last row of the one before; the last page is left out."""
        if self.alone or seen < 2 or self._misses >= _MISSES:
            return
        coming = range(offset + seen - 1, total - seen, seen - 1)
        if len(coming) > 1:
            self._offsets.extend(coming)
            self._pages = self.listing.door.side_by_side(self._ask, coming)

    def _ask(self, door: Any, offset: int) -> Fetched:
        return replace(self.listing, door=door).page(self.params, offset, self.size)
