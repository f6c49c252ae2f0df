"""Reading records: the list with its cursor, living or archived ones, and one record."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from connectors.hubspot.twin.books import DAY, Books, Kind, Record
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Refused, Values, invalid
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

Spoil = Callable[[Call, Kind, list[Values]], list[Values]]
"""What the faults that are set make of a page's rows."""


class Listing:
    """`GET /crm/v3/objects/{type}` and `/{id}`; a cursor names the last record, so that records which go hide none."""

    def __init__(self, books: Books, options: HubSpotOptions, pages: Pages, spoil: Spoil) -> None:
        self._books = books
        self._options = options
        self._pages = pages
        self._spoil = spoil

    def listed(self, call: Call, kind: Kind) -> Answer:
        """A page, in the order of ids."""
        limit = _limit(call, self._options.page_rows)
        archived = call.query.get("archived", "").lower() == "true"
        rows, _ = self._pages.capped(call, self._found(kind, archived=archived))
        after = self._after(call.query.get("after", ""))
        start = next((place for place, one in enumerate(rows) if one.id > after), len(rows))
        start, size = self._pages.cut(call, start, limit)
        page = rows[start : start + size]
        names = _names(call)
        shown = self._spoil(call, kind, [one.shown(names) for one in page])
        more = start + size < len(rows) and page
        return Answer(200, {"results": shown, **self._paging(call, page[-1].id)} if more else {"results": shown})

    def one(self, call: Call, kind: Kind) -> Answer:
        """One record by id or by a unique property; a merged id leads to the survivor."""
        by, asked = call.query.get("idProperty", ""), call.params["id"]
        record = kind.having(by, asked) if by else kind.survivor(int(asked)) if asked.isdecimal() else None
        if call.query.get("archived", "").lower() == "true" and asked.isdecimal():
            record = kind.bin.get(int(asked))
        if record is None:
            raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
        return Answer(200, record.shown(_names(call)))

    def _found(self, kind: Kind, *, archived: bool) -> Sequence[Record]:
        if not archived:
            return sorted(kind.rows.values(), key=lambda one: one.id)
        start = self._books.now() - self._options.bin_days * DAY
        return sorted((one for one in kind.bin.values() if (one.archived or 0) > start), key=lambda one: one.id)

    def _after(self, text: str) -> int:
        if self._options.cursor == "opaque" and text:
            text = base64.urlsafe_b64decode(text).decode()
        if text and not text.isdecimal():
            raise invalid("after is not a cursor")
        return int(text or 0)

    def _paging(self, call: Call, last: int) -> Values:
        opaque = self._options.cursor == "opaque"
        after = base64.urlsafe_b64encode(str(last).encode()).decode() if opaque else str(last)
        return {"paging": {"next": {"after": after, "link": f"{call.base_url}{call.path}?after={after}"}}}


def _limit(call: Call, most: int) -> int:
    text = call.query.get("limit", "10")
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise invalid(f"limit must be between 1 and {most}")
    return int(text)


def _names(call: Call) -> list[str]:
    """Properties that nobody knows are passed over; they may come in one parameter or in several."""
    return [name for name in call.query.get("properties", "").split(",") if name]
