"""How a HubSpot twin may be set up: credentials, limits, and whatever the vendor's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites

ALL_SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.schemas.companies.read",
    "crm.objects.orders.read",
    "crm.objects.orders.write",
    "crm.schemas.orders.read",
)


@dataclass(frozen=True)
class HubSpotOptions:
    """Settings of a twin; limits are the documented ones, tests set small ones. Times are seconds."""

    token: str = "pat-na1-twin"  # noqa: S105 - an invented secret of an invented portal
    client_id: str = "twin-client"
    client_secret: str = "hub-secret-0001"  # noqa: S105
    refresh_token: str = "na1-refresh-twin"  # noqa: S105
    grant_code: str = "na1-code-twin"
    scopes: tuple[str, ...] = ALL_SCOPES
    scopes_named: Literal["requiredGranularScopes", "requiredScopes", ""] = "requiredGranularScopes"
    """Where a refusal names the scopes that are missing; "" for nowhere."""
    portal: int = 900001
    app: int = 77
    zone: str = "Asia/Shanghai"
    token_life: int = 1800

    burst: int = 190
    burst_window: int = 10
    daily: int = 625_000
    searches: int = 5
    """Searches in a second, for all apps of the account."""

    page_rows: int = 100
    search_rows: int = 200
    search_cap: int = 10_000
    search_groups: int = 5
    search_filters: int = 6
    search_filters_in_all: int = 18
    search_body: int = 3_000
    index_delay: int = 0
    """How long a change takes to be searchable."""
    batch: int = 100
    associations_batch: int = 1_000
    bin_days: int = 90
    cursor: Literal["id", "opaque"] = "id"
    """Whether a cursor of the list is a record's id, as today, or something that only HubSpot can read."""
    archive_by_property: bool = True
    """Whether archived records can be read by a unique property; not documented."""
    merged_keeps: Literal["primary", "new"] = "primary"
    """Whether the record that two are merged into is the primary one or a new one."""
    marks: bool = True
    """Whether the answer to a write repeats the marks of its inputs."""

    rewrite_phones: bool = False
    """Store +8613812345678 as 138 1234 5678."""
    rewrites: Rewrites = ()
    """What else becomes of what is written, by property; see `hub.testing.twin_rewrites`."""
    strict_options: bool = True

    hub_fields: tuple[str, ...] = ("kehub_id", "kehub_tier", "kehub_stage", "kehub_tags")
    """The custom properties of contacts that exist; leave one out to see it missed."""
    unique: bool = True
    """Whether kehub_id was made unique."""
    tiers: tuple[str, ...] = ("standard", "silver", "gold", "platinum")
    stages: tuple[str, ...] = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")
    tags: tuple[str, ...] = ()
    """The options of kehub_tags besides `kehub-` and each tier and stage, such as the staff's own."""
