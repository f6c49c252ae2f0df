"""Signing in: a day's token for the client's own credentials, or the fixed token of an old app."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.shopify.twin.options import ShopifyOptions
from hub.testing.twin import Answer, Call


class Tokens:
    """The tokens of one app in one shop."""

    def __init__(self, options: ShopifyOptions, now: Callable[[], datetime], violations: Counter[str]) -> None:
        self._options = options
        self._now = now
        self._violations = violations
        self._live: dict[str, datetime] = {}
        self._made = 0
        self._over = False

    def token(self, call: Call) -> Answer:
        """`POST /admin/oauth/access_token`, as a form or as JSON."""
        form = call.form() if "json" not in call.headers.get("content-type", "") else dict(call.json())
        known = (form.get("client_id"), form.get("client_secret")) == (
            self._options.client_id,
            self._options.client_secret,
        )
        if not known or self._over:
            return Answer(400, {"error": "application_cannot_be_found" if not known else "shop_not_permitted"})
        if form.get("grant_type") != "client_credentials":
            return Answer(400, {"error": "unsupported_grant_type"})
        scope = ",".join(self._options.scopes)
        return Answer(200, {"access_token": self.issue(), "scope": scope, "expires_in": self._options.token_life})

    def issue(self) -> str:
        """A new token; those before live on."""
        self._made += 1
        token = f"shpat_twin{self._made:06d}"
        self._live[token] = self._now() + timedelta(seconds=self._options.token_life)
        return token

    def alive(self, token: str) -> bool:
        """Whether a token is good now."""
        fixed = self._options.access_token
        return bool(token) and ((token == fixed and not self._over) or self._live.get(token, self._now()) > self._now())

    def kill(self, *, for_good: bool) -> None:
        """Let every token die, and give no more when it is for good."""
        self._live.clear()
        self._over = self._over or for_good
