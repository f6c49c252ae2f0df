"""The connection that leads to the club's twin, as the contract suite plays it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from connectors.rest.twin.club import ClubTwin
from hub.testing.stand import Stand

_PRESET = "rest-membership.yaml"


def declaration(preset: str = _PRESET) -> dict[str, Any]:
    """The preset's connection, without its type and what every connection has; turned to the twin's address."""
    whole = yaml.safe_load(files("config").joinpath(preset).read_text(encoding="utf-8"))
    found: dict[str, Any] = whole["connections"]["club"]
    return {**{name: value for name, value in found.items() if name not in ("type", "create")}, "base_url": "{url}/v1"}


STAND = Stand(
    "rest",
    ClubTwin,
    declaration(),
    {"CLUB_TOKEN": "club-secret"},
    {"customers": "members", "orders": "purchases"},
    small={"page_size": 4},
)
"""The settings are those of the preset, so that what the documents show is what is tested."""
