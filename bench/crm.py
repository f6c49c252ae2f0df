"""Zoho's calls for reading contacts: token, list by page token or number, count, deleted, and COQL along the keyset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime

import orjson

from bench.pages import Changed, joined
from bench.wire import Call, Part, Reply, plain

ROOT = "/crm/v8"
CAP = 100_000
"""As far as page tokens go; beyond, COQL does."""

_TIME = re.compile(r"Modified_Time >=? '([^']+)'")
_LIMIT = re.compile(r" limit (\d+)$")


class Crm:
    """One organisation. Rows are in order of change, and no two of them changed in the same second."""

    def __init__(self, contacts: Changed) -> None:
        self._changed = contacts
        self._rows = contacts.rows

    def calls(self) -> dict[str, Callable[[Call], Reply]]:
        """What is served."""
        return {
            "/oauth/v2/token": lambda call: plain({"access_token": "1000.bench", "expires_in": 3600}),
            f"{ROOT}/Contacts": self._listed,
            f"{ROOT}/Contacts/actions/count": lambda call: plain({"count": len(self._rows)}),
            f"{ROOT}/Contacts/deleted": lambda call: Reply(204),
            f"{ROOT}/coql": self._queried,
        }

    def _listed(self, call: Call) -> Reply:
        if "if-modified-since" in call.headers:
            return self._since(_seconds(call.headers["if-modified-since"]))
        size = int(call.query["per_page"])
        start = int(call.query.get("page_token", "t0")[1:])
        if "page" in call.query:
            start = (int(call.query["page"]) - 1) * size
        if start >= CAP:
            code = "PAGINATION_LIMIT_EXCEEDED"
            return plain({"code": code, "details": {"limit": CAP}, "message": "no further", "status": "error"}, 400)
        more = start + size < len(self._rows)
        info = {"per_page": size, "more_records": more, "next_page_token": f"t{start + size}" if more else None}
        return _page(self._rows.cut(start, size), info)

    def _since(self, since: int) -> Reply:
        """What changed since; a window that reaches back into the rendered rows is not served."""
        if len(self._rows) and since <= self._time(len(self._rows) - 1):
            raise ValueError("the window begins before the last rendered row")
        found = self._changed.within(since - 1, 2**40)
        if len(found) > 2000:
            raise ValueError("too many changed rows for one page of the bench")
        return _page(joined(found), {"more_records": False}) if found else Reply(304)

    def _queried(self, call: Call) -> Reply:
        text = orjson.loads(call.body)["select_query"]
        limit, at = _LIMIT.search(text), _TIME.search(text)
        assert limit is not None
        start, size = self._place(at[0], at[1]) if at else 0, int(limit[1])
        part = self._rows.cut(start, size)
        return _page(part, {"more_records": start + size < len(self._rows)}) if part else Reply(204)

    def _place(self, condition: str, text: str) -> int:
        """Where the rows of a condition begin. Their times never tie, so a second condition on the id changes nothing."""
        find = bisect_left if ">=" in condition else bisect_right
        return find(range(len(self._rows)), _seconds(text), key=self._time)

    def _time(self, place: int) -> int:
        return _seconds(self._rows.row(place)["Modified_Time"])


def _page(rows: Part, info: object) -> Reply:
    return Reply(200, b'{"data":[', rows, b'],"info":', orjson.dumps(info), b"}")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
