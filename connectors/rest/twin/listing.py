"""One page of a listing, in the way of paging that this service has."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.rest.twin.books import Record, Values
from connectors.rest.twin.options import ClubOptions
from connectors.rest.twin.replies import Refused, good
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

Asked = dict[str, Any]
Spoil = Callable[[Call, list[Values]], list[Values]]


class Listing:
    """Cuts pages out of what was found, in its order. `spoil` lets the faults have their way with a page's rows."""

    def __init__(self, options: ClubOptions, pages: Pages, spoil: Spoil, refuse: Callable[[str, str], Refused]) -> None:
        self._options = options
        self._pages = pages
        self._spoil = spoil
        self._refuse = refuse

    def page(
        self, call: Call, asked: Asked, name: str, found: Sequence[Record], show: Callable[[Record], Values]
    ) -> Answer:
        """The page that a call asks for; a mark holds the whole question of the call that began."""
        shown, total = self._pages.capped(call, found)
        size = min(self._number(asked, "limit", 20), self._options.page_rows)
        wanted = 0 if self._options.paging == "whole" else self._start(asked, size, shown)
        if self._options.paging == "whole":
            size = max(1, len(shown))
        start, size = self._pages.cut(call, wanted, size)
        part = shown[start : start + size]
        rows = self._spoil(call, [show(record) for record in part])
        end = start + len(part)
        more = end < len(shown)
        told: Values = {name: rows, "meta": self._meta(total, size, more)}
        self._mark(told["meta"], asked, end, more)
        headers = {"X-Total": str(total)} if self._options.totals else {}
        if self._options.paging == "link" and more:
            headers["Link"] = f'<{self._link(call, asked, end)}>; rel="next"'
        return good(told, headers)

    def _start(self, asked: Asked, size: int, shown: Sequence[Record]) -> int:
        style = self._options.paging
        if style == "page":
            return (self._number(asked, "page", 1) - 1) * size
        if style == "offset":
            return self._number(asked, "skip", 0)
        if style == "last_row":
            numbers = [record.number for record in shown]
            after = str(asked.get("after") or "")
            return numbers.index(after) + 1 if after in numbers else 0
        return self._number(unmark(str(asked["mark"]), self._refuse), "at", 0) if asked.get("mark") else 0

    def _meta(self, total: int, size: int, more: bool) -> Values:
        meta: Values = {"total": total} if self._options.totals else {}
        return {**meta, "more": more, "last": not more, "pages": -(-total // size)} if self._options.flags else meta

    def _mark(self, meta: Values, asked: Asked, end: int, more: bool) -> None:
        """Where the next page begins; a token stands for the question, too."""
        if self._options.paging not in ("cursor", "token"):
            return
        question = {} if self._options.paging == "cursor" else {one: asked[one] for one in asked if one != "mark"}
        meta["next"] = mark({**question, "at": end}) if more else None

    def _link(self, call: Call, asked: Asked, end: int) -> str:
        """The next page's address; it repeats whatever the call's own one held, the key too."""
        return f"{call.base_url}{call.path}?{urlencode({**call.query, 'mark': mark({'at': end})})}"

    def _number(self, asked: Asked, name: str, otherwise: int) -> int:
        told = str(asked.get(name, otherwise))
        if not told.isdecimal():
            raise self._refuse("2422", name)
        return int(told)


def mark(content: Values) -> str:
    """A mark that means nothing to whoever gets it."""
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


def unmark(text: str, refuse: Callable[[str, str], Refused]) -> Values:
    """What a mark holds."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text))
    except (ValueError, binascii.Error):
        raise refuse("2422", "mark") from None
    return found if isinstance(found, dict) else {}
