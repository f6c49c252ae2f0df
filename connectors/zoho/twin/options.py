"""What can be set on the Zoho twin: credentials, limits, and whatever the vendor's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites

ALL_SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.modules.READ",
    "ZohoCRM.settings.fields.READ",
    "ZohoCRM.settings.tags.ALL",
    "ZohoCRM.coql.READ",
    "ZohoCRM.bulk.READ",
    "ZohoCRM.users.ALL",
    "ZohoCRM.org.ALL",
)


@dataclass(frozen=True)
class ZohoOptions:
    """Settings of a twin; limits are the documented ones, tests set small ones. Times are seconds."""

    client_id: str = "1000.TWINCLIENT"
    client_secret: str = "twin-client-secret"  # noqa: S105 - an invented secret of an invented client
    refresh_token: str = "1000.refresh.twin"  # noqa: S105
    grant_code: str = "1000.grant.twin"
    scopes: tuple[str, ...] = ALL_SCOPES
    dead_token_code: Literal["INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"] = "INVALID_TOKEN"  # noqa: S105

    token_life: int = 3600
    live_tokens: int = 15
    refreshes: int = 10
    refresh_window: int = 600
    grant_life: int = 180
    expiry_in_ms: bool = False
    """The historic answer: `expires_in` in milliseconds beside `expires_in_sec`."""

    page_rows: int = 200
    page_cap: int = 2_000
    token_cap: int = 100_000
    page_token_life: int = 86_400
    paging: Literal["offset", "keyset"] = "offset"
    """Whether a page token counts rows or remembers the last one; page stability is not documented."""
    since_inclusive: bool = True
    """Whether a row modified in the very second of If-Modified-Since is listed; not documented."""
    count_as_text: bool = False
    """`actions/count` answers `{"count": "123"}`."""

    coql_rows: int = 2_000
    coql_cap: int = 100_000
    coql_in: int = 50
    """Values allowed in an `in` list; 50 and 100 are both documented."""
    coql_counts: bool = True
    """Whether `select count(id)` works."""

    bulk_rows: int = 200_000
    bulk_seconds: int = 40
    """How long a Bulk Read job takes."""
    bulk_at: Literal["begin", "end"] = "begin"
    """Whether a job's file holds the records of when it was ordered or of when it is done; not documented."""
    bulk_paging: Literal["offset", "keyset"] = "offset"
    """Whether a job for the next page counts rows or goes on behind the last one; there is no stable snapshot."""
    bulk_tokens: bool = True
    """Whether a job that has more tells a token of the next page; older versions go by its number."""
    bulk_life: int = 86_400
    """How long a job and its result are kept; not documented."""
    bulk_price: int = 50
    """The credits that a job costs; not documented."""
    bulk_tags: bool = False
    """Whether a job can export tags; not documented."""
    bulk_flags: tuple[str, str] = ("true", "false")
    """How a file spells a boolean; not documented."""
    bulk_zone: str = ""
    """The zone of the times in a file, where it is not the user's; not documented."""
    bulk_empty: Literal[200, 204] = 200
    """What the download of a file without rows answers; not documented."""
    downloads: int = 10
    """Downloads of results a minute."""

    batch: int = 100
    mixed_status: int = 207
    """The status when some rows of a write fail; older versions answered 200 or 202."""
    rewrite_phones: bool = False
    """Store +8613812345678 as 138 1234 5678."""
    rewrites: Rewrites = ()
    """What else becomes of what is written, by field; see `hub.testing.twin_rewrites`."""
    strict_picklists: bool = True

    tag_ids: int = 500
    tag_length: int = 25
    tags_appear: bool = True
    """Whether adding an unknown tag makes it; not documented."""
    tags_touch: bool = True
    """Whether adding and removing tags moves a record's time of change; not documented."""
    tags_per_record: int = 0
    """How many tags a record takes, 0 for as many as one likes; no limit is documented."""
    coql_tags: bool = False
    """Whether a query can select tags; not documented."""
    locked: tuple[str, ...] = ()
    """The ids of records that are locked."""

    credits: int = 100_000
    credit_window: int = 86_400
    concurrency: int = 20
    heavy_concurrency: int = 10

    hub_fields: tuple[str, ...] = ("KeHub_ID", "KeHub_Tier", "KeHub_Stage")
    """The custom fields of Contacts that exist; leave one out to see it missed."""
    external_id: bool = True
    """Whether KeHub_ID is an external field (usable with the X-EXTERNAL header)."""
    tiers: tuple[str, ...] = ("standard", "silver", "gold", "platinum")
    stages: tuple[str, ...] = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")
    zone: str = "Asia/Shanghai"
    """The user's time zone, in which all times are returned."""
