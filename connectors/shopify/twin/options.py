"""What can be set on the Shopify twin: credentials, versions, scopes, the bucket of points, and limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites

ALL_SCOPES = ("read_customers", "write_customers", "read_orders", "read_all_orders", "write_orders")


@dataclass(frozen=True)
class ShopifyOptions:
    """Settings of a twin; limits are the documented ones, tests set small ones."""

    client_id: str = "twin-client"
    client_secret: str = "shpss_twin"  # noqa: S105 - an invented secret of an invented app
    access_token: str = ""
    """A token of an app made in the shop, which never expires ("": there is none)."""
    token_life: int = 86_399
    scopes: tuple[str, ...] = ALL_SCOPES
    protected: bool = True
    """Whether the app may see names, e-mail addresses, phones and addresses of customers."""

    versions: tuple[str, ...] = ("2025-10", "2026-01", "2026-04", "2026-07")
    """What is served, oldest first; an older version is answered by the oldest one, one unknown not at all."""

    bucket: int = 2_000
    restore: int = 100
    query_cost: int = 1_000
    """What a single query may cost at most."""
    mutation_cost: int = 10
    cost_factor: int = 1
    """Objects cost so many points: a shop whose sums are not the published ones."""

    page_rows: int = 250
    deep_rows: int = 25_000
    """Pages and exact counts end here."""
    input_rows: int = 250
    metafields_a_call: int = 25
    counts: Literal["exact", "capped", "none"] = "exact"
    daily_search: bool = False
    """A search by time of change finds whole days."""
    lag: int = 0
    """Seconds for which the search index does not know of a change."""

    bulk_seconds: int = 20
    bulk_at_once: int = 5
    bulk_life: int = 7 * 86_400
    ranges: bool = True
    """Whether files can be fetched in parts."""

    key: str = "kehub.create_key"
    """The metafield of customers that is defined with type `id`: "" for none."""
    definitions: tuple[tuple[str, str], ...] = ()
    """Further definitions of customers' metafields: name (NAMESPACE.KEY) and type."""
    set_keeps_key: bool = True
    """Whether `customerSet` by a custom id keeps that id on the customer it makes."""
    rewrite_phones: bool = False
    """Store +8613812345678 as +86 138 1234 5678."""
    rewrites: Rewrites = ()
