"""Get records, one record, count, and deleted records (sheet sections 4 and 7)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.records import DAY, SORT_KEYS, Books, Deleted, Module, Record, Spoil, Values
from connectors.zoho.twin.replies import Refused
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

_ONLY_SINGLE = frozenset(("Ordered_Items",))
"""What a list call leaves out."""


@dataclass(frozen=True)
class PageToken:
    """What a page token remembers: the parameters it is bound to, the rows served, the last row, its end of life."""

    bound_to: tuple[tuple[str, str], ...]
    served: int
    last: tuple[int, int]
    until: int


@dataclass(frozen=True)
class Slice:
    """The part of a selection that one call shows."""

    rows: list[Record]
    served: int
    page: int
    more: bool


class Listing:
    """The reading calls of the records API."""

    def __init__(
        self, books: Books, options: ZohoOptions, pages: Pages, spoil: Spoil, find: Callable[[Call], Module]
    ) -> None:
        self._books = books
        self._options = options
        self._pages = pages
        self._spoil = spoil
        self._module = find
        self._tokens: dict[str, PageToken] = {}

    def records(self, call: Call) -> Answer:
        """`GET /{Module}`."""
        module = self._module(call)
        fields = _fields(call, module)
        sort_by, descending = _sorting(call)
        since = _since(call)
        wanted, _ = self._pages.capped(call, self._selection(call, module, sort_by, descending, since))
        if not wanted:
            return Answer(304 if since is not None else 204)
        part = self._slice(call, wanted, sort_by, descending)
        rows = [record.shown(fields) for record in part.rows]
        info = self._info(call, part, sort_by, descending)
        return Answer(200, {"data": self._spoil(call, module, rows), "info": info})

    def record(self, call: Call, given: str) -> Answer:
        """`GET /{Module}/{id}`, line items and all."""
        record = self._module(call).rows.get(given)
        return Answer(204) if record is None else Answer(200, {"data": [{"id": record.id, **record.values}]})

    def count(self, call: Call) -> Answer:
        """`GET /{Module}/actions/count`."""
        _, found = self._pages.capped(call, list(self._module(call).rows))
        return Answer(200, {"count": str(found) if self._options.count_as_text else found})

    def deleted(self, call: Call) -> Answer:
        """`GET /{Module}/deleted`: the bin for 60 days, the permanently deleted for 120."""
        kind = call.query.get("type", "all")
        if kind not in ("all", "recycle", "permanent"):
            raise Refused("PATTERN_NOT_MATCHED", {"api_name": "type"})
        now, since = self._books.now(), _since(call) or 0
        found = [
            one
            for one in self._module(call).bin.values()
            if kind in ("all", one.kind(now)) and one.at >= since and now - one.at <= 120 * DAY
        ]
        rows_per_page, page = self._per_page(call), _whole(call.query, "page", 1)
        shown, _ = self._pages.capped(call, found)
        start, most = self._pages.cut(call, (page - 1) * rows_per_page, rows_per_page)
        rows = [self._shown(one, now) for one in shown[start : start + most]]
        more = len(shown) > start + most
        info = {"per_page": rows_per_page, "count": len(rows), "page": page, "more_records": more}
        return Answer(200, {"data": rows, "info": info}) if rows else Answer(204)

    def _shown(self, one: Deleted, now: int) -> Values:
        by = None if one.permanent else {"name": one.by["name"], "id": one.by["id"]}
        names = {"display_name": one.name, "deleted_by": by, "created_by": by}
        return {"id": one.id, "type": one.kind(now), "deleted_time": self._books.shown(one.at), **names}

    def _selection(self, call: Call, module: Module, sort_by: str, descending: bool, since: int | None) -> list[Record]:
        ids, converted = call.query.get("ids", ""), call.query.get("converted", "false")
        chosen = frozenset(ids.split(",")) if ids else None
        if chosen is not None and len(chosen) > 100:
            raise Refused("LIMIT_EXCEEDED", {"limit": 100, "param": "ids"})

        def choose() -> list[Record]:
            rows = (module.rows[one] for one in chosen if one in module.rows) if chosen else module.rows.values()
            found = [row for row in rows if self._matches(row, module, since, converted)]
            return sorted(found, key=SORT_KEYS[sort_by], reverse=descending)

        return module.ordered((sort_by, descending, since, chosen, converted), choose)

    def _matches(self, record: Record, module: Module, since: int | None, converted: str) -> bool:
        if since is not None and record.modified < since + (0 if self._options.since_inclusive else 1):
            return False
        if module.name != "Leads" or converted == "both":
            return True
        return bool(record.values.get("Converted__s")) == (converted == "true")

    def _slice(self, call: Call, wanted: Sequence[Record], sort_by: str, descending: bool) -> Slice:
        rows_per_page = self._per_page(call)
        if "page_token" in call.query:
            token = self._token(call)
            served, page = token.served, token.served // rows_per_page + 1
            start = self._start(token, wanted, sort_by, descending)
        else:
            page = _whole(call.query, "page", 1)
            served = start = (page - 1) * rows_per_page
            if served + rows_per_page > max(self._options.page_cap, rows_per_page):
                limit = {"limit": self._options.page_cap}
                raise Refused("DISCRETE_PAGINATION_LIMIT_EXCEEDED", limit)
        start, most = self._pages.cut(call, start, rows_per_page)
        rows = list(wanted[start : start + most])
        return Slice(rows, served + len(rows), page, len(wanted) > start + most)

    def _start(self, token: PageToken, wanted: Sequence[Record], sort_by: str, descending: bool) -> int:
        if self._options.paging == "offset":
            return token.served
        sign = -1 if descending else 1
        key = SORT_KEYS[sort_by]
        return bisect_right(wanted, _signed(token.last, sign), key=lambda record: _signed(key(record), sign))

    def _token(self, call: Call) -> PageToken:
        if "page" in call.query:
            raise Refused("AMBIGUITY_DURING_PROCESSING", {"ambiguity_due_to": ["page", "page_token"]})
        token = self._tokens.get(call.query["page_token"])
        if token is None:
            raise Refused("INVALID_DATA", {"param": "page_token"})
        if token.bound_to != _bound_to(call):
            raise Refused("TOKEN_BOUND_DATA_MISMATCH", {"param": "page_token"})
        if token.until <= self._books.now():
            raise Refused("EXPIRED_VALUE", {"param": "page_token"})
        if token.served >= self._options.token_cap:
            raise Refused("PAGINATION_LIMIT_EXCEEDED", {"limit": self._options.token_cap})
        return token

    def _info(self, call: Call, part: Slice, sort_by: str, descending: bool) -> Values:
        following, expiry = None, None
        if part.more and part.rows:
            until = self._books.now() + self._options.page_token_life
            following = f"tok{len(self._tokens) + 1:08d}"
            last = SORT_KEYS[sort_by](part.rows[-1])
            self._tokens[following] = PageToken(_bound_to(call), part.served, last, until)
            expiry = self._books.shown(until)
        return {
            "per_page": self._per_page(call),
            "count": len(part.rows),
            "page": part.page,
            "more_records": part.more,
            "sort_by": sort_by,
            "sort_order": "desc" if descending else "asc",
            "next_page_token": following,
            "previous_page_token": None,
            "page_token_expiry": expiry,
        }

    def _per_page(self, call: Call) -> int:
        asked = _whole(call.query, "per_page", self._options.page_rows)
        if asked > self._options.page_rows:
            raise Refused("LIMIT_EXCEEDED", {"limit": self._options.page_rows, "param": "per_page"})
        return asked


def _signed(key: tuple[int, int], sign: int) -> tuple[int, int]:
    return sign * key[0], sign * key[1]


def _fields(call: Call, module: Module) -> list[str]:
    names = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
    if not names:
        raise Refused("REQUIRED_PARAM_MISSING", {"param": "fields"}, message="One of the expected parameter is missing")
    if len(names) > 50:
        raise Refused("LIMIT_EXCEEDED", {"limit": 50, "param": "fields"})
    return [name for name in names if name in module.fields and name not in _ONLY_SINGLE]


def _sorting(call: Call) -> tuple[str, bool]:
    sort_by = call.query.get("sort_by", "id")
    if "cvid" in call.query and "sort_by" in call.query:
        raise Refused("AMBIGUITY_DURING_PROCESSING", {"ambiguity_due_to": ["cvid", "sort_by"]})
    if sort_by not in SORT_KEYS:
        raise Refused("INVALID_DATA", {"param": "sort_by", "supported_values": list(SORT_KEYS)})
    return sort_by, call.query.get("sort_order", "desc") != "asc"


def _since(call: Call) -> int | None:
    header = call.headers.get("if-modified-since")
    if header is None:
        return None
    try:
        at = datetime.fromisoformat(header)
    except ValueError:
        raise Refused("INVALID_DATA", {"header": "If-Modified-Since"}) from None
    return int(at.timestamp())


def _whole(query: Mapping[str, Any], name: str, otherwise: int) -> int:
    text = str(query.get(name, otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise Refused("INVALID_DATA", {"param": name, "expected_data_type": "integer"})
    return int(text)


def _bound_to(call: Call) -> tuple[tuple[str, str], ...]:
    """The parameters that a page token is bound to: all but the page itself, and the window's header."""
    bound = {name: value for name, value in call.query.items() if name not in ("page", "page_token")}
    bound["If-Modified-Since"] = call.headers.get("if-modified-since", "")
    bound["module"] = call.params["module"]
    return tuple(sorted(bound.items()))
