"""How a shop speaks: GraphQL answers 200 to nearly everything, and says in `errors` what went wrong.

Errors of the whole request come first, by `extensions.code`; what became of a single write stands in its own
`userErrors`, which `writing.py` reads. Whatever data came along with an error of a query is not looked at: a field that
is null for lack of a right must never pass for an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.shopify.wire.settings import ShopifySettings
from connectors.shopify.wire.tokens import auth_of
from hub.connector import Answer, Consequence, Dialect, Row
from hub.errors import HubError, PermissionMissing, Rejected, SettingsError, Transient

TOO_DEAR = "MAX_COST_EXCEEDED"
"""A query that costs more than one may: never sent again as it is."""

CODES: Mapping[str, Consequence] = MappingProxyType(
    {
        "THROTTLED": "busy",
        "ACCESS_DENIED": "permission",
        "INTERNAL_SERVER_ERROR": "transient",
        "TIMEOUT": "transient",
        TOO_DEAR: "rejected",
    }
)

_WRITE = re.compile(r"w\d+_\w+")
_CLOSED = frozenset({402, 423})


def code_of(answer: Answer) -> str:
    """The code of the first error that has one; a throttled query goes before all others."""
    codes = [str(code) for one in errors_of(answer) if (code := _extensions(one).get("code"))]
    return "THROTTLED" if "THROTTLED" in codes else next(iter(codes), "")


def errors_of(answer: Answer) -> list[Row]:
    """The errors of a whole request, [] where there are none."""
    try:
        body = answer.json()
    except Transient:
        return []
    found = body.get("errors") if isinstance(body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def tells_rows(answer: Answer) -> bool:
    """Whether at least one of several writes in a document was carried out: each is then judged by itself."""
    body = answer.json()
    found = body.get("data") if isinstance(body, dict) else None
    return isinstance(found, dict) and any(_WRITE.fullmatch(name) and told for name, told in found.items())


def failed(answer: Answer) -> HubError | None:
    """What codes and status do not say: a shop that is closed or not there, and errors without a known code."""
    if answer.status in _CLOSED:
        remedy = "open the shop again in its Shopify admin"
        return PermissionMissing("the shop is frozen or locked", remedy=remedy, code=str(answer.status))
    if answer.status == 404:
        remedy = "check `url` (https://BRAND.myshopify.com) and `api_version`"
        return SettingsError("there is no shop of this name, or not this version", remedy=remedy, code="404")
    code = code_of(answer)
    if answer.ok and errors_of(answer) and code not in CODES and not tells_rows(answer):
        return Rejected("the system refuses this query", code=code or "GRAPHQL")
    return None


def throttle_of(answer: Answer) -> tuple[float, Row]:
    """The points that a query was taken to cost, and the state of the bucket; empty where the answer does not tell."""
    try:
        body = answer.json()
    except Transient:
        return 0.0, {}
    cost = _object(_object(_object(body).get("extensions")).get("cost"))
    return number(cost.get("requestedQueryCost")), _object(cost.get("throttleStatus"))


def pause(answer: Answer, now: datetime) -> float | None:
    """How long the bucket takes to hold what a throttled query costs, a second at least."""
    asked = answer.retry_after(now)
    cost, state = throttle_of(answer)
    rate = number(state.get("restoreRate"))
    if asked is not None or not rate:
        return asked
    return max(1.0, (cost - number(state.get("currentlyAvailable"))) / rate)


def number(value: Any) -> float:
    """A number as an answer tells it, 0 where it tells none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def dialect(settings: ShopifySettings) -> Dialect:
    """What the door must know of this shop. Points are paced by `pace.py`: only answers tell how many there are."""
    return Dialect(
        settings.url, auth_of(settings), codes=CODES, code=code_of, failed=failed, row_results=tells_rows, pause=pause
    )


def _extensions(error: Row) -> Row:
    return _object(error.get("extensions"))


def _object(found: Any) -> Row:
    return found if isinstance(found, dict) else {}
