"""What authors of connectors get to test with: the kit that twins are built of, invented people, recordings.

    from hub.testing import Answer, Call, Endpoint, Stand, Twin

Each name is loaded when it is first asked for, so that importing this costs nothing. The contract that a connector is
tested by is a package of its own: `from hub.testing.contract import contract`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.testing.found import stand_at, stand_of
    from hub.testing.leaks import found_in, found_under
    from hub.testing.people import CANARIES, Population, Sighting
    from hub.testing.recording.replay import replayed
    from hub.testing.stand import Stand
    from hub.testing.twin import Answer, Call, Endpoint, Refusal, Twin, TwinClock, Wish
    from hub.testing.twin_faults import FAULTS
    from hub.testing.twin_pages import Pages
    from hub.testing.twin_server import Stage, serving
    from hub.testing.twin_table import TablePage, TableTwin

__all__ = [
    "CANARIES", "FAULTS", "Answer", "Call", "Clock", "Endpoint", "Pages", "Population", "Refusal", "Sighting", "Stage",
    "Stand", "TablePage", "TableTwin", "Twin", "TwinClock", "Wish", "found_in", "found_under", "replayed", "serving",
    "stand_at", "stand_of",
]  # fmt: skip

_HOMES = {
    "hub.clock": ("Clock",),
    "hub.testing.found": ("stand_at", "stand_of"),
    "hub.testing.leaks": ("found_in", "found_under"),
    "hub.testing.people": ("CANARIES", "Population", "Sighting"),
    "hub.testing.recording.replay": ("replayed",),
    "hub.testing.stand": ("Stand",),
    "hub.testing.twin": ("Answer", "Call", "Endpoint", "Refusal", "Twin"),
    "hub.testing.twin_control": ("TwinClock", "Wish"),
    "hub.testing.twin_faults": ("FAULTS",),
    "hub.testing.twin_pages": ("Pages",),
    "hub.testing.twin_server": ("Stage", "serving"),
    "hub.testing.twin_table": ("TablePage", "TableTwin"),
}
HOME = {name: module for module, names in _HOMES.items() for name in names}
"""The module that each public name lives in."""


def __getattr__(name: str) -> Any:
    """A public name, from where it lives."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
