"""Who may come in: Basic on https, OAuth 1.0a on plain http, the key's permission (sheet section 2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.replies import Refused
from hub.testing.twin import Call
from hub.testing.twin_window import CallWindow

_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_DEEDS = {"GET": "view", "POST": "create", "PUT": "edit", "PATCH": "edit", "DELETE": "delete"}


class Access:
    """The shop's doorkeeper."""

    def __init__(self, options: WooOptions, now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._nonces: dict[str, int] = {}
        self._calls = CallWindow(options.calls, options.call_window, now)

    def too_many(self) -> bool:
        """Whether the host has had enough calls for now."""
        return not self._calls.takes()

    def check(self, call: Call) -> None:
        """Refused unless the call's credentials are good for what it does."""
        known = self._basic(call) or self._oauth(call)
        deed = "batch" if call.template.endswith("/batch") else _DEEDS[call.method]
        area = call.template.rpartition("/v3/")[2].partition("/")[0]
        if known:
            self._permitted(call)
        if not known or area not in self._options.sees:
            raise Refused(f"woocommerce_rest_cannot_{deed}", 403 if known else 401)

    def _permitted(self, call: Call) -> None:
        needed = "read" if call.method == "GET" else "write"
        if needed not in self._options.permissions.split("_"):
            raise _unknown(f"The API key provided does not have {needed} permissions.")

    def _basic(self, call: Call) -> bool:
        """Over plain http the shop does not even look; the query goes before the header."""
        if not (call.base_url.startswith("https://") or self._options.basic_on_http):
            return False
        given = call.query.get("consumer_key"), call.query.get("consumer_secret")
        scheme, _, pair = call.headers.get("authorization", "").partition(" ")
        if not all(given) and scheme == "Basic":
            given = _pair(pair)
        if not all(given):
            return False
        if given != (self._options.consumer_key, self._options.consumer_secret):
            raise _unknown("Consumer secret is invalid.")
        return True

    def _oauth(self, call: Call) -> bool:
        given = {**_header(call.headers.get("authorization", "")), **call.query}
        if "oauth_signature" not in given:
            return False
        missing = [name for name in _NEEDED if not given.get(name)]
        if missing or given["oauth_consumer_key"] != self._options.consumer_key:
            raise _unknown("Consumer key is invalid." if not missing else f"Missing: {', '.join(missing)}")
        if not hmac.compare_digest(given["oauth_signature"], self._signature(call, given)):
            raise _unknown("Invalid signature - provided signature does not match.")
        self._fresh(given["oauth_timestamp"], given["oauth_nonce"])
        return True

    def _signature(self, call: Call, given: Mapping[str, str]) -> str:
        kind = _HASHES.get(given["oauth_signature_method"])
        if kind is None:
            raise _unknown("Invalid signature - signature method is invalid.")
        signed = sorted((_encoded(name), _encoded(value)) for name, value in given.items() if name != "oauth_signature")
        query = "&".join(f"{name}={value}" for name, value in signed)
        base = "&".join((call.method, _encoded(call.base_url + call.path), _encoded(query)))
        key = f"{self._options.consumer_secret}&".encode()
        return base64.b64encode(hmac.new(key, base.encode(), kind).digest()).decode()

    def _fresh(self, stamp: str, nonce: str) -> None:
        now, window = int(self._now().timestamp()), self._options.nonce_window
        if not stamp.isdecimal() or abs(now - int(stamp)) > window:
            raise _unknown("Invalid timestamp.")
        self._nonces = {one: at for one, at in self._nonces.items() if now - at <= window}
        if nonce in self._nonces:
            raise _unknown("Invalid nonce - nonce has already been used.")
        self._nonces[nonce] = int(stamp)


def _unknown(message: str) -> Refused:
    return Refused("woocommerce_rest_authentication_error", 401, message)


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _pair(encoded: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _header(text: str) -> dict[str, str]:
    """The parameters of an `Authorization: OAuth` header."""
    if not text.startswith("OAuth "):
        return {}
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', text) if name != "realm"}
