"""Signing in: the token of an old app as it stands, or the client's own credentials against a token of a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.shopify.wire.settings import ShopifySettings
from hub.connector import Auth, Keyring, OAuthRefresh, Outgoing, Token
from hub.errors import AuthError

HEADER = "X-Shopify-Access-Token"


@dataclass(frozen=True)
class FixedToken(Auth):
    """A token that never expires."""

    value: str = field(repr=False)

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        outgoing.headers[HEADER] = self.value


@dataclass(frozen=True)
class ClientToken(OAuthRefresh):
    """A token for the client's own credentials; there is nothing to refresh it with but these."""

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        try:
            return super().fetch(keyring, held)
        except AuthError as refused:
            refused.remedy = (
                "check client_id and client_secret; the app must be installed in this shop, of one organisation"
            )
            raise

    def place(self, outgoing: Outgoing, token: Token) -> None:
        outgoing.headers[HEADER] = token.access


def auth_of(settings: ShopifySettings) -> Auth:
    """How this connection signs in; a token in the settings goes first."""
    token = settings.access_token.get_secret_value()
    if token:
        return FixedToken(token)
    return ClientToken(
        f"{settings.url}/admin/oauth/access_token",
        settings.client_id,
        settings.client_secret.get_secret_value(),
        grant="client_credentials",
        lifetime=86_399,
    )
