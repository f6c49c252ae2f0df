"""HubSpot's API versions: where their calls go, and until when they are served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

NUMBERED = "v3"
_MONTHS = 18
_V4_ENDS = datetime(2027, 3, 31, tzinfo=UTC)
_OAUTH_V1_ENDS = datetime(2027, 2, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Api:
    """The paths of one version: objects, associations and the description of properties."""

    version: str
    objects: str
    associations: str
    properties: str


def api_of(version: str) -> Api:
    """The paths of a version: the numbered ones have a number for each part, the dated ones one date for all."""
    if version == NUMBERED:
        return Api(version, "/crm/v3/objects", "/crm/v4/associations", "/crm/v3/properties")
    return Api(version, f"/crm/objects/{version}", f"/crm/associations/{version}", f"/crm/properties/{version}")


def served_until(version: str) -> datetime:
    """The end of a version's service: a dated one is kept for 18 months, the numbered ones until associations v4 end."""
    if version == NUMBERED:
        return _V4_ENDS
    year, _, month = version.partition("-")
    months = int(year) * 12 + int(month) - 1 + _MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def signs_in_until(token_path: str) -> datetime | None:
    """The end of service of the place where tokens come from; None where none is announced."""
    return _OAUTH_V1_ENDS if "/oauth/v1/" in token_path else None
