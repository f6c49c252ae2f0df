"""How a system speaks: its address, credentials, limits and ways of saying no, declared once by its connector."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.errors import (
    AuthError,
    Conflict,
    HubError,
    PermissionMissing,
    QuotaExceeded,
    Rejected,
    SettingsError,
    Transient,
)
from hub.http.answer import Answer
from hub.http.auth import Auth
from hub.http.budget import Limit

Consequence = Literal["settings", "auth", "permission", "quota", "busy", "rejected", "conflict", "transient"]
"""What happens next. `busy`: refused for now, nothing was done, try again soon (as for 429). `quota`: rest for long."""

_STATUSES: Mapping[int, Consequence] = {
    401: "auth", 403: "permission", 407: "settings", 408: "transient", 409: "conflict", 412: "conflict",
    425: "transient", 429: "busy",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,60}|-?\d{1,10}")
_CODE_FIELDS = ("code", "errorCode", "error_code", "errcode", "error", "errors", "extensions")


def code_of(answer: Answer) -> str:
    """The system's own error code, where it sits in one of the usual places; "" when nothing looks like one."""
    try:
        body = answer.json()
    except Transient:
        return ""
    return _code_in(body) if isinstance(body, dict) or not answer.ok else ""  # a good list holds rows, no error


def _code_in(value: Any, depth: int = 0) -> str:
    if isinstance(value, list) and value and depth < 4:
        return _code_in(value[0], depth + 1)
    if isinstance(value, dict) and depth < 4:
        return next((code for name in _CODE_FIELDS if (code := _code_in(value.get(name), depth + 1))), "")
    text = str(value) if depth and isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else ""


def _accepted(answer: Answer) -> HubError | None:
    return None


def _no_results(answer: Answer) -> bool:
    return False


def _untold(answer: Answer) -> tuple[str, int] | None:
    return None


@dataclass(frozen=True)
class Dialect:
    """What the door must know of a system.

    `base_url`: where paths start; the token's answer may name another (`OAuthRefresh.base_from`). `codes`: the system's
    error codes and what follows from each; they go before the HTTP status, in a 200 as well. `failed`: looks at an
    answer (below 500) and returns the error it stands for, None where codes and status say enough; AuthError makes the
    door renew the token once. `row_results`: whether an answer (below 500) tells row by row what became of a batch; the
    connector then reads it whatever its status, as some systems answer 400 when every row failed. `limits`: the call
    budget. `remaining`: reads (limit name, calls left) from an answer. `hosts`: others that may see the credentials, as
    `upload.example`. `timeout`: seconds without a byte. `tries`: how often a request that may be repeated is sent.
    `rest`: how long to leave the system alone when it stays busy and does not say. `pause`: reads the seconds to wait
    from an answer that refuses (by default its Retry-After). `concurrency`: how many calls `Door.side_by_side` has open
    at once.
    """

    base_url: str = ""
    auth: Auth = field(default_factory=Auth)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    codes: Mapping[str, Consequence] = field(default_factory=dict)
    code: Callable[[Answer], str] = code_of
    failed: Callable[[Answer], HubError | None] = _accepted
    row_results: Callable[[Answer], bool] = _no_results
    limits: tuple[Limit, ...] = ()
    remaining: Callable[[Answer], tuple[str, int] | None] = _untold
    hosts: tuple[str, ...] = ()
    timeout: float = 60.0
    tries: int = 6
    rest: timedelta = timedelta(minutes=15)
    pause: Callable[[Answer, datetime], float | None] = Answer.retry_after
    concurrency: int = 1


@dataclass(frozen=True)
class Judgement:
    """The error that an answer stands for; whether the connector chose it; whether the system was merely busy."""

    error: HubError
    told: bool = False
    busy: bool = False


def judge(dialect: Dialect, answer: Answer, *, connection: str, where: str, now: datetime) -> Judgement | None:
    """What is wrong with an answer, None when it is good: the connector's word, then codes, then the status."""
    told = _asked(dialect, answer) if answer.status < 500 else None
    if told is not None:
        told.where = told.where or where
        return Judgement(told, told=True)
    if answer.status < 500 and _tells_rows(dialect, answer):
        return None
    code = dialect.code(answer)
    code = code if _CODE.fullmatch(code) else ""
    consequence = dialect.codes.get(code) or _by_status(answer.status)
    if consequence is None:
        return None
    error = _error(consequence, connection, where, code or str(answer.status), now + dialect.rest)
    return Judgement(error, busy=consequence == "busy")


def _asked(dialect: Dialect, answer: Answer) -> HubError | None:
    try:
        return dialect.failed(answer)
    except Transient:
        return None  # an error page that is not JSON: its status says enough


def _tells_rows(dialect: Dialect, answer: Answer) -> bool:
    try:
        return dialect.row_results(answer)
    except Transient:
        return False


def _by_status(status: int) -> Consequence | None:
    if status < 300 or status == 304:
        return None
    if status < 400:
        return "settings"  # moved: the door follows nobody with credentials in its hand
    return _STATUSES.get(status, "transient" if status >= 500 else "rejected")


def _error(consequence: Consequence, connection: str, where: str, code: str, until: datetime) -> HubError:
    """An error of the kind that the consequence names."""
    if consequence == "quota":
        return QuotaExceeded("the system's call quota is used up", until=until, where=where, code=code)
    kind, what, remedy = _KINDS[consequence]
    return kind(what, where=where, remedy=remedy.format(connection=connection), code=code)


_KINDS: Mapping[Consequence, tuple[type[HubError], str, str]] = {
    "settings": (SettingsError, "the system is not at this address", "check the connection's address in the settings"),
    "auth": (AuthError, "the system does not accept the credentials", "kehub login {connection}, or check its secrets"),
    "permission": (PermissionMissing, "the credentials lack a right", "grant it; kehub doctor names what is missing"),
    "busy": (Transient, "the system is busy", ""),
    "rejected": (Rejected, "the system refuses this request", ""),
    "conflict": (Conflict, "somebody else changed this first", ""),
    "transient": (Transient, "the system is out of order", ""),
}
