"""An invented membership service of a toy brand, served over HTTP: what a declared REST system may be like, both ways."""

from connectors.rest.twin.club import ClubTwin
from connectors.rest.twin.options import ClubOptions
from connectors.rest.twin.stand import STAND

__all__ = ["STAND", "TWIN", "ClubOptions", "ClubTwin"]

TWIN = ClubTwin
