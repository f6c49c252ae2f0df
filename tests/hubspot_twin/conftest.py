"""A HubSpot twin on a stage, and a client with its token; every test gets a twin of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from connectors.hubspot.twin import HubSpotOptions, HubSpotTwin
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.desk import CROWD, NOW, BaseDesk, staged

CRM = "/crm/v3/objects"


@dataclass
class Portal(BaseDesk):
    """A twin with a client that holds the private app's token."""

    twin: HubSpotTwin

    def get(self, path: str, **params: Any) -> httpx.Response:
        """GET below the objects."""
        return self.client.get(f"{CRM}/{path}", params=params)

    def post(self, path: str, body: Any, **params: Any) -> httpx.Response:
        """POST below the objects."""
        return self.client.post(f"{CRM}/{path}", json=body, params=params)

    def send(self, deed: str, *rows: dict[str, Any], kind: str = "contacts", **body: Any) -> httpx.Response:
        """A batch."""
        return self.post(f"{kind}/batch/{deed}", {"inputs": list(rows), **body})

    def search(self, *filters: tuple[str, str, Any], kind: str = "contacts", **body: Any) -> httpx.Response:
        """A search with filters that are joined by "and"."""
        conditions = [{"propertyName": name, "operator": sign, "value": value} for name, sign, value in filters]
        groups = [{"filters": conditions}] if conditions else []
        return self.post(f"{kind}/search", {"filterGroups": groups, **body})

    def make(self, kind: str = "contacts", **values: Any) -> int:
        """The id of a new record."""
        return self.twin.books.insert(kind, values).id

    def form(self, path: str, **form: str) -> httpx.Response:
        """A call of the accounts server, with the client's own credentials."""
        own = self.twin.options
        whole = {"client_id": own.client_id, "client_secret": own.client_secret, **form}
        return self.client.post(f"/oauth/{path}", data=whole)

    def ids(self, kind: str = "contacts") -> list[int]:
        """All living ids."""
        return sorted(self.twin.books.kinds[kind].rows)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    with staged() as both:
        yield both


@pytest.fixture
def portal(stage: tuple[Stage, httpx.Client]) -> Callable[..., Portal]:
    """Open a twin with these options, with its token."""

    def opened(**options: Any) -> Portal:
        latency = options.pop("latency", 0.0)
        given = HubSpotOptions(**{"searches": 1000, **options})
        twin = HubSpotTwin(CROWD, FixedClock(NOW), options=given, latency=latency)
        stage[0].twin = twin
        desk = Portal(twin, stage[1])
        desk.client.headers["Authorization"] = f"Bearer {given.token}"
        return desk

    return opened


def category(answer: httpx.Response) -> tuple[int, str]:
    """The status and the category of a refused call."""
    return answer.status_code, str(answer.json().get("category", ""))
