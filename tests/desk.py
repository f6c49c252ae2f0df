"""A twin with a client that speaks to it directly: what the tests of all twins share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from hub.testing.people import Population
from hub.testing.twin import Stage, serving

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
CROWD = Population(60, 3)


@dataclass
class BaseDesk:
    """A twin and a client; a system's own desk adds how it is spoken to."""

    twin: Any
    client: httpx.Client

    def control(self, path: str, body: Any = None) -> Any:
        """Use the control side."""
        if body is None:
            return self.client.get(f"/_twin/{path}").json()
        return self.client.post(f"/_twin/{path}", json=body).json()

    def wait(self, seconds: float) -> None:
        """Let the twin's time pass."""
        self.twin.clock.advance(seconds)


@contextmanager
def staged() -> Iterator[tuple[Stage, httpx.Client]]:
    """One server, and one client, for all twins of some tests."""
    stage = Stage()
    with serving(stage) as url, httpx.Client(base_url=url, timeout=10) as client:
        yield stage, client
