"""How a connection proves who it is: values that a connector declares and its door uses.

    StaticHeader("X-Shopify-Access-Token", settings.token.get_secret_value())
    Basic(key, secret)
    OAuthRefresh("https://accounts.zoho.eu/oauth/v2/token", client_id, client_secret,
                 scheme="Zoho-oauthtoken", base_from="api_domain")

A system with a way of its own gets a subclass of `Auth` (signs each request) or of `TokenAuth` (fetches a token that
all processes share); `sign` may change headers, parameters and JSON body.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Literal

from hub.errors import AuthError, HubError, QuotaExceeded, SettingsError, Transient
from hub.http.answer import Answer
from hub.http.keyring import Keyring, Token

REFUSED_FOR = timedelta(minutes=10)
"""The rest after "Access Denied": Zoho gives ten access tokens per refresh token in ten minutes."""


@dataclass
class Outgoing:
    """A request about to be sent. `json` is the body as a value, None where it has another form."""

    method: str
    url: str
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)


class Auth:
    """No credentials at all, and the base of every other kind."""

    renewable = False
    """Whether a request that was refused for its credentials may be sent again with new ones."""

    def base_url(self, keyring: Keyring) -> str:
        """Where the system's interface is, when only the credentials tell; "" otherwise."""
        return ""

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        """Add the credentials to a request."""


@dataclass(frozen=True)
class StaticHeader(Auth):
    """One header with a fixed secret value."""

    name: str
    value: str = field(repr=False)

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        outgoing.headers[self.name] = self.value


@dataclass(frozen=True)
class Basic(Auth):
    """HTTP Basic."""

    user: str = field(repr=False)
    password: str = field(repr=False)

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        pair = f"{self.user}:{self.password}".encode()
        outgoing.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"


class TokenAuth(Auth):
    """A token that expires, is renewed by one process and used by all.

    A subclass says where tokens come from (`fetch`), which settings they belong to (`origin`) and where they go
    (`place`).
    """

    renewable = True

    @property
    def origin(self) -> str:
        """A digest of the settings that a token belongs to: with other settings a stored token is worthless."""
        raise NotImplementedError("a token belongs to settings")

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        """Ask the system for a token (`keyring.ask`): its body with `access_token`, and its life in seconds."""
        raise NotImplementedError("a token comes from somewhere")

    def place(self, outgoing: Outgoing, token: Token) -> None:
        """Put the token into a request; as a Bearer header if nothing else is said."""
        outgoing.headers["Authorization"] = f"Bearer {token.access}"

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        self.place(outgoing, keyring.token(self))


@dataclass(frozen=True)
class OAuthRefresh(TokenAuth):
    """OAuth 2.0: a refresh token, or the client's own credentials, against short-lived access tokens.

    `refresh_token` comes from the settings, or ("") from `kehub login`. `base_from` names the field of the token's
    answer that holds the interface's address (`api_domain`, `instance_url`). `lifetime` is assumed where the system
    does not tell. `extra` is sent along with each token request.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scheme: str = "Bearer"
    refresh_token: str = field(default="", repr=False)
    grant: Literal["refresh_token", "client_credentials"] = "refresh_token"
    base_from: str = ""
    lifetime: int = 3600
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def origin(self) -> str:
        parts = (self.token_url, self.client_id, self.refresh_token, self.grant)
        return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()

    def base_url(self, keyring: Keyring) -> str:
        return str(keyring.token(self).body.get(self.base_from) or "") if self.base_from else ""

    def place(self, outgoing: Outgoing, token: Token) -> None:
        outgoing.headers["Authorization"] = f"{self.scheme} {token.access}"

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        form = self.client()
        refresh = ""
        if self.grant == "refresh_token":
            refresh = form["refresh_token"] = self._refresh_token(keyring, held)
        body, lifetime = self.granted(keyring, {**form, "grant_type": self.grant, **self.extra})
        return {"refresh_token": refresh, **body}, lifetime

    def client(self) -> dict[str, str]:
        """The form fields that name the client."""
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def granted(self, keyring: Keyring, form: Mapping[str, str]) -> tuple[dict[str, Any], int]:
        """Send a token request: the token's body and its life in seconds, or the error it stands for.

        No `access_token` means failure, whatever the status: token endpoints answer errors with a 200.
        """
        answer = keyring.ask("POST", self.token_url, data=form)
        body = answer.json() if answer.status < 500 else None
        if answer.ok and isinstance(body, dict) and body.get("access_token"):
            return {name: value for name, value in body.items() if value}, _seconds(body, self.lifetime)
        raise _refusal(answer, body, keyring)

    def _refresh_token(self, keyring: Keyring, held: Token) -> str:
        """The stored one (from `kehub login`, or rotated by the system since), else the one from the settings."""
        found = str(held.body.get("refresh_token") or self.refresh_token)
        if not found:
            raise AuthError("nobody has signed in to this system yet", remedy=_login(keyring))
        return found


def exchange_code(auth: OAuthRefresh, keyring: Keyring, code: str, redirect_uri: str = "") -> None:
    """Turn a code (of a self client, or from a browser) into the first tokens, and store them sealed."""
    form = {**auth.client(), **auth.extra, "grant_type": "authorization_code", "code": code}
    if redirect_uri:
        form["redirect_uri"] = redirect_uri
    try:
        body, lifetime = auth.granted(keyring, form)
    except AuthError as refused:
        refused.remedy = "make a new code (it works once, for some minutes, at one data centre) and sign in again"
        raise
    if not body.get("refresh_token"):
        remedy = "ask for offline access (access_type=offline, prompt=consent) and sign in again"
        raise AuthError("the system gave no refresh token", where=keyring.connection, remedy=remedy)
    keyring.keep(auth, body, lifetime)


def _login(keyring: Keyring) -> str:
    return f"kehub login {keyring.connection}"


def _seconds(body: Mapping[str, Any], default: int) -> int:
    """A token's life. `expires_in_sec` wins; more than a day in `expires_in` is milliseconds (Zoho's older answers)."""
    value = _number(body.get("expires_in_sec")) or _number(body.get("expires_in")) or default
    in_milliseconds = value > 86_400 and not _number(body.get("expires_in_sec"))
    return max(1, value // 1000 if in_milliseconds else value)


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


_SETTINGS = frozenset(
    {"invalid_client", "invalid_client_id", "invalid_client_secret", "invalid_app_access", "unauthorized_client",
     "unsupported_grant_type", "invalid_redirect_uri", "invalid_request", "inactive_org"}
)  # fmt: skip
_QUOTA = frozenset({"access_denied", "rate_limit_exceeded", "too_many_requests", "slow_down"})
_SIGN_IN = frozenset(
    {"invalid_code", "invalid_grant", "invalid_token", "bad_refresh_token", "inactive_user", "invalid_refresh_token"}
)


def _refusal(answer: Answer, body: Any, keyring: Keyring) -> HubError:
    """What the answer to a token request means, by its error code first."""
    named = body.get("error") or body.get("status") if isinstance(body, dict) else ""
    code = str(named).strip().lower().replace(" ", "_")
    where = keyring.connection
    if code in _SETTINGS:
        what = "the system does not know this client"
        return SettingsError(what, where=where, remedy="check client_id, client_secret and token address", code=code)
    if code in _QUOTA or answer.status == 429:
        until = keyring.clock.now() + max(REFUSED_FOR, timedelta(seconds=answer.retry_after(keyring.clock.now()) or 0))
        return QuotaExceeded("the system gives no more tokens for now", until=until, where=where)
    if answer.status >= 500:
        return Transient("the token endpoint is out of order", where=where, code=str(answer.status))
    known = code if code in _SIGN_IN else str(answer.status)
    return AuthError("the system no longer accepts the sign-in", where=where, remedy=_login(keyring), code=known)
