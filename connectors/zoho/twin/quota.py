"""Credits per rolling day and calls at once (sheet section 17)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connectors.zoho.twin.options import ZohoOptions
from hub.testing.twin import Call

_LIMIT = re.compile(r"\blimit\s+(\d+)(?:\s*,\s*(\d+))?", re.IGNORECASE)


class Quota:
    """The credits spent in the last 24 hours, and what may run side by side."""

    def __init__(self, options: ZohoOptions, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._spent: deque[tuple[datetime, int]] = deque()
        self._sum = 0

    def too_many(self, call: Call, under_way: Sequence[Call]) -> bool:
        """Whether a call is one too many among those under way, itself included."""
        ours = [other for other in under_way if other.kind != "auth"]
        if len(ours) > self._options.concurrency:
            return True
        return is_heavy(call) and sum(map(is_heavy, ours)) > self._options.heavy_concurrency

    def spend(self, call: Call) -> bool:
        """Pay for a call; False when the credits do not suffice."""
        cost = self._options.bulk_price if _orders_job(call) else price(call)
        if self.remaining() < cost:
            return False
        self._spent.append((self._now(), cost))
        self._sum += cost
        return True

    def remaining(self) -> int:
        """The credits that are left."""
        start = self._now() - timedelta(seconds=self._options.credit_window)
        while self._spent and self._spent[0][0] <= start:
            self._sum -= self._spent.popleft()[1]
        return self._options.credits - self._sum

    def headers(self) -> dict[str, str]:
        """The remaining credits, shown only once half of them are used."""
        left = self.remaining()
        return {"x-api-credits-remaining": str(left)} if left * 2 <= self._options.credits else {}


def price(call: Call) -> int:
    """What a call costs: one credit; a write one for ten rows; COQL one to three by its limit."""
    if call.template.endswith("/coql"):
        return _coql_price(call)
    return max(1, -(-_rows(call) // 10))


def is_heavy(call: Call) -> bool:
    """Whether a call falls under the lower limit: COQL, and writes of more than ten rows."""
    return call.template.endswith("/coql") or _rows(call) > 10


def _orders_job(call: Call) -> bool:
    return call.method == "POST" and "/bulk/" in call.template


def _rows(call: Call) -> int:
    if call.kind != "write" or call.method == "DELETE":
        return 1
    try:
        rows = call.json()["data"]
    except (ValueError, KeyError, TypeError):
        return 1
    return len(rows) if isinstance(rows, list) else 1


def _coql_price(call: Call) -> int:
    found = _LIMIT.search(call.body.decode("utf-8", "replace"))
    limit = int(found[2] or found[1]) if found else 200
    return 1 if limit <= 200 else 2 if limit <= 1_000 else 3
