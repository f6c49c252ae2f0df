"""A WooCommerce twin on a stage, and a client with a key for it; every test gets a twin of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from connectors.woocommerce.twin import WooOptions, WooTwin
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.desk import CROWD, NOW, BaseDesk, staged

ROOT = "/wp-json/wc/v3"


@dataclass
class Desk(BaseDesk):
    """A twin with a client that uses Basic (the twin takes it on http unless a test says otherwise)."""

    twin: WooTwin
    _nonces: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """Call below the API's root with Basic."""
        auth = (self.twin.options.consumer_key, self.twin.options.consumer_secret)
        return self.client.request(method, f"{ROOT}/{path}", params=params, json=body, auth=auth)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """GET with Basic."""
        return self.ask("GET", path, **params)

    def ids(self, path: str, **params: Any) -> list[int]:
        """The ids of a listing's rows."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()]

    def signed(
        self, method: str, path: str, *, key: str = "cs_twin", kind: str = "sha256", **params: Any
    ) -> httpx.Response:
        """Call with a signature of its own making; `params` may replace its parts."""
        whole = {
            "oauth_consumer_key": self.twin.options.consumer_key,
            "oauth_nonce": f"nonce{next(self._nonces)}",
            "oauth_signature_method": f"HMAC-{kind.upper()}",
            "oauth_timestamp": str(int(self.twin.clock.now().timestamp())),
            **params,
        }
        pairs = sorted((quote(name, safe="~"), quote(str(value), safe="~")) for name, value in whole.items())
        query = "&".join(f"{name}={value}" for name, value in pairs)
        url = f"{str(self.client.base_url).rstrip('/')}{ROOT}/{path}"
        base = "&".join((method, quote(url, safe=""), quote(query, safe="~")))
        digest = hmac.new(f"{key}&".encode(), base.encode(), getattr(hashlib, kind)).digest()
        whole["oauth_signature"] = base64.b64encode(digest).decode()
        return self.client.request(method, f"{ROOT}/{path}", params=whole)

    def some(self, count: int = 1) -> list[int]:
        """The first accounts' ids."""
        return sorted(self.twin.books.customers)[:count]


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    with staged() as both:
        yield both


@pytest.fixture
def shop(stage: tuple[Stage, httpx.Client]) -> Callable[..., Desk]:
    """Open a twin with these options."""

    def opened(**options: Any) -> Desk:
        wanted = WooOptions(**{"basic_on_http": True, **options})
        stage[0].twin = twin = WooTwin(CROWD, FixedClock(NOW), options=wanted)
        return Desk(twin, stage[1])

    return opened


def code(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error code of a refused call, which says its status in the body too."""
    body = answer.json()
    assert body["data"]["status"] == answer.status_code
    return answer.status_code, str(body["code"])
