"""A Zoho twin on a stage, and a signed-in client for it; every test gets a twin of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from connectors.zoho.twin import ZohoOptions, ZohoTwin
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.desk import CROWD, NOW, BaseDesk, staged


@dataclass
class Zoho(BaseDesk):
    """A twin with a client that holds an access token."""

    twin: ZohoTwin

    def token(self, **form: str) -> dict[str, Any]:
        """Ask the accounts server for a token."""
        options = self.twin.options
        asked = {
            "grant_type": "refresh_token",
            "client_id": options.client_id,
            "client_secret": options.client_secret,
            "refresh_token": options.refresh_token,
        }
        answer = self.client.post("/oauth/v2/token", data={**asked, **form})
        assert answer.status_code == 200
        return dict(answer.json())

    def sign_in(self) -> None:
        """Take a fresh access token."""
        self.client.headers["Authorization"] = f"Zoho-oauthtoken {self.token()['access_token']}"

    def get(self, path: str, since: str = "", **params: Any) -> httpx.Response:
        """GET below the API's root; `since` is If-Modified-Since."""
        headers = {"If-Modified-Since": since} if since else {}
        return self.client.get(f"/crm/v8/{path}", params=params, headers=headers)

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a listing of Contacts with their names."""
        return list(self.get(path, **{"fields": "Last_Name,Modified_Time,Mobile", **params}).json()["data"])

    def send(self, method: str, path: str, *rows: dict[str, Any], **body: Any) -> httpx.Response:
        """Write rows."""
        headers = body.pop("headers", None)
        return self.client.request(
            method, f"/crm/v8/{path}", json={"data": rows, "trigger": [], **body}, headers=headers
        )

    def coql(self, query: str) -> httpx.Response:
        """Ask a COQL query."""
        return self.client.post("/crm/v8/coql", json={"select_query": query})

    def ids(self, count: int = 1) -> list[str]:
        """The first contacts' ids."""
        return sorted(self.twin.books.modules["Contacts"].rows)[:count]


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    with staged() as both:
        yield both


@pytest.fixture
def zoho(stage: tuple[Stage, httpx.Client]) -> Callable[..., Zoho]:
    """Open a twin with these options, signed in."""

    def opened(**options: Any) -> Zoho:
        latency = options.pop("latency", 0.0)
        twin = ZohoTwin(CROWD, FixedClock(NOW), options=ZohoOptions(**options), latency=latency)
        stage[0].twin = twin
        desk = Zoho(twin, stage[1])
        desk.sign_in()
        return desk

    return opened


def code(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error code of a refused call."""
    return answer.status_code, str(answer.json()["code"])
