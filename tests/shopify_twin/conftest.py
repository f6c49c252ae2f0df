"""A Shopify twin on a stage, and a signed-in client for it; every test gets a twin of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from connectors.shopify.twin import ShopifyOptions, ShopifyTwin
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.desk import CROWD, NOW, BaseDesk, staged

VERSION = "2026-07"


@dataclass
class Desk(BaseDesk):
    """A twin with a client that holds an access token."""

    twin: ShopifyTwin

    def token(self, **form: str) -> httpx.Response:
        """Ask for a token."""
        own = self.twin.options
        asked = {"grant_type": "client_credentials", "client_id": own.client_id, "client_secret": own.client_secret}
        return self.client.post("/admin/oauth/access_token", data={**asked, **form})

    def sign_in(self) -> None:
        """Take a token."""
        self.client.headers["X-Shopify-Access-Token"] = self.token().json()["access_token"]

    def post(self, query: str, version: str = VERSION, **variables: Any) -> httpx.Response:
        """Send a document."""
        body = {"query": query, "variables": variables}
        return self.client.post(f"/admin/api/{version}/graphql.json", json=body)

    def ask(self, query: str, **variables: Any) -> Any:
        """What a document finds; it must be without errors."""
        body = self.post(query, **variables).json()
        assert "errors" not in body, body
        return body["data"]

    def code(self, query: str, **variables: Any) -> str:
        """The code of the first error of a document, which is answered with status 200."""
        answer = self.post(query, **variables)
        assert answer.status_code == 200
        return str(answer.json()["errors"][0]["extensions"]["code"])

    def some(self, count: int = 1) -> list[str]:
        """The global ids of the first customers."""
        return [f"gid://shopify/Customer/{id_}" for id_ in sorted(self.twin.books.customers)[:count]]


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    with staged() as both:
        yield both


@pytest.fixture
def shop(stage: tuple[Stage, httpx.Client]) -> Callable[..., Desk]:
    """Open a twin with these options, signed in."""

    def opened(**options: Any) -> Desk:
        twin = ShopifyTwin(CROWD, FixedClock(NOW), options=ShopifyOptions(**options))
        stage[0].twin = twin
        desk = Desk(twin, stage[1])
        desk.sign_in()
        return desk

    return opened
