"""What a check of the contract is: a sentence, a play, the tier it belongs to, and whom it is not for.

A play is a function of a `Rig`. One that yields can be disturbed: whatever comes before its first `yield` is
preparation, a fault strikes between the two, and what comes behind the second one must hold whether there was a fault
or not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from hub.testing.contract.rig import Rig

Tier = Literal["works", "careful", "gentle"]
Play = Callable[[Rig], Iterator[None] | None]
Fit = Callable[[Rig], str]
"""Why a check does not fit this connector, from what it states; "" where it does."""


@dataclass(frozen=True)
class Check:
    """One promise of a connector: its name, its tier, the sentence that says it, and the play that proves it."""

    name: str
    tier: Tier
    says: str
    play: Play
    fit: Fit
    disturbed: bool

    def misfit(self, rig: Rig) -> str:
        """Why the check is not for this connector: what its stand says, else what the connector states; "" where it is."""
        return rig.stand.exempt.get(self.name, "") or self.fit(rig)


CHECKS: dict[str, Check] = {}
"""Every check by name, in the order of the card."""


def check(tier: Tier, fit: Fit | None = None) -> Callable[[Play], Play]:
    """Make a function a check; its docstring is the sentence that the score card shows."""

    def noted(play: Play) -> Play:
        says = (play.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        CHECKS[play.__name__] = Check(
            play.__name__, tier, says, play, fit or everybody, inspect.isgeneratorfunction(play)
        )
        return play

    return noted


def everybody(rig: Rig) -> str:
    """Fits every connector."""
    return ""


def networked(rig: Rig) -> str:
    """Fits whoever speaks over HTTP."""
    with rig.connector() as found:
        return "" if found.uses_http else "it uses no network"


def writer(rig: Rig) -> str:
    """Fits whoever can be written to."""
    return "" if rig.target else "it is only read"


def maker(rig: Rig) -> str:
    """Fits whoever can be given new customers."""
    target = rig.target
    return writer(rig) or ("" if target and target.creates and target.create_key else "it takes no new customers")


def follower(rig: Rig) -> str:
    """Fits whoever can be asked for what changed."""
    return "" if rig.customers.change_feed != "none" else "the system does not say who changed"


def hearer(rig: Rig) -> str:
    """Fits whoever hears webhooks."""
    with rig.connector() as found:
        return "" if found.hooks else "it hears no webhooks"


def eraser(rig: Rig) -> str:
    """Fits whoever can make the system forget somebody."""
    with rig.connector() as found:
        return "" if found.erases else "it cannot make the system forget anybody"


def signed_in(rig: Rig) -> str:
    """Fits whoever signs in for a token."""
    return (
        ""
        if any(endpoint.kind == "auth" for endpoint in rig.twin.endpoints())
        else "there is no signing in for a token"
    )
