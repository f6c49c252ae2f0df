"""Who may come in: a private app's token or OAuth access tokens, their scopes, and how much may be called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Refused, Values, envelope
from hub.testing.twin import Answer, Call, Refusal
from hub.testing.twin_window import CallWindow

_POLICIES = {
    "SECONDLY": "secondly limit", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling limit", "DAILY": "daily limit",
}  # fmt: skip


class Access:
    """The portal's doorkeeper and its accounts server."""

    def __init__(self, options: HubSpotOptions, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._tokens: dict[str, datetime] = {}
        self._refresh = {options.refresh_token}
        self._codes = {options.grant_code}
        self._private = True
        self._made = 0
        self._calls = CallWindow(options.burst, options.burst_window, now)
        self._searches = CallWindow(options.searches, 1, now)
        self.used = 0

    def now(self) -> datetime:
        """The twin's time."""
        return self._now()

    # -- signing in

    def token(self, call: Call) -> Answer:
        """`POST /oauth/v1/token`, `/oauth/v3/token` and the dated ones: everything is in the form."""
        form = call.form()
        if form.get("client_id") != self._options.client_id or form.get("client_secret") != self._options.client_secret:
            raise _unknown("missing or invalid client id", "BAD_CLIENT_ID")
        if form.get("grant_type") == "authorization_code":
            if form.get("code") not in self._codes:
                raise _unknown("missing or unknown auth code", "BAD_AUTH_CODE")
            self._codes.discard(form["code"])
            return Answer(200, self._new(self._options.refresh_token))
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self._refresh:
                raise _unknown("missing or unknown refresh token", "BAD_REFRESH_TOKEN")
            return Answer(200, self._new(form["refresh_token"]))
        raise _unknown("unsupported grant type", "BAD_GRANT_TYPE")

    def introspect(self, call: Call) -> Answer:
        """`POST /oauth/v3/token/introspect`."""
        token = call.form().get("token", "")
        if token not in self._tokens:
            return Answer(200, {"active": False})
        left = int((self._tokens[token] - self._now()).total_seconds())
        return Answer(200, {"active": left > 0, **self._about(), "expires_in": left, "token_type": "access_token"})

    def revoke(self, call: Call) -> Answer:
        """`POST /oauth/v3/token/revoke`: the refresh token dies with its access tokens."""
        self._refresh.discard(call.form().get("token", ""))
        self._tokens.clear()
        return Answer(204)

    def private_app(self, call: Call) -> Answer:
        """`POST /oauth/v2/private-apps/get/access-token-info`."""
        if call.json().get("tokenKey") != self._options.token or not self._private:
            raise Refused(404, "no such token", "OBJECT_NOT_FOUND")
        own = self._options
        return Answer(200, {"userId": 9, "hubId": own.portal, "appId": own.app, "scopes": list(own.scopes)})

    def kill(self, *, for_good: bool) -> None:
        """All access tokens die; for good, refresh tokens and the private app's token with them."""
        self._tokens.clear()
        if for_good:
            self._refresh.clear()
            self._private = False

    # -- coming in

    def check(self, call: Call, scope: str) -> None:
        """Refused unless the call's token is alive and has the scope."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise Refused(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        known = self._private and token == self._options.token
        if not known and token not in self._tokens:
            raise Refused(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        if not known and self._tokens[token] <= self._now():
            raise Refused(401, "The OAuth token used to make this call expired.", "EXPIRED_AUTHENTICATION")
        if scope and scope not in self._options.scopes:
            raise self._lacks(scope)

    def spend(self, call: Call, *, search: bool) -> str:
        """Count a call; the policy that it breaks, "" for none."""
        if search and self._searches.full:
            return "SECONDLY"
        if self._calls.full:
            return "TEN_SECONDLY_ROLLING"
        if self.used >= self._options.daily:
            return "DAILY"
        self._calls.note()
        self.used += 1
        if search:
            self._searches.note()
        return ""

    def headers(self, call: Call) -> dict[str, str]:
        """The limits, as most answers tell them: none on Search, the day's only to private apps."""
        own = self._options
        found = {
            "X-HubSpot-RateLimit-Max": str(own.burst),
            "X-HubSpot-RateLimit-Remaining": str(self._calls.left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(own.burst_window * 1000),
        }
        if call.headers.get("authorization") == f"Bearer {own.token}":
            found["X-HubSpot-RateLimit-Daily"] = str(own.daily)
            found["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, own.daily - self.used))
        return found

    def _new(self, refresh: str) -> Values:
        self._made += 1
        token = f"CPtwin{self._made}"
        self._tokens[token] = self._now() + timedelta(seconds=self._options.token_life)
        return {
            "token_type": "bearer", "access_token": token, "refresh_token": refresh,
            "expires_in": self._options.token_life, **self._about(), "token_use": "access_token",
        }  # fmt: skip

    def _about(self) -> Values:
        return {"hub_id": self._options.portal, "user_id": 9, "scopes": list(self._options.scopes)}

    def _lacks(self, scope: str) -> Refused:
        named = self._options.scopes_named
        told = [{"message": "One or more of the following scopes are required.", "context": {named: [scope]}}]
        message = "This app hasn't been granted all required scopes to make this call."
        return Refused(403, message, "MISSING_SCOPES", errors=told if named else [], links={})


def too_many(policy: str) -> Answer:
    """A refusal for too many calls."""
    body = envelope(f"You have reached your {_POLICIES[policy]}.", errorType="RATE_LIMIT", policyName=policy)
    return Answer(429, {**body, "requestId": "twin"})


def _unknown(message: str, status: str) -> Refusal:
    """A token request that is refused: its status says why."""
    return Refusal(Answer(400, {**envelope(message), "status": status}))
