"""Signing in: corp access tokens in the body, or access tokens in headers, and who acts (sheet section 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import EMPLOYEES, Employee
from connectors.fxiaoke.twin.replies import Refused, good
from hub.testing.twin import Answer, Call
from hub.testing.twin_window import CallWindow

Style = Literal["body", "header"]
_BODY = ("corpAccessToken", "corpId", "currentOpenUserId")


@dataclass(frozen=True)
class Caller:
    """Who acts in a call, and whether employees are told as `FSUID_...` or by number."""

    employee: Employee
    convert: bool

    def shown(self, number: str) -> str:
        """An employee's number as this caller is told it."""
        found = next((one for one in EMPLOYEES if one.number == number), None)
        return found.open_id if found and self.convert else number


@dataclass
class Issued:
    """The tokens of one style: until when each lives."""

    lives: dict[str, datetime] = field(default_factory=dict)

    def youngest(self) -> tuple[str, datetime] | None:
        """The latest one."""
        return next(reversed(self.lives.items()), None)


def json_of(call: Call) -> dict[str, Any]:
    """A call's body, which must be an object."""
    try:
        body = call.json()
    except ValueError:
        raise Refused from None
    if not isinstance(body, dict):
        raise Refused
    return body


class Tokens:
    """The twin's tokens, one kind for each style."""

    def __init__(self, options: FxiaokeOptions, now: Callable[[], datetime], violations: Counter[str]) -> None:
        self._options = options
        self._now = now
        self._issued: dict[Style, Issued] = {"body": Issued(), "header": Issued()}
        self._calls = CallWindow(options.token_calls, options.token_window, now)
        self._made = 0
        self._app_runs = True
        self._violations = violations

    def corp_token(self, call: Call) -> Answer:
        """`POST /cgi/corpAccessToken/get/V2`."""
        self._admit(json_of(call))
        token, left = self._give("body")
        return good(corpAccessToken=token, corpId=self._options.corp_id, expiresIn=left)

    def access_token(self, call: Call) -> Answer:
        """`POST /oauth2.0/token`; `openUserId` is the company's, not an employee's."""
        body = json_of(call)
        self._admit(body)
        if body.get("grantType") != "app_secret":
            raise Refused
        token, left = self._give("header")
        options = self._options
        return good(accessToken=token, expiresIn=left, ea=options.ea, appId=options.app_id, openUserId=options.corp_id)

    def by_mobile(self, call: Call) -> Answer:
        """`POST /cgi/user/getByMobile`."""
        body = json_of(call)
        self._alive("body", body.get("corpAccessToken"), body.get("corpId") == self._options.corp_id)
        found = [one for one in EMPLOYEES if one.mobile == body.get("mobile")]
        return good(empList=[{"openUserId": one.open_id, "name": one.name, "mobile": one.mobile} for one in found])

    def caller(self, call: Call) -> Caller:
        """Who makes this call; Refused for a bad token, a wrong company or an unknown employee."""
        body, header = json_of(call), call.headers.get("authorization", "")
        if header and any(name in body for name in _BODY):
            self._violations["mixed_credentials"] += 1
            raise Refused
        style: Style = "header" if header else "body"
        if header:
            self._alive(style, header.removeprefix("Bearer "), call.headers.get("x-fs-ea") == self._options.ea)
            told, name = call.headers.get("x-fs-userid"), "number"
        else:
            self._alive(style, body.get("corpAccessToken"), body.get("corpId") == self._options.corp_id)
            told, name = body.get("currentOpenUserId"), "open_id"
        employee = next((one for one in EMPLOYEES if getattr(one, name) == told), None)
        if employee is None:
            raise Refused(30027)
        return Caller(employee, bool(body.get("convertUserId", style == "body")))

    def kill(self, *, for_good: bool) -> None:
        """Let every token die, and the app be stopped when it is for good."""
        for issued in self._issued.values():
            issued.lives.clear()
        self._app_runs = self._app_runs and not for_good

    def race(self) -> None:
        """Another client is given new tokens, and the older ones die."""
        self.kill(for_good=False)
        for style in self._issued:
            self._give(style)

    def _admit(self, body: dict[str, Any]) -> None:
        if not self._calls.takes():
            self._violations["token_calls"] += 1
            raise Refused(14001)
        if not self._app_runs:
            raise Refused(20005)
        wanted = (self._options.app_id, self._options.app_secret, self._options.permanent_code)
        if (body.get("appId"), body.get("appSecret"), body.get("permanentCode")) != wanted:
            raise Refused(10006)

    def _give(self, style: Style) -> tuple[str, int]:
        """The token in force with its remaining life, or a new one near its end; then both work."""
        issued, now = self._issued[style], self._now()
        held = issued.youngest()
        if held is None or (held[1] - now).total_seconds() <= self._options.token_overlap:
            self._made += 1
            held = f"TOKEN_{style.upper()}_{self._made:04d}", now + timedelta(seconds=self._options.token_life)
            issued.lives[held[0]] = held[1]
        return held[0], int((held[1] - now).total_seconds())

    def _alive(self, style: Style, token: object, own: bool) -> None:
        if not token:
            raise Refused(20017)
        until = self._issued[style].lives.get(str(token))
        if until is None or until <= self._now() or not own:
            raise Refused(self._options.dead_token_code)
