"""Which pages of a listing are fetched side by side before a walk comes to them.

What a walk will ask for next is known as long as nothing moves. The first page is asked for alone, since it tells the
total; so is the last one: its total is the one after all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.woocommerce.wire.listing import Listing
from hub.connector import Row

Fetched = tuple[list[Row], int]


@dataclass
class Ahead:
    """The pages of one listing by offset, `size` rows each; `alone`: none is fetched before it is asked for.

    Close it: threads may be at work.
    """

    listing: Listing
    params: Row
    size: int
    alone: bool = False
    _pages: Any = field(init=False)  # hub.http.ahead.Ahead

    def __post_init__(self) -> None:
        self._pages = self.listing.door.ahead(self._ask, self._coming, 0 if self.alone else None)

    def page(self, offset: int) -> Fetched:
        """The rows from the offset on, and the total told with them."""
        found: Fetched = self._pages.answer(offset)
        return found

    def close(self) -> None:
        """Fetch no more."""
        self._pages.close()

    def _coming(self, offset: int, fetched: Fetched) -> Sequence[int]:
        """What follows a page: each page begins with the last row of the one before; the last page is left out."""
        seen, total = len(fetched[0]), fetched[1]
        coming = range(offset + seen - 1, total - seen, seen - 1) if seen > 1 else range(0)
        return coming if len(coming) > 1 else ()

    def _ask(self, door: Any, offset: int) -> Fetched:
        return replace(self.listing, door=door).page(self.params, offset, self.size)
