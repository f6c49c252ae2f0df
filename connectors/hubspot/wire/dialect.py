"""How HubSpot speaks: where, signed how, within which limits; its ways of saying no and what follows from each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.hubspot.wire.settings import HubSpotSettings
from hub.connector import Answer, Auth, Consequence, Dialect, Keyring, Limit, OAuthRefresh, Outgoing
from hub.errors import HubError, PermissionMissing, QuotaExceeded, Transient

SEARCH = "search"
"""The bucket of searches: five a second for all apps of an account, and each a call as well."""

_NO_PATH, _NO_ANSWER = "NO_SUCH_PATH", "ERROR_IN_200"
CODES: Mapping[str, Consequence] = MappingProxyType(
    {
        "CONFLICT": "rejected",  # a value that another record has: said of the row, not of the moment
        "MISSING_SCOPES": "permission",
        "INVALID_AUTHENTICATION": "auth",
        "EXPIRED_AUTHENTICATION": "auth",
        "RATE_LIMITS": "busy",
        "RATE_LIMIT": "busy",
        _NO_PATH: "settings",
        _NO_ANSWER: "transient",
    }
)

_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
_SCOPE = re.compile(r"[a-z][a-z0-9_.-]{2,80}")
_LOCKED, _MOVING, _LOCKED_FOR = 423, 477, 2.0
_HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class Bearer(Auth):
    """A private app's token, which does not expire and cannot be renewed by us."""

    token: str = field(repr=False)

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        outgoing.headers["Authorization"] = f"Bearer {self.token}"


def code(answer: Answer) -> str:
    """The category of an error; every field of an error is optional."""
    body = _body(answer)
    found = str(body.get("category") or body.get("errorType") or "")
    if answer.ok:
        return (found if found in CODES else _NO_ANSWER) if body.get("status") == "error" else ""
    return _NO_PATH if answer.status == 404 and not found else found


def failed(answer: Answer, now: Callable[[], datetime]) -> HubError | None:
    """What a status or a category alone does not say: which scopes are missing, and until when a day's calls are spent."""
    body = _body(answer)
    if answer.status == 403:
        scopes = sorted(set(_scopes(body)))
        remedy = f"grant the app {', '.join(scopes)}" if scopes else "grant it; kehub doctor names what is missing"
        return PermissionMissing("the token lacks a scope", remedy=remedy, code="MISSING_SCOPES" if scopes else "403")
    if answer.status == 429 and body.get("policyName") == "DAILY":
        return QuotaExceeded("the day's calls are used up", until=half_hour_after(now()), code="DAILY")
    if answer.status in (_LOCKED, _MOVING):
        return Transient("the system is busy with this record", code=str(answer.status))
    return None


def half_hour_after(now: datetime) -> datetime:
    """The next full or half hour: a day's calls are given anew at a midnight, in a zone that is not told."""
    start = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    return start + _HALF_HOUR


def pause(answer: Answer, now: datetime) -> float | None:
    """The seconds to wait: what the answer asks for, else what its limit is counted in."""
    asked = answer.retry_after(now)
    if asked is not None or answer.status == _LOCKED:
        return max(asked or 0.0, _LOCKED_FOR) if answer.status == _LOCKED else asked
    return _WAITS.get(str(_body(answer).get("policyName"))) if answer.status == 429 else None


def remaining(answer: Answer) -> tuple[str, int] | None:
    """What is left of the ten seconds' calls; Search does not tell.

    What is left of the day's is told as well, but a day begins anew at a midnight: taken for a part of the last 24 hours,
    as the hub counts, it would let the hub rest for too long.
    """
    left = answer.header("x-hubspot-ratelimit-remaining")
    return ("burst", int(left)) if left else None


def dialect(settings: HubSpotSettings, now: Callable[[], datetime]) -> Dialect:
    """What the door must know of this portal; `now` is the hub's clock."""
    limits = [
        Limit("burst", settings.burst, 10, ("calls", SEARCH)),
        Limit(SEARCH, settings.searches_per_second, 1, (SEARCH,)),
    ]
    if settings.daily:
        limits.append(Limit("daily", settings.daily, 86_400, ("calls", SEARCH)))
    return Dialect(
        settings.api_url, _auth(settings), codes=CODES, code=code, failed=lambda answer: failed(answer, now),
        limits=tuple(limits), remaining=remaining, pause=pause,
    )  # fmt: skip


def _auth(settings: HubSpotSettings) -> Auth:
    if settings.private:
        return Bearer(settings.token.get_secret_value())
    return OAuthRefresh(
        f"{settings.api_url}{settings.token_path}",
        settings.client_id,
        settings.client_secret.get_secret_value(),
        refresh_token=settings.refresh_token.get_secret_value(),
        lifetime=1800,
    )


def _scopes(found: Any) -> Iterator[str]:
    """The scopes that an answer names, wherever in it: lists under a name that speaks of scopes."""
    parts = (
        found.items() if isinstance(found, dict) else [("", one) for one in found] if isinstance(found, list) else ()
    )
    for name, part in parts:
        if "scope" in name.lower() and isinstance(part, list):
            yield from (one for one in part if isinstance(one, str) and _SCOPE.fullmatch(one))
        else:
            yield from _scopes(part)


def _body(answer: Answer) -> dict[str, Any]:
    """The answer as an object; an empty one where it is something else (a page of HTML)."""
    try:
        found = None if answer.empty else answer.json()
    except Transient:
        return {}
    return found if isinstance(found, dict) else {}
