"""OAuth 1.0a without tokens, by which a shop on plain http knows us: each request is signed, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hub.connector import Auth, Keyring, Outgoing


@dataclass(frozen=True)
class OAuth1(Auth):
    """Signs the address with all its parameters; the body is not signed. What was refused is signed anew, once."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    renewable = True

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        """Add the signature and what it is made of to the request's parameters."""
        outgoing.params |= {
            "oauth_consumer_key": self.key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(keyring.now()),
        }
        base = base_string(outgoing.method, outgoing.url, outgoing.params)
        outgoing.params["oauth_signature"] = signature(self.secret, base)


def base_string(method: str, url: str, params: Mapping[str, Any]) -> str:
    """What is signed: method, address without query, and the parameters in order, each part encoded."""
    pairs = sorted((_encoded(name), _encoded(str(value))) for name, value in params.items())
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), _encoded(url), _encoded(query)))


def signature(secret: str, base: str) -> str:
    """The signature of a base string; there is no token, so the key ends with a bare `&`."""
    return base64.b64encode(hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")
