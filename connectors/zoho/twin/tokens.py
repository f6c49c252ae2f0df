"""Signing in: codes, refresh tokens, access tokens and their limits (sheet section 3)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.zoho.twin.options import ZohoOptions
from hub.testing.twin import Answer, Call
from hub.testing.twin_window import CallWindow

_READS = ("READ", "ALL")
_WRITES = ("WRITE", "ALL")


@dataclass
class Refresh:
    """A refresh token: when it was used in the last window, and its live access tokens, oldest first."""

    used: CallWindow
    live: deque[str] = field(default_factory=deque)


class Tokens:
    """The accounts server of the twin."""

    def __init__(self, options: ZohoOptions, now: Callable[[], datetime], violations: Counter[str]) -> None:
        self._options = options
        self._now = now
        self._refresh: dict[str, Refresh] = {options.refresh_token: self._fresh()}
        self._access: dict[str, datetime] = {}
        self._codes: dict[str, datetime] = {options.grant_code: now() + timedelta(seconds=options.grant_life)}
        self._made = 0
        self._violations = violations

    def token(self, call: Call) -> Answer:
        """`POST /oauth/v2/token`: every failure comes with status 200."""
        form = {**call.query, **call.form()}
        if (form.get("client_id"), form.get("client_secret")) != (self._options.client_id, self._options.client_secret):
            return Answer(200, {"error": "invalid_client"})
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form.get("code", ""), call.base_url)
        if form.get("grant_type") == "refresh_token":
            return self._renew(form.get("refresh_token", ""), call.base_url)
        return Answer(200, {"error": "unsupported_grant_type"})

    def authorise(self, call: Call) -> Answer:
        """`GET /oauth/v2/auth`: the user agrees at once and is sent back with a code."""
        if call.query.get("client_id") != self._options.client_id:
            return Answer(200, {"error": "invalid_client"})
        code = self._new("code")
        self._codes[code] = self._now() + timedelta(seconds=self._options.grant_life)
        back = call.query.get("redirect_uri", "")
        state = f"&state={call.query['state']}" if "state" in call.query else ""
        return Answer(302, None, {"location": f"{back}{'&' if '?' in back else '?'}code={code}{state}"})

    def revoke(self, call: Call) -> Answer:
        """`POST /oauth/v2/token/revoke`: the refresh token dies with its access tokens."""
        refresh = self._refresh.pop({**call.query, **call.form()}.get("token", ""), None)
        if refresh is None:
            return Answer(200, {"error": "invalid_code"})
        for token in refresh.live:
            self._access.pop(token, None)
        return Answer(200, {"status": "success"})

    def kill(self, *, for_good: bool) -> None:
        """Let every access token die, and the refresh tokens too when it is for good."""
        self._access.clear()
        if for_good:
            self._refresh.clear()

    def alive(self, header: str) -> bool:
        """Whether an Authorization header holds a live access token under the documented scheme."""
        scheme, _, token = header.partition(" ")
        return scheme == "Zoho-oauthtoken" and self._access.get(token, self._now()) > self._now()

    def granted(self, area: str, deed: str) -> bool:
        """Whether the scopes allow a deed (READ, CREATE, UPDATE, DELETE) in an area such as `modules.contacts`."""
        scopes = self._options.scopes
        deeds = (deed, *(_READS if deed == "READ" else _WRITES if deed in ("CREATE", "UPDATE") else ("ALL",)))
        exact = any(f"ZohoCRM.{area}.{word}" in scopes for word in deeds)
        return exact or f"ZohoCRM.{area.partition('.')[0]}.ALL" in scopes

    def _exchange(self, code: str, base_url: str) -> Answer:
        until = self._codes.pop(code, None)
        if until is None or until <= self._now():
            return Answer(200, {"error": "invalid_code"})
        name = self._new("refresh")
        self._refresh[name] = self._fresh()
        if len(self._refresh) > 20:
            self._refresh.pop(next(iter(self._refresh)))
        return self._issue(self._refresh[name], base_url, {"refresh_token": name})

    def _fresh(self) -> Refresh:
        own = self._options
        return Refresh(CallWindow(own.refreshes, own.refresh_window, self._now))

    def _renew(self, name: str, base_url: str) -> Answer:
        refresh = self._refresh.get(name)
        if refresh is None:
            return Answer(200, {"error": "invalid_code"})
        if refresh.used.full:
            self._violations["refresh_refused"] += 1
            return Answer(200, {"error": "Access Denied"})
        return self._issue(refresh, base_url, {})

    def _issue(self, refresh: Refresh, base_url: str, extra: dict[str, str]) -> Answer:
        token = self._new("access")
        refresh.used.note()
        refresh.live.append(token)
        self._access[token] = self._now() + timedelta(seconds=self._options.token_life)
        if len(refresh.live) > self._options.live_tokens:
            self._access.pop(refresh.live.popleft(), None)
        life: dict[str, int] = {"expires_in": self._options.token_life}
        if self._options.expiry_in_ms:
            life = {"expires_in": self._options.token_life * 1000, "expires_in_sec": self._options.token_life}
        granted = {"scope": " ".join(self._options.scopes), "api_domain": base_url, "token_type": "Bearer"}
        return Answer(200, {"access_token": token, **extra, **granted, **life})

    def _new(self, kind: str) -> str:
        self._made += 1
        return f"1000.{kind}.{self._made:06d}"
