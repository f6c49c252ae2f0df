"""Signing in, in both documented styles: one token for all processes, placed into the body or into headers.

The endpoint gives the same token until the last ten minutes of its life, and takes ten calls a minute, none side by
side: the shared keyring renews five minutes early, in one process at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from connectors.fxiaoke.wire.codes import error_code, sign_in_refusal
from connectors.fxiaoke.wire.settings import ACTING, FxiaokeSettings
from hub.connector import Keyring, Outgoing, Row, Token, TokenAuth
from hub.errors import SettingsError, Transient

_LIFE = 7200


@dataclass(frozen=True)
class SignIn(TokenAuth):
    """What both styles share: the app's credentials and where they are sent."""

    host: str
    app_id: str
    app_secret: str = field(repr=False)
    permanent_code: str = field(repr=False)
    user_id: str = ""
    user_mobile: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        parts = (type(self).__name__, self.host, self.app_id, self.permanent_code, self.user_id, self.user_mobile)
        return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()

    @property
    def app(self) -> Row:
        """The credentials of the app."""
        return {"appId": self.app_id, "appSecret": self.app_secret, "permanentCode": self.permanent_code}

    def ask(self, keyring: Keyring, path: str, body: Row) -> Row:
        """The answer to a request of the sign-in, or the error it stands for."""
        answer = keyring.ask("POST", f"{self.host}{path}", json=body, params=traced())
        code = error_code(answer) if answer.ok else "-1"
        if code != "0":
            raise sign_in_refusal(code or "-1", keyring.clock.now())
        found: Row = answer.json()
        return found


@dataclass(frozen=True)
class InBody(SignIn):
    """The legacy style: token, company and acting user stand in each call's body."""

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        told = self.ask(keyring, "/cgi/corpAccessToken/get/V2", self.app)
        token, corp = _named(told, "corpAccessToken"), _named(told, "corpId")
        user = self.user_id or str(held.body.get("user") or "") or self._user(keyring, token, corp)
        return {"access_token": token, "corp": corp, "user": user}, _life(told)

    def place(self, outgoing: Outgoing, token: Token) -> None:
        own = {
            "corpAccessToken": token.access,
            "corpId": token.body["corp"],
            "currentOpenUserId": token.body["user"],
        }
        outgoing.params |= traced()
        outgoing.json = {**own, **_owned(outgoing.json or {}, token.body["user"])}

    def _user(self, keyring: Keyring, token: str, corp: str) -> str:
        """The acting user's id, found once by phone."""
        wanted = {"corpAccessToken": token, "corpId": corp, "mobile": self.user_mobile}
        found = self.ask(keyring, "/cgi/user/getByMobile", wanted).get("empList")
        first = found[0] if isinstance(found, list) and found else None
        user = first.get("openUserId") if isinstance(first, dict) else None
        if not user:
            remedy = "check user_mobile, or give user_id"
            raise SettingsError("no employee has this phone", where=keyring.connection, remedy=remedy)
        return str(user)


@dataclass(frozen=True)
class InHeaders(SignIn):
    """The newer style: token, company and acting user stand in headers."""

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        told = self.ask(keyring, "/oauth2.0/token", {**self.app, "grantType": "app_secret"})
        return {"access_token": _named(told, "accessToken"), "ea": _named(told, "ea")}, _life(told)

    def place(self, outgoing: Outgoing, token: Token) -> None:
        outgoing.params |= traced()
        outgoing.headers |= {
            "authorization": f"Bearer {token.access}",
            "x-fs-ea": token.body["ea"],
            "x-fs-userid": self.user_id,
        }


def sign_in(settings: FxiaokeSettings) -> SignIn:
    """How this connection signs in."""
    kind = InHeaders if settings.auth_mode == "header" else InBody
    return kind(
        settings.host, settings.app_id, settings.app_secret.get_secret_value(),
        settings.permanent_code.get_secret_value(), settings.user_id, settings.user_mobile.get_secret_value(),
    )  # fmt: skip


def traced() -> dict[str, str]:
    """The trace id that each request has to carry; Fxiaoke's support asks for it."""
    return {"thirdTraceId": str(uuid4())}


def _owned(body: Row, user: str) -> Row:
    """A call's body, whose record belongs to the acting user where it says so."""
    inner = body.get("data") or {}
    row = inner.get("object_data") or {}
    if row.get("owner") != [ACTING]:
        return body
    return {**body, "data": {**inner, "object_data": {**row, "owner": [user]}}}


def _named(told: Row, name: str) -> str:
    value = told.get(name)
    if not value:
        raise Transient("the sign-in's answer is not whole")
    return str(value)


def _life(told: Row) -> int:
    life = told.get("expiresIn")
    return max(1, life) if isinstance(life, int) else _LIFE
