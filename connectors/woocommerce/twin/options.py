"""What can be set on the WooCommerce twin: credentials, limits, and whatever differs from shop to shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites


@dataclass(frozen=True)
class WooOptions:
    """Settings of a twin; limits are the documented ones, tests set small ones."""

    consumer_key: str = "ck_twin"
    consumer_secret: str = "cs_twin"  # noqa: S105 - an invented secret of an invented key
    permissions: Literal["read", "write", "read_write"] = "read_write"
    sees: tuple[str, ...] = ("customers", "orders", "products")
    """What the key's user has the capabilities for."""
    basic_on_http: bool = False
    """Take Basic over plain http, as a shop does that believes itself on https."""
    nonce_window: int = 900

    page_rows: int = 100
    """The most that `per_page` may ask for."""
    capped_page: int = 0
    """A page silently holds no more rows than this (0: as many as asked for)."""
    capped_list: int = 0
    """A listing silently ends after so many rows, while its total tells all (0: it does not)."""
    ignores_modified: bool = False
    """An old shop: modified_after and modified_before are passed over."""
    hides_drafts: bool = True
    """Whether `status=any` leaves out `checkout-draft`; not documented."""
    custom_statuses: tuple[str, ...] = ()
    batch: int = 100
    search_usernames: bool = True
    """Whether `search` looks at usernames; not documented."""
    null_deletes_meta: bool = True
    """Whether a meta row goes when its value is null, or stays as it was; not documented."""
    trash_moves_modified: bool = True
    """Whether an order that is trashed gets a new time of change; not documented."""
    generates_passwords: bool = True
    exists_code: str = "registration-error-email-exists"
    rewrite_phones: bool = False
    """Store +8613812345678 as 138 1234 5678."""
    rewrites: Rewrites = ()
    """What else becomes of what is written, by field; see `hub.testing.twin_rewrites`."""

    calls: int = 0
    """Calls in any `call_window` seconds that the host lets pass (0: all; the shop itself counts none)."""
    call_window: int = 60
    decimals: int = 2
    zone: str = "Asia/Shanghai"
    """The site's time zone, in which it shows its local times."""
