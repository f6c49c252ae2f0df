"""One page of a listing with its headers, and the fields that were asked for (sheet section 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from connectors.woocommerce.twin.books import Books, Record
from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.query import Query, paging
from connectors.woocommerce.twin.replies import Values
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

Spoil = Callable[[Call, list[Values]], list[Values]]
"""What the faults that are set make of a page's rows."""


class Listing:
    """Cuts pages; totals are counted anew for each, so that paging drifts while records change."""

    def __init__(self, books: Books, options: WooOptions, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._pages = pages
        self._spoil = spoil

    def page(self, call: Call, found: Sequence[Record]) -> Answer:
        """The page that a call asks for out of the records found, in their order."""
        wanted = paging(call.query, self._options.page_rows)
        shown, total = self._pages.capped(call, found)
        seen = shown[: self._options.capped_list] if self._options.capped_list else shown
        size = min(wanted.size, self._options.capped_page) if self._options.capped_page else wanted.size
        start, size = self._pages.cut(call, wanted.start, size)
        part = seen[start : start + size]
        rows = [self.one(call.query, record) for record in part]
        pages = -(-total // wanted.size)
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages), **_links(call, wanted.page, pages)}
        return Answer(200, self._spoil(call, rows), headers)

    def one(self, query: Query, record: Record) -> Values:
        """A record, or those of its fields that `_fields` names; the id is always there."""
        shown = self._books.shown(record)
        names = [name.strip() for name in query.get("_fields", "").split(",") if name.strip()]
        return {name: value for name, value in shown.items() if name == "id" or name in names} if names else shown


def _links(call: Call, page: int, pages: int) -> dict[str, str]:
    """Next and previous page, with all that the call's address held: key and signature too."""
    links = []
    for there, rel, number in ((page < pages, "next", page + 1), (page > 1, "prev", page - 1)):
        if there:
            query = urlencode({**call.query, "page": number})
            links.append(f'<{call.base_url}{call.path}?{query}>; rel="{rel}"')
    return {"Link": ", ".join(links)} if links else {}
