"""A site whose systems' webhooks come to a receiver of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from hub.receiver import receiver
from hub.receiver.serve import server_for
from hub.store import open_store
from hub.testing.site import MASTER, Site
from hub.testing.twin_server import running


class Listening(Site):
    """What a site is mixed with; `url` is its twin's address."""

    url: str

    @contextmanager
    def listening(self, patience: float = 1) -> Iterator[str]:
        """A receiver behind a socket; yields its address."""
        with self.opened() as setup:
            config = setup.config
        store = open_store(config.store, MASTER, self.clock, patience)
        try:
            with running(server_for(receiver(config, store), config.receiver)) as url:
                yield url
        finally:
            store.close()

    def posted(self, url: str, **wish: Any) -> list[int]:
        """Let the twin post webhooks to the receiver; the statuses of its answers."""
        asked = {"url": f"{url}/hooks/{self.connection}", **wish}
        answer = httpx.post(f"{self.url}/_twin/deliver", json=asked, timeout=60)
        assert answer.status_code == 200, answer.text
        found: list[int] = answer.json()["statuses"]
        return found

    def waiting(self) -> list[tuple[str, str, str]]:
        """The hints that wait for a run."""
        found = self.look(lambda store: store.hints.waiting(self.connection))
        return sorted((one.stream, one.ext, one.event) for told in found.values() for one in told)
