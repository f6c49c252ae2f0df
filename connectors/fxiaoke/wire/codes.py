"""Fxiaoke's error codes: status 200 says nothing, only `errorCode` 0 is success; the messages are never looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

from hub.connector import Answer, Consequence
from hub.errors import AuthError, HubError, PermissionMissing, QuotaExceeded, Rejected, SettingsError, Transient

CODES: Mapping[str, Consequence] = MappingProxyType(
    {
        **dict.fromkeys(("-1", "-2", "50009", "NONE"), "transient"),
        **dict.fromkeys(("11014", "11015", "20016"), "auth"),
        **dict.fromkeys(("10006", "20017", "30027"), "settings"),
        **dict.fromkeys(("20005", "20006", "20014", "20015", "20020", "20021", "20022", "30003"), "permission"),
        **dict.fromkeys(("14001", "30004"), "busy"),
        **dict.fromkeys(("10013", "32000"), "rejected"),
    }
)
"""What follows from each documented code; NONE is ours, for an answer without any."""

DAILY = "30002"
"""The day's quota is used up; it is new at midnight in Beijing."""

PARAMETER = "32000"
"""A value is wrong."""

WINDOW_SECONDS = 20
_PER_WINDOW = "14001"
_SIGN_INS_REST = timedelta(minutes=1)
_BEIJING = timezone(timedelta(hours=8))
_KINDS: Mapping[str, tuple[type[HubError], str]] = MappingProxyType(
    {
        "settings": (SettingsError, "check app_id, app_secret, permanent_code and user_id"),
        "auth": (AuthError, "authorise the app again in Fxiaoke's console, and check permanent_code"),
        "permission": (
            PermissionMissing,
            "start and authorise the app in Fxiaoke's console; it needs a purchased quota",
        ),
    }
)
"""The consequences that only a person can help with, and how."""


def error_code(answer: Answer) -> str:
    """The answer's code as text, "0" for success; NONE where there is none, "" where the answer is no JSON."""
    try:
        body = answer.json()
    except Transient:
        return ""
    code = str(body.get("errorCode") if isinstance(body, dict) else None)
    return code if code.isascii() and code.removeprefix("-").isdigit() else "NONE"  # any other text may be personal


def midnight_after(now: datetime) -> datetime:
    """When the daily quota is new."""
    local = now.astimezone(_BEIJING)
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).astimezone(UTC)


def failed(answer: Answer, now: datetime) -> HubError | None:
    """The error for a code, where it is no matter of the moment; an unknown one is a refusal that is never repeated."""
    code = error_code(answer)
    if code in ("", "0") or CODES.get(code) in ("transient", "busy", "rejected"):
        return None
    if code == DAILY or code in CODES:
        return _lasting(code, now)
    return Rejected("the system refuses this request", code=code)


def _lasting(code: str, now: datetime) -> HubError:
    if code == DAILY:
        return QuotaExceeded("the day's quota is used up", until=midnight_after(now), code=code)
    kind, remedy = _KINDS[CODES.get(code, "auth")]
    return kind("the system does not accept the app's credentials", remedy=remedy, code=code)


def pause(answer: Answer, now: datetime) -> float | None:
    """How long to wait after a refusal: an interface's window, where its limit was met."""
    asked = answer.retry_after(now)
    return max(asked or 0.0, float(WINDOW_SECONDS)) if error_code(answer) == _PER_WINDOW else asked


def sign_in_refusal(code: str, now: datetime) -> HubError:
    """What a refused request for a token means; an unknown code, that the credentials are no longer good."""
    kind = CODES.get(code, "auth")
    if kind == "busy":
        return QuotaExceeded("the system gives no more tokens for now", until=now + _SIGN_INS_REST, code=code)
    if kind == "transient":
        return Transient("the token endpoint is out of order", code=code)
    return _lasting(code, now) if kind != "rejected" else SettingsError("the sign-in is refused", code=code)
