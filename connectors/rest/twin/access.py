"""Who may come in: a secret in one of five places, or a token of OAuth 2.0."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.rest.twin.options import ClubOptions
from hub.testing.twin import Answer, Call
from hub.testing.twin_window import CallWindow


class Access:
    """The club's doorkeeper; `tokens` are those that are good, with the time when they end."""

    def __init__(self, options: ClubOptions, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._calls = CallWindow(options.calls, options.call_window, now)
        self.tokens: dict[str, datetime] = {}
        self.refresh = options.refresh

    def too_many(self) -> bool:
        """Whether there were enough calls for now."""
        return not self._calls.takes()

    def knows(self, call: Call) -> bool:
        """Whether the call's credentials are good."""
        own, header = self._options, call.headers.get("authorization", "")
        if own.auth in ("oauth", "oauth_refresh"):
            ends = self.tokens.get(header.removeprefix("Bearer "))
            return ends is not None and ends > self._now()
        pair = base64.b64encode(f"club:{own.secret}".encode()).decode()
        good = {
            "open": True,
            "bearer": header == f"Bearer {own.secret}",
            "basic": header == f"Basic {pair}",
            "key_header": call.headers.get("x-club-key") == own.secret,
            "key_query": call.query.get("club_key") == own.secret,
        }
        return good[own.auth]

    def token(self, call: Call) -> Answer:
        """`POST /oauth/token`: by the client's own credentials, or by a refresh token."""
        form, own = call.form(), self._options
        if (form.get("client_id"), form.get("client_secret")) != ("club-client", own.secret):
            return Answer(401, {"error": "invalid_client"})
        wanted = "client_credentials" if own.auth == "oauth" else "refresh_token"
        if form.get("grant_type") != wanted:
            return Answer(400, {"error": "unsupported_grant_type"})
        if wanted == "refresh_token" and (not self.refresh or form.get("refresh_token") != self.refresh):
            return Answer(400, {"error": "invalid_grant"})
        return Answer(200, {"access_token": self.new_token(), "expires_in": own.lifetime, "token_type": "Bearer"})

    def new_token(self) -> str:
        """A token that is good from now on."""
        token = secrets.token_hex(8)
        self.tokens[token] = self._now() + timedelta(seconds=self._options.lifetime)
        return token
