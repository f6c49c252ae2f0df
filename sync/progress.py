"""What a run tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

from sync.lanes import Outcome


class Progress(Protocol):
    """Called as a run goes on; must be quick."""

    def lane(self, name: str, outcome: Outcome) -> None:
        """A page of `connection.stream` has been landed."""

    def step(self, name: str) -> None:
        """The next step has begun."""

    def pushed(self, name: str, count: int) -> None:
        """So many more rows of a connection have been dealt with."""


class Silent:
    """Tells nobody."""

    def lane(self, name: str, outcome: Outcome) -> None:
        """Ignore."""

    def step(self, name: str) -> None:
        """Ignore."""

    def pushed(self, name: str, count: int) -> None:
        """Ignore."""
